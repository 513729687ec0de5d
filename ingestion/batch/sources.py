"""The parts of deliveries as sources that the engine can scan.

Belongs here: opening received files (from the inbox while they are unchanged, else from the archive), unpacking,
decoding, finding headings. Not here: scanning (`staging.py`).
"""

from __future__ import annotations

import errno
import io
from codecs import BOM_UTF8
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

from ingestion.contracts.model import Contract, FileFormat
from ingestion.errors import MilepostError, TransientError
from ingestion.home import Home
from ingestion.ledger.deliveries import Delivery
from ingestion.privacy.crypt import open_decrypted
from ingestion.privacy.keys import Keys
from ingestion.readers import columnar, workbook
from ingestion.readers.delimited import utf8_blocks
from ingestion.readers.encoding import MARKED, decide, head_text, is_direct, scan
from ingestion.readers.layout import Layout, find_in_text
from ingestion.readers.probe import DAMAGED, LAYOUT_BYTES, is_packed, members, unread_members
from ingestion.readers.streams import Opener, blocks_of, in_place, offered, open_stream, sealed, starting_at

UNREADABLE = "unreadable"
#: A row of headings with more cells is a damaged one: a statement over so many columns takes minutes to plan.
MOST_COLUMNS = 2000
#: What has nothing to do with the file: the machine is out of something.
SHORTAGES = (errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EIO)
MISSING_HEADING = "missing_heading"
NO_HEADINGS = "no_headings"


@dataclass(frozen=True)
class Source:
    """One part of one delivery, ready to be scanned: a path of UTF-8 text, or rows of text."""

    delivery: Delivery
    part: str
    layout: Layout
    path: str = ""  # of text or columns, as the engine opens it
    rows: list[list[str]] | None = field(default=None, repr=False)  # of a sheet: records only
    is_marked: bool = False  # some bytes did not decode
    ends_with_line: bool = True
    unread_members: int = 0  # of the archive, told once
    is_from_inbox: bool = False  # the file may have changed while it was read


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
        try:
            return inbox_path(home, delivery, inbox).open("rb")
        except FileNotFoundError:
            pass  # taken away just now
    if delivery.archived_as is None or not (home.archive / delivery.archived_as).exists():
        raise MilepostError(
            "is neither in the inbox nor in the archive", where=delivery.file_name, remedy="Deliver the file again"
        )
    return open_decrypted(home.archive / delivery.archived_as, keys)


@contextmanager
def open_sources(
    home: Home, deliveries: Sequence[Delivery], contract: Contract, keys: Keys, inbox: Path | None = None
) -> Iterator[tuple[list[Source], list[Refusal]]]:
    """Sources of all deliveries, open as long as the context lasts, and the deliveries that cannot be read.

    Raises TransientError where the machine cannot go on (no space, no free file handles).
    """
    sources: list[Source] = []
    refusals: list[Refusal] = []
    with ExitStack() as stack:
        for delivery in deliveries:
            is_from_inbox = is_in_inbox(home, delivery, inbox)
            try:
                try:
                    found = list(_sources_of(home, delivery, contract, keys, inbox, stack))
                except FileNotFoundError:  # it left the inbox this very moment: now its archived bytes are read
                    is_from_inbox = is_in_inbox(home, delivery, inbox)
                    found = list(_sources_of(home, delivery, contract, keys, inbox, stack))
                received = partial(open_received, home, delivery, keys, inbox)
                unread = unread_members(received, delivery.file_name, contract)
                if unread and found and isinstance(found[0], Source):
                    found[0] = replace(found[0], unread_members=unread)
            except TransientError:
                raise
            except (OSError, *DAMAGED) as error:
                if isinstance(error, OSError) and error.errno in SHORTAGES:
                    raise TransientError(
                        f"cannot be read now ({errno.errorcode.get(error.errno or 0, 'unknown')})",
                        where=f"{delivery.source_system}/{delivery.file_name}",
                        remedy="See to free space and file handles, and run again: nothing was committed",
                    ) from None
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
                sources += [replace(one, is_from_inbox=is_from_inbox) for one in found if isinstance(one, Source)]
        yield sources, refusals


def _sources_of(
    home: Home, delivery: Delivery, contract: Contract, keys: Keys, inbox: Path | None, stack: ExitStack
) -> Iterator[Source | Refusal]:
    if (
        contract.file.format is FileFormat.CSV
        and not is_packed(delivery.file_name)
        and is_in_inbox(home, delivery, inbox)
        and is_direct(delivery.encoding or "")
    ):
        yield _text_in_place(delivery, inbox_path(home, delivery, inbox), contract, stack)
        return

    def reopen() -> BinaryIO:
        return open_received(home, delivery, keys, inbox)

    for part, member in members(reopen, delivery.file_name, contract):
        if contract.file.format is FileFormat.EXCEL:
            yield from _sheets(delivery, part, member, contract)
        elif contract.file.format is FileFormat.PARQUET:
            yield _columns(delivery, part, member, contract, home, stack)
        else:
            yield _text(delivery, part, member, contract, home, stack)


def _text_in_place(delivery: Delivery, path: Path, contract: Contract, stack: ExitStack) -> Source | Refusal:
    """A plain file of UTF-8, read where it lies and by all cores."""
    with path.open("rb") as file:
        head = file.read(LAYOUT_BYTES)
        size = file.seek(0, io.SEEK_END)
        file.seek(max(size - 1, 0))
        ends_with_line = file.read(1) in (b"\n", b"\r", b"")
    text = head.decode("utf-8", "ignore").removeprefix("\ufeff")
    layout = find_in_text(text, contract)
    if refusal := _checked(delivery, "", layout):
        return refusal
    name = stack.enter_context(in_place(path))
    source = Source(delivery, "", cast(Layout, layout), path=name, ends_with_line=ends_with_line)
    return _from_first_record(source, text, stack, has_mark=head.startswith(BOM_UTF8))


def _sheets(delivery: Delivery, part: str, opener: Opener, contract: Contract) -> Iterator[Source | Refusal]:
    with closing(opener()) as stream:
        tables = workbook.sheets(stream, contract, delivery.file_name)
    for sheet, rows in tables:
        layout = workbook.layout(rows, contract)
        if layout is None and len(tables) > 1:
            continue  # a sheet of notes
        name = sheet if len(tables) > 1 or contract.file.sheet_pattern else ""
        place = "/".join(filter(None, (part, name)))
        yield _checked(delivery, place, layout) or Source(
            delivery, place, cast(Layout, layout), rows=workbook.records(rows, cast(Layout, layout))
        )


def _columns(
    delivery: Delivery, part: str, opener: Opener, contract: Contract, home: Home, stack: ExitStack
) -> Source | Refusal:
    with closing(opener()) as stream:
        layout = columnar.parquet_layout(stream, contract, delivery.file_name)
    if refusal := _checked(delivery, part, layout):
        return refusal
    if is_packed(delivery.file_name):
        with closing(opener()) as stream:
            path = stack.enter_context(sealed(blocks_of(stream), home.scratch, is_columnar=True))
    else:
        path = stack.enter_context(offered(opener, is_columnar=True))
    return Source(delivery, part, cast(Layout, layout), path=path)


def _text(
    delivery: Delivery, part: str, opener: Opener, contract: Contract, home: Home, stack: ExitStack
) -> Source | Refusal:
    with closing(opener()) as stream:
        found = scan(stream)
    encoding = None if is_packed(delivery.file_name) else delivery.encoding
    if encoding is None:
        encoding = decide(found, contract.file.encoding, opener)
    head = head_text(found, encoding)
    if contract.file.format is FileFormat.JSONL:
        layout = columnar.lines_layout(head, contract, is_whole=found.byte_count == len(found.head))
    else:
        layout = find_in_text(head[:LAYOUT_BYTES], contract)
    if refusal := _checked(delivery, part, layout):
        return refusal
    is_as_received = is_direct(encoding) and not is_packed(delivery.file_name)
    if is_as_received:
        path = stack.enter_context(offered(opener))
    else:
        with closing(opener()) as stream:
            path = stack.enter_context(sealed(utf8_blocks(stream, encoding), home.scratch))
    source = Source(
        delivery,
        part,
        cast(Layout, layout),
        path=path,
        is_marked=encoding.endswith(MARKED),
        ends_with_line=found.ends_with_line or encoding.startswith(("utf-16", "utf-32")),
    )
    return _from_first_record(source, head, stack, has_mark=is_as_received and found.head.startswith(BOM_UTF8))


def _from_first_record(source: Source, head: str, stack: ExitStack, *, has_mark: bool) -> Source:
    """The source from its first record on, where the engine could not count the rows above it."""
    start = source.layout.start
    if not start:
        return source
    octets = len(head[:start].encode()) + (len(BOM_UTF8) if has_mark else 0)
    path = stack.enter_context(offered(starting_at(partial(open_stream, source.path), octets)))
    return replace(source, path=path, layout=replace(source.layout, skip=0))


def _checked(delivery: Delivery, part: str, layout: Layout | None) -> Refusal | None:
    if layout is None:
        return Refusal(delivery, NO_HEADINGS, "no row has the contract's headings", part)
    if len(layout.headings) > MOST_COLUMNS:
        detail = f"its row of headings has {len(layout.headings)} cells, more than {MOST_COLUMNS}"
        return Refusal(delivery, UNREADABLE, detail, part)
    if not layout.match.is_match:
        return Refusal(delivery, MISSING_HEADING, layout.match.explain(), part)
    return None
