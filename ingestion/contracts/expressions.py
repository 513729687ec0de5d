"""Looks into the SQL of contracts: what it names must exist, bind, and keep personal data where it belongs.

Belongs here: checks of targets, predicates and the columns that supersession names, by the engine's own parser and
binder over an empty table of the cleaned columns. Not here: running them over data (`ingestion/engine`).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import duckdb

from ingestion.cleaning.functions import declare_functions
from ingestion.contracts.imputation import check_imputation
from ingestion.contracts.mistakes import Report, did_you_mean
from ingestion.contracts.model import ADDRESS_PARTS, KINDS, Contract, PersonalData, Target
from ingestion.contracts.recognise import normalise_heading
from ingestion.entity import Entity, EntityColumn

_MOMENTS = ("TIMESTAMP", "DATE")
ITEM = "item"  # what expressions call the element that a target's `forEach` makes a row of
_INCONSTANT_FUNCTIONS = "select distinct function_name from duckdb_functions() where stability <> 'CONSISTENT'"


def cleaned_columns(contract: Contract) -> dict[str, str]:
    """Columns that expressions of the contract may name -> engine type (see `model.Target`)."""
    names: dict[str, str] = {}
    for column in contract.columns:
        if column.personal_data in (PersonalData.DIRECT, PersonalData.SENSITIVE):
            names[f"{column.name}__token"] = names[f"{column.name}__mask"] = "VARCHAR"
        elif column.personal_data is PersonalData.QUASI and column.kind == "birth_date":
            names[f"{column.name}__year"] = "BIGINT"
        elif column.personal_data is PersonalData.QUASI:
            names[f"{column.name}__area"] = "VARCHAR"
        else:
            names[column.name] = KINDS[column.kind]
        if column.kind == "address":
            names |= {f"{column.name}__{part}": "VARCHAR" for part in ADDRESS_PARTS}
        if column.refund_within:
            names[f"{column.name}__refund"] = KINDS["money"]
        if column.unit_from_heading is not None:
            names[f"{column.name}__unit"] = "VARCHAR"
    return names | {"record_number": "BIGINT", "occurrence": "BIGINT", "line_number": "BIGINT", "file_name": "VARCHAR"}


class ExpressionCheck:
    """One engine for the checks of many contracts; `close` it, or use it in a with statement."""

    def __init__(self) -> None:
        self._engine = duckdb.connect(":memory:", config={"enable_external_access": "false", "threads": "1"})
        declare_functions(self._engine)
        # the same record has to give the same row whenever it is read: no clock, no chance
        self._inconstant = {name for (name,) in self._engine.execute(_INCONSTANT_FUNCTIONS).fetchall()} | {
            "current_date",
            "current_timestamp",
            "current_time",
            "localtime",
            "localtimestamp",
            "now",
            "today",
        }

    def __enter__(self) -> ExpressionCheck:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._engine.close()

    def check(self, contract: Contract, entities: Mapping[str, Entity], report: Report) -> None:
        """Report everything the contract's SQL and column names get wrong."""
        names = cleaned_columns(contract)
        columns = ", ".join(f'"{name}" {kind}' for name, kind in (names | {ITEM: "VARCHAR"}).items())
        self._engine.execute(f"create or replace table cleaned ({columns})")
        own = {column.name: column for column in contract.columns}
        for column in contract.columns:
            for name in column.fill_down:
                _known(name, own, report.at(f"schema.{column.name}.fillDown"))
        report = report.at("customProperties")
        self._check_supersede(contract, names, report.at("supersede"))
        self._check_columns(contract, names, report)
        for name, predicate in contract.checks:
            self._expression(predicate, "BOOLEAN", names, report.at(f"checks.{name}"))
        check_imputation(contract, entities, report)
        for target in contract.targets:
            self._check_target(contract, target, entities, names, report.at(f"targets.{target.entity}"))

    def _check_supersede(self, contract: Contract, names: Mapping[str, str], report: Report) -> None:
        rule = contract.supersede
        for part in ("unit", "key", "lines"):
            for name in getattr(rule, part):
                _known(name, names, report.at(part))
        version = rule.version
        if version is not None and _known(version, names, report.at("version")) and names[version] not in _MOMENTS:
            report.at("version").add(f"{version} has to be a timestamp or a date")
        for expression in rule.period:
            self._expression(expression, None, names, report.at("period"))

    def _check_columns(self, contract: Contract, names: Mapping[str, str], report: Report) -> None:
        flag = contract.deleted_flag
        if flag is not None and _known(flag, names, report.at("deletedFlag")) and names[flag] != "BOOLEAN":
            report.at("deletedFlag").add(f"{flag} has to be of kind boolean")
        own = {column.name: column for column in contract.columns}
        footer = contract.file.footer
        if footer is not None:
            place = report.at("footer")
            headings = [heading for column in contract.columns for heading in column.headings]
            if normalise_heading(footer.column) not in map(normalise_heading, [*headings, *contract.ignored_headings]):
                place.at("column").add(f"no column has the heading {footer.column}")
            for name in footer.sums:
                if _known(name, own, place.at("sums")) and own[name].kind not in ("integer", "decimal", "money"):
                    place.at("sums").add(f"{name} has to be of kind integer, decimal or money")

    def _check_target(
        self,
        contract: Contract,
        target: Target,
        entities: Mapping[str, Entity],
        names: Mapping[str, str],
        report: Report,
    ) -> None:
        entity = entities.get(target.entity)
        lake = [name for name, declared in entities.items() if not declared.is_operational]
        if entity is None or entity.is_operational:
            report.add(f"unknown entity{did_you_mean(target.entity, lake)}; ingestion/entities/ declares them")
            return
        declared = {column.name: column for column in entity.columns}
        mapped = dict(target.columns)
        for name in entity.key:
            if name not in mapped:
                report.at(f"columns.{name}").add("is part of the key: map it, to null where the export has none")
        if entity.key and all(mapped.get(name, "null").strip().casefold() == "null" for name in entity.key):
            report.add(f"nothing names a record: {', '.join(entity.key)} may not all be null")
        for name in target.distinct_by:
            _known(name, names, report.at("distinctBy"))
        if target.for_each is not None:
            used = self._expression(target.for_each, "VARCHAR[]", names, report.at("forEach"))
            if used is not None and (wrong := sorted(name for name in used if "__" in name)):
                report.at("forEach").add(f"takes no columns of personal data: {', '.join(wrong)}")
            names = {**names, ITEM: "VARCHAR"}
        if target.where is not None:
            self._expression(target.where, "BOOLEAN", names, report.at("where"))
        for name, expression in target.columns:
            place = report.at(f"columns.{name}")
            column = declared.get(name)
            if column is None:
                place.add(f"{target.entity} has no such column{did_you_mean(name, declared)}")
                continue
            used = self._expression(expression, column.engine_type, names, place)
            if used is not None:
                _check_privacy(contract, column, used, place)

    def _expression(self, text: str, wanted: str | None, names: Mapping[str, str], report: Report) -> set[str] | None:
        """Columns whose values the expression's result may hold, or None where it is wrong (then reported)."""
        if text.strip().casefold() == "null":
            return set()
        # quoted, not bound: binding parameters would make the engine import pandas
        quoted = f"select ({text}\n)".replace("'", "''")
        parsed = json.loads(self._engine.execute(f"select json_serialize_sql('{quoted}')").fetchall()[0][0])
        if parsed["error"]:
            report.add(f"is no SQL expression: {parsed['error_message']}")
            return None
        select = parsed["statements"][0]["node"]
        parts = select.get("select_list", ())
        if len(parsed["statements"]) != 1 or len(parts) != 1 or select["from_table"]["type"] != "EMPTY":
            report.add("has to be one expression, not a statement")
            return None
        results: set[str] = set()
        is_right = True
        for node, is_condition in _nodes(parts[0]):
            kind = node.get("class")
            if kind in ("SUBQUERY", "WINDOW"):
                report.add(f"a {kind.lower()} depends on other records: only the record's own columns may be named")
                is_right = False
            elif kind == "COLUMN_REF":
                name = ".".join(node["column_names"])
                if name in self._inconstant:
                    report.add(f"{name} is not the same at every reading")
                    is_right = False
                elif not _known(name, names, report):
                    is_right = False
                elif not is_condition:
                    results.add(name)
            elif kind == "FUNCTION" and node["function_name"] in self._inconstant:
                report.add(f"{node['function_name']} is not the same at every reading")
                is_right = False
        if not is_right:
            return None
        try:
            # in a where clause no aggregate binds either
            described = self._engine.execute(f"describe select {text} from cleaned where ({text}) is not null")
            given = str(described.fetchall()[0][1])
        except duckdb.Error as error:
            report.add(f"does not bind: {str(error).splitlines()[0]}")
            return None
        if wanted is not None and not _fits(given, wanted):
            # such a cast could fail on a record, and the engine's error would quote its value
            report.add(f"gives {given}, which does not become {wanted} without risk")
            return None
        return results


def _family(engine_type: str) -> str:
    """Types within which a cast cannot fail but by overflow."""
    name = engine_type.split("(")[0].strip('"')
    if name in ("DATE", "TIMESTAMP", "BOOLEAN", "VARCHAR", "NULL"):
        return "moment" if name in _MOMENTS else name
    numbers = (
        "TINYINT",
        "SMALLINT",
        "INTEGER",
        "BIGINT",
        "HUGEINT",
        "UBIGINT",
        "UINTEGER",
        "DECIMAL",
        "FLOAT",
        "DOUBLE",
    )
    return "number" if name in numbers else name


def _fits(given: str, wanted: str) -> bool:
    return wanted == "VARCHAR" or _family(given) in ("NULL", _family(wanted))


def _nodes(tree: Any, is_condition: bool = False) -> Iterator[tuple[dict[str, Any], bool]]:
    """All nodes of a serialised expression, with whether they only decide between the results of a case."""
    if isinstance(tree, dict):
        yield tree, is_condition
        for key, value in tree.items():
            yield from _nodes(value, is_condition or key == "when_expr")
    elif isinstance(tree, list):
        for value in tree:
            yield from _nodes(value, is_condition)


def _known(name: str, names: Collection[str], report: Report) -> bool:
    if name in names:
        return True
    if f"{name}__token" in names:
        report.add(f"{name} is personal data: only {name}__token and {name}__mask exist")
    elif f"{name}__year" in names or f"{name}__area" in names:
        report.add(f"{name} is a quasi identifier: only its coarse form exists")
    else:
        report.add(f"the contract has no column {name}{did_you_mean(name, names)}")
    return False


def _check_privacy(contract: Contract, column: EntityColumn, used: set[str], report: Report) -> None:
    """A token column takes tokens only, a scrubbed one free text only, and masks go into mask columns only."""
    free_text = {c.name for c in contract.columns if c.personal_data is PersonalData.FREE_TEXT}
    if column.privacy == "token" and (wrong := sorted(n for n in used if not n.endswith("__token"))):
        report.add(f"takes tokens only, not {', '.join(wrong)}")
    if column.privacy == "scrubbed" and (wrong := sorted(used - free_text)):
        report.add(f"takes columns of kind free_text only, not {', '.join(wrong)}")
    if column.privacy != "mask" and (wrong := sorted(n for n in used if n.endswith("__mask"))):
        report.add(f"is no mask column, but takes {', '.join(wrong)}")
