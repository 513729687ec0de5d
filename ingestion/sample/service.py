"""What happens at the service desk: tickets, chats and answers to surveys, as tables.

Belongs here: who calls, why, how fast it is answered, and what moves satisfaction (planted, so that an analysis has
something to find). Not here: the exports' form (`export_service_desk.py`). Tables: `service_ticket`, `service_chat`,
`service_answer`. Times are seconds since 1970 in UTC, 0 for never; those after the end of the history are cut when a
state is written.
"""

from __future__ import annotations

from datetime import date

import duckdb

from ingestion.sample.crm_keys import CUSTOMER_NO, DEAL_NO
from ingestion.sample.demand import History
from ingestion.sample.operations import roll, second_of, wait

TICKET_SHARE, CHAT_SHARE = 0.16, 0.20  # of the picked orders
AGAIN_SHARE = 0.08  # of the complaints: the same again within a month
#: What moves the willingness to recommend, points of 10: planted, see truth/planted.json.
NPS_DRIVERS = {
    "first_response_hours": -0.11, "is_complaint": -1.5, "is_refunded": -1.8, "is_smart_home": -0.9,
    "base_of_buyers": 9.1, "base_of_callers": 9.0,
}  # fmt: skip
#: Why customers say they left, with the share of each: planted.
REASONS_TO_LEAVE = {"服务": 0.35, "价格": 0.25, "产品质量": 0.18, "竞品": 0.12, "不再需要": 0.10}
LEAVER_ASKED_SHARE, LEAVER_ASKED_DAYS = 0.45, 100  # of who did not come back; days after the last order
CAUSES = {
    "投诉": ("物流慢", "商品质量", "服务态度", "价格争议"), "故障报修": ("无法开机", "漏水", "连接失败", "异响"),
    "使用咨询": ("使用方法", "发票", "保修政策"), "安装预约": ("上门安装",), "退换货": ("质量退货", "七天无理由"),
}  # fmt: skip
_KINDS = (("投诉", 0.28), ("故障报修", 0.20), ("使用咨询", 0.32), ("安装预约", 0.08), ("退换货", 0.12))
_RESPONSE_HOURS = {"投诉": 7.0, "故障报修": 1.6, "使用咨询": 0.9, "安装预约": 1.2, "退换货": 1.4}
_SOLVE_HOURS = {"投诉": 26.0, "故障报修": 22.0, "使用咨询": 5.0, "安装预约": 16.0, "退换货": 18.0}


def _by_kind(values: dict[str, float]) -> str:
    return "CASE kind " + " ".join(f"WHEN '{kind}' THEN {value}" for kind, value in values.items()) + " END"


def _kind(draw: str) -> str:
    total, parts = 0.0, []
    for kind, share in _KINDS:
        total += share
        parts.append(f"WHEN {draw} < {total:.2f} THEN '{kind}'")
    return f"CASE {' '.join(parts)} ELSE '使用咨询' END"


def _normal(salt: str, *keys: str) -> str:
    """SQL of a standard normal number that depends on the keys alone."""
    return f"(sqrt(-2.0 * ln(1.0 - {roll(salt, *keys)})) * cos(2.0 * pi() * {roll(salt + ' angle', *keys)}))"


def make(con: duckdb.DuckDBPyConnection, history: History, end: int) -> dict[str, object]:
    """Create the tables; the answer is what was planted, for the truth."""
    batch = next((a for a in history.anomalies if a.anomaly_id == "bad_batch"), None)
    is_batch = "false"
    if batch is not None:
        low, high = (second_of(date.fromisoformat(day)) for day in (batch.first_day, batch.last_day))
        is_batch = f"(sku = 'CF-1003' AND paid BETWEEN {low} AND {high + 86400})"
    _make_tickets(con, is_batch, end)
    _make_chats(con, end)
    _make_answers(con, end)
    _make_leavers(con, end)
    counts = con.execute(
        "SELECT count(*), count(*) FILTER (kind = '投诉'), count(*) FILTER (is_again) FROM service_ticket"
    ).fetchone()
    chats = con.execute("SELECT count(*), count(*) FILTER (is_bot), count(*) FILTER (is_bot_closed) FROM service_chat")
    chat_counts = chats.fetchone()
    assert counts is not None and chat_counts is not None
    return {
        "tickets": counts[0], "complaints": counts[1], "repeated_complaints": counts[2], "chats": chat_counts[0],
        "chats_begun_with_the_bot": chat_counts[1], "chats_closed_by_the_bot": chat_counts[2],
        "nps_drivers_points_of_10": NPS_DRIVERS, "reasons_to_leave": REASONS_TO_LEAVE,
    }  # fmt: skip


def _make_tickets(con: duckdb.DuckDBPyConnection, is_batch: str, end: int) -> None:
    causes = "CASE kind " + " ".join(
        f"WHEN '{kind}' THEN {list(words)}[1 + (hash('cause', key) % {len(words)})::int]"
        for kind, words in CAUSES.items()
    )
    con.execute(
        f"""
        CREATE OR REPLACE TABLE service_ticket AS
        WITH caller AS (
            SELECT order_id || source AS key, source, order_id, buyer_account, email, NULL::varchar AS customer_no,
                name, phone, is_foreign, region, province, city, sku, line, product_name, paid AS since,
                refund > 0 AS is_back, {is_batch} AS is_batch
            FROM picked
            WHERE paid > 0 AND {roll("ticket", "order_id", "created")}
                < {TICKET_SHARE} * CASE WHEN {is_batch} THEN 4 ELSE 1 END
            UNION ALL BY NAME
            SELECT {DEAL_NO} AS key, 'crm_cn' AS source, {CUSTOMER_NO} AS customer_no, contact AS name, phone,
                false AS is_foreign, region, province, city, line, deal_closed AS since, false AS is_back,
                false AS is_batch
            FROM deal
            WHERE deal_is_cn AND deal_is_won AND deal_closed < {end} AND {roll("ticket", "d", "start")} < 0.3
        ), kinds AS (
            SELECT *, CASE WHEN is_batch THEN '故障报修' ELSE {_kind(roll("kind", "key", "since"))} END AS kind,
                since + 43200 + {wait("called", "9 * 86400", "key", "since")} AS created, false AS is_again
            FROM caller
        ), course AS (
            SELECT *, CASE WHEN is_batch THEN '漏水' ELSE {causes} END END AS cause,
                created + 120 + {wait("answered", f"3600 * {_by_kind(_RESPONSE_HOURS)}", "key", "created")} AS responded
            FROM kinds
        ), done AS (
            SELECT *, CASE WHEN {roll("unsolved", "key")} < 0.03 THEN 0
                ELSE responded + 300 + {wait("solved", f"3600 * {_by_kind(_SOLVE_HOURS)}", "key", "created")} END
                AS solved
            FROM course
        ), again AS (
            SELECT * REPLACE (key || 'R' AS key, true AS is_again,
                solved + 86400 + {wait("again", "6 * 86400", "key")} AS created,
                solved + 93600 + {wait("again", "6 * 86400", "key")} AS responded,
                solved + 180000 + {wait("again", "6 * 86400", "key")} AS solved)
            FROM done WHERE kind = '投诉' AND solved > 0 AND {roll("comes again", "key")} < {AGAIN_SHARE}
        )
        SELECT 'GD' || (700001 + row_number() OVER (ORDER BY created, key))::varchar AS ticket_no, *,
            CASE WHEN solved > 0 THEN solved + 86400 ELSE 0 END AS closed,
            CASE WHEN kind = '投诉' AND solved > 0 AND {roll("call back", "key")} < 0.85
                THEN solved + 30 * 86400 + {wait("called back", "30000", "key")} ELSE 0 END AS called_back,
            {roll("confirmed", "key")} < 0.88 AS is_confirmed,
            ['E071', 'E072', 'E073'][
                1 + (hash('agent', key) % CASE WHEN created > {end - 90 * 86400} THEN 3 ELSE 2 END)::int] AS agent
        FROM (SELECT * FROM done UNION ALL SELECT * FROM again)
        WHERE created < {end}
        ORDER BY ticket_no
        """
    )


def _make_chats(con: duckdb.DuckDBPyConnection, end: int) -> None:
    key = ("order_id", "created")
    con.execute(
        f"""
        CREATE OR REPLACE TABLE service_chat AS
        WITH begun AS (
            SELECT *, paid + 600 + {wait("chat", "3 * 86400", *key)} AS started, {roll("bot", *key)} < 0.85 AS is_bot
            FROM picked WHERE paid > 0 AND {roll("chats", *key)} < {CHAT_SHARE}
        ), course AS (
            SELECT *, is_bot AND {roll("bot closed", *key)} < 0.74 AS is_bot_closed,
                started + CASE WHEN is_bot THEN 1 + (hash('quick', order_id) % 3)::bigint
                    ELSE 4 + {wait("answered chat", "13", *key)} END AS responded,
                started + 150 + {wait("chat length", "420", *key)} AS ended
            FROM begun
        )
        SELECT 'HH' || (5000001 + row_number() OVER (ORDER BY started, order_id))::varchar AS chat_no, *,
            CASE WHEN is_bot AND NOT is_bot_closed THEN started + 60 + (hash('hand', order_id) % 80)::bigint ELSE 0 END
                AS handed_over,
            CASE WHEN {roll("chat solved", *key)} < 0.93 OR is_bot_closed THEN ended ELSE 0 END AS solved,
            CASE WHEN NOT is_bot_closed THEN ['E071', 'E072'][1 + (hash('agent', order_id) % 2)::int] END AS agent,
            2 + (hash('messages', order_id) % 18)::bigint AS messages
        FROM course WHERE ended < {end}
        ORDER BY chat_no
        """
    )


def _make_answers(con: duckdb.DuckDBPyConnection, end: int) -> None:
    drivers = NPS_DRIVERS
    con.execute(
        f"""
        CREATE OR REPLACE TABLE service_answer AS
        WITH asked AS (
            SELECT 'order' AS survey, order_id || source AS key, source, order_id, NULL::varchar AS ticket_no,
                buyer_account, email, NULL::varchar AS customer_no, name, phone, region, sku, line,
                NULL::varchar AS served_by, paid + 8 * 86400 AS asked, 0.0 AS hours, false AS is_complaint,
                refund > 0 AS is_back
            FROM picked WHERE paid > 0 AND {roll("survey", "order_id", "created")} < 0.15
            UNION ALL BY NAME
            SELECT 'ticket' AS survey, key, source, order_id, ticket_no, buyer_account, email, customer_no, name, phone,
                region, sku, line, agent AS served_by, solved + 3600 AS asked, (responded - created) / 3600.0 AS hours,
                kind = '投诉' AS is_complaint, is_back
            FROM service_ticket WHERE solved > 0 AND {roll("ticket survey", "key")} < 0.5
            UNION ALL BY NAME
            SELECT 'deal' AS survey, {DEAL_NO} AS key, 'crm_cn' AS source, {CUSTOMER_NO} AS customer_no,
                contact AS name, phone, region, line, owner AS served_by, deal_closed + 20 * 86400 AS asked,
                0.0 AS hours, false AS is_complaint, false AS is_back
            FROM deal WHERE deal_is_cn AND deal_is_won AND {roll("deal survey", "d", "start")} < 0.35
        ), scored AS (
            SELECT *, asked + 1800 + {wait("answer", "86400", "survey", "key")} AS answered,
                CASE survey WHEN 'ticket' THEN {drivers["base_of_callers"]} ELSE {drivers["base_of_buyers"]} END
                + {drivers["first_response_hours"]} * hours + {drivers["is_complaint"]} * is_complaint::int
                + {drivers["is_refunded"]} * is_back::int + {drivers["is_smart_home"]} * (line = 'Smart Home')::int
                + 1.3 * {_normal("score", "survey", "key")} AS feeling
            FROM asked
        )
        SELECT 'DJ' || (9000001 + row_number() OVER (ORDER BY answered, key))::varchar AS response_no, *,
            greatest(0, least(10, round(feeling)))::int AS recommend,
            greatest(1, least(5, round(feeling / 2 + 0.4 * {_normal("product", "key")})))::int AS product_score,
            greatest(1, least(5, round(4.2 + 0.7 * {_normal("delivery", "key")})))::int AS delivery_score,
            greatest(1, least(5, round(4.6 - 0.05 * hours + 0.6 * {_normal("service", "key")})))::int AS service_score
        FROM scored WHERE answered < {end}
        ORDER BY response_no
        """
    )


def _make_leavers(con: duckdb.DuckDBPyConnection, end: int) -> None:
    """Who was asked why they left, a hundred days after an order that no other followed; answered within days."""
    total, words = 0.0, []
    for reason, share in REASONS_TO_LEAVE.items():
        total += share
        words.append(f"WHEN {roll('leaves because', 'order_id', 'created')} < {total:.2f} THEN '{reason}'")
    con.execute(
        f"""
        CREATE OR REPLACE TABLE service_leaver AS
        WITH placed AS (
            SELECT *, paid + {LEAVER_ASKED_DAYS * 86400} AS asked,
                lead(paid) OVER (PARTITION BY coalesce(buyer_account, email) ORDER BY paid, order_id) AS next_paid
            FROM picked WHERE paid > 0 AND coalesce(buyer_account, email) IS NOT NULL
        ), asked AS (
            SELECT *, asked + 3600 + {wait("says why", "2 * 86400", "order_id", "created")} AS answered
            FROM placed
            WHERE (next_paid IS NULL OR next_paid > asked)
                AND {roll("asked why", "order_id", "created")} < {LEAVER_ASKED_SHARE}
        )
        SELECT 'LS' || (9500001 + row_number() OVER (ORDER BY answered, order_id))::varchar AS response_no, *,
            CASE {" ".join(words)} ELSE '不再需要' END AS reason,
            ['E071', 'E072'][1 + (hash('calls', order_id) % 2)::int] AS agent
        FROM asked WHERE answered < {end}
        ORDER BY response_no
        """
    )
