"""Parquet and JSON lines: columns by name, read by the engine as text.

Belongs here: names of the columns and the scan. Not here: opening files (`ingestion/batch/sources.py`), meaning.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from ingestion.contracts.model import Contract, FileFormat
from ingestion.engine import quote, quote_name
from ingestion.errors import MilepostError
from ingestion.readers.delimited import cell
from ingestion.readers.layout import Layout, best_row

#: Lines of a JSON file that are looked at for names of columns.
_LINES = 1000


def layout(stream: BinaryIO, contract: Contract, where: str) -> Layout | None:
    """The file's columns as headings; None where none is the contract's.

    Raises MilepostError where the file is damaged.
    """
    try:
        if contract.file.format is FileFormat.PARQUET:
            names = pq.read_schema(stream).names
        else:
            names = list(dict.fromkeys(name for line in _head(stream) for name in json.loads(line)))
    except (pa.ArrowException, ValueError, TypeError) as error:
        # the library's message may quote the file
        kind = contract.file.format.value
        raise MilepostError(f"is not a readable {kind} file ({type(error).__name__})", where=where) from None
    found = best_row([names], contract)
    return None if found is None else Layout(0, found.headings, found.match)


def scan_sql(paths: Sequence[str], headings: Sequence[str], file_format: FileFormat) -> str:
    """SQL of the files' records: columns c0, c1, ... as text (empty for null) and `filename`."""
    files = ", ".join(quote(path) for path in paths)
    cells = ", ".join(
        f"coalesce(cast({quote_name(name)} as varchar), '') as {cell(place)}" for place, name in enumerate(headings)
    )
    if file_format is FileFormat.PARQUET:
        source = f"read_parquet([{files}], filename = true)"
    else:
        columns = ", ".join(f"{quote(name)}: 'VARCHAR'" for name in headings)
        source = f"read_json([{files}], format = 'newline_delimited', columns = {{{columns}}}, filename = true)"
    return f"(select filename, {cells} from {source})"


def _head(stream: BinaryIO) -> list[bytes]:
    lines = []
    for line in stream:
        if line.strip():
            lines.append(line)
        if len(lines) >= _LINES:
            break
    return lines
