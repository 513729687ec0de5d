"""Order exports of Taobao and of Tmall: heads and lines, a file each a month.

Belongs here: the form of ExportOrderList and ExportOrderDetailList: GB18030, ids as ="123...", a padded heading,
买家实际支付金额 net of refunds, prices after discounts. On Taobao some records are spoilt, and one month's lines are
delivered twice: first with prices in the wrong unit for some orders, then corrected. Both shops' months before are in
tables `<platform>_order` and `<platform>_line`.
"""

from __future__ import annotations

from datetime import date

from ingestion.sample.constants import BAD_DATE_SHARE, GARBAGE_LINE_SHARE, OVERLAP_DAYS
from ingestion.sample.demand import History
from ingestion.sample.orders import MonthOrders
from ingestion.sample.outbox import Outbox, Portions, comma_separated, next_day
from ingestion.sample.sessions import month_start
from ingestion.sample.tables import cents

HEAD_HEADINGS: tuple[str, ...] = comma_separated(
    "订单编号,买家会员名,买家支付宝账号,买家应付货款,买家应付邮费,买家支付积分,总金额,返点积分,买家实际支付金额,"
    "买家实际支付积分,订单状态,买家留言,收货人姓名,收货地址 ,运送方式,联系电话,联系手机,订单创建时间,订单付款时间,"
    "宝贝标题,宝贝种类,物流单号,物流公司,订单备注,宝贝总数量,分销商Id,分销商店铺名称,订单关闭原因,卖家服务费,买家服务费,"
    "发票抬头,定金排名,修改后的sku,修改后的收货地址,异常信息,卡券抵扣,积分抵扣,是否是O2O交易"
)
LINE_HEADINGS: tuple[str, ...] = comma_separated(
    "订单编号,标题,价格,购买数量,外部系统编号,商品属性,套餐信息,备注,订单状态,商家编码"
)
_ENCODING = "gb18030"
_CLOSED_PAID = "付款以后用户退款成功,交易自动关闭"
_CLOSED_UNPAID = "付款以前,卖家或买家主动关闭交易"
WRONG_UNIT_ORDERS = 12  # orders of the first delivery of the corrected month


def order_id(number: str) -> str:
    """SQL of the order's id (19 digits) from its running number."""
    return f"(3100000000000000000 + {number} * 1000003017)::varchar"


def account_key() -> str:
    """SQL of the account under which an order was placed (table `month_order`)."""
    return "CASE WHEN uses_second THEN second_account ELSE account END"


def _quoted_id(expression: str) -> str:
    return f"'=\"' || {expression} || '\"'"


def _local(seconds: str, form: str = "%Y-%m-%d %H:%M:%S") -> str:
    return f"strftime(make_timestamp(({seconds} + 28800) * 1000000), '{form}')"


def _head_sql(platform: str, exported: int, low: int) -> str:
    values = {
        "订单编号": _quoted_id(order_id("number")),
        "买家会员名": account_key(),
        "买家支付宝账号": "alipay",
        "买家应付货款": cents("goods"),
        "买家应付邮费": cents("freight"),
        "买家支付积分": "'0'",
        "总金额": cents("total"),
        "返点积分": "'0'",
        "买家实际支付金额": f"CASE WHEN paid = 0 THEN '0.00' ELSE {cents('total - platform_coupon - seen_refund')} END",
        "买家实际支付积分": "'0'",
        "订单状态": "status",
        "买家留言": "CASE WHEN number % 23 = 0 THEN '请尽快发货' WHEN number % 41 = 0 THEN '放门口,谢谢' END",
        "收货人姓名": "name",
        "收货地址 ": "province_full || ' ' || city || ' ' || district || ' ' || street || '(' || postcode || ')'",
        "运送方式": "'快递'",
        "联系手机": "'''' || market_phone",
        "订单创建时间": _local("created"),
        "订单付款时间": f"CASE WHEN paid > 0 THEN {_local('paid')} END",
        "宝贝标题": "titles",
        "宝贝种类": "kinds::varchar",
        "物流单号": "CASE WHEN paid > 0 THEN 'No:YT' || (8800000000 + number * 17)::varchar END",
        "物流公司": "CASE WHEN paid > 0 THEN '圆通速递' END",
        "宝贝总数量": "units::varchar",
        "订单关闭原因": f"CASE status WHEN '{_CLOSED_PAID}' THEN '买家申请退款' "
        f"WHEN '{_CLOSED_UNPAID}' THEN '买家未付款' ELSE '订单未关闭' END",
        "卖家服务费": "'0.00'",
        "买家服务费": "'0.00'",
        "卡券抵扣": f"CASE WHEN platform_coupon > 0 THEN {cents('platform_coupon')} ELSE '0.00' END",
        "积分抵扣": "'0.00'",
        "是否是O2O交易": "'否'",
    }
    columns = ", ".join(f"{values.get(h, 'NULL::varchar')} AS c{i}" for i, h in enumerate(HEAD_HEADINGS))
    return f"""
        SELECT {columns}, 0 AS k1, -number AS k2
        FROM (
            SELECT o.*, t.titles, t.kinds, t.units, {_STATUS.format(exported=exported)} AS status,
                CASE WHEN refunded > 0 AND refunded < {exported} THEN refund ELSE 0 END AS seen_refund
            FROM {platform}_order o
            JOIN (
                SELECT month, row, string_agg(i.name_zh, ' ，' ORDER BY line_number) AS titles, count(*) AS kinds,
                    sum(quantity) AS units
                FROM {platform}_line JOIN product i USING (product) GROUP BY ALL
            ) t USING (month, row)
            WHERE o.created >= {low}
        )
    """


_STATUS = (
    f"CASE WHEN paid = 0 THEN '{_CLOSED_UNPAID}' "
    f"WHEN refunded > 0 AND refunded < {{exported}} AND refund = total THEN '{_CLOSED_PAID}' "
    "WHEN paid + 8 * 86400 < {exported} THEN '交易成功' "
    "WHEN paid + 2 * 86400 < {exported} THEN '卖家已发货,等待买家确认' ELSE '买家已付款,等待卖家发货' END"
)


def _garbage_sql(kind: str, count: int, month: int) -> str:
    """Heads that the seller centre spoilt: a negative total, or a day that does not exist."""
    values = {
        "订单编号": _quoted_id(f"(2900000000000000000 + {month * 1000} + n)::varchar"),
        "买家应付货款": "'10.00'",
        "买家应付邮费": "'0.00'",
        "总金额": "'-10.00'" if kind == "price" else "'10.00'",
        "买家实际支付金额": "'0.00'",
        "订单状态": f"'{_CLOSED_UNPAID}'",
        "订单创建时间": "'2025-02-30 09:30:00'" if kind == "date" else "'2025-02-28 09:30:00'",
    }
    columns = ", ".join(f"{values.get(h, 'NULL::varchar')} AS c{i}" for i, h in enumerate(HEAD_HEADINGS))
    return f"SELECT {columns}, {1 if kind == 'price' else 2} AS k1, n AS k2 FROM range({count}) t(n)"


def _line_sql(platform: str, exported: int, low: int, wrong_unit_orders: int) -> str:
    price = cents(f"price * CASE WHEN place < {wrong_unit_orders} THEN 100 ELSE 1 END")
    values = (
        _quoted_id(order_id("number")), "title", price, "quantity::varchar", "sku", "'颜色分类:默认'", "NULL::varchar",
        "NULL::varchar", "status", "sku",
    )  # fmt: skip
    columns = ", ".join(f"{value} AS c{i}" for i, value in enumerate(values))
    return f"""
        SELECT {columns}, 0 AS k1, -number AS k2, line_number AS k3
        FROM (
            SELECT o.number, l.line_number, l.price, l.quantity, i.sku, i.name_zh AS title,
                dense_rank() OVER (ORDER BY o.number) - 1 AS place, {_STATUS.format(exported=exported)} AS status
            FROM {platform}_order o JOIN {platform}_line l USING (month, row) JOIN product i USING (product)
            WHERE o.created >= {low}
        )
    """


def _line_garbage_sql(count: int, month: int) -> str:
    values = (
        _quoted_id(f"(2900000000000000000 + {month * 1000 + 500} + n)::varchar"), "'测试商品'", "'-1.00'", "'1'",
        "'TEST'", "NULL::varchar", "NULL::varchar", "NULL::varchar", f"'{_CLOSED_UNPAID}'", "'TEST'",
    )  # fmt: skip
    columns = ", ".join(f"{value} AS c{i}" for i, value in enumerate(values))
    return f"SELECT {columns}, 1 AS k1, n AS k2, 1 AS k3 FROM range({count}) t(n)"


class TaobaoExport:
    """Writes each month's orders and again the last days of the month before, whose refunds are known by then.

    `platform`: taobao, or tmall, which has a folder of its own and exports in the same form.
    """

    def __init__(self, outbox: Outbox, history: History, platform: str = "taobao") -> None:
        self.outbox, self.history, self.platform = outbox, history, platform
        is_spoilt = platform == "taobao"
        self._prices, self._dates = Portions(GARBAGE_LINE_SHARE * is_spoilt), Portions(BAD_DATE_SHARE * is_spoilt)
        self._lines = Portions(GARBAGE_LINE_SHARE * is_spoilt)
        self.corrected_month = max(history.month_count - 5, 1) if is_spoilt else -1

    def write(self, orders: MonthOrders) -> None:
        """Write the month in table `month_order` / `month_line`; call it month after month."""
        con, month = self.outbox.con, orders.month
        con.execute(
            f"CREATE OR REPLACE TABLE next_order AS SELECT {month} AS month, * FROM month_order "
            f"WHERE platform = '{self.platform}'"
        )
        con.execute(
            f"CREATE OR REPLACE TABLE next_line AS SELECT {month} AS month, l.* FROM month_line l "
            "SEMI JOIN next_order o ON o.row = l.row"
        )
        start = month_start(self.history, month)
        low = start - OVERLAP_DAYS * 86400
        for name in ("order", "line"):
            if month == 0:
                con.execute(f"CREATE OR REPLACE TABLE {self.platform}_{name} AS FROM next_{name}")
            else:
                con.execute(f"DELETE FROM {self.platform}_{name} WHERE month < {month - 1}")
                con.execute(f"INSERT INTO {self.platform}_{name} FROM next_{name}")
        days = self.history.days(month)
        exported = start + len(days) * 86400
        heads, lines = con.execute(
            "SELECT (SELECT count(*) FROM next_order), (SELECT count(*) FROM next_line)"
        ).fetchall()[0]
        self._write_heads(month, heads, days[-1], exported, low)
        self._write_lines(month, lines, days[-1], exported, low)

    def _write_heads(self, month: int, heads: int, last: date, exported: int, low: int) -> None:
        prices, dates = self._prices.of(heads), self._dates.of(heads)
        self.outbox.write_csv(
            self.platform,
            "export_order_list",
            f"{last:%Y}/ExportOrderList{last:%Y%m}.csv",
            HEAD_HEADINGS,
            f"SELECT * EXCLUDE (k1, k2) FROM (({_head_sql(self.platform, exported, low)}) "
            f"UNION ALL ({_garbage_sql('price', prices, month)}) "
            f"UNION ALL ({_garbage_sql('date', dates, month + 100)})) ORDER BY k1, k2",
            next_day(last),
            encoding=_ENCODING,
            rejected={k: v for k, v in (("below_minimum", prices), ("not_a_timestamp", dates)) if v},
        )

    def _write_lines(self, month: int, lines: int, last: date, exported: int, low: int) -> None:
        garbage = self._lines.of(lines)
        versions = [("", 0)]
        if month == self.corrected_month:
            versions = [("", WRONG_UNIT_ORDERS), ("_2", 0)]
        for suffix, wrong in versions:
            self.outbox.write_csv(
                self.platform,
                "export_order_detail_list",
                f"{last:%Y}/ExportOrderDetailList{last:%Y%m}{suffix}.csv",
                LINE_HEADINGS,
                f"SELECT * EXCLUDE (k1, k2, k3) FROM (({_line_sql(self.platform, exported, low, wrong)}) "
                f"UNION ALL ({_line_garbage_sql(garbage, month)})) ORDER BY k1, k2, k3",
                next_day(next_day(last)) if suffix else next_day(last),
                encoding=_ENCODING,
                rejected={"below_minimum": garbage} if garbage else {},
            )
