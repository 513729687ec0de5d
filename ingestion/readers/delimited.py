"""Delimited text: the scan that gives every cell as text, in the order of the file.

Belongs here: the engine's reader and its two modes, and streams the engine can open. Not here: encodings
(`encoding.py`), headings (`layout.py`).

Two modes. Strict: parallel, and any record that does not have exactly the headings' cells stops it. Tolerant: one
thread, short and long records come through and are told apart by `SHORT` and `LONG` conditions. The strict mode is
tried first; what it says on failing is never shown, since it quotes the file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from ingestion.contracts.model import FileRule
from ingestion.engine import quote
from ingestion.readers.encoding import MARK, decoded

#: What a cell without value reads as in place of null: null is left for cells that are not there.
_NO_NULL = MARK + "null" + MARK
_MAX_LINE_BYTES = 16 * 2**20


def cell(position: int) -> str:
    """Name of the column that holds the cells at a position, from 0."""
    return f"c{position}"


def scan_sql(paths: Sequence[str], width: int, skip: int, rule: FileRule, *, is_tolerant: bool) -> str:
    """SQL of the files' records: columns c0 to c<width>, all text, and `filename`.

    The tolerant mode has one column more, which only records with too many cells fill.
    """
    columns = [cell(position) for position in range(width + is_tolerant)]
    declared = ", ".join(f"'{column}': 'VARCHAR'" for column in columns)
    mode = (
        f"null_padding = true, strict_mode = false, parallel = false, max_line_size = {_MAX_LINE_BYTES}"
        if is_tolerant
        else "strict_mode = true"
    )
    files = ", ".join(quote(path) for path in paths)
    return (
        f"read_csv([{files}], auto_detect = false, header = false, skip = {skip}, delim = {quote(rule.delimiter)}, "
        f"quote = {quote(rule.quote)}, escape = {quote(rule.escape)}, nullstr = {quote(_NO_NULL)}, "
        f"filename = true, {mode}, columns = {{{declared}}})"
    )


def short(width: int) -> str:
    """SQL condition of the tolerant mode: the record has fewer cells than headings."""
    return f"{cell(width - 1)} is null"


def long(width: int) -> str:
    """SQL condition of the tolerant mode: the record has more cells than headings (empty ones at its end aside)."""
    return f"coalesce({cell(width)}, '') <> ''"


@contextmanager
def as_utf8(stream: BinaryIO, encoding: str, scratch: Path) -> Iterator[str]:
    """Path under which the engine reads the stream's text as UTF-8, held in memory as long as the context lasts."""

    def blocks() -> Iterator[bytes]:
        for number, text in enumerate(decoded(stream, encoding)):
            yield (text.removeprefix("\ufeff") if number == 0 else text).encode()

    with _memory_file(blocks(), scratch) as path:
        yield path


@contextmanager
def in_memory(stream: BinaryIO, scratch: Path) -> Iterator[str]:
    """Path under which the engine reads the stream's bytes, held in memory as long as the context lasts."""
    with _memory_file(iter(lambda: stream.read(4 * 2**20), b""), scratch) as path:
        yield path


@contextmanager
def _memory_file(blocks: Iterator[bytes], scratch: Path) -> Iterator[str]:
    """Path of a file that is never written to a disk: it has no name and is gone with the process."""
    with ExitStack() as stack:
        if hasattr(os, "memfd_create"):
            descriptor = os.memfd_create("milepost", 0)
            target = stack.enter_context(os.fdopen(descriptor, "wb"))
            path = f"/proc/{os.getpid()}/fd/{descriptor}"
        else:  # systems without memory files: a file of the owner's alone, removed at once after reading
            hidden = scratch / f"text-{os.getpid()}-{id(blocks):x}"
            stack.callback(hidden.unlink, missing_ok=True)
            target = stack.enter_context(hidden.open("wb"))
            hidden.chmod(0o600)
            path = str(hidden)
        for block in blocks:
            target.write(block)
        target.flush()
        yield path


def has_odd_quotes(stream: BinaryIO, quote_mark: str) -> bool:
    """Whether a quoted cell is left open at the end: the file was cut, or its quotes are broken."""
    if len(quote_mark) != 1 or not quote_mark.isascii():
        return False
    count = 0
    while block := stream.read(4 * 2**20):
        count += block.count(quote_mark.encode())
    return count % 2 == 1
