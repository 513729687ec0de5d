"""Suites as files, and the deliveries whose rows broke an expectation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from expectations.faults import deliveries_at_fault
from expectations.suites import SUITES, Expectation, read_suites, suites_hash
from ingestion.entity import load_entities
from ingestion.errors import MilepostError


def write_suite(folder: Path, name: str, *expectations: dict[str, Any]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    path.write_text(json.dumps({"name": name, "expectations": expectations}), encoding="utf-8")
    return path


def test_shipped_suites_are_valid_and_name_columns_of_their_entities() -> None:
    assert len(read_suites(SUITES / "marts")) >= 20
    entities = load_entities()
    for name, suite in read_suites(SUITES / "clean").items():
        columns = {column.name for column in entities[name].all_columns}
        for expectation in suite.expectations:
            named = {*expectation.kwargs.get("column_list", []), expectation.kwargs.get("column")} - {None}
            assert named <= columns, f"{name}, {expectation.name}"


def test_shipped_sql_over_clean_entities_binds() -> None:
    entities = load_entities()
    with duckdb.connect() as connection:
        for name, suite in read_suites(SUITES / "clean").items():
            columns = ", ".join(f'"{c.name}" {c.engine_type}' for c in entities[name].all_columns)
            connection.execute(f'create table "{name}" ({columns})')
            for expectation in suite.expectations:
                if "unexpected_rows_query" in expectation.kwargs:
                    connection.execute(expectation.kwargs["unexpected_rows_query"].replace("{batch}", f'"{name}"'))


def test_every_mistake_of_a_suite_is_listed(tmp_path: Path) -> None:
    good = {"type": "x", "description": "It is", "meta": {"name": "a", "severity": "critical"}}
    write_suite(tmp_path, "one", good, good, {"type": "x", "meta": {"severity": "severe"}})
    write_suite(tmp_path, "two")
    with pytest.raises(MilepostError) as raised:
        read_suites(tmp_path)
    for mistake in ("the name is there twice", "no description", "severity is neither", "no name", "no expectation"):
        assert mistake in str(raised.value)


def test_hash_follows_the_files(tmp_path: Path) -> None:
    write_suite(tmp_path / "marts", "one")
    before = suites_hash(tmp_path)
    assert suites_hash(tmp_path) == before
    write_suite(tmp_path / "clean", "one")
    assert suites_hash(tmp_path) != before


ROWS = """
    select * from (values
        (1, 'a', 5, 1), (2, 'a', -1, 2), (2, 'b', null, 3), (3, 'c', 50, 4)
    ) as t(number, word, amount, _delivery_seq)
"""


@pytest.mark.parametrize(
    ("kind", "kwargs", "seqs"),
    [
        ("expect_column_values_to_not_be_null", {"column": "amount"}, (3,)),
        ("expect_column_values_to_be_unique", {"column": "number"}, (2, 3)),
        ("expect_compound_columns_to_be_unique", {"column_list": ["number", "word"]}, ()),
        ("expect_column_values_to_be_in_set", {"column": "word", "value_set": ["a", "b"]}, (4,)),
        ("expect_column_values_to_be_between", {"column": "amount", "min_value": 0, "max_value": 10}, (2, 4)),
        ("expect_column_values_to_match_regex", {"column": "word", "regex": "a"}, (3, 4)),
        ("expect_column_values_to_not_match_regex", {"column": "word", "regex": "a"}, (1, 2)),
        ("unexpected_rows_expectation", {"unexpected_rows_query": "select * from {batch} where amount < 0;"}, (2,)),
        ("unexpected_rows_expectation", {"unexpected_rows_query": "select 'd3' as delivery_id from {batch}"}, (3,)),
        ("unexpected_rows_expectation", {"unexpected_rows_query": "select word from {batch}"}, ()),
        ("expect_table_row_count_to_be_between", {"max_value": 1}, ()),
    ],
)
def test_deliveries_whose_rows_break_it(kind: str, kwargs: dict[str, Any], seqs: tuple[int, ...]) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"create table things as {ROWS}")
        expectation = Expectation("it", kind, kwargs, "It is so", "critical")
        assert deliveries_at_fault(connection, expectation, "things", {"d3": 3}) == seqs
