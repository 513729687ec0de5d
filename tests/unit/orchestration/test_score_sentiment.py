"""The score of sentiment: counts of a small catalog, worked by hand."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from orchestration.score import sentiment


def catalog(truth: Path) -> duckdb.DuckDBPyConnection:
    """Six mentions: meant 1, 1, 0, -1, -1, -1; judged 1, -1, 0, -1, -1, 0. One has no text, one is nobody's."""
    con = duckdb.connect()
    con.execute(
        """
        create schema core;
        create table core.fct_mentions as
        select 'weibo' as source_system, 'b' as brand, *
        from (
            values ('1', 0.2), ('2', -0.9), ('3', 0.19), ('4', -0.2), ('5', -0.5), ('6', -0.1), ('7', null), ('8', 0.9)
        ) as said (mention_id, text_sentiment)
        """
    )
    con.execute(
        """
        copy (
            select 'weibo' as source_system, 'b' as brand, *
            from (values ('1', 1), ('2', 1), ('3', 0), ('4', -1), ('5', -1), ('6', -1), ('7', 1))
            as meant (mention_id, sentiment)
        ) to $file (format parquet)
        """.replace("$file", f"'{truth / 'mentions.parquet'}'")
    )
    return con


def test_judgements_are_compared_with_what_was_meant(tmp_path: Path) -> None:
    found = {score.measure: score for score in sentiment.score(catalog(tmp_path), tmp_path)}
    accuracy = found["accuracy over three classes"]
    assert accuracy.value == pytest.approx(4 / 6)
    assert not accuracy.passed
    assert found["praise and complaint confused"].value == pytest.approx(1 / 6)
    assert found["F1 of positive"].value == pytest.approx(2 * 1 / (1 + 2))
    assert found["F1 of neutral"].value == pytest.approx(2 * 1 / (2 + 1))
    assert found["F1 of negative"].value == pytest.approx(2 * 2 / (3 + 3))
    assert found["mean F1 of the classes"].value == pytest.approx((2 / 3 + 2 / 3 + 2 / 3) / 3)
