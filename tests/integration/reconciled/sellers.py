"""What sellers bring in and keep: attainment, stars, pools, turnover, process, scorecards. Not here: commission."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from tests.integration.reconciled import people
from tests.integration.reconciled.frames import Facts, independent, period_start, ratio, summed
from tests.integration.reconciled.orders import revenue_events

QUARTER = ("quarter",)
#: Weight of the component and of the KPI in it, and what counts as its target.
SCORECARD: Mapping[str, tuple[str, float, float, float]] = {
    "individual_attainment": ("result", 0.60, 0.7, 1.0),
    "lead_conversion_rate": ("result", 0.60, 0.3, 0.25),
    "process_compliance": ("process", 0.25, 0.4, 0.90),
    "crm_usage_rate": ("process", 0.25, 0.3, 0.90),
    "collaboration_score": ("process", 0.25, 0.3, 10.0),
    "skill_score": ("capability", 0.15, 0.4, 8.0),
    "assessment_pass_rate": ("capability", 0.15, 0.3, 0.90),
    "training_hours": ("capability", 0.15, 0.3, 20.0),
}


def sellers_of(facts: Facts, grain: str) -> pd.DataFrame:
    """Sellers employed in a period, with the team and region they had last in it."""
    days = people.staff_days(facts)
    days = days[days["role"] == "seller"]
    days = days.assign(period_start=period_start(days["day"], grain)).sort_values("day")
    return days.drop_duplicates(["period_start", "employee_id"], keep="last")[
        ["period_start", "employee_id", "team", "region"]
    ]


def revenue_of(facts: Facts, grain: str) -> pd.DataFrame:
    """period_start, employee_id, amount."""
    events = revenue_events(facts)
    events = events[events["employee_id"].notna() & events["day"].notna()]
    events = events.assign(period_start=period_start(events["day"], grain))
    return events.groupby(["period_start", "employee_id"], as_index=False)[["amount"]].sum()


def goals_of(facts: Facts, kpi_id: str) -> pd.DataFrame:
    """The seller's own goals of a quarter, else those of its months summed up: period_start, employee_id, target."""
    goals = facts["core.fct_goals"]
    cell = ["region", "product_line", "channel", "team", "customer_group"]
    own = goals[(goals["kpi_id"] == kpi_id) & goals["employee_id"].notna() & goals[cell].isna().all(axis=1)]
    own = own.sort_values("goal_version").drop_duplicates(["grain", "period_start", "employee_id"], keep="last")
    own = own.assign(period_start=period_start(own["period_start"], "quarter"))
    keys = ["period_start", "employee_id"]
    sums = {grain: own[own["grain"] == grain].groupby(keys)["target_value"].sum() for grain in ("quarter", "month")}
    return sums["quarter"].combine_first(sums["month"]).to_frame("target").reset_index()


def attainments(facts: Facts) -> pd.DataFrame:
    """Sellers of a quarter who have a target: period_start, employee_id, team, region, amount, target."""
    keys = ["period_start", "employee_id"]
    rows = sellers_of(facts, "quarter").merge(goals_of(facts, "revenue"), on=keys)
    rows = rows.merge(revenue_of(facts, "quarter"), on=keys, how="left").fillna({"amount": 0.0})
    return rows[rows["period_start"] <= pd.Timestamp(facts.as_of)]


@independent("individual_attainment", "paid order lines, refunds, won deals, goals, employees")
def individual_attainment(facts: Facts) -> pd.DataFrame:
    rows = attainments(facts)
    dimensions = {"employee": "employee_id", "region": "region", "team": "team"}
    grains = ("quarter", "year")
    return ratio(
        summed(rows, "period_start", dimensions, "amount", grains=grains),
        summed(rows, "period_start", dimensions, "target", grains=grains),
    )


@independent("pass_rate", "paid order lines, refunds, won deals, goals, employees")
def pass_rate(facts: Facts) -> pd.DataFrame:
    rows = attainments(facts)
    rows = rows[rows["target"] != 0]
    return people.share(rows, "period_start", ["region"], rows["amount"] >= 0.8 * rows["target"], grains=QUARTER)


@independent("star_seller_share", "paid order lines, refunds, won deals")
def star_seller_share(facts: Facts) -> pd.DataFrame:
    events = revenue_events(facts)
    events = events[events["day"].notna()]
    parts = []
    for grain in people.BROAD:
        rows = events.assign(period_start=period_start(events["day"], grain), grain=grain)
        sums = revenue_of(facts, grain)
        sums = sums[sums["amount"] != 0]
        place = sums.groupby("period_start")["amount"].rank(ascending=False, method="first")
        count = sums.groupby("period_start")["amount"].transform("size")
        stars = sums[place <= np.ceil(0.2 * count)][["period_start", "employee_id"]].assign(is_star=True)
        rows = rows.merge(stars, on=["period_start", "employee_id"], how="left")
        rows["star_amount"] = rows["amount"].where(rows["is_star"].notna(), 0.0)
        parts.append(ratio(people.state(rows, ["region"], "star_amount"), people.state(rows, ["region"], "amount")))
    return pd.concat(parts, ignore_index=True)


@independent("sellers_below_pool_mean", "customers with their owners, employees")
def sellers_below_pool_mean(facts: Facts) -> pd.DataFrame:
    last = pd.Timestamp(facts.as_of)
    ends = people.period_ends(("month",), pd.Timestamp(last.year - 3, 1, 1), last)
    days = people.staff_days(facts)
    staff = ends.merge(days[days["role"] == "seller"], left_on="end", right_on="day")
    owned = facts["core.dim_customer"][["owner_employee_id", "first_seen_date"]]
    both = staff[["end", "employee_id"]].merge(owned, left_on="employee_id", right_on="owner_employee_id")
    sizes = both[both["first_seen_date"] <= both["end"]].groupby(["end", "employee_id"]).size().rename("pool")
    staff = staff.merge(sizes.reset_index(), on=["end", "employee_id"], how="left").fillna({"pool": 0})
    mean = staff.groupby(["end", "team"])["pool"].transform("mean")
    staff["small"] = (staff["pool"] < 0.7 * mean - 1e-9).astype(float)
    broad = people.period_ends(people.BROAD, pd.Timestamp(last.year - 3, 1, 1), last)
    rows = broad.merge(staff[["end", "region", "small"]], on="end")
    return people.state(rows, ["region"], "small")


def bands(facts: Facts) -> pd.DataFrame:
    """Band of the scorecard by the quarter that follows: quarter, employee_id, performance_band."""
    cards = facts["team.seller_scorecard"]
    cards["quarter"] = cards["quarter_start"] + pd.DateOffset(months=3)
    return cards[["quarter", "employee_id", "performance_band"]]


@independent("seller_turnover_rate", "employees; the band read from the scorecards")
def seller_turnover_rate(facts: Facts) -> pd.DataFrame:
    dimensions = ["region", "performance_band"]
    days = people.staff_days(facts)
    sellers = days[days["role"] == "seller"].assign(quarter=lambda f: period_start(f["day"], "quarter"))
    sellers = sellers.merge(bands(facts), on=["quarter", "employee_id"], how="left")
    ends = people.period_ends(people.BROAD, sellers["day"].min(), pd.Timestamp(facts.as_of))
    months = sellers[sellers["day"].isin(ends[ends["grain"] == "month"]["end"])].assign(twelfth=1 / 12, one=1.0)
    left = sellers[sellers["day"] == sellers["left_date"]].assign(one=1.0)
    year = pd.DateOffset(months=12)

    def within(rows: pd.DataFrame) -> pd.DataFrame:
        both = ends.merge(rows, how="cross")
        return both[(both["day"] <= both["end"]) & (both["day"] > both["end"] - year + pd.offsets.MonthEnd(0))]

    return ratio(people.state(within(left), dimensions, "one"), people.state(within(months), dimensions, "twelfth"))


def judged_opportunities(facts: Facts) -> pd.DataFrame:
    """Opportunities with `is_compliant`; that a document is missing is read from the mart, no fact tells it."""
    deals = facts["core.fct_opportunities"]
    stages = facts["core.fct_opportunity_stages"]
    stages = stages[stages["stage_set"] == "six_stages"]
    skipped = set(stages[stages["skipped_stage_count"] > 0]["opportunity_key"])
    entered = stages.pivot_table(index="opportunity_key", columns="stage", values="entered_at", aggfunc="min")
    waited = entered["proposal"] - entered["needs_confirmed"] > pd.Timedelta(hours=72)
    late_proposal = set(waited[waited].index)
    leads = facts["core.fct_leads"]
    contacted_late = leads["first_contacted_at"] - leads["created_at"] > pd.Timedelta(hours=24)
    allowed = leads["grade"].map({"A": pd.Timedelta(hours=48), "B": pd.Timedelta(hours=72)})
    followed_late = leads["followed_up_at"] - leads["graded_at"] > allowed
    late_lead = set(leads[contacted_late | followed_late]["lead_key"])
    papers = facts["team.opportunity_compliance"]
    missing = set(papers[papers["is_document_missing"]]["opportunity_key"])
    key, lead = deals["opportunity_key"], deals["source_system"] + ":" + deals["lead_id"].astype("object")
    deals["is_compliant"] = ~(key.isin(skipped | late_proposal | missing) | lead.isin(late_lead))
    return deals


@independent("process_compliance", "opportunities, their stages, leads; a missing document read from its mart")
def process_compliance(facts: Facts) -> pd.DataFrame:
    deals = judged_opportunities(facts)
    dimensions = {"employee": "employee_id", "region": "region"}
    return people.share(deals, "created_date", dimensions, deals["is_compliant"])


def by_seller(rows: pd.DataFrame, day: str, value: str, how: str = "mean") -> pd.DataFrame:
    """A figure per quarter and employee: period_start, employee_id, actual."""
    rows = rows[rows[day].notna() & rows[value].notna()]
    rows = rows.assign(period_start=period_start(rows[day], "quarter"), actual=rows[value].astype(float))
    return rows.groupby(["period_start", "employee_id"], as_index=False).agg({"actual": how})


def actuals(facts: Facts) -> dict[str, pd.DataFrame]:
    """What each KPI of the scorecard came to, per quarter and seller."""
    own = attainments(facts)
    own["reached"] = own["amount"] / own["target"]
    leads = facts["core.fct_leads"]
    leads["won"] = leads["is_won"].fillna(False)
    worked = people.seller_days(facts)
    updates = people.worked_in_crm(facts)[["employee_id", "day"]].drop_duplicates().assign(found=True)
    updates["day"] = pd.to_datetime(updates["day"]).astype(worked["day"].dtype)
    worked = worked.merge(updates, on=["employee_id", "day"], how="left").assign(used=lambda f: f["found"].notna())
    given = facts["core.fct_collaboration"]
    taken = facts["core.fct_assessments"]
    courses = facts["core.fct_training"]
    return {
        "individual_attainment": by_seller(own, "period_start", "reached"),
        "lead_conversion_rate": by_seller(leads, "created_date", "won"),
        "process_compliance": by_seller(judged_opportunities(facts), "created_date", "is_compliant"),
        "crm_usage_rate": by_seller(worked, "day", "used"),
        "collaboration_score": by_seller(given, "contributed_date", "points", "sum"),
        "skill_score": by_seller(taken, "assessed_date", "rating_score"),
        "assessment_pass_rate": by_seller(taken, "assessed_date", "is_passed"),
        "training_hours": by_seller(courses, "training_date", "hours", "sum"),
    }


def scorecards(facts: Facts) -> pd.DataFrame:
    """period_start, employee_id, region, total."""
    parts = []
    for kpi_id, actual in actuals(facts).items():
        component, weight, kpi_weight, standard = SCORECARD[kpi_id]
        rows = actual.merge(goals_of(facts, kpi_id), on=["period_start", "employee_id"], how="left")
        # the attainment is against the goal already
        target = standard if kpi_id == "individual_attainment" else rows["target"].fillna(standard)
        rows["score"] = (rows["actual"] / target).clip(0.0, 1.2)
        parts.append(rows.assign(component=component, weight=weight, kpi_weight=kpi_weight))
    rows = pd.concat(parts, ignore_index=True)
    # there is a scorecard from the first quarter in which anything but the days of work is known
    rows = rows[rows["period_start"] >= rows[rows["component"] != "process"]["period_start"].min()]
    keys = ["period_start", "employee_id"]
    rows["points"] = rows["score"] * rows["kpi_weight"]
    components = rows.groupby([*keys, "component", "weight"], as_index=False)[["points", "kpi_weight"]].sum()
    components["points"] *= components["weight"] / components["kpi_weight"]
    totals = components.groupby(keys, as_index=False)[["points", "weight"]].sum()
    totals["total"] = totals["points"] / totals["weight"]
    return sellers_of(facts, "quarter").merge(totals, on=keys)


@independent("scorecard_score", "goals and the facts of its eight KPIs; a missing document read from its mart")
def scorecard_score(facts: Facts) -> pd.DataFrame:
    cards = scorecards(facts).assign(one=1.0)
    dimensions = {"employee": "employee_id", "region": "region"}
    return ratio(
        summed(cards, "period_start", dimensions, "total", grains=QUARTER),
        summed(cards, "period_start", dimensions, "one", grains=QUARTER),
    )
