"""What is put away by rule: rows, rejected records, archived files and old runs that nothing needs any more.

Belongs here: the rules of ingestion's own files and of the ledger's history. Not here: versions and builds
(`publishing/versions.py`), when it is done (`orchestration/housekeeping.py`).

- Deliveries that were withdrawn, or failed, so many days ago: their rows and rejected records leave the lake, their
  archived file goes unless another delivery is of the same bytes. The accounting stays.
- Deliveries of which no unit counts any more, since all were replaced by deliveries received so many days ago: their
  rows leave the lake; units, rejected records, accounting and archived file stay. Should the replacing delivery be
  withdrawn, `to_bring_back` names them, and they are read again (`reprocess.py`).
- Archived files of active deliveries: kept, unless a rule gives them an age. Those of deliveries with rejected records,
  with rows that were put away, and of held ones are kept even then: a replay needs them.

What is marked in the ledger is removed afterwards: killed between the two, the next call removes it.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, delete, select, update

from ingestion.batch.write import REJECTS, UNITS
from ingestion.commit import staging_folder
from ingestion.engine import open_engine
from ingestion.home import Home
from ingestion.ledger import tables
from ingestion.ledger.deliveries import (
    ACTIVE,
    FAILED,
    HELD,
    RECEIVED,
    WITHDRAWN,
    Delivery,
    list_deliveries,
    list_lake_parts,
    parts_of,
)
from ingestion.ledger.engine import writing
from ingestion.parts import clean_parts, exchange, holding, not_of, relation, rewrite_part

#: Runs that stay, however old they are.
KEPT_RUNS = 50


@dataclass(frozen=True)
class RetentionRule:
    """Ages in days after which something is put away; None: never."""

    withdrawn_days: float | None = 90
    superseded_days: float | None = None
    archive_days: float | None = None
    run_days: float | None = 400


@dataclass(frozen=True)
class PutAway:
    """What was put away."""

    deliveries: int = 0  # whose rows left the lake
    archived_files: int = 0
    archived_bytes: int = 0
    runs: int = 0

    @property
    def is_nothing(self) -> bool:
        return self == PutAway()


def put_away(
    home: Home,
    ledger: Engine,
    rule: RetentionRule,
    *,
    as_of: datetime,
    now: datetime,
    memory: str | None = None,
    threads: int | None = None,
) -> PutAway:
    """Apply the rule; needs the home's lock. `as_of` is the clock of deliveries, `now` that of runs (naive UTC)."""
    withdrawn = _withdrawn(ledger, rule, as_of)
    superseded: list[int] = []
    if withdrawn or rule.superseded_days is not None:
        with open_engine(home.scratch, memory, threads) as connection:
            if rule.superseded_days is not None:
                superseded = _superseded(connection, home, ledger, as_of - timedelta(days=rule.superseded_days))
            _remove_rows(connection, home, ledger, withdrawn, as_of, everything=True)
            _remove_rows(connection, home, ledger, superseded, as_of, everything=False)
    _mark_archives(ledger, rule, as_of)
    files, size = _remove_archives(home, ledger)
    runs = 0 if rule.run_days is None else _remove_runs(ledger, now - timedelta(days=rule.run_days))
    return PutAway(len(withdrawn) + len(superseded), files, size, runs)


def to_bring_back(home: Home, ledger: Engine) -> list[int]:
    """Deliveries that count although their rows were put away: what had replaced them was withdrawn, or they were
    confirmed. Read them again."""
    away = {d.delivery_seq for d in list_deliveries(ledger, states=[ACTIVE]) if d.rows_removed_at is not None}
    if not away:
        return []
    import duckdb

    with duckdb.connect() as connection:
        units = list_lake_parts(ledger, [UNITS])
        if not units:
            return sorted(away)
        winning, holding_units = _units(connection, home, ledger)
    return sorted(seq for seq in away if seq in winning or seq not in holding_units)


def _withdrawn(ledger: Engine, rule: RetentionRule, as_of: datetime) -> list[int]:
    if rule.withdrawn_days is None:
        return []
    horizon = as_of - timedelta(days=rule.withdrawn_days)
    old = [
        d.delivery_seq
        for d in list_deliveries(ledger, states=[WITHDRAWN])
        if d.rows_removed_at is None and d.state_at <= horizon
    ]
    have_parts = {part.delivery_seq for part in parts_of(ledger, old)}
    return [seq for seq in old if seq in have_parts]


def _superseded(connection: Any, home: Home, ledger: Engine, horizon: datetime) -> list[int]:
    """Active deliveries that can be read again, of which nothing counts, replaced by deliveries before the horizon."""
    active = {d.delivery_seq: d for d in list_deliveries(ledger, states=[ACTIVE])}
    candidates = [
        d.delivery_seq
        for d in active.values()
        if d.rows_removed_at is None and d.received_at <= horizon and _is_in_archive(home, d)
    ]
    if not candidates or not list_lake_parts(ledger, [UNITS]):
        return []
    # deliveries after the horizon do not replace anything yet
    before = [seq for seq, d in active.items() if d.received_at <= horizon]
    winning, holding_units = _units(connection, home, ledger, before)
    return sorted(seq for seq in candidates if seq in holding_units and seq not in winning)


def _units(
    connection: Any, home: Home, ledger: Engine, counted: Sequence[int] | None = None
) -> tuple[set[int], set[int]]:
    """Active deliveries that win a unit, and those that hold one; `counted` narrows down who takes part."""
    if counted is None:
        counted = [d.delivery_seq for d in list_deliveries(ledger, states=[ACTIVE])]
    seqs = ", ".join(str(int(seq)) for seq in counted) or "null"
    rows = connection.execute(
        "with held as ("
        "  select contract, unit, delivery_seq, max(version_at) as version_at, max(tie) as tie"
        f"  from {relation(home, list_lake_parts(ledger, [UNITS]))} where delivery_seq in ({seqs}) group by all"
        "), placed as ("
        "  select delivery_seq, row_number() over (partition by contract, unit"
        "    order by version_at desc nulls last, tie desc nulls last, delivery_seq desc) as place from held"
        ") select delivery_seq, min(place) from placed group by 1"
    ).fetchall()
    return {seq for seq, place in rows if place == 1}, {seq for seq, _ in rows}


def _remove_rows(
    connection: Any, home: Home, ledger: Engine, seqs: Collection[int], as_of: datetime, *, everything: bool
) -> None:
    """Take the rows of deliveries out of the lake; `everything`: also their units and rejected records."""
    if not seqs:
        return
    parts = [part for part in clean_parts(ledger) if everything or part.entity not in (UNITS, REJECTS)]
    batch_id = f"retain-{uuid.uuid4().hex[:12]}"
    folder = staging_folder(home, batch_id)
    try:
        removed = holding(connection, home, parts, seqs)
        staged = []
        for number, part in enumerate(removed):
            rest = rewrite_part(
                connection, home, part, folder, f"{batch_id}-{number}", where=not_of(part.entity, seqs)
            )  # fmt: skip
            staged += [rest] if rest is not None else []
        exchange(home, ledger, removed, staged, batch_id, as_of, _marking(seqs, as_of))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _marking(seqs: Collection[int], as_of: datetime) -> Callable[[Connection], None]:
    def mark(connection: Connection) -> None:
        table = tables.delivery
        connection.execute(update(table).where(table.c.delivery_seq.in_(list(seqs))).values(rows_removed_at=as_of))

    return mark


def _mark_archives(ledger: Engine, rule: RetentionRule, as_of: datetime) -> None:
    deliveries = [d for d in list_deliveries(ledger) if d.archived_as is not None]
    rejecting = {p.delivery_seq for p in parts_of(ledger, [d.delivery_seq for d in deliveries]) if p.rejected_rows}

    def is_due(one: Delivery) -> bool:
        if one.archive_removed_at is not None:
            return False
        if one.state in (WITHDRAWN, FAILED):
            days, since = rule.withdrawn_days, one.state_at
        elif one.state == ACTIVE and one.delivery_seq not in rejecting and one.rows_removed_at is None:
            days, since = rule.archive_days, one.received_at
        else:
            return False
        return days is not None and since <= as_of - timedelta(days=days)

    due = [d.delivery_seq for d in deliveries if is_due(d)]
    if due:
        table = tables.delivery
        with writing(ledger) as connection:
            connection.execute(update(table).where(table.c.delivery_seq.in_(due)).values(archive_removed_at=as_of))


def _remove_archives(home: Home, ledger: Engine) -> tuple[int, int]:
    """Remove the files that the ledger has as removed, where no other delivery of the same bytes needs them."""
    deliveries = [d for d in list_deliveries(ledger) if d.archived_as is not None]
    needed = {
        d.archived_as
        for d in deliveries
        if d.archive_removed_at is None and d.state in (RECEIVED, ACTIVE, HELD, WITHDRAWN, FAILED)
    }
    count = size = 0
    for name in sorted({d.archived_as for d in deliveries if d.archive_removed_at is not None and d.archived_as}):
        path = home.archive / name
        if name in needed or not path.exists():
            continue
        count, size = count + 1, size + path.stat().st_size
        path.unlink()
    return count, size


def _remove_runs(ledger: Engine, horizon: datetime) -> int:
    """Remove runs that ended before the horizon, with their timings, and the results of builds that are no more."""
    run, timing, build = tables.run, tables.stage_timing, tables.build
    result, publication = tables.quality_result, tables.publication
    with writing(ledger) as connection:
        kept = select(run.c.run_id).order_by(run.c.started_at.desc()).limit(KEPT_RUNS)
        recent: set[str] = set(connection.execute(kept).scalars())
        ended: list[str] = list(connection.execute(select(run.c.run_id).where(run.c.ended_at < horizon)).scalars())
        old = [run_id for run_id in ended if run_id not in recent]
        for start in range(0, len(old), 500):
            some = old[start : start + 500]
            connection.execute(delete(timing).where(timing.c.run_id.in_(some)))
            connection.execute(delete(run).where(run.c.run_id.in_(some)))
        published = select(publication.c.build_id).where(publication.c.removed_at.is_(None))
        latest = select(build.c.build_id).order_by(build.c.created_at.desc()).limit(1).scalar_subquery()
        gone = select(build.c.build_id).where(
            build.c.created_at < horizon, build.c.build_id.not_in(published), build.c.build_id != latest
        )
        connection.execute(delete(result).where(result.c.build_id.in_(gone)))
    return len(old)


def _is_in_archive(home: Home, one: Delivery) -> bool:
    return one.archived_as is not None and (home.archive / one.archived_as).exists()
