"""The seam to Great Expectations: what it needs to be told so that expectations run in DuckDB."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from expectations.results import CRITICAL, CheckResult
from expectations.suites import Expectation, Suite
from expectations.validation import Target, validate

NOW = datetime(2026, 3, 31)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "table.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema core")
        connection.execute(
            "create view core.things as select * from (values "
            "(1, 'ab1', 10.5::decimal(18, 4), date '2026-01-01', 1::bigint), "
            "(2, 'b22', -1, date '2026-01-02', 1), (2, 'xx', null, date '2026-02-01', 2)) "
            "as t(number, code, amount, day, _delivery_seq)"
        )
    yield path


def check(database: Path, kind: str, data_docs: Path | None = None, **kwargs: object) -> CheckResult:
    suite = Suite("core.things", (Expectation("it", kind, kwargs, "It is so", CRITICAL),))
    return validate(database, [Target(suite, "core", "things")], now=NOW, run_name="test", data_docs=data_docs)[0]


@pytest.mark.parametrize(
    ("kind", "kwargs", "unexpected"),
    [
        ("expect_column_values_to_not_be_null", {"column": "amount"}, 1),
        ("expect_column_values_to_be_unique", {"column": "number"}, 2),
        ("expect_compound_columns_to_be_unique", {"column_list": ["number", "_delivery_seq"]}, 0),
        ("expect_column_values_to_be_in_set", {"column": "code", "value_set": ["ab1", "b22"]}, 1),
        ("expect_column_values_to_be_between", {"column": "amount", "min_value": 0}, 1),
        ("expect_column_values_to_be_between", {"column": "day", "min_value": "2026-01-02"}, 1),
        # a search within the value, not a match of the whole of it
        ("expect_column_values_to_match_regex", {"column": "code", "regex": "[0-9]"}, 1),
        ("expect_column_values_to_match_regex", {"column": "code", "regex": "^b"}, 2),
        ("expect_column_values_to_not_match_regex", {"column": "code", "regex": "b"}, 2),
        ("expect_table_row_count_to_be_between", {"min_value": 1, "max_value": 3}, 3),
        ("unexpected_rows_expectation", {"unexpected_rows_query": "select * from {batch} where number = 2"}, 2),
        ("unexpected_rows_expectation", {"unexpected_rows_query": "select * from {batch} where number = 9"}, 0),
    ],
)
def test_expectation_is_computed_in_duckdb(
    database: Path, kind: str, kwargs: dict[str, object], unexpected: int
) -> None:
    result = check(database, kind, **kwargs)
    assert not result.has_raised, result.observed
    assert result.unexpected_count == unexpected
    assert result.is_success is (unexpected == 0 or kind == "expect_table_row_count_to_be_between")


@pytest.mark.parametrize(
    ("kind", "kwargs", "shown"),
    [
        ("expect_column_values_to_not_be_null", {"column": "nothing"}, "nothing"),
        (
            "unexpected_rows_expectation",
            {"unexpected_rows_query": "select * from {batch} where nothing = 1"},
            "nothing",
        ),
        ("unexpected_rows_expectation", {"unexpected_rows_query": "select * from core.absent"}, "absent"),
        ("unexpected_rows_expectation", {"unexpected_rows_query": "select code::integer from {batch}"}, "Conversion"),
    ],
)
def test_an_expectation_that_raises_says_so_without_quoting_a_value(
    database: Path, tmp_path: Path, kind: str, kwargs: dict[str, object], shown: str
) -> None:
    result = check(database, kind, tmp_path / "docs", **kwargs)
    assert result.has_raised
    assert result.closes
    assert shown in (result.observed or "")
    pages = [page.read_text(encoding="utf-8") for page in (tmp_path / "docs").rglob("*.html")]
    assert pages
    assert not any("ab1" in text for text in [*pages, result.observed or ""])


def test_pages_hold_counts_and_no_values(database: Path, tmp_path: Path) -> None:
    result = check(database, "expect_column_values_to_be_in_set", tmp_path / "docs", column="code", value_set=["other"])
    assert result.observed == "3 of 3 rows"
    pages = [page.read_text(encoding="utf-8") for page in (tmp_path / "docs").rglob("*.html")]
    assert any("It is so" in page for page in pages)
    assert not any(value in page for page in pages for value in ("ab1", "b22"))
