"""Databases: a table or query read in batches, from the cursor on, in one read-only snapshot.

Belongs here: statements, connections, values to text. Not here: where the rows go (`land.py`), when (`pull.py`).

Every cell becomes text as an export would write it: a column's type then is the contract's to say, and does not change
with the rows a pull happens to have. The driver's messages are never shown: they may quote values, hosts and users.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pyarrow as pa

from ingestion.errors import MilepostError, TransientError
from ingestion.pull.cursor import Cursor
from ingestion.pull.declared import DatabaseSource, is_loopback, seconds

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine
    from sqlalchemy.engine import URL
    from sqlalchemy.exc import DBAPIError

CONNECT_SECONDS = 15
#: What the database says, by SQLSTATE: whole codes first, then classes.
_STATES = {
    "28P01": "the password is not accepted",
    "28000": "the user is not let in",
    "3D000": "there is no such database",
    "42P01": "there is no such table",
    "42703": "there is no such column",
    "42501": "the user may not read it",
    "57014": "the statement took longer than the timeout",
    "40001": "the transaction met another one",
    "42": "the statement is not understood",
    "22": "a value cannot be read",
    "08": "the connection failed",
    "53": "the database has no resources left",
    "57": "the database was stopped",
}
_PASSING = ("08", "53", "57P", "40")


@dataclass(frozen=True)
class Batch:
    """Rows as columns of text, and the cursor column's own values."""

    columns: tuple[pa.Array, ...]
    cursors: Sequence[Any]
    row_count: int


@contextmanager
def open_rows(
    source: DatabaseSource, environment: Mapping[str, str], since: Cursor | None, *, is_strict: bool, name: str
) -> Iterator[tuple[tuple[str, ...], Iterator[Batch]]]:
    """Names of the columns, and the rows in batches in the cursor's order, while the connection is open.

    `since`: rows from this cursor on (`is_strict`: after it). MilepostError says what is wrong without quoting the
    driver; TransientError where trying again may help.
    """
    from sqlalchemy.exc import DBAPIError, SQLAlchemyError

    url = _address(source, environment, name)
    engine = _engine(source, url, name)
    try:
        with engine.connect() as connection:
            statement, parameters = _statement(connection, source, since, is_strict=is_strict, name=name)
            result = connection.execution_options(stream_results=True, yield_per=source.batch_rows).execute(
                statement, parameters
            )
            names = tuple(result.keys())
            if repeated := sorted({column for column in names if names.count(column) > 1}):
                raise MilepostError(
                    f"gives the column {', '.join(repeated)} more than once", where=name, remedy="Name it anew by `as`"
                )
            if source.cursor is not None and source.cursor not in names:
                raise MilepostError(f"has no column {source.cursor}, which is to be the cursor", where=name)
            place = names.index(source.cursor) if source.cursor is not None else None
            yield names, _batches(result.partitions(source.batch_rows), place)
    except DBAPIError as error:
        raise _told(error, name) from None
    except SQLAlchemyError as error:
        raise MilepostError(f"cannot be read ({type(error).__name__})", where=name) from None
    finally:
        engine.dispose()


def _batches(partitions: Iterator[Sequence[Any]], place: int | None) -> Iterator[Batch]:
    for rows in partitions:
        columns = list(zip(*rows, strict=True))
        cursors = columns[place] if place is not None else ()
        yield Batch(tuple(as_texts(column) for column in columns), cursors, len(rows))


def _address(source: DatabaseSource, environment: Mapping[str, str], name: str) -> URL:
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    text = environment.get(source.url_env, "").strip()
    if not text:
        raise MilepostError(
            f"the environment variable {source.url_env} is not set",
            where=name,
            remedy="It holds the database's address, as in postgresql+psycopg://user:password@host/database",
        )
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise MilepostError(f"{source.url_env} holds no address of a database", where=name) from None
    # SQLAlchemy's own choices are other drivers
    return url.set(drivername="postgresql+psycopg") if url.drivername in ("postgresql", "postgres") else url


def _engine(source: DatabaseSource, url: URL, name: str) -> Engine:
    from sqlalchemy import create_engine
    from sqlalchemy.exc import NoSuchModuleError
    from sqlalchemy.pool import NullPool

    options: dict[str, Any] = {}
    arguments: dict[str, Any] = {}
    backend = url.get_backend_name()
    if backend == "sqlite":
        path = url.database or ""
        if not Path(path).is_file():
            raise MilepostError("the SQLite file is not there", where=f"{name} ({source.url_env})")
        url = url.set(database=f"file:{path}", query={"mode": "ro", "uri": "true"})
    elif backend == "postgresql":
        arguments = {"connect_timeout": CONNECT_SECONDS, "application_name": "milepost"}
        limit = seconds(source.timeout) * 1000
        arguments["options"] = f"-c TimeZone=UTC -c statement_timeout={limit}"
        arguments |= _encryption(url, name)
        # one snapshot for the whole pull, and no way to change anything
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    try:
        return create_engine(
            url, connect_args=arguments, execution_options=options, poolclass=NullPool, hide_parameters=True
        )
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        wanted = "milepost[postgres]" if backend == "postgresql" else f"the driver {getattr(error, 'name', '') or ''}"
        raise MilepostError(
            f"there is no driver for {url.drivername}", where=name, remedy=f"Install {wanted.strip()}"
        ) from None


def _encryption(url: URL, name: str) -> dict[str, Any]:
    """How the connection is encrypted: with the server's certificate checked, unless it stays on this machine."""
    given = url.query.get("sslmode")
    host = url.host or url.query.get("host")
    is_local = is_loopback(host if isinstance(host, str) or host is None else host[0]) or str(host).startswith("/")
    if is_local:
        return {}
    if given in ("disable", "allow", "prefer"):
        raise MilepostError(
            f"sslmode={given} would send the password and personal data in clear",
            where=name,
            remedy="Use sslmode=verify-full, or require where the certificate cannot be checked",
        )
    return {} if given else {"sslmode": "verify-full", "sslrootcert": url.query.get("sslrootcert", "system")}


def _statement(
    connection: Connection, source: DatabaseSource, since: Cursor | None, *, is_strict: bool, name: str
) -> tuple[Any, dict[str, Any]]:
    from sqlalchemy import text

    preparer = connection.dialect.identifier_preparer
    order: list[str] = []
    if source.table is not None:
        parts = source.table.split(".")
        relation = ".".join(preparer.quote(part) for part in parts)
        chosen = ", ".join(preparer.quote(column) for column in source.columns) or "*"
        order = [preparer.quote(column) for column in _primary_key(connection, parts, name)]
    else:
        assert source.query is not None
        # colons of casts and literals are no parameters
        relation = "(" + source.query.strip().rstrip(";").replace(":", "\\:") + "\n) pulled"
        chosen = "*"
    sql = f"select {chosen} from {relation}"
    parameters: dict[str, Any] = {}
    if source.cursor is not None:
        cursor = preparer.quote(source.cursor)
        if since is not None:
            sql += f" where {cursor} {'>' if is_strict else '>='} :milepost_since"
            is_foreign = isinstance(since.value, Decimal) and connection.dialect.name == "sqlite"
            parameters["milepost_since"] = float(since.value) if is_foreign else since.value
        order = [cursor, *(column for column in order if column != cursor)]
    if order:
        # a fixed order: the same rows give the same bytes, and nothing new is seen as such
        sql += f" order by {', '.join(order)}"
    return text(sql), parameters


def _primary_key(connection: Connection, parts: Sequence[str], name: str) -> list[str]:
    from sqlalchemy import inspect
    from sqlalchemy.exc import NoSuchTableError

    try:
        schema = parts[-2] if len(parts) > 1 else None
        return list(inspect(connection).get_pk_constraint(parts[-1], schema=schema).get("constrained_columns") or [])
    except NoSuchTableError:
        raise MilepostError(f"there is no table {'.'.join(parts)}", where=name) from None


def as_texts(values: Sequence[Any]) -> pa.Array:
    """One column of a batch as text; null stays null."""
    kinds = set(map(type, values)) - {type(None)}
    if kinds <= {str}:
        return pa.array(values, pa.string())
    if kinds == {int} and all(value is None or -(2**63) <= value < 2**63 for value in values):
        return pa.array(values, pa.int64()).cast(pa.string())
    return pa.array([None if value is None else as_text(value) for value in values], pa.string())


def as_text(value: Any) -> str:
    """A value as an export would write it: ISO 8601, plain digits, true and false, JSON for what is nested."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dt.timedelta):
        total = int(value.total_seconds())
        return f"{total // 3600:02d}:{total // 60 % 60:02d}:{total % 60:02d}"
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=as_text)
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    if isinstance(value, int | float | dt.date | dt.time | UUID):
        return str(value)
    raise MilepostError(
        f"a column holds values of type {type(value).__name__}, which have no text",
        remedy="Leave the column out (columns), or cast it in a query",
    )


def _told(error: DBAPIError, name: str) -> MilepostError:
    """What went wrong, in words of our own."""
    code = getattr(error.orig, "sqlstate", None) or ""
    words = next((_STATES[key] for key in (code, code[:2]) if key in _STATES), None)
    kind = type(error.orig).__name__
    if words is None and kind == "OperationalError" and not code:
        words = "the database cannot be reached, or cannot read what was asked for"
    what = f"{words or 'the database refused'} ({kind}{f', SQLSTATE {code}' if code else ''})"
    is_passing = error.connection_invalidated or code.startswith(_PASSING) or (not code and kind == "OperationalError")
    return (TransientError if is_passing else MilepostError)(what, where=name)
