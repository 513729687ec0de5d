"""Page views of the web shop, the sums of 百度统计, and the events of the mini program (神策).

Belongs here: these three forms of web analytics. Page views are those of the sessions, which are theirs to the view:
`Views` of a session is the number of its page views. Not here: the sessions themselves (`export_web.py`).
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa

from ingestion.sample.demand import History
from ingestion.sample.outbox import Outbox, comma_separated, next_day
from ingestion.sample.persons import Persons
from ingestion.sample.random_streams import stream
from ingestion.sample.sessions import month_start

PAGES = comma_separated(
    "Session ID,View number,Client ID,User ID,Event time,Page path,Page title,Next page path,Is exit,Time on page,"
    "Percent scrolled,Device category"
)
BAIDU = comma_separated(
    "日期,站点,来源类型,来源,浏览量(PV),访问次数,访客数(UV),新访客数,IP数,跳出率,平均访问时长,平均访问页数,转化次数"
)
SENSORS = comma_separated(
    "event,distinct_id,time,$track_id,$event_session_id,$url_path,$title,event_duration,浏览进度,$device_type,"
    "$utm_source,$utm_medium,$utm_campaign,$referrer_host,$city"
)
SITE = "shop.chengyuan.example.com"
_PATHS = ("/", "/collections/coffee", "/collections/air", "/products/burr-grinder-g2", "/blog/pour-over", "/search")
_SCREENS = ("/pages/index", "/pages/goods/detail", "/pages/cart", "/pages/live", "/pages/member")


def clock(seconds: str) -> str:
    """SQL: whole seconds as 00:01:23."""
    return f"format('{{:02d}}:{{:02d}}:{{:02d}}', ({seconds}) // 3600, ({seconds}) // 60 % 60, ({seconds}) % 60)"


def _local(seconds: str) -> str:
    return f"strftime(make_timestamp(({seconds} + 28800) * 1000000), '%Y-%m-%d %H:%M:%S')"


def write_pages(outbox: Outbox, last: date, visits: str) -> None:
    """The month's page views; `visits` is SQL of its sessions: session_id, client_id, email, started, seconds, views,
    stage, landing_page, device, visitor."""
    page = (
        f"CASE WHEN k = 1 THEN landing_page WHEN k = views AND stage = 4 THEN '/checkout/thank-you' "
        f"WHEN k = views AND stage = 3 THEN '/checkout' WHEN k = views AND stage = 2 THEN '/cart' "
        f"ELSE {list(_PATHS)}[1 + (visitor + 5 * k) % {len(_PATHS)}] END"
    )
    spent = "(seconds * k // views - seconds * (k - 1) // views)"
    outbox.write_csv(
        "web_analytics", "page_views", f"{last:%Y}/page_views_{last:%Y-%m}.csv", PAGES,
        f"""
        SELECT session_id, k::varchar, client_id, email, {_local("started + seconds * (k - 1) // views")},
            page || CASE WHEN k = 1 AND email IS NOT NULL THEN '?mail=' || email ELSE '' END,
            CASE WHEN page = '/' THEN 'Chengyuan Home' ELSE 'Chengyuan Home | ' || page END,
            lead(page) OVER (PARTITION BY session_id ORDER BY k), CASE WHEN k = views THEN 'true' ELSE 'false' END,
            {clock(spent)}, (25 * (1 + (visitor + k) % 4))::varchar || '%', device
        FROM (
            SELECT *, {page} AS page FROM (SELECT *, unnest(range(1, views + 1)) AS k FROM ({visits}))
        ) ORDER BY session_id, k
        """,
        next_day(last),
        preamble=("# ----------------------------------------", "# Pages and screens", f"# {SITE}",
                  f"# {last:%Y}{last:%m}01-{last:%Y%m%d}", "# ----------------------------------------"),
    )  # fmt: skip


def write_baidu(outbox: Outbox, last: date, visits: str) -> None:
    """来源报告 of the month: sums of the same sessions by day and source, in GB18030, with a row of totals."""
    source = f"""
        SELECT (make_timestamp((started + 28800) * 1000000))::date AS day,
            CASE WHEN medium IN ('cpc', 'email') OR medium LIKE '%social%' THEN '自定义来源'
                WHEN referrer LIKE '%google%' THEN '搜索引擎' WHEN referrer IS NOT NULL THEN '外部链接'
                ELSE '直接访问' END AS kind,
            coalesce(source, referrer, '直接访问') AS source, sum(views) AS pv, count(*) AS visits,
            count(DISTINCT visitor) AS uv, avg((events = 1)::int) AS bounced, round(avg(seconds))::bigint AS mean,
            count(*) FILTER (stage = 5) AS sent
        FROM ({visits}) GROUP BY ALL
    """
    total = outbox.con.execute(f"SELECT sum(pv)::bigint, sum(visits)::bigint FROM ({source})").fetchone()
    pages, count = total or (0, 0)
    outbox.write_csv(
        "web_analytics", "baidu_sources", f"{last:%Y}/来源报告_{last:%Y-%m}.csv", BAIDU,
        f"SELECT strftime(day, '%Y/%m/%d'), '{SITE}', kind, source, pv::varchar, visits::varchar, uv::varchar, "
        "(uv * 3 // 5)::varchar, (uv * 9 // 10)::varchar, format('{:.2f}%', 100 * bounced), "
        f"{clock('mean')}, format('{{:.2f}}', pv / visits), sent::varchar FROM ({source}) ORDER BY day, kind, source",
        next_day(last), encoding="gb18030", footer=[f"合计,,,,{pages or 0},{count or 0},,,,,,,"],
    )  # fmt: skip


def make_events(outbox: Outbox, seed: int, history: History, persons: Persons, count: int) -> None:
    """Table `program_event` of the mini program over the last three months: views, clicks, carts."""
    rng = stream(seed, "mini program")
    months = range(max(history.month_count - 3, 0), history.month_count)
    low, high = month_start(history, months[0]), month_start(history, history.month_count)
    chinese = np.flatnonzero(~persons.is_foreign)
    visit = np.sort(rng.integers(0, max(count // 4, 1), count))
    table = pa.table(
        {
            "n": np.arange(count),
            "visit": visit,
            "happened": low + (visit + rng.random(count)) * (high - low) // (count // 4 + 1),
            "kind": rng.integers(0, 10, count),
            "person": chinese[(visit * 7919) % len(chinese)],
            "screen": rng.integers(0, len(_SCREENS), count),
            "seconds": rng.gamma(1.5, 25.0, count).astype(np.int64),
            "progress": np.round(rng.uniform(5, 100, count), 1),
        }
    )
    outbox.con.register("program_arrow", table)
    outbox.con.execute(
        "CREATE OR REPLACE TABLE program_event AS SELECT p.* REPLACE (happened::bigint AS happened), market_phone "
        "FROM program_arrow p JOIN person USING (person) ORDER BY n"
    )
    outbox.con.unregister("program_arrow")


def write_sensors(outbox: Outbox, last: date, low: int, high: int) -> None:
    """The month's events; who is signed in is known by the phone number."""
    outbox.write_csv(
        "web_analytics", "sensors_events", f"{last:%Y}/神策_事件明细_{last:%Y-%m}.csv", SENSORS,
        f"""
        SELECT CASE WHEN kind < 7 THEN '$pageview' WHEN kind < 9 THEN '$WebClick' ELSE 'addToCart' END,
            CASE WHEN visit % 3 = 0 THEN market_phone ELSE 'device-' || md5(visit::varchar)[:16] END,
            {_local("happened")}, (880000000 + n)::varchar, 'mp-' || visit::varchar, {list(_SCREENS)}[1 + screen],
            '澄远商城', {clock("seconds")}, format('{{:.1f}}%', progress), '手机', 'wechat', 'organic_social',
            NULL, NULL, '上海'
        FROM program_event WHERE happened >= {low} AND happened < {high} ORDER BY n
        """,
        next_day(last), byte_order_mark=True,
    )  # fmt: skip
