"""Three overlapping exports of one Brazilian shop database, its payments in full, and its sales funnel."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from tests.support import MilepostHome, alike

SETTINGS = "business:\n  reporting_currency: BRL\n  reporting_time_zone: America/Sao_Paulo\n"
AS_OF = "2018-11-01"

BY_ORIGIN = {
    "organic_search": (2296, 271),
    "paid_search": (1586, 195),
    "unknown": (1099, 179),
    "social": (1350, 75),
    "direct_traffic": (499, 56),
    "referral": (284, 24),
    "email": (493, 15),
    "(none)": (60, 14),
    "display": (118, 6),
    "other": (150, 4),
    "other_publicities": (65, 3),
}

BY_METHOD = {
    "credit_card": (76795, Decimal("12542084.19")),
    "boleto": (19784, Decimal("2869361.27")),
    "voucher": (5775, Decimal("379436.87")),
    "debit_card": (1529, Decimal("217989.79")),
    "not_defined": (3, Decimal("0.00")),
}


def drop_exports(home: MilepostHome, exports: Path, folders: list[str]) -> None:
    home.settings(SETTINGS)
    for number, folder in enumerate(folders, start=1):
        files = sorted((exports / folder).glob("*.csv"))
        home.drop("olist", {f"{number}-{folder}/{path.name}": path for path in files})


@pytest.fixture(scope="module")
def published(make_home: Callable[[str], MilepostHome], exports: Path) -> MilepostHome:
    home = make_home("olist")
    drop_exports(
        home, exports, ["olist_sample4k", "olist_sample8k", "olist_sample9", "olist_full_parts", "olist_funnel"]
    )
    home.milepost("run", "--as-of", AS_OF)
    return home


def test_overlapping_exports_are_one_set_of_orders(published: MilepostHome) -> None:
    assert published.one("select count(*) from core.fct_orders where source_system = 'olist'") == 14318


def test_persons_are_counted_by_the_shops_own_person_key(published: MilepostHome) -> None:
    assert (
        published.one("select count(distinct customer_id) from core.fct_orders where source_system = 'olist'") == 14242
    )


def test_items_price_and_freight_are_those_of_the_union(published: MilepostHome) -> None:
    rows = published.one("select count(*), sum(net_amount), sum(freight_amount) from core.fct_order_lines")
    assert rows == (16242, Decimal("1940489.10"), Decimal("325305.27"))


def test_payments_of_known_orders(published: MilepostHome) -> None:
    rows = published.one(
        "select count(*), sum(amount) from core.fct_payments where order_id in (select order_id from core.fct_orders)"
    )
    assert rows == (14960, Decimal("2291071.84"))


def test_payments_by_method(published: MilepostHome) -> None:
    rows = published.query("select method, count(*), sum(amount) from core.fct_payments group by method")
    assert {method: (count, amount) for method, count, amount in rows} == BY_METHOD
    assert published.one("select count(distinct order_id) from core.fct_payments") == 99440


def test_payments_of_absent_orders_are_kept_and_reported(published: MilepostHome) -> None:
    rows = published.one(
        "select count(*), count(distinct order_id) from core.fct_payments"
        " where order_id not in (select order_id from core.fct_orders)"
    )
    assert rows == (88926, 85123)


def test_lost_leading_zeros_of_postcode_areas_are_restored(published: MilepostHome) -> None:
    lake = published.root / "lake" / "customer" / "*.parquet"
    rows = published.one(f"select min(length(postcode_area)), max(length(postcode_area)) from '{lake}'")
    assert rows == (5, 5)


def test_products_without_a_category_are_kept(published: MilepostHome) -> None:
    assert (
        published.one("select count(*) from core.dim_product where product_line is null or product_line = '(none)'")
        == 610
    )


def test_nothing_is_rejected_and_the_accounting_sums(published: MilepostHome) -> None:
    rows = published.one(
        "select sum(rejected_rows), bool_and(received_rows = accepted_rows + superseded_rows + rejected_rows)"
        " from data.delivery_accounting where state = 'active'"
    )
    assert rows == (0, True)


def test_funnel_by_origin_keeps_missing_and_unknown_apart(published: MilepostHome) -> None:
    rows = published.query(
        "select coalesce(l.lead_source, '(none)'), count(*), count(*) filter (where l.is_won)"
        " from core.fct_leads as l where l.source_system = 'olist' group by 1"
    )
    assert {origin: (leads, won) for origin, leads, won in rows} == BY_ORIGIN


def test_lead_conversion_of_the_whole_funnel(published: MilepostHome) -> None:
    rows = published.one(
        "select sum(numerator), sum(denominator) from kpi.kpi_values"
        " where kpi_id = 'lead_conversion_rate' and grain = 'year' and dimension = 'total'"
    )
    assert rows == (842, 8000)


def test_the_deal_won_before_its_first_contact_is_flagged_not_averaged(published: MilepostHome) -> None:
    assert published.one("select count(*) from core.fct_leads where is_won_before_created") == 1


@pytest.mark.slow
def test_any_order_of_the_exports_gives_the_same_marts(
    published: MilepostHome, make_home: Callable[[str], MilepostHome], exports: Path
) -> None:
    other = make_home("olist-reversed")
    drop_exports(
        other, exports, ["olist_funnel", "olist_full_parts", "olist_sample9", "olist_sample8k", "olist_sample4k"]
    )
    other.milepost("run", "--as-of", AS_OF)
    for mart in ("core.fct_orders", "core.fct_order_lines", "core.fct_payments", "core.dim_customer", "kpi.kpi_values"):
        columns = [
            name
            for (name,) in published.query(f"select column_name from (describe {mart})")
            if not name.startswith("_") and "delivery" not in name
        ]
        select = f"select {', '.join(columns)} from {mart}"
        assert alike(published.query(select)) == alike(other.query(select)), f"{mart} depends on the order of delivery"
