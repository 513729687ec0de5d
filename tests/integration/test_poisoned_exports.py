"""A poisoned export: records are rejected, a delivery is held, or the gate closes; never more, never silently."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.integration.conftest import InventedShop, write_rows
from tests.support import MilepostHome

AS_OF = "2018-06-01"
SETTINGS = "business:\n  reporting_currency: BRL\n  reporting_time_zone: America/Sao_Paulo\n"


@pytest.fixture
def home(make_home: Callable[[str], MilepostHome]) -> MilepostHome:
    made = make_home("poisoned")
    made.settings(SETTINGS)
    return made


def test_a_negative_price_in_a_fiftieth_of_the_rows_rejects_those_and_publishes_the_rest(
    home: MilepostHome, shop: InventedShop
) -> None:
    items = shop.tables["order_items"]
    for item in items[::50]:
        item["price"] = f"-{item['price']}"
    shop.drop(home)
    home.milepost("run", "--as-of", AS_OF)
    rows = home.one(
        "select received_rows, accepted_rows, superseded_rows, rejected_rows from data.delivery_accounting"
        " where contract = 'olist.order_items'"
    )
    assert rows == (800, 784, 0, 16)
    assert home.one("select count(*) from core.fct_order_lines") == 784
    listed = home.milepost("rejects", "list").output
    assert "price" in listed
    assert "16" in listed


def test_too_many_negative_prices_hold_the_delivery_and_the_others_go_on(
    home: MilepostHome, shop: InventedShop
) -> None:
    for item in shop.tables["order_items"][::10]:
        item["price"] = f"-{item['price']}"
    shop.drop(home)
    home.milepost("run", "--as-of", AS_OF, expect=4)
    assert home.one("select count(*) from core.fct_orders") == 400
    assert home.one("select count(*) from core.fct_order_lines") == 0
    held = home.one(
        "select delivery_id, state, received_rows, accepted_rows, rejected_rows from data.delivery_accounting"
        " where contract = 'olist.order_items'"
    )
    assert held[1:] == ("held", 800, 720, 80)
    assert "10" in home.milepost("deliveries", "show", held[0]).output
    home.milepost("deliveries", "confirm", held[0])
    home.milepost("run", "--as-of", AS_OF)
    assert home.one("select count(*) from core.fct_order_lines") == 720


def test_a_missing_column_stops_that_delivery_with_a_clear_reason(home: MilepostHome, shop: InventedShop) -> None:
    for item in shop.tables["order_items"]:
        item["preco"] = item.pop("price")
    shop.drop(home)
    home.milepost("run", "--as-of", AS_OF, expect=4)
    assert home.one("select count(*) from core.fct_orders") == 400
    status = home.milepost("status").output
    assert "olist_order_items_dataset.csv" in status
    listed = home.milepost("deliveries", "list", "--format", "json").output
    assert "price" in listed


def test_half_a_file_keeps_what_is_whole_and_rejects_the_cut_record(home: MilepostHome, shop: InventedShop) -> None:
    shop.drop(home)
    path = home.root / "inbox" / "olist" / "first" / "olist_order_items_dataset.csv"
    content = path.read_bytes()
    lines = content.splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:401]) + lines[401][:60])
    home.milepost("run", "--as-of", AS_OF, expect=None)
    rows = home.one(
        "select received_rows, accepted_rows, superseded_rows, rejected_rows from data.delivery_accounting"
        " where contract = 'olist.order_items'"
    )
    assert rows == (401, 400, 0, 1)


def test_a_phone_number_in_a_product_name_closes_the_gate(home: MilepostHome, shop: InventedShop) -> None:
    shop.drop(home)
    home.milepost("run", "--as-of", AS_OF)
    published = home.catalog.resolve()
    planted = "13812345678"
    products = [dict(row) for row in shop.tables["products"]]
    products[3]["product_category_name"] = f"call me {planted}"
    second = home.root / "inbox" / "olist" / "second"
    second.mkdir(parents=True)
    write_rows(second / "olist_products_dataset.csv", products)

    closed = home.milepost("run", "--as-of", AS_OF, expect=3)

    assert home.catalog.resolve() == published
    status = home.milepost("status").output
    assert "closed" in status.lower()
    for text in (closed.output, status):
        assert planted not in text
        assert "product" in text
    docs = [page.read_text(encoding="utf-8") for page in (home.root / "data_docs").rglob("*.html")]
    assert any("personal_data" in page for page in docs)
    assert not any(planted in page for page in docs)
    # the way out that the status names: the delivery at fault is withdrawn, and the next run goes on
    culprit = next(
        word.strip(".,()|│")
        for line in status.splitlines()
        for word in line.split()
        if word.strip(".,()|│").startswith("olist-")
    )
    home.milepost("deliveries", "withdraw", culprit)
    home.milepost("run", "--as-of", AS_OF)
    assert home.one("select count(*) from core.dim_product") == 20
    assert home.milepost("status").output.lower().count("passed") > 0


def test_a_home_without_a_passed_build_has_nothing_to_read_and_says_so(home: MilepostHome, shop: InventedShop) -> None:
    shop.tables["products"][0]["product_category_name"] = "call me 13812345678"
    shop.drop(home)
    home.milepost("run", "--as-of", AS_OF, expect=3)
    assert not home.catalog.exists()
    answer = home.milepost("query", "select 1", expect=1).output
    assert "published" in answer
