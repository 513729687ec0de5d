"""A changed declaration or setting of a KPI is a new version, dated; an unchanged one is not.

Not here: how the catalogue shows versions (unit tests of `kpi_catalogue`).
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from ingestion.home import Home
from ingestion.ledger import kpis, tables
from ingestion.ledger.engine import open_ledger
from orchestration.kpi_declarations import Declared, declared_kpis
from orchestration.kpi_versions import store_changes

DAY = date(2026, 4, 10)


def manifest(**meta: Any) -> dict[str, Any]:
    """A manifest with a ratio over two measures of one model, whose macro reads a setting."""
    common = {"name_zh": "指标", "domain": "customer", "unit": "ratio", "direction": "down", "time_basis": "day"}
    return {
        "metrics": {
            "metric.m.churn_rate": {
                "name": "churn_rate",
                "label": "Churn",
                "description": "lost / active",
                "type": "ratio",
                "type_params": {
                    "numerator": {"name": "lost"},
                    "denominator": {"name": "active"},
                    "input_measures": [{"name": "lost_customers"}, {"name": "active_customers"}],
                },
                "config": {"meta": {"kpi": True, **common, "owner": "x", "valid_from": "2026-01-01", **meta}},
            },
            "metric.m.lost": _simple("lost", "lost_customers"),
            "metric.m.active": _simple("active", "active_customers", "cumulative"),
        },
        "semantic_models": {
            "semantic_model.m.customers": {
                "name": "customers",
                "depends_on": {"nodes": ["model.m.customer_days"]},
                "measures": [
                    {"name": "lost_customers", "agg": "sum", "expr": "lost"},
                    {"name": "active_customers", "agg": "sum", "expr": "changes"},
                ],
            }
        },
        "nodes": {
            "model.m.customer_days": {
                "name": "customer_days",
                "raw_code": "select {{ var('churn_days') }}",
                "depends_on": {"macros": ["macro.milepost.outer"]},
            },
            "model.m.orders": {"name": "orders", "raw_code": "select 1", "depends_on": {"macros": []}},
        },
        "parent_map": {"model.m.customer_days": ["model.m.orders", "source.m.lake.order"]},
        "macros": {
            "macro.milepost.outer": _macro("{{ inner() }}", ["macro.milepost.inner", "macro.dbt.other"]),
            "macro.milepost.inner": _macro("{{ var('currency') }} {{ outer() }}", ["macro.milepost.outer"]),
        },
    }


def _simple(name: str, measure: str, kind: str = "simple") -> dict[str, Any]:
    params = {"measure": {"name": measure}, "input_measures": [{"name": measure}]}
    return {"name": name, "type": kind, "type_params": params, "config": {"meta": {}}}


def _macro(code: str, calls: list[str]) -> dict[str, Any]:
    return {"package_name": "milepost", "macro_sql": code, "depends_on": {"macros": calls}}


BUSINESS = {"churn_days": 90, "currency": "CNY", "unrelated": 1}


@pytest.fixture
def ledger(tmp_path: Path) -> Engine:
    return open_ledger(Home(tmp_path))


def declared(business: dict[str, Any] | None = None, **meta: Any) -> list[Declared]:
    return declared_kpis(manifest(**meta), business or BUSINESS)


def versions(ledger: Engine) -> list[tuple[int, date]]:
    table = tables.kpi_version
    with ledger.connect() as connection:
        return [
            tuple(row)
            for row in connection.execute(select(table.c.version, table.c.valid_from).order_by(table.c.version))
        ]


def test_a_declaration_says_its_formula_models_and_settings() -> None:
    (kpi,) = declared()
    assert kpi.formula == (
        "churn_rate = lost / active",
        "lost = sum(lost) of customers",
        "active = sum(changes) of customers, all up to the period's end",
    )
    assert kpi.models == ("customer_days", "orders")
    assert kpi.settings == {"churn_days": 90, "currency": "CNY"}  # also what macros of macros read; nothing else
    assert not kpi.accumulates


def test_the_first_version_counts_from_its_declared_date(ledger: Engine) -> None:
    store_changes(ledger, declared(), DAY)
    assert versions(ledger) == [(1, date(2026, 1, 1))]


@pytest.mark.parametrize(
    "changed",
    [
        {"business": {**BUSINESS, "churn_days": 60}},
        {"thresholds": {"green": 0.12}},
        {"window": "one quarter"},
        {"grains": ["month"]},
    ],
)
def test_a_change_is_a_version_from_that_day(ledger: Engine, changed: dict[str, Any]) -> None:
    store_changes(ledger, declared(), date(2026, 3, 1))
    assert [version.version for version in store_changes(ledger, declared(**changed), DAY)] == [2]
    assert store_changes(ledger, declared(**changed), date(2026, 4, 11)) == []
    assert versions(ledger) == [(1, date(2026, 1, 1)), (2, DAY)]
    # and back again: a third one
    store_changes(ledger, declared(), date(2026, 5, 1))
    assert versions(ledger)[-1] == (3, date(2026, 5, 1))


@pytest.mark.parametrize("same", [{"business": {**BUSINESS, "unrelated": 2}}, {"owner": "y"}, {"name_zh": "流失"}])
def test_what_does_not_change_the_meaning_is_no_version(ledger: Engine, same: dict[str, Any]) -> None:
    store_changes(ledger, declared(), date(2026, 3, 1))
    assert store_changes(ledger, declared(**same), DAY) == []


def test_versions_are_kept_whole(ledger: Engine) -> None:
    store_changes(ledger, declared(thresholds={"green": 0.15}), date(2026, 3, 1))
    store_changes(ledger, declared(thresholds={"green": 0.12}), DAY)
    (latest,) = kpis.latest_versions(ledger)
    assert (latest.version, latest.green_threshold, latest.settings) == (2, 0.12, "churn_days = 90; currency = CNY")
