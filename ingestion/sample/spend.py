"""Advertising: spend, impressions, clicks and conversions by campaign and day.

Belongs here: the figures, and the reports that Google and Meta export of them (the others: `export_ad_reports.py`).
Spend follows the revenue that the campaign's channel really causes, at the return the campaign is run at
(`channels.py`); the planted anomaly is on top.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pyarrow as pa

from ingestion.sample.channels import CAMPAIGNS, INDEX
from ingestion.sample.constants import BAD_DELIVERY_SHARE
from ingestion.sample.demand import History
from ingestion.sample.orders import MonthOrders
from ingestion.sample.outbox import Outbox, Written, next_day
from ingestion.sample.random_streams import stream

USD_CNY = 7.15  # what the marketing team reckons with
LATE_DAYS = 7  # a Google report repeats the last days of the quarter before: conversions arrive late
_ADS = ("A", "B")

GOOGLE_HEADINGS = (
    "Campaign status", "Campaign", "Campaign ID", "Account", "Day", "Currency code", "Cost", "Impr.", "Clicks", "CTR",
    "Avg. CPC", "Conversions", "Conv. value", "Search impr. share",
)  # fmt: skip
META_HEADINGS = (
    "Reporting starts", "Reporting ends", "Campaign name", "Campaign ID", "Ad set name", "Ad name", "Delivery level",
    "Amount spent (USD)", "Impressions", "Reach", "Link clicks", "CPC (cost per link click)", "Results",
    "Purchases conversion value",
)  # fmt: skip


def month_figures(seed: int, history: History, orders: MonthOrders) -> pa.Table:
    """Campaign figures by day of one month; money in cents of the currency of the platform's account."""
    rng = stream(seed, "spend", orders.month)
    days = history.days(orders.month)
    value = np.where(orders.is_usd, orders.net * USD_CNY, orders.net) * (orders.paid > 0)
    caused = np.bincount(orders.cause, weights=value, minlength=len(INDEX)) / 100.0  # CNY
    weights = history.day_weights(orders.month, is_market=False)
    # platforms are paid for visits, and visits hardly follow the day's orders
    weights = np.sqrt(weights / weights.mean())
    rows: dict[str, list[object]] = {
        name: [] for name in ("campaign", "day", "cost", "impressions", "clicks", "conversions", "value")
    }
    for number, campaign in enumerate(CAMPAIGNS):
        budget = caused[INDEX[campaign.channel]] * campaign.share / campaign.roas
        if campaign.is_usd:
            budget /= USD_CNY
        noise = rng.normal(1.0, 0.12, len(days)).clip(0.5, 1.5)
        fraud = np.array(
            [history.factor("click_fraud", d) if campaign.name == "G-Display-Prospecting" else 1.0 for d in days]
        )
        cost = budget * weights / weights.sum() * noise
        clicks = np.maximum(np.rint(cost * fraud / campaign.cpc * rng.normal(1.0, 0.06, len(days)).clip(0.8, 1.2)), 0)
        impressions = np.rint(clicks / campaign.ctr * rng.normal(1.0, 0.08, len(days)).clip(0.7, 1.3))
        conversions = np.round(cost * campaign.roas / (72.0 if campaign.is_usd else 520.0) * 1.1, 2)
        rows["campaign"] += [number] * len(days)
        rows["day"] += days
        rows["cost"] += np.rint(cost * fraud * 100).astype(np.int64).tolist()
        rows["impressions"] += impressions.astype(np.int64).tolist()
        rows["clicks"] += clicks.astype(np.int64).tolist()
        rows["conversions"] += conversions.tolist()
        rows["value"] += np.rint(cost * campaign.roas * 110).astype(np.int64).tolist()
    return pa.table(rows)


def load_figures(outbox: Outbox, figures: Sequence[pa.Table]) -> None:
    """Tables `figure` and `ad_campaign`."""
    con = outbox.con
    con.register("figure_arrow", pa.concat_tables(figures))
    con.execute("CREATE OR REPLACE TABLE figure AS SELECT * FROM figure_arrow")
    con.unregister("figure_arrow")
    campaigns = pa.table(
        {
            "campaign": pa.array(range(len(CAMPAIGNS)), pa.int64()),
            "platform": [c.platform for c in CAMPAIGNS],
            "campaign_id": [c.campaign_id for c in CAMPAIGNS],
            "name": [c.name for c in CAMPAIGNS],
        }
    )
    con.register("campaign_arrow", campaigns)
    con.execute("CREATE OR REPLACE TABLE ad_campaign AS SELECT * FROM campaign_arrow")
    con.unregister("campaign_arrow")


def _money(cents: str) -> str:
    return f"format('{{:,.2f}}', ({cents})::decimal(18, 0) / 100)"


def write_google(outbox: Outbox, figures: Sequence[pa.Table], first: date, last: date) -> Written:
    """The campaign report of the days from `first` to `last`, with its totals below; conversions of late days grow."""
    load_figures(outbox, figures)
    con = outbox.con
    where = f"platform = 'google_ads' AND day BETWEEN DATE '{first}' AND DATE '{last}'"
    late = f"CASE WHEN day > DATE '{last}' - {LATE_DAYS} THEN 0.8 ELSE 1 END"
    sql = f"""
        SELECT 'Enabled', name, campaign_id, 'Chengyuan Home', day::varchar, 'CNY', {_money("cost")},
            format('{{:,d}}', impressions), format('{{:,d}}', clicks),
            CASE WHEN impressions > 0 THEN format('{{:.2f}}%', 100.0 * clicks / impressions) ELSE ' --' END,
            CASE WHEN clicks > 0 THEN format('{{:.2f}}', cost / 100.0 / clicks) ELSE ' --' END,
            format('{{:.2f}}', conversions * {late}), {_money(f"round(value * {late})")},
            CASE WHEN name NOT LIKE 'G-Search%' THEN ' --' WHEN campaign % 2 = 0 THEN '< 10%' ELSE '34.20%' END
        FROM figure JOIN ad_campaign USING (campaign) WHERE {where} ORDER BY day, campaign
    """
    totals = con.execute(
        f"SELECT {_money('coalesce(sum(cost), 0)')}, format('{{:,d}}', coalesce(sum(impressions), 0)::bigint), "
        f"format('{{:,d}}', coalesce(sum(clicks), 0)::bigint), coalesce(sum(cost), 0)::bigint "
        f"FROM figure JOIN ad_campaign USING (campaign) WHERE {where}"
    ).fetchone()
    assert totals is not None
    cost, impressions, clicks, _ = totals
    footer = [
        f',,,,{label},CNY,"{cost}","{impressions}","{clicks}", --, --, --, --, --'
        for label in ("Total: Campaigns", "Total: Account")
    ]
    written = outbox.write_csv(
        "google_ads", "campaign_report", f"{last:%Y}/Campaign report {last:%Y}-Q{(last.month + 2) // 3}.csv",
        GOOGLE_HEADINGS, sql, next_day(last),
        preamble=(
            "Campaign performance report", f'"{first:%B} {first.day}, {first:%Y} - {last:%B} {last.day}, {last:%Y}"',
        ),
        footer=footer,
    )  # fmt: skip
    written.declared = {"cost": cost, "impressions": impressions, "clicks": clicks}
    return written


def write_meta(
    outbox: Outbox, figures: Sequence[pa.Table], first: date, last: date, *, is_bad: bool = False
) -> Written:
    """The ad-level report of the days; the bad one has a share of its amounts broken by a spreadsheet."""
    load_figures(outbox, figures)
    step = max(round(1 / BAD_DELIVERY_SHARE), 1)
    spent = f"CASE WHEN {is_bad} AND n % {step} = 0 THEN '#REF!' ELSE {{0}} END"
    amount = "((cost * share // 100)::decimal(18, 0) / 100)::decimal(18, 2)::varchar"
    sql = f"""
        SELECT day::varchar, day::varchar, name, campaign_id, name || ' set', name || ' ad ' || ad, 'ad',
            {spent.format(amount)}, (impressions * share // 100)::varchar, (impressions * share * 7 // 1000)::varchar,
            (clicks * share // 100)::varchar,
            CASE WHEN clicks > 0 THEN format('{{:.2f}}', cost / 100.0 / clicks) END,
            floor(conversions * share / 100)::bigint::varchar,
            ((value * share // 100)::decimal(18, 0) / 100)::decimal(18, 2)::varchar
        FROM (
            SELECT row_number() OVER (ORDER BY day, campaign, ad) AS n, f.*, c.* EXCLUDE (campaign), a.*
            FROM figure f JOIN ad_campaign c USING (campaign),
                (VALUES ('{_ADS[0]}', 60), ('{_ADS[1]}', 40)) a(ad, share)
            WHERE platform = 'meta_ads' AND day BETWEEN DATE '{first}' AND DATE '{last}'
        )
        ORDER BY n
    """
    suffix = " corrected" if is_bad else ""
    written = outbox.write_csv(
        "meta_ads", "ads_daily", f"{last:%Y}/Chengyuan-Ads-{last:%Y}-Q{(last.month + 2) // 3}{suffix}.csv",
        META_HEADINGS, sql, next_day(last), byte_order_mark=True,
    )  # fmt: skip
    if is_bad:
        written.rejected = {"not_an_amount": written.row_count // step}
        written.expected_state = "held"
    return written


def meta_spend_cents() -> str:
    """SQL of what the Meta report states for a campaign's day in all: the two ads, each rounded down to the cent."""
    return "(cost * 60 // 100 + cost * 40 // 100)"
