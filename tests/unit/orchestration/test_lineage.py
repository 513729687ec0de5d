"""Column lineage from the SQL that dbt compiled."""

from __future__ import annotations

from pathlib import Path

from orchestration.lineage import LAKE, analyse, column_lineage, lake_columns

SCHEMA = {"warehouse": {"core": {"orders": {"order_id": "text", "net_amount": "decimal", "region": "text"}}}}
KEYS = {"warehouse.core.orders": ["core", "orders"]}


def test_columns_are_followed_through_ctes_and_expressions() -> None:
    columns = analyse(
        """
        with orders as (select * from "warehouse"."core"."orders"),
        summed as (select region, sum(net_amount) / count(order_id) as mean_amount from orders group by region)
        select region as sales_region, mean_amount from summed
        """,
        SCHEMA,
        KEYS,
    )
    assert columns["sales_region"] == [(["core", "orders"], "region")]
    assert sorted(columns["mean_amount"]) == [(["core", "orders"], "net_amount"), (["core", "orders"], "order_id")]


def test_files_of_the_lake_are_the_clean_entities() -> None:
    columns = analyse(
        "with lead as (select * from read_parquet('/home/x/lake/lead/*.parquet', union_by_name=true))"
        " select lead_id, upper(status) as lead_status from lead",
        {LAKE: {"main": lake_columns()}},
        {},
    )
    assert columns["lead_id"] == [(["clean", "lead"], "lead_id")]
    assert columns["lead_status"] == [(["clean", "lead"], "status")]


def test_what_the_parser_does_not_understand_has_no_lineage() -> None:
    assert analyse("selec nothing from", {}, {}) == {}


def test_a_model_is_analysed_once_whatever_the_clock_and_the_home(tmp_path: Path) -> None:
    cache = tmp_path / "cache.json"
    sql = "select order_id from warehouse.core.orders where paid_at < cast('{}' as timestamp)"
    first = column_lineage(cache, {"m": sql.format("2026-01-01 00:00:00")}, SCHEMA, KEYS)
    assert first == {"m": {"order_id": [(["core", "orders"], "order_id")]}}
    kept = cache.read_bytes()
    again = column_lineage(cache, {"m": sql.format("2026-02-02 00:00:00")}, {}, {})
    assert again["m"]["order_id"] == [[["core", "orders"], "order_id"]]
    assert cache.read_bytes() == kept
