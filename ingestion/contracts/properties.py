"""Our own properties of a contract: their names, their types, and how they become the frozen model.

Belongs here: everything under `customProperties` and the standard's fields that we read. Not here: opening files
(`loader.py`), looking into SQL expressions (`expressions.py`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ingestion.contracts.mistakes import Report, did_you_mean
from ingestion.contracts.model import (
    KINDS,
    Column,
    Coverage,
    FileFormat,
    FileRule,
    Footer,
    OnFail,
    PersonalData,
    Supersede,
    SupersedeBy,
    Target,
)
from ingestion.contracts.property_types import (
    Parser,
    as_anything,
    as_boolean,
    as_date_forms,
    as_encoding,
    as_mapping,
    as_matching,
    as_number,
    as_one_of,
    as_positive_integer,
    as_regex,
    as_share,
    as_text,
    as_texts,
    as_time_zone,
    as_word_mapping,
)

NUMERIC_KINDS = frozenset({"integer", "decimal", "money", "percent", "age"})
TIME_KINDS = frozenset({"date", "timestamp", "birth_date"})
#: Kinds that usually hold personal data: their class has to be said, so that forgetting it cannot leak.
PERSONAL_KINDS = frozenset({"phone", "email", "name", "address", "national_id", "account", "birth_date", "free_text"})
RESERVED_NAMES = frozenset({"record_number", "occurrence", "line_number", "file_name", "item"})

CONTRACT_PROPERTIES: Mapping[str, Parser] = {
    "filePattern": as_regex(),
    "format": as_one_of([f.value for f in FileFormat]),
    "encoding": as_encoding,
    "delimiter": as_text,
    "quote": as_text,
    "escape": as_text,
    "preamblePattern": as_regex(),
    "footer": as_mapping,
    "sheetPattern": as_regex(),
    "stripExcelText": as_boolean,
    "timeZone": as_time_zone,
    "dateForms": as_date_forms,
    "decimalMark": as_matching(r"[.,]", "a point or a comma"),
    "thousandsMark": as_matching(r".", "one character"),
    "nullWords": as_texts,
    "currency": as_matching(r"[A-Z]{3}", "a currency of ISO 4217, as in CNY"),
    "phoneRegion": as_matching(r"[A-Z]{2}", "a country of ISO 3166-1, as in CN"),
    "supersede": as_mapping,
    "coverage": as_one_of([c.value for c in Coverage]),
    "deletedFlag": as_text,
    "heldRejectedShare": as_share,
    "heldShrunkShare": as_share,
    "extraColumnsReported": as_boolean,
    "ignoredHeadings": as_texts,
    "checks": as_mapping,
    "targets": as_anything,
}
COLUMN_PROPERTIES: Mapping[str, Parser] = {
    "kind": as_one_of(list(KINDS)),
    "headings": as_texts,
    "headingRequired": as_boolean,
    "identifier": as_matching(r"[a-z][a-z_]*", "a token class in lower case, as in phone"),
    "dateForms": as_date_forms,
    "timeZone": as_time_zone,
    "decimalMark": as_matching(r"[.,]", "a point or a comma"),
    "thousandsMark": as_matching(r".", "one character"),
    "nullWords": as_texts,
    "minimum": as_number,
    "maximum": as_number,
    "minimumExclusive": as_boolean,
    "onFail": as_one_of([o.value for o in OnFail]),
    "scale": as_number,
    "refundWithin": as_boolean,
    "unitFromHeading": as_regex(groups=1),
    "values": as_word_mapping,
    "otherValue": as_text,
    "joinHeadings": as_texts,
    "fillDown": as_texts,
    "padTo": as_positive_integer,
    "imputation": as_one_of(["mean", "mode"]),
    "valueClass": as_matching(r"[a-z][a-z0-9_]*", "a column of the entity, as in industry"),
    "outlierLimit": as_number,
}
FOOTER_KEYS = ("column", "pattern", "sums", "totalPattern")
SUPERSEDE_KEYS = ("by", "unit", "key", "version", "period", "lines")
TARGET_KEYS = ("entity", "where", "distinctBy", "forEach", "columns")


def _only(raw: Mapping[str, Any], known: Sequence[str], report: Report) -> None:
    for key in raw:
        if key not in known:
            report.at(key).add(f"unknown key{did_you_mean(str(key), known)}; known: {', '.join(known)}")


def custom_properties(raw: Any, known: Mapping[str, Parser], report: Report) -> dict[str, Any]:
    """`customProperties` as name -> parsed value; unknown, repeated and wrongly typed ones are reported."""
    found: dict[str, Any] = {}
    for entry in raw or []:
        name = entry.get("property") if isinstance(entry, dict) else None
        if not isinstance(name, str) or "value" not in entry:
            report.at("customProperties").add("every entry needs property and value")
        elif name not in known:
            report.at(name).add(f"unknown property{did_you_mean(name, known)}")
        elif name in found:
            report.at(name).add("is given twice")
        else:
            found[name] = known[name](entry["value"], report.at(name))
    return found


def read_column(raw: Mapping[str, Any], report: Report) -> Column | None:
    """One entry of `schema[0].properties`; None where it has no usable name."""
    name = raw.get("name")
    if not isinstance(name, str) or not re.fullmatch(r"[a-z][a-z0-9_]*", name) or "__" in name:
        report.add(f"name {name!r} has to be lower-case snake case without double underscores")
        return None
    report = report.at(name)
    if name in RESERVED_NAMES:
        report.add("the name is reserved")
    own = custom_properties(raw.get("customProperties"), COLUMN_PROPERTIES, report)
    heading = raw.get("physicalName")
    if not isinstance(heading, str) or not heading.strip():
        report.add("physicalName (the system's own heading) is missing")
        heading = name
    kind = own.get("kind") or "text"
    declared = raw.get("classification")
    classes = [c.value for c in PersonalData]
    if declared is not None and declared not in classes:
        as_one_of(classes)(declared, report.at("classification"))
    elif declared is None and kind in PERSONAL_KINDS:
        report.add(f"kind {kind} usually is personal data: say its class under classification (business if it is none)")
    personal = PersonalData(declared) if declared in classes else PersonalData.BUSINESS
    is_clear_secret = personal in (PersonalData.DIRECT, PersonalData.SENSITIVE)
    if is_clear_secret and not own.get("identifier"):
        report.add(f"classification {personal} needs identifier (the class of its tokens)")
    if own.get("identifier") and not is_clear_secret:
        report.at("identifier").add("only columns of classification direct or sensitive have tokens")
    if personal is PersonalData.QUASI and kind not in ("birth_date", "postcode"):
        report.add("classification quasi is for kinds birth_date and postcode")
    if (kind == "free_text") != (personal is PersonalData.FREE_TEXT) and declared is not None:
        report.add("kind free_text and classification free_text go together")
    numeric_only = ("minimum", "maximum", "minimumExclusive", "scale", "decimalMark", "thousandsMark")
    for key in numeric_only:
        if key in own and kind not in NUMERIC_KINDS:
            report.at(key).add(f"is for kinds {', '.join(sorted(NUMERIC_KINDS))}, this is {kind}")
    for key in ("dateForms", "timeZone"):
        if key in own and kind not in TIME_KINDS:
            report.at(key).add(f"is for kinds {', '.join(sorted(TIME_KINDS))}, this is {kind}")
    if own.get("refundWithin") and kind != "money":
        report.at("refundWithin").add(f"is for kind money, this is {kind}")
    if own.get("joinHeadings") and (kind != "name" or own.get("fillDown")):
        report.at("joinHeadings").add("is for kind name, and not beside fillDown")
    low, high = own.get("minimum"), own.get("maximum")
    if low is not None and high is not None and low > high:
        report.add("minimum is above maximum")
    if "otherValue" in own and not own.get("values"):
        report.at("otherValue").add("needs values")
    return Column(
        name=name,
        headings=(heading, *own.get("headings", ())),
        kind=kind,
        heading_required=own.get("headingRequired", True),
        value_required=bool(raw.get("required", False)),
        personal_data=personal,
        identifier=own.get("identifier"),
        date_forms=own.get("dateForms", ()),
        time_zone=own.get("timeZone"),
        decimal_mark=own.get("decimalMark"),
        thousands_mark=own.get("thousandsMark"),
        null_words=own.get("nullWords"),
        minimum=low,
        maximum=high,
        minimum_exclusive=own.get("minimumExclusive", False),
        on_fail=OnFail(own.get("onFail") or "reject"),
        scale=own.get("scale") or 1.0,
        refund_within=own.get("refundWithin", False),
        unit_from_heading=own.get("unitFromHeading"),
        values=own.get("values", ()),
        other_value=own.get("otherValue"),
        join_headings=own.get("joinHeadings", ()),
        fill_down=own.get("fillDown", ()),
        pad_to=own.get("padTo"),
        imputation=own.get("imputation"),
        value_class=own.get("valueClass"),
        outlier_limit=own.get("outlierLimit"),
        description=str(raw.get("description") or ""),
    )


def read_file_rule(own: Mapping[str, Any], report: Report) -> FileRule:
    """What the contract says about the file; `filePattern` and `format` have to be there."""
    for key in ("filePattern", "format"):
        if key not in own:
            report.at(key).add("is missing")
    file_format = FileFormat(own.get("format") or "csv")
    only = {"sheetPattern": FileFormat.EXCEL} | dict.fromkeys(("delimiter", "quote", "escape"), FileFormat.CSV)
    for key, needed in only.items():
        if key in own and file_format is not needed:
            report.at(key).add(f"is for format {needed}, this is {file_format}")
    footer = None
    if own.get("footer"):
        raw, place = own["footer"], report.at("footer")
        _only(raw, FOOTER_KEYS, place)
        for key in ("column", "pattern"):
            if key not in raw:
                place.at(key).add("is missing")
        footer = Footer(
            column=as_text(raw.get("column", ""), place.at("column")) or "",
            pattern=as_regex()(raw.get("pattern", ""), place.at("pattern")) or "",
            sums=as_texts(raw.get("sums", []), place.at("sums")),
            total_pattern=as_regex()(raw["totalPattern"], place.at("totalPattern")) if "totalPattern" in raw else None,
        )
    return FileRule(
        format=file_format,
        name_pattern=re.compile(own.get("filePattern") or ""),
        encoding=own.get("encoding") or "utf-8",
        delimiter=own.get("delimiter") or ",",
        quote=own.get("quote", '"'),
        escape=own.get("escape", '"'),
        preamble_pattern=own.get("preamblePattern"),
        footer=footer,
        sheet_pattern=own.get("sheetPattern"),
        strip_excel_text=own.get("stripExcelText", False),
    )


def read_supersede(own: Mapping[str, Any], report: Report) -> Supersede:
    """How records replace earlier ones; the columns it names are looked at in `expressions.py`."""
    report = report.at("supersede")
    raw = own.get("supersede")
    if not raw:
        report.add("is missing: say how records replace earlier ones (by key, file_name, period or none)")
        return Supersede(SupersedeBy.NONE)
    _only(raw, SUPERSEDE_KEYS, report)
    by = SupersedeBy(as_one_of([s.value for s in SupersedeBy])(raw.get("by"), report.at("by")) or "none")
    key = as_texts(raw.get("key", []), report.at("key"))
    unit = as_texts(raw.get("unit", []), report.at("unit")) or key
    period = as_texts(raw.get("period", []), report.at("period"))
    version = as_text(raw["version"], report.at("version")) if "version" in raw else None
    if by is SupersedeBy.KEY and not unit:
        report.add("by key needs unit or key")
    if (by is SupersedeBy.PERIOD) != bool(period):
        report.add("by period needs period, and nothing else has one")
    if by is not SupersedeBy.KEY and version is not None:
        report.at("version").add("decides between records of one key: only with by key")
    return Supersede(by, unit, key, version, period, as_texts(raw.get("lines", []), report.at("lines")))


def read_targets(own: Mapping[str, Any], report: Report) -> tuple[Target, ...]:
    """The entities that the export feeds, as written; what they name is looked at in `expressions.py`."""
    report = report.at("targets")
    raw = own.get("targets")
    if not isinstance(raw, list) or not raw:
        report.add("has to list at least one entity")
        return ()
    targets = []
    for number, item in enumerate(raw):
        place = report.at(item.get("entity", number) if isinstance(item, dict) else number)
        entry = as_mapping(item, place)
        _only(entry, TARGET_KEYS, place)
        entity = as_text(entry.get("entity"), place.at("entity"))
        columns = as_mapping(entry.get("columns", {}), place.at("columns"))
        if not columns:
            place.at("columns").add("has to map the entity's columns to expressions")
        pairs = [
            (name, text)
            for name, expression in columns.items()
            if (text := as_text("null" if expression is None else expression, place.at(f"columns.{name}"))) is not None
        ]
        where = as_text(entry["where"], place.at("where")) if "where" in entry else None
        distinct_by = as_texts(entry.get("distinctBy", []), place.at("distinctBy"))
        for_each = as_text(entry["forEach"], place.at("forEach")) if "forEach" in entry else None
        if for_each is not None and distinct_by:
            place.at("forEach").add("makes several rows of a record, distinctBy one row of several records: choose one")
        if entity is not None:
            targets.append(Target(entity, tuple(pairs), where, distinct_by, for_each))
    return tuple(targets)


def read_checks(own: Mapping[str, Any], report: Report) -> tuple[tuple[str, str], ...]:
    """Named predicates."""
    pairs = []
    for name, predicate in (own.get("checks") or {}).items():
        text = as_text(predicate, report.at(f"checks.{name}"))
        if text is not None:
            pairs.append((name, text))
    return tuple(pairs)
