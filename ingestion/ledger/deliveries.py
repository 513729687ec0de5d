"""Deliveries and their accounting in the ledger: what came, in which state it is, what became of its records.

Belongs here: queries on delivery, delivery_part, delivery_entity, delivery_issue, lake_part and source_check. Not here:
deciding a state (`ingestion/batch/account.py`), files.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from ingestion.errors import MilepostError
from ingestion.ledger.engine import writing
from ingestion.ledger.tables import (
    delivery,
    delivery_entity,
    delivery_issue,
    delivery_part,
    lake_part,
    source_check,
)

RECEIVED = "received"
ACTIVE = "active"
HELD = "held"
WITHDRAWN = "withdrawn"
FAILED = "failed"
UNRECOGNISED = "unrecognised"
DUPLICATE = "duplicate"


@dataclass(frozen=True)
class Delivery:
    """One row of the ledger's table `delivery`."""

    delivery_seq: int
    delivery_id: str
    source_system: str
    contract: str | None
    contract_version: str | None
    contract_fingerprint: str | None
    file_name: str
    sha256: str
    byte_count: int
    encoding: str | None
    state: str
    state_reason: str | None
    is_confirmed: bool
    received_at: datetime
    state_at: datetime
    archived_as: str | None
    duplicate_of_seq: int | None
    inbox_stamp: str | None
    run_id: str | None
    revision: int = 0
    rows_removed_at: datetime | None = None
    archive_removed_at: datetime | None = None


@dataclass(frozen=True)
class Part:
    """Counts of one part of a delivery, in source records."""

    delivery_seq: int
    part: str
    received_rows: int
    accepted_rows: int
    superseded_rows: int
    rejected_rows: int
    exact_duplicate_rows: int
    declared_sums: Mapping[str, Any] | None = None
    unknown_columns: Sequence[str] | None = None
    rows_above: int | None = None  # of a sheet: its row of a record is this and the record's number


@dataclass(frozen=True)
class Issue:
    """A grouped finding about a part: never a value."""

    delivery_seq: int
    part: str
    column_name: str
    reason: str
    effect: str  # rejected, missing, held, reported
    row_count: int
    first_record_number: int | None = None
    detail: str | None = None


@dataclass(frozen=True)
class LakePart:
    """A file that counts, by its path below the home; `contract` is None where it holds records of several."""

    path: str
    entity: str
    contract: str | None
    batch_id: str
    row_count: int
    byte_count: int
    sha256: str | None = None
    committed_at: datetime | None = None  # None: when it is stored


def list_deliveries(
    ledger: Engine, *, states: Sequence[str] | None = None, run_id: str | None = None, system: str | None = None
) -> list[Delivery]:
    """Deliveries in the order of receipt, narrowed where asked."""
    query = select(delivery).order_by(delivery.c.delivery_seq)
    if states is not None:
        query = query.where(delivery.c.state.in_(list(states)))
    if run_id is not None:
        query = query.where(delivery.c.run_id == run_id)
    if system is not None:
        query = query.where(delivery.c.source_system == system)
    with ledger.connect() as connection:
        return [Delivery(**row._mapping) for row in connection.execute(query)]


def get_delivery(ledger: Engine, delivery_id: str) -> Delivery:
    """The delivery of that id (or sequence number as text); MilepostError where there is none."""
    query = select(delivery).where(delivery.c.delivery_id == delivery_id)
    if delivery_id.isdigit():
        query = select(delivery).where(delivery.c.delivery_seq == int(delivery_id))
    with ledger.connect() as connection:
        row = connection.execute(query).first()
    if row is None:
        raise MilepostError(
            f"no delivery {delivery_id}", where="ledger", remedy="See them by: milepost deliveries list"
        )
    return Delivery(**row._mapping)


def register(connection: Connection, values: Mapping[str, Any]) -> Delivery:
    """Add a delivery; its id is the system and the beginning of the hash, with a number where that is taken."""
    stem = f"{values['source_system'][:24] or 'inbox'}-{values['sha256'][:12]}"
    taken = connection.execute(
        select(func.count()).select_from(delivery).where(delivery.c.delivery_id.like(f"{stem}%"))
    ).scalar_one()
    delivery_id = stem if not taken else f"{stem}-{taken + 1}"
    row = {
        "delivery_id": delivery_id,
        "is_confirmed": False,
        "revision": 0,
        "state_at": values["received_at"],
        **values,
    }
    result = connection.execute(insert(delivery).values(row))
    key = result.inserted_primary_key
    assert key is not None
    return Delivery(**{**dict.fromkeys(Delivery.__dataclass_fields__), **row, "delivery_seq": int(key[0])})


def set_state(
    connection: Connection, delivery_seq: int, state: str, now: datetime, reason: str | None = None, **further: Any
) -> None:
    """Change a delivery's state, and further columns with it."""
    values = {"state": state, "state_reason": reason, "state_at": now, **further}
    connection.execute(update(delivery).where(delivery.c.delivery_seq == delivery_seq).values(values))


def clear_stamp(ledger: Engine, delivery_seqs: Iterable[int]) -> None:
    """Record that the received files have left the inbox."""
    with writing(ledger) as connection:
        for seq in delivery_seqs:
            connection.execute(update(delivery).where(delivery.c.delivery_seq == seq).values(inbox_stamp=None))


def confirm(ledger: Engine, delivery_id: str, now: datetime) -> Delivery:
    """Let a held or withdrawn delivery in. Its records are in the lake already: only its state changes. (Where the
    retention rule took them out, the next run reads its archived file again.)

    Raises MilepostError where the delivery is in another state, or nothing of it could be read.
    """
    found = get_delivery(ledger, delivery_id)
    if found.state not in (HELD, WITHDRAWN):
        raise MilepostError(f"is {found.state}: only a held or withdrawn delivery can be confirmed", where=delivery_id)
    if found.rows_removed_at is not None and found.archive_removed_at is not None:
        raise MilepostError(
            f"its records were removed by the retention rule on {found.rows_removed_at:%Y-%m-%d}",
            where=delivery_id,
            remedy="Deliver the file again",
        )
    with writing(ledger) as connection:
        rows = connection.execute(
            select(func.count()).where(delivery_part.c.delivery_seq == found.delivery_seq)
        ).scalar_one()
        if not rows:
            raise MilepostError(
                f"nothing of it could be read ({found.state_reason})",
                where=delivery_id,
                remedy="Correct the file, or its contract, and deliver it again",
            )
        set_state(connection, found.delivery_seq, ACTIVE, now, found.state_reason, is_confirmed=True)
    return get_delivery(ledger, delivery_id)


def withdraw(ledger: Engine, delivery_id: str, now: datetime, reason: str | None = None) -> Delivery:
    """Take a delivery out: what it had replaced counts again from the next run on.

    Raises MilepostError where the delivery is neither active nor held.
    """
    found = get_delivery(ledger, delivery_id)
    if found.state not in (ACTIVE, HELD, FAILED, UNRECOGNISED):
        raise MilepostError(f"is {found.state}: it cannot be withdrawn", where=delivery_id)
    with writing(ledger) as connection:
        set_state(connection, found.delivery_seq, WITHDRAWN, now, reason or "withdrawn by a person")
    return get_delivery(ledger, delivery_id)


def last_change(ledger: Engine) -> datetime | None:
    """When any delivery last changed its state; None where there is none."""
    with ledger.connect() as connection:
        return connection.execute(select(func.max(delivery.c.state_at))).scalar()


def parts_of(ledger: Engine, delivery_seqs: Sequence[int]) -> list[Part]:
    """Accounting of the deliveries' parts."""
    with ledger.connect() as connection:
        found = connection.execute(
            select(delivery_part)
            .where(delivery_part.c.delivery_seq.in_(list(delivery_seqs)))
            .order_by(delivery_part.c.delivery_seq, delivery_part.c.part)
        )
        return [Part(**row._mapping) for row in found]


def issues_of(ledger: Engine, delivery_seqs: Sequence[int]) -> list[Issue]:
    """Findings about the deliveries' parts, most frequent first."""
    with ledger.connect() as connection:
        found = connection.execute(
            select(delivery_issue)
            .where(delivery_issue.c.delivery_seq.in_(list(delivery_seqs)))
            .order_by(delivery_issue.c.delivery_seq, delivery_issue.c.row_count.desc(), delivery_issue.c.reason)
        )
        return [Issue(**row._mapping) for row in found]


def entity_rows(ledger: Engine, delivery_seqs: Sequence[int]) -> list[tuple[int, str, str, int]]:
    """(delivery_seq, part, entity, rows) that the deliveries wrote."""
    with ledger.connect() as connection:
        found = connection.execute(
            select(delivery_entity)
            .where(delivery_entity.c.delivery_seq.in_(list(delivery_seqs)))
            .order_by(delivery_entity.c.delivery_seq, delivery_entity.c.part, delivery_entity.c.entity)
        )
        return [(row.delivery_seq, row.part, row.entity, row.entity_rows) for row in found]


def add_accounting(
    connection: Connection,
    parts: Sequence[Part],
    entities: Sequence[tuple[int, str, str, int]],
    issues: Sequence[Issue],
) -> None:
    """Store the accounting of deliveries, in place of what was stored of them before."""
    seqs = {part.delivery_seq for part in parts} | {issue.delivery_seq for issue in issues}
    for table in (delivery_part, delivery_entity, delivery_issue):
        connection.execute(delete(table).where(table.c.delivery_seq.in_(seqs)))
    if parts:
        connection.execute(insert(delivery_part), [dict(vars(part)) for part in parts])
    if entities:
        names = ("delivery_seq", "part", "entity", "entity_rows")
        connection.execute(insert(delivery_entity), [dict(zip(names, row, strict=True)) for row in entities])
    if issues:
        connection.execute(insert(delivery_issue), [dict(vars(issue)) for issue in issues])


def add_lake_parts(connection: Connection, parts: Sequence[LakePart], now: datetime) -> None:
    """Make files count."""
    if parts:
        rows = [{**vars(part), "committed_at": part.committed_at or now} for part in parts]
        connection.execute(insert(lake_part), rows)


def remove_lake_parts(connection: Connection, paths: Iterable[str]) -> None:
    """Make files count no more."""
    for path in paths:
        connection.execute(delete(lake_part).where(lake_part.c.path == path))


def list_lake_parts(ledger: Engine, entities: Sequence[str] | None = None) -> list[LakePart]:
    """Files that count, of some entities or of all, in the order in which they were committed."""
    query = select(lake_part).order_by(lake_part.c.committed_at, lake_part.c.path)
    if entities is not None:
        query = query.where(lake_part.c.entity.in_(list(entities)))
    with ledger.connect() as connection:
        return [LakePart(**row._mapping) for row in connection.execute(query)]


def lake_paths(ledger: Engine) -> set[str]:
    """Paths below the home of all files that count."""
    with ledger.connect() as connection:
        return set(connection.execute(select(lake_part.c.path)).scalars())


def record_source_checks(connection: Connection, now: datetime) -> None:
    """Every contract that ever had a delivery was looked at now."""
    seen = connection.execute(
        select(delivery.c.source_system, delivery.c.contract, func.max(delivery.c.received_at))
        .where(delivery.c.contract.is_not(None))
        .group_by(delivery.c.source_system, delivery.c.contract)
    ).all()
    connection.execute(delete(source_check))
    if seen:
        names = ("source_system", "contract", "last_received_at")
        rows = [{**dict(zip(names, row, strict=True)), "checked_at": now} for row in seen]
        connection.execute(insert(source_check), rows)
