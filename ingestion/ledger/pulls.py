"""Pulled sources in the ledger: how far each was read and how its last pull went.

Belongs here: queries on source_pull and pulled_delivery. Not here: pulling (`ingestion/pull`). A cursor holds for its
source from the transaction on that commits the delivery which brought it; until then the source is not read again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, delete, insert, select, update

from ingestion.ledger.tables import delivery, pulled_delivery, source_pull


@dataclass(frozen=True)
class PullState:
    """One row of the ledger's table `source_pull`."""

    source: str
    contract: str
    cursor_kind: str | None = None
    cursor_text: str | None = None
    tried_at: datetime | None = None
    succeeded_at: datetime | None = None
    failing_since: datetime | None = None
    failure: str | None = None
    last_rows: int | None = None
    last_sha256: str | None = None
    note: str | None = None


def pull_states(ledger: Engine) -> dict[str, PullState]:
    """All sources that were ever tried, by name."""
    with ledger.connect() as connection:
        rows = connection.execute(select(source_pull).order_by(source_pull.c.source))
        return {row.source: PullState(**row._mapping) for row in rows}


def waiting_sources(ledger: Engine) -> set[str]:
    """Sources with a delivery that is received and not committed yet."""
    query = (
        select(pulled_delivery.c.source)
        .join(delivery, delivery.c.delivery_seq == pulled_delivery.c.delivery_seq)
        .where(delivery.c.state == "received")
    )
    with ledger.connect() as connection:
        return set(connection.execute(query).scalars())


def note_success(
    connection: Connection, source: str, contract: str, now: datetime, rows: int, sha256: str | None, note: str | None
) -> None:
    """The source was read; `sha256` is that of what came, None where nothing did."""
    values: dict[str, Any] = {
        "contract": contract,
        "tried_at": now,
        "succeeded_at": now,
        "failing_since": None,
        "failure": None,
        "last_rows": rows,
        "note": note,
    }
    _put(connection, source, values | ({"last_sha256": sha256} if sha256 else {}))


def note_failure(connection: Connection, source: str, contract: str, now: datetime, failure: str) -> None:
    """The source could not be read; since when is kept."""
    since = connection.execute(select(source_pull.c.failing_since).where(source_pull.c.source == source)).scalar()
    values = {"contract": contract, "tried_at": now, "failing_since": since or now, "failure": failure}
    _put(connection, source, values)


def note_delivery(
    connection: Connection, delivery_seq: int, source: str, cursor: tuple[str, str] | None, rows: int
) -> None:
    """A delivery was pulled; its cursor (kind, text) waits for the commit."""
    kind, text = cursor or (None, None)
    connection.execute(
        insert(pulled_delivery).values(
            delivery_seq=delivery_seq, source=source, cursor_kind=kind, cursor_text=text, row_count=rows
        )
    )


def advance_cursors(connection: Connection, delivery_seqs: Iterable[int]) -> None:
    """The deliveries are committed, whatever became of them: what they brought need not be read again."""
    query = (
        select(pulled_delivery)
        .where(pulled_delivery.c.delivery_seq.in_(list(delivery_seqs)), pulled_delivery.c.cursor_text.is_not(None))
        .order_by(pulled_delivery.c.delivery_seq)
    )
    for row in connection.execute(query).all():
        connection.execute(
            update(source_pull)
            .where(source_pull.c.source == row.source)
            .values(cursor_kind=row.cursor_kind, cursor_text=row.cursor_text)
        )


def reset_cursor(connection: Connection, source: str) -> bool:
    """Read the source from the beginning next time; False where it was never read."""
    found = connection.execute(
        update(source_pull)
        .where(source_pull.c.source == source)
        .values(cursor_kind=None, cursor_text=None, last_sha256=None, tried_at=None)
    )
    connection.execute(
        update(pulled_delivery).where(pulled_delivery.c.source == source).values(cursor_kind=None, cursor_text=None)
    )
    return bool(found.rowcount)


def forget(connection: Connection, sources: Iterable[str]) -> None:
    """Drop the state of sources that are no longer declared."""
    connection.execute(delete(source_pull).where(source_pull.c.source.in_(list(sources))))


def _put(connection: Connection, source: str, values: dict[str, Any]) -> None:
    done = connection.execute(update(source_pull).where(source_pull.c.source == source).values(values))
    if not done.rowcount:
        connection.execute(insert(source_pull).values(source=source, **values))
