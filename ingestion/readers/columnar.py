"""Parquet and JSON lines: columns by name, read by the engine as text.

Belongs here: names of the columns and the scans. Not here: opening files (`ingestion/batch/sources.py`), meaning.

What lies deeper is named by its path: `device.position.lat`, `items[0].sku`. A path that ends in a list or an object
gives it as JSON. A line that is no JSON object is a record that is rejected; the others are read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from ingestion.contracts.model import Contract
from ingestion.contracts.recognise import normalise_heading
from ingestion.engine import quote, quote_name
from ingestion.errors import MilepostError
from ingestion.readers.delimited import LONG_LINES, NO_NULL, cell
from ingestion.readers.layout import Layout, best_row

#: Lines of a JSON file that are looked at for names of columns.
_LINES = 1000
#: Stands between cells where each line is one cell. A noncharacter of Unicode: no text holds it.
_NEVER = "\ufdd1"
_INDEX = re.compile(r"\[(\d+)\]$")
LINE = "line"


def parquet_layout(stream: BinaryIO, contract: Contract, where: str) -> Layout | None:
    """The file's columns as headings; None where none is the contract's. Raises MilepostError where it is damaged."""
    try:
        names = [name for name, _ in _leaves(pq.read_schema(stream))]
    except (pa.ArrowException, OSError, ValueError, TypeError) as error:
        # the library's message may quote the file
        raise MilepostError(f"is not a readable parquet file ({type(error).__name__})", where=where) from None
    found = best_row([names], contract)
    return None if found is None else Layout(0, found.headings, found.match)


def parquet_sql(paths: Sequence[str], layout: Layout, schema_of: BinaryIO) -> str:
    """SQL of the files' records: columns c0, c1, ... as text (empty for null) and `filename`.

    Columns are bound by their place: names may differ in case only. `schema_of`: one of the files.
    """
    schema = pq.read_schema(schema_of)
    expressions = [
        f"coalesce({expression}, '') as {cell(place)}" for place, (_, expression) in enumerate(_leaves(schema))
    ]
    own = ", ".join(f"p{place}" for place in range(len(schema.names)))
    files = ", ".join(quote(path) for path in paths)
    source = f"read_parquet([{files}], filename = '_milepost_file') as t({own}, filename)"
    return f"(select filename, {', '.join(expressions)} from {source})"


def lines_layout(head: str, contract: Contract, *, is_whole: bool) -> Layout | None:
    """The names in the first lines as headings, and the contract's optional columns that none of them has.

    A column may turn up for the first time below: what the contract knows is looked for in every line.
    """
    names = list(dict.fromkeys(name for record in _records(head, is_whole=is_whole) for name in _paths(record)))
    for name in _declared_paths(contract):
        if name not in names and _is_within(name, names):
            names.append(name)
    found = best_row([names], contract)
    if found is None:
        return None
    further = [contract.column(name).headings[0] for name in found.match.absent]
    positions = (*found.match.positions, *((name, len(names) + n) for n, name in enumerate(found.match.absent)))
    return Layout(0, (*names, *further), replace(found.match, positions=positions))


def lines_sql(paths: Sequence[str], headings: Sequence[str], *, is_tolerant: bool) -> str:
    """SQL of the files' lines: columns c0, c1, ... as text, `line` (null where it was read) and `filename`."""
    mode = "null_padding = true, strict_mode = false, parallel = false" if is_tolerant else "strict_mode = true"
    files = ", ".join(quote(path) for path in paths)
    source = (
        f"read_csv([{files}], auto_detect = false, header = false, delim = '{_NEVER}', quote = '', escape = '', "
        f"nullstr = {quote(NO_NULL)}, {LONG_LINES}, filename = true, {mode}, "
        "columns = {'line': 'VARCHAR'})"
    )
    wanted = ", ".join(quote(json_path(heading)) for heading in headings)
    # a line that is no JSON would stop the extraction, and its error would quote the line
    is_object = "case when json_valid(line) then json_type(line) = 'OBJECT' else false end"
    read = (
        f"select filename, case when {is_object} then null else coalesce(line, '') end as line, "
        f"case when {is_object} then json_extract_string(line, [{wanted}]) end as found from {source}"
    )
    cells = ", ".join(f"coalesce(found[{place + 1}], '') as {cell(place)}" for place in range(len(headings)))
    return f"(select filename, line, {cells} from ({read}))"


def json_path(heading: str) -> str:
    """The engine's path of a heading: `a.b[0].c`."""
    steps = []
    for step in heading.split("."):
        indexes: list[str] = []
        while found := _INDEX.search(step):
            indexes.insert(0, found[0])
            step = step[: found.start()]
        escaped = step.replace("\\", "\\\\").replace('"', '\\"')
        steps.append(f'."{escaped}"' + "".join(indexes))
    return "$" + "".join(steps)


def _leaves(schema: pa.Schema) -> Iterator[tuple[str, str]]:
    """(name, SQL of its text) of every column, and of the fields within structured ones."""
    for place, field in enumerate(schema):
        yield from _leaf(field.name, f"p{place}", field.type)


def _leaf(name: str, expression: str, kind: pa.DataType) -> Iterator[tuple[str, str]]:
    if pa.types.is_struct(kind):
        for index in range(kind.num_fields):
            field = kind.field(index)
            yield from _leaf(f"{name}.{field.name}", f"{expression}.{quote_name(field.name)}", field.type)
    elif pa.types.is_nested(kind):
        yield name, f"cast(to_json({expression}) as varchar)"
    elif pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        yield name, f"try(decode({expression}))"  # octets that are no text have no reading
    else:
        yield name, f"cast({expression} as varchar)"


def _records(head: str, *, is_whole: bool) -> Iterator[dict[str, Any]]:
    lines = head.splitlines()
    for line in lines[:_LINES] if is_whole else lines[:-1][:_LINES] or lines:
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(record, dict):
            yield record


def _paths(record: dict[str, Any], above: str = "") -> Iterator[str]:
    for key, value in record.items():
        if "." in key or not key:
            continue  # could not be told from a path
        path = f"{above}.{key}" if above else key
        if isinstance(value, dict) and value and path.count(".") < 20:
            yield from _paths(value, path)
        else:
            yield path


def _declared_paths(contract: Contract) -> Iterable[str]:
    for column in contract.columns:
        yield from column.headings


def _is_within(path: str, names: Sequence[str]) -> bool:
    """A declared path leads into a list that is there, or to an object of which only the fields are listed."""
    stem = normalise_heading(path.split("[", 1)[0])
    if "[" in path:
        return any(normalise_heading(name) == stem for name in names)
    return any(normalise_heading(name).startswith(stem + ".") for name in names)
