"""Suites and marts fit: every published model has a suite, and every suite names columns that its mart has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from expectations.faults import breaking_rows
from expectations.suites import SUITES, read_suites

MODELS = Path(__file__).resolve().parents[3] / "dbt_project" / "models"


def published_models() -> dict[str, dict[str, Any]]:
    """Models with `config.meta.milepost` by published name, as their YAML declares them."""
    found = {}
    for path in MODELS.rglob("*.yml"):
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models") or []:
            meta = model.get("config", {}).get("meta", {}).get("milepost")
            if meta:
                found[f"{meta['schema']}.{model['name']}"] = model
    return found


@pytest.fixture(scope="module")
def empty_marts() -> Iterator[duckdb.DuckDBPyConnection]:
    """Tables without rows, with the columns and types of the models' contracts."""
    with duckdb.connect() as connection:
        for name, model in published_models().items():
            connection.execute(f"create schema if not exists {name.split('.')[0]}")
            columns = [f'"{column["name"]}" {column["data_type"]}' for column in model["columns"]]
            if model["config"]["meta"]["milepost"].get("late_customer_id"):
                columns.append("customer_id varchar")
            connection.execute(f"create table {name} ({', '.join(columns)})")
        yield connection


def test_every_published_model_has_a_suite_and_every_suite_a_model() -> None:
    assert sorted(read_suites(SUITES / "marts")) == sorted(published_models())


@pytest.mark.parametrize("name", sorted(read_suites(SUITES / "marts")))
def test_suite_names_what_the_mart_has(empty_marts: duckdb.DuckDBPyConnection, name: str) -> None:
    for expectation in read_suites(SUITES / "marts")[name].expectations:
        rows = breaking_rows(expectation, name)
        assert rows is not None, f"{expectation.name}: not a row-level expectation"
        assert empty_marts.execute(f"select count(*) from ({rows})").fetchone() == (0,), expectation.name
