"""Service, operations, people and reference exports of the sample company agree with its orders, deals and truth."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pyarrow.parquet as pq
import pytest

from ingestion.home import Home
from ingestion.sample import business, training_plan, words, workdays, write_sample
from ingestion.sample.demand import History
from ingestion.sample.experiments import PLANTED
from ingestion.sample.stores import STORES
from ingestion.sample.words import CITIES

CITY_PROVINCE = {city[2]: city[0] for city in CITIES}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    made = Home(tmp_path_factory.mktemp("operations"))
    write_sample(made, "tiny", 11)
    return made


@pytest.fixture(scope="module")
def planted(home: Home) -> dict[str, Any]:
    return dict(json.loads((home.truth / "planted.json").read_text(encoding="utf-8")))


def _records(home: Home, pattern: str, encoding: str = "gb18030", delimiter: str = ",") -> list[dict[str, str]]:
    files = sorted(home.inbox.glob(pattern))
    assert files, f"no {pattern}"
    texts = (path.read_text(encoding=encoding) for path in files)
    return [row for text in texts for row in csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)]


def _lines(path: Path) -> list[dict[str, Any]]:
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return [json.loads(line) for line in raw.decode().splitlines()]


def _order_times(home: Home) -> dict[str, str]:
    orders = pq.read_table(home.truth / "orders.parquet", columns=["order_id", "paid_at"]).to_pylist()
    return {
        row["order_id"]: str(np.datetime64(row["paid_at"]) + np.timedelta64(8, "h")) for row in orders if row["paid_at"]
    }


def test_tickets_and_chats_come_after_the_payment_of_orders_that_exist(home: Home) -> None:
    paid = _order_times(home)
    rows = [(r["订单编号"], r["创建时间"]) for r in _records(home, "service_desk/*/工单导出_*.csv") if r["订单编号"]]
    rows += [(r["咨询订单"], r["开始时间"]) for r in _records(home, "service_desk/*/会话记录_*.csv")]
    assert len(rows) > 30
    for order, moment in rows:
        assert paid[order.removeprefix('="').removesuffix('"')].replace("T", " ")[:19] <= moment


def test_every_survey_of_a_ticket_names_one_that_was_solved(home: Home) -> None:
    solved = {r["工单编号"] for r in _records(home, "service_desk/*/工单导出_*.csv") if r["解决时间"]}
    asked = {r["工单编号"] for r in _records(home, "service_desk/*/满意度调查_*.csv") if r["工单编号"]}
    assert asked and asked <= solved


def test_receivables_sum_to_what_was_invoiced_and_received(home: Home, planted: dict[str, Any]) -> None:
    last: dict[str, dict[str, str]] = {}
    for row in _records(home, "erp/*/receivables_*.csv", "utf-8"):
        last[row["invoice_no"]] = max(last.get(row["invoice_no"], row), row, key=lambda r: r["changed_at"])
    invoiced, received = Counter[str](), Counter[str]()
    for row in last.values():
        assert Decimal(row["balance"]) == Decimal(row["amount"]) - Decimal(row["received_amount"]) >= 0
        invoiced[row["currency"]] += Decimal(row["amount"])  # type: ignore[assignment]
        received[row["currency"]] += Decimal(row["received_amount"])  # type: ignore[assignment]
    finance = planted["finance"]
    assert {k: float(v) for k, v in invoiced.items()} == finance["invoiced"]
    assert {k: float(v) for k, v in received.items()} == finance["received"]


def test_exposures_count_as_planted(home: Home, planted: dict[str, Any]) -> None:
    found = Counter[tuple[str, str, bool]]()
    for row in _records(home, "reference/experiment_exposures_*.csv", "utf-8"):
        found[row["Experiment ID"], row["Variant"], row["Converted"] == "true"] += 1
    for truth in planted["experiments"]:
        for variant, counts in truth["counts"].items():
            converted = found[truth["experiment"], variant, True]
            assert converted == counts["converted"]
            assert converted + found[truth["experiment"], variant, False] == counts["exposed"]
    assert {e.key for e in PLANTED if e.treatment_share != 0.5} == {
        t["experiment"] for t in planted["experiments"] if not t["is_split_as_planned"]
    }


def test_messages_come_late_and_twice_from_devices_that_are_registered(home: Home, planted: dict[str, Any]) -> None:
    messages = [m for path in sorted(home.inbox.glob("iot/*/events_*.gz")) for m in _lines(path)]
    registered = {d["device_id"] for path in home.inbox.glob("iot/*/devices_*.jsonl") for d in _lines(path)}
    assert {m["device_id"] for m in messages} <= registered
    first = {m["msg_id"]: m for m in messages}
    devices = planted["devices"]
    assert len(messages) - len(first) <= devices["repeated"] and len(messages) > len(first)
    assert sum(m["type"] == "fault" for m in first.values()) <= devices["faults"]
    assert all(m["ts"] <= m["recv_ts"] for m in messages)


def test_the_last_counts_of_the_stores_are_the_right_ones(home: Home, planted: dict[str, Any]) -> None:
    counts: dict[tuple[str, str], int] = {}
    for path in sorted(home.inbox.glob("store_systems/*/客流日报_*.csv"), key=lambda p: (p.stem[:15], len(p.stem))):
        for row in csv.DictReader(io.StringIO(path.read_text(encoding="gb18030"), newline=""), delimiter=";"):
            counts[row["门店编号"], row["日期"]] = int(row["进店客流"])
    assert sum(counts.values()) == planted["stores"]["visitors"]


def test_tills_sell_what_the_truth_says_in_the_stores_region(home: Home, planted: dict[str, Any]) -> None:
    heads: dict[str, dict[str, str]] = {}
    for row in _records(home, "shopify/*/orders_export_*.csv", "utf-8"):
        if row["Source"]:
            heads[row["Name"]] = row
    tills = [row for row in heads.values() if row["Source"] == "pos" and row["Paid at"]]
    assert all(bool(row["Location"]) == (row["Source"] == "pos") for row in heads.values())
    assert all(row["Currency"] == "CNY" for row in tills)
    regions = {store[1]: store[2] for store in STORES}
    assert all(business.REGION_OF[CITY_PROVINCE[row["Billing City"]]] == regions[row["Location"]] for row in tills)
    ids = {store[1]: store[0] for store in STORES}
    assert Counter(ids[row["Location"]] for row in tills) == Counter(planted["stores"]["orders"])
    sold = Counter[str]()
    for row in tills:
        sold[ids[row["Location"]]] += Decimal(row["Subtotal"])  # type: ignore[assignment]
    assert {k: float(v) for k, v in sold.items()} == {k: v for k, v in planted["stores"]["net_cny"].items() if v}


def test_contracts_end_at_different_times_and_some_are_renewed(home: Home) -> None:
    rows: dict[str, tuple[Any, ...]] = {}
    for path in sorted(home.inbox.glob("oa_cn/*/合同台账_*.xlsx")):
        sheet = openpyxl.load_workbook(path)["合同台账"]
        lines = list(sheet.iter_rows(values_only=True))
        at = next(n for n, line in enumerate(lines) if line[0] == "合同编号")
        names = lines[at]
        for line in lines[at + 1 :]:
            if line[0]:
                rows[str(line[0])] = tuple(line[names.index(n)] for n in ("生效日期", "到期日期", "续签原合同编号"))
    signed = [(date.fromisoformat(str(a)[:10]), date.fromisoformat(str(b)[:10])) for a, b, _ in rows.values() if a]
    assert {(b - a).days for a, b in signed} == {89, 181, 364}
    assert any(b <= date(2026, 9, 30) for _, b in signed)
    assert any(r for _, _, r in rows.values())


def test_points_of_a_member_add_up(home: Home) -> None:
    balance = Counter[str]()
    for row in sorted(_records(home, "store_systems/*/会员积分流水_*.csv"), key=lambda r: r["流水号"]):
        balance[row["会员卡号"]] += int(row["积分变动"])
        assert int(row["变动后积分"]) == balance[row["会员卡号"]]


def test_working_days_leave_out_holidays_and_count_days_worked_instead() -> None:
    def seconds(text: str) -> Any:
        return (np.array([np.datetime64(text)]) - np.timedelta64(8, "h")).astype("datetime64[s]").astype(np.int64)

    # National Day 2024: off from 1 to 7 October, Sunday 29 September and Saturday 12 October worked
    assert workdays.between(seconds("2024-09-30T09:00"), seconds("2024-10-08T09:00"))[0] == 1.0
    assert workdays.between(seconds("2024-09-28T09:00"), seconds("2024-09-29T18:00"))[0] == 1.0
    assert workdays.between(seconds("2024-10-08T09:00"), seconds("2024-10-08T13:30"))[0] == 0.5
    assert workdays.between(seconds("2024-10-08T20:00"), seconds("2024-10-08T22:00"))[0] == 0.0


def test_one_leaver_still_has_an_account_and_no_other(home: Home, planted: dict[str, Any]) -> None:
    from python_calamine import CalamineWorkbook

    path = sorted(home.inbox.glob("hr/*/系统账号_*.xlsx"))[-1]
    rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()[2:]
    left = {e[0] for e in words.EMPLOYEES if e[7]}
    still = [(row[2], row[0]) for row in rows if row[2] in left and row[4] == "是"]
    truth = planted["people"]["leaver_with_an_active_account"]
    assert still == [(truth["employee"], truth["system"])]


def test_every_kind_of_request_comes_out_of_the_office_system(home: Home) -> None:
    kinds: Counter[str] = Counter()
    for path in sorted(home.inbox.glob("oa_cn/*/审批单_*.xlsx")):
        for row in openpyxl.load_workbook(path, read_only=True).active.iter_rows(min_row=3, values_only=True):
            kinds[str(row[1])] += row[0] is not None
    assert kinds["合同审批"] > 10
    assert kinds["折扣审批"] > 0
    assert kinds["弹性预算申请"] >= 18  # three releases a month


def test_sellers_have_goals_of_their_own(home: Home) -> None:
    [path] = home.inbox.glob("reference/goals_*.xlsx")
    rows = list(openpyxl.load_workbook(path, read_only=True).active.iter_rows(values_only=True))
    column = rows[0].index("Employee ID")
    goals = [row for row in rows[1:] if row[column]]
    assert {str(row[column]) for row in goals} <= {e[0] for e in words.EMPLOYEES if e[4] == "seller"}
    assert len(goals) == 2 * 11  # two whole quarters


def test_leads_of_sellers_trained_as_planted_are_won_more_often() -> None:
    history = History(5, date(2026, 9, 30), 36)
    [latest, *_] = training_plan.rounds(history)
    day = (latest.finished - date(1970, 1, 1)).days * 86400
    created = np.array([day, day + 86400, day + 91 * 86400 - 8 * 3600 - 1, day + 91 * 86400, day + 86400])
    owners = np.array([latest.sellers[0]] * 4 + ["E011"])
    factor = training_plan.WIN_FACTOR
    assert training_plan.win_factors(history, owners, created).tolist() == [1.0, factor, factor, 1.0, 1.0]
    assert [len(training_plan.rounds(History(5, date(2026, 9, 30), months))) for months in (6, 7, 36)] == [0, 1, 4]


def test_what_training_planted_moves_no_other_deal() -> None:
    start = np.arange(400) * 86400
    plain = business._course(np.random.default_rng(3), start)
    lifted = business._course(np.random.default_rng(3), start, np.where(np.arange(400) < 200, 1.8, 1.0))
    assert np.array_equal(plain["is_won"], lifted["is_won_anyway"])
    assert lifted["is_won"][:200].sum() > 1.4 * plain["is_won"][:200].sum()
    for name in plain:
        assert np.array_equal(plain[name][200:], lifted[name][200:]), name


def test_strangers_are_called_on_as_planted(home: Home, planted: dict[str, Any]) -> None:
    visits: dict[str, dict[str, Any]] = {}
    for path in sorted(home.inbox.glob("crm_cn/*/拜访记录_*.xlsx")):
        sheet = openpyxl.load_workbook(path, read_only=True).active
        headings, *rows = [row for row in sheet.iter_rows(min_row=2, values_only=True) if any(row)]
        visits |= {row[0]: dict(zip(headings, row, strict=True)) for row in rows}
    cold = [v for v in visits.values() if v["拜访方式"] == "上门拜访" and v["是否陌拜"] == "是"]
    assert len(cold) == planted["funnel"]["cold_visits"] > planted["funnel"]["cold_visits_that_became_deals"] > 0
    assert all(v["线索编号"] and v["拜访地点"] for v in cold)
    assert not any(v["是否陌拜"] == "是" for v in visits.values() if v["拜访方式"] != "上门拜访")
