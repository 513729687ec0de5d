"""Revenue, orders and what is made of them, from order lines, refunds and deals."""

from __future__ import annotations

import pandas as pd

from tests.integration.reconciled.frames import Facts, independent, summed

LINES = "paid order lines, refunds, won deals"


def revenue_events(facts: Facts) -> pd.DataFrame:
    """Day and amount: lines by payment date, refunds by refund date, won deals without an order by won date."""
    lines = facts["core.fct_order_lines"]
    lines = lines[lines["is_sale"]].assign(day=lambda f: f["paid_date"], amount=lambda f: f["net_reporting_amount"])
    refunds = facts["core.fct_refunds"]
    refunds = refunds[refunds["is_counted"]].assign(
        day=lambda f: f["refunded_date"], amount=lambda f: -f["reporting_amount"]
    )
    deals = facts["core.fct_opportunities"]
    deals = deals[deals["is_won"] & ~deals["has_linked_order"]].assign(
        day=lambda f: f["won_date"], amount=lambda f: f["reporting_amount"]
    )
    return pd.concat([lines, refunds, deals], ignore_index=True)


@independent("revenue", LINES)
def revenue(facts: Facts) -> pd.DataFrame:
    return summed(
        revenue_events(facts),
        "day",
        ["region", "channel", "product_line", "employee"],
        "amount",
    )
