"""Exports of the ERP: price lists, stock, receivables, expenses and exchange rates, as its tables hold them.

Belongs here: what finance and supply book (receivables of won deals, stock by week, expenses by month) and the form:
column names of the database, ISO dates, an empty cell for NULL. Not here: the deals (`business.py`), spend
(`spend.py`). Table: `invoice`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from ingestion.sample import reference, words
from ingestion.sample.crm_keys import CUSTOMER, DEAL
from ingestion.sample.demand import History
from ingestion.sample.operations import half_years, local, roll, second_of, wait
from ingestion.sample.outbox import Outbox, comma_separated, next_day
from ingestion.sample.products import arrays, products
from ingestion.sample.random_streams import Floats, stream
from ingestion.sample.stores import STORES
from ingestion.sample.tables import cents

PRICES = comma_separated("item_code,channel_code,list_price,floor_price,currency,valid_from,valid_to,updated_at")
STOCK = comma_separated("snapshot_date,item_code,channel_code,store_code,on_hand_qty,stock_value,currency,updated_at")
RECEIVABLES = comma_separated(
    "invoice_no,customer_no,customer_source,order_no,order_source,opportunity_no,contract_no,seller_no,region,"
    "credit_rating,amount,currency,issued_on,due_on,received_amount,balance,status,changed_at"
)
EXPENSES = comma_separated(
    "voucher_no,line_no,booked_on,category,region,marketing_channel,campaign_no,cost_centre,employee_no,store_code,"
    "amount,currency,memo,updated_at"
)
RATES = comma_separated("base_currency,quote_currency,rate_date,rate,updated_at")
NEVER_PAID_SHARE, PART_PAID_SHARE = 0.04, 0.4
#: Rating -> share of customers, days to pay, mean days late.
RATINGS = {"AAA": (0.2, 60, 1.0), "AA": (0.3, 45, 3.0), "A": (0.3, 30, 6.0), "B": (0.2, 30, 16.0)}
_PRICE_CHANNELS = (("web_shop", 0.84), ("tmall", 0.80), ("direct_sales", 0.74))
#: Share of the month's revenue that is spent on it.
_CATEGORIES = {"training": 0.012, "technology": 0.025, "visits": 0.015, "travel": 0.018, "incentives": 0.016}
_LABOUR_SHARE = 0.02
_REGIONS = ("华北", "东北", "华东", "华中", "华南", "西南", "西北", "Overseas")


def write(
    outbox: Outbox, history: History, seed: int, spend: Mapping[tuple[str, int], float], revenue: Floats
) -> dict[str, object]:
    """Write all five; `spend` is CNY by marketing channel and month, `revenue` CNY by month. The answer is what finance
    would see."""
    _make_invoices(outbox)
    expenses = _make_expenses(outbox, history, seed, spend, revenue)
    _make_stock(outbox, history, seed)
    _register_rates(outbox, history, seed)
    for last, low, seen in half_years(history):
        first = _day_of(low, history)
        year, stamp = f"{last:%Y}", f"{last:%Y-%m-%d}"
        for export, headings, sql in (
            ("price_lists", PRICES, _price_sql(first, last)),
            ("stock_levels", STOCK, _stock_sql(first, last)),
            ("receivables", RECEIVABLES, _receivable_sql(low, seen)),
            ("expenses", EXPENSES, _expense_sql(first, last)),
            ("exchange_rates", RATES, _rate_sql(first, last)),
        ):
            outbox.write_csv("erp", export, f"{year}/{export}_{stamp}.csv", headings, sql, next_day(last))
    for name in ("stock_arrow", "expense_arrow", "erp_rate_arrow"):
        outbox.con.unregister(name)
    end = second_of(history.end_date) + 86400
    rows = outbox.con.execute(
        f"""
        SELECT currency, sum(amount) / 100.0, sum(CASE WHEN final > 0 AND final < {end} THEN amount
            WHEN part > 0 AND part < {end} THEN amount // 2 ELSE 0 END) / 100.0
        FROM invoice WHERE issued < {end} GROUP BY currency ORDER BY currency
        """
    ).fetchall()
    return {
        "invoiced": {c: round(float(a), 2) for c, a, _ in rows},
        "received": {c: round(float(r), 2) for c, _, r in rows},
        "expenses_cny": expenses,
    }


def _day_of(second: int, history: History) -> date:
    if second == 0:
        return history.start_date - timedelta(30)
    return date(1970, 1, 1) + timedelta((second + 28800) // 86400)


def _make_invoices(outbox: Outbox) -> None:
    """Table `invoice`: one per won deal; paid in one sum or two, late as the customer's rating says, or never."""
    total, ratings, days, late = 0.0, [], [], []
    for rating, (share, due, mean) in RATINGS.items():
        total += share
        ratings.append(f"WHEN r < {total:.2f} THEN '{rating}'")
        days.append(f"WHEN '{rating}' THEN {due}")
        late.append(f"WHEN '{rating}' THEN {mean}")
    last = next(reversed(RATINGS))
    outbox.con.execute(
        f"""
        CREATE OR REPLACE TABLE invoice AS
        SELECT *, CASE WHEN is_part THEN issued + (due - issued) // 2 ELSE 0 END AS part,
            CASE WHEN {roll("never", "d", "issued")} < {NEVER_PAID_SHARE} THEN 0
                ELSE due - 4 * 86400 + {wait("paid", f"86400 * (3 + CASE rating {' '.join(late)} END)", "d", "issued")}
            END AS final
        FROM (
            SELECT *, issued + 86400 * CASE rating {" ".join(days)} END AS due,
                {roll("part", "d", "issued")} < {PART_PAID_SHARE} AS is_part
            FROM (
                SELECT *, CASE {" ".join(ratings)} ELSE '{last}' END AS rating
                FROM (
                    SELECT d, 'FP' || (800001 + d)::varchar AS invoice_no, lead, crm, deal_is_cn, owner, region, amount,
                        CASE WHEN deal_is_cn THEN 'CNY' ELSE 'USD' END AS currency, deal_closed + 2 * 86400 AS issued,
                        {CUSTOMER} AS customer_no, {DEAL} AS deal_no,
                        'HT' || (400001 + d)::varchar AS contract_no, {roll("rating", "lead", "created")} AS r
                    FROM deal WHERE deal_is_won
                )
            )
        )
        ORDER BY d
        """
    )


def _receivable_sql(low: int, seen: int) -> str:
    """A row per change of a balance: issued, paid in part, paid."""
    day = "strftime(make_timestamp(({0} + 28800) * 1000000), '%Y-%m-%d')"
    return f"""
        SELECT invoice_no, customer_no, crm, NULL, NULL, deal_no, contract_no, owner, region,
            rating, {cents("amount")}, currency, {day.format("issued")},
            {day.format("due")}, {cents("received")}, {cents("amount - received")}, status, {local("moment", seen)}
        FROM (
            SELECT *, issued AS moment, 0 AS received, 'open' AS status FROM invoice
            UNION ALL SELECT *, part, amount // 2, 'partly_paid' FROM invoice
            WHERE part > 0 AND (final = 0 OR part < final)
            UNION ALL SELECT *, greatest(final, issued + 3600), amount, 'paid' FROM invoice WHERE final > 0
        )
        WHERE moment >= {low} AND moment < {seen} ORDER BY invoice_no, moment
    """


def _price_sql(first: date, last: date) -> str:
    """Prices change with the year; floors differ by channel."""
    channels = ", ".join(f"('{channel}', {share})" for channel, share in _PRICE_CHANNELS)
    return f"""
        SELECT sku, channel, format('{{:.2f}}', list_price), format('{{:.2f}}', greatest(unit_cost * 1.05,
            list_price * floor_share)), 'CNY', starts::date::varchar,
            CASE WHEN year(starts) < year(DATE '{last}') THEN (starts + INTERVAL 1 YEAR - INTERVAL 1 DAY)::date::varchar
            END, greatest(starts::date, DATE '{first}')::varchar || ' 08:00:00'
        FROM product, (VALUES {channels}) c(channel, floor_share),
            generate_series(date_trunc('year', DATE '{first}'), DATE '{last}', INTERVAL 1 YEAR) y(starts)
        ORDER BY sku, channel, starts
    """


def _make_stock(outbox: Outbox, history: History, seed: int) -> None:
    """Stock of the central warehouse each Sunday: falls with sales, is filled up again; E1 runs out once."""
    rng = stream(seed, "stock")
    first = history.start_date + timedelta((6 - history.start_date.weekday()) % 7)
    weeks = max((history.end_date - first).days // 7 + 1, 1)
    goods = [n for n, p in enumerate(products()) if p.kind == "goods"]
    level = np.rint(arrays()["weight"][goods] * 90)
    quantity = np.empty((weeks, len(goods)))
    current = level * rng.uniform(0.6, 1.2, len(goods))
    for week in range(weeks):  # weeks, not records: each starts from the one before
        current = current - level * rng.uniform(0.05, 0.2, len(goods))
        current = np.where(current < level * 0.25, level * rng.uniform(0.9, 1.3, len(goods)), current)
        quantity[week] = np.rint(current)
    empty = [n for n, place in enumerate(goods) if products()[place].sku == "CF-1003"]
    quantity[weeks // 2, empty] = 0
    days = np.repeat([np.datetime64(first + timedelta(7 * week)) for week in range(weeks)], len(goods))
    outbox.register(
        "stock_arrow",
        pa.table({"day": days.astype("datetime64[D]"), "product": np.tile(goods, weeks), "quantity": quantity.ravel()}),
    )


def _stock_sql(first: date, last: date) -> str:
    """The warehouse, and a shelf of the goods that each store keeps."""
    return f"""
        SELECT day::varchar, sku, NULL, store, quantity::int::varchar, format('{{:.2f}}', quantity * unit_cost), 'CNY',
            day::varchar || ' 23:30:00'
        FROM (
            SELECT day, product, NULL AS store, quantity FROM stock_arrow
            UNION ALL
            SELECT day, product, store, 2 + (hash('shelf', store, product, day) % 7) AS quantity
            FROM stock_arrow, (SELECT unnest({[s[0] for s in STORES]}) AS store) s
            WHERE hash('range', store, product) % 3 > 0
        ) JOIN product USING (product)
        WHERE day >= DATE '{first}' AND day <= DATE '{last}' ORDER BY day, sku, store NULLS FIRST
    """


def _make_expenses(
    outbox: Outbox, history: History, seed: int, spend: Mapping[tuple[str, int], float], revenue: Floats
) -> dict[str, float]:
    """Register the bookings of each month: spend by channel, categories by region, labour, and a reversal a quarter."""
    rng = stream(seed, "expenses")
    rows: list[tuple[date, str, str | None, str | None, str | None, str | None, float, str]] = []
    for month in range(history.month_count):
        last = history.days(month)[-1]
        for channel in sorted({channel for channel, _ in spend}):
            rows.append(
                (
                    last,
                    "promotion",
                    None,
                    channel,
                    "市场部",
                    None,
                    round(spend.get((channel, month), 0.0), 2),
                    "投放费用",
                )
            )
        for category, share in _CATEGORIES.items():
            for region in _REGIONS:
                amount = round(float(revenue[month] * share / len(_REGIONS) * rng.uniform(0.6, 1.4)), 2)
                seller = next((e[0] for e in words.EMPLOYEES if e[3] == region and e[4] == "seller"), None)
                rows.append((last - timedelta(int(rng.integers(0, 20))), category, region, None, None, seller, amount,
                             "客户拜访" if category == "visits" else "月度费用"))  # fmt: skip
        rows.append(
            (last, "labour", None, None, "市场部", None, round(float(revenue[month] * _LABOUR_SHARE), 2), "市场人工")
        )
        if month % 3 == 2:
            rows.append((last, "travel", "华东", None, None, "E011", -1_280.0, "冲销重复报销"))
    names = ("day", "category", "region", "channel", "team", "employee", "amount", "memo")
    columns = {name: [row[place] for row in rows] for place, name in enumerate(names)}
    outbox.register("expense_arrow", pa.table({"n": list(range(len(rows))), **columns}))
    totals: dict[str, float] = {}
    for row in rows:
        totals[row[1]] = round(totals.get(row[1], 0.0) + row[6], 2)
    return totals


def _expense_sql(first: date, last: date) -> str:
    return f"""
        SELECT 'PZ' || strftime(day, '%Y%m') || lpad((n % 997)::varchar, 3, '0'), (1 + n // 997)::varchar, day::varchar,
            category, region, channel, NULL, team, employee, NULL, format('{{:.2f}}', amount), 'CNY', memo,
            day::varchar || ' 20:00:00'
        FROM expense_arrow WHERE day >= DATE '{first}' AND day <= DATE '{last}' ORDER BY n
    """


def _register_rates(outbox: Outbox, history: History, seed: int) -> None:
    days = reference.rate_days(history)
    parts = [
        pa.table({"base": [name] * len(days), "day": days, "rate": values})
        for name, values in reference.usd_rates(seed, history).items()
    ]
    outbox.register("erp_rate_arrow", pa.concat_tables(parts))


def _rate_sql(first: date, last: date) -> str:
    return f"""
        SELECT base, 'CNY', day::varchar, format('{{:.4f}}', rate), day::varchar || ' 09:20:00' FROM erp_rate_arrow
        WHERE isodow(day) < 6 AND day >= DATE '{first}' AND day <= DATE '{last}' ORDER BY day, base
    """
