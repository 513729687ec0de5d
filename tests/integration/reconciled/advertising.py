"""Impressions, clicks, spend and platform-reported conversions, and their rates; cost per lead.

Not here: what attribution credits (`attribution.py`).
"""

from __future__ import annotations

import pandas as pd

from tests.integration.reconciled.frames import Facts, counted, independent, ratio, summed

REPORTS = "advertising reports, of the level that enters totals"
DAY = "report_date"
BY_CAMPAIGN = {"platform": "platform", "campaign": "campaign_id"}
BY_CHANNEL = {**BY_CAMPAIGN, "marketing_channel": "marketing_channel"}


def reports(facts: Facts) -> pd.DataFrame:
    frame = facts["core.fct_ad_performance"]
    return frame[frame["is_authoritative"]]


@independent("impressions", REPORTS)
def impressions(facts: Facts) -> pd.DataFrame:
    return summed(reports(facts), DAY, BY_CHANNEL, "impressions")


@independent("clicks", REPORTS)
def clicks(facts: Facts) -> pd.DataFrame:
    return summed(reports(facts), DAY, BY_CHANNEL, "clicks")


@independent("conversions", REPORTS)
def conversions(facts: Facts) -> pd.DataFrame:
    return summed(reports(facts), DAY, BY_CAMPAIGN, "conversions")


@independent("spend", REPORTS)
def spend(facts: Facts) -> pd.DataFrame:
    return summed(reports(facts), DAY, {**BY_CHANNEL, "region": "region"}, "spend_reporting_amount")


@independent("click_through_rate", REPORTS)
def click_through_rate(facts: Facts) -> pd.DataFrame:
    rows, by = reports(facts), {**BY_CAMPAIGN, "region": "region"}
    return ratio(summed(rows, DAY, by, "clicks"), summed(rows, DAY, by, "impressions"))


@independent("cost_per_click", REPORTS)
def cost_per_click(facts: Facts) -> pd.DataFrame:
    rows = reports(facts)
    return ratio(summed(rows, DAY, BY_CAMPAIGN, "spend_reporting_amount"), summed(rows, DAY, BY_CAMPAIGN, "clicks"))


@independent("cost_per_mille", REPORTS)
def cost_per_mille(facts: Facts) -> pd.DataFrame:
    rows = reports(facts)
    return ratio(
        summed(rows, DAY, BY_CAMPAIGN, "spend_reporting_amount"), summed(rows, DAY, BY_CAMPAIGN, "impressions"), 1000.0
    )


@independent("cost_per_lead", "advertising reports, leads")
def cost_per_lead(facts: Facts) -> pd.DataFrame:
    by_lead = {"platform": "campaign_platform", "campaign": "campaign_id", "marketing_channel": "marketing_channel"}
    return ratio(
        summed(reports(facts), DAY, BY_CHANNEL, "spend_reporting_amount"),
        counted(facts["core.fct_leads"], "created_date", by_lead, "lead_key"),
    )
