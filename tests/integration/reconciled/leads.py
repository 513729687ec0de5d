"""KPIs of leads and deals, from leads, opportunities and activities. Not here: stages of the funnel (`stages.py`)."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from tests.integration.reconciled.frames import (
    NONE,
    Facts,
    counted,
    independent,
    median,
    ratio,
    share_of_total,
)

LEADS = "leads"
COLUMNS = {
    "marketing_channel": "marketing_channel",
    "campaign": "campaign_id",
    "region": "region",
    "employee": "employee_id",
    "grade": "grade",
    "product_line": "product_line",
    "industry": "industry",
    "stage": "lost_from_stage",
    "reason": "loss_reason",
}
#: Limits of a lead's follow-up after its grading, by grade; C enters the nurture pool.
FOLLOW_UP = {"A": pd.Timedelta(hours=48), "B": pd.Timedelta(hours=72), "C": pd.Timedelta(days=7)}


def columns(*dimensions: str) -> dict[str, str]:
    return {dimension: COLUMNS[dimension] for dimension in dimensions}


def share(rows: pd.DataFrame, part: pd.Series, day: str, key: str, *dimensions: str) -> pd.DataFrame:
    """Distinct keys where `part` holds over all distinct keys."""
    chosen = columns(*dimensions)
    part = part.fillna(False).astype(bool)
    return ratio(counted(rows[part], day, chosen, key), counted(rows, day, chosen, key))


@independent("leads", LEADS)
def leads(facts: Facts) -> pd.DataFrame:
    dimensions = columns("marketing_channel", "campaign", "region", "employee")
    return counted(facts["core.fct_leads"], "created_date", dimensions, "lead_key")


@independent("valid_lead_share", LEADS)
def valid_lead_share(facts: Facts) -> pd.DataFrame:
    rows = facts["core.fct_leads"]
    return share(rows, rows["is_valid"], "created_date", "lead_key", "marketing_channel", "campaign", "region")


@independent("marketing_qualified_leads", LEADS)
def marketing_qualified_leads(facts: Facts) -> pd.DataFrame:
    rows = facts["core.fct_leads"]
    rows = rows[(rows["score"] >= 6).fillna(False).astype(bool)]
    return counted(rows, "created_date", columns("marketing_channel", "campaign", "region"), "lead_key")


@independent("mql_rate", LEADS)
def mql_rate(facts: Facts) -> pd.DataFrame:
    rows = facts["core.fct_leads"]
    return share(rows, rows["score"] >= 6, "created_date", "lead_key", "marketing_channel", "campaign")


def hours(later: pd.Series, earlier: pd.Series) -> pd.Series:
    return (later - earlier).dt.total_seconds() / 3600


@independent("lead_assignment_hours", LEADS)
def lead_assignment_hours(facts: Facts) -> pd.DataFrame:
    rows = facts["core.fct_leads"]
    rows["hours"] = hours(rows["assigned_at"], rows["created_at"])
    # an owner who came before the lead: the times contradict each other
    rows = rows[rows["hours"] >= 0]
    return median(rows, "created_date", columns("marketing_channel", "region"), "hours")


@independent("lead_response_within_2h_share", LEADS)
def lead_response_within_2h_share(facts: Facts) -> pd.DataFrame:
    rows = facts["core.fct_leads"]
    answered = hours(rows["first_contacted_at"], rows["created_at"]) <= 2
    return share(rows, answered, "created_date", "lead_key", "marketing_channel", "employee", "region")


@independent("lead_sla_compliance", LEADS)
def lead_sla_compliance(facts: Facts) -> pd.DataFrame:
    rows = facts["core.fct_leads"]
    clock = pd.Timestamp(dt.datetime.combine(facts.as_of, dt.time(15, 59)))
    grading_limit = rows["created_at"] + pd.Timedelta(hours=24)
    follow_up_limit = rows["graded_at"].fillna(grading_limit) + rows["grade"].map(FOLLOW_UP)
    rows["is_met"] = (rows["graded_at"] <= grading_limit) & (rows["followed_up_at"] <= follow_up_limit)
    # nobody owes an invalid lead a follow-up
    due = rows["is_valid"] & (grading_limit <= clock) & (follow_up_limit <= clock)
    rows = rows[due]
    return share(rows, rows["is_met"], "created_date", "lead_key", "grade", "employee", "region")


@independent("lead_conversion_rate", LEADS)
def lead_conversion_rate(facts: Facts) -> pd.DataFrame:
    rows = facts["core.fct_leads"]
    dimensions = ("marketing_channel", "campaign", "region", "employee")
    return share(rows, rows["is_won"], "created_date", "lead_key", *dimensions)


@independent("lead_screening_accuracy", LEADS)
def lead_screening_accuracy(facts: Facts) -> pd.DataFrame:
    rows = facts["core.fct_leads"]
    rows = rows[rows["assigned_at"].notna() & (rows["score"] >= 6).fillna(False).astype(bool)]
    accepted = rows["is_accepted"] & rows["is_valid"]
    return share(rows, accepted, "created_date", "lead_key", "marketing_channel", "campaign", "employee")


@independent("sales_cycle_days", "leads, opportunities")
def sales_cycle_days(facts: Facts) -> pd.DataFrame:
    rows = facts["core.fct_leads"]
    rows = rows[rows["is_won"].fillna(False).astype(bool)]
    deals = facts["core.fct_opportunities"][["source_system", "opportunity_id", "product_line"]]
    rows = rows.merge(deals, on=["source_system", "opportunity_id"], how="left")
    rows["days"] = (rows["won_at"] - rows["created_at"]).dt.total_seconds() / 86400
    rows = rows[rows["days"] >= 0]
    return median(rows, "won_date", columns("region", "product_line", "employee"), "days")


@independent("win_rate", "closed opportunities, customers as they are now")
def win_rate(facts: Facts) -> pd.DataFrame:
    deals = facts["core.fct_opportunities"]
    deals = deals[deals["is_closed"]]
    dimensions = ("region", "employee", "product_line", "industry")
    return share(deals, deals["is_won"], "closed_date", "opportunity_key", *dimensions)


@independent("loss_reason_share", "lost opportunities")
def loss_reason_share(facts: Facts) -> pd.DataFrame:
    deals = facts["core.fct_opportunities"]
    deals = deals[deals["is_closed"] & ~deals["is_won"]]
    stated = deals[deals["loss_reason"] != NONE]
    dimensions = columns("reason", "stage", "region", "product_line")
    top = counted(stated, "closed_date", dimensions, "opportunity_key")
    whole = counted(deals, "closed_date", dimensions, "opportunity_key")
    # a reason is one of all lost deals; elsewhere it is the share that has a stated one
    reasons = top["dimension"] == "reason"
    return pd.concat(
        [share_of_total(top[reasons], whole), ratio(top[~reasons], whole[whole["dimension"] != "reason"])],
        ignore_index=True,
    )


def proposals(facts: Facts) -> pd.DataFrame:
    rows = facts["core.fct_activities"]
    return rows[(rows["activity_kind"] == "proposal") & rows["is_done"]]


@independent("proposals_sent", "proposals among activities")
def proposals_sent(facts: Facts) -> pd.DataFrame:
    return counted(proposals(facts), "activity_date", columns("employee", "region", "product_line"), "activity_key")


@independent("proposal_acceptance_rate", "proposals among activities")
def proposal_acceptance_rate(facts: Facts) -> pd.DataFrame:
    rows = proposals(facts)
    return share(rows, rows["is_accepted"], "activity_date", "activity_key", "product_line", "employee")
