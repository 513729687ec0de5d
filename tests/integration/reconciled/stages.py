"""KPIs of the funnel's stages, from leads, opportunities and their stages. Not here: leads alone (`leads.py`)."""

from __future__ import annotations

from typing import Any

import pandas as pd

from tests.integration.reconciled.frames import (
    GRAINS,
    KEYS,
    Facts,
    counted,
    independent,
    median,
    period_start,
    ratio,
    summed,
)
from tests.integration.reconciled.orders import revenue_events
from tests.integration.reconciled.sales_states import WIDTH

JOURNEYS = "leads, opportunities and the stages they entered"
ORDER = {"lead_acquired": 1, "qualified": 2, "needs_confirmed": 3, "proposal": 4, "won": 5, "after_sales": 6}
OPEN = ("lead_acquired", "qualified", "needs_confirmed", "proposal")
#: Default probabilities of the open stages, as the stage set has them.
PROBABILITY = {"lead_acquired": 0.05, "qualified": 0.10, "needs_confirmed": 0.30, "proposal": 0.50}
#: Months that a stage's mean dwell is taken of, and entries it takes; days within which a stalled deal is revived.
DWELL_MONTHS = 12
DWELL_ENTRIES = 5
REVIVAL_DAYS = 30


def columns(*dimensions: str) -> dict[str, str]:
    return {dimension: "employee_id" if dimension == "employee" else dimension for dimension in dimensions}


def local_day(moment: pd.Series) -> pd.Series:
    """Day in the reporting time zone, Asia/Shanghai, of a UTC time."""
    return (moment + pd.Timedelta(hours=8)).dt.normalize()


def stage_rows(facts: Facts) -> pd.DataFrame:
    rows = facts["core.fct_opportunity_stages"]
    return rows[rows["stage_set"] == "six_stages"]


def journeys(facts: Facts) -> pd.DataFrame:
    """One row per journey and stage entered: a lead with the opportunity it became, or an opportunity without one."""
    leads = facts["core.fct_leads"].rename(columns={"region": "lead_region"})
    deals = facts["core.fct_opportunities"]
    stages = stage_rows(facts)
    link = leads[leads["opportunity_id"].notna()][["lead_key", "source_system", "opportunity_id"]].merge(
        deals[["source_system", "opportunity_id", "opportunity_key", "product_line"]],
        on=["source_system", "opportunity_id"],
    )[["lead_key", "opportunity_key", "product_line"]]
    leads = leads.merge(link, on="lead_key", how="left").rename(columns={"lead_region": "region"})
    kept = ["journey", "stage", "entered_at", "region", "marketing_channel", "product_line", "employee_id", "left_at"]
    leads["journey"], leads["left_at"] = leads["lead_key"], pd.NaT
    acquired = leads.assign(stage="lead_acquired", entered_at=leads["created_at"])[kept]
    of_deals = stages.merge(link[["lead_key", "opportunity_key"]], on="opportunity_key", how="left")
    of_deals["journey"] = of_deals["lead_key"].fillna(of_deals["opportunity_key"])
    of_deals = of_deals[kept]
    qualified = leads[leads["is_qualified"]]
    done = set(of_deals[of_deals["stage"] == "qualified"]["journey"])
    qualified = qualified[~qualified["journey"].isin(done)]
    qualified = qualified.assign(stage="qualified", entered_at=qualified["graded_at"].fillna(qualified["created_at"]))[
        kept
    ]
    rows = pd.concat([acquired, qualified, of_deals], ignore_index=True)
    rows["product_line"] = rows["product_line"].fillna("(none)")
    rows["order"] = rows["stage"].map(ORDER)
    rows = rows.sort_values(["journey", "order"]).reset_index(drop=True)
    rows["last"] = rows.groupby("journey")["order"].transform("max")
    rows["is_passed"] = rows["last"] > rows["order"]
    rows["is_won"] = rows["last"] >= ORDER["won"]
    rows["next_at"] = rows.groupby("journey")["entered_at"].shift(-1)
    # the last stage is left when the deal is lost
    rows["left_at"] = rows["next_at"].fillna(rows["left_at"])
    rows["entered_date"], rows["left_date"] = local_day(rows["entered_at"]), local_day(rows["left_at"])
    rows["key"] = rows["journey"] + "|" + rows["stage"]
    return rows


@independent("stage_conversion_rate", JOURNEYS)
def stage_conversion_rate(facts: Facts) -> pd.DataFrame:
    rows = journeys(facts)
    reached = rows[rows["order"] < ORDER["after_sales"]]
    by_stage = ratio(
        counted(reached[reached["is_passed"]], "entered_date", columns("stage"), "key"),
        counted(reached, "entered_date", columns("stage"), "key"),
    )
    acquired = rows[rows["stage"] == "lead_acquired"]
    dimensions = columns("region", "employee", "marketing_channel")
    whole = ratio(
        counted(acquired[acquired["is_won"]], "entered_date", dimensions, "key"),
        counted(acquired, "entered_date", dimensions, "key"),
    )
    return pd.concat([by_stage[by_stage["dimension"] == "stage"], whole], ignore_index=True)


@independent("stage_dwell_days", JOURNEYS)
def stage_dwell_days(facts: Facts) -> pd.DataFrame:
    rows = journeys(facts)
    rows["days"] = (rows["left_at"] - rows["entered_at"]).dt.total_seconds() / 86400
    return median(rows[rows["days"] >= 0], "left_date", columns("stage", "region", "product_line"), "days")


@independent("proposal_hours", "stages of opportunities, proposals among activities")
def proposal_hours(facts: Facts) -> pd.DataFrame:
    stages = stage_rows(facts)
    needs = stages[stages["stage"] == "needs_confirmed"].set_index("opportunity_key")["entered_at"]
    rows = stages[stages["stage"] == "proposal"]
    sent = facts["core.fct_activities"]
    sent = sent[(sent["activity_kind"] == "proposal") & sent["is_done"]]
    first = sent.groupby("opportunity_key")["happened_at"].min()
    rows["sent_at"] = rows["opportunity_key"].map(first).fillna(rows["entered_at"])
    rows["hours"] = (rows["sent_at"] - rows["opportunity_key"].map(needs)).dt.total_seconds() / 3600
    rows["sent_date"] = local_day(rows["sent_at"])
    return median(rows[rows["hours"] >= 0], "sent_date", columns("region", "employee"), "hours")


def spells(facts: Facts) -> pd.DataFrame:
    """One row per opportunity and open stage it entered, with the mean dwell known then and when it was exceeded."""
    stages = stage_rows(facts)
    stages["entered_at"], stages["left_at"] = pd.to_datetime(stages["entered_at"]), pd.to_datetime(stages["left_at"])
    rows = stages[stages["stage"].isin(OPEN)].reset_index(drop=True)
    rows["left_date"] = local_day(rows["left_at"])
    rows["entered_date"] = pd.to_datetime(rows["entered_date"])
    left = rows[rows["left_at"].notna() & (rows["dwell_days"] >= 0)]
    rows["month"] = period_start(rows["entered_date"], "month")
    for (stage, month), spell in rows.groupby(["stage", "month"]):
        same, first = left[left["stage"] == stage], pd.Timestamp(str(month))
        recent = same[(same["left_date"] < first) & (same["left_date"] >= first - pd.DateOffset(months=DWELL_MONTHS))]
        mean = (recent if len(recent) >= DWELL_ENTRIES else same)["dwell_days"].mean()
        rows.loc[spell.index, "mean_dwell"] = mean
    limit = rows["entered_at"] + pd.to_timedelta(rows["mean_dwell"], unit="D")
    clock = pd.Timestamp(facts.as_of) + pd.Timedelta(hours=15, minutes=59)
    rows["stalled_at"] = limit.where(limit < rows["left_at"].fillna(clock))
    rows["stalled_date"] = local_day(rows["stalled_at"])
    return rows


def at_period_ends(
    rows: pd.DataFrame, begins: str, ends: str, measure: str, dimensions: dict[str, str], last: pd.Timestamp
) -> pd.DataFrame:
    """Sum over what holds at the end of each period: begun by then, and ended later or never."""
    parts = []
    days = pd.Series(pd.date_range(rows[begins].min(), last))
    for grain in GRAINS:
        starts = pd.DatetimeIndex(sorted(period_start(days, grain).unique()))
        closes = pd.DatetimeIndex([min(start + WIDTH[grain] - pd.Timedelta(days=1), last) for start in starts])
        # the first period whose end sees it, and the first whose end does not any more
        enters = closes.searchsorted(rows[begins])
        leaves = closes.searchsorted(rows[ends].fillna(last + pd.Timedelta(days=1)))
        seen: list[Any] = [list(starts[i:k]) for i, k in zip(enters, leaves, strict=True)]
        held = rows.assign(at=seen).explode("at").reset_index(drop=True)
        held["at"] = pd.to_datetime(held["at"])
        parts.append(summed(held, "at", dimensions, measure, grains=(grain,)))
    return pd.concat(parts, ignore_index=True)[[*KEYS, "value"]]


@independent("pipeline_value", "opportunities and the stages they entered")
def pipeline_value(facts: Facts) -> pd.DataFrame:
    rows = spells(facts)
    deals = facts["core.fct_opportunities"].set_index("opportunity_key")
    present = rows["opportunity_key"].map(deals["stage"]) == rows["stage"]
    own = rows["opportunity_key"].map(deals["probability"])
    rows["probability"] = own.where(present & own.notna(), rows["stage"].map(PROBABILITY)).astype(float)
    now = rows["opportunity_key"].map(deals["reporting_amount"])
    amount = now.where(present, rows["reporting_amount"])
    rows["value"] = (amount.astype(float) * rows["probability"]).fillna(0.0)
    dimensions = columns("stage", "region", "employee")
    return at_period_ends(rows, "entered_date", "left_date", "value", dimensions, pd.Timestamp(facts.as_of))


@independent("stalled_opportunities", "opportunities and the stages they entered")
def stalled_opportunities(facts: Facts) -> pd.DataFrame:
    rows = spells(facts).assign(count=1.0)
    rows = rows[rows["stalled_date"].notna()]
    dimensions = columns("stage", "region", "employee")
    return at_period_ends(rows, "stalled_date", "left_date", "count", dimensions, pd.Timestamp(facts.as_of))


@independent("stalled_reactivation_rate", "opportunities and the stages they entered")
def stalled_reactivation_rate(facts: Facts) -> pd.DataFrame:
    rows = spells(facts)
    revival = pd.Timedelta(days=REVIVAL_DAYS)
    rows = rows[rows["stalled_date"] + revival <= pd.Timestamp(facts.as_of)]
    rows["key"] = rows["opportunity_key"] + "|" + rows["stage"]
    moved = (rows["left_at"] <= rows["stalled_at"] + revival) & (rows["next_stage"] != "lost")
    return ratio(
        counted(rows[moved], "stalled_date", columns("stage"), "key"),
        counted(rows, "stalled_date", columns("stage"), "key"),
    )


@independent("pipeline_coverage", "revenue goals, order lines, refunds, opportunities")
def pipeline_coverage(facts: Facts) -> pd.DataFrame:
    last = pd.Timestamp(facts.as_of)
    goals = facts["core.fct_goals"]
    goals = goals[goals["is_current"] & (goals["kpi_id"] == "revenue")]
    goals["period_start"] = pd.to_datetime(goals["period_start"])
    goals = goals[goals["period_start"] <= last]
    cells = ["region", "product_line", "channel", "team", "employee_id", "customer_group"]
    named = goals[cells].notna()
    deals = facts["core.fct_opportunities"]
    deals = deals[~deals["is_closed"]]
    revenue, parts = revenue_events(facts), []
    for dimension, column in {"total": None, "region": "region", "employee": "employee_id"}.items():
        # goals of the whole, of a region, or of a seller: no other cell
        others = [cell for cell in cells if cell != column]
        chosen = ~named[others].any(axis=1) & (named[column] if column else True)
        asked = goals[chosen]
        members = asked[column] if column else pd.Series("all", index=asked.index)
        periods = zip(asked["grain"], pd.DatetimeIndex(asked["period_start"]), strict=True)
        for (grain, start), member, target in zip(periods, members, asked["target_value"], strict=True):
            end = start + WIDTH[grain] - pd.Timedelta(days=1)
            made = revenue[revenue["day"].between(start, end)]
            closing = deals[pd.to_datetime(deals["expected_close_date"]).between(start, end)]
            if column:
                made, closing = made[made[column] == member], closing[closing[column] == member]
            gap = round(target - float(made["amount"].sum()), 4)
            value = closing["reporting_amount"].sum() / gap if gap > 0 else float("nan")
            parts.append([grain, start, dimension, member, value])
    return pd.DataFrame(parts, columns=[*KEYS, "value"])
