"""What is in a received file: its members and the headings of its first part, to tell which contract it is of.

Belongs here: opening compressed files and comparing candidates by their headings. Not here: reading records.
"""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import BinaryIO, cast

from ingestion.contracts.model import Contract, FileFormat
from ingestion.readers import columnar, workbook
from ingestion.readers.encoding import Scan, decide, head_text, scan
from ingestion.readers.layout import Layout, find_in_text

#: How much of a text is looked at for headings.
LAYOUT_BYTES = 64 * 1024
_PACKED = (".gz", ".zip")
#: Formats that name their columns themselves.
COLUMNAR = (FileFormat.PARQUET, FileFormat.JSONL)


def members(stream: BinaryIO, file_name: str, contract: Contract) -> Iterator[tuple[str, BinaryIO]]:
    """(part, content) of a received file: itself, what is compressed in it, or the archive's members that fit."""
    name = file_name.lower()
    if name.endswith(".gz"):
        with gzip.open(stream) as content:
            yield "", cast(BinaryIO, content)
    elif name.endswith(".zip"):
        with zipfile.ZipFile(stream) as archive:
            for info in sorted(archive.infolist(), key=lambda member: member.filename):
                if not info.is_dir() and contract.file.name_pattern.fullmatch(PurePosixPath(info.filename).name):
                    with archive.open(info) as content:
                        yield info.filename, cast(BinaryIO, content)
    else:
        yield "", stream


def probe(stream: BinaryIO, found: Scan, encoding: str | None, contract: Contract, file_name: str) -> Layout | None:
    """The heading row of a received file for one candidate contract (its first part's); None where there is none."""
    if contract.file.format is FileFormat.EXCEL:
        tables = workbook.sheets(stream, contract, file_name)
        layouts = [layout for _, rows in tables if (layout := workbook.layout(rows, contract))]
        return next((layout for layout in layouts if layout.match.is_match), layouts[0] if layouts else None)
    if contract.file.format in COLUMNAR:
        return columnar.layout(stream, contract, file_name)
    if is_packed(file_name):
        for _, content in members(stream, file_name, contract):
            data = content.read()
            part = scan(io.BytesIO(data))
            coding = decide(part, contract.file.encoding, lambda data=data: io.BytesIO(data))  # type: ignore[misc]
            return find_in_text(head_text(part, coding)[:LAYOUT_BYTES], contract)
        return None
    return find_in_text(head_text(found, encoding or "utf-8")[:LAYOUT_BYTES], contract)


def best_contract(layouts: Mapping[str, Layout | None]) -> tuple[str | None, str]:
    """(contract, reason where none): the one whose required headings are all there, else the one with the least
    missing; never one of two that fit alike."""
    found = {name: layout for name, layout in layouts.items() if layout is not None}
    if not found:
        return None, "no row of it has the headings of " + ", ".join(sorted(layouts))
    ranked = sorted(found, key=lambda name: _rank(found[name]))
    if len(ranked) > 1 and _rank(found[ranked[0]]) == _rank(found[ranked[1]]):
        return None, f"its headings fit {ranked[0]} and {ranked[1]} alike"
    return ranked[0], ""


def _rank(layout: Layout) -> tuple[int, int, int]:
    match = layout.match
    return (len(match.missing), len(match.unknown), -len(match.positions))


def is_packed(file_name: str) -> bool:
    """Whether the name says that the file is compressed."""
    return file_name.lower().endswith(_PACKED)
