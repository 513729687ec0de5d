"""What contracts say of missing values and outliers, on its way to the transformation."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from ingestion.contracts.imputation import check_imputation, rules_of
from ingestion.contracts.loader import load_contracts
from ingestion.contracts.mistakes import Report
from ingestion.contracts.model import Column, ContractSet
from ingestion.entity import load_entities
from ingestion.lake import write_operational
from tests.ingestion_bench import COLUMNS, CUSTOMERS, LINES, Bench, csv_text, invented_contract
from tests.support import PROJECT

SIZE = Column(
    "size",
    ("Size",),
    kind="integer",
    heading_required=False,
    imputation="mean",
    value_class="industry",
    outlier_limit=5,
)
FED = replace(CUSTOMERS, columns=(*CUSTOMERS.columns, ("employee_count", "size"), ("industry", "'retail'")))
CONTRACT = invented_contract(columns=(*COLUMNS, SIZE), targets=(LINES, FED))


def mistakes(column: Column, **mapped: str) -> list[str]:
    target = replace(CUSTOMERS, columns=(*CUSTOMERS.columns, *mapped.items()))
    report = Report("contract")
    check_imputation(invented_contract(columns=(*COLUMNS, column), targets=(LINES, target)), load_entities(), report)
    return [str(mistake) for mistake in report.mistakes]


def test_rules_reach_the_lake_as_an_operational_entity(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "home", (CONTRACT,))
    bench.drop("a.csv", csv_text("A1,x,12345,1,1,2026-02-01,y"))
    bench.ingest()
    write_operational(bench.home, bench.ledger, bench.clock, ContractSet(bench.contracts))
    assert bench.rows("imputation_rule") == [
        ("shop.orders", "customer", "employee_count", "mean", "industry", 5.0),
    ]
    assert bench.rows("delivery_issue", "column_name, reason, effect, row_count") == [
        ("phone", "not_a_phone_number", "missing", 1)
    ]


def test_a_shipped_contract_has_its_rules() -> None:
    rules = list(rules_of(load_contracts().by_id("crm_cn.customers"), load_entities()))
    assert {(r.entity, r.column_name, r.method, r.value_class, r.outlier_limit) for r in rules} == {
        ("customer", "employee_count", "mean", "industry", 5),
        ("customer", "annual_revenue", None, "industry", 5),
    }


@pytest.mark.parametrize(
    ("changes", "mapped", "said"),
    [
        ({}, {"employee_count": "size"}, None),
        ({}, {"employee_count": "size + 1"}, "feeds no column"),
        ({}, {"birth_year": "size"}, "feeds no column"),
        ({"value_class": "mood"}, {"employee_count": "size"}, "no text column"),
        ({"value_class": "birth_year"}, {"employee_count": "size"}, "no text column"),
        ({"outlier_limit": 0}, {"employee_count": "size"}, "above zero"),
        ({"kind": "text"}, {"industry": "size"}, "is no number"),
        ({"kind": "text", "imputation": "mode", "outlier_limit": None}, {"industry": "size"}, None),
    ],
)
def test_rules_that_cannot_be_followed_are_named(changes: dict[str, object], mapped: dict[str, str], said: str) -> None:
    found = mistakes(replace(SIZE, **changes), **mapped)
    assert (found == []) if said is None else any(said in mistake for mistake in found), found


def test_the_transformation_fills_exactly_what_entities_declare() -> None:
    macro = (PROJECT / "dbt_project" / "macros" / "imputation.sql").read_text(encoding="utf-8")
    for name, entity in load_entities().items():
        wanted = {column.name: column.type for column in entity.columns if column.is_imputable}
        found = re.search(rf"'{name}': {{(.*?)}},", macro, re.DOTALL)
        assert (found is not None) == bool(wanted), name
        if found is None:
            continue
        lists = {
            key: re.findall(r"'(\w+)'", text) for key, text in re.findall(r"'(\w+)': \[(.*?)\]", found[1], re.DOTALL)
        }
        assert set(lists["numbers"]) == {column for column, type_ in wanted.items() if type_ != "text"}
        assert set(lists["texts"]) == {column for column, type_ in wanted.items() if type_ == "text"}
        texts = {column.name for column in entity.columns if column.type == "text"}
        assert set(lists["classes"]) <= texts
