"""Exports of the stores: visitors by day from the counters, and movements of the member programme.

Belongs here: how many come in, who is a member, and the form: semicolons, GB18030, one day's counts delivered twice (a
counter was reset, the second file is right). Not here: the sheet of stores (`reference_planning.py`), what the tills
sell (`stores.py`).
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from ingestion.sample.demand import History
from ingestion.sample.operations import half_years, local, roll, second_of, wait
from ingestion.sample.outbox import Outbox, comma_separated, next_day
from ingestion.sample.random_streams import stream
from ingestion.sample.stores import STORES
from ingestion.sample.truth import Truth

TRAFFIC = comma_separated("门店编号,日期,进店客流,过店客流,当班人数")
POINTS = comma_separated(
    "流水号,会员卡号,会员姓名,手机号,绑定天猫账号,绑定官网邮箱,入会日期,变动类型,渠道,门店编号,关联订单,积分变动,变动后积分,"
    "发生时间"
)
MEMBER_SHARE, SPENT_SHARE, VISIT_SHARE = 0.4, 0.18, 0.22
_WEEK = np.array([0.8, 0.78, 0.8, 0.85, 1.05, 1.5, 1.4])
_ENCODING = "gb18030"


def write(outbox: Outbox, history: History, seed: int, truth: Truth) -> dict[str, object]:
    """Write visitors and movements of each half-year; the answer is what the counters really counted,
    and what the tills sold before refunds."""
    days = [history.start_date + timedelta(n) for n in range((history.end_date - history.start_date).days + 1)]
    visitors = _visitors(seed, days)
    table = pa.table(
        {
            "store": pa.array([s[0] for s in STORES] * len(days), pa.string()),
            "day": np.repeat(np.array(days, "datetime64[D]"), len(STORES)),
            "visitors": visitors.ravel(),
        }
    )
    outbox.register("traffic_arrow", table)
    _make_movements(outbox, history)
    for last, low, seen in half_years(history):
        first = history.start_date if low == 0 else date(1970, 1, 1) + timedelta((low + 28800) // 86400)
        _write_traffic(outbox, first, last, f"客流日报_{last:%Y-%m-%d}", "visitors")
        _write_points(outbox, last, low, seen)
    # the last two days come once more: a counter had been reset during the first of them
    last = history.end_date
    _write_traffic(outbox, last - timedelta(1), last, f"客流日报_{last:%Y-%m-%d}_2", "visitors + 11")
    outbox.con.unregister("traffic_arrow")
    corrected = 11 * 2 * len(STORES)
    sold, orders = truth.stores.sum(axis=0), truth.store_orders.sum(axis=0)
    return {
        "stores": len(STORES),
        "visitors": int(visitors.sum()) + corrected,
        "orders": {s[0]: int(orders[n]) for n, s in enumerate(STORES)},
        "net_cny": {s[0]: round(float(sold[n]), 2) for n, s in enumerate(STORES)},
    }


def _visitors(seed: int, days: list[date]) -> np.ndarray:
    rng = stream(seed, "store traffic")
    week = _WEEK[[d.weekday() for d in days]]
    season = 1.0 + 0.15 * np.sin(np.array([d.timetuple().tm_yday for d in days]) / 58.0)
    base = np.array([s[10] for s in STORES])
    return rng.poisson(np.outer(week * season, base)).astype(np.int64)


def _write_traffic(outbox: Outbox, first: date, last: date, name: str, count: str) -> None:
    sql = f"""
        SELECT store, strftime(day, '%Y/%m/%d'), ({count})::varchar, ({count} * 9 + 40)::varchar,
            CASE WHEN isodow(day) > 5 THEN '6' ELSE '4' END
        FROM traffic_arrow WHERE day >= DATE '{first}' AND day <= DATE '{last}' ORDER BY day, store
    """
    sql = f"SELECT * FROM ({sql}) q({', '.join(f'c{i}' for i in range(len(TRAFFIC)))})"
    path = f"{last:%Y}/{name}.csv"
    outbox.write_csv(
        "store_systems", "store_traffic", path, TRAFFIC, sql, next_day(last), encoding=_ENCODING, delimiter=";"
    )


def _make_movements(outbox: Outbox, history: History) -> None:
    """Table `movement`: points earned with an order, spent at the next visit, visits without either."""
    end = second_of(history.end_date) + 86400
    stores = [s[0] for s in STORES]
    place = f"{stores}[1 + (person % {len(stores)})::int]"
    outbox.con.execute(
        f"""
        CREATE OR REPLACE TABLE movement AS
        WITH member AS (
            SELECT *, '8800' || lpad((person * 7 + 13)::varchar, 9, '0') AS card,
                min(paid) OVER (PARTITION BY person) - 3600 AS joined
            FROM picked WHERE paid > 0 AND NOT is_foreign AND {roll("member", "person", "name")} < {MEMBER_SHARE}
        ), moved AS (
            SELECT *, '消费积分' AS kind, NULL::varchar AS store, paid + 600 AS moment, total // 100 AS points,
                order_id AS linked FROM member
            UNION ALL BY NAME
            SELECT * EXCLUDE (visited), '积分抵现' AS kind, {place} AS store, visited AS moment,
                -least(total // 200, 500) AS points FROM (
                SELECT *, paid + 86400 * 7 + {wait("spent", "86400 * 9", "order_id")} AS visited FROM member
                WHERE {roll("spends", "order_id", "created")} < {SPENT_SHARE}
            )
            UNION ALL BY NAME
            SELECT * EXCLUDE (visited), '到店签到' AS kind, {place} AS store, visited AS moment, 0 AS points FROM (
                SELECT *, paid + 86400 * 3 + {wait("visit", "86400 * 20", "order_id")} AS visited FROM member
                WHERE {roll("visits", "order_id", "created")} < {VISIT_SHARE}
            )
        )
        SELECT 'JF' || (6000001 + row_number() OVER (ORDER BY moment, card, kind))::varchar AS movement_no, *,
            sum(points) OVER (PARTITION BY card ORDER BY moment, kind, order_id ROWS UNBOUNDED PRECEDING) AS balance
        FROM moved WHERE moment < {end} ORDER BY movement_no
        """
    )


def _write_points(outbox: Outbox, last: date, low: int, seen: int) -> None:
    sql = f"""
        SELECT movement_no, card, name, phone, buyer_account, email, {local("joined", seen, "%Y-%m-%d")}, kind,
            CASE WHEN store IS NOT NULL THEN 'store' WHEN source = 'taobao' THEN 'tmall' ELSE 'web_shop' END, store,
            CASE WHEN linked IS NOT NULL THEN '="' || linked || '"' END, points::varchar, balance::varchar,
            {local("moment", seen)}
        FROM movement WHERE moment >= {low} AND moment < {seen} ORDER BY movement_no
    """
    outbox.write_csv(
        "store_systems", "member_points", f"{last:%Y}/会员积分流水_{last:%Y-%m-%d}.csv", POINTS, sql, next_day(last),
        encoding=_ENCODING,
    )  # fmt: skip
