"""Delimited text: the scan that gives every cell as text, in the order of the file.

Belongs here: the engine's reader and its two modes, and streams the engine can open. Not here: encodings
(`encoding.py`), headings (`layout.py`).

Two modes. Strict: parallel, and any record that does not have exactly the headings' cells stops it. Tolerant: one
thread, short and long records come through and are told apart by `SHORT` and `LONG` conditions. The strict mode is
tried first; what it says on failing is never shown, since it quotes the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import BinaryIO

from ingestion.contracts.model import FileRule
from ingestion.engine import quote
from ingestion.readers.encoding import MARK, decoded
from ingestion.readers.streams import Opener, blocks_of

#: What a cell without value reads as in place of null: null is left for cells that are not there.
NO_NULL = MARK + "null" + MARK
MAX_LINE_BYTES = 16 * 2**20
#: Options of long lines: by itself the engine would take sixteen times as much at once.
LONG_LINES = f"max_line_size = {MAX_LINE_BYTES}, buffer_size = {2 * MAX_LINE_BYTES}"
_OVERFLOW = 16


def cell(position: int) -> str:
    """Name of the column that holds the cells at a position, from 0."""
    return f"c{position}"


def scan_sql(paths: Sequence[str], width: int, skip: int, rule: FileRule, *, is_tolerant: bool) -> str:
    """SQL of the files' records: columns c0 to c<width>, all text, and `filename`.

    The tolerant mode has further columns, which only records with too many cells fill.
    """
    columns = [*map(cell, range(width)), *(overflow(width) if is_tolerant else [])]
    declared = ", ".join(f"'{column}': 'VARCHAR'" for column in columns)
    mode = (
        f"null_padding = true, strict_mode = false, parallel = false, {LONG_LINES}"
        if is_tolerant
        else "strict_mode = true"
    )
    files = ", ".join(quote(path) for path in paths)
    return (
        f"read_csv([{files}], auto_detect = false, header = false, skip = {skip}, delim = {quote(rule.delimiter)}, "
        f"quote = {quote(rule.quote)}, escape = {quote(rule.escape)}, nullstr = {quote(NO_NULL)}, "
        f"filename = true, {mode}, columns = {{{declared}}})"
    )


def overflow(width: int) -> list[str]:
    """Columns of the tolerant mode for cells beyond the headings."""
    return [cell(width + place) for place in range(_OVERFLOW)]


def short(width: int) -> str:
    """SQL condition of the tolerant mode: the record has fewer cells than headings."""
    return f"{cell(width - 1)} is null"


def long(width: int) -> str:
    """SQL condition of the tolerant mode: the record has more cells than headings (empty ones at its end aside)."""
    return f"concat({', '.join(overflow(width))}) <> ''"


def utf8_blocks(stream: BinaryIO, encoding: str) -> Iterator[bytes]:
    """The stream's text in blocks of UTF-8, without a byte order mark."""
    for number, text in enumerate(decoded(stream, encoding)):
        yield (text.removeprefix("\ufeff") if number == 0 else text).encode()


def is_quote_open(opener: Opener, rule: FileRule) -> bool:
    """Whether a quoted cell is left open at the end: the file was cut, or its quotes are broken.

    A quote within a cell that does not begin with one opens nothing.
    """
    mark = rule.quote.encode()
    if len(mark) != 1:
        return False
    with closing(opener()) as stream:
        if rule.escape == rule.quote and sum(block.count(mark) for block in blocks_of(stream)) % 2 == 0:
            return False
    escape = b"" if rule.escape == rule.quote else rule.escape.encode()
    skipped = re.escape(escape) + b".|" if escape else b""
    starts = (rule.delimiter.encode(), b"\n", b"\r")
    pattern = re.compile(b"(?s)" + skipped + b"|".join(map(re.escape, (mark, *starts))))
    is_open, is_start, rest = False, True, b""
    with closing(opener()) as stream:
        for block in blocks_of(stream):
            data = rest + block
            cut = len(data) - 1 if escape and data.endswith(escape) else len(data)
            data, rest = data[:cut], data[cut:]
            end = 0
            for found in pattern.finditer(data):
                if not is_open and data[end : found.start()].strip(b" "):
                    is_start = False
                end, token = found.end(), found[0]
                if token == mark and (is_open or is_start):
                    is_open, is_start = not is_open, True  # a second one at once opens it again
                elif not is_open:
                    is_start = token in starts
            if not is_open and data[end:].strip(b" "):
                is_start = False
    return is_open
