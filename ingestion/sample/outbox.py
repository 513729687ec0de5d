"""Writing exports into the inbox: delimited text in any encoding, with lines above and below, and the list of files.

Belongs here: how bytes get into files, always the same bytes for the same rows. Not here: what the exports hold.
Rows come as a DuckDB query whose columns are text (or numbers that DuckDB writes exactly); they are written by the
engine and only re-encoded here, chunk by chunk.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa

_CHUNK = 1 << 22


@dataclass
class Written:
    """One file of the inbox and what a right reading of it must give; `rejected` counts records by reason."""

    path: str
    system: str
    export: str
    row_count: int
    exported: date
    rejected: dict[str, int] = field(default_factory=dict)
    expected_state: str = "active"
    declared: dict[str, str] = field(default_factory=dict)  # sums the file states itself


class Outbox:
    """The inbox of one home, as the systems of the sample company fill it."""

    def __init__(self, inbox: Path, con: duckdb.DuckDBPyConnection) -> None:
        self.inbox = inbox
        self.con = con
        self.files: list[Written] = []

    def write_csv(
        self,
        system: str,
        export: str,
        name: str,
        headings: Sequence[str],
        sql: str,
        exported: date,
        *,
        encoding: str = "utf-8",
        preamble: Sequence[str] = (),
        footer: Sequence[str] = (),
        delimiter: str = ",",
        quote_all: bool = False,
        rejected: dict[str, int] | None = None,
        byte_order_mark: bool = False,
    ) -> Written:
        """Write the rows of `sql` under the headings; `name` is the path below the system's folder."""
        target = self._target(system, name)
        body = target.with_name(target.name + ".rows")
        force = ", FORCE_QUOTE *" if quote_all else ""
        count = self.con.execute(
            f"COPY ({sql}) TO '{_quoted(body)}' (FORMAT csv, HEADER false, DELIMITER '{delimiter}'{force})"
        ).fetchone()
        with self._finished(target, exported) as temporary, temporary.open("wb") as out:
            if byte_order_mark:
                out.write("\ufeff".encode("utf-8" if encoding == "utf-8" else encoding))
            out.write("".join(line + "\n" for line in preamble).encode(encoding))
            out.write(_line(headings, delimiter, quote_all).encode(encoding))
            for chunk in _reencoded(body, encoding):
                out.write(chunk)
            out.write("".join(line + "\n" for line in footer).encode(encoding))
        body.unlink()
        return self.note(system, export, name, int(count[0]) if count else 0, exported, rejected)

    def write_bytes(
        self, system: str, export: str, name: str, content: bytes, row_count: int, exported: date,
        rejected: dict[str, int] | None = None,
    ) -> Written:  # fmt: skip
        """Write a file whose bytes were made elsewhere (a workbook)."""
        with self._finished(self._target(system, name), exported) as temporary:
            temporary.write_bytes(content)
        return self.note(system, export, name, row_count, exported, rejected)

    def note(
        self, system: str, export: str, name: str, row_count: int, exported: date, rejected: dict[str, int] | None
    ) -> Written:
        written = Written(f"{system}/{name}", system, export, row_count, exported, dict(rejected or {}))
        self.files.append(written)
        return written

    def register(self, name: str, table: pa.Table) -> None:
        """Make an Arrow table known to the connection under the name, in place of a former one."""
        self.con.register(name, table)

    def _target(self, system: str, name: str) -> Path:
        target = self.inbox / system / name
        target.parent.mkdir(parents=True, exist_ok=True)
        return target

    @contextmanager
    def _finished(self, target: Path, exported: date) -> Iterator[Path]:
        """A temporary path that becomes the target at the end, dated as the system exported it."""
        temporary = target.with_name(target.name + ".part")
        yield temporary
        moment = datetime.combine(exported, time(1, 0), tzinfo=UTC).timestamp()
        os.utime(temporary, (moment, moment))
        temporary.replace(target)


class Portions:
    """Whole numbers of a rate: what is left over of one month counts in the next."""

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self._left = 0.0

    def of(self, rows: int) -> int:
        """How many of the rows are hit."""
        self._left += rows * self.rate
        count = int(self._left)
        self._left -= count
        return count


def comma_separated(text: str) -> tuple[str, ...]:
    """The headings of an export from its first line."""
    return tuple(text.split(","))


def next_day(day: date) -> date:
    """The day after: when a period's export is taken."""
    return day + timedelta(days=1)


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _line(cells: Sequence[str], delimiter: str, quote_all: bool) -> str:
    out = io.StringIO()
    if quote_all:
        csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow(cells)
    else:
        csv.writer(out, delimiter=delimiter, lineterminator="\n").writerow(cells)
    return out.getvalue()


def _reencoded(path: Path, encoding: str) -> Iterator[bytes]:
    """The file's bytes in another encoding; UTF-8 passes through."""
    if encoding == "utf-8":
        with path.open("rb") as source:
            while chunk := source.read(_CHUNK):
                yield chunk
        return
    with path.open(encoding="utf-8", newline="") as text:
        while part := text.read(_CHUNK):
            yield part.encode(encoding)
