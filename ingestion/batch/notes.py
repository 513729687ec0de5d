"""Notes on cleaned values: which rule left a value missing, or changed it in more than form.

Belongs here: the columns `_missing_<column>`, `_changed_<column>` and `_placed_<column>` of the staged table (codes of
reasons), and counting them all in one pass. Not here: the rules themselves (`ingestion/cleaning`).

Form is how a value is written: spaces, widths of characters, 1.2万 for 12000, a time in another zone, the source's word
for a canonical one. More than form is what cannot be told from the cleaned value alone: an extension cut off, the first
of several numbers taken, zeros put before, a word that counts as another, identifiers replaced in a text.
"""

from __future__ import annotations

import re
from typing import Any

from ingestion.cleaning.base import Cleaning, mapped_words
from ingestion.cleaning.divisions.find import REASONS as DIVISION_REASONS
from ingestion.contracts.model import ADDRESS_PARTS, Column, Contract, OnFail
from ingestion.engine import quote_name

MISSING = "missing"
CHANGED = "changed"
REJECTED = "rejected"
#: Reasons beside those that kinds give.
OTHER_WORD = "other_word"
PADDED = "padded_with_zeros"
REPLACED = "identifiers_replaced"

_BY_KIND = ("phone",)


def note_columns(contract: Contract) -> list[tuple[str, str]]:
    """Names of the staged table's columns of notes, with the effect that they tell."""
    notes = []
    for column in contract.columns:
        if column.on_fail is OnFail.MISSING:
            notes.append((f"_missing_{column.name}", MISSING))
        if _may_change(column):
            notes.append((f"_changed_{column.name}", CHANGED))
        if is_placed(contract, column):
            notes.append((f"_placed_{column.name}", MISSING))
    return notes


def select_notes(
    contract: Contract, column: Column, cleaning: Cleaning | None, text: str, word: str, code: Any
) -> list[str]:
    """SQL of the columns `_changed_` and `_placed_` of a column over the step that has its text and value.

    `cleaning` is None where the file does not have the column; `code` gives the number of (column, reason).
    """
    notes = []
    if _may_change(column):
        cases = []
        if cleaning is not None:
            if column.other_value is not None:
                cases.append((f"{text} is not null and not {mapped_words(text, column)}", OTHER_WORD))
            cases += [(change.condition, change.reason) for change in cleaning.changes]
            if column.pad_to is not None:
                cases.append((f"length({word}) < {column.pad_to}", PADDED))
        notes.append(f"{_case(cases, column.name, code)} as _changed_{column.name}")
    if is_placed(contract, column):
        cases = []
        if cleaning is not None:
            found = dict(cleaning.extras)["division_reason"]
            cases = [(f"{found} = '{reason}'", reason) for reason in DIVISION_REASONS]
        notes.append(f"{_case(cases, f'{column.name}__division', code)} as _placed_{column.name}")
    return notes


def is_placed(contract: Contract, column: Column) -> bool:
    """An address whose province, city or district a target takes."""
    if column.kind != "address":
        return False
    expressions = " ".join(expression for target in contract.targets for _, expression in target.columns)
    names = set(re.findall(r"\w+", expressions))
    return any(f"{column.name}__{part}" in names for part in ADDRESS_PARTS)


def count_notes(connection: Any, contract: Contract, first_special: int) -> list[tuple[int, int, str, int, int]]:
    """(source, code, effect, records, first record number) of rejections and notes, from one pass over the records."""
    columns = [("_reason", REJECTED), *note_columns(contract)]
    # a code and its effect as one number; notes on rejected records do not count, their rejection says it
    tagged = [
        f"case when _reason is null then {quote_name(name)} + {place * 65_536}::uinteger end"
        for place, (name, _) in enumerate(columns)
        if place
    ]
    tagged.insert(0, f"case when _reason < {first_special} then _reason::uinteger end")
    any_note = ", ".join(quote_name(name) for name, _ in columns)
    found = connection.execute(
        "select _source, tag, count(*), min(row_number) from ("
        f"  select _source, staging.rowid - first_row + 1 as row_number, unnest([{', '.join(tagged)}]) as tag"
        f"  from staging join part using (_source) where coalesce({any_note}) is not null"
        ") where tag is not null group by 1, 2 order by 1, 2"
    ).fetchall()
    return [(source, tag % 65_536, columns[tag // 65_536][1], rows, first) for source, tag, rows, first in found]


def count_replaced(connection: Any, contract: Contract) -> list[tuple[int, str, int, int]]:
    """(source, column, records, first record number) of free texts in which identifiers were replaced."""
    found = []
    tables = {name for (name,) in connection.execute("select table_name from duckdb_tables()").fetchall()}
    for column in contract.columns:
        table = f"scrubbed_{column.name}"
        if column.personal_data.value != "free_text" or table not in tables:
            continue
        rows = connection.execute(
            "select _source, count(*), min(s.rowid - first_row + 1) from staging as s join part using (_source) "
            f"join {quote_name(table)} as t on t.clear = s.{quote_name(column.name)} and t.scrubbed <> t.clear "
            "where _reason is null group by 1 order by 1"
        ).fetchall()
        found += [(source, column.name, number, first) for source, number, first in rows]
    return found


def _may_change(column: Column) -> bool:
    return column.kind in _BY_KIND or column.other_value is not None or column.pad_to is not None


def _case(cases: list[tuple[str, str]], name: str, code: Any) -> str:
    if not cases:
        return "cast(null as usmallint)"
    whens = " ".join(f"when {condition} then {code(name, reason)}" for condition, reason in cases)
    return f"cast(case {whens} end as usmallint)"
