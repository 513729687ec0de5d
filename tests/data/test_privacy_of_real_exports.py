"""The scan on real exports: full of long ids and no false alarm, and what is really in them is found."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from ingestion.privacy.keys import Keys
from ingestion.privacy.scan import ScanFinding, scan_relation
from ingestion.privacy.tokens import tokenise
from ingestion.privacy.vault import Vault

DATA = Path(os.environ.get("MILEPOST_TEST_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
KEYS = Keys(b"t" * 32, {1: b"1" * 32})

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"no real exports at {DATA}: set MILEPOST_TEST_DATA")

EXPORTS = [
    "facebook_posts/Live.csv",
    "facebook_posts/dataset_Facebook.csv",
    "olist_full_parts/olist_products_dataset.csv",
    "olist_funnel/olist_closed_deals_dataset.csv",
    "olist_funnel/olist_marketing_qualified_leads_dataset.csv",
    "olist_sample4k/olist_customers_dataset.csv",
    "olist_sample4k/olist_order_items_dataset.csv",
    "olist_sample4k/olist_order_payments_dataset.csv",
    "olist_sample4k/olist_order_reviews_dataset.csv",
    "olist_sample4k/olist_orders_dataset.csv",
    "olist_sample9/olist_geolocation_dataset.csv",
    "online_retail/by-day/2011-11-*.csv",
    "salesforce/opportunityData.csv",
]


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    """A vault that holds some value of every class."""
    vault = Vault(tmp_path, KEYS)
    for identifier, value in {
        "phone": "+8613812345678",
        "email": "ann@example.com",
        "name": "张三",
        "address": "1 Some Road",
        "national_id": "11010519491231002X",
        "bank_card": "4111111111111111",
        "account": "tb_nick_1",
        "customer_key": "zhang-01",
    }.items():
        clear = pa.array([value])
        vault.stage("b", identifier, tokenise(clear, identifier, KEYS), clear)
    return vault


def _scan(con: duckdb.DuckDBPyConnection, name: str, vault: Vault) -> list[ScanFinding]:
    """Every column as text, none declared an id."""
    source = f"read_csv('{DATA / name}', all_varchar = true, union_by_name = true, encoding = 'utf-8')"
    con.execute(f"create or replace table export as from {source}")
    columns = [row[0] for row in con.sql("describe export").fetchall()]
    return scan_relation(con, "export", columns, set(), KEYS, vault, phone_regions=("CN", "US", "BR", "GB"))


@pytest.mark.parametrize("name", EXPORTS)
def test_no_false_alarm(name: str, vault: Vault) -> None:
    with duckdb.connect() as con:
        assert _scan(con, name, vault) == []
        assert con.execute("select count(*) from export").fetchone() != (0,)


def test_the_address_in_a_city_is_found(vault: Vault) -> None:
    with duckdb.connect() as con:
        found = _scan(con, "olist_full_parts/olist_sellers_dataset.csv", vault)
    assert found == [ScanFinding("seller_city", "pattern", "email", 1, 1)]


@pytest.mark.parametrize(
    ("planted", "kind", "identifier"),
    [
        (" 13987654321", "pattern", "phone"),
        (" call +44 20 7946 0018", "pattern", "phone"),
        (" bob@example.org", "pattern", "email"),
        (" 11010519491231002X", "pattern", "national_id"),
    ],
)
def test_planted_in_one_of_many_names_is_found(planted: str, kind: str, identifier: str, vault: Vault) -> None:
    with duckdb.connect() as con:
        assert _scan(con, "online_retail/by-day/*2010-12-0*.csv", vault) == []
        con.execute(
            "update export set Description = Description || $1 where rowid = (select max(rowid) from export)", [planted]
        )
        columns = [row[0] for row in con.sql("describe export").fetchall()]
        found = scan_relation(con, "export", columns, set(), KEYS, vault)
    assert found == [ScanFinding("Description", kind, identifier, 1, 1)]
