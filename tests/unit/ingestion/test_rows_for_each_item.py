"""A record that makes a row for each item of a list, and a name whose parts stand in several cells."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ingestion.contracts.loader import load_contracts
from ingestion.contracts.mistakes import ContractErrors
from ingestion.contracts.model import Column, Contract, PersonalData, Target
from ingestion.privacy.vault import Vault
from tests.ingestion_bench import COLUMNS, KEYS, LINES, Bench, csv_text, invented_contract
from tests.unit.ingestion.test_contract_loading import _contract, _set, _set_column, _write

HEADINGS = ("Order", "First Name", "Last Name", "Merged", "Quantity", "Price", "Ordered")
NAME = Column(
    "customer", ("First Name",), kind="name", personal_data=PersonalData.DIRECT, identifier="name",
    join_headings=("Last Name", "Nachname"),
)  # fmt: skip
CUSTOMER = Target(
    "customer",
    (("source_customer_key", "order_id"), ("name_token", "customer__token"), ("name_mask", "customer__mask")),
)
MERGED = Target(
    "customer",
    (("source_customer_key", "trim(item)"), ("own_key", "order_id")),
    where="trim(item) <> '' and quantity > 0",
    for_each="string_split(merged, ';')",
)


def _people(*targets: Target) -> Contract:
    columns = (NAME, Column("merged", ("Merged",)), *(c for c in COLUMNS if c.name not in ("customer", "note")))
    lines = replace(LINES, columns=tuple((n, e) for n, e in LINES.columns if n != "product_name"))
    return invented_contract(columns=columns, targets=(*(targets or (CUSTOMER, MERGED)), lines))


def test_each_item_of_a_list_is_a_row_with_the_records_own_lineage(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "home", contracts=(_people(),))
    rows = ["A,Ana,Diaz,B; C;,1,1,2026-02-01", "D,Bo,Kim,,1,1,2026-02-01"]
    bench.drop("a.csv", csv_text(*rows, headings=HEADINGS))
    result = bench.ingest()
    assert (result.received_rows, result.accepted_rows) == (2, 2)
    assert bench.rows("customer", "source_customer_key, own_key, _unit, _record_number") == [
        ("A", None, "A", 1), ("B", "A", "A", 1), ("C", "A", "A", 1), ("D", None, "D", 2),
    ]  # fmt: skip
    # a later delivery without the list takes its rows back with the record
    bench.drop("b.csv", csv_text("A,Ana,Diaz,,1,1,2026-02-01", headings=HEADINGS))
    bench.ingest()
    assert bench.current("customer", "source_customer_key") == [("A",), ("D",)]


def test_a_name_is_put_together_from_its_cells(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "home", contracts=(_people(),))
    rows = [
        "A,Ana, Diaz ,,1,1,2026-02-01",
        "B,Plato,,,1,1,2026-02-01",
        "C,伟,张,,1,1,2026-02-01",
        "D,,Kim,,1,1,2026-02-01",
        "E,,,,1,1,2026-02-01",
    ]
    bench.drop("a.csv", csv_text(*rows, headings=HEADINGS))
    result = bench.ingest()
    assert result.rejected_rows == 0
    # the second part is no unknown column, and neither part has a token of its own
    assert [i.reason for i in result.issues] == []
    found = dict(bench.rows("customer", "source_customer_key, name_token"))
    clear = Vault(bench.home.vault, KEYS).reveal([token for token in found.values() if token])
    assert {key: clear.get(token) for key, token in found.items()} == {
        "A": "Ana Diaz", "B": "Plato", "C": "张伟", "D": "Kim", "E": None,
    }  # fmt: skip
    assert len(clear) == 4


def test_an_expression_that_fails_on_an_item_rejects_its_record_alone(tmp_path: Path) -> None:
    too_large = "case when item = 'x' then 9223372036854775807 + quantity else 1 end"
    failing = replace(MERGED, columns=(("source_customer_key", "item"), ("employee_count", too_large)))
    bench = Bench(tmp_path / "home", contracts=(replace(_people(failing), held_rejected_share=1.0),))
    rows = ["A,Ana,Diaz,B;x;x,1,1,2026-02-01", "D,Bo,Kim,E;F,1,1,2026-02-01"]
    bench.drop("a.csv", csv_text(*rows, headings=HEADINGS))
    result = bench.ingest()
    assert (result.accepted_rows, result.rejected_rows) == (1, 1)
    assert [i.reason for i in result.issues if i.effect == "rejected"] == ["expression_failed"]
    assert bench.rows("customer", "source_customer_key") == [("E",), ("F",)]


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ({"forEach": "phone__token"}, "gives VARCHAR, which does not become VARCHAR[]"),
        ({"forEach": "[phone__token]"}, "takes no columns of personal data: phone__token"),
        ({"forEach": "[order_id]", "distinctBy": ["order_id"]}, "choose one"),
        ({"where": "item = 'a'"}, "the contract has no column item"),
    ],
)
def test_a_wrong_list_is_told(tmp_path: Path, target: dict[str, object], told: str) -> None:
    entry = {"entity": "order", "columns": {"order_id": "order_id"}, **target}
    _write(tmp_path, _contract(_set("targets", [entry])))
    with pytest.raises(ContractErrors) as error:
        load_contracts(tmp_path)
    assert told in str(error.value)


def test_only_names_stand_in_several_cells(tmp_path: Path) -> None:
    _write(tmp_path, _contract(_set_column("total", "joinHeadings", ["Cents"])))
    with pytest.raises(ContractErrors, match="is for kind name"):
        load_contracts(tmp_path)
