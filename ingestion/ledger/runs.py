"""Runs and how long their stages took, as the ledger keeps them.

Belongs here: queries on `run` and `stage_timing`. Not here: what a run does (`orchestration/`), deliveries (their own
module). A run without an end is one that was killed, or the one that is under way: the home's lock tells which.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, desc, insert, select, update

from ingestion.ledger.tables import run, stage_timing

#: What became of a run.
PUBLISHED = "published"
NOTHING_NEW = "nothing_new"
GATE_CLOSED = "gate_closed"
FAILED = "failed"
KILLED = "killed"


@dataclass(frozen=True)
class StageTiming:
    """Wall time of one stage in seconds; `row_count` where the stage counts rows."""

    stage: str
    wall_seconds: float
    row_count: int | None
    started_at: datetime


@dataclass(frozen=True)
class RunRecord:
    """One run with its stages in the order in which they started."""

    run_id: str
    started_at: datetime
    ended_at: datetime | None
    launched_by: str
    outcome: str | None
    as_of: datetime | None
    summary: Mapping[str, Any]
    stages: tuple[StageTiming, ...] = ()


def begin_run(ledger: Engine, run_id: str, *, started_at: datetime, launched_by: str, as_of: datetime) -> None:
    """Record that a run has started; a run of the same id that was started before (a retry) starts anew."""
    with ledger.begin() as connection:
        known = connection.execute(select(run.c.run_id).where(run.c.run_id == run_id)).first()
        values: dict[str, Any] = {
            "started_at": started_at,
            "ended_at": None,
            "launched_by": launched_by,
            "outcome": None,
            "as_of": as_of,
            "summary": {},
        }
        if known is None:
            connection.execute(insert(run).values(run_id=run_id, **values))
        else:
            connection.execute(update(run).where(run.c.run_id == run_id).values(**values))


def end_run(
    ledger: Engine, run_id: str, *, ended_at: datetime, outcome: str, summary: Mapping[str, Any] | None = None
) -> None:
    """Record how a run ended; `summary` holds counts and names, never a record's values."""
    with ledger.begin() as connection:
        connection.execute(
            update(run)
            .where(run.c.run_id == run_id)
            .values(ended_at=ended_at, outcome=outcome, summary=dict(summary or {}))
        )


def close_killed_runs(ledger: Engine, *, now: datetime) -> int:
    """Mark runs that never ended as killed; call it under the home's lock. Returns how many there were."""
    with ledger.begin() as connection:
        result = connection.execute(update(run).where(run.c.ended_at.is_(None)).values(ended_at=now, outcome=KILLED))
        return result.rowcount


def record_stage(ledger: Engine, run_id: str, timing: StageTiming) -> None:
    """Store the wall time of a stage; a stage that ran twice in one run (a retry) keeps the sum."""
    where = (stage_timing.c.run_id == run_id) & (stage_timing.c.stage == timing.stage)
    with ledger.begin() as connection:
        former = connection.execute(select(stage_timing.c.wall_seconds).where(where)).scalar()
        if former is None:
            connection.execute(
                insert(stage_timing).values(
                    run_id=run_id,
                    stage=timing.stage,
                    wall_seconds=timing.wall_seconds,
                    row_count=timing.row_count,
                    started_at=timing.started_at,
                )
            )
        else:
            connection.execute(
                update(stage_timing)
                .where(where)
                .values(wall_seconds=former + timing.wall_seconds, row_count=timing.row_count)
            )


def last_runs(ledger: Engine, limit: int = 10, *, outcomes: Sequence[str] | None = None) -> list[RunRecord]:
    """The latest runs, newest first, with their stages; `outcomes` keeps only runs that ended so."""
    query = select(run).order_by(desc(run.c.started_at), desc(run.c.run_id)).limit(limit)
    if outcomes is not None:
        query = query.where(run.c.outcome.in_(outcomes))
    with ledger.connect() as connection:
        rows = connection.execute(query).mappings().all()
        stages = (
            connection.execute(
                select(stage_timing)
                .where(stage_timing.c.run_id.in_([row["run_id"] for row in rows]))
                .order_by(stage_timing.c.started_at)
            )
            .mappings()
            .all()
        )
    by_run: dict[str, list[StageTiming]] = {}
    for stage in stages:
        by_run.setdefault(stage["run_id"], []).append(
            StageTiming(stage["stage"], stage["wall_seconds"], stage["row_count"], stage["started_at"])
        )
    return [
        RunRecord(
            run_id=row["run_id"],
            started_at=row["started_at"],
            ended_at=row["ended_at"],
            launched_by=row["launched_by"],
            outcome=row["outcome"],
            as_of=row["as_of"],
            summary=row["summary"] or {},
            stages=tuple(by_run.get(row["run_id"], ())),
        )
        for row in rows
    ]
