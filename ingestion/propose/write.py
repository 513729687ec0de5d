"""The proposal as a commented contract.

Belongs here: YAML and its comments. Not here: any decision. Comments hold counts and names, never a record's value.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ingestion.contracts.model import FileFormat, OnFail, PersonalData
from ingestion.propose.columns import Proposed
from ingestion.propose.opening import Opened
from ingestion.propose.targets import Mapped, Superseding

_LOGICAL = {
    "integer": "integer", "decimal": "number", "money": "number", "percent": "number", "boolean": "boolean",
    "date": "date", "birth_date": "date", "timestamp": "timestamp",
}  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """Everything that is proposed."""

    system: str
    export: str
    file_pattern: str
    opened: Opened
    rows: int
    columns: Sequence[Proposed]
    superseding: Superseding
    mapped: Mapped
    null_words: tuple[str, ...] = ("",)
    phone_region: str | None = None
    strip_excel_text: bool = False
    footer: tuple[str, str] | None = None  # heading, pattern
    notes: tuple[str, ...] = field(default_factory=tuple)


def as_yaml(plan: Plan) -> str:
    """The contract file."""
    lines = [
        f"# Proposed from one file of {plan.rows:,} records. Read every line: what a file cannot tell is said so.",
        *(f"# {note}" for note in plan.notes),
        "apiVersion: v3.1.0",
        "kind: DataContract",
        f"id: {plan.system}.{plan.export}",
        f"name: {_text(plan.system.replace('_', ' ') + ' ' + plan.export.replace('_', ' '))}",
        "version: 0.1.0",
        "status: draft",
        "description:",
        "  purpose: To be written.",
        "team:",
        "  name: to-be-named",
        "",
        "customProperties:",
        *_file_lines(plan),
        *_record_lines(plan),
        *_target_lines(plan),
        "",
        "schema:",
        f"  - name: {plan.export}",
        "    logicalType: object",
        "    properties:",
    ]
    key = {name.removesuffix("__token") for name in plan.superseding.key} | {plan.superseding.period}
    for one in plan.columns:
        lines += _column_lines(one, is_key=one.column.name in key and plan.rows > 0)
    return "\n".join(lines) + "\n"


def _file_lines(plan: Plan) -> list[str]:
    rule, opened = plan.opened.rule, plan.opened
    lines = [_own("filePattern", plan.file_pattern), _own("format", rule.format.value)]
    if rule.format is FileFormat.CSV:
        if opened.encoding and not opened.encoding.startswith(("utf", "ascii")):
            lines.append(_own("encoding", opened.encoding))
        if rule.delimiter != ",":
            lines.append(_own("delimiter", rule.delimiter))
        if rule.escape != '"':
            lines.append(_own("escape", rule.escape))
    if rule.format is FileFormat.EXCEL and opened.part:
        lines.append("  # the other sheets are not read")
        lines.append(_own("sheetPattern", f"^{_escaped(opened.part)}$"))
    if opened.lines_above:
        lines.append(f"  # {opened.lines_above} lines stand above the headings: they are found by their names")
    if plan.strip_excel_text:
        lines.append(_own("stripExcelText", True))
    if plan.footer is not None:
        lines.append("  # rows of totals below the records")
        lines.append(_own("footer", {"column": plan.footer[0], "pattern": plan.footer[1]}))
    if plan.null_words != ("",):
        lines.append("  # these words stand where nothing is known")
        lines.append(_own("nullWords", list(plan.null_words)))
    if any(one.column.kind == "timestamp" for one in plan.columns):
        lines.append("  # times without an offset: a file does not tell their zone. Asia/Shanghai?")
        lines.append(_own("timeZone", "UTC"))
    if plan.phone_region is not None:
        lines.append("  # whose numbers are those without a country code?")
        lines.append(_own("phoneRegion", plan.phone_region))
    return lines


def _record_lines(plan: Plan) -> list[str]:
    found = plan.superseding
    lines = ["  # full: what a later file lacks is gone. One file does not tell", _own("coverage", "delta")]
    lines += [f"  # {note}" for note in found.notes]
    value: dict[str, Any] = {"by": found.by}
    if found.key:
        value["key"] = list(found.key)
    if found.version:
        value["version"] = found.version
    if found.period:
        value["period"] = [found.period]
    return [*lines, _own("supersede", value)]


def _target_lines(plan: Plan) -> list[str]:
    lines = []
    if plan.mapped.score < 1.5:
        lines.append("  # the headings hardly tell what this is: look for the entity in ingestion/entities/")
    if plan.mapped.others:
        lines.append(f"  # or is it {', '.join(plan.mapped.others)}?")
    lines += ["  - property: targets", "    value:", f"      - entity: {plan.mapped.entity}", "        columns:"]
    return lines + [f"          {name}: {_text(expression)}" for name, expression in plan.mapped.columns.items()]


def _column_lines(one: Proposed, *, is_key: bool) -> list[str]:
    column = one.column
    lines = [f"      # {note}" for note in one.notes]
    lines += [f"      - name: {column.name}", f"        physicalName: {_text(column.headings[0])}"]
    lines.append(f"        logicalType: {_LOGICAL.get(column.kind, 'string')}")
    if is_key:
        lines.append("        required: true")
    if column.personal_data is not PersonalData.BUSINESS:
        lines.append(f"        classification: {column.personal_data.value}")
    own: list[tuple[str, Any]] = []
    if column.kind != "text":
        own.append(("kind", column.kind))
    if column.identifier:
        own.append(("identifier", column.identifier))
    if column.date_forms:
        own.append(("dateForms", list(column.date_forms)))
    if column.decimal_mark:
        own.append(("decimalMark", column.decimal_mark))
    if column.thousands_mark:
        own.append(("thousandsMark", column.thousands_mark))
    if column.on_fail is OnFail.MISSING and not is_key:
        own.append(("onFail", "missing"))
    if own:
        lines.append("        customProperties:")
        lines += [f"          - {{property: {name}, value: {_value(value)}}}" for name, value in own]
    elif one.choices:
        lines.append("        # customProperties:")
    return lines + [f"        #   {choice}" for choice in one.choices]


def _own(name: str, value: Any) -> str:
    return f"  - {{property: {name}, value: {_value(value)}}}"


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {_value(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def _text(text: str) -> str:
    # a JSON text is a YAML text
    return json.dumps(text, ensure_ascii=False)


def _escaped(text: str) -> str:
    import re

    return re.escape(text).replace("\\ ", " ")
