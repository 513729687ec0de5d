"""Reads contract files, finds every mistake in them, and gives the frozen contracts.

Belongs here: YAML files, the Open Data Contract Standard, putting a contract together. Not here: what our own
properties may say (`properties.py`), SQL in contracts (`expressions.py`), reading exports (`ingestion/readers`).
"""

from __future__ import annotations

import hashlib
import json
import typing
from collections.abc import Hashable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from ingestion.contracts.expressions import ExpressionCheck
from ingestion.contracts.mistakes import ContractErrors, Report, did_you_mean
from ingestion.contracts.model import Contract, ContractSet, Coverage
from ingestion.contracts.properties import (
    CONTRACT_PROPERTIES,
    custom_properties,
    read_checks,
    read_column,
    read_file_rule,
    read_supersede,
    read_targets,
)
from ingestion.contracts.recognise import normalise_heading
from ingestion.entity import load_entities
from ingestion.home import Home

if TYPE_CHECKING:
    from pydantic import BaseModel

SHIPPED = Path(__file__).parent


class _UniqueKeyLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Safe loader that refuses a key given twice in one mapping instead of taking the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"key {key} is given twice", key_node.start_mark)
            seen.add(key)
        return typing.cast(dict[Hashable, Any], super().construct_mapping(node, deep))


def contracts_of(home: Home) -> ContractSet:
    """The contracts that hold in a home: those shipped, and the home's own, which take the place of shipped ones of
    the same id. Raises `ContractErrors`, which lists every mistake of every file."""
    return load_contracts(own=home.contracts)


def load_contracts(folder: Path | None = None, own: Path | None = None) -> ContractSet:
    """All contracts `<system>/<export>.yml` of a folder (default: those shipped), checked, in order of their ids.

    Contracts of the folder `own` (which need not be there) take the place of those of the same id. Raises
    `ContractErrors`, which lists every mistake of every file.
    """
    root = folder or SHIPPED
    entities = load_entities()
    contracts: dict[str, Contract] = {}
    reports: list[Report] = []
    with ExpressionCheck() as expressions:
        for top, prefix in ((root, ""), *(((own, f"{own.name}/"),) if own is not None else ())):
            for path in sorted(top.glob("*/*.y*ml")):
                report = Report(prefix + path.relative_to(top).as_posix())
                reports.append(report)
                contract = _read(path, report)
                if contract is not None:
                    expressions.check(contract, entities, report)
                    contracts[contract.id] = contract
    if not reports:
        report = Report(root.name)
        report.add("the folder holds no contract <system>/<export>.yml")
        reports.append(report)
    mistakes = [mistake for report in reports for mistake in report.mistakes]
    if mistakes:
        raise ContractErrors(mistakes)
    return ContractSet(tuple(contracts[contract_id] for contract_id in sorted(contracts)))


def _read(path: Path, report: Report) -> Contract | None:
    """The contract of one file; None where too little of it can be read to look further."""
    try:
        raw = yaml.load(path.read_text(encoding="utf-8"), Loader=_UniqueKeyLoader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        line = "" if mark is None else f" in line {mark.line + 1}"
        report.add(f"is no valid YAML{line}: {getattr(error, 'problem', None) or error}")
        return None
    if not isinstance(raw, dict):
        report.add("is no contract: a mapping is expected")
        return None
    before = len(report.mistakes)
    _check_standard(raw, report)
    if len(report.mistakes) > before and not _has_readable_shape(raw):
        return None
    system, export = path.parent.name, path.stem
    if raw.get("id") != f"{system}.{export}":
        report.at("id").add(f"has to be {system}.{export}, as folder and file are named")
    for key in ("apiVersion", "kind", "version", "name"):
        if not raw.get(key):
            report.at(key).add("is missing")
    if raw.get("apiVersion") and not str(raw["apiVersion"]).startswith("v3."):
        report.at("apiVersion").add("has to be a version 3 of the standard, as in v3.1.0")
    if raw.get("kind") not in (None, "DataContract"):
        report.at("kind").add("has to be DataContract")
    description = raw.get("description") or {}
    if not description.get("purpose"):
        report.at("description.purpose").add("is missing")
    team = raw.get("team")
    owner = team.get("name") if isinstance(team, dict) else None
    if not owner:
        report.at("team.name").add("is missing: who answers for the contract")
    schema = raw.get("schema") or []
    if len(schema) != 1:
        report.at("schema").add(f"has to hold one object, it holds {len(schema)}")
    if not schema:
        return None
    own = custom_properties(raw.get("customProperties"), CONTRACT_PROPERTIES, report.at("customProperties"))
    ours = report.at("customProperties")
    place = report.at(f"schema.{schema[0].get('name', 0)}")
    columns = tuple(
        column for entry in schema[0].get("properties") or [] if (column := read_column(entry, place)) is not None
    )
    contract = Contract(
        id=f"{system}.{export}",
        system=system,
        export=export,
        version=str(raw.get("version")),
        title=str(raw.get("name")),
        description=" ".join(str(description[k]) for k in ("purpose", "limitations", "usage") if description.get(k)),
        owner=str(owner),
        path=report.file,
        file=read_file_rule(own, ours),
        columns=columns,
        targets=read_targets(own, ours),
        supersede=read_supersede(own, ours),
        coverage=Coverage(own.get("coverage") or "delta"),
        deleted_flag=own.get("deletedFlag"),
        time_zone=own.get("timeZone") or "UTC",
        date_forms=own.get("dateForms", ()),
        decimal_mark=own.get("decimalMark") or ".",
        thousands_mark=own.get("thousandsMark"),
        null_words=own.get("nullWords", ("",)),
        currency=own.get("currency"),
        phone_region=own.get("phoneRegion"),
        held_rejected_share=0.05 if own.get("heldRejectedShare") is None else own["heldRejectedShare"],
        held_shrunk_share=0.8 if own.get("heldShrunkShare") is None else own["heldShrunkShare"],
        extra_columns_reported=own.get("extraColumnsReported", True),
        ignored_headings=own.get("ignoredHeadings", ()),
        checks=read_checks(own, ours),
        fingerprint=hashlib.sha256(
            json.dumps(raw, sort_keys=True, ensure_ascii=False, default=str).encode()
        ).hexdigest(),
    )
    _check_whole(contract, own, report)
    return contract


def _check_whole(contract: Contract, own: Mapping[str, Any], report: Report) -> None:
    """What only shows when all columns are known."""
    if not contract.columns:
        report.at("schema").add("has no columns")
    if "coverage" not in own:
        report.at("customProperties.coverage").add("is missing: say full or delta")
    taken: dict[str, str] = {}
    names: set[str] = set()
    for column in contract.columns:
        if column.name in names:
            report.at(f"schema.{column.name}").add("is given twice")
        names.add(column.name)
        for alias in (*column.headings, *column.join_headings):
            other = taken.setdefault(normalise_heading(alias), column.name)
            if other != column.name:
                report.at(f"schema.{column.name}").add(f"heading {alias} is that of {other} already")
        if column.kind == "phone" and contract.phone_region is None:
            report.at(f"schema.{column.name}").add("kind phone needs the contract's phoneRegion")
    for heading in contract.ignored_headings:
        owner = taken.get(normalise_heading(heading))
        if owner is not None:
            report.at("customProperties.ignoredHeadings").add(f"{heading} is that of {owner}")
    if contract.decimal_mark == contract.thousands_mark:
        report.at("customProperties.thousandsMark").add("is the decimal mark")


def _has_readable_shape(raw: Mapping[str, Any]) -> bool:
    """The parts that are read below have at least their outer form."""
    schema, description = raw.get("schema"), raw.get("description") or {}
    if not isinstance(schema, list) or not all(isinstance(item, dict) for item in schema):
        return False
    owners = [raw]
    for item in schema:
        entries = item.get("properties") or []
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            return False
        owners.extend(entries)
    return isinstance(description, dict) and all(isinstance(o.get("customProperties") or [], list) for o in owners)


def _check_standard(raw: Mapping[str, Any], report: Report) -> None:
    """The Open Data Contract Standard's own model, and the fields that it does not know."""
    # imported here: pydantic takes longer to import than all contracts take to read
    from open_data_contract_standard.model import OpenDataContractStandard
    from pydantic import ValidationError

    try:
        OpenDataContractStandard.model_validate(raw)
    except ValidationError as error:
        for problem in error.errors(include_url=False, include_input=False):
            if problem["type"] != "extra_forbidden":
                report.at(".".join(map(str, problem["loc"]))).add(problem["msg"])
    _check_fields(raw, OpenDataContractStandard, report)


def _check_fields(raw: Any, model: type[BaseModel], report: Report) -> None:
    """Report fields that the standard's model would pass over in silence."""
    if not isinstance(raw, dict):
        return
    fields = {field.alias or name: field for name, field in model.model_fields.items()}
    for key, value in raw.items():
        if key not in fields:
            report.at(key).add(f"the standard has no such field{did_you_mean(str(key), fields)}")
            continue
        inner = next(_models(fields[key].annotation), None)
        if inner is not None and inner.__name__ != "CustomProperty":
            for place, item in enumerate(value) if isinstance(value, list) else [(None, value)]:
                name = item.get("name", place) if isinstance(item, dict) else place
                _check_fields(item, inner, report.at(key) if place is None else report.at(key).at(name))


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """Models named in a type annotation, outermost first."""
    from pydantic import BaseModel

    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in typing.get_args(annotation):
        yield from _models(part)
