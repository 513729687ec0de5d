"""A small warehouse and the dbt manifest that publishes its tables, for tests of builds, the gate and publication."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import duckdb
from sqlalchemy import Engine

from ingestion.entity import load_entities
from ingestion.home import Home
from ingestion.ledger import builds as ledger_builds
from ingestion.ledger.engine import open_ledger
from ingestion.ledger.manifest import VERDICT_NAME
from publishing.build import Build, create_build
from publishing.marts import MartSpec, read_mart_specs

AS_OF = dt.datetime(2026, 3, 31, 12, 0, 0)

TABLES = {
    "customer_links": """
        select 'shop' as source_system, 'k' || i as source_customer_key, 'c' || (i % {customers}) as customer_id,
            1::bigint as since_delivery_seq, 'own_key' as rule, 1.0::double as probability
        from range(20) as t(i)
    """,
    "dim_customer": """
        select 'c' || i as customer_id, 'person' as customer_type, '张**' as name_mask, 1::bigint as source_count
        from range({customers}) as t(i)
    """,
    "fct_orders": """
        select 'o' || i as order_id, 'shop' as source_system, 'k' || (i % 20) as source_customer_key,
            timestamp '2026-01-05' + interval (i) day as ordered_at, (date '2026-01-05' + i::integer) as ordered_date,
            case when i % 9 = 0 then 'cancelled' else 'paid' end as status,
            (10 + i)::decimal(18, 4) as net_amount, (i / 7.0)::double as weight, (1 + i % 3)::bigint as _delivery_seq
        from range({orders}) as t(i)
    """,
    "kpi_values": """
        select 'revenue' as kpi_id, 'year' as grain, date '2026-01-01' as period_start, 'total' as dimension,
            'all' as member, sum(net_amount)::double as value, null::double as numerator, null::double as denominator,
            'money' as unit
        from main_marts.fct_orders
    """,
    "opportunities": "select 'x' as opportunity_id, 1.5::decimal(18, 4) as amount where false",
    "quality_results": "select 'b' || i as build_id, {runs}::bigint as runs from range(1) as t(i)",
}
SETTINGS: dict[str, dict[str, Any]] = {
    "customer_links": {"schema": "core", "order_by": ["source_system", "source_customer_key"]},
    "dim_customer": {"schema": "core", "order_by": "customer_id"},
    "fct_orders": {
        "schema": "core",
        "partition_by": "ordered_date",
        "order_by": ["order_id"],
        "late_customer_id": True,
    },
    "kpi_values": {"schema": "kpi"},
    "opportunities": {"schema": "sales"},
    "quality_results": {"schema": "data", "has_run_facts": True},
}


def write_warehouse(home: Home, orders: int = 80, customers: int = 10, runs: int = 1, reverse: bool = False) -> None:
    """Tables as dbt would leave them; `reverse` writes the same rows in the opposite order."""
    home.ensure()
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute("create schema if not exists main_marts")
        for name, query in TABLES.items():
            selected = query.format(orders=orders, customers=customers, runs=runs)
            order = "order by all desc" if reverse else ""
            connection.execute(f"create or replace table main_marts.{name} as select * from ({selected}) {order}")


def change_warehouse(home: Home, *statements: str) -> None:
    """Run statements in the warehouse, to spoil it."""
    with duckdb.connect(str(home.warehouse)) as connection:
        for statement in statements:
            connection.execute(statement)


def write_dbt_manifest(path: Path, settings: dict[str, dict[str, Any]] | None = None) -> Path:
    """The part of dbt's manifest.json that publishing reads."""
    nodes: dict[str, Any] = {
        "model.milepost.int_hidden": {
            "resource_type": "model",
            "name": "int_hidden",
            "alias": "int_hidden",
            "schema": "main",
            "config": {"meta": {}},
            "columns": {},
        },
        "test.milepost.some": {"resource_type": "test", "name": "some", "config": {"meta": {}}},
    }
    for name, meta in (settings or SETTINGS).items():
        columns = {"source_customer_key": {}, "source_system": {}} if name == "fct_orders" else {}
        nodes[f"model.milepost.{name}"] = {
            "resource_type": "model",
            "name": name,
            "alias": name,
            "schema": "main_marts",
            "description": f"What {name}\nholds.",
            "config": {"meta": {"milepost": meta}},
            "columns": {
                **{column: {"name": column, "description": "A customer's key."} for column in columns},
                "status": {"name": "status", "description": "State of it."},
            },
        }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"nodes": nodes}), encoding="utf-8")
    return path


def invented_specs(home: Home) -> list[MartSpec]:
    return read_mart_specs(write_dbt_manifest(home.dbt_target / "manifest.json"))


def build_now(home: Home, ledger: Engine, now: dt.datetime = AS_OF, as_of: dt.datetime = AS_OF) -> Build:
    """A build of the warehouse as it stands."""
    return create_build(
        home, ledger, invented_specs(home), as_of=as_of, code_version="test", inputs=["shop-1"], now=now, run_id="run"
    )


def store_verdict(home: Home, ledger: Engine, build: Build, is_passed: bool = True, reason: str | None = None) -> None:
    """A verdict as the gate stores it, without judging: for tests of publishing alone."""
    verdict = {
        "build_id": build.build_id,
        "is_passed": is_passed,
        "manifest_sha256": build.manifest.sha256,
        "suites_hash": "none",
        "reason": reason,
    }
    (build.folder / VERDICT_NAME).write_text(json.dumps(verdict), encoding="utf-8")
    ledger_builds.record_verdict(
        ledger, ledger_builds.VerdictRow(build.build_id, is_passed, AS_OF, "none", build.manifest.sha256, reason), []
    )


def invented_home(folder: Path, **arguments: Any) -> tuple[Home, Engine]:
    """A home with a warehouse and an empty ledger."""
    home = Home(folder / "home")
    write_warehouse(home, **arguments)
    return home, open_ledger(home)


def stage_entity(folder: Path, entity: str, name: str, *rows: dict[str, object]) -> Path:
    """Write rows of an entity with all its columns, those not given null."""
    path = folder / f"{entity}-{name}.parquet"
    selects = []
    for row in rows:
        values = {**row}
        columns = ", ".join(
            f'{repr(values[c.name]) if c.name in values else "null"}::{c.engine_type} as "{c.name}"'
            for c in load_entities()[entity].all_columns
        )
        selects.append(f"select {columns}")
    duckdb.sql(f"copy ({' union all '.join(selects)}) to '{path}'")
    return path
