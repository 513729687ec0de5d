"""A run in one home: lock, recovery, clock, settings, keys, ledger entry, and the wall time of its stages.

Belongs here: what every way of starting a run (command line, sensor, schedule, UI) shares before and after the work.
Not here: the work (`pipeline.py`), Dagster (`resources.py`).
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine

from ingestion.home import Home
from ingestion.ledger import runs
from orchestration.scrub import brief
from orchestration.settings import PROJECT_DIR, Settings, check_home, load_settings
from publishing.publish import GateClosedError

if TYPE_CHECKING:
    from ingestion.privacy.keys import Keys


@dataclass(frozen=True)
class RunRequest:
    """What a run is asked to do. `as_of` (naive UTC) is the clock of every result; None: the time of the launch."""

    home: Home
    as_of: datetime | None = None
    full_refresh: bool = False
    inbox: Path | None = None
    launched_by: str = "command"


@dataclass
class StageReport:
    """What a stage tells while it runs: a line for people, and how many rows it handled."""

    stage: str
    note: str = ""
    row_count: int | None = None
    wall_seconds: float = 0.0


#: Called when a stage starts (is_over False) and ends (True); the command line shows its progress through these.
Listener = Callable[[StageReport, bool], None]
LISTENERS: list[Listener] = []


@dataclass
class RunSession:
    """An open run. `summary` holds counts and names that the ledger keeps; never a record's values."""

    request: RunRequest
    settings: Settings
    keys: Keys
    ledger: Engine
    run_id: str
    now: datetime
    as_of: datetime
    outcome: str = runs.FAILED
    summary: dict[str, Any] = field(default_factory=dict)

    @property
    def home(self) -> Home:
        return self.request.home

    @contextmanager
    def stage(self, name: str) -> Iterator[StageReport]:
        """Time a stage and store it, also when it fails; what went wrong is kept, scrubbed, in the summary."""
        report = StageReport(name)
        started_at, started = self.clock(), time.perf_counter()
        for listener in LISTENERS:
            listener(report, False)
        try:
            yield report
        except GateClosedError as error:
            self.outcome = runs.GATE_CLOSED
            self.summary["error"] = str(error)
            raise
        except Exception as error:
            self.outcome = runs.FAILED
            self.summary["error"] = brief(error)
            self.summary["failed_stage"] = name
            raise
        finally:
            report.wall_seconds = time.perf_counter() - started
            runs.record_stage(
                self.ledger,
                self.run_id,
                runs.StageTiming(name, report.wall_seconds, report.row_count, started_at),
            )
            for listener in LISTENERS:
                listener(report, True)

    @property
    def received_at(self) -> datetime:
        """The clock of what this run receives: the run's own `as_of`, so that results know no other clock."""
        return self.as_of

    @property
    def rest_seconds(self) -> float:
        """How long files must not have changed. Files are stamped by the wall clock, which a given `as_of` is not:
        such a run is launched by a person, who was waited for (`look.wait_for_rest`)."""
        return self.settings.technical.inbox_rest_seconds if self.request.launched_by != "command" else 0.0

    def clock(self) -> datetime:
        """The time by which stages are ordered: wall time since the start, on the run's own clock."""
        return self.now + timedelta(seconds=time.monotonic() - self._started)

    def __post_init__(self) -> None:
        self._started = time.monotonic()


def utc_now() -> datetime:
    """The wall clock, naive UTC: read by the outermost callers alone."""
    return datetime.now(UTC).replace(tzinfo=None)


def load_home_keys(home: Home) -> Keys:
    """The keys that protect this home; the sample company's own for a demo home. MilepostError where there are none."""
    from ingestion.privacy.keys import load_keys
    from ingestion.privacy.vault import keys_in_use
    from orchestration import demo_home

    marker = demo_home.read_marker(home)
    key_file = Path(marker.key_file) if marker is not None else None
    command = load_settings(home).technical.key_command
    return keys_in_use(
        home.vault, load_keys(os.environ, key_file, forbidden=[PROJECT_DIR, home.root], key_command=command)
    )


@contextmanager
def open_session(request: RunRequest, run_id: str, *, now: datetime) -> Iterator[RunSession]:
    """Take the home's lock, recover from a killed run, and enter the run into the ledger.

    Stops before any data is read when settings are wrong or keys are missing. Raises TransientError when another run
    holds the lock longer than `lock_wait_seconds`.
    """
    from ingestion.ledger.engine import open_ledger
    from ingestion.lock import home_lock
    from ingestion.recovery import recover

    home = request.home
    check_home(home)
    settings = load_settings(home)
    keys = load_home_keys(home)
    home.ensure()
    with home_lock(home, f"milepost ({request.launched_by})", settings.technical.lock_wait_seconds):
        ledger = open_ledger(home)
        try:
            recover(home, ledger, keep_inbox=settings.technical.keep_in_inbox, inbox=request.inbox)
            runs.close_killed_runs(ledger, now=now)
            as_of = request.as_of or now
            runs.begin_run(ledger, run_id, started_at=now, launched_by=request.launched_by, as_of=as_of)
            session = RunSession(request, settings, keys, ledger, run_id, now, as_of)
            try:
                yield session
            finally:
                try:
                    # a run that a person broke off ends at once; any other leaves the home tidy, whatever it came to
                    if isinstance(sys.exception(), Exception | None):
                        from orchestration.housekeeping import keep_house

                        keep_house(session)
                finally:
                    runs.end_run(
                        ledger, run_id, ended_at=session.clock(), outcome=session.outcome, summary=session.summary
                    )
        finally:
            ledger.dispose()
