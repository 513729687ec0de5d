"""Session export of the web analytics tool, a file a month.

Belongs here: the form of the export: lines that start with # above the headings, (not set) and (direct) for what is
missing, the sign-in (an e-mail address) of visitors who were logged in, the order paid in the session.
"""

from __future__ import annotations

from datetime import date

import pyarrow as pa

from ingestion.sample import export_pages, words
from ingestion.sample.channels import CAMPAIGNS, CHANNELS, PLATFORM_SOURCES, campaign_table
from ingestion.sample.export_shopify import order_name
from ingestion.sample.outbox import Outbox, Written, next_day
from ingestion.sample.random_streams import Ints

HEADINGS: tuple[str, ...] = (
    "Session ID", "Client ID", "User ID", "Session start", "Session end", "Session source", "Session medium",
    "Session campaign", "Page referrer", "Landing page", "Device category", "Country", "Region", "Event count", "Views",
    "User engagement (seconds)", "File downloads", "Add to carts", "Checkouts", "Ecommerce purchases", "Form submits",
    "Transaction ID",
)  # fmt: skip
_DEVICES = "['mobile', 'desktop', 'tablet']"
_PAGES = "['/', '/collections/coffee', '/collections/air', '/products/burr-grinder-g2', '/blog/pour-over', '/business']"


def register_lookups(outbox: Outbox) -> None:
    """Tables `visit_channel`, `visit_campaign` and `visit_place`."""
    names, _, _ = campaign_table()
    own = {c.name: PLATFORM_SOURCES.get(c.platform, (None, None)) for c in CAMPAIGNS}
    sources = [own.get(name or "", (None, None)) for name in names]
    tables = {
        "visit_channel": pa.table(
            {
                "channel": pa.array(range(len(CHANNELS)), pa.int64()),
                "source": pa.array([c[1] for c in CHANNELS], pa.string()),
                "medium": pa.array([c[2] for c in CHANNELS], pa.string()),
                "referrer": pa.array([c[3] for c in CHANNELS], pa.string()),
            }
        ),
        "visit_campaign": pa.table(
            {
                "campaign": pa.array(range(len(names)), pa.int64()),
                "campaign_name": pa.array(names, pa.string()),
                "own_source": pa.array([s[0] for s in sources], pa.string()),
                "own_referrer": pa.array([s[1] for s in sources], pa.string()),
            }
        ),
        "visit_place": pa.table(
            {
                "place": pa.array([*range(len(words.CITIES)), *(1000 + i for i in range(len(words.FOREIGN_CITIES)))]),
                "country": ["CN"] * len(words.CITIES) + [c[0] for c in words.FOREIGN_CITIES],
                "region": [c[0] for c in words.CITIES] + [c[2] for c in words.FOREIGN_CITIES],
            }
        ),
    }
    for name, table in tables.items():
        outbox.con.register("lookup_arrow", table)
        outbox.con.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT * FROM lookup_arrow")
        outbox.con.unregister("lookup_arrow")


#: SQL of the month's visits as the other web analytics tools see them; {first_id} as in `write_sessions`.
_VISITS = """
    SELECT 'S' || ({first_id} + n)::varchar AS session_id,
        visitor::varchar || '.' || (1600000000 + visitor % 99999999)::varchar AS client_id,
        CASE WHEN s.second = 1 THEN p.second_email ELSE p.email END AS email, started, seconds, events,
        1 + events // 3 AS views, stage, visitor, {landing_page} AS landing_page, {devices}[1 + device] AS device,
        coalesce(k.own_source, c.source) AS source, c.medium, coalesce(k.own_referrer, c.referrer) AS referrer
    FROM (SELECT row_number() OVER () - 1 AS n, * FROM session_arrow) s
    JOIN visit_channel c USING (channel) JOIN visit_campaign k USING (campaign) LEFT JOIN person p USING (person)
"""
_LANDING_PAGE = f"CASE WHEN stage = 5 THEN '/business' ELSE {_PAGES}[1 + (visitor + channel) % 6] END"


def _local(seconds: str) -> str:
    return f"strftime(make_timestamp(({seconds} + 28800) * 1000000), '%Y-%m-%d %H:%M:%S')"


def write_sessions(
    outbox: Outbox, month: int, last: date, sessions: dict[str, Ints], *, with_pages: bool = False
) -> Written:
    """Write the sessions (in order of time) of the month that ends at `last`, and what other tools saw of them."""
    outbox.register("session_arrow", pa.table({name: pa.array(values) for name, values in sessions.items()}))
    first_id = 1 + month * 100_000_000
    sql = f"""
        SELECT 'S' || ({first_id} + n)::varchar,
            (visitor::varchar || '.' || (1600000000 + visitor % 99999999)::varchar),
            CASE WHEN s.second = 1 THEN p.second_email ELSE p.email END,
            {_local("started")},
            {_local("(started + seconds + 20)")},
            coalesce(k.own_source, c.source, CASE WHEN c.referrer IS NULL THEN '(direct)' ELSE '(not set)' END),
            coalesce(c.medium, CASE WHEN c.referrer IS NULL THEN '(none)' ELSE '(not set)' END),
            coalesce(k.campaign_name, '(not set)'),
            coalesce(k.own_referrer, c.referrer),
            {_LANDING_PAGE},
            {_DEVICES}[1 + device],
            l.country,
            l.region,
            events::varchar,
            (1 + events // 3)::varchar,
            seconds::varchar,
            CASE WHEN stage = 6 THEN '1' ELSE '0' END,
            CASE WHEN stage BETWEEN 2 AND 4 THEN '1' ELSE '0' END,
            CASE WHEN stage BETWEEN 3 AND 4 THEN '1' ELSE '0' END,
            CASE WHEN s."order" >= 0 THEN '1' ELSE '0' END,
            CASE WHEN stage = 5 THEN '1' ELSE '0' END,
            CASE WHEN s."order" >= 0 THEN {order_name('s."order"')} END
        FROM (SELECT row_number() OVER () - 1 AS n, * FROM session_arrow) s
        JOIN visit_channel c USING (channel)
        JOIN visit_campaign k USING (campaign)
        JOIN visit_place l USING (place)
        LEFT JOIN person p USING (person)
        ORDER BY n
    """
    written = outbox.write_csv(
        "web_analytics",
        "sessions",
        f"{last:%Y}/sessions_{last:%Y-%m}.csv",
        HEADINGS,
        sql,
        next_day(last),
        preamble=("# ----------------------------------------", "# Sessions", "# Chengyuan Home web shop",
                  f"# {last:%Y}{last:%m}01-{last:%Y%m%d}", "# ----------------------------------------"),
    )  # fmt: skip
    if with_pages:
        outbox.con.execute(
            "CREATE OR REPLACE TEMP TABLE visit AS "
            + _VISITS.format(first_id=first_id, landing_page=_LANDING_PAGE, devices=_DEVICES)
        )
        export_pages.write_pages(outbox, last, "SELECT * FROM visit")
        export_pages.write_baidu(outbox, last, "SELECT * FROM visit")
    outbox.con.unregister("session_arrow")
    return written
