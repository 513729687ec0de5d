"""The sample company's exports look like those of the systems: encodings, lines above and below, dates, headings."""

from __future__ import annotations

import csv
import io
import itertools
import re
import zipfile
from pathlib import Path

import duckdb
import pytest
from python_calamine import CalamineWorkbook

from ingestion.contracts.loader import load_contracts
from ingestion.contracts.model import ContractSet
from ingestion.contracts.recognise import match_headings
from ingestion.home import Home
from ingestion.sample import (
    experiments,
    export_crm_cn,
    export_crm_cn_work,
    export_erp,
    export_hr,
    export_hubspot,
    export_jd,
    export_oa,
    export_salesforce,
    export_salesforce_work,
    export_service_desk,
    export_shopify,
    export_shopify_lists,
    export_social,
    export_stores,
    export_taobao,
    export_web,
    reference,
    reference_market,
    reference_planning,
    reference_reviews,
    spend,
    write_sample,
)
from ingestion.sample.outbox import Portions
from ingestion.sample.workbook import NUMBER, Sheet, workbook

HEADINGS = {
    "shopify.orders": export_shopify.HEADINGS,
    "taobao.export_order_list": export_taobao.HEAD_HEADINGS,
    "taobao.export_order_detail_list": export_taobao.LINE_HEADINGS,
    "shopify.customers": export_shopify_lists.CUSTOMERS,
    "shopify.products": export_shopify_lists.PRODUCTS,
    "tmall.export_order_list": export_taobao.HEAD_HEADINGS,
    "tmall.export_order_detail_list": export_taobao.LINE_HEADINGS,
    "jd.orders": export_jd.HEADINGS,
    "crm_cn.customers": export_crm_cn.CUSTOMERS,
    "crm_cn.opportunity_stages": export_crm_cn_work.STAGES,
    "crm_cn.visits": export_crm_cn_work.VISITS,
    "crm_cn.employees": export_crm_cn_work.EMPLOYEES,
    "crm_cn.training": export_crm_cn_work.TRAINING,
    "hubspot.contacts": export_hubspot.CONTACTS,
    "hubspot.companies": export_hubspot.COMPANIES,
    "hubspot.deals": export_hubspot.DEALS,
    "hubspot.tickets": export_hubspot.TICKETS,
    "crm_cn.leads": export_crm_cn.LEADS,
    "crm_cn.opportunities": export_crm_cn.DEALS,
    "salesforce.account": export_salesforce.ACCOUNT,
    "salesforce.lead": export_salesforce.LEAD,
    "salesforce.opportunity": export_salesforce.OPPORTUNITY,
    "salesforce.opportunity_history": export_salesforce.HISTORY,
    "salesforce.contact": export_salesforce_work.CONTACT,
    "salesforce.campaign": export_salesforce_work.CAMPAIGN,
    "salesforce.campaign_member": export_salesforce_work.MEMBER,
    "salesforce.task": export_salesforce_work.TASK,
    "salesforce.case": export_salesforce_work.CASE,
    "salesforce.user": export_salesforce_work.USER,
    "google_ads.campaign_report": spend.GOOGLE_HEADINGS,
    "meta_ads.ads_daily": spend.META_HEADINGS,
    "douyin.works": export_social.DOUYIN,
    "facebook_page.live_posts": export_social.FACEBOOK,
    "web_analytics.sessions": export_web.HEADINGS,
    "reference.products": reference.PRODUCT,
    "reference.employees": reference.EMPLOYEE,
    "reference.goals": reference.GOAL,
    "reference.budgets": reference.BUDGET,
    "reference.exchange_rates": reference.RATE,
    "service_desk.tickets": export_service_desk.TICKETS,
    "service_desk.chats": export_service_desk.CHATS,
    "service_desk.customer_surveys": export_service_desk.SURVEYS,
    "service_desk.kano_surveys": export_service_desk.KANO,
    "service_desk.employee_surveys": export_service_desk.EMPLOYEE_SURVEY,
    "service_desk.brand_surveys": export_service_desk.BRAND_SURVEY,
    "oa_cn.contracts": export_oa.CONTRACTS,
    "oa_cn.approvals": export_oa.APPROVALS,
    "oa_cn.tasks": export_oa.TASKS,
    "erp.price_lists": export_erp.PRICES,
    "erp.stock_levels": export_erp.STOCK,
    "erp.receivables": export_erp.RECEIVABLES,
    "erp.expenses": export_erp.EXPENSES,
    "erp.exchange_rates": export_erp.RATES,
    "store_systems.store_traffic": export_stores.TRAFFIC,
    "store_systems.member_points": export_stores.POINTS,
    "hr.employees": export_hr.EMPLOYEES,
    "hr.training": export_hr.TRAINING,
    "hr.assessments": export_hr.ASSESSMENTS,
    "hr.mentoring": export_hr.MENTORING,
    "hr.source_accounts": export_hr.ACCOUNTS,
    "reference.experiments": experiments.EXPERIMENTS,
    "reference.experiment_exposures": experiments.EXPOSURES,
    "reference.market_observations": reference_market.MARKET,
    "reference.competitor_prices": reference_market.PRICES,
    "reference.competitor_events": reference_market.MOVES,
    "reference.macro_indicators": reference_market.MACRO,
    "reference.benchmarks": reference_market.BENCHMARKS,
    "reference.outlets": reference_market.OUTLETS,
    "reference.calendar_events": reference_planning.CALENDAR,
    "reference.stores": reference_planning.STORE,
    "reference.channels": reference_planning.CHANNEL,
    "reference.offline_events": reference_planning.OFFLINE,
    "reference.audience_sizes": reference_planning.AUDIENCE,
    "reference.review_meetings": reference_reviews.MEETINGS,
    "reference.action_items": reference_reviews.ACTIONS,
    "reference.risks": reference_reviews.RISKS,
    "reference.compliance_audits": reference_reviews.AUDITS,
    "reference.collaboration": reference_reviews.POINTS,
}
#: JSON lines name their fields in every line: `iot` has no headings.


@pytest.fixture(scope="module")
def inbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = Home(tmp_path_factory.mktemp("formats"))
    write_sample(home, "tiny", 5)
    return home.inbox


@pytest.fixture(scope="module")
def contracts() -> ContractSet:
    return load_contracts()


@pytest.mark.parametrize("contract_id", sorted(HEADINGS))
def test_contract_knows_every_heading(contracts: ContractSet, contract_id: str) -> None:
    match = match_headings(contracts.by_id(contract_id), HEADINGS[contract_id])
    assert match.is_match, match.explain()
    assert match.unknown == () and match.repeated == ()


def test_every_file_name_is_of_one_contract(inbox: Path, contracts: ContractSet) -> None:
    unknown = []
    for path in sorted(p for p in inbox.rglob("*") if p.is_file()):
        system = path.relative_to(inbox).parts[0]
        name = path.name.removesuffix(".gz")
        fitting = [c.id for c in contracts.of_system(system) if c.file.name_pattern.fullmatch(name)]
        assert len(fitting) <= 1
        if not fitting:
            unknown.append(path.name)
    assert unknown == ["error_2026-09-30.csv"]


@pytest.mark.parametrize(("year", "count"), [(2022, 65), (2023, 65), (2024, 73), (2025, 79), (2026, 79)])
def test_shopify_has_more_columns_each_year(year: int, count: int) -> None:
    match = match_headings(load_contracts().by_id("shopify.orders"), export_shopify.headings_of(year))
    assert len(export_shopify.headings_of(year)) == count
    assert match.is_match, match.explain()


def test_shopify_repeats_nothing_and_breaks_lines_in_notes(inbox: Path) -> None:
    text = "".join(p.read_text(encoding="utf-8") for p in sorted(inbox.glob("shopify/*/orders_*.csv")))
    assert '"Please leave the parcel at the door.\nThanks!"' in text
    assert re.search(r",'\d{5,6},", text), "postcodes with an apostrophe"
    assert re.search(r"2026-0[3-9]-\d\d \d\d:\d\d:\d\d -0700", text)
    rows = list(
        csv.DictReader(io.StringIO((inbox / "shopify/2026/orders_export_2026-09.csv").read_text(encoding="utf-8")))
    )
    followers = [r for before, r in itertools.pairwise(rows) if before["Name"] == r["Name"]]
    assert followers and all(not r["Financial Status"] and r["Lineitem price"] for r in followers)
    assert "partially_refunded" in text and ",refunded," in text and ",voided," in text


def test_shopify_winter_has_another_offset(tmp_path: Path) -> None:
    from datetime import date

    write_sample(Home(tmp_path), "tiny", 5, date(2025, 3, 31))
    january = (tmp_path / "inbox/shopify/2025/orders_export_2025-01.csv").read_text(encoding="utf-8")
    march = (tmp_path / "inbox/shopify/2025/orders_export_2025-03.csv").read_text(encoding="utf-8")
    assert " -0800" in january and " -0700" not in january.replace("2025-02-28", "")
    assert " -0800" in march and " -0700" in march  # clocks went forward on 9 March


def test_taobao_is_gb18030_with_ids_as_excel_text(inbox: Path) -> None:
    raw = (inbox / "taobao/2026/ExportOrderList202609.csv").read_bytes()
    with pytest.raises(UnicodeDecodeError):
        raw.decode("utf-8")
    rows = list(csv.reader(io.StringIO(raw.decode("gb18030"))))
    assert "收货地址 " in rows[0]
    assert all(re.fullmatch(r'="\d{19}"', row[0]) for row in rows[1:])
    assert all(row[16].startswith("'") or not row[16] for row in rows[1:])


def test_corrected_delivery_comes_after_the_wrong_one(inbox: Path) -> None:
    wrong, right = sorted(inbox.glob("taobao/*/ExportOrderDetailList202605*.csv"))
    assert (wrong.name, right.name) == ("ExportOrderDetailList202605.csv", "ExportOrderDetailList202605_2.csv")
    assert wrong.stat().st_mtime < right.stat().st_mtime
    differing = sum(
        a != b for a, b in zip(wrong.read_bytes().splitlines(), right.read_bytes().splitlines(), strict=True)
    )
    assert differing >= export_taobao.WRONG_UNIT_ORDERS


def test_google_totals_state_the_sums(inbox: Path) -> None:
    path = inbox / "google_ads/2026/Campaign report 2026-Q3.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "Campaign performance report" and "2026" in lines[1]
    rows = list(csv.DictReader(io.StringIO("\n".join(lines[2:]))))
    totals = [r for r in rows if r["Day"].startswith("Total:")]
    assert [r["Day"] for r in totals] == ["Total: Campaigns", "Total: Account"] and rows[-2:] == totals
    for name in ("Cost", "Impr.", "Clicks"):
        stated = {r[name] for r in totals}
        summed = sum(round(float(r[name].replace(",", "")) * 100) for r in rows[:-2])
        assert {round(float(s.replace(",", "")) * 100) for s in stated} == {summed}


def test_web_sessions_have_comment_lines_above(inbox: Path) -> None:
    lines = (inbox / "web_analytics/2026/sessions_2026-09.csv").read_text(encoding="utf-8").splitlines()
    assert all(line.startswith("#") for line in lines[:5]) and lines[5].startswith("Session ID,")
    assert any("(not set)" in line for line in lines) and any("(direct),(none)" in line for line in lines)


def test_crm_workbooks_have_a_title_serial_and_written_dates(inbox: Path) -> None:
    path = inbox / "crm_cn/2026/线索_2026-09-30.xlsx"
    rows = CalamineWorkbook.from_path(path).get_sheet_by_name("线索").to_python()
    assert str(rows[0][0]).startswith("澄远家居 CRM") and not any(rows[0][1:])
    assert tuple(rows[1]) == export_crm_cn.LEADS
    created = [row[export_crm_cn.LEADS.index("创建时间")] for row in rows[2:]]
    serials = [c for c in created if isinstance(c, float)]
    written = [c for c in created if isinstance(c, str)]
    assert serials and written and len(serials) + len(written) == len(created)
    assert all(45_000 < s < 47_000 for s in serials)
    assert all(re.fullmatch(r"20\d\d年\d{1,2}月\d{1,2}日 \d\d:\d\d", w) for w in written)
    phones = "".join(str(row[export_crm_cn.LEADS.index("手机")]) for row in rows[2:])
    assert re.search("[０-９]", phones), "full-width digits"
    with zipfile.ZipFile(path) as archive:
        assert b'<mergeCell ref="A1:' in archive.read("xl/worksheets/sheet1.xml")


def test_crm_amounts_are_in_ten_thousands(inbox: Path) -> None:
    rows = CalamineWorkbook.from_path(inbox / "crm_cn/2026/商机_2026-09-30.xlsx").get_sheet_by_index(0).to_python()[2:]
    amounts = [row[export_crm_cn.DEALS.index("预计金额（万元）")] for row in rows]
    assert amounts and all(isinstance(a, float) and 0 < a < 200 for a in amounts)


def test_salesforce_is_windows_1252_and_quoted(inbox: Path) -> None:
    raw = b"".join(p.read_bytes() for p in sorted(inbox.glob("salesforce/*/Lead_*.csv")))
    assert "Société".encode("cp1252") in raw
    assert raw.startswith(b'"ID","ISDELETED","NAME"')
    accounts = "".join(p.read_text(encoding="cp1252") for p in sorted(inbox.glob("salesforce/*/Account_*.csv")))
    assert re.search(r'"001[0-9A-Za-z]{15}","true"', accounts), "one account was deleted"


def test_douyin_writes_ten_thousands(inbox: Path) -> None:
    text = "".join(p.read_text(encoding="utf-8-sig") for p in sorted(inbox.glob("douyin/*/*.csv")))
    assert re.search(r",\d\.\d万,\d+\.\d\d%,", text)


def test_workbook_escapes_and_keeps_types() -> None:
    with duckdb.connect() as con:
        sql = f"SELECT 'a <b> & \"c\"' AS t, 1.5 AS n, NULL::varchar AS empty, '{NUMBER}45000.25' AS d, ' x ' AS spaced"
        content, rows = workbook(
            con, [Sheet("One", ("t", "n", "empty", "d", "spaced"), sql), Sheet("Two", ("t",), "SELECT 'x'")]
        )
    read = CalamineWorkbook.from_filelike(io.BytesIO(content))
    assert rows == 2 and read.sheet_names == ["One", "Two"]
    assert read.get_sheet_by_name("One").to_python() == [
        ["t", "n", "empty", "d", "spaced"],
        ['a <b> & "c"', 1.5, "", 45000.25, " x "],
    ]


def test_portions_keep_what_is_left_over() -> None:
    portions = Portions(0.25)
    assert [portions.of(1) for _ in range(8)] == [0, 0, 0, 1, 0, 0, 0, 1]
    assert portions.of(10) == 2 and portions.of(10) == 3
