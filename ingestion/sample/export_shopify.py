"""Order export of the web shop, a file a month.

Belongs here: the form of Shopify's order export: one record per line item, order columns on the first one only, 65 to
79 columns by year, times of the shop's place with offset, apostrophes before postcodes, line breaks in notes.
"""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from ingestion.sample.constants import (
    APOSTROPHE_SHARE,
    BAD_DATE_SHARE,
    GARBAGE_LINE_SHARE,
    NOTE_SHARE,
    OVERLAP_DAYS,
    UPPER_EMAIL_SHARE,
)
from ingestion.sample.demand import History
from ingestion.sample.orders import MonthOrders
from ingestion.sample.outbox import Outbox, Portions, comma_separated, next_day
from ingestion.sample.persons import IN_SHOP
from ingestion.sample.sessions import month_start
from ingestion.sample.stores import STORES
from ingestion.sample.tables import cents

HEADINGS: tuple[str, ...] = comma_separated(
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,Currency,Subtotal,"
    "Shipping,Taxes,Total,Discount Code,Discount Amount,Shipping Method,Created at,Lineitem quantity,Lineitem name,"
    "Lineitem price,Lineitem compare at price,Lineitem sku,Lineitem requires shipping,Lineitem taxable,"
    "Lineitem fulfillment status,Billing Name,Billing Street,Billing Address1,Billing Address2,Billing Company,"
    "Billing City,Billing Zip,Billing Province,Billing Country,Billing Phone,Shipping Name,Shipping Street,"
    "Shipping Address1,Shipping Address2,Shipping Company,Shipping City,Shipping Zip,Shipping Province,"
    "Shipping Country,Shipping Phone,Notes,Note Attributes,Cancelled at,Payment Method,Payment Reference,"
    "Refunded Amount,Vendor,Outstanding Balance,Employee,Location,Device ID,Id,Tags,Risk Level,Source,"
    "Lineitem discount,Tax 1 Name,Tax 1 Value,Tax 2 Name,Tax 2 Value,Tax 3 Name,Tax 3 Value,Tax 4 Name,Tax 4 Value,"
    "Tax 5 Name,Tax 5 Value,Phone,Receipt Number,Duties,Billing Province Name,Shipping Province Name,Payment ID,"
    "Payment Terms Name,Next Payment Due At,Payment References"
)
_LATER = (  # columns that came with later years of the export
    ("Tax 3 Name", "Tax 3 Value", "Tax 4 Name", "Tax 4 Value", "Tax 5 Name", "Tax 5 Value", "Receipt Number", "Duties"),
    ("Billing Province Name", "Shipping Province Name", "Payment ID", "Payment Terms Name", "Next Payment Due At",
     "Payment References"),
)  # fmt: skip
PROVINCE_CODES = (
    "{'北京': 'BJ', '上海': 'SH', '天津': 'TJ', '重庆': 'CQ', '浙江': 'ZJ', '江苏': 'JS', '广东': 'GD', '福建': 'FJ', "
    "'山东': 'SD', '河南': 'HA', '湖北': 'HB', '湖南': 'HN', '四川': 'SC', '陕西': 'SN', '辽宁': 'LN'}"
)


def headings_of(year: int) -> tuple[str, ...]:
    """The headings of that year's export: 65 to 2023, 73 in 2024, then 79."""
    missing = _LATER[0] + _LATER[1] if year <= 2023 else _LATER[1] if year == 2024 else ()
    return tuple(h for h in HEADINGS if h not in missing)


def order_name(number: str) -> str:
    """SQL of an order's name from its running number."""
    return f"('#' || (1001 + {number})::varchar)"


def shop_key() -> str:
    """SQL of the e-mail address under which an order was placed (table `month_order`)."""
    return "CASE WHEN uses_second THEN second_email ELSE email END"


def _stamp(seconds: str) -> str:
    """SQL of a time with the offset of the shop's place, from seconds in UTC; summer time from `shop_offset`."""
    offset = f"(CASE WHEN {seconds} >= summer_start AND {seconds} < summer_end THEN -7 ELSE -8 END)"
    local = f"strftime(make_timestamp(({seconds} + {offset} * 3600) * 1000000), '%Y-%m-%d %H:%M:%S')"
    return f"({local} || CASE WHEN {offset} = -7 THEN ' -0700' ELSE ' -0800' END)"


def _summer(year: int) -> tuple[int, int]:
    """Seconds in UTC at which summer time starts and ends in the shop's place in a year."""
    zone = ZoneInfo("America/Los_Angeles")
    found = []
    before = datetime(year, 1, 1, 12, tzinfo=zone).utcoffset()
    for month in range(1, 13):
        for day in range(1, 29 if month == 2 else 31):
            moment = datetime(year, month, day, 12, tzinfo=zone)
            if moment.utcoffset() != before:
                found.append(datetime(year, month, day, 2, tzinfo=UTC).timestamp() - before.total_seconds())  # type: ignore[union-attr]
                before = moment.utcoffset()
    return int(found[0]), int(found[1])


def _roll(salt: str) -> str:
    """SQL of a number in [0, 1) that depends on the order alone."""
    return f"((hash('{salt}', number, created) % 100000) / 100000.0)"


_HEAD_VALUES: dict[str, str] = {
    "Email": f"CASE WHEN {_roll('case')} < {UPPER_EMAIL_SHARE} THEN upper(key) ELSE key END",
    "Financial Status": "CASE WHEN paid = 0 THEN 'voided' WHEN seen_refund = 0 THEN 'paid' "
    "WHEN seen_refund = total THEN 'refunded' ELSE 'partially_refunded' END",
    "Paid at": f"CASE WHEN paid > 0 THEN {_stamp('paid')} END",
    "Fulfillment Status": "CASE WHEN paid = 0 OR paid + 2 * 86400 > exported THEN 'unfulfilled' ELSE 'fulfilled' END",
    "Fulfilled at": f"CASE WHEN paid > 0 AND paid + 2 * 86400 <= exported THEN {_stamp('(paid + 93600)')} END",
    "Accepts Marketing": "CASE WHEN accepts_marketing THEN 'yes' ELSE 'no' END",
    "Currency": "CASE WHEN is_usd THEN 'USD' ELSE 'CNY' END",
    "Subtotal": cents("goods - discount"),
    "Shipping": cents("freight"),
    "Taxes": cents("tax"),
    "Total": cents("total"),
    "Discount Code": "CASE WHEN discount > 0 "
    "THEN concat_ws('+', nullif(promotion, ''), CASE WHEN has_coupon THEN 'WELCOME8' END) END",
    "Discount Amount": cents("discount"),
    "Shipping Method": "CASE WHEN store >= 0 THEN NULL WHEN freight = 0 THEN 'Free Shipping' ELSE 'Standard' END",
    "Created at": _stamp("created"),
    "Billing Name": "name",
    "Billing Street": "street",
    "Billing Address1": "street",
    "Billing City": "city",
    "Billing Zip": f"CASE WHEN {_roll('zip')} < {APOSTROPHE_SHARE} THEN '''' || postcode ELSE postcode END",
    "Billing Province": "area",
    "Billing Country": "country",
    "Billing Phone": "phone",
    "Shipping Name": "name",
    "Shipping Street": "street",
    "Shipping Address1": "street",
    "Shipping City": "city",
    "Shipping Zip": "postcode",
    "Shipping Province": "area",
    "Shipping Country": "country",
    "Shipping Phone": "phone",
    "Notes": f"CASE WHEN {_roll('note')} < {NOTE_SHARE / 2} "
    "THEN 'Please leave the parcel at the door.' || chr(10) || 'Thanks!' "
    f"WHEN {_roll('note')} < {NOTE_SHARE} THEN 'Gift, no invoice in the box' END",
    "Cancelled at": f"CASE WHEN seen_refund = total AND {_roll('cancel')} < 0.5 THEN {_stamp('refunded')} END",
    "Payment Method": "CASE WHEN is_usd THEN 'Shopify Payments' ELSE 'Alipay' END",
    "Payment Reference": "CASE WHEN paid > 0 THEN 'c' || (7000000000000 + number * 13)::varchar || '.1' END",
    "Refunded Amount": cents("seen_refund"),
    "Outstanding Balance": f"CASE WHEN paid = 0 THEN {cents('total')} ELSE '0.00' END",
    "Id": "(5000000000000 + number * 7919)::varchar",
    "Risk Level": "'Low'",
    "Source": "CASE WHEN store >= 0 THEN 'pos' ELSE 'web' END",
    "Location": f"CASE WHEN store >= 0 THEN {[s[1] for s in STORES]}[1 + store] END",
    "Tax 1 Name": "CASE WHEN tax > 0 THEN 'State Tax 6%' END",
    "Tax 1 Value": f"CASE WHEN tax > 0 THEN {cents('tax')} END",
    "Phone": "phone",
    "Billing Province Name": "area_name",
    "Shipping Province Name": "area_name",
    "Payment ID": "CASE WHEN paid > 0 THEN 'c' || (7000000000000 + number * 13)::varchar || '.1' END",
}
_LINE_VALUES: dict[str, str] = {
    "Lineitem quantity": "quantity::varchar",
    "Lineitem name": "product_name",
    "Lineitem price": cents("price"),
    "Lineitem sku": "sku",
    "Lineitem requires shipping": "CASE WHEN kind = 'goods' THEN 'true' ELSE 'false' END",
    "Lineitem taxable": "'true'",
    "Lineitem fulfillment status": "CASE WHEN paid = 0 OR paid + 2 * 86400 > exported THEN 'pending' "
    "ELSE 'fulfilled' END",
    "Lineitem discount": "'0.00'",
    "Vendor": "'Chengyuan Home'",
}


def _value(heading: str) -> str:
    if heading == "Name":
        return order_name("number")
    if heading in _LINE_VALUES:
        return _LINE_VALUES[heading]
    return f"CASE WHEN line_number = 1 THEN {_HEAD_VALUES[heading]} END" if heading in _HEAD_VALUES else "NULL::varchar"


def _rows_sql(headings: tuple[str, ...], summer: tuple[int, int], exported: int, low: int) -> str:
    values = ", ".join(f"{_value(h)} AS c{i}" for i, h in enumerate(headings))
    return f"""
        SELECT {values}, 0 AS k1, -number AS k2, line_number AS k3
        FROM (
            SELECT o.*, l.line_number, l.quantity, l.price, i.sku, i.name AS product_name, i.kind,
                {shop_key()} AS key, {summer[0]} AS summer_start, {summer[1]} AS summer_end, {exported} AS exported,
                CASE WHEN refunded > 0 AND refunded < {exported} THEN refund ELSE 0 END AS seen_refund,
                CASE WHEN is_foreign THEN state_code ELSE province_code END AS area,
                CASE WHEN is_foreign THEN state ELSE province END AS area_name,
                CASE WHEN shop_phone IS NULL OR is_foreign OR length(shop_phone) <> 11 THEN shop_phone
                    ELSE '''+86' || shop_phone END AS phone
            FROM shop_order o JOIN shop_line l USING (month, row) JOIN product i USING (product)
            WHERE o.created >= {low}
        )
    """


def _garbage_sql(headings: tuple[str, ...], kind: str, count: int, month: int) -> str:
    """Records keyed in by the shop's staff to try something: a negative price, or a day that does not exist."""
    plain = {
        "Name": f"'#T{month:02d}' || (100 + n)::varchar",
        "Financial Status": "'paid'",
        "Currency": "'USD'",
        "Subtotal": "'0.00'", "Shipping": "'0.00'", "Taxes": "'0.00'", "Total": "'0.00'", "Discount Amount": "'0.00'",
        "Created at": "'2025-02-30 10:00:00 -0800'" if kind == "date" else "'2025-02-28 10:00:00 -0800'",
        "Lineitem quantity": "'1'",
        "Lineitem name": "'Test item'",
        "Lineitem price": "'-1.00'" if kind == "price" else "'1.00'",
        "Lineitem sku": "'TEST'",
        "Refunded Amount": "'0.00'",
    }  # fmt: skip
    columns = ", ".join(f"{plain.get(h, 'NULL::varchar')} AS c{i}" for i, h in enumerate(headings))
    order = 1 if kind == "price" else 2
    return f"SELECT {columns}, {order} AS k1, n AS k2, 1 AS k3 FROM range({count}) t(n)"


class ShopifyExport:
    """Writes each month's orders and again the last days of the month before, whose refunds are known by then."""

    def __init__(self, outbox: Outbox, history: History) -> None:
        self.outbox, self.history = outbox, history
        self._prices, self._dates = Portions(GARBAGE_LINE_SHARE), Portions(BAD_DATE_SHARE)

    def write(self, orders: MonthOrders) -> None:
        """Write the month in table `month_order` / `month_line`; call it month after month."""
        con, month = self.outbox.con, orders.month
        con.execute(
            f"CREATE OR REPLACE TABLE next_order AS SELECT {month} AS month, o.*, "
            f"map_extract_value(MAP {PROVINCE_CODES}, o.province) AS province_code "
            f"FROM month_order o WHERE system = {IN_SHOP}"
        )
        con.execute(
            f"CREATE OR REPLACE TABLE next_line AS SELECT {month} AS month, l.* FROM month_line l "
            f"SEMI JOIN next_order o ON o.row = l.row"
        )
        low = month_start(self.history, month) - OVERLAP_DAYS * 86400
        for name in ("order", "line"):
            if month == 0:
                con.execute(f"CREATE OR REPLACE TABLE shop_{name} AS FROM next_{name}")
            else:
                con.execute(f"DELETE FROM shop_{name} WHERE month < {month - 1}")
                con.execute(f"INSERT INTO shop_{name} FROM next_{name}")
        last = self.history.days(month)[-1]
        exported = next_day(last)
        headings = headings_of(last.year)
        until = month_start(self.history, month) + len(self.history.days(month)) * 86400
        rows = _rows_sql(headings, _summer(last.year), until, low)
        lines = int((orders.system[orders.line_order] == IN_SHOP).sum())
        prices, dates = self._prices.of(lines), self._dates.of(lines)
        sql = (
            f"SELECT * EXCLUDE (k1, k2, k3) FROM (({rows}) "
            f"UNION ALL ({_garbage_sql(headings, 'price', prices, month)}) "
            f"UNION ALL ({_garbage_sql(headings, 'date', dates, month + 50)})) ORDER BY k1, k2, k3"
        )
        name = f"orders_export_{last:%Y-%m}.csv"
        rejected = {k: v for k, v in (("below_minimum", prices), ("not_a_timestamp", dates)) if v}
        self.outbox.write_csv("shopify", "orders", f"{last:%Y}/{name}", headings, sql, exported, rejected=rejected)
