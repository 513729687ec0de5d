"""Opening the ledger: connection settings and bringing its schema to the present one.

Belongs here: how the database is opened and migrated. Not here: the schema (`tables.py`), queries (`deliveries.py`,
`builds.py`, `runs.py`), the migrations themselves (`migrations/versions`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text

from ingestion.errors import MilepostError
from ingestion.home import Home

#: Newest migration. Kept here so that opening a ledger that has it does not import alembic; a test compares the two.
HEAD = "0006"
MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_SECONDS = 30


def open_ledger(home: Home, url: str | None = None) -> Engine:
    """The home's ledger, created or migrated where needed.

    `url` opens another database (PostgreSQL) in place of the home's SQLite file. SQLite: write-ahead log, foreign
    keys on, waits up to `BUSY_SECONDS` for another writer. Raises MilepostError for a ledger of a newer Milepost.
    """
    if url is None:
        home.root.mkdir(parents=True, exist_ok=True)
        engine = create_engine(f"sqlite:///{home.ledger}", connect_args={"timeout": BUSY_SECONDS})
        event.listen(engine, "connect", _set_pragmas)
        # the driver's own transaction control begins too late for two writers: begin each transaction ourselves
        event.listen(engine, "begin", _begin)
    else:
        engine = create_engine(url)
    if schema_version(engine) != HEAD:
        _migrate(engine)
    return engine


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that takes the right to write at once, so that what it reads first cannot be changed meanwhile."""
    with engine.execution_options(milepost_writes=True).begin() as connection:
        yield connection


def schema_version(engine: Engine) -> str | None:
    """Migration that the database stands at; None for an empty one."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("select version_num from alembic_version")).scalar()


def _set_pragmas(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # see _begin
    cursor = connection.cursor()
    cursor.execute(f"pragma busy_timeout = {BUSY_SECONDS * 1000}")
    cursor.execute("pragma journal_mode = wal")
    cursor.execute("pragma synchronous = full")  # a commit survives a power failure: files follow the ledger
    cursor.execute("pragma foreign_keys = on")
    cursor.close()


def _begin(connection: Any) -> None:
    writes = connection.get_execution_options().get("milepost_writes", False)
    connection.exec_driver_sql("begin immediate" if writes else "begin")


def _migrate(engine: Engine) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except CommandError as error:
        raise MilepostError(
            f"the ledger stands at schema version {schema_version(engine)}, which this Milepost does not know",
            where=engine.url.render_as_string(hide_password=True),
            remedy="Use the Milepost that wrote it, or a newer one",
        ) from error
