"""Contracts of service, operations, people and reference systems, each on a small file with good and spoilt records."""

from __future__ import annotations

import datetime as dt
import sqlite3
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest

from ingestion.contracts.loader import load_contracts
from ingestion.contracts.model import Contract, ContractSet, PersonalData, SupersedeBy
from ingestion.entity import load_entities
from ingestion.ingest import IngestResult
from ingestion.ledger.deliveries import Delivery
from ingestion.pull.declared import DatabaseSource
from ingestion.pull.pull import Waits, pull_sources
from ingestion.rejects import show_rejects
from tests.ingestion_bench import KEYS, Bench
from tests.operations_exports import ANY, Case
from tests.operations_exports import CASES as OPERATIONS
from tests.reference_exports import CASES as REFERENCE

CASES = OPERATIONS | REFERENCE
SYSTEMS = ("service_desk", "oa_cn", "erp", "iot", "store_systems", "hr", "reference")
#: Contracts of these systems that stood before; their tests are elsewhere.
ELSEWHERE = {"reference.goals", "reference.budgets", "reference.employees", "reference.products",
             "reference.exchange_rates"}  # fmt: skip


@cache
def shipped() -> ContractSet:
    """The contracts, read once: there are many."""
    return load_contracts()


@pytest.fixture(scope="module")
def ingested(tmp_path_factory: pytest.TempPathFactory) -> tuple[Bench, IngestResult]:
    contracts = shipped()
    bench = Bench(tmp_path_factory.mktemp("operations"), tuple(contracts.by_id(name) for name in CASES))
    for name, case in CASES.items():
        contract = contracts.by_id(name)
        bench.drop(case.name, case.content(contract.file.delimiter), contract.system)
    # every file has spoilt records on purpose: more than would hold it otherwise
    bench.contracts = tuple(_tolerant(contract) for contract in bench.contracts)
    return bench, bench.ingest()


def _tolerant(contract: Contract) -> Contract:
    return replace(contract, held_rejected_share=1.0)


def _delivery(result: IngestResult, name: str) -> Delivery:
    return next(d for d in result.deliveries if d.contract == name)


def _plain(value: object) -> object:
    """Amounts, days and times as the cases write them."""
    if isinstance(value, Decimal | dt.datetime | dt.date):
        return str(value)
    return value


def test_every_contract_of_these_systems_has_a_case() -> None:
    names = {contract.id for system in SYSTEMS for contract in shipped().of_system(system)}
    assert names == set(CASES) | ELSEWHERE


@pytest.mark.parametrize("name", CASES)
def test_what_is_right_arrives_and_what_is_wrong_is_rejected(ingested: tuple[Bench, IngestResult], name: str) -> None:
    bench, result = ingested
    case, delivery = CASES[name], _delivery(result, name)
    assert delivery.state == "active"
    (part,) = [p for p in result.parts if p.delivery_seq == delivery.delivery_seq]
    assert (part.received_rows, part.rejected_rows) == (case.record_count, len(case.rejected))
    shown = show_rejects(bench.home, bench.ledger, _all(bench), KEYS, delivery_seq=delivery.delivery_seq)
    assert sorted((r.record_number, r.column, r.reason) for r in shown) == sorted(case.rejected)
    columns = list(case.expected)
    where = f"_contract = '{name}' and _record_number = {_first(case)} and {columns[0]} = '{case.expected[columns[0]]}'"
    row = bench.rows(case.entity, ", ".join(columns), where)[0]
    found = dict(zip(columns, map(_plain, row), strict=True))
    wanted = {column: found[column] if value == ANY else value for column, value in case.expected.items()}
    assert found == wanted
    assert all(found[column] is not None for column, value in case.expected.items() if value == ANY)


def _first(case: Case) -> int:
    return next(n for n in range(1, case.record_count + 1) if n not in {number for number, _, _ in case.rejected})


def _all(bench: Bench) -> ContractSet:
    return ContractSet(bench.contracts)


def test_a_sheet_kept_by_people_names_file_sheet_record_and_column(ingested: tuple[Bench, IngestResult]) -> None:
    bench, result = ingested
    delivery = _delivery(result, "reference.competitor_prices")
    (shown,) = show_rejects(bench.home, bench.ledger, _all(bench), KEYS, delivery_seq=delivery.delivery_seq)
    assert (shown.file_name, shown.part, shown.record_number, shown.column, shown.reason) == (
        "竞品价格_2026-03-31.xlsx", "竞品价格", 2, "net_price", "missing_value"
    )  # fmt: skip


def test_no_name_number_or_address_of_a_customer_lies_in_the_lake(ingested: tuple[Bench, IngestResult]) -> None:
    bench, _ = ingested
    clear = [text.encode() for text in ("王芳", "李强", "13812345678", "wf@example.com", "小鱼1", "880000001")]
    entities = {case.entity for case in CASES.values()}
    for entity in entities:
        for row in bench.rows(entity):
            said = "|".join(str(value) for value in row).encode()
            assert not [text for text in clear if text in said], entity


@pytest.mark.parametrize("name", CASES)
def test_personal_columns_reach_entities_as_tokens_only(name: str) -> None:
    contract = shipped().by_id(name)
    entities = load_entities()
    secret = {c.name for c in contract.columns if c.personal_data in (PersonalData.DIRECT, PersonalData.SENSITIVE)}
    for target in contract.targets:
        classes = {column.name: column.privacy for column in entities[target.entity].columns}
        for column, expression in target.columns:
            if column.endswith("_token"):
                assert classes[column] == "token"
            for heading in secret:
                assert f"{heading}__mask" not in expression, "these systems add no names to show"


@pytest.mark.parametrize("name", CASES)
def test_a_later_export_of_the_same_records_replaces_them(name: str) -> None:
    supersede = shipped().by_id(name).supersede
    assert supersede.by in (SupersedeBy.KEY, SupersedeBy.PERIOD), "every record has a key"
    if supersede.by is SupersedeBy.PERIOD:
        assert supersede.period


def test_a_ticket_ends_in_its_last_version_whatever_the_order(tmp_path: Path) -> None:
    contract = _tolerant(shipped().by_id("service_desk.tickets"))
    heads = "工单编号,工单类型,工单状态,主题,创建时间,最后更新时间"
    later = f"{heads}\nGD1,投诉,已关闭,x,2026-03-02 10:00:00,2026-04-03 09:00:00\n"
    sooner = f"{heads}\nGD1,投诉,处理中,x,2026-03-02 10:00:00,2026-03-02 10:00:00\n"
    bench = Bench(tmp_path / "home", (contract,))
    for name, text in (("工单导出_2026-04.csv", later), ("工单导出_2026-03.csv", sooner)):
        bench.drop(name, text.encode("gb18030"), "service_desk")
        bench.ingest()
    assert bench.current("ticket", "ticket_id, status") == [("GD1", "closed")]


def test_the_days_of_a_traffic_file_are_replaced_and_no_others(tmp_path: Path) -> None:
    contract = shipped().by_id("store_systems.store_traffic")
    bench = Bench(tmp_path / "home", (contract,))
    heads = "门店编号;日期;进店客流\n"
    first = heads + "S001;2026/03/29;100\nS001;2026/03/30;110\nS002;2026/03/30;90\n"
    corrected = heads + "S001;2026/03/30;121\n"
    for name, text in (("客流日报_2026-03-30.csv", first), ("客流日报_2026-03-30_2.csv", corrected)):
        bench.drop(name, text.encode("gb18030"), "store_systems")
        bench.ingest()
    assert bench.current("store_traffic", "traffic_date::varchar, store_id, visitors") == [
        ("2026-03-29", "S001", 100), ("2026-03-30", "S001", 121),
    ]  # fmt: skip


def test_a_message_that_comes_twice_counts_once(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "home", (shipped().by_id("iot.device_events"),))
    message = '{"msg_id": "m1", "device_id": "CY1", "type": "usage", "ts": "2026-03-02T10:00:00Z", "payload": {"duration_s": 60}}\n'  # noqa: E501
    bench.drop("events_2026-03-02.jsonl", message + message.replace("m1", "m2") + message, "iot")
    result = bench.ingest()
    assert (result.received_rows, result.accepted_rows, result.superseded_rows) == (3, 2, 1)
    bench.drop("events_2026-03-03.jsonl", message.replace("60", "61"), "iot")
    bench.ingest()
    assert bench.current("device_event", "event_id, duration_seconds") == [("m1", 61.0), ("m2", 60.0)]


def test_a_device_that_the_registry_lacks_is_gone(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "home", (shipped().by_id("iot.devices"),))
    line = '{{"device_id": "{0}", "model": "A4", "activated_at": "2026-03-02T10:00:00Z"}}\n'
    bench.drop("devices_2026-03-31.jsonl", "".join(line.format(f"CY{n}") for n in range(10)), "iot")
    bench.ingest()
    bench.drop("devices_2026-09-30.jsonl", "".join(line.format(f"CY{n}") for n in range(9)), "iot")
    bench.ingest()
    assert len(bench.current("device", "device_id")) == 9


def test_receivables_come_from_the_table_of_the_erp_as_from_its_file(tmp_path: Path) -> None:
    case = OPERATIONS["erp.receivables"]
    heads, *records = [line.split("|") for line in case.text.strip().splitlines() if not line.startswith("!")]
    contract = shipped().by_id("erp.receivables")
    bench = Bench(tmp_path / "home", (contract,))
    database = tmp_path / "erp.db"
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(f"create table receivables ({', '.join(f'{name} text' for name in heads)})")
        places = ", ".join("?" * len(heads))
        connection.executemany(f"insert into receivables values ({places})", records)
    source = DatabaseSource(
        kind="database", url_env="ERP_DATABASE", contract="erp.receivables", table="receivables", cursor="changed_at",
        window="1h",
    )  # fmt: skip
    (pulled,) = pull_sources(
        bench.home, bench.ledger, _all(bench), KEYS, {"receivables": source},
        {"ERP_DATABASE": f"sqlite:///{database}"}, now=bench.clock,
        waits=Waits(sleep=lambda _: None, chance=lambda: 0.0),
    )  # fmt: skip
    assert pulled.rows == 1
    result = bench.ingest()
    assert (result.received_rows, result.accepted_rows) == (1, 1)
    assert bench.current("receivable", "receivable_id, balance_amount, changed_at::varchar") == [
        ("FP1", Decimal("600.0000"), "2026-03-20 02:00:00")
    ]
