"""Every real export gets a contract by `contract new` that reads that very file with nothing rejected that is right."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
import yaml

from ingestion.contracts.loader import load_contracts
from ingestion.contracts.model import ContractSet
from ingestion.errors import MilepostError
from ingestion.propose.propose import Proposal, propose_contract

NOW = datetime(2026, 3, 1)
#: Files with records that are broken themselves: lines with fewer cells than headings.
DIRTY = {"attribution/sessions.csv": 33}
#: What the files are, where their headings tell.
ENTITIES = {
    "attribution/ad_spend.csv": "ad_performance",
    "attribution/sessions.csv": "web_session",
    "chinese_exports/example-mt-records.csv": "payment",
    "chinese_exports/shopify_orders_export_79cols.header.csv": "order",
    "facebook_posts/Live.csv": "social_post",
    "facebook_posts/dataset_Facebook.csv": "social_post",
    "identity/dataset2.csv": "customer",
    "identity/fake_1000.csv": "customer",
    "olist_full_parts/olist_order_payments_dataset.csv": "payment",
    "olist_funnel/olist_marketing_qualified_leads_dataset.csv": "lead",
    "olist_sample8k/olist_order_items_dataset.csv": "order_line",
    "olist_sample8k/olist_orders_dataset.csv": "order",
    "olist_sample9/olist_products_dataset.csv": "product",
    "salesforce/accountData.csv": "customer",
    "salesforce/opportunityData.csv": "opportunity",
}
#: Columns that hold personal data, with their class.
PERSONAL = {
    "identity/dataset1.csv": {
        "given_name": "direct", "surname": "direct", "address_1": "direct", "postcode": "quasi",
        "date_of_birth": "quasi", "soc_sec_id": "sensitive",
    },
    "identity/fake_1000.csv": {"first_name": "direct", "surname": "direct", "dob": "quasi", "email": "direct"},
    "identity/RLdata500.csv": {"fname_c1": "direct", "lname_c1": "direct"},
    "salesforce/accountData.csv": {"phone": "direct", "billingstreet": "direct"},
    "chinese_exports/tmall_ExportOrderList_38cols.header.csv": {"phone": "direct", "receiver_name": "direct"},
}  # fmt: skip
#: Keys that make a record unique, where the figures of the exports say so.
KEYS = {
    "olist_full_parts/olist_order_payments_dataset.csv": ["order_id", "payment_sequential"],
    "olist_sample8k/olist_order_items_dataset.csv": ["order_id", "order_item_id"],
    "olist_sample9/olist_order_reviews_dataset.csv": ["review_id", "order_id"],
    "salesforce/opportunityData.csv": ["id"],
}


@pytest.fixture(scope="module")
def contracts() -> ContractSet:
    return load_contracts()


def files(data: Path) -> list[Path]:
    """All exports, and one day of the many."""
    found = [path for path in sorted(data.glob("*/*")) if path.suffix in (".csv", ".xlsx", ".txt")]
    return [*found, *sorted(data.glob("online_retail/by-day/*"))[:1]]


def test_every_export_is_read_by_the_contract_proposed_for_it(exports: Path, contracts: ContractSet) -> None:
    proposals: dict[str, Proposal] = {}
    refused = {}
    for path in files(exports):
        name = path.relative_to(exports).as_posix()
        try:
            proposals[name] = propose_contract(path, "new", None, contracts, NOW)
        except MilepostError as error:
            refused[name] = error.what
    assert refused == {
        "lifetime_value/CDNOW_sample.txt": "has no line of headings: the first lines hold values already"
    }
    assert len(proposals) > 40
    rejected = {
        name: sum(part.rejected_rows for part in proposal.check.parts)
        for name, proposal in proposals.items()
        if not proposal.check.is_clean
    }
    assert rejected == DIRTY
    for name, proposal in proposals.items():
        superseded = sum(part.superseded_rows for part in proposal.check.parts)
        assert superseded == 0, f"{name}: a key that is none would let {superseded} records go"

    raw = {name: yaml.safe_load(proposal.text) for name, proposal in proposals.items()}
    own = {name: {p["property"]: p["value"] for p in one["customProperties"]} for name, one in raw.items()}
    found = {name: own[name]["targets"][0]["entity"] for name in ENTITIES}
    assert found == ENTITIES
    assert {name: own[name]["supersede"].get("key") for name in KEYS} == KEYS
    for name, expected in PERSONAL.items():
        classes = {p["name"]: p.get("classification") for p in raw[name]["schema"][0]["properties"]}
        assert {column: classes.get(column) for column in expected} == expected, name
    assert own["salesforce/accountData.csv"]["encoding"] == "cp1252"
    assert own["chinese_exports/example-alipay-records.csv"]["encoding"] == "gb18030"
    assert own["facebook_posts/dataset_Facebook.csv"]["delimiter"] == ";"


def test_no_proposal_quotes_a_record(exports: Path, contracts: ContractSet) -> None:
    text = propose_contract(exports / "identity" / "fake_1000.csv", "new", None, contracts, NOW).text
    for line in (exports / "identity" / "fake_1000.csv").read_text().splitlines()[1:200]:
        for value in line.split(",")[1:6]:
            assert len(value) < 5 or value not in text
