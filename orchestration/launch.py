"""Launching the graph's own job in this process.

Belongs here: how the command line runs the same job that sensor, schedule and UI run, and what it gets to know of it.
Not here: progress on the screen (`cli/progress.py`), the work.
"""

from __future__ import annotations

import logging
import os
import uuid
import warnings
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass

from ingestion.errors import MilepostError
from ingestion.ledger import runs
from orchestration import prepare
from orchestration.instance import open_instance
from orchestration.session import RunRequest


@dataclass(frozen=True)
class Launched:
    """A run that has ended, as the ledger keeps it; `error` is what it failed with, if it did."""

    record: runs.RunRecord
    error: BaseException | None


def launch(request: RunRequest, job_name: str = "refresh") -> Launched:
    """Run a job of the graph in this process to its end. What Dagster prints goes to a log file in the home."""
    prepare.ensure_manifest()
    warnings.simplefilter("ignore")
    request.home.ensure()
    log = request.home.dagster / "run.log"
    with log.open("a", encoding="utf-8") as sink, redirect_stdout(sink), redirect_stderr(sink):
        # imported here: its own warnings and loggers then write to the log too
        from orchestration.definitions import defs
        from orchestration.guard import FAILURES
        from orchestration.jobs import run_config

        instance = open_instance(request.home)
        run_id = str(uuid.uuid4())
        FAILURES.clear()
        logging.getLogger("dagster").setLevel(logging.ERROR)
        try:
            result = (
                defs()
                .get_job_def(job_name)
                .execute_in_process(
                    instance=instance,
                    run_config={
                        **run_config(request),
                        "loggers": {"console": {"config": {"log_level": "ERROR"}}},
                    },
                    raise_on_error=False,
                    run_id=run_id,
                    tags={"milepost/launched_by": request.launched_by},
                )
            )
        finally:
            instance.dispose()
    if not result.success and FAILURES and not _is_recorded(request, run_id):
        raise FAILURES[-1]
    record = _record(request, run_id)
    error = FAILURES[-1] if FAILURES else None
    if not result.success and error is None and record.outcome not in (runs.GATE_CLOSED,):
        error = MilepostError("the run failed", where=str(log), remedy="The log has the details")
    return Launched(record, error)


def _is_recorded(request: RunRequest, run_id: str) -> bool:
    return request.home.ledger.exists() and any(record.run_id == run_id for record in _last(request))


def _last(request: RunRequest) -> list[runs.RunRecord]:
    from ingestion.ledger.engine import open_ledger

    ledger = open_ledger(request.home)
    try:
        return runs.last_runs(ledger, 5)
    finally:
        ledger.dispose()


def _record(request: RunRequest, run_id: str) -> runs.RunRecord:
    found = [record for record in _last(request) if record.run_id == run_id]
    if not found:
        raise MilepostError(
            "the run did not start",
            where=f"{request.home.dagster / 'run.log'}, process {os.getpid()}",
            remedy="The log has the details; `milepost doctor` finds what is missing",
        )
    return found[0]
