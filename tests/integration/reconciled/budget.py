"""Budgets against spend, the reserve, and the mix of expenses."""

from __future__ import annotations

import pandas as pd

from tests.integration.reconciled.advertising import reports
from tests.integration.reconciled.frames import NONE, Facts, independent, median, ratio, share_of_total
from tests.integration.reconciled.orders import summed

PACING = "daily budget lines, advertising reports"
DAY = "day"
LINE = ["marketing_channel", "campaign_id", "region"]
BY_LINE = {"marketing_channel": "marketing_channel", "campaign": "campaign_id", "region": "region"}
PERIODS = ["month", "quarter", "year"]


def planned(facts: Facts) -> pd.DataFrame:
    """Budget lines by day; `due` is the plan of days that have come."""
    rows = facts["core.fct_budgets"].assign(day=lambda f: pd.to_datetime(f["budget_date"]))
    rows[LINE] = rows[LINE].fillna(NONE)
    is_due = rows[DAY] <= pd.Timestamp(facts.as_of)
    return rows.assign(plan=rows["planned_reporting_amount"], due=rows["planned_reporting_amount"].where(is_due, 0.0))


def spent(facts: Facts) -> pd.DataFrame:
    """Spend by day, on the closest budget line of its channel: the campaign's, else the region's, else the channel's;
    spend that no line covers stands for its channel."""
    rows = reports(facts).assign(
        day=lambda f: pd.to_datetime(f["report_date"]), spend=lambda f: f["spend_reporting_amount"]
    )
    rows[LINE] = rows[LINE].fillna(NONE)
    rows["number"] = range(len(rows))
    lines = planned(facts)[[DAY, *LINE]].drop_duplicates()
    lines = lines.rename(columns={"campaign_id": "line_campaign", "region": "line_region"})
    pairs = rows[[DAY, *LINE, "number"]].merge(lines, on=[DAY, "marketing_channel"])
    fits = pairs["line_campaign"].isin([NONE]) | (pairs["line_campaign"] == pairs["campaign_id"])
    fits &= pairs["line_region"].isin([NONE]) | (pairs["line_region"] == pairs["region"])
    pairs = pairs[fits].assign(
        closeness=lambda f: 2 * (f["line_campaign"] != NONE).astype(int) + (f["line_region"] != NONE).astype(int)
    )
    closest = pairs.sort_values("closeness").drop_duplicates("number", keep="last")
    rows = rows.merge(closest[["number", "line_campaign", "line_region"]], on="number", how="left")
    return rows.assign(campaign_id=rows["line_campaign"].fillna(NONE), region=rows["line_region"].fillna(NONE))


@independent("budget_consumption_rate", PACING)
def budget_consumption_rate(facts: Facts) -> pd.DataFrame:
    return ratio(
        summed(spent(facts), DAY, BY_LINE, "spend", grains=PERIODS),
        summed(planned(facts), DAY, BY_LINE, "plan", grains=PERIODS),
    )


@independent("budget_pace", PACING)
def budget_pace(facts: Facts) -> pd.DataFrame:
    return ratio(
        summed(spent(facts), DAY, BY_LINE, "spend", grains=PERIODS),
        summed(planned(facts), DAY, BY_LINE, "due", grains=PERIODS),
    )


@independent("daily_overspend", PACING)
def daily_overspend(facts: Facts) -> pd.DataFrame:
    by = {"marketing_channel": "marketing_channel", "campaign": "campaign_id"}
    plan = planned(facts)
    plan = plan[plan[DAY] <= pd.Timestamp(facts.as_of)]
    share = ratio(summed(spent(facts), DAY, by, "spend", grains=["day"]), summed(plan, DAY, by, "plan", grains=["day"]))
    return share.assign(value=share["value"] - 1)


@independent("reserve_balance", "daily budget lines, decided releases")
def reserve_balance(facts: Facts) -> pd.DataFrame:
    plan, asked = facts["core.fct_budgets"], facts["core.fct_approvals"]
    asked = asked[(asked["approval_kind"] == "budget_release") & asked["is_decided"]]
    changes = pd.concat(
        [
            pd.DataFrame({DAY: plan["budget_date"], "change": plan["reserve_reporting_amount"]}),
            pd.DataFrame({DAY: asked["decided_date"], "change": -asked["granted_reporting_amount"]}),
        ]
    )
    return summed(changes, DAY, [], "change", grains=PERIODS)


@independent("reserve_release_hours", "requests for approval")
def reserve_release_hours(facts: Facts) -> pd.DataFrame:
    asked = facts["core.fct_approvals"]
    asked = asked[(asked["approval_kind"] == "budget_release") & asked["is_decided"]]
    hours = (asked["decided_at"] - asked["submitted_at"]).dt.total_seconds() / 3600
    return median(asked.assign(hours=hours), "submitted_date", ["region"], "hours")


@independent("expense_category_share", "booked expenses")
def expense_category_share(facts: Facts) -> pd.DataFrame:
    booked = summed(facts["core.fct_expenses"], "expense_date", ["category", "region"], "reporting_amount")
    return share_of_total(booked, booked)
