"""Which rule changed or left out how many values: counted per delivery, never quoting one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ingestion.batch.notes import note_columns
from ingestion.contracts.model import Column, OnFail, PersonalData
from ingestion.ledger.deliveries import issues_of
from ingestion.privacy.phones import EXTENSION, NOTES, REASON_INVALID, REASON_NO_NUMBER, REMARK, SEVERAL, read_phone
from ingestion.rejects import list_rejects
from tests.ingestion_bench import COLUMNS, CUSTOMERS, HEADINGS, LINES, Bench, csv_text, invented_contract

ADDRESS = Column(
    "address", ("Address",), kind="address", personal_data=PersonalData.DIRECT, identifier="address",
    heading_required=False,
)  # fmt: skip
CHANNEL = Column(
    "channel", ("Channel",), values=(("web", "web"), ("门店", "store")), other_value="other", heading_required=False
)
POSTCODE = Column("area_code", ("Area",), pad_to=5, heading_required=False, on_fail=OnFail.MISSING)
PLACES = (("district", "address__district"), ("division_code", "address__division_code"))
CUSTOMER_PLACES = replace(CUSTOMERS, columns=(*CUSTOMERS.columns, *PLACES))


def test_every_change_and_omission_is_counted_by_column_and_rule(tmp_path: Path) -> None:
    contract = invented_contract(
        columns=(*COLUMNS, ADDRESS, CHANNEL, POSTCODE), targets=(LINES, CUSTOMER_PLACES), held_rejected_share=0.5
    )
    bench = Bench(tmp_path / "home", (contract,))
    headings = (*HEADINGS, "Address", "Channel", "Area")
    lines = [
        "A1,Zhang Wei,021-62345678转801,2,1,2026-02-01,ok,浙江省杭州市西湖区文三路1号,web,1046",
        "A2,Li Na,13812345678/13912345678,2,1,2026-02-01,ask 13712345678,鼓楼区中央路,fax,01046",
        "A3,Wang Fang,13812345678（微信）,2,1,2026-02-01,ok,浙江省南京市鼓楼区,门店,",
        "A4,Zhao Min,12345,2,1,2026-02-01,ok,成都市高新区,,01046",
        "A5,Chen Jie,13812345678,0,1,2026-02-01,ok,鼓楼区,fax,1",  # rejected: says nothing further
        "A6,Liu Yang,138 1234 5678,２,1.2万,2026-02-01,ok,杭州市 西湖区,ＷＥＢ,",  # form alone
    ]
    bench.drop("a.csv", csv_text(*lines, headings=headings))
    bench.drop("b.csv", csv_text("B1,Sun Li,,2,1,2026-02-01,ok"))  # without the further columns
    bench.ingest()
    seqs = [one.delivery_seq for one in bench.deliveries()]
    found = {
        (issue.column_name, issue.reason, issue.effect): (issue.row_count, issue.first_record_number)
        for issue in issues_of(bench.ledger, seqs)
    }
    assert found == {
        ("phone", EXTENSION, "changed"): (1, 1),
        ("phone", SEVERAL, "changed"): (1, 2),
        ("phone", REMARK, "changed"): (1, 3),
        ("phone", "not_a_phone_number", "missing"): (1, 4),
        ("note", "identifiers_replaced", "changed"): (1, 2),
        ("channel", "other_word", "changed"): (1, 2),
        ("area_code", "padded_with_zeros", "changed"): (1, 1),
        ("address__division", "ambiguous_division", "missing"): (1, 2),
        ("address__division", "conflicting_divisions", "missing"): (1, 3),
        ("address__division", "no_district", "missing"): (1, 4),
        ("quantity", "below_minimum", "rejected"): (1, 5),
    }
    changed = {
        (group.column, group.reason): group.record_count for group in list_rejects(bench.ledger, effect="changed")
    }
    assert changed[("phone", SEVERAL)] == 1 and ("quantity", "below_minimum") not in changed
    places = bench.rows("customer", "district, division_code")
    assert places.count(("西湖区", "330106")) == 2 and (None, "510100") in places


def test_an_address_of_which_no_target_takes_the_place_is_not_counted() -> None:
    contract = invented_contract(columns=(*COLUMNS, ADDRESS))
    assert ("_placed_address", "missing") not in note_columns(contract)
    contract = invented_contract(columns=(*COLUMNS, ADDRESS), targets=(LINES, CUSTOMER_PLACES))
    assert ("_placed_address", "missing") in note_columns(contract)


@pytest.mark.parametrize(
    ("cell", "region", "number", "note"),
    [
        ("0086-13812345678", "CN", "+8613812345678", None), ("8613812345678", "CN", "+8613812345678", None),
        ("(+86)13812345678", "CN", "+8613812345678", None), ("（021）62345678", "CN", "+862162345678", None),
        ("+86(0)21-62345678", "CN", "+862162345678", None), ("电话：0571-88886666", "CN", "+8657188886666", None),
        ("400-812-3123", "CN", "+864008123123", None), ("00852 2123 4567", "CN", "+85221234567", None),
        ("＋８６１３８１２３４５６７８", "CN", "+8613812345678", None),
        ("13812345678;", "CN", "+8613812345678", None),
        ("021-62345678转801", "CN", "+862162345678", EXTENSION),
        ("021-62345678-801", "CN", "+862162345678", EXTENSION),
        ("021 6234 5678 ext. 12", "CN", "+862162345678", EXTENSION),
        ("020 7946 0018 x12", "GB", "+442079460018", EXTENSION),
        ("13812345678、021-62345678", "CN", "+8613812345678", SEVERAL),
        ("12345/13812345678", "CN", "+8613812345678", None),
        ("62345678 或 13812345678", "CN", "+8613812345678", SEVERAL),
        ("021-62345678/79", "CN", "+862162345678", None),
        ("13812345678（微信同号）", "CN", "+8613812345678", REMARK),
        ("张先生13812345678", "CN", "+8613812345678", REMARK),
        ("+44 (0)20 7946 0018", "CN", "+442079460018", None), ("(11) 91234-5678", "BR", "+5511912345678", None),
        ("1.3812345678E+10", "CN", "+8613812345678", None), ("1.38E+10", "CN", None, REASON_NO_NUMBER),
        ("62345678", "CN", None, REASON_INVALID), ("030 901820", None, None, REASON_NO_NUMBER),
        ("微信", "CN", None, REASON_NO_NUMBER), ("", "CN", None, REASON_NO_NUMBER),
        ("///", "CN", None, REASON_NO_NUMBER),
    ],
)  # fmt: skip
def test_phone_cells(cell: str, region: str | None, number: str | None, note: str | None) -> None:
    assert read_phone(cell, region) == (number, note)
    assert number is not None or note not in NOTES
