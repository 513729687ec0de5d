"""Tasks, actions, courses, assessments, audits, answers and contributions of staff. Not here: staff by day, revenue."""

from __future__ import annotations

import pandas as pd

from tests.integration.reconciled.frames import GRAINS, KEYS, Facts, counted, independent, period_start, ratio, summed

BROAD = ("month", "quarter", "year")


def clock(facts: Facts) -> pd.Timestamp:
    """The build's clock, UTC."""
    return pd.Timestamp(facts["data.data_freshness"]["as_of_at"].max())


def share(
    records: pd.DataFrame, day: str, dimensions: dict[str, str] | list[str], holds: pd.Series, **kw: object
) -> pd.DataFrame:
    """Records that hold / records."""
    records = records.assign(_one=1.0, _holds=holds.fillna(False).astype(float))
    return ratio(summed(records, day, dimensions, "_holds", **kw), summed(records, day, dimensions, "_one", **kw))


def tasks_due(facts: Facts, kind: str) -> pd.DataFrame:
    """As they stand after their last change, neither cancelled nor still to come."""
    tasks = facts["core.fct_tasks"].sort_values("change_number").drop_duplicates("task_key", keep="last")
    return tasks[
        (tasks["task_kind"] == kind) & (tasks["status"] != "cancelled") & (tasks["planned_end"] < clock(facts))
    ]


@independent("task_on_time_rate", "tasks, by their last change")
def task_on_time_rate(facts: Facts) -> pd.DataFrame:
    due = tasks_due(facts, "task")
    dimensions = {"employee": "owner_employee_id", "region": "region"}
    return share(due, "due_date", dimensions, due["actual_end"] <= due["planned_end"])


@independent("milestone_attainment", "tasks, by their last change")
def milestone_attainment(facts: Facts) -> pd.DataFrame:
    due = tasks_due(facts, "milestone")
    dimensions = {"owner": "owner_employee_id", "region": "region"}
    return share(due, "due_date", dimensions, due["actual_end"] <= due["planned_end"])


@independent("action_completion_rate", "actions, by their last change")
def action_completion_rate(facts: Facts) -> pd.DataFrame:
    actions = facts["review.action_items"].sort_values("change_number").drop_duplicates("action_key", keep="last")
    due = actions[(actions["status"] != "cancelled") & (actions["due_date"] < pd.Timestamp(facts.as_of))]
    verified = due["proposer_verified_date"].notna() & due["accepter_verified_date"].notna()
    dimensions = {"owner": "responsible_employee_id", "region": "region"}
    return share(due, "due_date", dimensions, verified & (due["done_date"] <= due["due_date"]))


@independent("assessment_pass_rate", "assessments")
def assessment_pass_rate(facts: Facts) -> pd.DataFrame:
    taken = facts["core.fct_assessments"]
    taken = taken[taken["assessment_kind"] != "rating"]
    taken = taken[taken["is_passed"].notna()]
    dimensions = {"employee": "employee_id", "region": "region", "course": "course"}
    return share(taken, "assessed_date", dimensions, taken["is_passed"])


@independent("skill_score", "assessments")
def skill_score(facts: Facts) -> pd.DataFrame:
    ratings = facts["core.fct_assessments"]
    ratings = ratings[(ratings["assessment_kind"] == "rating") & ratings["score"].notna()]
    ratings = ratings.assign(one=1.0, points=10 * ratings["score"] / ratings["score_maximum"].fillna(10))
    dimensions = {"employee": "employee_id", "skill": "skill"}
    return ratio(
        summed(ratings, "assessed_date", dimensions, "points"), summed(ratings, "assessed_date", dimensions, "one")
    )


@independent("collaboration_score", "contributions to other teams")
def collaboration_score(facts: Facts) -> pd.DataFrame:
    given = facts["core.fct_collaboration"]
    weights = given["collaboration_kind"].map({"response": 1.0, "resolution": 2.0, "shared_deal": 5.0})
    given["counted_points"] = given["stated_points"].fillna(weights)
    return summed(given, "contributed_date", {"employee": "employee_id"}, "counted_points")


@independent("compliance_rate", "audits of deals")
def compliance_rate(facts: Facts) -> pd.DataFrame:
    audits = facts["core.fct_compliance_audits"]
    clean = (audits["finding"] == "none") & audits["has_contact_records"].fillna(False)
    return share(audits, "audited_date", ["region"], clean)


@independent("employee_satisfaction", "survey answers")
def employee_satisfaction(facts: Facts) -> pd.DataFrame:
    answers = facts["core.fct_survey_responses"]
    answers = answers[(answers["respondent_kind"] == "employee") & answers["score"].notna()]
    answers = answers[answers["score_maximum"] > 0]
    return share(answers, "answered_date", ["region"], 5 * answers["score"] / answers["score_maximum"] >= 4)


def employed(facts: Facts, dimensions: dict[str, str] | list[str]) -> pd.DataFrame:
    """People employed at any time of a period; told from three whole years before this one."""
    days = staff_days(facts)
    days = days[days["day"] >= f"{facts.as_of.year - 3}-01-01"]
    return counted(days, "day", dimensions, "employee_id", grains=BROAD)


def staff_days(facts: Facts) -> pd.DataFrame:
    """A row per employee and day employed, with what the employee was on that day."""
    people = facts["core.dim_employee"]
    days = pd.DataFrame({"day": pd.date_range(people["hired_date"].min(), facts.as_of)})
    rows = days.merge(people, how="cross")
    is_employed = (rows["hired_date"] <= rows["day"]) & ~(rows["left_date"] < rows["day"])
    # days beyond what a timestamp holds (9999-12-31) stand for always
    valid = (rows["valid_from"].astype(str) <= rows["day"].astype(str)) & (
        rows["day"].astype(str).str[:10] <= rows["valid_to"].astype(str).str[:10]
    )
    return rows[is_employed & valid]


@independent("training_hours", "courses taken part in, employees")
def training_hours(facts: Facts) -> pd.DataFrame:
    dimensions = {"employee": "employee_id", "region": "region"}
    courses = facts["core.fct_training"]
    courses["counted_day"] = courses["finished_date"].fillna(courses["started_date"])
    return ratio(summed(courses, "counted_day", dimensions, "hours", grains=BROAD), employed(facts, dimensions))


@independent("training_coverage", "courses taken part in, employees")
def training_coverage(facts: Facts) -> pd.DataFrame:
    courses = facts["core.fct_training"]
    courses = courses[courses["is_completed"].fillna(False)]
    courses["counted_day"] = courses["finished_date"].fillna(courses["started_date"])
    return ratio(counted(courses, "counted_day", ["region"], "employee_id", grains=BROAD), employed(facts, ["region"]))


def worked_in_crm(facts: Facts) -> pd.DataFrame:
    """Employee, day (of the reporting time zone) and whether it was done on a mobile device, for each update."""
    activities = facts["core.fct_activities"]
    done = activities[activities["is_done"].fillna(False)]
    done = done.rename(columns={"activity_date": "day"})[["employee_id", "day", "is_mobile"]]
    leads = facts["core.fct_leads"]
    # a lead is created and assigned for its owner, not by the owner
    steps = ("graded_at", "first_contacted_at", "followed_up_at", "converted_at")
    parts = [done]
    for step in steps:
        parts.append(pd.DataFrame({"employee_id": leads["employee_id"], "day": local_day(leads[step])}))
    stages = facts["core.fct_opportunity_stages"]
    stages = stages[(stages["stage_set"] == "six_stages")]
    parts.append(stages.rename(columns={"entered_date": "day"})[["employee_id", "day"]])
    updates = pd.concat(parts, ignore_index=True)
    return updates[updates["employee_id"].notna() & updates["day"].notna()]


def local_day(moment: pd.Series) -> pd.Series:
    """Day in Asia/Shanghai of a UTC timestamp."""
    return (pd.to_datetime(moment) + pd.Timedelta(hours=8)).dt.normalize()


def seller_days(facts: Facts) -> pd.DataFrame:
    """Working days of sellers."""
    calendar = facts["core.dim_date"]
    working = pd.to_datetime(calendar[calendar["is_working_day"]]["date_day"])
    days = staff_days(facts)
    days = days[(days["role"] == "seller") & days["day"].isin(working)]
    return days[days["day"] >= f"{facts.as_of.year - 3}-01-01"]


def sellers_with(facts: Facts, updates: pd.DataFrame) -> pd.DataFrame:
    days = seller_days(facts)
    marked = updates[["employee_id", "day"]].drop_duplicates().assign(found=True)
    marked["day"] = pd.to_datetime(marked["day"]).astype(days["day"].dtype)
    days = days.merge(marked, on=["employee_id", "day"], how="left")
    return share(days, "day", ["region"], days["found"].notna())


@independent("crm_usage_rate", "activities, lead and opportunity steps, employees, calendar")
def crm_usage_rate(facts: Facts) -> pd.DataFrame:
    return sellers_with(facts, worked_in_crm(facts))


@independent("mobile_crm_rate", "activities, employees, calendar")
def mobile_crm_rate(facts: Facts) -> pd.DataFrame:
    updates = worked_in_crm(facts)
    return sellers_with(facts, updates[updates["is_mobile"].fillna(False).astype(bool)])


def period_ends(grains: tuple[str, ...], first: pd.Timestamp, last: pd.Timestamp) -> pd.DataFrame:
    """Grain, period_start and last day (never beyond `last`) of every period."""
    days = pd.DataFrame({"day": pd.date_range(first, last)})
    parts = []
    for grain in grains:
        ends = days.assign(period_start=period_start(days["day"], grain)).groupby("period_start")["day"].max()
        parts.append(ends.rename("end").reset_index().assign(grain=grain))
    return pd.concat(parts, ignore_index=True)


def state(rows: pd.DataFrame, dimensions: list[str], measure: str) -> pd.DataFrame:
    """Sum of a measure of rows that carry grain and period_start, with the total."""
    parts = []
    for dimension in ("total", *dimensions):
        member = "all" if dimension == "total" else rows[dimension].fillna("(none)")
        parts.append(rows[["grain", "period_start", measure]].assign(dimension=dimension, member=member))
    rows = pd.concat(parts, ignore_index=True).assign(value=lambda f: f[measure])
    return rows.groupby(KEYS, as_index=False)[["value"]].sum()


@independent("mentoring_coverage", "employees, mentoring")
def mentoring_coverage(facts: Facts) -> pd.DataFrame:
    days = staff_days(facts)
    days = days[days["day"] < days["hired_date"] + pd.DateOffset(months=6)]
    pairs = facts["core.fct_mentoring"][["mentee_employee_id", "started_date", "ended_date"]]
    both = days.merge(pairs, left_on="employee_id", right_on="mentee_employee_id")
    active = both[(both["started_date"] <= both["day"]) & ~(both["ended_date"] < both["day"])]
    marked = active[["employee_id", "day"]].drop_duplicates().assign(mentored=1.0)
    days = days.merge(marked, on=["employee_id", "day"], how="left").fillna({"mentored": 0.0}).assign(one=1.0)
    ends = period_ends(GRAINS, days["day"].min(), pd.Timestamp(facts.as_of))
    rows = ends.merge(days, left_on="end", right_on="day")
    return ratio(state(rows, ["region"], "mentored"), state(rows, ["region"], "one"))
