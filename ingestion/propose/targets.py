"""Which entity an unknown file feeds, and which column goes where.

Belongs here: scoring entities by headings and types, mapping columns, keys and how records replace earlier ones. Not
here: kinds (`columns.py`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from ingestion.contracts.model import KINDS, OnFail, PersonalData
from ingestion.engine import quote_name
from ingestion.entity import Entity, EntityColumn
from ingestion.propose import words
from ingestion.propose.columns import Proposed
from ingestion.propose.words import Vocabulary, similarity

_NUMBERS = ("integer", "decimal", "money", "percent")
_TOKENS = {
    "phone": "phone", "email": "email", "name": "name", "address": "address", "national_id": "national_id",
    "account": "open_id",
}  # fmt: skip
#: Columns of a key that is looked for among these many first columns.
_KEY_COLUMNS = 12


@dataclass(frozen=True)
class Mapped:
    """An entity with expressions for its columns; `others` are entities that fit nearly as well."""

    entity: str
    columns: Mapping[str, str]
    score: float
    others: tuple[str, ...] = ()


@dataclass(frozen=True)
class Superseding:
    """How records replace earlier ones, and why."""

    by: str
    key: tuple[str, ...] = ()
    version: str | None = None
    period: str | None = None
    notes: tuple[str, ...] = field(default_factory=tuple)


def cleaned_name(one: Proposed) -> str | None:
    """The name under which expressions see the column; None for one that has no such name for keys."""
    if one.is_direct:
        return f"{one.column.name}__token"
    return None if one.column.personal_data is PersonalData.QUASI else one.column.name


def find_superseding(connection: Any, proposed: Sequence[Proposed], rows: int) -> Superseding:
    """A key where some columns make every record of the file unique; else the day the file covers; else its name."""
    changed = [one for one in proposed if one.version_like and one.column.kind in ("timestamp", "date")]
    version = changed[0].column.name if changed else None
    if not rows:
        named = sorted((one for one in proposed if _id_rank(one) < 2 and cleaned_name(one)), key=_id_rank)
        if not named:
            return Superseding("file_name", notes=("the file has no records to find a key in",))
        note = "by its heading: the file has no records to prove it"
        return Superseding("key", (str(cleaned_name(named[0])),), version, notes=(note,))
    whole = [one for one in proposed if _may_be_key(one, rows)]
    whole.sort(key=lambda one: (one.is_direct, _id_rank(one) > 2, proposed.index(one)))
    days = [one for one in whole if one.column.kind == "date"]
    figures = [one for one in proposed if one.column.kind in _NUMBERS]
    singles = [one for one in whole if one.facts.distinct == rows and _may_be_key_alone(one)]
    if singles and (_id_rank(singles[0]) <= 2 or not days):
        return Superseding("key", (str(cleaned_name(singles[0])),), version, notes=(f"unique in all {rows:,} records",))
    has_ids = any(_id_rank(one) <= 2 and one.facts.distinct > 0.5 * rows for one in whole)
    if len(days) == 1 and figures and not has_ids:
        note = "figures by day: a later file replaces the days it has"
        return Superseding("period", period=days[0].column.name, notes=(note,))
    for size in (2, 3):
        for chosen in combinations(whole[:_KEY_COLUMNS], size):
            if any(_id_rank(one) <= 2 for one in chosen) and _is_unique(
                connection, [one.column.name for one in chosen], rows
            ):
                names = tuple(str(cleaned_name(one)) for one in chosen)
                return Superseding("key", names, version, notes=(f"together unique in all {rows:,} records",))
    note = "no few columns make a record unique: a file replaces the one of the same name"
    return Superseding("file_name", notes=(note,))


def _id_rank(one: Proposed) -> int:
    """How much a heading looks like the record's own id: 0 most, 3 not at all."""
    text = words.words_of(one.column.headings[0])
    if text in ("id", "编号", "单号", "订单编号", "uuid"):
        return 0
    if text.endswith((" id", "编号", "单号")):
        return 1
    return 2 if words.is_id(one.column.headings[0]) else 3


def _may_be_key_alone(one: Proposed) -> bool:
    """A column that is unique for more than chance: an id by its heading, or words that are no moment and no link."""
    heading = one.column.headings[0]
    is_word = one.column.kind == "text" and not words.is_time(heading) and "url" not in words.words_of(heading).split()
    return _id_rank(one) <= 2 or is_word


def _may_be_key(one: Proposed, rows: int) -> bool:
    """A column that every record has, and that is no measure."""
    column = one.column
    is_measure = column.kind in ("decimal", "money", "percent", "free_text", "boolean")
    if column.kind == "integer" and _id_rank(one) > 2:
        is_measure = not re.search(
            r"\b(sequen\w*|line|position|rank|step)\b|序|行号", words.words_of(column.headings[0])
        )
    return one.facts.filled == rows and bool(cleaned_name(one)) and not is_measure and column.on_fail is OnFail.REJECT


def _is_unique(connection: Any, names: Sequence[str], rows: int) -> bool:
    columns = ", ".join(quote_name(name) for name in names)
    found = connection.execute(f"select count(*) from (select distinct {columns} from staging)").fetchone()
    return int(found[0]) == rows


def choose(
    proposed: Sequence[Proposed],
    vocabulary: Vocabulary,
    entities: Mapping[str, Entity],
    file_name: str,
    key: Sequence[str],
) -> Mapped:
    """The entity that the file's columns fit best."""
    lake = {name: entity for name, entity in entities.items() if not entity.is_operational}
    spread = Counter(column.name for entity in lake.values() for column in entity.columns)
    ranked = []
    for name, entity in lake.items():
        columns, score = _assign(proposed, vocabulary, entity, spread)
        named = similarity(name, file_name.rsplit(".", 1)[0])
        if set(words.words_of(name).split()) <= {word.removesuffix("s") for word in words.words_of(file_name).split()}:
            named += 1
        ranked.append((score + named if columns else 0.0, name, columns))
    ranked.sort(key=lambda one: (-one[0], one[1]))
    best_score, best, columns = ranked[0]
    others = tuple(name for score, name, _ in ranked[1:4] if score > 0.6 * best_score and score > 0)
    whole = _with_key(lake[best], columns, key)
    customer = "source_customer_key"
    if customer not in whole and any(column.name == customer for column in lake[best].columns):
        # a source that names its customers by personal data only: the token joins them
        classes = [(one.column.identifier, one.column.name) for one in proposed if one.is_direct]
        direct = [name for wanted in ("account", "phone", "email") for known, name in classes if known == wanted]
        whole |= {customer: f"{direct[0]}__token"} if direct else {}
    return Mapped(best, whole, best_score, others)


def _assign(
    proposed: Sequence[Proposed], vocabulary: Vocabulary, entity: Entity, spread: Mapping[str, int]
) -> tuple[dict[str, str], float]:
    pairs = []
    for column in entity.columns:
        for place, one in enumerate(proposed):
            expression = _expression(column, one)
            if expression is None:
                continue
            fit = _fit(column, one, entity.name, vocabulary)
            if fit:
                pairs.append((fit, -place, column.name, expression, one.column.name))
    pairs.sort(reverse=True)
    mapped: dict[str, str] = {}
    used: set[str] = set()
    score = 0.0
    for fit, _, name, expression, source in pairs:
        is_personal = expression.endswith(("__token", "__mask"))
        if name in mapped or (source in used and not is_personal):
            continue
        mapped[name] = expression
        used.add(source)
        # a column that many entities have says little
        weight = 0.4 if is_personal else 2.0 if name in entity.key else 1.0
        score += fit**2 * weight / spread[name] ** 0.5
    return mapped, score


def _fit(column: EntityColumn, one: Proposed, entity: str, vocabulary: Vocabulary) -> float:
    if one.is_direct and column.privacy in ("token", "mask"):
        stem = _TOKENS.get(str(one.column.identifier))
        return 0.9 if column.name in (f"{stem}_token", f"{stem}_mask") else 0.0
    if one.column.kind == "birth_date":
        return 0.9 if column.name == "birth_year" else 0.0
    return vocabulary.fit(entity, column.name, one.column.headings[0])


def _expression(column: EntityColumn, one: Proposed) -> str | None:
    """The expression that gives the column from a proposed one; None where types or classes do not go together."""
    name, kind = one.column.name, one.column.kind
    if one.is_direct:
        if column.privacy == "token":
            return f"{name}__token"
        if column.privacy == "mask":
            return f"{name}__mask"
        return f"{name}__token" if column.name.endswith("customer_key") else None
    if one.column.personal_data is PersonalData.QUASI:
        if kind == "birth_date":
            return f"{name}__year" if column.name == "birth_year" else None
        return f"{name}__area" if column.type == "text" and column.privacy == "coarse" else None
    if (one.column.personal_data is PersonalData.FREE_TEXT) != (column.privacy == "scrubbed"):
        return None
    if column.privacy in ("token", "mask", "coarse"):
        return None
    engine = KINDS[kind]
    fits = {
        "text": kind not in ("free_text",) or column.privacy == "scrubbed",
        "integer": kind in _NUMBERS,
        "money": kind in _NUMBERS,
        "number": kind in _NUMBERS,
        "boolean": engine == "BOOLEAN",
        "date": engine in ("DATE", "TIMESTAMP"),
        "timestamp": engine in ("DATE", "TIMESTAMP"),
    }
    return name if fits[column.type] else None


def _with_key(entity: Entity, columns: Mapping[str, str], key: Sequence[str]) -> dict[str, str]:
    """The mapping with every part of the entity's key, in the entity's order."""
    types = {column.name: column for column in entity.columns}
    whole = dict(columns)
    free = [name for name in key if name not in whole.values()]
    for part in entity.key:
        if part in whole:
            continue
        if part == "line_number":
            whole[part] = "line_number"
        elif types[part].type == "text" and types[part].privacy == "business" and free:
            whole[part] = free.pop(0)
        else:
            whole[part] = "null"
    if entity.key and all(whole[part] == "null" for part in entity.key):
        part = next((p for p in entity.key if types[p].type in ("text", "integer")), entity.key[0])
        whole[part] = {"text": "cast(record_number as varchar)", "integer": "record_number"}.get(
            types[part].type, "null"
        )
    return {name: whole[name] for name in types if name in whole}
