"""Dagster's event log in SQLite, with its connections kept open.

Belongs here: how Dagster's own log is stored on one machine. Not here: what is logged. Dagster's default opens, commits
to disk and closes a connection for every event, which takes longer than many of the steps it tells about. Events are no
record of data (the ledger is): that the last ones may be lost in a power failure is no harm. A killed process loses
none.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._serdes import ConfigurableClassData
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import StaticPool

#: Databases (one per run, and the index) whose connection is kept.
KEPT = 4


class KeptSqliteEventLogStorage(SqliteEventLogStorage):
    """Dagster's SQLite event log with one kept connection per database; the same files, readable by the default one."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines: OrderedDict[str, Engine] = OrderedDict()
        super().__init__(base_dir, inst_data)

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> KeptSqliteEventLogStorage:
        return cls(inst_data=inst_data, **config_value)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            engine = self._engine(shard)
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            with engine.connect() as connection, connection.begin():
                yield connection

    def _engine(self, shard: str) -> Engine:
        engine = self._engines.pop(shard, None)
        if engine is None:
            engine = create_engine(
                self.conn_string_for_shard(shard),
                poolclass=StaticPool,
                # used by one thread at a time, under the storage's lock
                connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
            )
            event.listen(engine, "connect", _set_pragmas)
        self._engines[shard] = engine
        while len(self._engines) > KEPT:
            self._engines.popitem(last=False)[1].dispose()
        return engine

    def dispose(self) -> None:
        """Close what is kept open."""
        while self._engines:
            self._engines.popitem()[1].dispose()
        super().dispose()


def _set_pragmas(connection: Any, _record: Any) -> None:
    connection.execute("pragma synchronous = off")
