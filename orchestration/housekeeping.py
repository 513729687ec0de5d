"""What a run does at its end, whatever it came to: merging small files, and removing what the rules say.

Belongs here: the order of it, and what is told about it. Not here: merging, the rules (`ingestion/compact.py`,
`ingestion/retention.py`, `publishing/versions.py`). A fault of one step is told in the run's summary and leaves the
run's outcome and the other steps alone: the next run tries again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import UTC, timedelta
from pathlib import Path

import duckdb
from sqlalchemy.exc import SQLAlchemyError

from ingestion.errors import MilepostError
from orchestration.scrub import brief
from orchestration.session import RunSession

#: Dagster runs removed at a time, so that a home that was never tidied does not stop a run.
MOST_DAGSTER_RUNS = 500
_FAULTS = (MilepostError, OSError, duckdb.Error, sqlite3.Error, SQLAlchemyError)


def keep_house(session: RunSession) -> None:
    """Tidy the home; `session.summary["housekeeping"]` gets what was done, by step, in words."""
    with session.stage("housekeeping") as report:
        told: dict[str, str] = {}
        for name, step in STEPS.items():
            try:
                if done := step(session):
                    told[name] = done
            except _FAULTS as error:
                told[name] = f"not done: {brief(error)}"
        session.summary["housekeeping"] = told
        report.note = "; ".join(f"{name}: {done}" for name, done in told.items()) or "nothing to do"


def _lake(session: RunSession) -> str | None:
    from ingestion.compact import CompactionRule, compact

    technical = session.settings.technical
    rule = CompactionRule(technical.compaction.fan_in, technical.compaction.target_mb * 2**20)
    done = compact(
        session.home,
        session.ledger,
        rule,
        session.as_of,
        memory=technical.engine_memory,
        threads=technical.engine_threads,
    )
    if done.files == done.files_before:
        return None
    return f"{done.files_before:,} files became {done.files:,}"


def _snapshots(session: RunSession) -> str | None:
    from ingestion.snapshots import drop_snapshots, take_snapshot

    made = take_snapshot(session.home, session.ledger)
    drop_snapshots(session.home, session.clock(), timedelta(hours=session.settings.technical.retention.snapshot_hours))
    return None if made is not None else "not made: the file system has no hard links"


def _put_away(session: RunSession) -> str | None:
    from ingestion.retention import RetentionRule, put_away

    technical = session.settings.technical
    rule = RetentionRule(
        technical.retention.withdrawn_days,
        technical.retention.superseded_days,
        technical.retention.archive_days,
        technical.retention.run_days,
    )
    done = put_away(
        session.home,
        session.ledger,
        rule,
        as_of=session.as_of,
        now=session.clock(),
        memory=technical.engine_memory,
        threads=technical.engine_threads,
    )
    if done.is_nothing:
        return None
    return (
        f"rows of {done.deliveries} deliveries, {done.archived_files} archived files "
        f"({done.archived_bytes / 2**20:.1f} MiB), {done.runs} runs removed"
    )


def _versions(session: RunSession) -> str | None:
    from publishing import versions

    technical = session.settings.technical
    done = versions.retain(
        session.home,
        session.ledger,
        keep=technical.keep_versions,
        minimum_age=timedelta(days=technical.keep_days),
        now=session.clock(),
    )
    if not (done.versions or done.builds or done.part_files):
        return None
    return (
        f"{len(done.versions)} versions, {len(done.builds)} builds, {done.part_files} files "
        f"({done.bytes / 2**20:.1f} MiB) removed"
    )


def _pages(session: RunSession) -> str | None:
    """Pages of the gate: those of the latest judgement always stay."""
    days = session.settings.technical.retention.data_docs_days
    pages = [path for path in session.home.data_docs.glob("validations/**/*") if path.is_file()]
    if days is None or not pages:
        return None
    changed = {path: path.stat().st_mtime for path in pages}
    horizon = min(session.clock().replace(tzinfo=UTC).timestamp() - days * 86_400, max(changed.values()) - 3600)
    old = [path for path, moment in changed.items() if moment < horizon]
    for path in old:
        path.unlink()
        _remove_empty(path.parent, session.home.data_docs)
    return f"{len(old)} pages removed" if old else None


def _dagster_runs(session: RunSession) -> str | None:
    """Dagster's own history; the ledger's is what reports and `milepost status` read."""
    days = session.settings.technical.retention.dagster_days
    if days is None or not (session.home.dagster / "history").is_dir():
        return None
    from dagster import DagsterInvariantViolationError, DagsterRunStatus, RunsFilter

    from orchestration.instance import open_instance

    ended = [DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED]
    before = session.clock().replace(tzinfo=UTC) - timedelta(days=days)
    instance = open_instance(session.home)
    try:
        old = instance.get_run_ids(RunsFilter(statuses=ended, created_before=before), limit=MOST_DAGSTER_RUNS)
        for run_id in old:
            if run_id != session.run_id:
                instance.delete_run(run_id)
    except DagsterInvariantViolationError as error:
        raise MilepostError(f"Dagster's history cannot be tidied ({type(error).__name__})") from None
    finally:
        instance.dispose()
    return f"{len(old)} runs removed" if old else None


def _remove_empty(folder: Path, top: Path) -> None:
    while folder != top and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


#: In this order: what is removed first need not be merged, and the snapshot is of what stays.
STEPS: dict[str, Callable[[RunSession], str | None]] = {
    "retention": _put_away,
    "lake": _lake,
    "snapshots": _snapshots,
    "versions": _versions,
    "pages": _pages,
    "dagster": _dagster_runs,
}
