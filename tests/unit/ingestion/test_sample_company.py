"""The sample company: the same bytes for the same seed, exports that sum to the truth, invented people only."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import phonenumbers
import pyarrow.parquet as pq
import pytest

from ingestion.errors import UsageError
from ingestion.home import Home
from ingestion.sample import SampleSummary, write_sample
from ingestion.sample.products import products
from ingestion.sample.words import EMPLOYEES

SEED = 11


def _digests(root: Path) -> dict[str, str]:
    files = sorted(p for p in root.rglob("*") if p.is_file())
    return {str(p.relative_to(root)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, SampleSummary]:
    home = Home(tmp_path_factory.mktemp("company"))
    return home, write_sample(home, "tiny", SEED)


def _records(path: Path, encoding: str = "utf-8-sig", skip: int = 0) -> list[dict[str, str]]:
    text = path.read_text(encoding=encoding)
    lines = text.split("\n", skip)[skip] if skip else text
    return list(csv.DictReader(io.StringIO(lines, newline="")))


def _files(home: Home, pattern: str) -> list[Path]:
    found = sorted(home.inbox.glob(pattern))
    assert found, f"the sample company wrote no {pattern}"
    return found


def _truth(home: Home, name: str) -> list[dict[str, str]]:
    return _records(home.truth / name)


def _totals(home: Home) -> dict[str, Any]:
    result: dict[str, Any] = json.loads((home.truth / "totals.json").read_text(encoding="utf-8"))
    return result


def _shop_orders(home: Home) -> dict[str, list[dict[str, str]]]:
    """Records of each order in the last export that has it, the shop's spoilt test records left out."""
    orders: dict[str, list[dict[str, str]]] = {}
    for path in _files(home, "shopify/*/orders_export_*.csv"):
        found: dict[str, list[dict[str, str]]] = defaultdict(list)
        for record in _records(path):
            if not record["Name"].startswith("#T"):
                found[record["Name"]].append(record)
        orders |= found
    return orders


def _market_rows(home: Home, pattern: str) -> dict[str, list[dict[str, str]]]:
    orders: dict[str, list[dict[str, str]]] = {}
    for path in _files(home, pattern):
        found: dict[str, list[dict[str, str]]] = defaultdict(list)
        for record in _records(path, "gb18030"):
            number = record["订单编号"].removeprefix('="').removesuffix('"')
            if not number.startswith("29"):
                found[number].append(record)
        orders |= found
    return orders


def test_the_same_seed_gives_the_same_bytes(company: tuple[Home, SampleSummary], tmp_path: Path) -> None:
    home, summary = company
    again = write_sample(Home(tmp_path), "tiny", SEED)
    assert _digests(home.root) == _digests(tmp_path)
    assert summary == again


def test_another_seed_gives_other_orders(company: tuple[Home, SampleSummary], tmp_path: Path) -> None:
    write_sample(Home(tmp_path), "tiny", SEED + 1)
    name = "shopify/2026/orders_export_2026-09.csv"
    assert (company[0].inbox / name).read_bytes() != (Home(tmp_path).inbox / name).read_bytes()


def test_another_end_date_moves_the_history(tmp_path: Path) -> None:
    summary = write_sample(Home(tmp_path), "tiny", SEED, date(2025, 6, 30))
    assert (summary.start_date, summary.end_date) == (date(2024, 12, 1), date(2025, 6, 30))
    assert (tmp_path / "inbox/shopify/2024/orders_export_2024-12.csv").exists()


def test_an_end_date_within_a_month_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="last day of a month"):
        write_sample(Home(tmp_path), "tiny", SEED, date(2026, 9, 15))


def test_truth_lies_outside_the_inbox_and_lists_every_file(company: tuple[Home, SampleSummary]) -> None:
    home, summary = company
    listed = {row["path"] for row in _truth(home, "files.csv")}
    assert listed == {str(p.relative_to(home.inbox)) for p in home.inbox.rglob("*") if p.is_file()}
    assert summary.file_count == len(listed)
    assert not any("truth" in path for path in listed)


def test_web_shop_exports_sum_to_the_truth(company: tuple[Home, SampleSummary]) -> None:
    home, _ = company
    net: Counter[str] = Counter()
    refunds: Counter[str] = Counter()
    paid = 0
    for records in _shop_orders(home).values():
        head = records[0]
        lines = sum(Decimal(r["Lineitem price"]) * int(r["Lineitem quantity"]) for r in records)
        assert lines - Decimal(head["Discount Amount"]) == Decimal(head["Subtotal"])
        total = Decimal(head["Subtotal"]) + Decimal(head["Shipping"]) + Decimal(head["Taxes"])
        assert total == Decimal(head["Total"]) >= Decimal(head["Refunded Amount"])
        assert all(not r["Email"] and not r["Total"] for r in records[1:])
        if head["Paid at"]:
            paid += 1
            net[head["Currency"]] += Decimal(head["Subtotal"])  # type: ignore[assignment]
            refunds[head["Currency"]] += Decimal(head["Refunded Amount"])  # type: ignore[assignment]
    totals = _totals(home)
    assert paid == totals["orders_paid"]["shopify"]
    for currency in ("USD", "CNY"):
        assert net[currency] == Decimal(totals["net_amount"][f"shopify {currency}"])
        assert refunds[currency] == Decimal(totals["refund_amount"].get(f"shopify {currency}", "0"))


def test_marketplace_exports_sum_to_the_truth(company: tuple[Home, SampleSummary]) -> None:
    home, _ = company
    heads = _market_rows(home, "taobao/*/ExportOrderList*.csv")
    lines = _market_rows(home, "taobao/*/ExportOrderDetailList*.csv")
    assert set(heads) == set(lines)
    net = refunded = Decimal(0)
    paid = 0
    for number, (head,) in heads.items():
        goods = sum(Decimal(r["价格"]) * int(r["购买数量"]) for r in lines[number])
        assert goods == Decimal(head["买家应付货款"]), "the corrected delivery has to come last"
        assert Decimal(head["买家应付货款"]) + Decimal(head["买家应付邮费"]) == Decimal(head["总金额"])
        if head["订单付款时间"]:
            paid += 1
            net += Decimal(head["买家应付货款"])
            refunded += Decimal(head["总金额"]) - Decimal(head["卡券抵扣"]) - Decimal(head["买家实际支付金额"])
            if head["订单状态"].startswith("付款以后"):
                assert Decimal(head["买家实际支付金额"]) == 0
    totals = _totals(home)
    assert paid == totals["orders_paid"]["taobao"]
    assert net == Decimal(totals["net_amount"]["taobao CNY"])
    assert refunded == Decimal(totals["refund_amount"]["taobao CNY"])


def test_revenue_by_month_sums_to_the_totals(company: tuple[Home, SampleSummary]) -> None:
    home, _ = company
    sums: Counter[str] = Counter()
    for row in _truth(home, "revenue_by_month.csv"):
        if row["what"] == "net":
            sums[f"{row['source_system']} {row['currency']}"] += Decimal(row["amount"])  # type: ignore[assignment]
    assert sums == {key: Decimal(value) for key, value in _totals(home)["net_amount"].items()}


def test_spend_sums_to_the_truth(company: tuple[Home, SampleSummary]) -> None:
    home, _ = company
    days: dict[tuple[str, ...], Decimal] = {}
    for path in _files(home, "google_ads/*/Campaign report*.csv"):
        for r in _records(path, skip=2):
            if not r["Day"].startswith("Total"):
                days["google_ads", r["Campaign"], r["Day"]] = Decimal(r["Cost"].replace(",", ""))
    for path in _files(home, "meta_ads/*/*.csv"):
        if "corrected" not in path.name:
            for r in _records(path):
                days["meta_ads", r["Ad name"], r["Reporting starts"]] = Decimal(r["Amount spent (USD)"])
    for path in _files(home, "ocean_engine/*/*计划日报*.csv"):
        for r in _records(path):
            if r["日期"] != "总计" and r["计划ID"] != "0":
                days["ocean_engine", r["计划ID"], r["日期"]] = Decimal(r["消耗"].replace(",", ""))
    for path in _files(home, "tencent_ads/*/*计划日报*.csv"):
        for r in _records(path, "gb18030"):
            if r["日期"] != "合计" and r["账户ID"]:
                days["tencent_ads", r["推广计划ID"], r["日期"].replace("/", "-")] = Decimal(
                    r["花费(元)"].replace(",", "")
                )
    for path in _files(home, "linkedin/*/*campaign*.csv"):
        text = path.read_text(encoding="utf-16").split("\n", 5)[5]
        for r in csv.DictReader(io.StringIO(text), delimiter="\t"):
            day = datetime.strptime(r["Start Date (in UTC)"], "%m/%d/%Y").date()
            days["linkedin", r["Campaign ID"], str(day)] = Decimal(r["Total Spent"].replace(",", ""))
    found: Counter[tuple[str, str]] = Counter()
    for key, amount in days.items():
        found[key[0], key[2][:7]] += amount  # type: ignore[assignment]
    expected = {(r["source_system"], r["month"]): Decimal(r["spend"]) for r in _truth(home, "spend_by_month.csv")}
    assert found == expected


@pytest.mark.parametrize("kind", ["分时", "地域", "设备", "关键词"])
def test_breakdowns_repeat_the_spend_of_their_plans(company: tuple[Home, SampleSummary], kind: str) -> None:
    home, _ = company
    last = _files(home, "ocean_engine/*/*计划日报*.csv")[-1]
    plans = {(r["计划ID"], r["日期"]): Decimal(r["消耗"].replace(",", "")) for r in _records(last)}
    parts: Counter[tuple[str, str]] = Counter()
    for r in _records(_files(home, f"ocean_engine/*/*{kind}报告*.csv")[-1]):
        if r["日期"] != "总计":
            parts[r["计划ID"], r["日期"]] += Decimal(r["消耗"].replace(",", ""))  # type: ignore[assignment]
    assert len(parts) >= 60
    if kind == "关键词":  # a word below the threshold is hidden
        assert all(0 < amount < plans[key] for key, amount in parts.items())
    else:
        assert all(amount == plans[key] for key, amount in parts.items())


def test_orders_paid_in_sessions_exist(company: tuple[Home, SampleSummary]) -> None:
    home, _ = company
    sessions = [r for path in _files(home, "web_analytics/*/sessions_*.csv") for r in _records(path, skip=5)]
    bought = [r["Transaction ID"] for r in sessions if r["Transaction ID"]]
    orders = {name: records[0] for name, records in _shop_orders(home).items() if records[0]["Paid at"]}
    paid = {name for name, head in orders.items() if head["Source"] == "web"}  # a till has no visits
    assert {head["Source"] for head in orders.values()} == {"web", "pos"}
    assert len(bought) == len(set(bought)) and set(bought) <= paid
    assert len(bought) > 0.98 * len(paid)  # a visit before the first day of the history is not exported
    assert len(sessions) == _totals(home)["sessions"]
    signed_in = [r for r in sessions if r["User ID"]]
    assert 0.08 < len(signed_in) / len(sessions) < 0.3
    assert len({r["Session ID"] for r in sessions}) == len(sessions)


def test_rejected_records_are_those_the_truth_states(company: tuple[Home, SampleSummary]) -> None:
    """Of the shops and Meta by what spoils the records; of all systems by ingestion (test_sample_ingested)."""
    home, _ = company
    systems = ("shopify", "taobao", "meta_ads")
    stated = {
        (r["path"], r["reason"]): int(r["rows"])
        for r in _truth(home, "rejected.csv")
        if r["path"].split("/")[0] in systems
    }
    found: Counter[tuple[str, str]] = Counter()
    for path in (path for system in systems for path in (home.inbox / system).rglob("*.csv")):
        name = str(path.relative_to(home.inbox))
        text = path.read_text(encoding="gb18030" if name.startswith("taobao") else "utf-8", errors="replace")
        for reason, mark in (("below_minimum", ",-1"), ("not_a_timestamp", "2025-02-30"), ("not_an_amount", "#REF!")):
            if count := sum(
                mark in line
                for line in text.splitlines()
                if reason != "below_minimum" or "est" in line or "29000" in line
            ):
                found[name, reason] += count
    assert found == stated
    held = [r for r in _truth(home, "files.csv") if r["expected_state"] == "held"]
    assert len(held) == 1
    for row in _truth(home, "files.csv"):
        share = int(row["rejected"]) / max(int(row["rows"]), 1)
        assert (share > 0.05) == (row["expected_state"] == "held"), row["path"]


def _people(home: Home) -> Iterator[tuple[str, str, str]]:
    """Name, phone, e-mail of every customer in an export."""
    for records in _shop_orders(home).values():
        yield records[0]["Billing Name"], records[0]["Phone"].lstrip("'"), records[0]["Email"]
    for rows in _market_rows(home, "taobao/*/ExportOrderList*.csv").values():
        yield rows[0]["收货人姓名"], rows[0]["联系手机"].lstrip("'"), ""
    for path in _files(home, "salesforce/*/Lead_*.csv"):
        for r in _records(path, "cp1252"):
            yield r["NAME"], r["PHONE"], r["EMAIL"]


def test_no_employee_or_product_is_called_as_a_customer(company: tuple[Home, SampleSummary]) -> None:
    from ingestion.sample import words

    home, _ = company
    names = {name for name, _, _ in _people(home)}
    others = {e[1] for e in EMPLOYEES} | {p.name for p in products()} | {p.name_zh for p in products()}
    assert not names & others
    # and none could be, whatever the seed
    possible = {s + g for s, _ in words.SURNAMES for g, _ in words.GIVEN_NAMES}
    possible |= {f"{f} {last}" for f in words.FIRST_NAMES for last in words.LAST_NAMES}
    places = {part for city in words.CITIES for part in (city[0], city[1], city[2], *city[5])}
    assert not possible & (others | places | {e[2] for e in EMPLOYEES} | set(words.COMPANY_STEMS))


def test_people_are_invented(company: tuple[Home, SampleSummary]) -> None:
    invalid = 0
    phones = 0
    for _, phone, email in _people(company[0]):
        assert not email or email.lower().rsplit("@", 1)[1] in ("example.com", "example.org", "example.net")
        if phone:
            phones += 1
            try:
                invalid += not phonenumbers.is_valid_number(phonenumbers.parse(phone, "CN"))
            except phonenumbers.NumberParseException:
                invalid += 1
    assert 0 <= invalid / phones < 0.03


def test_identities_say_which_records_are_one_person(company: tuple[Home, SampleSummary]) -> None:
    home, _ = company
    rows = pq.read_table(home.truth / "identities.parquet").to_pylist()
    assert len({(r["source_system"], r["source_key"]) for r in rows}) == len(rows)
    by_person = defaultdict(list)
    for row in rows:
        by_person[row["person_id"]].append(row)
    shared = [records for records in by_person.values() if len({r["source_system"] for r in records}) > 1]
    assert len(shared) > 5
    for records in shared:
        if all(r["linked_by"] in ("phone", "single") for r in records) and any(
            r["linked_by"] == "phone" for r in records
        ):
            assert len({r["phone"] for r in records}) == 1
    keys = {system: {r["source_key"] for r in rows if r["source_system"] == system} for system in ("shopify", "taobao")}
    assert keys["shopify"] == {records[0]["Email"].lower() for records in _shop_orders(home).values()}
    assert keys["taobao"] == {
        heads[0]["买家会员名"] for heads in _market_rows(home, "taobao/*/ExportOrderList*.csv").values()
    }


def test_every_order_and_lead_has_its_true_channel(company: tuple[Home, SampleSummary]) -> None:
    home, _ = company
    orders = pq.read_table(home.truth / "orders.parquet").to_pylist()
    assert {r["order_id"] for r in orders if r["source_system"] == "shopify"} == set(_shop_orders(home))
    assert all(r["marketing_channel"] and r["person_id"] for r in orders)
    leads = pq.read_table(home.truth / "leads.parquet").to_pylist()
    totals = _totals(home)
    assert Counter(r["source_system"] for r in leads) == totals["leads"]
    exported = {r["ID"] for path in _files(home, "salesforce/*/Lead_*.csv") for r in _records(path, "cp1252")}
    assert exported == {r["lead_id"] for r in leads if r["source_system"] == "salesforce"}
