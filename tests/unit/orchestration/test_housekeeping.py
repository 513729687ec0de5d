"""At the end of a run the home is tidied, and a fault in that is told and changes nothing of the run's outcome."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import dagster as dg
import pytest

from ingestion.home import Home
from ingestion.lake import ensure_schemas
from ingestion.ledger import runs
from ingestion.ledger.engine import open_ledger
from ingestion.snapshots import current_snapshot
from orchestration import housekeeping
from orchestration.instance import open_instance
from orchestration.session import RunRequest, open_session, utc_now
from tests.support import TEST_KEY

DAY = dt.timedelta(days=1)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("MILEPOST_KEY", TEST_KEY)
    home = Home(tmp_path / "home").ensure()
    monkeypatch.setenv("MILEPOST_HOME", str(home.root))
    ensure_schemas(home)
    return home


def run(home: Home, run_id: str, *, now: dt.datetime | None = None, error: Exception | None = None) -> runs.RunRecord:
    try:
        with open_session(RunRequest(home), run_id, now=now or utc_now()) as session:
            session.outcome = runs.PUBLISHED
            if error is not None:
                raise error
    except ValueError:
        pass
    ledger = open_ledger(home)
    found = next(one for one in runs.last_runs(ledger) if one.run_id == run_id)
    ledger.dispose()
    return found


def test_a_run_ends_with_a_tidy_home_and_a_snapshot_of_the_lake(home: Home) -> None:
    record = run(home, "r1")
    assert record.outcome == runs.PUBLISHED
    assert [stage.stage for stage in record.stages] == ["housekeeping"]
    assert current_snapshot(home) is not None


def test_a_fault_in_tidying_is_told_and_leaves_the_outcome_and_the_other_steps_alone(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(housekeeping, "STEPS", {"lake": full, "pages": lambda _: "3 pages removed"})
    record = run(home, "r1")
    assert record.outcome == runs.PUBLISHED
    told = record.summary["housekeeping"]
    assert told["lake"].startswith("not done")
    assert told["pages"] == "3 pages removed"


def test_a_run_that_failed_tidies_too(home: Home) -> None:
    record = run(home, "r1", error=ValueError("a bug"))
    assert [stage.stage for stage in record.stages] == ["housekeeping"]


def test_old_pages_of_the_gate_go_and_the_latest_stay(home: Home) -> None:
    old, latest = (home.data_docs / "validations" / "orders" / name / "page.html" for name in ("old", "latest"))
    now = utc_now()
    for path, age in ((old, 90), (latest, 70)):
        path.parent.mkdir(parents=True)
        path.write_text("<html>", encoding="utf-8")
        moment = (now - age * DAY).replace(tzinfo=dt.UTC).timestamp()
        os.utime(path, (moment, moment))
    record = run(home, "r1", now=now)
    assert record.summary["housekeeping"]["pages"] == "1 pages removed"
    assert (old.exists(), latest.exists()) == (False, True)
    assert not old.parent.exists()


def test_old_runs_leave_dagsters_history(home: Home) -> None:
    @dg.op
    def nothing() -> None:
        pass

    @dg.job
    def tiny() -> None:
        nothing()

    instance = open_instance(home)
    run_id = tiny.execute_in_process(instance=instance).run_id
    assert run(home, "r1").summary["housekeeping"].get("dagster") is None
    record = run(home, "r2", now=utc_now() + 61 * DAY)
    assert record.summary["housekeeping"]["dagster"] == "1 runs removed"
    assert instance.get_run_by_id(run_id) is None
    assert not instance.all_logs(run_id)
    instance.dispose()
