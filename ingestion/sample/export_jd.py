"""Order export of the shop on JD, a file a month: one record per item, the order's columns repeated on each.

Belongs here: the form of 订单导出: GB18030, numbers with a trailing tab, list prices with the order's discount between
订单金额 and 结算金额, part of some payments from the balance, a status that begins with (删除) where an order was taken
back. Now and then a record is spoilt: a negative price, a day that does not exist, amounts that do not add up.
"""

from __future__ import annotations

from datetime import date

from ingestion.sample.constants import BAD_DATE_SHARE, GARBAGE_LINE_SHARE, OVERLAP_DAYS
from ingestion.sample.demand import History
from ingestion.sample.orders import MonthOrders
from ingestion.sample.outbox import Outbox, Portions, comma_separated, next_day
from ingestion.sample.sessions import month_start
from ingestion.sample.tables import cents

HEADINGS: tuple[str, ...] = comma_separated(
    "订单号,商品ID,商品名称,订购数量,支付方式,下单时间,京东价,订单金额,结算金额,余额支付,应付金额,订单状态,订单类型,"
    "下单帐号,客户姓名,客户地址,联系电话,订单备注,发票类型,发票抬头,发票内容,商家备注,"
    "商家备注等级（等级1-5为由高到低）,运费金额,付款确认时间,增值税发票,货号,订单完成时间,订单来源,订单渠道"
)
_BALANCE = "CASE WHEN paid > 0 AND number % 9 = 0 AND total > 2000 THEN 1000 ELSE 0 END"
_CHECK = "check:payable_is_settled_with_freight_less_balance"


def jd_order_id(number: str) -> str:
    """SQL of the order's number (12 digits) from its running number."""
    return f"(270000000000 + {number} * 13007)::varchar"


def _local(seconds: str) -> str:
    return f"strftime(make_timestamp(({seconds} + 28800) * 1000000), '%Y-%m-%d %H:%M:%S')"


def _rows_sql(exported: int, low: int) -> str:
    taken_back = f"refunded > 0 AND refunded < {exported}"
    values = {
        "订单号": f"{jd_order_id('number')} || chr(9)",
        "商品ID": "(100000000000 + product * 7919)::varchar || chr(9)",
        "商品名称": "name_zh",
        "订购数量": "quantity::varchar",
        "支付方式": "'在线支付'",
        "下单时间": _local("created"),
        "京东价": cents("list_cents"),
        "订单金额": cents("list_total"),
        "结算金额": cents("goods"),
        "余额支付": cents(_BALANCE),
        "应付金额": cents(f"goods + freight - ({_BALANCE})"),
        "订单状态": f"CASE WHEN paid = 0 THEN '(删除)等待付款' WHEN {taken_back} THEN '(删除)等待出库' "
        f"WHEN paid + 8 * 86400 < {exported} THEN '完成' WHEN paid + 2 * 86400 < {exported} THEN '等待确认收货' "
        "ELSE '等待出库' END",
        "订单类型": "'SOP'",
        "下单帐号": "account",
        "客户姓名": "name",
        "客户地址": "province_full || city || district || street",
        "联系电话": "market_phone",
        "订单备注": "CASE WHEN number % 17 = 0 THEN '工作日送货' END",
        "发票类型": "'电子普票'",
        "发票内容": "'商品明细'",
        "运费金额": cents("freight"),
        "付款确认时间": f"CASE WHEN paid > 0 THEN {_local('paid')} END",
        "增值税发票": "'否'",
        "货号": "sku",
        "订单完成时间": f"CASE WHEN paid > 0 AND NOT ({taken_back}) AND paid + 8 * 86400 < {exported} "
        f"THEN {_local('(paid + 5 * 86400)')} END",
        "订单来源": "CASE WHEN number % 3 = 0 THEN '微信' ELSE '移动端' END",
    }
    columns = ", ".join(f"{values.get(heading, 'NULL::varchar')} AS c{i}" for i, heading in enumerate(HEADINGS))
    return f"""
        SELECT {columns}, 0 AS k1, -number AS k2, line_number AS k3
        FROM (
            SELECT o.*, l.line_number, l.product, l.quantity, i.sku, i.name_zh, round(i.list_price * 100) AS list_cents,
                sum(round(i.list_price * 100) * l.quantity) OVER (PARTITION BY o.month, o.row) AS list_total
            FROM jd_order o JOIN jd_line l USING (month, row) JOIN product i USING (product)
            WHERE o.created >= {low}
        )
    """


def _spoilt_sql(kind: str, count: int, month: int) -> str:
    """Records that somebody keyed in or changed by hand."""
    values = {
        "订单号": f"(290000000000 + {month * 1000} + n)::varchar",
        "商品ID": "'999'",
        "商品名称": "'测试商品'",
        "订购数量": "'1'",
        "下单时间": "'2025-02-30 09:30:00'" if kind == "date" else "'2025-02-28 09:30:00'",
        "京东价": "'-1.00'" if kind == "price" else "'1.00'",
        "订单金额": "'1.00'", "结算金额": "'1.00'", "余额支付": "'0.00'", "运费金额": "'0.00'",
        "应付金额": "'100.00'" if kind == "sum" else "'1.00'",
        "订单状态": "'(删除)等待付款'",
    }  # fmt: skip
    columns = ", ".join(f"{values.get(heading, 'NULL::varchar')} AS c{i}" for i, heading in enumerate(HEADINGS))
    order = ("price", "date", "sum").index(kind) + 1
    return f"SELECT {columns}, {order} AS k1, n AS k2, 1 AS k3 FROM range({count}) t(n)"


class JdExport:
    """Writes each month's orders and again the last days of the month before, whose end is known by then."""

    def __init__(self, outbox: Outbox, history: History) -> None:
        self.outbox, self.history = outbox, history
        self._spoilt = {
            "price": Portions(GARBAGE_LINE_SHARE), "date": Portions(BAD_DATE_SHARE), "sum": Portions(BAD_DATE_SHARE),
        }  # fmt: skip

    def write(self, orders: MonthOrders) -> None:
        """Write the month in table `month_order` / `month_line`; call it month after month."""
        con, month = self.outbox.con, orders.month
        for name, sql in (
            ("order", f"SELECT {month} AS month, * FROM month_order WHERE platform = 'jd'"),
            ("line", f"SELECT {month} AS month, l.* FROM month_line l SEMI JOIN next_order o ON o.row = l.row"),
        ):
            con.execute(f"CREATE OR REPLACE TABLE next_{name} AS {sql}")
            if month == 0:
                con.execute(f"CREATE OR REPLACE TABLE jd_{name} AS FROM next_{name}")
            else:
                con.execute(f"DELETE FROM jd_{name} WHERE month < {month - 1}")
                con.execute(f"INSERT INTO jd_{name} FROM next_{name}")
        days = self.history.days(month)
        start = month_start(self.history, month)
        self._write(month, days[-1], start + len(days) * 86400, start - OVERLAP_DAYS * 86400)

    def _write(self, month: int, last: date, exported: int, low: int) -> None:
        lines = self.outbox.con.execute("SELECT count(*) FROM next_line").fetchall()[0][0]
        counts = {kind: portions.of(lines) for kind, portions in self._spoilt.items()}
        reasons = {"price": "below_minimum", "date": "not_a_timestamp", "sum": _CHECK}
        spoilt = " ".join(f"UNION ALL ({_spoilt_sql(k, n, month + 50 * i)})" for i, (k, n) in enumerate(counts.items()))
        self.outbox.write_csv(
            "jd",
            "orders",
            f"{last:%Y}/订单导出_{last:%Y%m}.csv",
            HEADINGS,
            f"SELECT * EXCLUDE (k1, k2, k3) FROM (({_rows_sql(exported, low)}) {spoilt}) ORDER BY k1, k2, k3",
            next_day(last),
            encoding="gb18030",
            rejected={reasons[kind]: count for kind, count in counts.items() if count},
        )
