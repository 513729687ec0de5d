"""What an unknown file is: its format, encoding, delimiter and headings.

Belongs here: deciding the form. Not here: what columns mean (`columns.py`). The readers read it by a draft contract.
"""

from __future__ import annotations

import csv
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from ingestion.contracts.model import Column, Contract, FileFormat, FileRule, Supersede, SupersedeBy
from ingestion.contracts.recognise import bare_name, normalise_heading
from ingestion.errors import MilepostError
from ingestion.readers import columnar, workbook
from ingestion.readers.encoding import decide, head_text, scan
from ingestion.readers.probe import members

_DELIMITERS = (",", ";", "\t", "|")
_NUMBER_LIKE = re.compile(r"[-+(]?[¥$€£]?[-+]?[0-9][0-9.,:/\\ T%Z-]*[)]?")
_NUMBERED = re.compile(r"(?i)(column|列|col|field|unnamed:)\s*_?[0-9]+")
_LINES = 400
_NO_HEADINGS = "has no line of headings: the first lines hold values already"


@dataclass(frozen=True)
class Opened:
    """The form of a file and its headings; `lines_above` are titles and notes above the headings."""

    rule: FileRule
    headings: tuple[str, ...]
    lines_above: int = 0
    encoding: str | None = None  # as decided
    part: str = ""  # the member or sheet that was looked at


def open_unknown(path: Path) -> Opened:
    """Look at the beginning of a file of any kind. MilepostError where it has no headings or cannot be read."""
    inner, part = path.name, ""
    with path.open("rb") as file:
        magic = file.read(8)
    if magic.startswith(b"PK") and not _is_workbook(path):
        inner, part = _first_member(path)
    rule = FileRule(_format(path, inner, magic), re.compile(re.escape(part.rsplit("/", 1)[-1]) if part else ".*"))
    stub = draft(rule, ())
    opener = next(iter(members(lambda: path.open("rb"), path.name, stub)), ("", None))[1]
    if opener is None:
        raise MilepostError("holds no file", where=path.name)
    if rule.format is FileFormat.EXCEL:
        return _workbook(opener, rule, path.name)
    if rule.format is FileFormat.PARQUET:
        return _parquet(opener, rule, path.name, part)
    # a member of an archive can be opened only while the archive is: look at it within
    for _, content in members(lambda: path.open("rb"), path.name, stub):
        with closing(content()) as stream:
            found = scan(stream)
        encoding = decide(found, "utf-8", content)
        text = head_text(found, encoding)
        if rule.format is FileFormat.CSV and text.lstrip("\ufeff \r\n").startswith("{"):
            rule = replace(rule, format=FileFormat.JSONL)
        is_whole = found.byte_count == len(found.head)
        opened = _lines(text, rule, path.name, is_whole) if rule.format is FileFormat.JSONL else _text(text, rule, path)
        return replace(opened, encoding=encoding.removesuffix("+marked"), part=part)
    raise MilepostError("holds no file", where=path.name)


def draft(rule: FileRule, columns: Sequence[Column], **further: object) -> Contract:
    """A contract for looking at a file: all columns as given, every record counts."""
    contract = Contract(
        id="new.draft", system="new", export="draft", version="0", title="", description="", owner="", path="",
        file=rule, columns=tuple(columns), targets=(), supersede=Supersede(SupersedeBy.NONE),
    )  # fmt: skip
    return replace(contract, **further)  # type: ignore[arg-type]


def _is_workbook(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.startswith("xl/") for name in archive.namelist())
    except zipfile.BadZipFile:
        return False


def _first_member(path: Path) -> tuple[str, str]:
    try:
        with zipfile.ZipFile(path) as archive:
            names = [
                info.filename
                for info in archive.infolist()
                if not info.is_dir() and not info.filename.startswith("__MACOSX/")
            ]
    except zipfile.BadZipFile:
        raise MilepostError("is no readable archive", where=path.name) from None
    if not names:
        raise MilepostError("holds no file", where=path.name)
    return names[0], names[0]


def _format(path: Path, name: str, magic: bytes) -> FileFormat:
    suffix = bare_name(name).lower().rsplit(".", 1)[-1]
    if magic.startswith(b"PAR1") or suffix == "parquet":
        return FileFormat.PARQUET
    if magic.startswith(b"\xd0\xcf\x11\xe0") or suffix in ("xlsx", "xls", "xlsm"):
        return FileFormat.EXCEL
    if magic.startswith(b"PK") and _is_workbook(path):
        return FileFormat.EXCEL
    return FileFormat.JSONL if suffix in ("jsonl", "ndjson") else FileFormat.CSV


def _workbook(opener: Callable[[], BinaryIO], rule: FileRule, name: str) -> Opened:
    with closing(opener()) as stream:
        tables = workbook.sheets(stream, draft(rule, ()), name)
    best: tuple[int, str, int, tuple[str, ...]] | None = None
    for sheet, rows in tables:
        place = heading_row(rows)
        if place is not None and (best is None or len(rows) > best[0]):
            best = (len(rows), sheet, place, tuple(rows[place]))
    if best is None:
        raise MilepostError(_NO_HEADINGS, where=name, remedy="Add a row of headings")
    return Opened(rule, _trimmed(best[3]), best[2], part=best[1] if len(tables) > 1 else "")


def _parquet(opener: Callable[[], BinaryIO], rule: FileRule, name: str, part: str) -> Opened:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with closing(opener()) as stream:
        try:
            names = pq.read_schema(stream).names
            stream.seek(0)
            found = columnar.parquet_layout(
                stream, draft(rule, [Column(f"c{i}", (n,)) for i, n in enumerate(names)]), name
            )
        except pa.ArrowException as error:
            raise MilepostError(f"is not a readable parquet file ({type(error).__name__})", where=name) from None
    return Opened(rule, tuple(found.headings if found else names), part=part)


def _lines(text: str, rule: FileRule, name: str, is_whole: bool) -> Opened:
    import json

    try:
        first = json.loads(text.lstrip("\ufeff").splitlines()[0])
        keys = list(first)
    except (ValueError, IndexError, TypeError):
        raise MilepostError("is no JSON with one record per line", where=name) from None
    contract = draft(rule, [Column(f"c{i}", (key,), heading_required=False) for i, key in enumerate(keys)])
    found = columnar.lines_layout(text, contract, is_whole=is_whole)
    return Opened(rule, tuple(found.headings) if found is not None else tuple(keys))


def _text(text: str, rule: FileRule, path: Path) -> Opened:
    lines = [line for line in text.splitlines() if line.strip()][:_LINES]
    if not lines:
        raise MilepostError("is empty", where=path.name)
    escape = "\\" if '\\"' in text and '""' not in text else '"'
    best: tuple[float, str, list[list[str]]] | None = None
    for delimiter in _DELIMITERS:
        rows = [_cells(line, delimiter, escape) for line in lines]
        widths = Counter(len(row) for row in rows if len(row) > 1)
        if not widths:
            continue
        width, count = max(widths.items(), key=lambda one: (one[1], one[0]))
        score = count / len(rows) * min(width, 12) ** 0.5
        if best is None or score > best[0]:
            best = (score, delimiter, rows)
    delimiter, rows = (best[1], best[2]) if best else (",", [[line] for line in lines])
    place = heading_row(rows)
    if place is None:
        raise MilepostError(
            _NO_HEADINGS, where=path.name, remedy="Add a line of headings: columns are read by their names"
        )
    return Opened(replace(rule, delimiter=delimiter, escape=escape), _trimmed(rows[place]), place)


def _cells(line: str, delimiter: str, escape: str) -> list[str]:
    try:
        return next(
            csv.reader(
                [line], delimiter=delimiter, doublequote=escape == '"', escapechar=None if escape == '"' else escape
            ),
            [],
        )
    except csv.Error:
        return []


def heading_row(rows: Sequence[Sequence[str]]) -> int | None:
    """Place of the first row that can be the headings: as wide as most rows, words, all different; None: none can."""
    filled = [sum(bool(cell.strip()) for cell in row) for row in rows[:_LINES]]
    # titles and notes fill one cell: they may be more lines than there are records
    usual = Counter(len(row) for row, cells in zip(rows[:_LINES], filled, strict=True) if cells > 1)
    usual = usual or Counter(len(row) for row, cells in zip(rows[:_LINES], filled, strict=True) if cells)
    if not usual:
        return None
    width = max(usual.items(), key=lambda one: (one[1], one[0]))[0]
    for place, row in enumerate(rows[:100]):
        cells = [cell.strip() for cell in row if cell.strip()]
        # a last delimiter more or less is common
        if abs(len(row) - width) > 1 or filled[place] < 0.6 * max(width - 1, 1) or not cells:
            continue
        if len(cells) > 1 and all(_NUMBERED.fullmatch(cell) for cell in cells):
            continue  # a spreadsheet's own names for the columns of a table that has none
        if sum(bool(_NUMBER_LIKE.fullmatch(cell)) for cell in cells) > 0.1 * len(cells):
            if filled[place] < width - 1:
                continue  # a note above with a date or a number
            return None  # values come before any row of words
        names = [normalise_heading(cell) for cell in cells]
        if len(set(names)) >= 0.9 * len(names) and all(len(cell) <= 120 for cell in cells):
            return place
    return None


def _trimmed(headings: Sequence[str]) -> tuple[str, ...]:
    return tuple(heading.strip().strip("\ufeff") for heading in headings)
