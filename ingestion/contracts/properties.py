"""Our own properties of a contract: their names, their types, and how they become the frozen model.

Belongs here: everything under `customProperties` and the standard's fields that we read. Not here: opening files
(`loader.py`), looking into SQL expressions (`expressions.py`).
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

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

NUMERIC_KINDS = frozenset({"integer", "decimal", "money", "percent"})
TIME_KINDS = frozenset({"date", "timestamp", "birth_date"})
#: Kinds that usually hold personal data: their class has to be said, so that forgetting it cannot leak.
PERSONAL_KINDS = frozenset({"phone", "email", "name", "address", "national_id", "account", "birth_date", "free_text"})
RESERVED_NAMES = frozenset({"record_number", "occurrence", "line_number", "file_name"})
DATE_WORDS = frozenset({"iso", "excel"})

Parser = Callable[[Any, Report], Any]


def _text(value: Any, report: Report) -> str | None:
    if isinstance(value, str):
        return value
    report.add("has to be a text" + (" (quote it)" if isinstance(value, int | float | bool) else ""))
    return None


def _texts(value: Any, report: Report) -> tuple[str, ...]:
    if not isinstance(value, list):
        report.add("has to be a list of texts")
        return ()
    return tuple(text for i, item in enumerate(value) if (text := _text(item, report.at(i))) is not None)


def _boolean(value: Any, report: Report) -> bool:
    if not isinstance(value, bool):
        report.add("has to be true or false")
    return bool(value)


def _number(value: Any, report: Report) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    report.add("has to be a number")
    return None


def _positive_integer(value: Any, report: Report) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    report.add("has to be a whole number above 0")
    return None


def _share(value: Any, report: Report) -> float | None:
    number = _number(value, report)
    if number is not None and not 0 <= number <= 1:
        report.add("has to be between 0 and 1")
    return number


def _one_of(words: Sequence[str]) -> Parser:
    def parse(value: Any, report: Report) -> str | None:
        if value in words:
            return str(value)
        report.add(f"{value!r} is none of {', '.join(words)}{did_you_mean(str(value), words)}")
        return None

    return parse


def _regex(groups: int | None = None) -> Parser:
    def parse(value: Any, report: Report) -> str | None:
        text = _text(value, report)
        if text is None:
            return None
        try:
            compiled = re.compile(text)
        except re.error as error:
            report.add(f"is no regular expression: {error}")
            return None
        if groups is not None and compiled.groups != groups:
            report.add(f"needs {groups} group in parentheses, it has {compiled.groups}")
        return text

    return parse


def _matching(pattern: str, what: str) -> Parser:
    def parse(value: Any, report: Report) -> str | None:
        text = _text(value, report)
        if text is not None and not re.fullmatch(pattern, text):
            report.add(f"has to be {what}")
        return text

    return parse


def _encoding(value: Any, report: Report) -> str | None:
    text = _text(value, report)
    if text is not None:
        try:
            codecs.lookup(text)
        except LookupError:
            report.add(f"unknown encoding {text}")
    return text


def _time_zone(value: Any, report: Report) -> str | None:
    text = _text(value, report)
    if text is not None:
        try:
            ZoneInfo(text)
        except (KeyError, ValueError, OSError):
            report.add(f"unknown time zone {text}")
    return text


def _date_forms(value: Any, report: Report) -> tuple[str, ...]:
    forms = _texts(value, report)
    for form in forms:
        if form not in DATE_WORDS and "%" not in form:
            report.add(f"{form!r} is neither a strptime form nor one of {', '.join(sorted(DATE_WORDS))}")
    return forms


def _values(value: Any, report: Report) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, dict) or not value:
        report.add("has to map source words to canonical words")
        return ()
    pairs = []
    for word, canonical in value.items():
        left, right = _text(word, report.at(word)), _text(canonical, report.at(word))
        if left is not None and right is not None:
            pairs.append((left, right))
    return tuple(pairs)


def _mapping(value: Any, report: Report) -> dict[str, Any]:
    if isinstance(value, dict):
        return {str(key): item for key, item in value.items()}
    report.add("has to be a mapping")
    return {}


def _anything(value: Any, report: Report) -> Any:
    return value


CONTRACT_PROPERTIES: Mapping[str, Parser] = {
    "filePattern": _regex(),
    "format": _one_of([f.value for f in FileFormat]),
    "encoding": _encoding,
    "delimiter": _text,
    "quote": _text,
    "escape": _text,
    "preamblePattern": _regex(),
    "footer": _mapping,
    "sheetPattern": _regex(),
    "stripExcelText": _boolean,
    "timeZone": _time_zone,
    "dateForms": _date_forms,
    "decimalMark": _matching(r"[.,]", "a point or a comma"),
    "thousandsMark": _matching(r".", "one character"),
    "nullWords": _texts,
    "currency": _matching(r"[A-Z]{3}", "a currency of ISO 4217, as in CNY"),
    "phoneRegion": _matching(r"[A-Z]{2}", "a country of ISO 3166-1, as in CN"),
    "supersede": _mapping,
    "coverage": _one_of([c.value for c in Coverage]),
    "deletedFlag": _text,
    "heldRejectedShare": _share,
    "extraColumnsReported": _boolean,
    "ignoredHeadings": _texts,
    "checks": _mapping,
    "targets": _anything,
}
COLUMN_PROPERTIES: Mapping[str, Parser] = {
    "kind": _one_of(list(KINDS)),
    "headings": _texts,
    "headingRequired": _boolean,
    "identifier": _matching(r"[a-z][a-z_]*", "a token class in lower case, as in phone"),
    "dateForms": _date_forms,
    "timeZone": _time_zone,
    "decimalMark": _matching(r"[.,]", "a point or a comma"),
    "thousandsMark": _matching(r".", "one character"),
    "nullWords": _texts,
    "minimum": _number,
    "maximum": _number,
    "minimumExclusive": _boolean,
    "onFail": _one_of([o.value for o in OnFail]),
    "scale": _number,
    "unitFromHeading": _regex(groups=1),
    "values": _values,
    "otherValue": _text,
    "fillDown": _texts,
    "padTo": _positive_integer,
    "imputation": _one_of(["mean", "mode"]),
}
FOOTER_KEYS = ("column", "pattern", "sums", "totalPattern")
SUPERSEDE_KEYS = ("by", "unit", "key", "version", "period", "lines")
TARGET_KEYS = ("entity", "where", "distinctBy", "columns")


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
        _one_of(classes)(declared, report.at("classification"))
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
        unit_from_heading=own.get("unitFromHeading"),
        values=own.get("values", ()),
        other_value=own.get("otherValue"),
        fill_down=own.get("fillDown", ()),
        pad_to=own.get("padTo"),
        imputation=own.get("imputation"),
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
            column=_text(raw.get("column", ""), place.at("column")) or "",
            pattern=_regex()(raw.get("pattern", ""), place.at("pattern")) or "",
            sums=_texts(raw.get("sums", []), place.at("sums")),
            total_pattern=_regex()(raw["totalPattern"], place.at("totalPattern")) if "totalPattern" in raw else None,
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
    by = SupersedeBy(_one_of([s.value for s in SupersedeBy])(raw.get("by"), report.at("by")) or "none")
    key = _texts(raw.get("key", []), report.at("key"))
    unit = _texts(raw.get("unit", []), report.at("unit")) or key
    period = _texts(raw.get("period", []), report.at("period"))
    version = _text(raw["version"], report.at("version")) if "version" in raw else None
    if by is SupersedeBy.KEY and not unit:
        report.add("by key needs unit or key")
    if (by is SupersedeBy.PERIOD) != bool(period):
        report.add("by period needs period, and nothing else has one")
    if by is not SupersedeBy.KEY and version is not None:
        report.at("version").add("decides between records of one key: only with by key")
    return Supersede(by, unit, key, version, period, _texts(raw.get("lines", []), report.at("lines")))


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
        entry = _mapping(item, place)
        _only(entry, TARGET_KEYS, place)
        entity = _text(entry.get("entity"), place.at("entity"))
        columns = _mapping(entry.get("columns", {}), place.at("columns"))
        if not columns:
            place.at("columns").add("has to map the entity's columns to expressions")
        pairs = [
            (name, text)
            for name, expression in columns.items()
            if (text := _text("null" if expression is None else expression, place.at(f"columns.{name}"))) is not None
        ]
        where = _text(entry["where"], place.at("where")) if "where" in entry else None
        distinct_by = _texts(entry.get("distinctBy", []), place.at("distinctBy"))
        if entity is not None:
            targets.append(Target(entity, tuple(pairs), where, distinct_by))
    return tuple(targets)


def read_checks(own: Mapping[str, Any], report: Report) -> tuple[tuple[str, str], ...]:
    """Named predicates."""
    pairs = []
    for name, predicate in (own.get("checks") or {}).items():
        text = _text(predicate, report.at(f"checks.{name}"))
        if text is not None:
            pairs.append((name, text))
    return tuple(pairs)
