"""Typed staging: one scan of all of a contract's new deliveries into cleaned columns with the reasons of failures.

Belongs here: the statements that read and clean. Not here: what a kind does (`ingestion/cleaning`), which of the
records count (`settle.py`).

The table `staging` has, per record of a file and in the files' order: `_source` (position in the list of sources), the
contract's cleaned columns and their extras, `_missing_<column>` (code of the reason why a value was set missing) and
the other notes of `notes.py`,
`_reason` (code of the reason why the record is rejected; null: it is not), `_same` (hash of all cells) and `_cells`
(all cells as read, of rejected records and footers at least), `_unknown` (which cells hold something that the contract
does not name). Its row ids are in the order of reading.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from typing import Any

import duckdb
import pyarrow as pa

from ingestion.batch.notes import select_notes
from ingestion.batch.sources import UNREADABLE, Refusal, Source
from ingestion.cleaning import kinds
from ingestion.cleaning.base import (
    MISSING_VALUE,
    Setting,
    has_plain_null_words,
    joined_name,
    mapped,
    prepared,
    unknown_word,
)
from ingestion.contracts.model import Column, Contract, FileFormat, OnFail
from ingestion.contracts.recognise import normalise_heading
from ingestion.engine import quote, quote_name
from ingestion.readers import columnar
from ingestion.readers.delimited import cell, is_quote_open, long, overflow, scan_sql, short
from ingestion.readers.encoding import MARK
from ingestion.readers.layout import Layout
from ingestion.readers.streams import open_stream

MALFORMED_JSON = "malformed_json"
TOO_FEW_CELLS = "too_few_cells"
TOO_MANY_CELLS = "too_many_cells"
UNDECODABLE = "undecodable_byte"
CUT_OFF = "cut_off"
CHECK = "check"
#: What the engine raises where records are not of the form asked for: its message quotes the file, and where it cuts a
#: character in two, the message itself cannot be read.
_NOT_THE_FORM = (duckdb.InvalidInputException, UnicodeDecodeError)

#: Codes of rows that are no records.
FOOTER = 65_535
EMPTY = 65_534
FIRST_SPECIAL = EMPTY


@dataclass
class Reasons:
    """Why records are rejected or values set missing, by code."""

    by_code: list[tuple[str, str]] = field(default_factory=list)  # (column, reason)

    def code(self, column: str, reason: str) -> int:
        """Code of a reason, new where it is."""
        if (column, reason) not in self.by_code:
            self.by_code.append((column, reason))
        return self.by_code.index((column, reason)) + 1

    def of(self, code: int) -> tuple[str, str]:
        """(column, reason) of a code."""
        return self.by_code[code - 1]


@dataclass
class Staged:
    """What the table `staging` holds."""

    contract: Contract
    sources: list[Source]
    reasons: Reasons
    refusals: list[Refusal] = field(default_factory=list)
    keep_cells: bool = False


def stage(
    connection: Any, contract: Contract, sources: Sequence[Source], setting: Setting, *, keep_cells: bool = False
) -> Staged:
    """Read and clean all sources into the table `staging`, which is made anew.

    Sources of the same headings are one scan. Sources that the engine cannot read come back as refusals. `keep_cells`
    keeps the cells of accepted records, too: for records that are rejected later.
    """
    staged = Staged(contract, [], Reasons(), keep_cells=keep_cells)
    connection.execute("drop table if exists staging")
    ordered = sorted(sources, key=_layout_key)
    for _, group in groupby(ordered, key=_layout_key):
        _stage_group(connection, staged, list(group), setting)
    return staged


def _layout_key(source: Source) -> tuple[Any, ...]:
    is_text = source.rows is None
    return (is_text, source.layout.headings, source.layout.skip if is_text else 0, source.is_marked)


def _stage_group(connection: Any, staged: Staged, group: list[Source], setting: Setting) -> None:
    contract, width = staged.contract, len(group[0].layout.headings)
    if group[0].rows is not None:
        table = _as_table(group, width, len(staged.sources))
        connection.register("sheet_rows", table)
        try:
            _insert(connection, staged, _cleaned(group, "sheet_rows", staged, setting, is_tolerant=False))
        finally:
            connection.unregister("sheet_rows")
        staged.sources += group
        return
    try:
        relation = _text_relation(group, width, contract, len(staged.sources), is_tolerant=False)
        _insert(connection, staged, _cleaned(group, relation, staged, setting, is_tolerant=False))
        staged.sources += group
        if contract.file.format is FileFormat.JSONL:
            _mark_cut_off(connection, staged, group)
        return
    except (duckdb.Error, UnicodeDecodeError) as error:
        if contract.file.format is FileFormat.PARQUET and not isinstance(error, duckdb.OutOfMemoryException):
            # a damaged file may raise anything
            _refuse_one_by_one(connection, staged, group, setting)
            return
        if not isinstance(error, _NOT_THE_FORM):
            raise
        # some record has not the form of the headings: read again, tolerantly
    try:
        relation = _text_relation(group, width, contract, len(staged.sources), is_tolerant=True)
        _insert(connection, staged, _cleaned(group, relation, staged, setting, is_tolerant=True))
    except _NOT_THE_FORM:
        _refuse_one_by_one(connection, staged, group, setting)
        return
    staged.sources += group
    _mark_cut_off(connection, staged, group)


def _refuse_one_by_one(connection: Any, staged: Staged, group: list[Source], setting: Setting) -> None:
    """Find the sources of a group that the engine cannot read, and stage the others."""
    if len(group) > 1:
        for source in group:
            _stage_group(connection, staged, [source], setting)
        return
    source = group[0]
    detail = "its records cannot be told apart: the file is cut off, or its quotes are broken"
    staged.refusals.append(Refusal(source.delivery, UNREADABLE, detail, source.part))


def _text_relation(group: Sequence[Source], width: int, contract: Contract, offset: int, *, is_tolerant: bool) -> str:
    paths = [source.path for source in group]
    names = ", ".join(quote(path) for path in paths)
    layout, form = group[0].layout, contract.file.format
    if form is FileFormat.PARQUET:
        with open_stream(paths[0]) as schema_of:
            scan = columnar.parquet_sql(paths, layout, schema_of)
    elif form is FileFormat.JSONL:
        scan = columnar.lines_sql(paths, layout.headings, is_tolerant=is_tolerant)
    else:
        scan = scan_sql(paths, width, layout.skip, contract.file, is_tolerant=is_tolerant)
    cells = ", ".join([*map(cell, range(width)), *_beyond(contract, width, is_tolerant=is_tolerant)])
    number = f"cast(enum_code(cast(filename as enum({names}))) as integer) + {offset}"
    return f"(select {number} as _source, {cells} from {scan})"


def _beyond(contract: Contract, width: int, *, is_tolerant: bool) -> list[str]:
    """What a scan gives beside the headings' cells: cells of long records, or lines that are no JSON."""
    if contract.file.format is FileFormat.JSONL:
        return [columnar.LINE]
    return overflow(width) if is_tolerant else []


def _as_table(group: Sequence[Source], width: int, offset: int) -> pa.Table:
    """Rows of sheets as one table of text with `_source`."""
    numbers: list[int] = []
    columns: list[list[str]] = [[] for _ in range(width)]
    for number, source in enumerate(group, start=offset):
        rows = source.rows or []
        numbers += [number] * len(rows)
        for position, values in enumerate(zip(*rows, strict=True)):
            columns[position] += values
    arrays = [pa.array(numbers, pa.int32()), *(pa.array(values, pa.string()) for values in columns)]
    return pa.Table.from_arrays(arrays, names=["_source", *(cell(position) for position in range(width))])


def _insert(connection: Any, staged: Staged, select: str) -> None:
    exists = connection.execute(
        "select count(*) from duckdb_tables() where table_name = 'staging' and temporary"
    ).fetchone()[0]
    connection.execute(f"insert into staging {select}" if exists else f"create temp table staging as {select}")


def _cleaned(group: Sequence[Source], relation: str, staged: Staged, setting: Setting, *, is_tolerant: bool) -> str:
    """SQL that cleans a relation of cells: each step one level, so that no expression is computed twice."""
    contract, layout = staged.contract, group[0].layout
    width = len(layout.headings)
    positions = dict(layout.match.positions)
    units = dict(layout.match.units)
    cells = [cell(position) for position in range(width)]
    beyond = _beyond(contract, width, is_tolerant=is_tolerant)
    carried = ", ".join(["_source", *cells, *beyond])
    filled, order = _filled(relation, contract, positions, cells)

    fasts, texts, words, values, failures, finals = [], [], [], [], [], []
    record_failures = _shape_failures(staged, group, width, cells, positions, is_tolerant=is_tolerant)
    for column in contract.columns:
        name, text, value = column.name, f"p_{column.name}", f"v_{column.name}"
        kind = kinds.engine_type(column)
        if name not in positions:
            texts.append(f"cast(null as varchar) as {text}")
            values.append(f"cast(null as {kind}) as {value}")
            cleaning = None
        else:
            raw = f"f{positions[name]}" if column.fill_down else cell(positions[name])
            parts = [cell(position) for owner, position in layout.match.joined if owner == name]
            if parts:
                raw = joined_name(raw, parts)
            word = f"w_{name}" if column.values else text
            cleaning = kinds.clean(word, value, column, setting)
            read = f"cast({cleaning.value} as {kind})"
            ready = prepared(raw, column, contract)
            is_plain = has_plain_null_words(column, contract) and not contract.file.strip_excel_text
            if cleaning.fast is not None and not column.values and is_plain:
                # most cells are written plainly: the others alone are prepared and looked at
                fasts.append(f"cast({cleaning.fast(raw)} as {kind}) as q_{name}")
                ready = f"case when q_{name} is null then {ready} end"
                read = f"case when q_{name} is not null then q_{name} else {read} end"
            texts.append(f"{ready} as {text}")
            values.append(f"{read} as {value}")
            if column.values:
                words.append(f"{mapped(text, column)} as {word}")
        cases = []
        if column.value_required:
            is_missing = f"{text} is null and {value} is null"
            cases.append((is_missing, staged.reasons.code(name, MISSING_VALUE)))
        if cleaning is not None:
            if column.values and column.other_value is None:
                failure = unknown_word(text, column)
                cases.append((failure.condition, staged.reasons.code(name, failure.reason)))
            cases += [(f.condition, staged.reasons.code(name, f.reason)) for f in cleaning.failures]
        code = "null" if not cases else "case " + " ".join(f"when {c} then {n}" for c, n in cases) + " end"
        if column.on_fail is OnFail.MISSING:
            failures.append(f"cast({code} as usmallint) as _missing_{name}")
            finals.append(f"case when _missing_{name} is null then {value} end as {quote_name(name)}")
            finals.append(f"_missing_{name}")
        else:
            if cases:
                record_failures.append(code)
            finals.append(f"{value} as {quote_name(name)}")
        extras = cleaning.extras if cleaning is not None else _absent_extras(column, setting)
        finals += [f"{sql} as {quote_name(f'{name}__{suffix}')}" for suffix, sql in extras]
        word = f"w_{name}" if column.values and cleaning is not None else text
        finals += select_notes(contract, column, cleaning, text, word, staged.reasons.code)
        if column.unit_from_heading is not None:
            unit = quote(units[name]) if name in units else "null"
            finals.append(f"cast({unit} as varchar) as {quote_name(f'{name}__unit')}")

    reason = f"coalesce({', '.join(record_failures)})" if record_failures else "null"
    checks = [
        f"case when not coalesce(try({predicate}), true) then {staged.reasons.code('', f'{CHECK}:{name}')} end"
        for name, predicate in contract.checks
    ]
    checked = f"coalesce(_reason, {', '.join(checks)})" if checks else "_reason"
    missing = "".join(f", {expression}" for expression in failures)
    step = f"select {carried}{order.select}{''.join(', ' + fast for fast in fasts)} from {filled}"
    step = f"select *, {', '.join(texts)} from ({step})"
    if words:
        step = f"select *, {', '.join(words)} from ({step})"
    step = f"select *, {', '.join(values)} from ({step})"
    step = f"select *, cast({reason} as usmallint) as _found{missing} from ({step})"
    renamed = ", ".join(f"{name} as _{name}" for name in (*cells, *beyond))
    finals += [f"{_filled_unknown(layout, cells)} as _unknown", "_found as _reason"]
    same = f"hash({', '.join((*cells, *beyond))}) as _same"
    step = f"select _source, {', '.join(finals)}, {same}, {renamed}{order.carry} from ({step})"
    own_cells = ", ".join(f"_{name}" for name in (*cells, *beyond))
    as_read = f"[{own_cells}]"
    if beyond and contract.file.format is FileFormat.CSV:  # cells beyond the headings, as far as there are any
        lengths = [f"when _{name} is not null then {cells_to}" for cells_to, name in enumerate(beyond, width + 1)]
        as_read = f"list_resize({as_read}, case {' '.join(reversed(lengths))} else {width} end)"
    kept = "true" if staged.keep_cells or is_tolerant else f"{checked} is not null"
    return (
        f"select * exclude ({own_cells}{order.drop}) replace (cast({checked} as usmallint) as _reason), "
        f"case when {kept} then {as_read} end as _cells from ({step}){order.by}"
    )


def _filled_unknown(layout: Layout, cells: Sequence[str]) -> str:
    """SQL: which cells hold something under headings that the contract does not name, in their order."""
    places = layout.match.unknown_places
    filled = ", ".join(f"trim({cells[place]}) <> ''" for place in places)
    return f"cast({f'[{filled}]' if places else 'null'} as boolean[])"


@dataclass(frozen=True)
class _Order:
    """How the order of records is kept where a window function would lose it."""

    select: str = ""
    carry: str = ""
    drop: str = ""
    by: str = ""


def _filled(relation: str, contract: Contract, positions: dict[str, int], cells: Sequence[str]) -> tuple[str, _Order]:
    """The relation with cells f<n>, filled down within their groups, where the contract says so."""
    filling = [column for column in contract.columns if column.fill_down and column.name in positions]
    if not filling:
        return relation, _Order()
    expressions = []
    for column in filling:
        own = cell(positions[column.name])
        by = ", ".join(f"trim({cell(positions[name])})" for name in column.fill_down if name in positions)
        expressions.append(
            f"coalesce(nullif(trim({own}), ''), first_value(nullif(trim({own}), '') ignore nulls) over "
            f"(partition by _source, {by} order by _row rows between unbounded preceding and unbounded following)) "
            f"as f{positions[column.name]}"
        )
    filled = ", ".join(f"f{positions[column.name]}" for column in filling)
    numbered = f"(select *, row_number() over () as _row from {relation})"
    return f"(select *, {', '.join(expressions)} from {numbered})", _Order(
        select=f", _row, {filled}", carry=", _row", drop=", _row", by=" order by _row"
    )


def _shape_failures(
    staged: Staged, group: Sequence[Source], width: int, cells: Sequence[str], positions: dict[str, int], *,
    is_tolerant: bool,
) -> list[str]:  # fmt: skip
    """Cases of rows that are no records, or not of the headings' form, in the order in which they are tried."""
    found = []
    contract = staged.contract
    if contract.file.footer is not None:
        position = footer_position(contract, group[0])
        if position is not None:
            pattern = quote(contract.file.footer.pattern)
            found.append(f"case when regexp_matches(trim({cell(position)}), {pattern}) then {FOOTER} end")
    # rows of separators alone, as spreadsheets leave them below the data
    first = next((cell(positions[c.name]) for c in contract.columns if c.name in positions), cells[0])
    is_empty = f"{first} < '!' and trim(concat({', '.join(cells)})) = ''"
    if contract.file.format is FileFormat.JSONL:
        found.append(f"case when trim({columnar.LINE}) <> '' then {staged.reasons.code('', MALFORMED_JSON)} end")
        is_empty, is_tolerant = f"{columnar.LINE} is not null", False
    found.append(f"case when {is_empty} then {EMPTY} end")
    if is_tolerant:
        found.append(f"case when {short(width)} then {staged.reasons.code('', TOO_FEW_CELLS)} end")
        found.append(f"case when {long(width)} then {staged.reasons.code('', TOO_MANY_CELLS)} end")
    if group[0].is_marked:
        read = (*cells, *_beyond(contract, width, is_tolerant=is_tolerant))
        anywhere = " or ".join(f"contains({name}, {quote(MARK)})" for name in read)
        found.append(f"case when {anywhere} then {staged.reasons.code('', UNDECODABLE)} end")
    return found


def footer_position(contract: Contract, source: Source) -> int | None:
    """Position of the cell that shows a footer, from 0; None where the file does not have that column."""
    assert contract.file.footer is not None
    wanted = normalise_heading(contract.file.footer.column)
    positions = dict(source.layout.match.positions)
    for column in contract.columns:
        if wanted in map(normalise_heading, (column.name, *column.headings)) and column.name in positions:
            return positions[column.name]
    headings = [normalise_heading(heading) for heading in source.layout.headings]
    return headings.index(wanted) if wanted in headings else None


def _absent_extras(column: Column, setting: Setting) -> tuple[tuple[str, str], ...]:
    """Extras of a column that the file does not have: null, of the type they would have."""
    value = f"v_{column.name}"
    return kinds.clean(value, value, column, setting).extras


def _mark_cut_off(connection: Any, staged: Staged, group: Sequence[Source]) -> None:
    """Reject the last record of files that end in the middle of it."""
    for number, source in enumerate(staged.sources):
        if source not in group:
            continue
        is_text = staged.contract.file.format is FileFormat.CSV
        is_open = is_text and is_quote_open(partial(open_stream, source.path), staged.contract.file)
        if not is_open and source.ends_with_line:
            continue
        code = staged.reasons.code("", CUT_OFF)
        half = staged.reasons.code("", TOO_FEW_CELLS if is_text else MALFORMED_JSON)
        # without an open quote, a last record that has all its cells is whole though no line end follows it
        condition = "true" if is_open else f"_reason = {half}"
        connection.execute(
            f"update staging set _reason = {code} "
            f"where rowid = (select max(rowid) from staging where _source = {number}) and {condition}"
        )
