"""Which contract a file is of, and which column a heading is."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path

import pytest

from ingestion.contracts.loader import load_contracts
from ingestion.contracts.model import ContractSet
from ingestion.contracts.recognise import bare_name, candidates, match_headings, normalise_heading

EXPORTS = Path(os.environ.get("MILEPOST_TEST_DATA", Path(__file__).resolve().parents[4] / "shared" / "data"))
needs_exports = pytest.mark.skipif(not (EXPORTS / "README.md").is_file(), reason=f"no real exports at {EXPORTS}")


@pytest.fixture(scope="module")
def contracts() -> ContractSet:
    return load_contracts()


@pytest.mark.parametrize(
    ("system", "file_name", "contract"),
    [
        ("olist", "4k/olist_orders_dataset.csv", "olist.orders"),
        ("olist", "olist_order_items_dataset.csv.gz", "olist.order_items"),
        ("online_retail", "2010-12-01.csv", "online_retail.invoices"),
        ("online_retail", "corrections/2010-12-01 (1).csv", "online_retail.invoices"),
        ("salesforce", "accountData.csv", "salesforce.account"),
        ("salesforce", "Account.csv", "salesforce.account"),
        ("salesforce", "Opportunity.csv", "salesforce.opportunity"),
        ("salesforce", "OpportunityHistory.csv", "salesforce.opportunity_history"),
        ("salesforce", "error0413060133.csv", None),
        ("salesforce", "success0413060133.csv", None),
        ("shopify", "orders_export_1.csv", "shopify.orders"),
        ("taobao", "ExportOrderList202403051200.csv", "taobao.export_order_list"),
        ("taobao", "ExportOrderDetailList202403051200.csv", "taobao.export_order_detail_list"),
        ("crm_cn", "客户_20240305.xlsx", "crm_cn.customers"),
        ("crm_cn", "客户列表（20240305）.xlsx", "crm_cn.customers"),
        ("crm_cn", "商机.xlsx", "crm_cn.opportunities"),
        ("google_ads", "Campaign report (3).csv", "google_ads.campaign_report"),
        ("meta_ads", "Ads-daily-2024-03.csv", "meta_ads.ads_daily"),
        ("facebook_page", "dataset_Facebook.csv", "facebook_page.page_posts"),
        ("facebook_page", "Live.csv", "facebook_page.live_posts"),
        ("douyin", "作品数据_2024-03-31.csv", "douyin.works"),
        ("douyin", "作品数据_2024-03-31.xlsx", "douyin.works_workbook"),
        ("web_analytics", "sessions_2024-03.csv", "web_analytics.sessions"),
        ("reference", "goals.xlsx", "reference.goals"),
        ("reference", "exchange_rates.csv", "reference.exchange_rates"),
        ("olist", "Account.csv", None),
        ("no_such_system", "Account.csv", None),
    ],
)  # fmt: skip
def test_a_file_name_has_one_contract_or_none(
    contracts: ContractSet, system: str, file_name: str, contract: str | None
) -> None:
    assert [c.id for c in candidates(contracts, system, file_name)] == ([contract] if contract else [])


def test_a_bare_name_has_neither_folders_nor_compression() -> None:
    assert bare_name("a/b/Orders.CSV.GZ") == "Orders.CSV"
    assert bare_name("a\\orders.csv.zip") == "orders.csv"
    # as macOS writes it: letter and accent apart
    assert bare_name("cafe\u0301.csv") == "caf\u00e9.csv"


@pytest.mark.parametrize("heading", ["收货地址 ", "\ufeff收货地址", '"收货地址"', "　收货地址\t", "收货地址\u200b"])
def test_headings_are_compared_without_their_wrapping(heading: str) -> None:
    assert normalise_heading(heading) == "收货地址"


def test_full_width_and_case_make_no_difference() -> None:
    assert normalise_heading("预计金额（万元）") == normalise_heading("预计金额(万元)")
    assert normalise_heading("Campaign  ID") == normalise_heading("CAMPAIGN ID")


def test_a_match_knows_positions_missing_and_unknown_headings(contracts: ContractSet) -> None:
    contract = contracts.by_id("olist.orders")
    match = match_headings(
        contract,
        ["order_id", "customer_id", "order_statu", "order_purchase_timestamp", "order_approved_at",
         "order_delivered_customer_date", "order_estimated_delivery_date", "colour", "ORDER_ID"],
    )  # fmt: skip
    assert match.position("customer_id") == 1
    assert not match.is_match
    assert [(gap.column, gap.did_you_mean) for gap in match.missing] == [("order_status", "order_statu")]
    assert match.explain() == "heading order_status is missing (did you mean order_statu?)"
    assert match.unknown == ("order_statu", "colour")
    assert match.repeated == ("ORDER_ID",)


def test_optional_headings_may_be_absent(contracts: ContractSet) -> None:
    contract = contracts.by_id("salesforce.opportunity_history")
    match = match_headings(contract, ["OPPORTUNITYID", "ID", "STAGENAME", "CREATEDDATE", "SYSTEMMODSTAMP"])
    assert match.is_match
    assert set(match.absent) == {"is_deleted", "amount", "created_by_id", "currency_iso_code"}


@pytest.mark.parametrize(
    ("heading", "unit"), [("Amount spent (USD)", "USD"), ("Amount spent (EUR)", "EUR"), ("花费金额 (CNY)", "CNY")]
)
def test_a_currency_is_read_from_the_heading(contracts: ContractSet, heading: str, unit: str) -> None:
    match = match_headings(contracts.by_id("meta_ads.ads_daily"), ["Ad name", heading])
    assert match.position("amount_spent") == 1
    assert dict(match.units) == {"amount_spent": unit}


def test_chinese_headings_are_the_same_columns(contracts: ContractSet) -> None:
    english = match_headings(
        contracts.by_id("reference.budgets"), ["Marketing channel", "Start", "End", "Planned amount", "Currency"]
    )
    chinese = match_headings(
        contracts.by_id("reference.budgets"), ["营销渠道", "开始日期", "结束日期", "计划金额", "币种"]
    )
    assert english.is_match and chinese.is_match
    assert english.positions == chinese.positions


def test_headings_of_two_contracts_for_one_file_name_are_told_apart(contracts: ContractSet) -> None:
    """Where several contracts of a system take a name, only one may take the headings."""
    for contract in contracts.contracts:
        headings = [column.headings[0] for column in contract.columns]
        takers = [c.id for c in contracts.of_system(contract.system) if match_headings(c, headings).is_match]
        same_format = [t for t in takers if contracts.by_id(t).file.format is contract.file.format]
        overlap = [
            t for t in same_format if contracts.by_id(t).file.name_pattern.pattern == contract.file.name_pattern.pattern
        ]
        assert overlap == [contract.id]


def _headings(path: Path, encoding: str, delimiter: str) -> list[str]:
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode(encoding)
    return next(csv.reader(io.StringIO(text), delimiter=delimiter))


@needs_exports
@pytest.mark.parametrize(
    ("system", "folders", "unrecognised"),
    [
        ("olist", ["olist_sample4k", "olist_sample8k", "olist_sample9", "olist_full_parts", "olist_funnel"], set()),
        ("online_retail", ["online_retail/by-day"], set()),
        ("salesforce", ["salesforce"], {"error0413060133.csv", "success0413060133.csv"}),
        ("facebook_page", ["facebook_posts"], set()),
    ],
)
def test_real_exports_have_the_contracts_headings_and_no_others(
    contracts: ContractSet, system: str, folders: list[str], unrecognised: set[str]
) -> None:
    left = set()
    for path in (path for folder in folders for path in sorted((EXPORTS / folder).glob("*.csv"))):
        found = candidates(contracts, system, path.name)
        if not found:
            left.add(path.name)
            continue
        (contract,) = found
        match = match_headings(contract, _headings(path, contract.file.encoding, contract.file.delimiter))
        assert match.is_match, match.explain()
        assert (match.unknown, match.repeated) == ((), ()), path.name
    assert left == unrecognised


@needs_exports
@pytest.mark.parametrize(
    ("contract", "file"),
    [
        ("shopify.orders", "shopify_orders_export_79cols.header.csv"),
        ("taobao.export_order_list", "tmall_ExportOrderList_38cols.header.csv"),
    ],
)
def test_published_heading_lists_are_known_in_full(contracts: ContractSet, contract: str, file: str) -> None:
    headings = _headings(EXPORTS / "chinese_exports" / file, "gb18030", ",")
    match = match_headings(contracts.by_id(contract), headings)
    assert match.is_match, match.explain()
    assert match.unknown == ()
