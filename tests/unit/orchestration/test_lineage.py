"""Column lineage from the SQL that dbt compiled."""

from __future__ import annotations

from orchestration.lineage import LAKE, analyse, lake_columns

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
