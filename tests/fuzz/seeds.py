"""What is damaged: small pieces of the real exports, with planted persons where the contract holds personal data.

Belongs here: the pieces, their contracts, the planted values. Not here: damage, trials.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

from ingestion.contracts.loader import load_contracts
from ingestion.contracts.model import (
    Column,
    Contract,
    ContractSet,
    FileFormat,
    FileRule,
    OnFail,
    PersonalData,
    Supersede,
    SupersedeBy,
    Target,
)
from ingestion.contracts.recognise import candidates, match_headings

PROJECT = Path(__file__).resolve().parents[2]
RECORDS = 25

#: Clear values of invented persons, by class of identifier. Found anywhere but in vault and archive, they leaked.
PLANTED = {
    "name": ("欧阳明远舟", "Quintessa Featherstonehaugh", "上官飞云鹤"),
    "phone": ("13987650123", "+8615912340987", "13612349876"),
    "email": ("planted.person@secret-mail.example", "q.feather@hidden-inbox.example"),
    "address": ("浙江省杭州市西湖区幽兰巷九十九号", "77 Hidden Meadow Crescent"),
    "free_text": ("请打电话 13987650123 找我", "write to planted.person@secret-mail.example please"),
}
#: What is searched for: the values that no mutation cut.
SOUGHT = sorted({value for kind, values in PLANTED.items() if kind != "free_text" for value in values})


@dataclass(frozen=True)
class Seed:
    """A small file that a contract reads whole."""

    system: str
    name: str
    content: bytes


def data_folder() -> Path:
    """Where the real exports are."""
    return Path(os.environ.get("MILEPOST_TEST_DATA", PROJECT.parent / "shared" / "data"))


def contracts() -> ContractSet:
    """The shipped contracts and those for exports that no shipped contract reads."""
    return ContractSet((*load_contracts().contracts, *_OWN))


def seeds(known: ContractSet) -> list[Seed]:
    """All pieces, in a fixed order."""
    root = data_folder()
    found: list[Seed] = []
    for system in ("olist", "online_retail", "salesforce", "facebook_page", "web_analytics"):
        days = 0
        for path in sorted(root.rglob("*.csv")):
            contract = next(iter(candidates(known, system, path.name)), None)
            if contract is None or (system == "online_retail" and (days := days + 1) > 3):
                continue
            if any(seed.name == path.name and seed.system == system for seed in found):
                continue
            text = path.read_bytes().decode("utf-8-sig", "replace")
            rows = _rows(text, contract.file.delimiter)
            if match_headings(contract, rows[0]).positions:
                found.append(Seed(system, path.name, _text(_with_persons(rows, contract), contract.file.delimiter)))
    rows = _with_persons(_rows((root / "identity" / "dataset1.csv").read_text(), ","), _OWN[0])
    found.append(Seed("persons", "people.csv", _text(rows, ",")))
    found.append(Seed("persons", "people.jsonl", _lines(rows)))
    found.append(Seed("persons", "people.parquet", _parquet(rows)))
    found.append(Seed("persons", "people.xlsx", _workbook(rows)))
    bill = (root / "chinese_exports" / "example-jd-records.csv").read_bytes()
    found.append(Seed("bills", "jd.csv", bill))
    bill = (root / "chinese_exports" / "example-alipay-records.csv").read_bytes().decode("gb18030")
    found.append(Seed("bills", "alipay.csv", bill.replace("xx@gmail.com", PLANTED["email"][0]).encode("gb18030")))
    return found


def _rows(text: str, delimiter: str) -> list[list[str]]:
    rows = []
    for row in csv.reader(io.StringIO(text), delimiter=delimiter):
        rows.append(row)
        if len(rows) > RECORDS:
            break
    return rows


def _with_persons(rows: list[list[str]], contract: Contract) -> list[list[str]]:
    places = dict(match_headings(contract, rows[0]).positions)
    for column in contract.columns:
        place = places.get(column.name)
        if place is None or column.personal_data is PersonalData.BUSINESS:
            continue
        kind = "free_text" if column.personal_data is PersonalData.FREE_TEXT else column.identifier or column.kind
        for number, row in enumerate(rows[1:]):
            if kind in PLANTED and place < len(row):
                row[place] = PLANTED[kind][number % len(PLANTED[kind])]
    return rows


def _text(rows: list[list[str]], delimiter: str) -> bytes:
    target = io.StringIO()
    csv.writer(target, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return target.getvalue().encode()


def _lines(rows: list[list[str]]) -> bytes:
    names = [heading.strip() for heading in rows[0]]
    return (
        "\n".join(json.dumps(dict(zip(names, row, strict=False)), ensure_ascii=False) for row in rows[1:]).encode()
        + b"\n"
    )


def _parquet(rows: list[list[str]]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = [heading.strip() for heading in rows[0]]
    target = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([dict(zip(names, row, strict=False)) for row in rows[1:]]), target)
    return target.getvalue()


def _workbook(rows: list[list[str]]) -> bytes:
    from openpyxl import Workbook

    book = Workbook()
    book.active.append(["Persons, as exported"])
    for row in rows:
        book.active.append(row)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def _own(system: str, export: str, columns: tuple[Column, ...], target: Target, rule: FileRule, unit: str) -> Contract:
    return Contract(
        id=f"{system}.{export}", system=system, export=export, version="1.0.0", title=export, description="",
        owner="test", path="", file=rule, columns=columns, targets=(target,),
        supersede=Supersede(SupersedeBy.KEY, unit=(unit,)), time_zone="Asia/Shanghai", phone_region="CN",
        fingerprint="f",
    )  # fmt: skip


def _person(name: str, heading: str, kind: str, **further: object) -> Column:
    return Column(name, (heading,), kind=kind, personal_data=PersonalData.DIRECT, identifier=kind, **further)  # type: ignore[arg-type]


_PERSON_COLUMNS = (
    Column("rec_id", ("rec_id",), value_required=True),
    _person("given_name", "given_name", "name"),
    _person("surname", "surname", "name"),
    _person("street", "address_1", "address"),
    _person("mail", "address_2", "email", on_fail=OnFail.MISSING),
    Column("suburb", ("suburb",)),
    Column("postcode", ("postcode",), kind="postcode", personal_data=PersonalData.QUASI),
    Column("born", ("date_of_birth",), kind="birth_date", personal_data=PersonalData.QUASI, on_fail=OnFail.MISSING),
    _person("phone", "soc_sec_id", "phone", on_fail=OnFail.MISSING),
)
_PERSON_TARGET = Target(
    "customer",
    (
        ("source_customer_key", "rec_id"), ("name_token", "surname__token"), ("name_mask", "surname__mask"),
        ("email_token", "mail__token"), ("email_mask", "mail__mask"), ("phone_token", "phone__token"),
        ("phone_mask", "phone__mask"), ("city", "suburb"),
    ),
)  # fmt: skip
_BILL_TARGET = Target(
    "order_line",
    (("order_id", "order_id"), ("line_number", "line_number"), ("product_name", "goods"), ("net_amount", "amount")),
)
_BILL_COLUMNS = (
    Column("order_id", ("交易订单号", "交易时间"), value_required=True),
    Column("goods", ("交易说明", "商品说明"), kind="free_text", personal_data=PersonalData.FREE_TEXT),
    Column("amount", ("金额",), kind="money"),
)
_OWN = (
    *(
        _own("persons", form.value, _PERSON_COLUMNS, _PERSON_TARGET, FileRule(form, re.compile(pattern)), "rec_id")
        for form, pattern in (
            (FileFormat.CSV, r".*\.csv"), (FileFormat.JSONL, r".*\.jsonl"), (FileFormat.PARQUET, r".*\.parquet"),
            (FileFormat.EXCEL, r".*\.xlsx"),
        )
    ),
    _own(
        "bills", "bills", _BILL_COLUMNS, _BILL_TARGET,
        FileRule(FileFormat.CSV, re.compile(r".*\.csv"), encoding="gb18030", preamble_pattern="^[-—]{4}"), "order_id",
    ),
)  # fmt: skip
