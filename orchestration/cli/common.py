"""What the commands share: the home, the ledger, printing rows.

Belongs here: options and output that more than one command has. Not here: any command. Nothing slow is imported at the
top of any module of this package: `milepost --help` loads them all.
"""

from __future__ import annotations

import csv
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ingestion.errors import MilepostError, UsageError
from ingestion.home import Home

if TYPE_CHECKING:
    from rich.console import Console
    from sqlalchemy import Engine

DONE, FAILED, WRONG_USE, GATE_CLOSED, HELD = 0, 1, 2, 3, 4


class Format(StrEnum):
    """How rows are printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


#: Rows that are listed field by field where their table is wider than the terminal.
MOST_CARDS = 10
#: Characters of a line: a table wider than its terminal runs on to this width, so that words stay whole.
WIDEST = 240
#: Columns that are not broken into lines: they are copied into the next command.
WHOLE_WORDS = (
    "contract",
    "delivery",
    "source",
    "state",
    "version",
    "for_example",
    "stage (seconds)",
    "outcome",
    "name",
)

HomeOption = Annotated[
    Path | None,
    typer.Option(
        "--home", help="Where everything lives (else MILEPOST_HOME, else var/ in the project).", metavar="DIR"
    ),
]
FormatOption = Annotated[Format, typer.Option("--format", help="How to print.")]

#: `milepost --home DIR command`, for every command that has none of its own.
_given: dict[str, Path | None] = {"home": None}


def give_home(path: Path | None) -> None:
    """Remember the home of the command line as a whole."""
    _given["home"] = path


def given_home() -> Path | None:
    """The home of the command line as a whole, where one was given."""
    return _given["home"]


def the_home(given: Path | None) -> Home:
    """The home of this command; also handed to what it starts, by MILEPOST_HOME."""
    from orchestration.settings import check_home, resolve_home

    home = resolve_home(given or _given["home"])
    check_home(home)
    os.environ["MILEPOST_HOME"] = str(home.root)
    return home


def existing_home(given: Path | None) -> Home:
    """The home of a command that only makes sense where something has run; UsageError where nothing has."""
    home = the_home(given)
    if not home.ledger.exists():
        raise UsageError(
            "there is no Milepost home here yet",
            where=str(home.root),
            remedy="`milepost demo` or `milepost run` makes one; --home or MILEPOST_HOME names another",
        )
    return home


@contextmanager
def the_ledger(home: Home) -> Iterator[Engine]:
    """The home's ledger, closed afterwards."""
    from ingestion.ledger.engine import open_ledger

    ledger = open_ledger(home)
    try:
        yield ledger
    finally:
        ledger.dispose()


@contextmanager
def locked(home: Home) -> Iterator[None]:
    """Hold the home's lock for a command that changes something outside a run."""
    from ingestion.lock import home_lock

    with home_lock(home, "milepost", wait_seconds=5):
        yield


def console(stderr: bool = False) -> Console:
    """Where people read; colours only on a terminal, NO_COLOR respected."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    # written to a file or a pipe, a table is as wide as it is
    width = None if stream.isatty() or "COLUMNS" in os.environ else WIDEST
    return Console(stderr=stderr, highlight=False, width=width)


def emit(columns: Sequence[str], rows: Sequence[Sequence[Any]], form: Format, title: str | None = None) -> None:
    """Print rows as a table, as CSV with a heading, or as a JSON list of objects.

    A few rows that are too wide for the terminal are listed field by field: a broken word cannot be copied.
    """
    if form is Format.CSV:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([["" if value is None else _plain(value) for value in row] for row in rows])
        return
    if form is Format.JSON:
        objects = [dict(zip(columns, (_jsonable(v) for v in row), strict=True)) for row in rows]
        sys.stdout.write(json.dumps(objects, ensure_ascii=False, indent=2) + "\n")
        return
    from rich import box
    from rich.table import Table
    from rich.text import Text

    out = console()
    if title:
        out.print(Text(title, style="bold"))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    numeric = [all(row[i] is None or _is_number(row[i]) for row in rows) and bool(rows) for i in range(len(columns))]
    for name, is_numeric in zip(columns, numeric, strict=True):
        is_word = is_numeric or name in WHOLE_WORDS or name.endswith(("_id", "_at", "_rows"))
        table.add_column(name, justify="right" if is_numeric else "left", overflow="fold", no_wrap=is_word)
    for row in rows:
        table.add_row(*(Text("" if value is None else _shown(value)) for value in row))
    natural = out.measure(table, options=out.options.update(max_width=100_000)).maximum
    if natural > out.width and len(rows) <= MOST_CARDS:
        for row in rows:
            out.print()
            field_list(dict(zip(columns, row, strict=True)))
        return
    out.width = max(out.width, min(natural, WIDEST))
    out.print(table, crop=False)


def field_list(pairs: Mapping[str, Any]) -> None:
    """Print names with values, one a line, aligned; empty values left out."""
    shown = {name: value for name, value in pairs.items() if value not in (None, "")}
    width = max((len(name) for name in shown), default=0)
    out = console()
    for name, value in shown.items():
        out.print(f"{name:<{width}}  {_shown(value)}", markup=False)


def say(text: str) -> None:
    """A line for people, without markup."""
    console().print(text, markup=False)


def moment(value: datetime | None) -> str | None:
    """A time as people read it, UTC, to the minute."""
    return None if value is None else value.strftime("%Y-%m-%d %H:%M")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float | Decimal):
        number = float(value)
        if number != number:
            return ""
        places = 2 if abs(number) >= 100 else 4
        return f"{number:,.{places}f}"
    return _plain(value)


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _jsonable(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [_jsonable(v) for v in value]
    if isinstance(value, dict):
        return {str(k): _jsonable(v) for k, v in value.items()}
    return value if isinstance(value, str | int | float | bool | None) else str(value)


@contextmanager
def the_catalog(home: Home) -> Iterator[Any]:
    """The published marts, read-only; MilepostError where nothing was published."""
    import duckdb

    path = home.current / "marts.duckdb"
    if not path.exists():
        raise MilepostError(
            "nothing is published yet",
            where=str(home.published),
            remedy="`milepost run` publishes what passes the gate; `milepost status` says what it waits for",
        )
    with duckdb.connect(str(path.resolve()), read_only=True) as connection:
        connection.execute("set enable_progress_bar = false")
        yield connection
