"""The page of the attribution models: shares that sum to one, the most disputed channel first."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from ingestion.errors import MilepostError
from ingestion.home import Home
from orchestration.docs_attribution import MODELS, has_credits, page, shares, write_page


@pytest.fixture
def home(tmp_path: Path) -> Home:
    place = Home(tmp_path)
    place.current.mkdir(parents=True)
    with duckdb.connect(str(place.current / "marts.duckdb")) as connection:
        connection.execute("create schema marketing")
        connection.execute(
            "create table marketing.attribution_credits"
            "(attribution_model varchar, marketing_channel varchar, touchpoint_key varchar, credit double)"
        )
        for model in MODELS:
            direct = 3.0 if model == "last" else 1.0
            connection.execute(
                "insert into marketing.attribution_credits values (?, 'direct', 't', ?), (?, 'e<mail', 't', ?),"
                " (?, 'event', 't', 1), (?, '(none)', null, 50)",
                [model, direct, model, 5.0 - direct, model, model],
            )
    return place


def test_shares_are_of_conversions_with_a_touch(home: Home) -> None:
    found = shares(home.current / "marts.duckdb")
    assert found["direct"]["last"] == 0.5
    assert found["direct"]["first"] == pytest.approx(1 / 6)
    assert "(none)" not in found
    for model in MODELS:
        assert sum(by_model[model] for by_model in found.values()) == pytest.approx(1)
    assert list(found) == ["direct", "e<mail", "event"]  # the undisputed one comes last


def test_the_page_says_where_the_models_agree_least(home: Home, tmp_path: Path) -> None:
    text = write_page(home, tmp_path / "page.html").read_text(encoding="utf-8")
    assert "agree least on <b>direct</b>: from 16.7% to 50.0%" in text
    assert "e&lt;mail" in text
    assert "e<mail" not in text
    assert text.count("<circle") == len(MODELS) * 4  # three channels and the legend


def test_without_conversions_the_page_says_so() -> None:
    assert "No conversion has a touch" in page({})


def test_without_a_published_version_there_is_no_page(tmp_path: Path) -> None:
    with pytest.raises(MilepostError, match="nothing is published"):
        shares(tmp_path / "marts.duckdb")
    assert not has_credits(tmp_path / "marts.duckdb")
    duckdb.connect(str(tmp_path / "other.duckdb")).close()
    assert not has_credits(tmp_path / "other.duckdb")


def test_published_credits_are_found(home: Home) -> None:
    assert has_credits(home.current / "marts.duckdb")
