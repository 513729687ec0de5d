"""Orders as DuckDB tables: one row per order and per line, with the customer's texts beside, ready to be written.

Belongs here: putting a month's arrays into the engine. Not here: the form of an export.
Views made: `person` (all persons), `month_order` and `month_line` (one month, order columns as in `MonthOrders`; money
in cents, times in seconds since 1970 in UTC).
"""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa

from ingestion.sample.channels import CHANNEL_NAMES
from ingestion.sample.orders import MonthOrders
from ingestion.sample.persons import IN_SHOP, MARKETS, Persons
from ingestion.sample.products import Product, products

_ORDER_COLUMNS = (
    *("number", "person", "is_first", "system", "store", "is_usd", "uses_second", "created", "paid", "has_coupon"),
    *("goods", "discount", "freight", "tax", "refund", "refunded", "platform_coupon"),
)


def load_persons(con: duckdb.DuckDBPyConnection, persons: Persons) -> None:
    """Table `person`; `market` is the marketplace where the person buys."""
    market = pa.array(MARKETS).take(pa.array(persons.market))
    con.register("person_arrow", persons.table.append_column("market", market))
    con.execute("CREATE OR REPLACE TABLE person AS SELECT * FROM person_arrow")
    con.unregister("person_arrow")


def load_products(con: duckdb.DuckDBPyConnection) -> None:
    """Table `product`, numbered as in `products()`."""
    rows: tuple[Product, ...] = products()
    table = pa.table({name: [getattr(p, name) for p in rows] for name in Product.__dataclass_fields__})
    con.register("product_arrow", table.append_column("product", pa.array(range(len(rows)), pa.int64())))
    con.execute("CREATE OR REPLACE TABLE product AS SELECT * FROM product_arrow")
    con.unregister("product_arrow")


def load_month(con: duckdb.DuckDBPyConnection, orders: MonthOrders) -> None:
    """Tables `month_order` (with the person's texts, and `platform`: shopify or the marketplace) and `month_line`."""
    columns = {name: pa.array(getattr(orders, name)) for name in _ORDER_COLUMNS}
    columns["row"] = pa.array(np.arange(orders.count))
    columns["total"] = pa.array(orders.total)
    columns["cause"] = pa.array(CHANNEL_NAMES).take(pa.array(orders.cause))
    columns["promotion"] = pa.array(orders.promotion_names).take(pa.array(orders.promotion))
    con.register("order_arrow", pa.table(columns))
    con.execute(
        "CREATE OR REPLACE TABLE month_order AS "
        f"SELECT o.*, p.* EXCLUDE (person), CASE system WHEN {IN_SHOP} THEN 'shopify' ELSE market END AS platform "
        "FROM order_arrow o JOIN person p USING (person) ORDER BY o.row"
    )
    con.unregister("order_arrow")
    con.register(
        "line_arrow",
        pa.table(
            {
                "row": pa.array(orders.line_order),
                "line_number": pa.array(orders.line_number),
                "product": pa.array(orders.product),
                "quantity": pa.array(orders.quantity),
                "price": pa.array(orders.price),
            }
        ),
    )
    con.execute("CREATE OR REPLACE TABLE month_line AS SELECT * FROM line_arrow ORDER BY row, line_number")
    con.unregister("line_arrow")


def cents(expression: str) -> str:
    """SQL text of whole cents as an amount with two decimals, without rounding error."""
    return f"(({expression})::decimal(18, 0) / 100)::decimal(18, 2)::varchar"
