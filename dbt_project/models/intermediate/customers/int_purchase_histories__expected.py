"""Expected purchases of the next 12 months for each distinct history of purchases.

Belongs here: counting like histories and handing them to `dbt_project.inference.lifetime_value`. Not here: the models,
the fall-back where they do not fit, money (`customers.lifetime_value`).
"""

from typing import Any

import pyarrow as pa

#: Step of the logarithm by which mean values count as alike in the fit of the value model: half a percent.
_STEP = 0.005


def model(dbt: Any, session: Any) -> pa.Table:
    """One row per group of customers and distinct history (repeat_count, recency_days, age_days)."""
    dbt.config(materialized="table")
    from dbt_project.inference.lifetime_value import expected_histories

    histories = dbt.ref("int_purchase_histories")
    counted = histories.aggregate(
        "customer_group, repeat_count, recency_days, age_days, count(*) as customer_count",
        "customer_group, repeat_count, recency_days, age_days",
    ).order("customer_group, repeat_count, recency_days, age_days")
    values = (
        histories.filter("repeat_count > 0 and mean_repeat_reporting_amount > 0")
        .project(
            "customer_group, repeat_count, mean_repeat_reporting_amount as amount, "
            f"round(ln(mean_repeat_reporting_amount) / {_STEP}) as step"
        )
        .aggregate(
            "customer_group, repeat_count, avg(amount) as mean_amount, count(*) as customer_count, step",
            "customer_group, repeat_count, step",
        )
        .order("customer_group, repeat_count, step")
    )
    minimum = int(dbt.config.get("minimum_repeaters"))
    return expected_histories(counted.to_arrow_table(), values.to_arrow_table(), minimum)
