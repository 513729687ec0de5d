"""Contracts of CRM systems and shops: small files as the systems write them, with the faults that these files have."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from ingestion.batch.account import REPEATED_COLUMNS, UNKNOWN_COLUMNS
from ingestion.contracts.loader import load_contracts
from ingestion.contracts.model import Contract, ContractSet
from ingestion.contracts.recognise import candidates
from ingestion.identity.resolve import resolve_customers
from ingestion.privacy.vault import Vault
from ingestion.sample.export_shopify import headings_of
from tests.ingestion_bench import KEYS, NOW, Bench

SYSTEMS = ("salesforce", "hubspot", "crm_cn", "shopify", "taobao", "tmall", "jd")


@pytest.fixture(scope="module")
def shipped() -> tuple[Contract, ...]:
    return tuple(contract for contract in load_contracts().contracts if contract.system in SYSTEMS)


@pytest.fixture
def bench(tmp_path: Path, shipped: tuple[Contract, ...]) -> Bench:
    return Bench(tmp_path / "home", shipped)


def table(headings: str | tuple[str, ...], *rows: dict[str, str], quoting: int = csv.QUOTE_MINIMAL) -> str:
    """A delimited text with these headings; cells not named are empty."""
    names = headings.split(",") if isinstance(headings, str) else list(headings)
    out = io.StringIO()
    writer = csv.DictWriter(out, names, quoting=quoting, lineterminator="\n")  # type: ignore[arg-type]
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def book(title: str, headings: str, *rows: tuple[object, ...]) -> bytes:
    """A workbook with a title in a merged cell above the headings."""
    names = headings.split(",")
    made = openpyxl.Workbook()
    page = made.active
    assert page is not None
    page.append([title])
    page.merge_cells(start_row=1, start_column=1, end_row=1, end_column=len(names))
    page.append(names)
    for row in rows:
        page.append(row)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def take(bench: Bench, system: str, name: str, content: str | bytes) -> tuple[int, int, int]:
    """Drop and ingest one file, which has to be recognised and active; accepted, superseded, rejected records."""
    bench.drop(name, content, system)
    result = bench.ingest()
    assert [d.state for d in result.deliveries] == ["active"], [d.state_reason for d in result.deliveries]
    assert not {i.reason for i in result.issues} & {UNKNOWN_COLUMNS, REPEATED_COLUMNS}
    return result.accepted_rows, sum(p.superseded_rows for p in result.parts), result.rejected_rows


@pytest.mark.parametrize(
    ("system", "file_name", "contract"),
    [
        ("salesforce", "Contact.csv", "contact"),
        ("salesforce", "contactData_2026-03.csv", "contact"),
        ("salesforce", "Campaign.csv", "campaign"),
        ("salesforce", "CampaignMember (1).csv", "campaign_member"),
        ("salesforce", "Task.csv.gz", "task"),
        ("salesforce", "Case_20260331.csv", "case"),
        ("salesforce", "User.csv", "user"),
        ("salesforce", "UserRole.csv", None),
        ("hubspot", "hubspot-crm-exports-all-contacts-2026-03-31-1.csv", "contacts"),
        ("hubspot", "2026/companies.csv", "companies"),
        ("hubspot", "hubspot-crm-exports-my-open-deals-2026-03-31.csv", "deals"),
        ("hubspot", "all-tickets.csv", "tickets"),
        ("crm_cn", "商机_2026-03-31.xlsx", "opportunities"),
        ("crm_cn", "商机阶段_2026-03-31.xlsx", "opportunity_stages"),
        ("crm_cn", "商机阶段变更记录.xlsx", "opportunity_stages"),
        ("crm_cn", "拜访记录导出（20260331）.xlsx", "visits"),
        ("crm_cn", "跟进记录.xls", "visits"),
        ("crm_cn", "员工花名册.xlsx", "employees"),
        ("crm_cn", "培训记录_2026-03.xlsx", "training"),
        ("shopify", "customers_export.csv", "customers"),
        ("shopify", "products_export_1.csv", "products"),
        ("tmall", "ExportOrderList202603.csv", "export_order_list"),
        ("tmall", "ExportOrderDetailList202603.csv", "export_order_detail_list"),
        ("jd", "订单导出_20260331.csv", "orders"),
        ("jd", "对账单.csv", None),
    ],
)
def test_a_file_name_has_one_contract_or_none(
    shipped: tuple[Contract, ...], system: str, file_name: str, contract: str | None
) -> None:
    found = [c.id for c in candidates(ContractSet(shipped), system, file_name)]
    assert found == ([f"{system}.{contract}"] if contract else [])


# --- Salesforce

CONTACT = "ID,ISDELETED,MASTERRECORDID,ACCOUNTID,LASTNAME,FIRSTNAME,NAME,MAILINGCITY,MAILINGSTATE,MAILINGPOSTALCODE," \
    "MAILINGCOUNTRY,PHONE,EMAIL,BIRTHDATE,OWNERID,HASOPTEDOUTOFEMAIL,CREATEDDATE,SYSTEMMODSTAMP"  # fmt: skip
ANA = {
    "ID": "003x000001", "ISDELETED": "false", "ACCOUNTID": "001x000001", "LASTNAME": "Muñoz", "FIRSTNAME": "Ana",
    "NAME": "Ana Muñoz", "MAILINGCITY": "Austin", "MAILINGSTATE": "TX", "MAILINGPOSTALCODE": "78701",
    "MAILINGCOUNTRY": "United States", "PHONE": "(512) 555-0143", "EMAIL": "Ana.Munoz@example.com",
    "BIRTHDATE": "1984-07-09", "OWNERID": "005x000001", "HASOPTEDOUTOFEMAIL": "false",
    "CREATEDDATE": "2026-01-05T08:30:00.000Z", "SYSTEMMODSTAMP": "2026-02-01T00:00:00.000Z",
}  # fmt: skip


@pytest.mark.parametrize("encoding", ["windows-1252", "utf-16", "utf-32", "utf-8-sig"])
def test_salesforce_contacts_are_persons_of_an_organisation(bench: Bench, encoding: str) -> None:
    text = table(CONTACT, ANA, quoting=csv.QUOTE_ALL)
    assert take(bench, "salesforce", "Contact.csv", text.encode(encoding)) == (1, 0, 0)
    columns = "source_customer_key, customer_type, organisation_key, province, birth_year, has_consent, name_mask"
    assert bench.rows("customer", columns) == [
        ("003x000001", "person", "001x000001", "US-TX", 1984, True, "A**"),
    ]
    ((token,),) = bench.rows("customer", "name_token")
    assert Vault(bench.home.vault, KEYS).reveal([token]) == {token: "Ana Muñoz"}


def test_salesforce_names_are_put_together_where_there_is_no_full_name(bench: Bench) -> None:
    without = [name for name in CONTACT.split(",") if name != "NAME"]
    row = {name: value for name, value in ANA.items() if name != "NAME"}
    take(bench, "salesforce", "Contact.csv", table(CONTACT, ANA))
    take(bench, "salesforce", "contactData_2.csv", table(tuple(without), row | {"ID": "003x000002"}))
    assert len(bench.rows("customer", "distinct name_token")) == 1


@pytest.mark.parametrize("newest_first", [True, False])
def test_a_deleted_salesforce_record_stays_deleted_in_any_order(bench: Bench, newest_first: bool) -> None:
    gone = ANA | {"ISDELETED": "true", "MASTERRECORDID": "003x000009", "SYSTEMMODSTAMP": "2026-02-09T00:00:00.000Z"}
    files = [("Contact-1.csv", table(CONTACT, ANA)), ("Contact-2.csv", table(CONTACT, gone))]
    for name, content in reversed(files) if newest_first else files:
        take(bench, "salesforce", name, content)
    assert bench.current("customer", "_is_deleted, own_key") == [(True, "003x000009")]


def test_salesforce_campaigns_and_their_members(bench: Bench) -> None:
    head = "ID,ISDELETED,NAME,TYPE,STARTDATE,ENDDATE,OWNERID,SYSTEMMODSTAMP,OBJECTIVE__C"
    stamp = "2026-02-01T00:00:00.000Z"
    fair = {"ID": "701x1", "NAME": "Fair", "TYPE": "Trade Show", "STARTDATE": "2026-01-10", "SYSTEMMODSTAMP": stamp,
            "OBJECTIVE__C": "Acquisition"}  # fmt: skip
    odd = {"ID": "701x2", "NAME": "Odd", "TYPE": "Skywriting", "SYSTEMMODSTAMP": stamp}
    assert take(bench, "salesforce", "Campaign.csv", table(head, fair, odd)) == (2, 0, 0)
    assert bench.rows("campaign", "campaign_id, marketing_channel, objective, start_date") == [
        ("701x1", "event", "acquisition", date(2026, 1, 10)), ("701x2", "other", None, None),
    ]  # fmt: skip
    head = "ID,ISDELETED,CAMPAIGNID,LEADID,CONTACTID,STATUS,HASRESPONDED,CREATEDDATE,SYSTEMMODSTAMP,NAME,EMAIL"
    member = {"ID": "00v1", "CAMPAIGNID": "701x1", "LEADID": "00Q1", "STATUS": "Attended", "HASRESPONDED": "true",
              "CREATEDDATE": stamp, "SYSTEMMODSTAMP": stamp, "NAME": "Ana", "EMAIL": "ana@example.com"}  # fmt: skip
    both = member | {"ID": "00v2", "CONTACTID": "0031"}
    undated = member | {"ID": "00v3", "CREATEDDATE": "01.02.2026"}
    bench.contracts = tuple(_tolerant(contract) for contract in bench.contracts)
    assert take(bench, "salesforce", "CampaignMember.csv", table(head, member, both, undated)) == (2, 0, 1)
    assert bench.rows("campaign_member", "campaign_member_id, source_customer_key, lead_id, has_responded") == [
        ("00v1", "00Q1", "00Q1", True), ("00v2", "0031", "00Q1", True),
    ]  # fmt: skip


def test_salesforce_tasks_are_visits_calls_mails_and_proposals(bench: Bench) -> None:
    head = "ID,ISDELETED,WHOID,WHATID,ACCOUNTID,SUBJECT,ACTIVITYDATE,STATUS,OWNERID,DESCRIPTION,TYPE,TASKSUBTYPE," \
        "ISCLOSED,CALLDURATIONINSECONDS,CALLTYPE,COMPLETEDDATETIME,SYSTEMMODSTAMP,OUTCOME__C,AMOUNT__C"  # fmt: skip
    base = {"STATUS": "Completed", "OWNERID": "005", "ISCLOSED": "true", "ACTIVITYDATE": "2026-01-08",
            "SYSTEMMODSTAMP": "2026-01-09T00:00:00.000Z"}  # fmt: skip
    rows = (
        base | {"ID": "00T1", "WHOID": "00Q7", "SUBJECT": "Call", "TASKSUBTYPE": "Call", "CALLTYPE": "Inbound",
                "CALLDURATIONINSECONDS": "90", "DESCRIPTION": "asked for a call at +1 512 555 0143",
                "COMPLETEDDATETIME": "2026-01-08T15:00:00.000Z"},
        base | {"ID": "00T2", "WHOID": "0037", "WHATID": "0067", "TYPE": "Proposal", "OUTCOME__C": "Accepted",
                "AMOUNT__C": "1200.50"},
        base | {"ID": "00T3", "WHATID": "0017", "TYPE": "Visit", "STATUS": "Not Started", "ISCLOSED": "false"},
    )  # fmt: skip
    assert take(bench, "salesforce", "Task.csv", table(head, *rows)) == (3, 0, 0)
    columns = "activity_id, activity_kind, source_customer_key, lead_id, opportunity_id, status, is_outbound, outcome"
    assert bench.rows("activity", columns) == [
        ("00T1", "call", "00Q7", "00Q7", None, "done", False, None),
        ("00T2", "proposal", "0037", None, "0067", "done", True, "accepted"),
        ("00T3", "visit", "0017", None, None, "planned", True, None),
    ]
    call = bench.rows("activity", "duration_minutes, started_at, notes", "activity_id = '00T1'")
    assert call == [(1.5, datetime(2026, 1, 8, 15), "asked for a call at [phone]")]
    assert bench.rows("activity", "amount, currency", "amount is not null") == [(Decimal("1200.5000"), "USD")]


def test_salesforce_cases_are_tickets_and_users_are_accounts(bench: Bench) -> None:
    stamp = "2026-02-01T00:00:00.000Z"
    head = "ID,ISDELETED,CONTACTID,ACCOUNTID,TYPE,STATUS,ORIGIN,SUBJECT,PRIORITY,ISCLOSED,CLOSEDDATE,CREATEDDATE," \
        "SYSTEMMODSTAMP"  # fmt: skip
    case = {"ID": "5001", "CONTACTID": "0031", "ACCOUNTID": "0011", "TYPE": "Mechanical", "STATUS": "Closed",
            "ORIGIN": "Phone", "PRIORITY": "Critical", "ISCLOSED": "true", "CLOSEDDATE": stamp,
            "CREATEDDATE": "2026-01-30T00:00:00.000Z", "SYSTEMMODSTAMP": stamp}  # fmt: skip
    assert take(bench, "salesforce", "Case.csv", table(head, case)) == (1, 0, 0)
    assert bench.rows("ticket", "ticket_kind, contact_channel, priority, status, source_customer_key, solved_at") == [
        ("fault", "phone", "urgent", "closed", "0011", datetime(2026, 2, 1)),
    ]
    head = "ID,USERNAME,NAME,EMAIL,DEPARTMENT,ISACTIVE,EMPLOYEENUMBER,LASTLOGINDATE,SYSTEMMODSTAMP"
    seller = {"ID": "0051", "NAME": "Ingrid Solheim", "ISACTIVE": "false", "EMPLOYEENUMBER": "E050",
              "SYSTEMMODSTAMP": stamp}  # fmt: skip
    program = {"ID": "0052", "NAME": "Integration", "ISACTIVE": "true", "SYSTEMMODSTAMP": stamp}
    assert take(bench, "salesforce", "User.csv", table(head, seller, program)) == (2, 0, 0)
    assert bench.rows("source_account", "account_id, employee_id, is_active") == [
        ("0051", "E050", False), ("0052", "0052", True),
    ]  # fmt: skip
    assert bench.rows("employee", "employee_id, source_user_key") == [("E050", "0051")]


# --- HubSpot

PEOPLE = "Record ID,First Name,Last Name,Email,Phone Number,Contact owner,Lifecycle Stage,Lead Status," \
    "Associated Company IDs,Create Date,Became an Opportunity Date,Last Modified Date,Merged record IDs"  # fmt: skip
BO = {"Record ID": "51", "First Name": "Bo", "Last Name": "Kim", "Email": "bo@example.com", "Lead Status": "Connected",
      "Lifecycle Stage": "Lead", "Create Date": "2026-01-02 09:15",
      "Last Modified Date": "2026-01-03 10:00"}  # fmt: skip


def test_hubspot_writes_times_in_two_forms_and_a_third_is_refused(bench: Bench) -> None:
    day_first = BO | {"Record ID": "52", "Create Date": "25/12/2025 07:05", "Last Modified Date": "03/01/2026 10:00"}
    month_first = BO | {"Record ID": "53", "Create Date": "12/25/2025 07:05"}
    bench.contracts = tuple(_tolerant(contract) for contract in bench.contracts)
    name = "hubspot-crm-exports-all-contacts-2026-01-31.csv"
    assert take(bench, "hubspot", name, table(PEOPLE, BO, day_first, month_first)) == (2, 0, 1)
    assert bench.rows("lead", "lead_id, status, created_at, updated_at") == [
        ("51", "contacted", datetime(2026, 1, 2, 9, 15), datetime(2026, 1, 3, 10)),
        ("52", "contacted", datetime(2025, 12, 25, 7, 5), datetime(2026, 1, 3, 10)),
    ]


def test_merged_hubspot_contacts_are_one_customer(bench: Bench) -> None:
    """Before the merge they are two; the one that is merged away is in no later export, but facts may name it."""
    twin = BO | {"Record ID": "77", "Email": "bo.kim@example.org"}
    take(bench, "hubspot", "contacts-1.csv", table(PEOPLE, BO, twin))
    assert resolve_customers(bench.home, bench.ledger, KEYS, NOW).customers == 2
    merged = BO | {"Last Modified Date": "2026-02-01 08:00", "Merged record IDs": "77;78"}
    take(bench, "hubspot", "contacts-2.csv", table(PEOPLE, merged))
    result = resolve_customers(bench.home, bench.ledger, KEYS, NOW)
    assert (result.records, result.customers, result.merged) == (3, 1, 1)
    links = bench.rows("customer_link", "source_customer_key, rule")
    assert links == [("contact:51", "own_key"), ("contact:77", "own_key"), ("contact:78", "own_key")]


def test_hubspot_companies_and_contacts_do_not_share_numbers(bench: Bench) -> None:
    head = "Record ID,Company name,Phone Number,City,State/Region,Country/Region,Industry,Number of Employees," \
        "Type,Target Account,Create Date,Last Modified Date,Merged record IDs"  # fmt: skip
    firm = {"Record ID": "51", "Company name": "Lakeside Hotels", "Country/Region": "DE", "City": "Berlin",
            "Industry": "Hospitality", "Number of Employees": "1,200", "Type": "Reseller", "Target Account": "true",
            "Create Date": "2026-01-02 09:15", "Last Modified Date": "2026-01-03 10:00"}  # fmt: skip
    take(bench, "hubspot", "hubspot-crm-exports-all-companies.csv", table(head, firm))
    customer = BO | {"Lifecycle Stage": "Customer", "Associated Company IDs": "51;52"}
    take(bench, "hubspot", "contacts.csv", table(PEOPLE, customer))
    assert bench.rows("customer", "source_customer_key, customer_type, organisation_key") == [
        ("company:51", "organisation", None), ("contact:51", "person", "company:51"),
    ]  # fmt: skip
    assert bench.rows("lead", "source_customer_key, status") == [("company:51", "converted")]
    assert bench.rows("account", "account_type, is_key_account") == [("partner", True)]


def test_hubspot_deals_tell_when_each_stage_was_entered(bench: Bench) -> None:
    entered = [f'Date entered "{stage} (Sales Pipeline)"' for stage in ("Qualified To Buy", "Closed Lost")]
    head = ("Record ID", "Deal Name", "Deal Stage", "Amount", "Currency", "Close Date", "Create Date",
    "Closed Lost Reason",
            "Associated Company IDs", "Associated Contact IDs", *entered, "Last Modified Date")  # fmt: skip
    deal = {"Record ID": "9", "Deal Name": "Lakeside", "Deal Stage": "Closed Lost", "Amount": "1500.5",
    "Currency": "EUR",
            "Close Date": "2026-02-03 11:00", "Create Date": "2026-01-02 09:15", "Closed Lost Reason": "Price",
            "Associated Company IDs": "51", "Associated Contact IDs": "51", entered[0]: "2026-01-02 09:15",
            entered[1]: "2026-02-03 11:00", "Last Modified Date": "2026-02-03 11:00"}  # fmt: skip
    assert take(bench, "hubspot", "hubspot-crm-exports-all-deals.csv", table(head, deal)) == (1, 0, 0)
    columns = "source_customer_key, lead_id, amount, currency, is_won, is_closed, lost_reason, closed_at"
    assert bench.rows("opportunity", columns) == [
        ("company:51", "51", Decimal("1500.5000"), "EUR", False, True, "Price", datetime(2026, 2, 3, 11)),
    ]
    assert bench.rows("opportunity_stage", "stage, entered_at") == [
        ("Closed Lost", datetime(2026, 2, 3, 11)), ("Qualified To Buy", datetime(2026, 1, 2, 9, 15)),
    ]  # fmt: skip


def test_hubspot_tickets(bench: Bench) -> None:
    head = "Ticket ID,Ticket name,Ticket description,Ticket status,Category,Priority,Source,Associated Contact IDs," \
        "Create date,Close date,Last Modified Date"  # fmt: skip
    ticket = {"Ticket ID": "3", "Ticket name": "Broken", "Ticket description": "write to bo@example.com",
              "Ticket status": "Waiting on us", "Category": "Product Issue", "Priority": "Medium", "Source": "Form",
              "Associated Contact IDs": "51", "Create date": "2026-01-02 09:15",
              "Last Modified Date": "2026-01-02 09:15"}  # fmt: skip
    assert take(bench, "hubspot", "all-tickets.csv", table(head, ticket)) == (1, 0, 0)
    columns = "ticket_kind, contact_channel, priority, status, source_customer_key, description"
    assert bench.rows("ticket", columns) == [
        ("fault", "web", "normal", "open", "contact:51", "write to [email]"),
    ]


# --- the Chinese CRM


def test_visits_of_the_chinese_crm(bench: Bench) -> None:
    head = "拜访编号,拜访方式,客户编号,客户名称,线索编号,商机编号,拜访人工号,拜访状态,拜访时间,结束时间," \
    "拜访地点,是否陌拜," \
        "拜访结果,结果时间,报价金额（万元）,拜访内容,最近修改时间"  # fmt: skip
    day = 46_054.5  # 2026-02-01 12:00 as Excel counts days
    rows = (
        ("BF１", "上门拜访", "KH1", "远景酒店", None, "SJ1", "Ｅ011", "已完成", day, day + 0.0625,
         "浙江省杭州市西湖区文三路１号", "是", "有意向", None, None, "电话13812345678", "2026年2月1日 14:00"),
        ("BF2", "方案提交", "KH1", "远景酒店", None, "SJ1", "E011", "已完成", "2026年2月3日", None, None, "否",
         "方案通过",
         "2026年2月5日 09:30", 12.5, None, day),
        ("BF3", "电话", None, None, "XS1", None, "E011", "已取消", "2026-02-29", None, None, "否", None, None,
         None, None,
         day),
    )  # fmt: skip
    bench.contracts = tuple(_tolerant(contract) for contract in bench.contracts)
    assert take(bench, "crm_cn", "拜访记录_2026-02.xlsx", book("澄远 拜访记录", head, *rows)) == (2, 0, 1)
    columns = "activity_kind, source_customer_key, is_first_contact, outcome, province, city, amount, started_at"
    assert bench.rows("activity", columns) == [
        ("proposal", "KH1", False, "accepted", None, None, Decimal("125000.0000"), datetime(2026, 2, 2, 16)),
        ("visit", "KH1", True, "interested", "浙江", "杭州", None, datetime(2026, 2, 1, 4)),
    ]
    assert bench.rows("activity", "notes, duration_minutes, updated_at", "activity_kind = 'visit'") == [
        ("电话[phone]", 90.0, datetime(2026, 2, 1, 6)),
    ]


def test_stages_employees_and_training_of_the_chinese_crm(bench: Bench) -> None:
    head = "商机编号,商机名称,商机阶段,预计金额（万元）,操作人工号,阶段文档,进入时间"
    stages = (
        ("SJ1", "远景", "需求确认", "３.５", "E011", "已上传", 46_054.5),
        ("SJ1", "远景", "赢单", 4, "E011", None, 46_060),
    )
    assert take(bench, "crm_cn", "商机阶段_2026-02.xlsx", book("商机阶段", head, *stages)) == (2, 0, 0)
    assert bench.rows("opportunity_stage", "stage, amount, has_document") == [
        ("赢单", Decimal("40000.0000"), None), ("需求确认", Decimal("35000.0000"), True),
    ]  # fmt: skip
    head = "工号,姓名,部门,大区,岗位,上级工号,CRM账号,账号状态,手机号码,入职日期,离职日期,最近修改时间"
    people = (
        ("E011", "司马知微", "华东销售部", "华东", "销售代表", "E010", "e011", "启用", "13900000001",
         "2020/04/01", None, 46_054),
        ("E013", "端木映雪", "华东销售部", "华东", "销售代表", "E010", None, "停用", None, 44_977,
         "2025年6月30日", 46_054),
    )  # fmt: skip
    assert take(bench, "crm_cn", "员工.xlsx", book("员工", head, *people)) == (2, 0, 0)
    assert bench.rows("employee", "employee_id, role, hired_date, left_date") == [
        ("E011", "seller", date(2020, 4, 1), None), ("E013", "seller", date(2023, 2, 20), date(2025, 6, 30)),
    ]  # fmt: skip
    assert bench.rows("source_account", "account_id, is_active") == [("e011", True)]
    head = "培训编号,工号,姓名,课程名称,课程类型,讲师,开始日期,结束日期,学时,是否完成,最近修改时间"
    course = ("PX1", "E011", "司马知微", "大客户谈判", "销售技能", "商学院", "2026年1月5日", 46_029, 24, "是", 46_054)
    assert take(bench, "crm_cn", "培训_2026-02.xlsx", book("培训记录", head, course)) == (1, 0, 0)
    assert bench.rows("training", "course_kind, started_date, finished_date, hours, is_completed") == [
        ("selling", date(2026, 1, 5), date(2026, 1, 7), 24.0, True),
    ]


# --- shops


@pytest.mark.parametrize("is_old", [True, False])
def test_shopify_customers_are_those_of_the_orders(bench: Bench, is_old: bool) -> None:
    place = "" if is_old else "Default Address "
    head = ("First Name", "Last Name", "Email", "Phone", "Accepts Email Marketing", f"{place}Address1", f"{place}City",
            f"{place}Province Code", f"{place}Country Code", f"{place}Zip", "Note")  # fmt: skip
    ana = {"First Name": "Ana", "Last Name": "Diaz", "Email": "Ana@Example.com", "Accepts Email Marketing": "yes",
           f"{place}City": "Boston", f"{place}Province Code": "MA", f"{place}Country Code": "US",
           f"{place}Zip": "'02108", "Note": "two\nlines"}  # fmt: skip
    wei = {"First Name": "伟", "Last Name": "张", "Phone": "'+8613812345678", "Accepts Email Marketing": "no",
           f"{place}Province Code": "ZJ", f"{place}Country Code": "CN"}  # fmt: skip
    assert take(bench, "shopify", "customers_export.csv", table(head, ana, wei)) == (2, 0, 0)
    assert bench.rows("customer", "province, name_mask, phone_mask, has_consent") == [
        ("US-MA", "A**", None, True), ("浙江", "张**", "138****5678", False),
    ]  # fmt: skip
    take(bench, "shopify", "orders_export_1.csv", shopify_order(2023))
    assert len(bench.rows("customer", "distinct source_customer_key", "email_token is not null")) == 1


def shopify_order(year: int) -> str:
    first = {"Name": "#1001", "Email": "ana@example.com", "Financial Status": "paid", "Currency": "USD",
             "Paid at": "2026-01-20 05:21:10 -0800", "Subtotal": "30.00", "Shipping": "5.00", "Taxes": "0.00",
             "Total": "35.00", "Discount Amount": "0.00", "Created at": "2026-01-20 05:20:57 -0800",
             "Lineitem quantity": "1", "Lineitem name": "Mug", "Lineitem price": "10.00", "Lineitem sku": "M-1",
             "Billing Zip": "'02108", "Notes": "leave it\nat the door", "Refunded Amount": "10.00"}  # fmt: skip
    second = {"Name": "#1001", "Lineitem quantity": "2", "Lineitem name": "Cup", "Lineitem price": "10.00",
              "Lineitem sku": "C-1"}  # fmt: skip
    return table(headings_of(year), first, second)


@pytest.mark.parametrize(("year", "width"), [(2023, 65), (2024, 73), (2025, 79)])
def test_shopify_orders_of_every_year_give_the_same_rows(bench: Bench, year: int, width: int) -> None:
    assert len(headings_of(year)) == width
    assert take(bench, "shopify", f"orders_export_{year}.csv", shopify_order(year)) == (2, 0, 0)
    assert bench.rows("order", "order_id, total_amount, paid_at") == [
        ("#1001", Decimal("35.0000"), datetime(2026, 1, 20, 13, 21, 10)),
    ]
    assert bench.rows("order_line", "line_number, net_amount") == [(1, Decimal("10.0000")), (2, Decimal("20.0000"))]
    assert bench.rows("refund", "amount") == [(Decimal("10.0000"),)]


@pytest.mark.parametrize("is_old", [True, False])
def test_shopify_products_by_variant(bench: Bench, is_old: bool) -> None:
    names = (
        ("Handle", "Option1 Value", "Variant SKU", "Variant Price", "Variant Compare At Price", "Image Src",
         "Variant Requires Shipping")
        if is_old
        else ("URL handle", "Option1 value", "SKU", "Price", "Compare-at price", "Product image URL",
        "Requires shipping")
    )  # fmt: skip
    handle, option, sku, price, before, image, shipping = names
    mug = {handle: "mug", "Title": "Mug", "Type": "Coffee", option: "Red", sku: "M-R", price: "9.50", before: "12.00",
           "Cost per item": "4.00", shipping: "true", "Status": "active"}  # fmt: skip
    blue = {handle: "mug", option: "Blue", sku: "M-B", price: "9.50", shipping: "true"}
    picture = {handle: "mug", image: "https://cdn.example.com/mug-2.jpg"}
    course = {handle: "course", "Title": "Course", "Type": "Services", option: "Default Title", price: "50",
              shipping: "false"}  # fmt: skip
    head = (*names, "Title", "Type", "Cost per item", "Status", "Included / Taiwan")
    assert take(bench, "shopify", "products_export_1.csv", table(head, mug, blue, picture, course)) == (4, 0, 0)
    assert bench.rows("product", "product_id, product_name, product_line, product_type, list_price, unit_cost") == [
        ("Course", "Course", "Services", "service", Decimal("50.0000"), None),
        ("M-B", "Mug - Blue", "Coffee", "goods", Decimal("9.5000"), None),
        ("M-R", "Mug - Red", "Coffee", "goods", Decimal("12.0000"), Decimal("4.0000")),
    ]


HEADS = "订单编号,买家会员名,买家应付货款,买家应付邮费,总金额,买家实际支付金额,订单状态,收货人姓名,收货地址 ," \
    "联系手机,订单创建时间," \
    "订单付款时间,订单关闭原因,卡券抵扣,积分抵扣"  # fmt: skip
ORDER = {"订单编号": '="3100000000000000001"', "买家会员名": "小鱼1", "买家应付货款": "100.00", "买家应付邮费": "10.00",
         "总金额": "110.00", "买家实际支付金额": "80.00", "订单状态": "交易成功", "收货人姓名": "张伟",
         "收货地址 ": "浙江省 杭州市 西湖区 文三路1号(310000)", "联系手机": "'13812345678",
         "订单创建时间": "2026-01-05 10:00:00", "订单付款时间": "2026-01-05 10:01:00"}  # fmt: skip
CLOSED = {
    "订单编号": "3100000000000000002\t",
    "订单状态": "付款以后用户退款成功,交易自动关闭",
    "买家实际支付金额": "0.00",
}


@pytest.mark.parametrize("system", ["taobao", "tmall"])
def test_what_buyers_paid_is_net_of_refunds(bench: Bench, system: str) -> None:
    content = table(HEADS, ORDER, ORDER | CLOSED).encode("gb18030")
    assert take(bench, system, "ExportOrderList202601.csv", content) == (2, 0, 0)
    assert bench.rows("refund", "order_id, amount") == [
        ("3100000000000000001", Decimal("30.0000")), ("3100000000000000002", Decimal("110.0000")),
    ]  # fmt: skip
    assert bench.rows("order", "distinct channel, source_system, province") == [(system, system, "浙江")]


@pytest.mark.parametrize("system", ["taobao", "tmall"])
def test_a_shop_whose_payments_are_gross_is_held(bench: Bench, system: str) -> None:
    """An order closed after its payment still shows what was paid: the column does not mean what the contract says."""
    gross = table(HEADS, ORDER, ORDER | CLOSED | {"买家实际支付金额": "110.00"}).encode("gb18030")
    bench.drop("ExportOrderList202601.csv", gross, system)
    result = bench.ingest()
    assert [d.state for d in result.deliveries] == ["held"]
    assert [i.reason for i in result.issues if i.effect == "rejected"] == ["check:paid_amount_is_net_of_refunds"]


def test_tmall_has_the_form_of_taobao(shipped: tuple[Contract, ...]) -> None:
    by_id = {contract.id: contract for contract in shipped}
    for export in ("export_order_list", "export_order_detail_list"):
        taobao, tmall = by_id[f"taobao.{export}"], by_id[f"tmall.{export}"]
        assert (tmall.columns, tmall.checks, tmall.supersede, tmall.file.encoding) == (
            taobao.columns, taobao.checks, taobao.supersede, taobao.file.encoding,
        )  # fmt: skip
        assert str(tmall.targets).replace("'tmall'", "'taobao'") == str(taobao.targets)


JD = "订单号,商品ID,商品名称,订购数量,支付方式,下单时间,京东价,订单金额,结算金额,余额支付,应付金额,订单状态," \
    "订单类型,下单帐号,客户姓名," \
    "客户地址,联系电话,订单备注,运费金额,付款确认时间,货号,订单完成时间"  # fmt: skip
ITEM = {"订单号": "270000000001\t", "商品ID": "1001", "商品名称": "手冲壶", "订购数量": "2",
"下单时间": "2026-01-05 10:00:00",
        "京东价": "100.00", "订单金额": "250.00", "结算金额": "225.00", "余额支付": "10.00", "应付金额": "221.00",
        "订单状态": "完成", "下单帐号": "jd_小鱼", "客户姓名": "张伟", "客户地址": "浙江省杭州市西湖区文三路1号",
        "联系电话": "13812345678", "运费金额": "6.00", "付款确认时间": "2026-01-05 10:01:00", "货号": "CF-1",
        "支付方式": "在线支付", "订单完成时间": "2026-01-09 10:00:00"}  # fmt: skip


def test_jd_repeats_the_order_on_each_item(bench: Bench) -> None:
    second = ITEM | {"商品ID": "1002", "商品名称": "滤纸", "订购数量": "1", "京东价": "50.00", "货号": ""}
    back = ITEM | {"订单号": "270000000002", "订单状态": "(删除)等待出库", "订单金额": "200.00", "结算金额": "180.00",
                   "应付金额": "176.00"}  # fmt: skip
    content = table(JD, ITEM, second, back).encode("gb18030")
    assert take(bench, "jd", "订单导出_202601.csv", content) == (3, 0, 0)
    assert bench.rows("order", "order_id, status, item_amount, discount_amount, total_amount") == [
        ("270000000001", "completed", Decimal("225.0000"), Decimal("25.0000"), Decimal("231.0000")),
        ("270000000002", "refunded", Decimal("180.0000"), Decimal("20.0000"), Decimal("186.0000")),
    ]
    assert bench.rows("order_line", "line_number, product_id, net_amount", "order_id = '270000000001'") == [
        (1, "CF-1", Decimal("200.0000")), (2, "1002", Decimal("50.0000")),
    ]  # fmt: skip
    assert bench.rows("payment", "payment_number, amount", "order_id = '270000000001'") == [
        (1, Decimal("221.0000")), (2, Decimal("10.0000")),
    ]  # fmt: skip
    assert bench.rows("refund", "order_id, amount") == [("270000000002", Decimal("186.0000"))]
    assert len(bench.rows("customer", "phone_mask, province")) == 2
    # a later export of the order replaces it with all its items
    alone = ITEM | {"订单金额": "200.00", "结算金额": "200.00", "应付金额": "196.00"}
    take(bench, "jd", "订单导出_202602.csv", table(JD, alone).encode("gb18030"))
    assert len(bench.current("order_line", "line_number")) == 2


def test_jd_amounts_that_do_not_add_up_are_rejected(bench: Bench) -> None:
    wrong = ITEM | {"订单号": "270000000003", "应付金额": "500.00"}
    bench.contracts = tuple(_tolerant(contract) for contract in bench.contracts)
    assert take(bench, "jd", "订单导出.csv", table(JD, ITEM, wrong).encode("gb18030")) == (1, 0, 1)


def _tolerant(contract: Contract) -> Contract:
    from dataclasses import replace

    return replace(contract, held_rejected_share=1.0)
