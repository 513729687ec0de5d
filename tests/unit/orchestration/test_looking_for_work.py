"""When sensor and schedules start a run, and when a run has nothing to do."""

from __future__ import annotations

import os
import time
from datetime import datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from sqlalchemy import select

from ingestion.home import Home
from ingestion.ledger import runs
from ingestion.ledger.deliveries import register
from ingestion.ledger.engine import open_ledger
from ingestion.ledger.tables import source_check
from orchestration import look
from orchestration.schedules import look_around, nightly_full_check
from orchestration.sensors import what_waits
from orchestration.session import RunRequest
from orchestration.settings import load_settings

AT = datetime(2026, 3, 1, 12)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("MILEPOST_HOME", str(tmp_path))
    return Home(tmp_path).ensure()


def drop(home: Home, name: str, age_seconds: float) -> Path:
    path = home.inbox / "olist" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("order_id\n1\n", encoding="utf-8")
    changed = time.time() - age_seconds
    os.utime(path, (changed, changed))
    return path


def tick() -> dg.RunRequest | dg.SkipReason:
    return what_waits(dg.DagsterInstance.ephemeral())


def test_an_empty_home_starts_nothing_and_stays_empty(home: Home) -> None:
    assert isinstance(tick(), dg.SkipReason)
    assert not home.ledger.exists()


def test_a_file_at_rest_starts_one_run_and_the_same_file_no_second_one(home: Home) -> None:
    drop(home, "a.csv", age_seconds=60)
    first, second = tick(), tick()
    assert isinstance(first, dg.RunRequest)
    assert isinstance(second, dg.RunRequest)
    assert first.run_key == second.run_key, "Dagster starts one run per key"
    assert first.run_config["resources"]["run"]["config"]["launched_by"] == "sensor"
    drop(home, "b.csv", age_seconds=60)
    third = tick()
    assert isinstance(third, dg.RunRequest)
    assert third.run_key != first.run_key


def test_a_file_that_still_grows_is_waited_for(home: Home) -> None:
    drop(home, "a.csv", age_seconds=0)
    assert isinstance(tick(), dg.SkipReason)


def test_names_of_unfinished_files_are_nobodys_business(home: Home) -> None:
    for name in ("a.csv.part", ".a.csv", "~$a.xlsx"):
        drop(home, name, age_seconds=60)
    assert isinstance(tick(), dg.SkipReason)


def published_run(home: Home, as_of: datetime = AT) -> None:
    """A ledger and a pointer as a published run leaves them."""
    ledger = open_ledger(home)
    runs.begin_run(ledger, "r", started_at=AT, launched_by="command", as_of=as_of)
    seen = look.fingerprint(home, ledger, load_settings(home))
    runs.end_run(ledger, "r", ended_at=AT, outcome=runs.PUBLISHED, summary={"fingerprint": seen})
    ledger.dispose()
    (home.published / "v000001").mkdir()
    home.current.symlink_to("v000001")


def test_after_a_published_run_nothing_is_new_until_something_changes(home: Home) -> None:
    published_run(home)
    assert look.waiting(home) is None
    assert look.is_nothing_new(RunRequest(home=home))
    assert look.is_nothing_new(RunRequest(home=home, as_of=AT))
    assert not look.is_nothing_new(RunRequest(home=home, as_of=datetime(2026, 4, 1))), "as of another moment"

    home.settings_file.write_text("business:\n  rfm_core_frequency: 5\n", encoding="utf-8")
    assert not look.is_nothing_new(RunRequest(home=home)), "a changed setting"
    found = look.waiting(home)
    assert found is not None
    assert found.is_changed
    home.settings_file.unlink()

    drop(home, "a.csv", age_seconds=60)
    assert not look.is_nothing_new(RunRequest(home=home)), "a new file"


@pytest.mark.parametrize("outcome", [runs.FAILED, runs.GATE_CLOSED, runs.KILLED])
def test_a_run_that_published_nothing_is_no_reason_to_rest(home: Home, outcome: str) -> None:
    published_run(home)
    ledger = open_ledger(home)
    runs.begin_run(ledger, "s", started_at=datetime(2026, 3, 2), launched_by="command", as_of=AT)
    runs.end_run(ledger, "s", ended_at=datetime(2026, 3, 2), outcome=outcome)
    ledger.dispose()
    assert not look.is_nothing_new(RunRequest(home=home))


def test_the_look_notes_that_sources_were_looked_at_and_starts_what_waits(home: Home) -> None:
    instance = dg.DagsterInstance.ephemeral()
    published_run(home)
    ledger = open_ledger(home)
    with ledger.begin() as connection:
        values = {"contract": "olist.orders", "file_name": "o.csv", "sha256": "0" * 64, "byte_count": 1}
        register(connection, {"source_system": "olist", "state": "active", "received_at": AT, **values})
    assert isinstance(look_around(instance, AT, now=AT), dg.RunRequest), "a delivery that no run has seen"
    with ledger.connect() as connection:
        checked = connection.execute(select(source_check.c.contract, source_check.c.checked_at)).all()
    ledger.dispose()
    assert checked == [("olist.orders", AT)]


def test_what_waits_is_tried_again_at_most_each_hour(home: Home) -> None:
    instance = dg.DagsterInstance.ephemeral()
    drop(home, "a.csv", age_seconds=60)
    keys = []
    for minutes in (0, 5, 65):
        answer = look_around(instance, AT + timedelta(minutes=minutes), now=AT)
        assert isinstance(answer, dg.RunRequest)
        keys.append(answer.run_key)
    assert keys[0] == keys[1] != keys[2]


def test_the_nightly_check_computes_everything_anew(home: Home) -> None:
    answer = nightly_full_check()
    assert isinstance(answer, dg.RunRequest)
    assert answer.run_config["resources"]["run"]["config"]["full_refresh"] is True
