"""`milepost score`: a missed bar, a missing mart and a missing truth are told and end with 1."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

import orchestration.score as score
from ingestion.errors import MilepostError
from ingestion.home import Home
from orchestration.cli import common
from orchestration.cli.main import main
from orchestration.score import forecast


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with a published catalog that has no mart."""
    place = Home(tmp_path)
    place.current.mkdir(parents=True)
    place.ledger.touch()
    place.truth.mkdir()
    duckdb.connect(str(place.current / "marts.duckdb")).close()
    return place


def give(monkeypatch: pytest.MonkeyPatch, *scores: score.Score) -> None:
    monkeypatch.setattr(forecast, "score", lambda marts, truth: list(scores))


def test_a_bar_holds_on_its_better_side() -> None:
    assert score.judged("churn", "auc", 0.7, 0.7).passed
    assert not score.judged("churn", "auc", 0.69, 0.7).passed
    assert score.judged("forecast", "wape", 0.1, 0.1, lower=True).passed
    assert not score.judged("forecast", "wape", 0.11, 0.1, lower=True).passed
    assert not score.judged("forecast", "wape", None, 0.1, lower=True).passed


def test_passed_scores_end_with_0_and_a_missed_bar_with_1(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["score", "--home", str(home.root), "--part", "forecast"]
    give(monkeypatch, score.judged("forecast", "wape", 0.1, 0.2, lower=True), score.told("forecast", "series", 3))
    assert main(arguments) == common.DONE
    assert "<= 0.2" in capsys.readouterr().out
    give(monkeypatch, score.judged("forecast", "wape", 0.3, 0.2, lower=True, note="worse than the baseline"))
    assert main([*arguments, "--json"]) == common.FAILED
    (row,) = json.loads(capsys.readouterr().out)
    assert row["value"] == 0.3
    assert row["passed"] is False
    assert row["note"] == "worse than the baseline"


def test_every_model_without_its_mart_has_failed_and_says_which(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["score", "--home", str(home.root), "--json"]) == common.FAILED
    rows = json.loads(capsys.readouterr().out)
    assert [row["part"] for row in rows] == list(score.PARTS)
    assert not any(row["passed"] for row in rows)
    assert all("no such mart" in row["note"] for row in rows)


def test_an_empty_mart_and_a_missing_truth_cannot_be_scored(home: Home) -> None:
    with duckdb.connect() as marts:
        marts.execute("create schema goals; create table goals.revenue_forecast (a int)")
        with pytest.raises(MilepostError, match="empty"):
            score.need_marts(marts, "goals.revenue_forecast")
        marts.execute("insert into goals.revenue_forecast values (1)")
        score.need_marts(marts, "goals.revenue_forecast")
    with pytest.raises(MilepostError, match="truth is missing"):
        score.need_truth(home.truth, "orders.parquet")


def test_a_model_that_judges_nothing_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, score.told("forecast", "series", 3))
    with duckdb.connect() as marts, pytest.raises(AssertionError, match="no measure with a bar"):
        score.score_parts(marts, Path(), ["forecast"])


def test_an_unknown_model_is_wrong_use(home: Home) -> None:
    assert main(["score", "--home", str(home.root), "--part", "luck"]) == common.WRONG_USE


def test_forecasts_are_scored_on_months_made_a_quarter_ahead_where_a_method_could_be_chosen() -> None:
    columns = (
        "month, region, product_line, made_on, is_baseline, forecast, baseline, lower_80, upper_80, lower_95, "
        "upper_95, actual, quarter_ahead_actual"
    )
    names = ", ".join(
        name if name in ("month", "region", "product_line", "made_on", "is_baseline") else f"{name}_reporting_amount"
        for name in columns.split(", ")
    )
    with duckdb.connect() as marts:
        marts.execute("create schema goals")
        rows = [
            # too early for a method: the same day has the baseline only
            "('2024-03-01', 'n', 'tea', date '2023-12-31', true, 0, 0, 0, 0, 0, 0, 100, 100)",
            "('2024-04-01', 'n', 'tea', date '2024-01-31', false, 90, 60, 80, 95, 70, 120, 100, 100)",
            "('2024-04-01', 's', 'tea', date '2024-01-31', true, 50, 50, 40, 60, 30, 70, 60, 60)",
            # not a quarter ahead
            "('2024-02-01', 'n', 'tea', date '2024-01-31', false, 0, 0, 0, 0, 0, 0, 100, null)",
        ]
        marts.execute(f"create table goals.revenue_forecast as select * from (values {', '.join(rows)}) as t ({names})")
        found = {one.measure: one for one in forecast.score(marts, Path())}
        assert found["WAPE"].value == pytest.approx(20 / 160)
        assert found["WAPE over that of the baseline"].value == pytest.approx(20 / 50)
        assert found["share within the 80% band"].value == pytest.approx(0.5)
        assert not found["share within the 80% band"].passed
        assert found["share within the 95% band"].passed
        marts.execute("delete from goals.revenue_forecast where not is_baseline")
        with pytest.raises(MilepostError, match="no month was forecast"):
            forecast.score(marts, Path())
