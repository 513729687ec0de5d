"""Loading contracts: what is shipped is right, and of what is wrong nothing goes unsaid."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from ingestion.contracts.expressions import cleaned_columns
from ingestion.contracts.loader import SHIPPED, contracts_of, load_contracts
from ingestion.contracts.mistakes import ContractErrors
from ingestion.contracts.model import ContractSet, Coverage, OnFail, PersonalData, SupersedeBy
from ingestion.entity import load_entities
from ingestion.home import Home

Change = Callable[[dict[str, Any]], None]

CONTRACT: dict[str, Any] = {
    "apiVersion": "v3.1.0",
    "kind": "DataContract",
    "id": "shop.orders",
    "name": "Orders",
    "version": "1.0.0",
    "status": "active",
    "description": {"purpose": "Orders of a shop."},
    "team": {"name": "e-commerce"},
    "customProperties": [
        {"property": "filePattern", "value": r"^orders.*\.csv$"},
        {"property": "format", "value": "csv"},
        {"property": "coverage", "value": "delta"},
        {"property": "phoneRegion", "value": "CN"},
        {"property": "supersede", "value": {"by": "key", "key": ["order_id"], "version": "changed_at"}},
        {
            "property": "targets",
            "value": [
                {
                    "entity": "order",
                    "columns": {"order_id": "order_id", "source_customer_key": "phone__token", "total_amount": "total"},
                }
            ],
        },
    ],
    "schema": [
        {
            "name": "orders",
            "properties": [
                {"name": "order_id", "physicalName": "Order", "required": True},
                {
                    "name": "total",
                    "physicalName": "Total",
                    "customProperties": [
                        {"property": "kind", "value": "money"},
                        {"property": "minimum", "value": 0},
                        {"property": "headings", "value": ["金额"]},
                    ],
                },
                {
                    "name": "phone",
                    "physicalName": "Phone",
                    "classification": "direct",
                    "customProperties": [
                        {"property": "kind", "value": "phone"},
                        {"property": "identifier", "value": "phone"},
                        {"property": "onFail", "value": "missing"},
                    ],
                },
                {
                    "name": "changed_at",
                    "physicalName": "Changed",
                    "customProperties": [{"property": "kind", "value": "timestamp"}],
                },
            ],
        }
    ],
}


def _contract(*changes: Change) -> dict[str, Any]:
    contract = copy.deepcopy(CONTRACT)
    for change in changes:
        change(contract)
    return contract


def _write(folder: Path, contract: dict[str, Any], name: str = "shop/orders.yml") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(contract, allow_unicode=True), encoding="utf-8")
    return path


def _set(name: str, value: Any) -> Change:
    def change(contract: dict[str, Any]) -> None:
        contract["customProperties"] = [p for p in contract["customProperties"] if p["property"] != name]
        contract["customProperties"].append({"property": name, "value": value})

    return change


def _set_column(column: str, name: str, value: Any) -> Change:
    def change(contract: dict[str, Any]) -> None:
        entry = next(p for p in contract["schema"][0]["properties"] if p["name"] == column)
        own = [p for p in entry.get("customProperties", []) if p["property"] != name]
        entry["customProperties"] = [*own, {"property": name, "value": value}]

    return change


def _target(**columns: str) -> Change:
    return _set("targets", [{"entity": "order", "columns": {"order_id": "order_id", **columns}}])


@pytest.fixture(scope="module")
def shipped() -> ContractSet:
    return load_contracts()


def test_every_shipped_contract_loads(shipped: ContractSet) -> None:
    files = list(SHIPPED.glob("*/*.yml"))
    assert len(shipped.contracts) == len(files) > 30
    assert {c.path for c in shipped.contracts} == {f.relative_to(SHIPPED).as_posix() for f in files}
    assert {c.system for c in shipped.contracts} >= {
        "olist", "online_retail", "salesforce", "shopify", "taobao", "crm_cn", "google_ads", "meta_ads",
        "facebook_page", "douyin", "web_analytics", "reference",
    }  # fmt: skip


def test_shipped_contracts_follow_the_standards_own_json_schema() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    from importlib.resources import files

    schema = json.loads(files("open_data_contract_standard").joinpath("schema.json").read_text(encoding="utf-8"))
    validator = jsonschema.validators.validator_for(schema)(schema)
    wrong = [
        f"{path.name}: {error.json_path}: {error.message[:200]}"
        for path in sorted(SHIPPED.glob("*/*.yml"))
        for error in validator.iter_errors(yaml.safe_load(path.read_text(encoding="utf-8")))
    ]
    assert wrong == []


def test_no_shipped_contract_puts_a_clear_direct_identifier_into_a_target(shipped: ContractSet) -> None:
    entities = load_entities()
    for contract in shipped.contracts:
        names = cleaned_columns(contract)
        for column in contract.columns:
            if column.personal_data in (PersonalData.DIRECT, PersonalData.SENSITIVE, PersonalData.QUASI):
                assert column.name not in names, f"{contract.id}.{column.name}"
        for target in contract.targets:
            privacy = {c.name: c.privacy for c in entities[target.entity].columns}
            for name, expression in target.columns:
                if privacy[name] != "mask":
                    assert "__mask" not in expression, f"{contract.id}: {target.entity}.{name}"


def test_columns_named_like_persons_data_are_classified(shipped: ContractSet) -> None:
    """Headings that speak of a person's phone, e-mail, address or identity never pass as business data."""
    words = ("phone", "email", "mobile", "street", "手机", "邮箱", "地址", "身份证", "收货人", "会员名", "联系人")
    for contract in shipped.contracts:
        for column in contract.columns:
            if column.kind in ("boolean", "date", "timestamp"):  # whether mail is wanted, when one was answered
                continue
            if any(word in heading.casefold() for heading in column.headings for word in words):
                assert column.personal_data in (PersonalData.DIRECT, PersonalData.SENSITIVE), (
                    f"{contract.id}.{column.name}"
                )


def test_a_contract_becomes_the_frozen_model(tmp_path: Path) -> None:
    _write(tmp_path, _contract(_set("timeZone", "Asia/Shanghai"), _set("nullWords", ["", "--"])))
    (contract,) = load_contracts(tmp_path).contracts
    assert (contract.id, contract.system, contract.export, contract.path) == (
        "shop.orders",
        "shop",
        "orders",
        "shop/orders.yml",
    )
    assert contract.column("total").headings == ("Total", "金额")
    assert contract.column("total").minimum == 0
    assert contract.column("order_id").value_required
    assert contract.column("phone").on_fail is OnFail.MISSING
    assert [c.name for c in contract.direct_columns] == ["phone"]
    assert contract.supersede.by is SupersedeBy.KEY
    assert contract.supersede.unit == contract.supersede.key == ("order_id",)
    assert contract.coverage is Coverage.DELTA
    assert contract.null_words == ("", "--")
    assert contract.time_zone == "Asia/Shanghai"
    assert contract.held_rejected_share == 0.05


def test_the_fingerprint_changes_with_the_content_and_not_with_the_layout(tmp_path: Path) -> None:
    path = _write(tmp_path, CONTRACT)
    (first,) = load_contracts(tmp_path).contracts
    path.write_text(
        "# a remark\n" + yaml.safe_dump(CONTRACT, default_flow_style=True, sort_keys=False), encoding="utf-8"
    )
    (second,) = load_contracts(tmp_path).contracts
    _write(tmp_path, _contract(_set_column("total", "minimum", 1)))
    (third,) = load_contracts(tmp_path).contracts
    assert first.fingerprint == second.fingerprint != third.fingerprint
    assert len(first.fingerprint) == 64


def test_every_mistake_of_every_file_is_listed_at_once(tmp_path: Path) -> None:
    _write(
        tmp_path,
        _contract(
            _set("filePatern", "x"),
            _set("timeZone", "Asia/Shangai"),
            _set_column("total", "kind", "mony"),
            _target(totl_amount="total", ordered_at="changd_at"),
        ),
    )
    _write(tmp_path, _contract(_set("filePattern", "(")), "shop/other.yml")
    (tmp_path / "shop" / "broken.yml").write_text("id: [", encoding="utf-8")
    with pytest.raises(ContractErrors) as raised:
        load_contracts(tmp_path)
    told = str(raised.value)
    for line in (
        "shop/orders.yml: customProperties.filePatern: unknown property (did you mean filePattern?)",
        "shop/orders.yml: customProperties.timeZone: unknown time zone Asia/Shangai",
        "shop/orders.yml: schema.orders.total.kind: 'mony' is none of",
        "shop/orders.yml: customProperties.targets.order.columns.totl_amount: order has no such column",
        "(did you mean total_amount?)",
        "the contract has no column changd_at (did you mean changed_at?)",
        "shop/other.yml: id: has to be shop.other",
        "shop/other.yml: customProperties.filePattern: is no regular expression",
        "shop/broken.yml: is no valid YAML",
    ):
        assert line in told
    assert told.endswith("run: milepost contract check")


def _drop(place: str) -> Change:
    return lambda contract: contract.pop(place)


def _drop_property(name: str) -> Change:
    def change(contract: dict[str, Any]) -> None:
        contract["customProperties"] = [p for p in contract["customProperties"] if p["property"] != name]

    return change


def _field(column: str, name: str, value: Any) -> Change:
    def change(contract: dict[str, Any]) -> None:
        next(p for p in contract["schema"][0]["properties"] if p["name"] == column)[name] = value

    return change


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (_drop("version"), "version: is missing"),
        (lambda c: c.update(apiVersion="v2.2.2"), "has to be a version 3 of the standard"),
        (lambda c: c.update(kind="DataProduct"), "has to be DataContract"),
        (_field("total", "customProperties", 1), "customProperties: Input should be a valid list"),
        (_set("targets", [{"entity": "order", "columns": {"order_id": None}}]), "order_id may not all be null"),
        (_drop("team"), "team.name: is missing"),
        (_drop("description"), "description.purpose: is missing"),
        (_drop("schema"), "schema: has to hold one object"),
        (_drop_property("filePattern"), "filePattern: is missing"),
        (_drop_property("coverage"), "coverage: is missing"),
        (_drop_property("supersede"), "supersede: is missing"),
        (_drop_property("targets"), "targets: has to list at least one entity"),
        (_drop_property("phoneRegion"), "kind phone needs the contract's phoneRegion"),
        (lambda c: c.update(schemas=[]), "schemas: the standard has no such field (did you mean schema?)"),
        (_field("total", "requird", True), "requird: the standard has no such field (did you mean required?)"),
        (_field("total", "physicalName", ""), "physicalName (the system's own heading) is missing"),
        (_field("total", "physicalName", "order"), "heading order is that of order_id already"),
        (_field("phone", "classification", "secret"), "'secret' is none of"),
        (lambda c: c["schema"][0]["properties"][2].pop("classification"), "kind phone usually is personal data"),
        (lambda c: c["schema"][0]["properties"][2]["customProperties"].pop(1), "needs identifier"),
        (lambda c: c["customProperties"].append({"property": "format", "value": "csv"}), "format: is given twice"),
        (_set("encoding", "utf-9"), "unknown encoding utf-9"),
        (_set("coverage", "all"), "'all' is none of full, delta"),
        (_set("heldRejectedShare", 5), "has to be between 0 and 1"),
        (_set("sheetPattern", "x"), "sheetPattern: is for format excel"),
        (_set("dateForms", ["yyyy"]), "'yyyy' is neither a strptime form"),
        (_set("deletedFlag", "total"), "total has to be of kind boolean"),
        (_set("footer", {"column": "Day", "pattern": "^Total"}), "no column has the heading Day"),
        (_set("supersede", {"by": "key"}), "by key needs unit or key"),
        (_set("supersede", {"by": "period"}), "by period needs period"),
        (_set("supersede", {"by": "key", "key": ["order"]}), "the contract has no column order"),
        (_set("supersede", {"by": "key", "key": ["phone"]}), "phone is personal data: only phone__token"),
        (_set("supersede", {"by": "key", "key": ["order_id"], "version": "total"}), "total has to be a timestamp"),
        (_set("supersede", {"by": "file_name", "versoin": "x"}), "versoin: unknown key"),
        (_set("checks", {"positive": "totl > 0"}), "checks.positive: the contract has no column totl"),
        (_set("ignoredHeadings", ["TOTAL"]), "TOTAL is that of total"),
        (_set("targets", [{"entity": "ordr", "columns": {"a": "1"}}]), "unknown entity (did you mean order?)"),
        (_set("targets", [{"entity": "delivery", "columns": {"a": "1"}}]), "unknown entity"),
        (_set("targets", [{"entity": "order", "columns": {"status": "'paid'"}}]), "order_id: is part of the key"),
        (_set_column("total", "minimum", "0"), "minimum: has to be a number"),
        (_set_column("total", "maximum", -1), "minimum is above maximum"),
        (_set_column("order_id", "minimum", 0), "minimum: is for kinds"),
        (_set_column("total", "unitFromHeading", r"Total \(.*\)"), "needs 1 group"),
        (_set_column("total", "otherValue", "x"), "otherValue: needs values"),
        (_set_column("total", "fillDown", ["ordr"]), "fillDown: the contract has no column ordr"),
        (_target(status="phone"), "phone is personal data: only phone__token and phone__mask exist"),
        (_target(status="phone__mask"), "is no mask column, but takes phone__mask"),
        (_target(status="a b c"), "is no SQL expression"),
        (_target(status="1 from x"), "is no SQL expression"),
        (_target(status="1); drop table cleaned; select (1"), "is no SQL expression"),
        (_target(status="1); select (1"), "has to be one expression"),
        (_target(status="(select 1)"), "a subquery depends on other records"),
        (_target(status="row_number() over ()"), "a window depends on other records"),
        (_target(status="max(order_id)"), "does not bind"),
        (_target(ordered_at="now()"), "now is not the same at every reading"),
        (_target(ordered_at="current_timestamp"), "is not the same at every reading"),
        (_target(status="no_such_function(total)"), "does not bind"),
        (_target(ordered_at="total"), "gives DECIMAL(18,4), which does not become TIMESTAMP without risk"),
        (_target(total_amount="order_id"), "gives VARCHAR, which does not become DECIMAL(18,4) without risk"),
    ],
)  # fmt: skip
def test_a_mistake_is_told(tmp_path: Path, change: Change, told: str) -> None:
    _write(tmp_path, _contract(change))
    with pytest.raises(ContractErrors) as raised:
        load_contracts(tmp_path)
    assert told in str(raised.value)


def test_a_token_column_takes_tokens_only(tmp_path: Path) -> None:
    columns = {"source_customer_key": "order_id", "phone_token": "order_id", "name_mask": "phone__mask"}
    _write(tmp_path, _contract(_set("targets", [{"entity": "customer", "columns": columns}])))
    with pytest.raises(ContractErrors) as raised:
        load_contracts(tmp_path)
    assert [str(m).split(": ", 1)[1] for m in raised.value.mistakes] == [
        "customProperties.targets.customer.columns.phone_token: takes tokens only, not order_id"
    ]


def test_a_key_given_twice_is_told_with_its_line(tmp_path: Path) -> None:
    path = _write(tmp_path, CONTRACT)
    path.write_text(path.read_text(encoding="utf-8") + "name: again\n", encoding="utf-8")
    with pytest.raises(ContractErrors, match=r"is no valid YAML in line \d+: key name is given twice"):
        load_contracts(tmp_path)


def test_an_empty_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(ContractErrors, match="holds no contract"):
        load_contracts(tmp_path)


def test_contracts_of_a_home_stand_beside_the_shipped_ones_and_replace_those_of_the_same_id(
    tmp_path: Path, shipped: ContractSet
) -> None:
    home = Home(tmp_path)
    assert contracts_of(home).contracts == shipped.contracts, "a home without own contracts has the shipped ones"
    for system, export in (("olist", "orders"), ("till", "receipts")):
        own = home.contracts / system / f"{export}.yml"
        own.parent.mkdir(parents=True)
        text = (SHIPPED / "olist" / "orders.yml").read_text(encoding="utf-8")
        own.write_text(text.replace("id: olist.orders", f"id: {system}.{export}"), encoding="utf-8")
    found = contracts_of(home)
    assert {c.id for c in found.contracts} == {c.id for c in shipped.contracts} | {"till.receipts"}
    assert found.by_id("olist.orders").path == "contracts/olist/orders.yml"

    (home.contracts / "till" / "receipts.yml").write_text("id: till.other\n", encoding="utf-8")
    with pytest.raises(ContractErrors, match=r"contracts/till/receipts\.yml: id: has to be till\.receipts"):
        contracts_of(home)
