"""Whether there is anything to do: a look that costs what is new, not what there is.

Belongs here: comparing inbox, ledger and code with what the last run saw. Not here: doing it (`pipeline.py`). Imports
neither Dagster nor an engine, so that a run with nothing new ends at once.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine, select

from ingestion.home import Home
from ingestion.ledger import runs
from ingestion.ledger.tables import delivery
from orchestration.settings import PROJECT_DIR, Settings, describe, load_settings

if TYPE_CHECKING:
    from dagster import DagsterInstance

    from orchestration.session import RunRequest

#: Name of the job that pulls sources; it may run beside a run.
PULL_JOB = "pull"
#: States of deliveries that a run has yet to take further.
PENDING_STATES = ("received",)


@dataclass(frozen=True)
class Waiting:
    """What waits for a run. `key` is the same as long as nothing else has come."""

    files: int
    deliveries: int
    is_changed: bool  # deliveries, settings or code differ from what was last judged
    key: str


def waiting(home: Home, inbox: Path | None = None) -> Waiting | None:
    """What waits for a run, or None. Files that still grow do not count yet."""
    from ingestion.ledger.engine import open_ledger

    settings = load_settings(home)
    if not home.ledger.exists() and not any(_files(inbox or home.inbox)):
        return None
    ledger = open_ledger(home)
    try:
        pending = _pending(ledger)
        files = _new_files(ledger, inbox or home.inbox)
        now_seen = fingerprint(home, ledger, settings)
        last = runs.last_runs(ledger, 1, outcomes=[runs.PUBLISHED, runs.GATE_CLOSED])
    finally:
        ledger.dispose()
    at_rest = [path for path in files if _age(path) >= settings.technical.inbox_rest_seconds]
    is_changed = bool(last) and last[0].summary.get("fingerprint") != now_seen
    if not at_rest and not pending and not is_changed:
        return None
    listed = json.dumps([[str(f), f.stat().st_size, f.stat().st_mtime_ns] for f in at_rest] + [pending, now_seen])
    return Waiting(len(at_rest), len(pending), is_changed, hashlib.sha256(listed.encode()).hexdigest()[:32])


def is_nothing_new(request: RunRequest) -> bool:
    """Whether a run would find nothing to do: no new file or delivery, and the published version is of what there is.

    A run as of another moment than the last one has something to do; so has one after a closed gate.
    """
    from ingestion.ledger.engine import open_ledger

    home = request.home
    if not home.ledger.exists() or not home.current.is_symlink():
        return False
    settings = load_settings(home)
    ledger = open_ledger(home)
    try:
        if _pending(ledger) or _new_files(ledger, request.inbox or home.inbox):
            return False
        last = runs.last_runs(ledger, 1, outcomes=[runs.PUBLISHED, runs.GATE_CLOSED, runs.FAILED, runs.KILLED])
        if not last or last[0].outcome != runs.PUBLISHED:
            return False
        if request.as_of is not None and request.as_of != last[0].as_of:
            return False
        return bool(last[0].summary.get("fingerprint") == fingerprint(home, ledger, settings))
    finally:
        ledger.dispose()


def wait_for_rest(request: RunRequest) -> None:
    """Before a run that a person launches: give files that were just dropped the time to come to rest."""
    settings = load_settings(request.home)
    needed = settings.technical.inbox_rest_seconds
    youngest = min((_age(path) for path in _files(request.inbox or request.home.inbox)), default=needed)
    if youngest < needed:
        time.sleep(needed - youngest)


def _files(inbox: Path) -> Iterator[Path]:
    from ingestion.receive import files_in_inbox

    for _, _, path in files_in_inbox(inbox):
        yield path


def _new_files(ledger: Engine, inbox: Path) -> list[Path]:
    """Files in the inbox that no delivery is of, as they are now."""
    from ingestion.receive import new_files

    return new_files(ledger, inbox)


def _age(path: Path) -> float:
    """Seconds since the file changed; the wall clock is read here because files are stamped by it."""
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _pending(ledger: Engine) -> list[int]:
    query = (
        select(delivery.c.delivery_seq).where(delivery.c.state.in_(PENDING_STATES)).order_by(delivery.c.delivery_seq)
    )
    with ledger.connect() as connection:
        return list(connection.execute(query).scalars())


def fingerprint(home: Home, ledger: Engine, settings: Settings) -> str:
    """What a published version depends on beside the clock: deliveries that count, code, settings, own contracts."""
    query = select(delivery.c.delivery_seq, delivery.c.state, delivery.c.revision).order_by(delivery.c.delivery_seq)
    digest = hashlib.sha256()
    with ledger.connect() as connection:
        for seq, state, revision in connection.execute(query):
            digest.update(f"{seq}:{state}:{revision};".encode())
    digest.update(code_version().encode())
    digest.update(describe(settings).encode())
    for path in sorted(home.contracts.glob("*/*.y*ml")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def code_version() -> str:
    """SHA-256 over what computes and judges: the dbt project, contracts, suites, and the rooms' own code."""
    from orchestration.prepare import project_fingerprint

    digest = hashlib.sha256(project_fingerprint().encode())
    for folder, pattern in (
        ("ingestion", "**/*.yml"),
        ("ingestion", "**/*.py"),
        ("expectations", "**/*.json"),
        ("expectations", "**/*.py"),
        ("publishing", "**/*.py"),
    ):
        for path in sorted((PROJECT_DIR / folder).glob(pattern)):
            digest.update(str(path.relative_to(PROJECT_DIR)).encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def record(home: Home, *, now: datetime) -> None:
    """Note in the ledger that every source was looked at; nothing where there is no ledger yet."""
    if not home.ledger.exists():
        return
    from ingestion.ledger.deliveries import record_source_checks
    from ingestion.ledger.engine import open_ledger, writing

    ledger = open_ledger(home)
    try:
        with writing(ledger) as connection:
            record_source_checks(connection, now)
    finally:
        ledger.dispose()


def is_run_waiting(instance: DagsterInstance) -> bool:
    """Whether a run is queued or under way in this Dagster instance; one that only pulls sources is none."""
    return any(job != PULL_JOB for job in _jobs_under_way(instance))


def is_pull_waiting(instance: DagsterInstance) -> bool:
    """Whether a pull of sources is queued or under way in this Dagster instance."""
    return PULL_JOB in _jobs_under_way(instance)


def _jobs_under_way(instance: DagsterInstance) -> list[str]:
    from dagster import DagsterRunStatus, RunsFilter

    busy = [
        DagsterRunStatus.QUEUED,
        DagsterRunStatus.NOT_STARTED,
        DagsterRunStatus.STARTING,
        DagsterRunStatus.STARTED,
    ]
    return [run.job_name for run in instance.get_runs(RunsFilter(statuses=busy))]
