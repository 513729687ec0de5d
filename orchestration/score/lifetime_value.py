"""Score of the lifetime value: customers as they were before a hold-out period, against what they bought in it.

Belongs here: the hold-out period, which purchases are judged, the bars. Not here: the models and the arithmetic. The
models are fitted anew on what was known before the hold-out period, by the function that the mart's figures come from;
organisations that buy by deals are left out, as the mart gives them the mean of their cohort.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ingestion.errors import MilepostError
from orchestration.score import Score, judged, need_marts, told

if TYPE_CHECKING:
    import duckdb

PART = "lifetime_value"
#: Share of the known days that is held out, and the most days of it: a year ahead is what the mart promises.
HOLD_OUT_SHARE, HOLD_OUT_DAYS = 0.25, 182
#: Expected over real revenue of all customers in the hold-out period: off by no more than this share.
TOTAL_ERROR_BAR = 0.20
#: Real revenue of the tenth of the customers expected to bring most, over that of all: how many times as much.
LIFT_BAR = 3.0

_HISTORIES = """
    with purchase_days as (
        select customer_id, paid_date as day, sum(net_reporting_amount)::double as amount
        from core.fct_orders
        where is_paid_order and paid_date is not null and customer_id is not null and net_reporting_amount is not null
        group by all
    ), placed as (
        select *, row_number() over (partition by customer_id order by day) as place from purchase_days
    )
    select
        customer_id,
        count(*) filter (day <= $1) - 1 as repeats,
        coalesce(max(day) filter (day <= $1) - min(day), 0) / 7.0 as recency,
        ($1 - min(day)) / 7.0 as age,
        coalesce(avg(amount) filter (day <= $1 and place > 1), 0) as mean_amount,
        coalesce(sum(amount) filter (day > $1), 0) as came_amount,
        count(*) filter (day > $1) as came
    from placed
    group by customer_id
    having min(day) <= $1
    order by customer_id
"""


def score(marts: duckdb.DuckDBPyConnection, truth: Path) -> list[Score]:
    """Error of the sum, error by customer, lift of the best tenth; MilepostError where the models do not fit."""
    import numpy as np

    from dbt_project.inference.lifetime_value import (
        expected_mean_value,
        expected_purchases,
        fit_bg_nbd,
        fit_gamma_gamma,
    )
    from dbt_project.inference.scoring import decile_lift, mean_absolute_error, spearman

    need_marts(marts, "customers.lifetime_value", "core.fct_orders")
    found = marts.execute(
        "select max(as_of_date), max(as_of_date) - min(first_purchase_date) from customers.lifetime_value"
    ).fetchone()
    assert found is not None
    days = min(int(found[1] * HOLD_OUT_SHARE), HOLD_OUT_DAYS)
    cut = marts.execute("select $1::date - $2::integer", [found[0], days]).fetchone()
    assert cut is not None
    rows = marts.execute(_HISTORIES, [cut[0]]).fetchnumpy()
    repeats, recency, age = (np.asarray(rows[name], float) for name in ("repeats", "recency", "age"))
    mean, came, came_amount = (np.asarray(rows[name], float) for name in ("mean_amount", "came", "came_amount"))
    has_value = (repeats > 0) & (mean > 0)
    bought = fit_bg_nbd(repeats, recency, age)
    paid = fit_gamma_gamma(repeats[has_value], mean[has_value])
    if not (bought.converged and paid.converged):
        raise MilepostError(
            f"the models do not fit {len(repeats)} customers, {int(has_value.sum())} of them with repeat purchases",
            where="customers.lifetime_value",
            remedy="A longer history is needed; the mart gives the mean of the cohort here",
        )
    orders = expected_purchases(bought, days / 7.0, repeats, recency, age)
    amounts = orders * expected_mean_value(paid, repeats, mean)
    note = f"{len(repeats)} customers, held out: the last {days} days"
    return [
        judged(
            PART,
            "error of the expected revenue of all",
            abs(amounts.sum() - came_amount.sum()) / came_amount.sum() if came_amount.sum() else None,
            TOTAL_ERROR_BAR,
            lower=True,
            note=note,
        ),
        judged(
            PART, "lift of the best tenth", decile_lift(amounts, came_amount), LIFT_BAR, note="revenue, times the mean"
        ),
        told(
            PART, "mean absolute error of purchases", mean_absolute_error(orders, came), lower=True, note="by customer"
        ),
        told(PART, "rank correlation of purchases", spearman(orders, came)),
        told(
            PART,
            "error of the expected purchases of all",
            abs(orders.sum() - came.sum()) / came.sum() if came.sum() else None,
            lower=True,
        ),
    ]
