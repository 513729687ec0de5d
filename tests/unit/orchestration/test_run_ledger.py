"""Runs and their stages in the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from ingestion.home import Home
from ingestion.ledger import runs
from ingestion.ledger.engine import open_ledger

AT = datetime(2026, 3, 1, 12)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Engine]:
    engine = open_ledger(Home(tmp_path))
    yield engine
    engine.dispose()


def begin(ledger: Engine, run_id: str, at: datetime = AT) -> None:
    runs.begin_run(ledger, run_id, started_at=at, launched_by="command", as_of=at)


def test_a_run_keeps_its_outcome_summary_and_stages_in_order(ledger: Engine) -> None:
    begin(ledger, "a")
    runs.record_stage(ledger, "a", runs.StageTiming("second", 2.0, 20, AT + timedelta(seconds=5)))
    runs.record_stage(ledger, "a", runs.StageTiming("first", 1.0, None, AT))
    runs.end_run(ledger, "a", ended_at=AT + timedelta(seconds=7), outcome=runs.PUBLISHED, summary={"files": 3})
    (record,) = runs.last_runs(ledger)
    assert (record.outcome, record.summary) == ("published", {"files": 3})
    assert [stage.stage for stage in record.stages] == ["first", "second"]
    assert record.ended_at == AT + timedelta(seconds=7)


def test_a_stage_that_ran_twice_keeps_the_sum(ledger: Engine) -> None:
    begin(ledger, "a")
    for seconds in (1.0, 2.5):
        runs.record_stage(ledger, "a", runs.StageTiming("receive", seconds, 4, AT))
    (stage,) = runs.last_runs(ledger)[0].stages
    assert (stage.wall_seconds, stage.row_count) == (3.5, 4)


def test_runs_that_never_ended_are_closed_as_killed_and_others_stay(ledger: Engine) -> None:
    begin(ledger, "dead")
    begin(ledger, "done", AT + timedelta(hours=1))
    runs.end_run(ledger, "done", ended_at=AT + timedelta(hours=2), outcome=runs.PUBLISHED)
    assert runs.close_killed_runs(ledger, now=AT + timedelta(hours=3)) == 1
    assert [(r.run_id, r.outcome) for r in runs.last_runs(ledger)] == [("done", "published"), ("dead", "killed")]
    assert [r.run_id for r in runs.last_runs(ledger, outcomes=[runs.PUBLISHED])] == ["done"]


def test_a_retry_of_the_same_run_starts_it_anew(ledger: Engine) -> None:
    begin(ledger, "a")
    runs.end_run(ledger, "a", ended_at=AT, outcome=runs.FAILED, summary={"error": "x"})
    begin(ledger, "a", AT + timedelta(minutes=1))
    (record,) = runs.last_runs(ledger)
    assert (record.outcome, record.ended_at, record.summary) == (None, None, {})
