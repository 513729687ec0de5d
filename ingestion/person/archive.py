"""Archived files without a person: the received bytes with the person's cells emptied, everything else to the letter.

Belongs here: finding a person's records in a received file and rewriting them, for every format that is read. Not here:
which person (`find.py`), which files (`erase.py`).

A record is the person's where its customer key is one of theirs, or an identifier's cell holds one of theirs. Of such a
record the cells of identifiers, quasi identifiers and free text are emptied, with those that the contract does not
read; its key becomes the anonymous one, so that reading the file again gives the same facts. In all other records what
reads like one of the person's phone numbers, e-mail addresses or ids is cut out of the text it stands in.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import json
import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from ingestion.contracts.model import Contract, FileFormat, PersonalData
from ingestion.contracts.recognise import match_headings
from ingestion.errors import MilepostError
from ingestion.ledger.deliveries import Delivery
from ingestion.person.find import KEY
from ingestion.privacy.crypt import encrypt_stream, open_decrypted
from ingestion.privacy.keys import Keys
from ingestion.readers.encoding import MARKED, decide, scan
from ingestion.readers.layout import DEPTH, best_row, find_in_text

_HEAD = 64 * 1024
_LONGEST_RECORD = 2000  # lines; a quote left open must not swallow the file
_EMPTIED = (PersonalData.DIRECT, PersonalData.SENSITIVE, PersonalData.QUASI, PersonalData.FREE_TEXT)
_DIGITS = re.compile(r"\d")


class CannotRewriteError(MilepostError):
    """The file's form can be read only: without the person it cannot be kept."""


@dataclass(frozen=True)
class Needles:
    """What to look for: `keys` (source keys as exports write them -> anonymous keys) and `values`, (class, clear value)
    of identifiers that are the person's alone."""

    keys: Mapping[str, str]
    values: Sequence[tuple[str, str]]

    @property
    def pattern(self) -> re.Pattern[str] | None:
        """Any of the values inside a text, whatever separates its digits or the case of its letters."""
        found = sorted({_pattern_of(identifier, value) for identifier, value in self.values if value}, key=len)
        return re.compile("|".join(reversed(found)), re.IGNORECASE) if found else None


def _pattern_of(identifier: str, value: str) -> str:
    if identifier in ("phone", "bank_card"):
        digits = "".join(_DIGITS.findall(value))
        # a Chinese mobile is written without its country more often than with it
        national = digits[2:] if identifier == "phone" and re.fullmatch(r"861[3-9]\d{9}", digits) else digits
        country = r"(?:(?:\+|00)?86[\s\-]*)?" if national != digits else r"\+?"
        return r"(?<!\d)" + country + r"[\s\-().]*".join(national) + r"(?!\d)"
    return r"(?<![0-9A-Za-z])" + re.escape(value) + r"(?![0-9A-Za-z])"


@dataclass(frozen=True)
class _Columns:
    """Places in a record: of the customer's key, of identifiers, and of cells that are emptied."""

    keys: frozenset[int]
    identifiers: frozenset[int]
    emptied: frozenset[int]


class Cleaner:
    """Empties a person's cells, record by record; `count` of the records that were changed."""

    def __init__(self, contract: Contract, needles: Needles) -> None:
        self.contract = contract
        self.needles = needles
        self.pattern = needles.pattern
        keys = [re.escape(key) for key in sorted(needles.keys, key=len, reverse=True)]
        parts = [self.pattern.pattern] if self.pattern else []
        self.suspicious = re.compile("|".join([*parts, *keys]), re.IGNORECASE)
        self.count = 0

    def columns(self, headings: Sequence[str]) -> _Columns:
        """What each cell under these headings is."""
        positions = dict(match_headings(self.contract, headings).positions)
        of = {place: self.contract.column(name) for name, place in positions.items()}
        known = {
            place
            for place, column in of.items()
            if column.personal_data in (PersonalData.DIRECT, PersonalData.SENSITIVE)
        }
        names = key_columns(self.contract)
        keys = {place for name, place in positions.items() if name in names}
        emptied = {place for place in range(len(headings)) if place not in of or of[place].personal_data in _EMPTIED}
        return _Columns(frozenset(keys), frozenset(known), frozenset(emptied - keys))

    def is_persons(self, columns: _Columns, cells: Sequence[str | None]) -> bool:
        """Whether a record is the person's."""
        for place in columns.keys:
            if place < len(cells) and (cells[place] or "").strip() in self.needles.keys:
                return True
        return self.pattern is not None and any(
            place < len(cells) and self.pattern.fullmatch((cells[place] or "").strip()) for place in columns.identifiers
        )

    def clean(self, columns: _Columns, cells: Sequence[str | None]) -> list[str | None] | None:
        """The record without the person, or None where nothing of the person is in it."""
        if not any(cell and self.suspicious.search(cell) for cell in cells):
            return None
        changed: list[str | None] = list(cells)
        if self.is_persons(columns, cells):
            for place, cell in enumerate(cells):
                if place in columns.keys:
                    changed[place] = self.needles.keys.get((cell or "").strip(), cell)
                elif place in columns.emptied and cell:
                    changed[place] = ""
        if self.pattern is not None:
            changed = [cell if cell is None else self.pattern.sub("", cell) for cell in changed]
        if changed == list(cells):
            return None
        self.count += 1
        return changed


def key_columns(contract: Contract) -> set[str]:
    """The contract's columns that the customer's key is made of."""
    names = {column.name for column in contract.columns}
    found: set[str] = set()
    for target in contract.targets:
        expression = dict(target.columns).get(KEY)
        for word in re.findall(r"\w+", expression or ""):
            stem = word.removesuffix("__token")
            found |= {stem} & names
    return found


def rewrite_archived(path: Path, delivery: Delivery, contract: Contract, needles: Needles, keys: Keys) -> int:
    """Rewrite an archived file without the person, whole or not at all; returns how many records were changed.

    Raises CannotRewriteError where the file is of a form that can be read only (.xls): the caller removes it then.
    """
    cleaner = Cleaner(contract, needles)
    with open_decrypted(path, keys) as first:
        for _ in _cleaned(first, delivery, contract, cleaner):
            pass
    if not cleaner.count:
        return 0
    changed, cleaner.count = cleaner.count, 0
    with open_decrypted(path, keys) as stream:
        blocks = _Blocks(_cleaned(stream, delivery, contract, cleaner))
        encrypt_stream(io.BufferedReader(blocks), path, keys)
    return changed


def holds(path: Path, delivery: Delivery, contract: Contract, needles: Needles, keys: Keys) -> int:
    """How many records of an archived file hold anything of the person."""
    cleaner = Cleaner(contract, needles)
    with open_decrypted(path, keys) as stream:
        for _ in _cleaned(stream, delivery, contract, cleaner):
            pass
    return cleaner.count


def _cleaned(stream: BinaryIO, delivery: Delivery, contract: Contract, cleaner: Cleaner) -> Iterator[bytes]:
    name = delivery.file_name.lower()
    if name.endswith(".gz"):
        with gzip.open(stream) as unpacked:
            inner = b"".join(_member(unpacked, contract, cleaner, None))  # type: ignore[arg-type]
        yield gzip.compress(inner, mtime=0)
    elif name.endswith(".zip"):
        packed = io.BytesIO()
        with zipfile.ZipFile(stream) as source, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
            for info in source.infolist():
                with source.open(info) as member:
                    target.writestr(info, b"".join(_member(member, contract, cleaner, None)))  # type: ignore[arg-type]
        yield packed.getvalue()
    else:
        yield from _member(stream, contract, cleaner, delivery.encoding)


def _member(stream: BinaryIO, contract: Contract, cleaner: Cleaner, encoding: str | None) -> Iterator[bytes]:
    if contract.file.format is FileFormat.EXCEL:
        yield _workbook(stream, cleaner)
    elif contract.file.format is FileFormat.PARQUET:
        yield _parquet(stream, cleaner)
    else:
        if not stream.seekable() or encoding is None:
            stream = io.BytesIO(stream.read())
            content = stream.getvalue()
            encoding = decide(scan(stream), contract.file.encoding, lambda: io.BytesIO(content))
            stream.seek(0)
        is_lines = contract.file.format is FileFormat.JSONL
        yield from (_lines if is_lines else _delimited)(stream, contract, cleaner, encoding)


def _delimited(stream: BinaryIO, contract: Contract, cleaner: Cleaner, encoding: str) -> Iterator[bytes]:
    coding = encoding.removesuffix(MARKED)
    encoder = codecs.getincrementalencoder(coding)("surrogateescape")
    text = io.TextIOWrapper(stream, encoding=coding, errors="surrogateescape", newline="")
    head = text.read(_HEAD)
    layout = find_in_text(head.removeprefix("\ufeff"), contract)
    columns = cleaner.columns(layout.headings if layout is not None else ())
    rule = contract.file
    dialect: dict[str, Any] = {
        "delimiter": rule.delimiter,
        "quotechar": rule.quote or '"',
        "doublequote": rule.escape == rule.quote,
        "escapechar": None if rule.escape == rule.quote else rule.escape or None,
    }
    skip = layout.skip if layout is not None else 0
    for number, raw in enumerate(_records(_text_lines(head, text), rule.quote)):
        if number >= skip and cleaner.suspicious.search(raw):
            end = raw[len(raw.rstrip("\r\n")) :]
            rows = list(csv.reader(io.StringIO(raw, newline=""), **dialect))
            fresh = [cleaner.clean(columns, row) for row in rows]
            if any(row is not None for row in fresh):
                out = io.StringIO(newline="")
                writer = csv.writer(out, lineterminator=end or "\n", **dialect)
                writer.writerows([new if new is not None else old for new, old in zip(fresh, rows, strict=True)])
                raw = out.getvalue() if end else out.getvalue().rstrip("\n")
        yield encoder.encode(raw)
    text.detach()


def _lines(stream: BinaryIO, contract: Contract, cleaner: Cleaner, encoding: str) -> Iterator[bytes]:
    """JSON lines: every text of a person's record is a cell under its name."""
    coding = encoding.removesuffix(MARKED)
    text = io.TextIOWrapper(stream, encoding=coding, errors="surrogateescape", newline="\n")
    encoder = codecs.getincrementalencoder(coding)("surrogateescape")
    for raw in text:
        # the escapes of JSON hide characters
        plain = json.dumps(_parsed(raw), ensure_ascii=False)
        if cleaner.suspicious.search(plain):
            record = _parsed(raw)
            leaves = list(_leaves(record))
            headings = [path for path, _, _ in leaves]
            cells = [str(holder[name]) for _, holder, name in leaves]
            fresh = cleaner.clean(cleaner.columns(headings), cells)
            if fresh is not None:
                for (_, holder, name), old, new in zip(leaves, cells, fresh, strict=True):
                    if new != old:
                        holder[name] = new or None
                raw = json.dumps(record, ensure_ascii=False) + ("\n" if raw.endswith("\n") else "")
        yield encoder.encode(raw)
    text.detach()


def _parsed(raw: str) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return {"line": raw}


def _leaves(value: Any, above: str = "") -> Iterator[tuple[str, Any, Any]]:
    """(path, holder, name) of every text or number below."""
    names: Iterable[Any] = (
        value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    )
    for name in list(names):
        inner = value[name]
        path = f"{above}[{name}]" if isinstance(value, list) else f"{above}.{name}" if above else str(name)
        if isinstance(inner, dict | list):
            yield from _leaves(inner, path)
        elif isinstance(inner, str | int | float) and not isinstance(inner, bool):
            yield path, value, name


def _parquet(stream: BinaryIO, cleaner: Cleaner) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.read_table(io.BytesIO(stream.read()))
    columns = cleaner.columns(table.column_names)
    rows = table.to_pylist()
    for row in rows:
        cells = [None if value is None else str(value) for value in row.values()]
        fresh = cleaner.clean(columns, cells)
        if fresh is not None:
            for name, old, new in zip(list(row), cells, fresh, strict=True):
                if old != new:
                    row[name] = new if isinstance(row[name], str) and new else None
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), out)
    return out.getvalue()


def _workbook(stream: BinaryIO, cleaner: Cleaner) -> bytes:
    import openpyxl

    content = stream.read()
    if not content.startswith(b"PK"):
        raise CannotRewriteError("is a workbook of the old binary form, which cannot be rewritten")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about styles that exports leave out
        book = openpyxl.load_workbook(io.BytesIO(content))
    for sheet in book.worksheets:
        rows = [["" if cell.value is None else str(cell.value) for cell in row] for row in sheet.iter_rows()]
        layout = best_row(rows[:DEPTH], cleaner.contract)
        if layout is None:
            continue
        columns = cleaner.columns(layout.headings)
        for row, cells in zip(list(sheet.iter_rows())[layout.skip :], rows[layout.skip :], strict=True):
            fresh = cleaner.clean(columns, cells)
            if fresh is not None:
                for cell, old, new in zip(row, cells, fresh, strict=True):
                    if old != new:
                        cell.value = new or None
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _text_lines(head: str, rest: io.TextIOWrapper) -> Iterator[str]:
    """Lines with their ends, whatever the ends are."""
    pending = head
    while True:
        block = rest.read(_HEAD)
        lines = io.StringIO(pending + block, newline="").readlines()
        if not block:
            yield from lines
            return
        # the last line may go on, and a \r may be followed by its \n
        pending = lines.pop() if lines else ""
        yield from lines


def _records(lines: Iterable[str], quote: str) -> Iterator[str]:
    """Lines joined where a quoted cell runs over their end."""
    gathered: list[str] = []
    is_open = False
    for line in lines:
        gathered.append(line)
        if quote and line.count(quote) % 2:
            is_open = not is_open
        if is_open and len(gathered) < _LONGEST_RECORD:
            continue
        yield "".join(gathered)
        gathered, is_open = [], False
    if gathered:
        yield "".join(gathered)


class _Blocks(io.RawIOBase):
    """Bytes of an iterator as a stream."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        super().__init__()
        self._blocks = blocks
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            block = next(self._blocks, None)
            if block is None:
                return 0
            self._rest = block
        part = self._rest[: len(buffer)]
        self._rest = self._rest[len(part) :]
        buffer[: len(part)] = part
        return len(part)
