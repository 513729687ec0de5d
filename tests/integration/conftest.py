"""Homes that several integration tests share: the sample company, and a small invented shop in the Olist form, whose
exports a test can spoil."""

from __future__ import annotations

import csv
import datetime as dt
import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ingestion.home import Home
from ingestion.sample import write_sample
from tests.support import MilepostHome

ORDERS = 400
START = dt.datetime(2018, 1, 1, 10, 0, 0)


def _id(kind: int, number: int) -> str:
    """A 32-digit hexadecimal id, as the shop writes them."""
    return f"{kind:02x}{number * 2654435761 % 2**64:016x}{number:014x}"


@dataclass
class InventedShop:
    """Rows of the shop's exports by table; spoil them, then `drop` them into a home's inbox."""

    tables: dict[str, list[dict[str, str]]] = field(default_factory=dict)

    def drop(self, home: MilepostHome, folder: str = "first") -> None:
        target = home.root / "inbox" / "olist" / folder
        target.mkdir(parents=True, exist_ok=True)
        for table, rows in self.tables.items():
            write_rows(target / f"olist_{table}_dataset.csv", rows)


def write_rows(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as target:
        writer = csv.DictWriter(target, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture(scope="session")
def sample_company(tmp_path_factory: pytest.TempPathFactory) -> MilepostHome:
    """The sample company in a few hundred orders, published once; to be read only.

    MILEPOST_SAMPLE_HOME names a home of it that was published before.
    """
    if given := os.environ.get("MILEPOST_SAMPLE_HOME"):
        return MilepostHome(Path(given))
    home = MilepostHome(tmp_path_factory.mktemp("sample_company") / "home")
    write_sample(Home(home.root).ensure(), "tiny", seed=1)
    home.milepost("run", "--as-of", "2026-09-30T15:59", expect=4)
    return home


@pytest.fixture
def shop() -> InventedShop:
    """A shop of the test's own, to spoil."""
    return invented_shop()


def invented_shop() -> InventedShop:
    """400 orders of 150 persons, two lines each, 20 products; nothing wrong with them."""
    stamp = "%Y-%m-%d %H:%M:%S"
    customers, orders, items, payments = [], [], [], []
    for number in range(ORDERS):
        at = START + dt.timedelta(hours=7 * number)
        order_id, customer_id = _id(1, number), _id(2, number)
        customers.append(
            {
                "customer_id": customer_id,
                "customer_unique_id": _id(3, number % 150),
                "customer_zip_code_prefix": f"{1000 + number % 90:05d}",
                "customer_city": "sao paulo",
                "customer_state": "SP",
            }
        )
        orders.append(
            {
                "order_id": order_id,
                "customer_id": customer_id,
                "order_status": "delivered",
                "order_purchase_timestamp": at.strftime(stamp),
                "order_approved_at": (at + dt.timedelta(minutes=10)).strftime(stamp),
                "order_delivered_carrier_date": (at + dt.timedelta(days=1)).strftime(stamp),
                "order_delivered_customer_date": (at + dt.timedelta(days=4)).strftime(stamp),
                "order_estimated_delivery_date": (at + dt.timedelta(days=9)).strftime(stamp),
            }
        )
        for line in (1, 2):
            items.append(
                {
                    "order_id": order_id,
                    "order_item_id": str(line),
                    "product_id": _id(4, (number + line) % 20),
                    "seller_id": _id(5, number % 3),
                    "shipping_limit_date": (at + dt.timedelta(days=2)).strftime(stamp),
                    "price": f"{10 + (number * 7 + line * 13) % 90}.50",
                    "freight_value": "4.20",
                }
            )
        total = sum(float(item["price"]) + 4.20 for item in items[-2:])
        payments.append(
            {
                "order_id": order_id,
                "payment_sequential": "1",
                "payment_type": "credit_card",
                "payment_installments": "1",
                "payment_value": f"{total:.2f}",
            }
        )
    products = [
        {
            "product_id": _id(4, number),
            "product_category_name": ["perfumaria", "artes", "bebes", "cool_stuff"][number % 4],
            "product_name_lenght": "40",
            "product_description_lenght": "300",
            "product_photos_qty": "1",
            "product_weight_g": "200",
            "product_length_cm": "10",
            "product_height_cm": "5",
            "product_width_cm": "8",
        }
        for number in range(20)
    ]
    return InventedShop(
        {
            "customers": customers,
            "orders": orders,
            "order_items": items,
            "order_payments": payments,
            "products": products,
        }
    )
