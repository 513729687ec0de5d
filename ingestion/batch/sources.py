"""The parts of deliveries as sources that the engine can scan.

Belongs here: opening received files (from the inbox while they are unchanged, else from the archive), unpacking,
decoding, finding headings. Not here: scanning (`staging.py`).
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

from ingestion.contracts.model import Contract, FileFormat
from ingestion.errors import MilepostError
from ingestion.home import Home
from ingestion.ledger.deliveries import Delivery
from ingestion.privacy.crypt import open_decrypted
from ingestion.privacy.keys import Keys
from ingestion.readers import columnar, workbook
from ingestion.readers.delimited import as_utf8, in_memory
from ingestion.readers.encoding import MARKED, decide, head_text, is_direct, scan
from ingestion.readers.layout import Layout, find_in_text
from ingestion.readers.probe import COLUMNAR, LAYOUT_BYTES, is_packed, members

UNREADABLE = "unreadable"
MISSING_HEADING = "missing_heading"
NO_HEADINGS = "no_headings"


@dataclass(frozen=True)
class Source:
    """One part of one delivery, ready to be scanned: a path of UTF-8 text, or rows of text."""

    delivery: Delivery
    part: str
    layout: Layout
    path: str = ""  # of delimited text
    rows: list[list[str]] | None = field(default=None, repr=False)  # of a sheet: records only
    is_marked: bool = False  # some bytes did not decode
    ends_with_line: bool = True


@dataclass(frozen=True)
class Refusal:
    """Why nothing of a delivery can be read."""

    delivery: Delivery
    reason: str
    detail: str
    part: str = ""


def stamp(path: Path) -> str:
    """Size, time of change and node of a file: the same stamp means the same bytes."""
    found = path.stat()
    return f"{found.st_size}-{found.st_mtime_ns}-{found.st_ino}"


def inbox_path(home: Home, delivery: Delivery, inbox: Path | None = None) -> Path:
    """Where the delivery's file lay when it was received."""
    return (inbox or home.inbox) / delivery.source_system / delivery.file_name


def is_in_inbox(home: Home, delivery: Delivery, inbox: Path | None = None) -> bool:
    """The received file is still in the inbox, unchanged."""
    path = inbox_path(home, delivery, inbox)
    try:
        return delivery.inbox_stamp is not None and stamp(path) == delivery.inbox_stamp
    except FileNotFoundError:
        return False


def open_received(home: Home, delivery: Delivery, keys: Keys, inbox: Path | None = None) -> BinaryIO:
    """The received bytes, from the inbox or, where they are gone or changed there, from the archive."""
    if is_in_inbox(home, delivery, inbox):
        return inbox_path(home, delivery, inbox).open("rb")
    if delivery.archived_as is None or not (home.archive / delivery.archived_as).exists():
        raise MilepostError(
            "is neither in the inbox nor in the archive", where=delivery.file_name, remedy="Deliver the file again"
        )
    return open_decrypted(home.archive / delivery.archived_as, keys)


@contextmanager
def open_sources(
    home: Home, deliveries: Sequence[Delivery], contract: Contract, keys: Keys, inbox: Path | None = None
) -> Iterator[tuple[list[Source], list[Refusal]]]:
    """Sources of all deliveries, open as long as the context lasts, and the deliveries that cannot be read."""
    sources: list[Source] = []
    refusals: list[Refusal] = []
    with ExitStack() as stack:
        for delivery in deliveries:
            try:
                found = list(_sources_of(home, delivery, contract, keys, inbox, stack))
            except (OSError, EOFError, zipfile.BadZipFile) as error:
                refusals.append(Refusal(delivery, UNREADABLE, f"the file is damaged ({type(error).__name__})"))
                continue
            except MilepostError as error:
                refusals.append(Refusal(delivery, UNREADABLE, error.what))
                continue
            refused = [one for one in found if isinstance(one, Refusal)]
            if refused:
                refusals += refused
            elif not found:
                refusals.append(Refusal(delivery, NO_HEADINGS, "nothing in it is of the contract"))
            else:
                sources += [one for one in found if isinstance(one, Source)]
        yield sources, refusals


def _sources_of(
    home: Home, delivery: Delivery, contract: Contract, keys: Keys, inbox: Path | None, stack: ExitStack
) -> Iterator[Source | Refusal]:
    is_text = contract.file.format is FileFormat.CSV
    if (
        is_text
        and not is_packed(delivery.file_name)
        and is_in_inbox(home, delivery, inbox)
        and is_direct(delivery.encoding or "")
    ):
        path = inbox_path(home, delivery, inbox)
        with path.open("rb") as file:
            head = file.read(LAYOUT_BYTES)
            size = file.seek(0, io.SEEK_END)
            file.seek(max(size - 1, 0))
            ends_with_line = file.read(1) in (b"\n", b"\r", b"")
        layout = find_in_text(head.decode("utf-8", "ignore").removeprefix("\ufeff"), contract)
        yield _checked(delivery, "", layout) or Source(
            delivery, "", cast(Layout, layout), path=str(path), ends_with_line=ends_with_line
        )
        return
    stream = stack.enter_context(open_received(home, delivery, keys, inbox))
    for part, content in members(stream, delivery.file_name, contract):
        if contract.file.format is FileFormat.EXCEL:
            tables = workbook.sheets(content, contract, delivery.file_name)
            for sheet, rows in tables:
                layout = workbook.layout(rows, contract)
                if layout is None and len(tables) > 1:
                    continue  # a sheet of notes
                name = sheet if len(tables) > 1 or contract.file.sheet_pattern else ""
                yield _checked(delivery, part or name, layout) or Source(
                    delivery, part or name, cast(Layout, layout), rows=workbook.records(rows, cast(Layout, layout))
                )
        elif contract.file.format in COLUMNAR:
            layout = columnar.layout(content, contract, delivery.file_name)
            content.seek(0)
            memory = stack.enter_context(in_memory(content, home.scratch))
            yield _checked(delivery, part, layout) or Source(delivery, part, cast(Layout, layout), path=memory)
        else:
            yield _text_source(delivery, part, content, contract, home, stack)


def _text_source(
    delivery: Delivery, part: str, content: BinaryIO, contract: Contract, home: Home, stack: ExitStack
) -> Source | Refusal:
    found = scan(content)

    def reopen() -> BinaryIO:
        content.seek(0)
        return cast(BinaryIO, io.BufferedReader(_Borrowed(content)))

    encoding = delivery.encoding if delivery.encoding and not part else None
    if encoding is None:
        encoding = decide(found, contract.file.encoding, reopen)
    layout = find_in_text(head_text(found, encoding)[:LAYOUT_BYTES], contract)
    if refusal := _checked(delivery, part, layout):
        return refusal
    content.seek(0)
    path = stack.enter_context(as_utf8(content, encoding, home.scratch))
    return Source(
        delivery,
        part,
        cast(Layout, layout),
        path=path,
        is_marked=encoding.endswith(MARKED),
        ends_with_line=found.ends_with_line or encoding.startswith(("utf-16", "utf-32")),
    )


def _checked(delivery: Delivery, part: str, layout: Layout | None) -> Refusal | None:
    if layout is None:
        return Refusal(delivery, NO_HEADINGS, "no row has the contract's headings", part)
    if not layout.match.is_match:
        return Refusal(delivery, MISSING_HEADING, layout.match.explain(), part)
    return None


class _Borrowed(io.RawIOBase):
    """A stream whose closing leaves the one it reads open."""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__()
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)
