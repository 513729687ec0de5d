"""Mailings: what happened to each message that the e-mail platform sent, and how much is searched for brands.

Belongs here: the forms of the e-mail platform, of 百度指数 and of Google Trends. Recipients are customers of the web
shop who agreed to be written to.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from ingestion.sample.demand import History
from ingestion.sample.export_listening import COMPETITORS, OWN_BRAND
from ingestion.sample.outbox import Outbox, comma_separated, next_day
from ingestion.sample.random_streams import stream

EVENTS = comma_separated(
    "Event ID,Message ID,Campaign ID,Campaign name,UTM campaign,Automation,Recipient,Event,Bounce type,URL,Device,"
    "Machine open,Timestamp,User agent"
)
BAIDU_INDEX = comma_separated("关键词,日期,地域,搜索指数,PC指数,移动指数")
#: Campaign -> what sends it by itself (none: a mailing by hand).
_MAILINGS = (("nl-weekly", None), ("nl-winback", "win_back"), ("nl-welcome", "welcome"))
_REGIONS = ("全国", "广东", "上海")


def write_events(outbox: Outbox, seed: int, month: int, first: date, last: date, count: int) -> None:
    """The month's events of `count` messages: opens and clicks repeat, some opens are a machine's; one event of a kind
    that nobody knows is rejected."""
    rng = stream(seed, "mailings", month)
    opening = (first - date(2000, 1, 1)).days * 86400
    table = pa.table(
        {
            "m": np.arange(count),
            "sent": opening + np.sort(rng.integers(0, 24 * 86400, count)),
            "mailing": rng.choice(3, count, p=[0.6, 0.25, 0.15]),
            "fate": rng.random(count),
            "opens": rng.integers(1, 4, count),
            "delay": rng.integers(300, 3 * 86400, count),
            "pick": rng.random(count),
        }
    )
    outbox.con.register("message_arrow", table)
    names = [name for name, _ in _MAILINGS]
    flows = [flow or "" for _, flow in _MAILINGS]
    event = (
        "SELECT m, mailing, email, '{0}' AS kind, {1} AS happened, {2} AS times, {3} AS bounce, {4} AS url FROM message"
    )
    parts = [
        event.format("sent", "sent", "1", "NULL", "NULL"),
        event.format("delivered", "sent + 5", "1", "NULL", "NULL") + " WHERE fate >= 0.03",
        event.format("bounced", "sent + 8", "1", "CASE WHEN m % 3 = 0 THEN 'hard' ELSE 'soft' END", "NULL")
        + " WHERE fate < 0.03",
        event.format("open", "sent + delay", "opens", "NULL", "NULL") + " WHERE fate >= 0.6",
        event.format(
            "click", "sent + delay + 40", "1 + opens // 3", "NULL",
            "'https://shop.chengyuan.example.com/collections/coffee?utm_medium=email&mail=' || email",
        ) + " WHERE fate >= 0.9",
        event.format("unsubscribe", "sent + delay + 90", "1", "NULL", "NULL") + " WHERE fate >= 0.994",
        event.format("deferred", "sent + 1", "1", "NULL", "NULL") + " WHERE m = 0",
    ]  # fmt: skip
    unknown = min(count, 1)
    outbox.write_csv(
        "email_platform", "message_events", f"{last:%Y}/email_events_{last:%Y-%m}.csv", EVENTS,
        f"""
        WITH reader AS (
            SELECT lower(email) AS email, row_number() OVER (ORDER BY person) - 1 AS r, count(*) OVER () AS readers
            FROM person WHERE accepts_marketing AND systems IN (1, 3)
        ), message AS (
            SELECT a.*, email FROM message_arrow a JOIN reader ON r = floor(pick * readers)
        ), event AS (
            SELECT *, unnest(range(0, times)) AS k FROM ({" UNION ALL ".join(parts)})
        )
        SELECT 'ev-{month}-' || m::varchar || '-' || kind || '-' || k::varchar, 'msg-{month}-' || m::varchar,
            'c' || (1 + mailing)::varchar, {names}[1 + mailing], {names}[1 + mailing],
            nullif({flows}[1 + mailing], ''), email, kind, bounce, url, ['mobile', 'desktop'][1 + m % 2],
            CASE WHEN kind = 'open' THEN CASE WHEN m % 7 = 0 THEN 'true' ELSE 'false' END END,
            strftime(TIMESTAMP '2000-01-01' + to_seconds(happened + k * 3700), '%Y-%m-%dT%H:%M:%SZ'), 'Mozilla/5.0'
        FROM event ORDER BY m, happened, k, kind
        """,
        next_day(last), rejected={"unknown_word": unknown} if unknown else None,
    )  # fmt: skip
    outbox.con.unregister("message_arrow")


def write_baidu_index(outbox: Outbox, seed: int, first: date, last: date) -> None:
    """百度指数 of the quarter: the brands, by day, for the country and two provinces."""
    days = (last - first).days + 1
    rng = stream(seed, "baidu index", first.toordinal())
    rows = [
        (brand, str(first + timedelta(d)), region, int(level * share * noise))
        for brand, level in zip((OWN_BRAND, *COMPETITORS), (900, 700, 520, 300, 260), strict=True)
        for region, share in zip(_REGIONS, (1.0, 0.18, 0.12), strict=True)
        for d, noise in enumerate(rng.normal(1.0, 0.1, days).clip(0.6, 1.5))
    ]
    table = pa.table({f"c{i}": [row[i] for row in rows] for i in range(4)})
    outbox.con.register("index_arrow", table)
    outbox.write_csv(
        "search_index", "baidu_index", f"{last:%Y}/百度指数_{last:%Y-%m}.csv", BAIDU_INDEX,
        "SELECT c0, c1, c2, c3::varchar, (c3 // 5)::varchar, (c3 - c3 // 5)::varchar FROM index_arrow",
        next_day(last), byte_order_mark=True,
    )  # fmt: skip
    outbox.con.unregister("index_arrow")


def write_trends(outbox: Outbox, seed: int, history: History) -> None:
    """multiTimeline of the last year of the history: three terms by week, relative to the greatest value."""
    last = history.end_date
    sunday = last - timedelta((last.weekday() + 1) % 7 + 7)
    weeks = [sunday - timedelta(7 * k) for k in range(51, -1, -1)]
    rng = stream(seed, "google trends")
    levels = np.array([62.0, 48.0, 9.0])[None, :] * rng.normal(1.0, 0.16, (len(weeks), 3)).clip(0.02, 1.6)
    levels = np.rint(levels / levels.max() * 100).astype(int)
    levels[3, 2] = 0
    table = pa.table(
        {"week": [str(w) for w in weeks]}
        | {f"t{i}": [str(v) if v else "<1" for v in levels[:, i].tolist()] for i in range(3)}
    )
    outbox.con.register("trend_arrow", table)
    outbox.write_csv(
        "search_index", "google_trends", f"{last:%Y}/multiTimeline_{last:%Y-%m}.csv",
        ("Week", "chengyuan: (United States)", "muye home: (United States)", "guangyu: (United States)"),
        "SELECT * FROM trend_arrow", next_day(last), preamble=("Category: All categories", ""),
    )  # fmt: skip
    outbox.con.unregister("trend_arrow")
