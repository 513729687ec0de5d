"""What is in a received file: its members and the headings of its first part, to tell which contract it is of.

Belongs here: opening compressed files and comparing candidates by their headings. Not here: reading records.
"""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import PurePosixPath
from typing import BinaryIO, cast

from ingestion.contracts.model import Contract, ContractSet, FileFormat
from ingestion.contracts.recognise import candidates
from ingestion.errors import MilepostError
from ingestion.readers import columnar, workbook
from ingestion.readers.encoding import Scan, decide, head_text, scan
from ingestion.readers.layout import Layout, find_in_text
from ingestion.readers.streams import Opener

#: How much of a text is looked at for headings.
LAYOUT_BYTES = 64 * 1024
_PACKED = (".gz", ".zip")
#: Formats that name their columns themselves.
COLUMNAR = (FileFormat.PARQUET, FileFormat.JSONL)
#: What a damaged packed file raises when it is opened or read.
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, gzip.BadGzipFile)


def members(opener: Opener, file_name: str, contract: Contract) -> Iterator[tuple[str, Opener]]:
    """(part, how it is opened) of a received file: itself, what is compressed in it, or the archive's members that fit.

    A member can be opened until the next one is asked for. Raises MilepostError where it cannot be unpacked.
    """
    name = file_name.lower()
    if name.endswith(".gz"):
        yield "", lambda: cast(BinaryIO, _Gunzipped(opener()))
    elif name.endswith(".zip"):
        with _archive(opener, file_name) as archive:
            for member, info in _named(archive):
                if contract.file.name_pattern.fullmatch(PurePosixPath(member).name):
                    yield member, lambda info=info: _open_member(archive, info, file_name)  # type: ignore[misc]
    else:
        yield "", opener


def unread_members(opener: Opener, file_name: str, contract: Contract) -> int:
    """How many members of an archive the contract does not read."""
    if not file_name.lower().endswith(".zip"):
        return 0
    with _archive(opener, file_name) as archive:
        names = [PurePosixPath(name).name for name, _ in _named(archive)]
    return sum(contract.file.name_pattern.fullmatch(name) is None for name in names)


def possible(contracts: ContractSet, system: str, opener: Opener, file_name: str) -> tuple[Contract, ...]:
    """Contracts that may read a file, by its name or, of an archive that no contract names, by its members' names."""
    by_name = candidates(contracts, system, file_name)
    if by_name or not file_name.lower().endswith(".zip"):
        return by_name
    with _archive(opener, file_name) as archive:
        names = [PurePosixPath(name).name for name, _ in _named(archive)]
    fitting = [
        contract for contract in contracts.of_system(system) if any(map(contract.file.name_pattern.fullmatch, names))
    ]
    return tuple(fitting)


def layouts(
    opener: Opener, found: Scan, allowed: Sequence[Contract], file_name: str
) -> tuple[dict[str, Layout | None], str | None]:
    """The heading row of a received file for each candidate contract, and its encoding where it is unpacked text."""
    encoding: str | None = None
    by_contract: dict[str, Layout | None] = {}
    for contract in allowed:
        if contract.file.format in (FileFormat.CSV, FileFormat.JSONL) and not is_packed(file_name) and not encoding:
            encoding = decide(found, contract.file.encoding, opener)
        by_contract[contract.id] = _probe(opener, found, encoding, contract, file_name)
    return by_contract, encoding


def _probe(opener: Opener, found: Scan, encoding: str | None, contract: Contract, file_name: str) -> Layout | None:
    """The heading row for one candidate contract (the first part's that fits); None where there is none."""
    if not is_packed(file_name) and contract.file.format is FileFormat.CSV:
        return find_in_text(head_text(found, encoding or "utf-8")[:LAYOUT_BYTES], contract)
    best: Layout | None = None
    for _, member in members(opener, file_name, contract):
        layout = _layout(member, contract, file_name, encoding)
        if layout is not None and layout.match.is_match:
            return layout
        best = best or layout
        if contract.file.format is not FileFormat.EXCEL:
            break
    return best


def _layout(opener: Opener, contract: Contract, file_name: str, encoding: str | None) -> Layout | None:
    if contract.file.format is FileFormat.EXCEL:
        with closing(opener()) as stream:
            tables = workbook.sheets(stream, contract, file_name)
        found = [layout for _, rows in tables if (layout := workbook.layout(rows, contract))]
        return next((layout for layout in found if layout.match.is_match), found[0] if found else None)
    if contract.file.format is FileFormat.PARQUET:
        with closing(opener()) as stream:
            return columnar.parquet_layout(stream, contract, file_name)
    with closing(opener()) as stream:
        part = scan(stream)
    text = head_text(part, encoding or decide(part, contract.file.encoding, opener))
    if contract.file.format is FileFormat.JSONL:
        return columnar.lines_layout(text, contract, is_whole=part.byte_count == len(part.head))
    return find_in_text(text[:LAYOUT_BYTES], contract)


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


class _Gunzipped(gzip.GzipFile):
    """What is compressed in a stream, which is closed with it."""

    def __init__(self, packed: BinaryIO) -> None:
        super().__init__(fileobj=packed)
        self._packed = packed

    def close(self) -> None:
        super().close()
        self._packed.close()


class _Archive(zipfile.ZipFile):
    """An archive in a stream, which is closed with it."""

    def __init__(self, packed: BinaryIO) -> None:
        self._packed = packed
        try:
            super().__init__(packed)
        except BaseException:
            packed.close()
            raise

    def close(self) -> None:
        super().close()
        self._packed.close()


def _archive(opener: Opener, file_name: str) -> _Archive:
    try:
        return _Archive(opener())
    except (*DAMAGED, NotImplementedError, UnicodeDecodeError, ValueError, OverflowError) as error:
        raise MilepostError(
            f"is not a readable zip archive ({type(error).__name__})", where=file_name, remedy="Pack it again"
        ) from None


def _named(archive: zipfile.ZipFile) -> list[tuple[str, zipfile.ZipInfo]]:
    """Members with their names; those that say nothing of their encoding are UTF-8, else GB18030, else as they are."""
    found = []
    for info in archive.infolist():
        name = info.filename
        if not info.flag_bits & 0x800 and not name.isascii():
            octets = name.encode("cp437", "replace")
            for encoding in ("utf-8", "gb18030"):
                try:
                    name = octets.decode(encoding)
                    break
                except UnicodeDecodeError:
                    continue
        if not info.is_dir() and not name.startswith("__MACOSX/") and not PurePosixPath(name).name.startswith("._"):
            found.append((name, info))
    return sorted(found, key=lambda member: member[0])


def _open_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, file_name: str) -> BinaryIO:
    try:
        return cast(BinaryIO, archive.open(info))
    except RuntimeError:  # what zipfile says to a member that is encrypted
        raise MilepostError("needs a password", where=file_name, remedy="Pack it again without one") from None
    except NotImplementedError:
        raise MilepostError(
            "is packed by a method that is not known", where=file_name, remedy="Pack it again as .zip (deflate) or .gz"
        ) from None
