"""Contracts proposed for invented files of every form."""

from __future__ import annotations

import gzip
import json
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from ingestion.check import check_file
from ingestion.contracts.loader import load_contracts
from ingestion.contracts.model import ContractSet
from ingestion.errors import MilepostError
from ingestion.propose.opening import heading_row, open_unknown
from ingestion.propose.propose import Proposal, propose_contract
from ingestion.propose.words import Vocabulary, similarity, words_of
from orchestration.cli.main import main

NOW = datetime(2026, 3, 1)
HEADINGS = ["订单编号", "买家姓名", "联系手机", "实付金额", "付款时间", "备注"]
RECORDS = [
    [f"T{n:05d}", f"张三{n}", f"138{n:08d}", f"{n}.50", f"2026-02-{n % 28 + 1:02d} 10:00:00", "好"]
    for n in range(1, 41)
]


@pytest.fixture(scope="module")
def contracts() -> ContractSet:
    return load_contracts()


def propose(path: Path, contracts: ContractSet) -> tuple[Proposal, dict[str, Any], dict[str, dict[str, Any]]]:
    """The proposal, its own properties, and its columns by heading with their properties."""
    found = propose_contract(path, "shop", None, contracts, NOW)
    raw = yaml.safe_load(found.text)
    own = {entry["property"]: entry["value"] for entry in raw["customProperties"]}
    columns = {}
    for column in raw["schema"][0]["properties"]:
        columns[column["physicalName"]] = column | {
            entry["property"]: entry["value"] for entry in column.get("customProperties", [])
        }
    return found, own, columns


def text(records: list[list[str]] = RECORDS, headings: list[str] = HEADINGS, delimiter: str = ",") -> str:
    return "\n".join(delimiter.join(row) for row in [headings, *records]) + "\n"


def written(folder: Path, form: str) -> Path:
    """The same records in a form."""
    path = folder / f"orders.{form}"
    plain = text()
    if form == "gb18030.csv":
        path.write_bytes(plain.encode("gb18030"))
    elif form == "utf16.csv":
        path.write_bytes(text(delimiter="\t").encode("utf-16"))
    elif form == "preamble.csv":
        path.write_text("店铺订单导出\n导出时间：2026-03-01\n\n" + plain + "合计,,,820.00,,\n", encoding="utf-8")
    elif form == "csv.gz":
        path.write_bytes(gzip.compress(text(delimiter=";").encode()))
    elif form == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("2026/orders_2026-02.csv", plain)
    elif form == "xlsx":
        book = openpyxl.Workbook()
        sheet = book.active
        sheet.append(["订单导出"])
        sheet.merge_cells("A1:F1")
        for row in [HEADINGS, *RECORDS]:
            sheet.append(row)
        book.save(path)
    elif form == "jsonl":
        lines = [json.dumps(dict(zip(HEADINGS, row, strict=True)), ensure_ascii=False) for row in RECORDS]
        path.write_text("\n".join(lines), encoding="utf-8")
    elif form == "parquet":
        columns = list(zip(*RECORDS, strict=True))
        pq.write_table(pa.table(dict(zip(HEADINGS, map(list, columns), strict=True))), path)
    else:
        path.write_text(plain, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "form", ["csv", "gb18030.csv", "utf16.csv", "preamble.csv", "csv.gz", "zip", "xlsx", "jsonl", "parquet"]
)
def test_the_same_orders_are_read_in_every_form(tmp_path: Path, contracts: ContractSet, form: str) -> None:
    found, own, columns = propose(written(tmp_path, form), contracts)
    assert found.check.is_clean
    assert sum(part.accepted_rows for part in found.check.parts) == 40
    assert own["supersede"] == {"by": "key", "key": [columns["订单编号"]["name"]]}
    assert own["targets"][0]["entity"] in ("order", "payment")
    assert (columns["联系手机"]["kind"], columns["联系手机"]["classification"]) == ("phone", "direct")
    assert (columns["买家姓名"]["kind"], columns["买家姓名"]["classification"]) == ("name", "direct")
    assert (columns["实付金额"]["kind"], columns["付款时间"]["kind"]) == ("money", "timestamp")
    assert columns["备注"]["classification"] == "free_text"
    for record in RECORDS:
        assert record[1] not in found.text and record[2] not in found.text


def test_the_proposal_reads_the_next_file_under_its_own_name(tmp_path: Path, contracts: ContractSet) -> None:
    first = tmp_path / "orders-2026-01-31.csv"
    first.write_text(text(), encoding="utf-8")
    found = propose_contract(first, "shop", None, contracts, NOW)
    own = tmp_path / "home" / "shop" / "orders.yml"
    own.parent.mkdir(parents=True)
    own.write_text(found.text, encoding="utf-8")
    following = tmp_path / "orders-2026-02-28.csv"
    following.write_text(text(RECORDS[:5]), encoding="utf-8")
    checked = check_file(load_contracts(own=own.parents[1]), following, "shop", NOW)
    assert checked.contract == "shop.orders" and checked.is_clean


@pytest.mark.parametrize(
    ("values", "form"),
    [
        (["25/12/2025", "01/02/2026"], "%d/%m/%Y"),
        (["12/25/2025", "01/02/2026"], "%m/%d/%Y"),
        (["31.01.2026", "01.02.2026"], "%d.%m.%Y"),
        (["4/22/2018 6:00", "1/2/2018 16:30"], "%m/%d/%Y %H:%M"),
        (["2026-01-31", "2026年2月1日"], None),
    ],
)
def test_a_date_form_that_the_file_proves_is_declared(
    tmp_path: Path, contracts: ContractSet, values: list[str], form: str | None
) -> None:
    path = tmp_path / "days.csv"
    path.write_text(text([[f"A{n}", value] for n, value in enumerate(values)], ["Id", "Date"]), encoding="utf-8")
    found, _, columns = propose(path, contracts)
    assert found.check.is_clean
    assert columns["Date"]["kind"] in ("date", "timestamp")
    assert columns["Date"].get("dateForms") == ([form] if form else None)


def test_a_date_form_that_the_file_does_not_tell_is_left_to_choose(tmp_path: Path, contracts: ContractSet) -> None:
    path = tmp_path / "days.csv"
    path.write_text(text([["A1", "01/02/2026"], ["A2", "03/04/2026"]], ["Id", "Date"]), encoding="utf-8")
    found, _, columns = propose(path, contracts)
    assert "kind" not in columns["Date"]
    for form in ("%d/%m/%Y", "%m/%d/%Y"):
        assert f"#   - {{property: dateForms, value: ['{form}']}}" in found.text
    chosen = found.text.replace("        # customProperties:", "        customProperties:")
    chosen = chosen.replace("        #   - {property: kind", "          - {property: kind")
    chosen = chosen.replace(
        "        #   - {property: dateForms, value: ['%d/%m/%Y", "          - {property: dateForms, value: ['%d/%m/%Y"
    )
    own = tmp_path / "own" / "shop" / "days.yml"
    own.parent.mkdir(parents=True)
    own.write_text(chosen, encoding="utf-8")
    column = load_contracts(tmp_path / "own").contracts[0].column("date")
    assert (column.kind, column.date_forms) == ("date", ("%d/%m/%Y",)), "taking the comment marks off chooses"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["1", "20", "-3"], {"kind": "integer"}),
        (["1.5", "20", "-3"], {"kind": "decimal"}),
        (["1,5", "20,25", "1.234,75"], {"kind": "decimal", "decimalMark": ",", "thousandsMark": "."}),
        (["¥1,580.00", "¥20", "(120)"], {"kind": "money"}),
        (["1.2%", "3%", "--"], {"kind": "percent"}),
        (["1.2万", "3亿", "5000"], {"kind": "integer"}),
        (["007", "012", "100"], {}),
        (["yes", "no", "yes"], {"kind": "boolean"}),
        (["a@b.com", "c.d@e.org", "x@y.cn"], {"kind": "email", "classification": "direct"}),
        (["13812345678", "13912345678", "+8613712345678"], {"kind": "phone", "classification": "direct"}),
        (["110101199003070716", "110101199003070732", "11010119900307077X"],
         {"kind": "national_id", "classification": "sensitive"}),
        (["ring 13812345678 please", "nothing", "ok then"], {"kind": "free_text", "classification": "free_text"}),
    ],
)  # fmt: skip
def test_kinds_and_personal_data_show_in_the_values(
    tmp_path: Path, contracts: ContractSet, values: list[str], expected: dict[str, str]
) -> None:
    path = tmp_path / "values.csv"
    rows = [[f"A{n}", value] for n, value in enumerate(values)]
    path.write_text(text(rows, ["Id", "Thing"], delimiter="\t"), encoding="utf-8")
    found, _, columns = propose(path, contracts)
    properties = ("kind", "classification", "decimalMark", "thousandsMark")
    assert {name: columns["Thing"][name] for name in properties if name in columns["Thing"]} == expected
    assert found.check.is_clean


def test_figures_by_day_replace_their_days_and_words_of_sql_and_yaml_are_no_names(
    tmp_path: Path, contracts: ContractSet
) -> None:
    path = tmp_path / "daily.csv"
    rows = [[f"2026-02-0{day}", str(day), "1", f"{spot}"] for day in range(1, 8) for spot in ("a", "b")]
    path.write_text(text(rows, ["Date", "like", "No", "Group"]), encoding="utf-8")
    found, own, columns = propose(path, contracts)
    assert own["supersede"] == {"by": "period", "period": ["date"]}
    assert columns["like"]["name"] == "like_given" and columns["No"]["name"] == "no_given"
    assert found.check.is_clean


@pytest.mark.parametrize(
    ("content", "says"), [("1,2,3\n4,5,6\n", "no line of headings"), ("", "is empty"), ("\n\n", "is empty")]
)
def test_what_has_no_headings_is_refused(tmp_path: Path, content: str, says: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(content)
    with pytest.raises(MilepostError, match=says):
        open_unknown(path)


def test_headings_are_the_first_row_of_words_as_wide_as_the_records() -> None:
    above = [["Report"], ["from", "2026"]]
    rows = [["Day", "Spend", "Clicks", "Views"], ["2026-01-01", "1.5", "2", "3"], ["2026-01-02", "1", "2", "3"]]
    assert heading_row([*above, *rows]) == 2
    assert heading_row([["Column1", "Column2"], ["Name", "Amount"], ["a", "1"]]) == 1


def test_words_of_headings() -> None:
    assert words_of("LastModifiedDate") == "last modified date"
    assert similarity("order_id", "Order ID") == 1.0
    assert similarity("收货人手机", "收货手机") > 0.5 > similarity("订单编号", "付款时间")


def test_the_vocabulary_is_learned_from_contracts(contracts: ContractSet) -> None:
    from ingestion.entity import load_entities

    vocabulary = Vocabulary(contracts, load_entities())
    hint = vocabulary.hint("收货人姓名")
    assert hint is not None and hint.identifier == "name"
    assert vocabulary.fit("order", "order_id", "订单编号") == 1.0


def test_new_and_check_on_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MILEPOST_HOME", str(tmp_path / "home"))
    path = tmp_path / "till" / "orders.csv"
    path.parent.mkdir()
    path.write_text(text(), encoding="utf-8")
    assert main(["contract", "new", str(path)]) == 0
    out = capsys.readouterr()
    assert yaml.safe_load(out.out)["id"] == "till.orders" and "40 records, 0 rejected" in out.err
    assert main(["contract", "new", str(path), "-o", str(tmp_path / "home" / "contracts")]) == 0
    assert main(["contract", "new", str(path), "-o", str(tmp_path / "home" / "contracts")]) == 2, (
        "nothing is overwritten"
    )
    capsys.readouterr()
    assert main(["contract", "check", str(path)]) == 0
    assert "till.orders (utf-8): 40 records = 40 accepted" in capsys.readouterr().out
    bad = [["T1", "李四", "13812345678", "many", "2026-02-01 10:00:00", "x"], ["", "王五", "1", "1", "2026-02-30", "y"]]
    path.write_text(text([*RECORDS, *bad]), encoding="utf-8")
    assert main(["contract", "check", str(path), "--format", "json"]) == 4
    rows = json.loads(capsys.readouterr().out)
    found = {(row["rule"], row["effect"], row["rows"], row["examples"]) for row in rows}
    assert ("missing_value", "rejected", 1, None) in found
    assert any(rule.startswith("not_a") and shape == "xxxx" for rule, _, _, shape in found)
    assert "many" not in str(rows) and "李四" not in str(rows)
