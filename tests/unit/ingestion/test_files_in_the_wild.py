"""Files as they are met in the wild: encodings, quotes, ragged rows, archives, workbooks, JSON lines, Parquet."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import json
import re
import zipfile
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from openpyxl import Workbook

from ingestion.contracts.model import Column, Contract, ContractSet, FileFormat, FileRule, Target
from ingestion.rejects import show_rejects
from tests.ingestion_bench import HEADINGS, KEYS, Bench, csv_text, invented_contract

RECORD = "A1,Zhang Wei,,2,3.50,2026-02-01,hello"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "home")


def reading(bench: Bench, file_format: FileFormat = FileFormat.CSV, **rule: Any) -> Contract:
    """Let the bench read any file by a rule."""
    contract = invented_contract(file=FileRule(file_format, re.compile(".*"), **rule), held_rejected_share=1.0)
    bench.contracts = (contract,)
    return contract


def notes(bench: Bench) -> list[Any]:
    return [row[0] for row in bench.rows("order_line", "product_name")]


def rejected(bench: Bench) -> list[tuple[int, str, str]]:
    contracts = ContractSet(bench.contracts)
    return [(r.record_number, r.column, r.reason) for r in show_rejects(bench.home, bench.ledger, contracts, KEYS)]


@pytest.mark.parametrize(
    "encoding",
    ["utf-8-sig", "utf-16", "utf-16-be-bom", "utf-32", "utf-32-be-bom", "gb18030", "cp1252", "utf-16-le", "big5"],
)
def test_an_encoding_is_found_whatever_it_is(bench: Bench, encoding: str) -> None:
    reading(bench)
    word = {"cp1252": "café crème à Genève, 5 € déjà payé", "big5": "請儘快寄出這個訂單謝謝您的幫忙"}.get(
        encoding, "订单请尽快发货谢谢"
    )
    text = csv_text(*(f'A{n},Zhang Wei,,1,1,2026-02-01,"{word} {n}"' for n in range(20)))
    marks = {"utf-16-be-bom": ("utf-16-be", b"\xfe\xff"), "utf-32-be-bom": ("utf-32-be", b"\0\0\xfe\xff")}
    codec, mark = marks.get(encoding, (encoding, b""))
    bench.drop("a.csv", mark + text.encode(codec))
    result = bench.ingest()
    assert result.rejected_rows == 0 and notes(bench) == sorted(f"{word} {n}" for n in range(20))


def test_the_only_other_byte_may_be_far_behind_the_beginning(bench: Bench) -> None:
    reading(bench)
    record = "A{},Zhang Wei,,1,1,2026-02-01,{}"
    plain = csv_text(*(record.format(n, "x" * 100) for n in range(9000)))
    bench.drop(
        "a.csv", plain.encode() + "A9001,Zhang Wei,,1,1,2026-02-01,café, 5 €\n".replace(", 5", " 5").encode("cp1252")
    )
    result = bench.ingest()
    assert result.deliveries[0].encoding == "cp1252" and result.rejected_rows == 0
    assert "café 5 €" in notes(bench)


def test_a_byte_that_does_not_decode_rejects_its_record_with_its_number(bench: Bench) -> None:
    reading(bench, encoding="gb18030")
    good = "A{},Zhang Wei,,1,1,2026-02-01,订单请尽快发货谢谢"
    lines = [good.format(n).encode("gb18030") for n in range(30)]
    lines[17] = lines[17][:-1] + b"\xff"
    bench.drop("a.csv", (",".join(HEADINGS) + "\n").encode() + b"\n".join(lines) + b"\n")
    assert bench.ingest().rejected_rows == 1 and rejected(bench) == [(18, "", "undecodable_byte")]


@pytest.mark.parametrize(
    ("cell", "rule", "value"),
    [
        ('"say ""hi"""', {}, 'say "hi"'), ('"say \\"hi\\""', {"escape": "\\"}, 'say "hi"'),
        ('"two\nlines"', {}, "two lines"), ('"a,b"', {}, "a,b"), ('"a"\t', {}, "a"),
        ('="00123"', {"strip_excel_text": True}, "00123"),
        ('"=""00123"""', {"strip_excel_text": True}, "00123"), ("'00123", {"strip_excel_text": True}, "00123"),
        ("00123\t", {}, "00123"), ('5" disk', {}, '5" disk'), ("\ufeff x ", {}, "x"),
        ("'a,b'", {"quote": "'", "escape": "'"}, "a,b"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("is_ragged", [False, True])
def test_quotes_escapes_and_spreadsheet_marks_are_no_part_of_the_text(
    bench: Bench, cell: str, rule: dict[str, Any], value: str, is_ragged: bool
) -> None:
    reading(bench, **rule)
    further = ["A7,x"] if is_ragged else []
    bench.drop("a.csv", csv_text(f"A1,Zhang Wei,,2,3.50,2026-02-01,{cell}", *further, RECORD.replace("A1", "A8")))
    result = bench.ingest()
    assert (result.accepted_rows, result.rejected_rows) == (2, int(is_ragged))
    assert notes(bench) == [value, "hello"] or notes(bench) == sorted([value, "hello"])


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_other_delimiters(bench: Bench, delimiter: str) -> None:
    reading(bench, delimiter=delimiter)
    bench.drop("a.txt", csv_text(RECORD).replace(",", delimiter))
    assert bench.ingest().accepted_rows == 1


def test_headings_are_found_below_a_preamble_padded_and_quoted(bench: Bench) -> None:
    reading(bench)
    headings = ",".join(f' "{heading} "\t' if n % 2 else f"{heading}   " for n, heading in enumerate(HEADINGS))
    bench.drop("a.csv", f'Orders of the shop\n"as of, today\n\n{headings}\n{RECORD}\n')
    assert bench.ingest().accepted_rows == 1


def test_long_records_are_kept_whole_for_whoever_looks_at_them(bench: Bench) -> None:
    reading(bench)
    bench.drop("a.csv", csv_text(RECORD, f"{RECORD},,,further", RECORD.replace("A1", "A3") + ",,"))
    result = bench.ingest()
    assert (result.accepted_rows, rejected(bench)) == (2, [(2, "", "too_many_cells")])
    shown = show_rejects(bench.home, bench.ledger, ContractSet(bench.contracts), KEYS)[0]
    assert shown.cells[-1] == ("cell 10", "***")  # a cell beyond the headings may be anybody's


@pytest.mark.parametrize("name", ["a.csv", "a[1].csv", "a*.csv", "it's.csv", "订单 (2).csv"])
def test_any_file_name_is_read_as_itself(bench: Bench, name: str) -> None:
    reading(bench)
    bench.drop("a1.csv", csv_text(RECORD.replace("A1", "B1")))
    bench.drop(name, csv_text(RECORD))
    assert sorted(delivery.file_name for delivery in bench.ingest().active) == sorted([name, "a1.csv"])
    assert [row[0] for row in bench.rows("order_line", "order_id")] == ["A1", "B1"]


def test_members_of_an_archive_are_parts_and_it_is_known_by_them(bench: Bench) -> None:
    bench.contracts = (invented_contract(file=FileRule(FileFormat.CSV, re.compile(r"orders.*\.csv"))),)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("2026/orders_1.csv", csv_text(RECORD))
        archive.writestr("2026/orders_2.csv", csv_text(RECORD.replace("A1", "A2")).encode("utf-16"))
        archive.writestr("__MACOSX/._orders_1.csv", b"\0\1")
        archive.writestr("readme.txt", "hello")
    bench.drop("export of january.zip", packed.getvalue())
    result = bench.ingest()
    assert [part.part for part in result.parts] == ["2026/orders_1.csv", "2026/orders_2.csv"]
    assert result.accepted_rows == 2 and result.deliveries[0].state == "active"
    assert [(issue.reason, issue.row_count) for issue in result.issues] == [("unread_members", 1)]


def test_names_of_members_in_gb18030_are_read(bench: Bench) -> None:
    bench.contracts = (invented_contract(file=FileRule(FileFormat.CSV, re.compile(r"订单.*\.csv"))),)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("XXXX.csv", csv_text(RECORD))  # as old Chinese tools pack: no mark of the encoding
    content = packed.getvalue().replace(b"XXXX.csv", "订单".encode("gb18030") + b".csv")
    bench.drop("a.zip", content)
    assert bench.ingest().accepted_rows == 1


def test_packed_text_has_an_encoding_of_its_own(bench: Bench) -> None:
    reading(bench, encoding="gb18030")
    text = csv_text(*(f"A{n},张伟,,1,1,2026-02-01,订单请尽快发货 {n}" for n in range(5)))
    bench.drop("a.csv.gz", gzip.compress(text.encode("gb18030")))
    result = bench.ingest()
    assert result.rejected_rows == 0 and notes(bench)[0] == "订单请尽快发货 0"


def _encrypted_zip() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.csv", csv_text(RECORD))
    content = bytearray(packed.getvalue())
    content[6] |= 1  # says that the member is encrypted, here and in the directory
    content[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv.gz", gzip.compress(csv_text(RECORD).encode())[:-12]), ("a.csv.gz", b"\x1f\x8b" + b"x" * 99),
        ("a.csv.gz", csv_text(RECORD).encode()), ("a.csv.zip", b"PK\x03\x04" + b"x" * 99), ("a.csv.zip", b""),
        ("a.csv.zip", _encrypted_zip()), ("a.xlsx", b"PK\x03\x04" + b"x" * 99), 
        ("a.xls", b"\xd0\xcf\x11\xe0" + b"x" * 600),
        ("a.parquet", b"PAR1" + b"x" * 99 + b"PAR1"), ("a.parquet", b""),
    ],
)  # fmt: skip
def test_a_damaged_file_is_held_with_a_clear_error_and_the_others_go_on(
    bench: Bench, name: str, content: bytes
) -> None:
    rule = {".xlsx": FileFormat.EXCEL, ".xls": FileFormat.EXCEL, ".parquet": FileFormat.PARQUET}
    form = rule.get(Path(name).suffix, FileFormat.CSV)
    good = invented_contract(file=FileRule(FileFormat.CSV, re.compile(r"good\.csv")))
    bench.contracts = (replace(good, id="shop.bad", file=FileRule(form, re.compile(r"a\..*"))), good)
    bench.drop(name, content)
    bench.drop("good.csv", csv_text(RECORD))
    result = bench.ingest()
    found = (*result.deliveries, *result.receipt.unrecognised)
    states = {d.file_name: (d.state, d.state_reason) for d in found}
    assert states["good.csv"][0] == "active"
    assert states[name][0] in ("held", "unrecognised") and states[name][1]


def workbook(*sheets: tuple[str, list[list[Any]]], merged: str | None = None) -> bytes:
    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets:
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
        if merged:
            sheet.merge_cells(merged)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def test_a_workbook_with_title_lines_sheets_serials_and_texts(bench: Bench) -> None:
    reading(bench, FileFormat.EXCEL)
    title = [["Orders 2026"], [None], ["as exported", "today"]]
    first = [*title, list(HEADINGS), ["A1", "Zhang Wei", None, 2, 3.5, dt.datetime(2026, 2, 1, 10), "x"]]
    second = [
        list(HEADINGS),
        ["A2", "Li", None, "3", "¥1,000.50", 46054, "y"],
        ["A3", "Li", None, 1.0, 1, "2026年2月1日", "z"],
    ]
    bench.drop("a.xlsx", workbook(("一月", first), ("二月", second), ("说明", [["notes"], ["nothing here"]])))
    result = bench.ingest()
    assert [(part.part, part.accepted_rows) for part in result.parts] == [("一月", 1), ("二月", 2)]
    assert bench.rows("order_line", "order_id, quantity, unit_price, lined_at") == [
        ("A1", 2, Decimal("3.5000"), dt.datetime(2026, 2, 1, 2)),
        ("A2", 3, Decimal("1000.5000"), dt.datetime(2026, 1, 31, 16)),
        ("A3", 1, Decimal("1.0000"), dt.datetime(2026, 1, 31, 16)),
    ]


def test_a_rejected_row_of_a_sheet_is_named_by_the_row_that_people_see(bench: Bench) -> None:
    reading(bench, FileFormat.EXCEL)
    good, bad = ["A1", "Li", None, 1, 1, "2026-02-01", "x"], ["A2", "Li", None, 1, 1, "2026-02-30", "x"]
    empty = [None] * len(good)
    sheet = [["orders, by hand"], list(HEADINGS), good, empty, empty, bad, empty]
    bench.drop("a.xlsx", workbook(("一月", sheet)))
    result = bench.ingest()
    assert (result.received_rows, result.accepted_rows, result.rejected_rows) == (2, 1, 1)
    (found,) = show_rejects(bench.home, bench.ledger, ContractSet(bench.contracts), KEYS)
    assert (found.sheet_row, found.column) == (6, "ordered_at")


def test_a_cell_merged_over_rows_is_each_rows(bench: Bench) -> None:
    reading(bench, FileFormat.EXCEL)
    rows = [list(HEADINGS), ["A1", "Li", None, 1, 1, "2026-02-01", "x"], [None, "Li", None, 2, 1, "2026-02-01", "y"]]
    bench.drop("a.xlsx", workbook(("Sheet1", rows), merged="A2:A3"))
    assert bench.ingest().rejected_rows == 0
    assert bench.rows("order_line", "order_id, quantity") == [("A1", 1), ("A1", 2)]


def test_formulas_count_by_their_value_and_those_never_computed_hold_the_workbook(bench: Bench) -> None:
    reading(bench, FileFormat.EXCEL)
    rows = [list(HEADINGS), ["A1", "Li", None, "=1+1", 1, "2026-02-01", "x"]]
    never = workbook(("Sheet1", rows))
    computed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(never)) as source, zipfile.ZipFile(computed, "w") as target:
        for info in source.infolist():
            content = source.read(info)
            if info.filename.endswith("sheet1.xml"):
                content, count = re.subn(rb"(<f>1\+1</f>)<v ?/>|(<f>1\+1</f>)<v></v>", rb"<f>1+1</f><v>2</v>", content)
                assert count == 1
            target.writestr(info, content)
    bench.drop("computed.xlsx", computed.getvalue())
    bench.drop("never.xlsx", never)
    states = {d.file_name: (d.state, d.state_reason) for d in bench.ingest().deliveries}
    assert states["computed.xlsx"][0] == "active" and bench.rows("order_line", "quantity") == [(2,)]
    assert states["never.xlsx"][0] == "held" and "formula" in (states["never.xlsx"][1] or "")


EVENTS = invented_contract(
    columns=(
        Column("order_id", ("id",), value_required=True),
        Column("quantity", ("device.count", "count"), kind="integer"),
        Column("note", ("tags[0]",), heading_required=False),
        Column("sku", ("device.model.sku",), heading_required=False),
    ),
    targets=(
        Target(
            "order_line",
            (("order_id", "order_id"), ("line_number", "line_number"), ("quantity", "quantity"),
             ("product_name", "note"), ("product_id", "sku")),
        ),
    ),
    file=FileRule(FileFormat.JSONL, re.compile(".*")), held_rejected_share=1.0,
)  # fmt: skip


def test_json_lines_are_read_by_path_and_a_malformed_line_rejects_itself_alone(bench: Bench) -> None:
    bench.contracts = (EVENTS,)
    lines = [
        '{"id": 123456789012345678901234567890, "device": {"count": 1, "model": {"sku": "S\\u00e9"}}, "tags": ["x"]}',
        '{"id": "A2", "device": {"count": 2}, "tags": []',
        "",
        '{"id": "A3", "device": {"count": "3"}, "further": {"a": [1]}}',
        "[1, 2]",
        '{"id": null, "device": {"count": 4}}',
        '{"id": "A5", "device": {"count": "x"}}',
    ]
    bench.drop("a.jsonl", "\r\n".join(lines) + "\n")
    result = bench.ingest()
    assert (result.received_rows, result.accepted_rows, result.rejected_rows) == (6, 2, 4)
    assert bench.rows("order_line", "order_id, quantity, product_name, product_id") == [
        ("123456789012345678901234567890", 1, "x", "Sé"), ("A3", 3, None, None),
    ]  # fmt: skip
    assert rejected(bench) == [
        (2, "", "malformed_json"), (4, "", "malformed_json"), (5, "order_id", "missing_value"),
        (6, "quantity", "not_an_integer"),
    ]  # fmt: skip
    shown = show_rejects(bench.home, bench.ledger, ContractSet(bench.contracts), KEYS)[0]
    assert [text for _, text in shown.cells] == ["***"]
    assert result.parts[0].unknown_columns == ["tags", "further.a"]


def test_a_column_that_first_turns_up_far_below_is_read(bench: Bench) -> None:
    bench.contracts = (EVENTS,)
    lines = [json.dumps({"id": f"A{n:05d}", "device": {"count": 1}}) for n in range(3000)]
    lines.append('{"id": "B", "device": {"count": 1, "model": {"sku": "late"}}, "tags": ["t"]}')
    bench.drop("a.jsonl.gz", gzip.compress("\n".join(lines).encode("utf-16")))
    assert bench.ingest().accepted_rows == 3001
    assert bench.rows("order_line", "product_name, product_id", "order_id = 'B'") == [("t", "late")]


@pytest.mark.parametrize("is_packed", [False, True])
def test_parquet_columns_keep_their_types_and_names_that_differ_in_case_alone(bench: Bench, is_packed: bool) -> None:
    bench.contracts = (
        invented_contract(
            columns=(
                Column("order_id", ("ID",), value_required=True), Column("quantity", ("n",), kind="integer"),
                Column("price", ("p",), kind="money"), Column("moment", ("t",), kind="timestamp"),
                Column("note", ("s.x.y",)), Column("paid", ("b",), kind="boolean"),
            ),
            targets=(
                Target(
                    "order_line",
                    (("order_id", "order_id"), ("line_number", "line_number"), ("quantity", "quantity"),
                     ("unit_price", "price"), ("lined_at", "moment"), ("product_name", "note")),
                ),
            ),
            file=FileRule(FileFormat.PARQUET, re.compile(".*")),
        ),
    )  # fmt: skip
    rows = 50_000
    table = pa.table(
        {
            "id": pa.array(["wrong"] * rows), "n": pa.array(range(rows), pa.int64()),
            "p": pa.array([Decimal("1.50")] * rows, pa.decimal128(10, 2)),
            "t": pa.array([dt.datetime(2026, 2, 1, 10, tzinfo=dt.UTC)] * rows, pa.timestamp("us", "UTC")),
            "s": pa.array([{"x": {"y": "deep"}}] * rows), "b": pa.array([True] * rows),
            "raw": pa.array([b"\xff"] * rows), "l": pa.array([[1, 2]] * rows),
        }
    )  # fmt: skip
    table = table.add_column(0, "ID", pa.array([f"A{n:06d}" for n in range(rows)]))
    content = io.BytesIO()
    pq.write_table(table, content, row_group_size=2048)
    bench.drop(
        "a.parquet.gz" if is_packed else "a.parquet",
        gzip.compress(content.getvalue(), 1) if is_packed else content.getvalue(),
    )
    result = bench.ingest()
    assert (result.deliveries[0].state_reason, result.accepted_rows) == (None, rows)
    first = ("A000000", 0, Decimal("1.5000"), dt.datetime(2026, 2, 1, 10), "deep")
    columns = "order_id, quantity, unit_price, lined_at, product_name"
    assert bench.rows("order_line", columns, "quantity = 0") == [first]
    named = "order_id = 'A' || lpad(cast(cast(quantity as bigint) as varchar), 6, '0')"
    counts = f"count(distinct order_id), sum(quantity), count(*) filter ({named})"
    assert bench.rows("order_line", counts) == [(rows, rows * (rows - 1) // 2, rows)]


def test_an_archived_workbook_is_read_again(bench: Bench) -> None:
    contract = reading(bench, FileFormat.EXCEL)
    headings = ["Qty" if heading == "Quantity" else heading for heading in HEADINGS]
    bench.drop("a.xlsx", workbook(("Sheet1", [headings, ["A1", "Li", None, 1, 1, "2026-02-01", "x"]])))
    assert bench.ingest().deliveries[0].state == "held"
    columns = tuple(replace(c, headings=("Qty",)) if c.name == "quantity" else c for c in contract.columns)
    bench.contracts = (replace(contract, columns=columns, fingerprint="f2"),)
    assert bench.ingest().deliveries[0].state == "active"


def test_a_row_of_headings_damaged_into_thousands_holds_the_file_at_once(bench: Bench) -> None:
    bench.drop("a.csv", ",".join(HEADINGS) + "," * 100_000 + f"\n{RECORD}\n")
    bench.drop("b.csv", csv_text(RECORD))
    held, good = bench.ingest().deliveries
    assert (held.state, good.state) == ("held", "active")
    assert (held.state_reason or "").endswith("more than 2000")
