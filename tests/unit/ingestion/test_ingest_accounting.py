"""What becomes of every record of an export, good or bad: nothing is lost, nothing is silent."""

from __future__ import annotations

import gzip
import io
import json
import re
import zipfile
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingestion.checks import EntityFinding
from ingestion.contracts.model import Coverage, FileFormat, FileRule, Footer, PersonalData, Supersede, SupersedeBy
from ingestion.ledger.deliveries import Issue, confirm, withdraw
from ingestion.privacy.vault import Vault
from tests.ingestion_bench import HEADINGS, KEYS, NOW, Bench, csv_text, invented_contract

GOOD = "A1,Zhang Wei,13812345678,2,10.50,2026-02-01 10:00:00,fine"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "home")


def issue(issues: list[Issue], reason: str) -> Issue:
    found = [one for one in issues if one.reason == reason]
    assert len(found) == 1, f"{reason} once among {[one.reason for one in issues]}"
    return found[0]


def test_a_good_file_is_active_leaves_the_inbox_and_can_be_read_by_entity(bench: Bench) -> None:
    path = bench.drop("a.csv", csv_text(GOOD))
    result = bench.ingest()
    assert [d.state for d in result.deliveries] == ["active"]
    assert not path.exists()
    row = bench.rows("order_line", "order_id, quantity, unit_price, net_amount, lined_at, _record_number, _unit")
    assert row == [("A1", 2.0, Decimal("10.5000"), Decimal("21.0000"), NOW.replace(month=2, hour=2), 1, "A1")]


def test_clear_identifiers_are_in_the_vault_only(bench: Bench) -> None:
    bench.drop("a.csv", csv_text(GOOD, "A2,Li Na,broken,0,1,2026-02-01,call 13912345678"))
    bench.ingest()
    for path in bench.home.root.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            for clear in (b"Zhang Wei", b"13812345678", b"Li Na", b"13912345678"):
                assert clear not in content, f"{path} holds an identifier in clear"
    (token,) = bench.rows("customer", "name_token", "name_mask = 'Z**'")[0]
    assert Vault(bench.home.vault, KEYS).reveal([token]) == {token: "Zhang Wei"}


def test_each_bad_record_is_rejected_with_its_column_reason_and_number(bench: Bench) -> None:
    many = [f"B{n},x,,1,1,2026-02-01,y" for n in range(200)]
    bad = [
        ",x,,1,1,2026-02-01,no order",
        "C1,x,,1.5,1,2026-02-01,fraction",
        "C2,x,,0,1,2026-02-01,not above zero",
        "C3,x,,1,-1,2026-02-01,negative price",
        "C4,x,,1,1,2026-02-30,no such day",
    ]
    bench.drop("a.csv", csv_text(*many, *bad))
    result = bench.ingest()
    assert (result.received_rows, result.accepted_rows, result.rejected_rows) == (205, 200, 5)
    found = {(i.column_name, i.reason): i.first_record_number for i in result.issues if i.effect == "rejected"}
    assert found == {
        ("order_id", "missing_value"): 201,
        ("quantity", "not_an_integer"): 202,
        ("quantity", "below_minimum"): 203,
        ("price", "below_minimum"): 204,
        ("ordered_at", "not_a_timestamp"): 205,
    }


def test_a_value_that_may_be_missing_is_counted_and_the_record_stays(bench: Bench) -> None:
    bench.drop("a.csv", csv_text(GOOD, "A2,Li Na,none of your business,1,1,2026-02-01,"))
    result = bench.ingest()
    assert result.rejected_rows == 0
    missing = issue(result.issues, "not_a_phone_number")
    assert (missing.effect, missing.row_count, missing.first_record_number) == ("missing", 1, 2)


def test_too_many_rejected_holds_the_delivery_and_a_person_can_let_it_in(bench: Bench) -> None:
    bench.drop("a.csv", csv_text(GOOD, "A2,x,,0,1,2026-02-01,"))
    bench.drop("b.csv", csv_text("A3,x,,1,1,2026-02-01,"))
    held, active = bench.ingest().deliveries
    assert (held.state, active.state) == ("held", "active")
    assert "1 of 2 records rejected" in (held.state_reason or "")
    assert bench.current("order_line", "order_id") == [("A3",)]
    confirm(bench.ledger, held.delivery_id, NOW)
    assert bench.current("order_line", "order_id") == [("A1",), ("A3",)]
    withdraw(bench.ledger, held.delivery_id, NOW)
    assert bench.current("order_line", "order_id") == [("A3",)]


def test_short_and_long_records_are_rejected_and_the_others_stay(bench: Bench) -> None:
    many = [f'B{n},x,,1,1,2026-02-01,"two\nlines"' for n in range(100)]
    bench.drop("a.csv", csv_text(*many[:50], "C1,x,,1", "C2,x,,1,1,2026-02-01,note,more", *many[50:]))
    result = bench.ingest()
    assert (result.accepted_rows, result.rejected_rows) == (100, 2)
    assert issue(result.issues, "too_few_cells").first_record_number == 51
    assert issue(result.issues, "too_many_cells").first_record_number == 52
    assert len(bench.rows("order_line", "*", "_record_number = 53 and order_id = 'B50'")) == 1


@pytest.mark.parametrize("end", ["A9,x,,1", 'A9,x,,1,1,2026-02-01,"an open qu'])
def test_half_a_file_is_held(bench: Bench, end: str) -> None:
    bench.drop("a.csv", csv_text(*[f"B{n},x,,1,1,2026-02-01,y" for n in range(100)]) + end)
    (delivery,) = bench.ingest().deliveries
    assert delivery.state == "held"
    assert "ends in the middle of a record" in (delivery.state_reason or "")


def test_a_byte_that_does_not_decode_rejects_its_record_alone(bench: Bench) -> None:
    lines = [f"B{n},é{n},,1,1,2026-02-01,y".encode() for n in range(50)]
    lines[9] = b"B9,\xff\xfe,,1,1,2026-02-01,y"
    bench.drop("a.csv", csv_text().encode() + b"\n".join(lines) + b"\n")
    result = bench.ingest()
    assert (result.accepted_rows, result.rejected_rows) == (49, 1)
    assert issue(result.issues, "undecodable_byte").first_record_number == 10


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "gb18030", "windows-1252"])
def test_encodings_give_the_same_text(bench: Bench, encoding: str) -> None:
    word = "café" if encoding == "windows-1252" else "数据"
    bench.contracts = (invented_contract(file=FileRule(FileFormat.CSV, re.compile(r".*\.csv"), encoding=encoding)),)
    text = csv_text(*[f"B{n},x,,1,1,2026-02-01,{word}" for n in range(20)])
    bench.drop("a.csv", text.encode(encoding))
    assert bench.ingest().accepted_rows == 20
    assert bench.rows("order_line", "distinct product_name") == [(word,)]


def test_compressed_files_and_members_of_archives_are_read(bench: Bench) -> None:
    bench.drop("a.csv.gz", gzip.compress(csv_text(GOOD).encode()))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("one.csv", csv_text("A2,x,,1,1,2026-02-01,"))
        archive.writestr("two.csv", csv_text("A3,x,,1,1,2026-02-01,"))
    bench.drop("b.csv.zip", packed.getvalue())
    result = bench.ingest()
    assert [d.state for d in result.deliveries] == ["active", "active"]
    assert [(p.part, p.accepted_rows) for p in result.parts] == [("", 1), ("one.csv", 1), ("two.csv", 1)]


def test_a_missing_column_holds_its_delivery_alone_and_says_which(bench: Bench) -> None:
    headings = tuple("Prise" if heading == "Price" else heading for heading in HEADINGS)
    bench.drop("a.csv", csv_text(GOOD, headings=headings))
    bench.drop("b.csv", csv_text(GOOD))
    held, active = bench.ingest().deliveries
    assert (held.state, active.state) == ("held", "active")
    assert "heading Price is missing (did you mean Prise?)" in (held.state_reason or "")


def test_a_held_file_is_tried_again_when_its_contract_changed(bench: Bench) -> None:
    bench.drop("a.csv", csv_text("A1,x,,1,5,2026-02-01,", headings=("No", *HEADINGS[1:])))
    assert bench.ingest().deliveries[0].state == "held"
    assert bench.ingest().deliveries == []
    first, *others = invented_contract().columns
    bench.contracts = (invented_contract(columns=(replace(first, headings=("No",)), *others), fingerprint="f2"),)
    assert bench.ingest().deliveries[0].state == "active"
    assert bench.rows("order_line", "order_id") == [("A1",)]


def test_headings_in_another_order_and_unknown_ones_are_read_and_reported(bench: Bench) -> None:
    bench.drop("a.csv", "Colour,Price,Quantity,Order,Customer,Ordered\nred,3,2,A1,x,2026-02-01\n")
    result = bench.ingest()
    assert bench.rows("order_line", "order_id, net_amount") == [("A1", Decimal("6.0000"))]
    assert result.parts[0].unknown_columns == ["Colour"]
    assert issue(result.issues, "unknown_columns").detail == "Colour (filled in 1 of 1)"


def test_totals_are_kept_out_and_checked_against_the_sum(bench: Bench) -> None:
    footer = Footer("Order", "^Total:", sums=("price", "quantity"))
    file = replace(invented_contract().file, footer=footer)
    bench.contracts = (invented_contract(file=file),)
    lines = ["Shop report", '"1 to 3 March"', csv_text("A1,x,,1,1.25,2026-02-01,", "A2,x,,2,2.50,2026-02-01,")]
    bench.drop("good.csv", "\n".join(lines) + "Total: all,,,3,3.75,,\n")
    bench.drop("wrong.csv", "\n".join(lines) + "Total: all,,,3,33.75,,\n")
    good, wrong = bench.ingest().deliveries
    assert (good.state, wrong.state) == ("active", "held")
    assert wrong.state_reason == "the sum of price is not what the file declares"
    sums = [part.declared_sums for part in bench.parts()]
    assert sums[0] == {
        "price": {"declared": "3.7500", "found": "3.7500", "is_equal": True},
        "quantity": {"declared": "3", "found": "3", "is_equal": True},
    }
    assert [part.received_rows for part in bench.parts()] == [2, 2]


def test_a_workbook_is_read_below_its_title_line(bench: Bench) -> None:
    file = FileRule(FileFormat.EXCEL, re.compile(r".*\.xlsx"))
    bench.contracts = (invented_contract(file=file),)
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet.append(["订单导出", None, None])
    sheet.append(["订单号", "Customer", "Quantity", "Price", "Ordered"])
    sheet.append(["A１", "张伟", 2, "1.5万", 46054.5])
    sheet.append([])
    sheet.append(["A2", "李娜", 3, 10.5, "2026年2月1日"])
    content = io.BytesIO()
    workbook.save(content)
    bench.drop("orders.xlsx", content.getvalue())
    assert bench.ingest().accepted_rows == 2
    rows = bench.rows("order_line", "order_id, unit_price, lined_at::varchar")
    assert rows == [
        ("A1", Decimal("15000.0000"), "2026-02-01 04:00:00"),
        ("A2", Decimal("10.5000"), "2026-01-31 16:00:00"),
    ]


def test_of_records_with_one_key_the_last_counts_and_unlike_ones_are_reported(bench: Bench) -> None:
    bench.contracts = (invented_contract(supersede=Supersede(SupersedeBy.KEY, key=("order_id",))),)
    one, other = "A1,x,,1,1,2026-02-01,", "A1,x,,2,1,2026-02-01,"
    bench.drop("a.csv", csv_text(one, one, other, "A2,x,,1,1,2026-02-01,"))
    result = bench.ingest()
    (part,) = result.parts
    assert (part.received_rows, part.accepted_rows, part.superseded_rows) == (4, 2, 2)
    assert part.exact_duplicate_rows == 1
    assert issue(result.issues, "conflicting_records").row_count == 2
    assert bench.rows("order_line", "order_id, quantity") == [("A1", 2.0), ("A2", 1.0)]


def test_identical_lines_of_an_order_all_count(bench: Bench) -> None:
    line = "A1,x,,1,1,2026-02-01,"
    bench.drop("a.csv", csv_text(line, line, "A2,x,,1,1,2026-02-01,", line))
    bench.ingest()
    assert bench.rows("order_line", "order_id, line_number") == [("A1", 1), ("A1", 2), ("A1", 3), ("A2", 1)]


def test_a_record_on_which_an_expression_fails_is_rejected_and_the_others_stay(bench: Bench) -> None:
    many = [f"B{n},x,,1,1,2026-02-01,y" for n in range(100)]
    bench.drop("a.csv", csv_text(*many, "C1,x,,9000000000000,90000000000000,2026-02-01,overflow"))
    result = bench.ingest()
    assert (result.accepted_rows, result.rejected_rows) == (100, 1)
    failed = issue(result.issues, "expression_failed")
    assert (failed.column_name, failed.first_record_number) == ("order_line.net_amount", 101)


def test_a_check_of_the_contract_rejects_with_its_name(bench: Bench) -> None:
    bench.contracts = (invented_contract(checks=(("not_too_dear", "price < 1000"),), held_rejected_share=1.0),)
    bench.drop("a.csv", csv_text(GOOD, "A2,x,,1,1000,2026-02-01,", "A3,x,,1,,2026-02-01,"))
    result = bench.ingest()
    assert (result.accepted_rows, result.rejected_rows) == (2, 1)
    assert issue(result.issues, "check:not_too_dear").first_record_number == 2


def test_cells_filled_on_an_orders_first_record_reach_its_others(bench: Bench) -> None:
    columns = tuple(
        replace(column, fill_down=("order_id",)) if column.name in ("customer", "ordered_at") else column
        for column in invented_contract().columns
    )
    bench.contracts = (invented_contract(columns=columns),)
    bench.drop("a.csv", csv_text("A1,Zhang,,1,1,2026-02-01,", "A2,Li,,1,1,2026-02-02,", "A1,,,2,1,,"))
    bench.ingest()
    rows = bench.rows("order_line", "order_id, line_number, lined_at is null, _record_number")
    assert rows == [("A1", 1, False, 1), ("A1", 2, False, 3), ("A2", 1, False, 2)]


def test_an_empty_full_export_is_held(bench: Bench) -> None:
    bench.contracts = (invented_contract(coverage=Coverage.FULL),)
    bench.drop("a.csv", csv_text())
    assert bench.ingest().deliveries[0].state == "held"


def test_critical_findings_hold_the_deliveries_they_name(bench: Bench) -> None:
    seen = {}

    def check(files: object) -> list[EntityFinding]:
        seen.update(files)  # type: ignore[call-overload]
        return [EntityFinding("order_line", "price is plausible", "critical", (1,), 1, "1 of 1 rows")]

    bench.drop("a.csv", csv_text(GOOD))
    bench.drop("b.csv", csv_text("A2,x,,1,1,2026-02-01,"))
    first, second = bench.ingest(check).deliveries
    assert set(seen) == {"order_line", "customer"}
    assert (first.state, second.state) == ("held", "active")
    assert first.state_reason == "order_line: price is plausible (1 of 1 rows)"


def test_a_contract_that_cannot_be_computed_fails_its_own_deliveries_only(bench: Bench) -> None:
    broken = invented_contract(
        id="shop.broken", export="broken", file=FileRule(FileFormat.CSV, re.compile("broken.csv")),
        checks=(("nonsense", "no_such_column > 1"),),
    )  # fmt: skip
    whole = invented_contract(file=FileRule(FileFormat.CSV, re.compile("a.csv")))
    bench.contracts = (broken, whole)
    bench.drop("a.csv", csv_text(GOOD))
    bench.drop("broken.csv", csv_text(GOOD))
    states = {d.file_name: d.state for d in bench.ingest().deliveries}
    assert states == {"a.csv": "active", "broken.csv": "failed"}


def test_record_numbers_are_those_of_the_files_with_long_lists_of_words_too(bench: Bench) -> None:
    words = tuple((f"word {n}", f"meaning {n}") for n in range(60))
    columns = tuple(
        replace(column, kind="text", personal_data=PersonalData.BUSINESS, values=words, other_value=None)
        if column.name == "note"
        else column
        for column in invented_contract().columns
    )
    known = ", ".join(f"'meaning {n}'" for n in range(60))
    bench.contracts = (invented_contract(columns=columns, checks=(("known", f"note in ({known})"),)),)
    for file in range(12):
        count = 2048 + 17 * file
        records = [f"A{file}-{n},x,,1,1,2026-02-01,word {n % 60}" for n in range(1, count + 1)]
        bench.drop(f"{file:02}.csv", csv_text(*records))
    assert bench.ingest().accepted_rows == sum(2048 + 17 * file for file in range(12))
    wrong = bench.rows("order_line", "order_id", "split_part(order_id, '-', 2)::bigint <> _record_number")
    assert wrong == []


@pytest.mark.parametrize("form", [FileFormat.PARQUET, FileFormat.JSONL])
def test_files_that_name_their_columns_are_read_by_name(bench: Bench, form: FileFormat) -> None:
    rows = [
        {"Ordered": "2026-02-01", "Order": f"A{n}", "Customer": "Zhang Wei", "Quantity": n, "Price": 1.5}
        for n in range(3)
    ]
    bench.contracts = (
        invented_contract(file=FileRule(form, re.compile(".*[.](parquet|jsonl)")), held_rejected_share=1.0),
    )
    if form is FileFormat.PARQUET:
        content = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(rows), content)
        bench.drop("a.parquet", content.getvalue())
        bench.drop("b.parquet", content.getvalue()[:-9])
    else:
        text = "\n".join(json.dumps(row) for row in rows)
        bench.drop("a.jsonl", text)
        bench.drop("b.jsonl", text + '\n{"Order": "A9", "Quan')
    good, cut = bench.ingest().deliveries
    assert (good.state, cut.state) == ("active", "held")
    assert bench.current("order_line", "order_id, net_amount::double, _record_number") == [
        ("A1", 1.5, 2), ("A2", 3.0, 3),
    ]  # fmt: skip


@pytest.mark.parametrize("ragged", ["", "A9,x\n"])
def test_rows_without_anything_in_them_are_no_records(bench: Bench, ragged: str) -> None:
    bench.contracts = (invented_contract(held_rejected_share=1.0),)
    bench.drop("a.csv", csv_text(GOOD, ",,,,,,", " , ,,,,,", "", "A2,x,,1,1,2026-02-01,") + ragged + ",,,,,,\n")
    result = bench.ingest()
    assert (result.accepted_rows, result.rejected_rows) == (2, len(ragged) // 5)
