"""Pulling: every declared source that is due is read, landed and registered; one that fails stops no other.

Belongs here: what is due, one source from address to delivery, what the ledger is told. Not here: reading
(`database.py`, `api.py`), when this is called (`orchestration/pulling.py`).
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from filelock import FileLock, Timeout
from sqlalchemy import Engine

from ingestion.contracts.model import Contract, ContractSet, SupersedeBy
from ingestion.errors import MilepostError, TransientError
from ingestion.home import Home
from ingestion.ledger import pulls
from ingestion.ledger.deliveries import RECEIVED, register
from ingestion.ledger.engine import writing
from ingestion.privacy.keys import Keys
from ingestion.pull import api, database
from ingestion.pull.cursor import Cursor, Furthest, given_cursor, is_after, later
from ingestion.pull.declared import ApiSource, DatabaseSource, check_contract
from ingestion.pull.land import SUFFIXES, Landing, RecordWriter, TableWriter, landing, sweep
from ingestion.pull.web import Client
from ingestion.receive import archive_name

AnySource = DatabaseSource | ApiSource
#: How often a database that may answer when asked again is asked within one pull.
_ATTEMPTS = 3


@dataclass(frozen=True)
class Pulled:
    """What became of one source."""

    source: str
    contract: str
    rows: int = 0
    delivery_id: str | None = None
    failure: str | None = None
    note: str | None = None

    @property
    def line(self) -> str:
        """For people."""
        if self.failure is not None:
            return f"{self.source}: {self.failure}"
        what = f"{self.rows:,} rows" if self.delivery_id else "nothing new"
        return f"{self.source}: {what}" + (f" ({self.note})" if self.note else "")


@dataclass(frozen=True)
class Waits:
    """How waiting is done; tests give their own."""

    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random


@dataclass
class _Read:
    """What reading a source gave."""

    rows: int = 0
    furthest: Furthest | None = None
    notes: list[str] = field(default_factory=list)


def due(sources: Mapping[str, AnySource], states: Mapping[str, pulls.PullState], now: datetime) -> list[str]:
    """Names of the sources whose time has come, in declared order. `now` is naive UTC."""
    found = []
    for name, source in sources.items():
        tried_at = states[name].tried_at if name in states else None
        # a moment's grace, so that a schedule of the same interval does not miss every second time
        if tried_at is None or now - tried_at >= timedelta(seconds=source.every_seconds * 0.9):
            found.append(name)
    return found


def pull_sources(
    home: Home,
    ledger: Engine,
    contracts: ContractSet,
    keys: Keys,
    sources: Mapping[str, AnySource],
    environment: Mapping[str, str],
    *,
    now: datetime,
    received_at: datetime | None = None,
    run_id: str | None = None,
    waits: Waits | None = None,
    tell: Callable[[str], None] | None = None,
) -> list[Pulled]:
    """Pull the sources given, one after the other; what fails is noted in the ledger and in the answer.

    `now` (naive UTC) is when they are tried, `received_at` the clock of their deliveries (default: `now`). Needs no
    lock of the home: a long pull stops no run. Raises TransientError where another pull is under way.
    """
    home.ensure()
    lock = FileLock(home.pull_lock_file)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        where, remedy = str(home.root), "Wait until it has ended"
        raise TransientError("another pull is under way", where=where, remedy=remedy) from None
    done = []
    try:
        sweep(home)
        for name, source in sources.items():
            if tell is not None:
                tell(f"pulling {name}")
            try:
                one = _start(
                    home, ledger, contracts, keys, name, source, environment, now, received_at or now, run_id,
                    waits or Waits(),
                )  # fmt: skip
            except (MilepostError, OSError) as error:
                # an error of the system names its own paths at most; never a record
                failure = str(error) if isinstance(error, MilepostError) else type(error).__name__
                with writing(ledger) as connection:
                    pulls.note_failure(connection, name, source.contract, now, failure)
                one = Pulled(name, source.contract, failure=failure)
            done.append(one)
    finally:
        lock.release()
    return done


@dataclass(frozen=True)
class _Pull:
    """One pull of one source: what it needs to know."""

    home: Home
    ledger: Engine
    keys: Keys
    name: str
    source: AnySource
    contract: Contract
    environment: Mapping[str, str]
    now: datetime
    received_at: datetime
    run_id: str | None
    waits: Waits
    committed: Cursor | None  # how far the committed deliveries go
    last_sha256: str | None

    @property
    def since(self) -> Cursor | None:
        """Where reading begins; None: at the beginning."""
        if self.source.cursor is None:
            return None
        if self.committed is not None:
            return self.committed.back(self.source.window_size)
        return None if self.source.since is None else given_cursor(self.source.since)

    @property
    def is_strict(self) -> bool:
        """Records at the cursor itself may not come again: every record counts."""
        return self.contract.supersede.by is SupersedeBy.NONE and self.committed is not None

    def run(self) -> Pulled:
        """Read, land, register."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                with landing(self.home, self.keys) as file:
                    return self._land(file)
            except TransientError:
                # an API was asked again, page by page; a database's snapshot is read as a whole
                if attempt == _ATTEMPTS or isinstance(self.source, ApiSource):
                    raise
                self.waits.sleep(2.0 ** (attempt - 1) * (0.5 + self.waits.chance() / 2))
        raise AssertionError("the last attempt returns or raises")

    def _land(self, file: Landing) -> Pulled:
        read = _Read(furthest=Furthest(self.now) if self.source.cursor else None)
        if isinstance(self.source, DatabaseSource):
            self._read_database(file, self.source, read)
        else:
            self._read_api(file, self.source, read)
        file.settle()
        if read.furthest is not None and read.furthest.missing:
            read.notes.append(f"{read.furthest.missing:,} rows have no cursor: they are not read again")
        if read.furthest is not None and read.furthest.in_future:
            read.notes.append(f"{read.furthest.in_future:,} rows lie in the future: the cursor stays before them")
        note = "; ".join(read.notes) or None
        if not read.rows or self.last_sha256 == file.sha256:
            with writing(self.ledger) as connection:
                pulls.note_success(connection, self.name, self.contract.id, self.now, read.rows, None, note)
            return Pulled(self.name, self.contract.id, note=note)
        file.move(self.home.archive / archive_name(file.sha256))
        cursor = later(self.committed, read.furthest.cursor if read.furthest else None)
        with writing(self.ledger) as connection:
            delivery = register(connection, self._values(file))
            pulls.note_delivery(
                connection, delivery.delivery_seq, self.name, (cursor.kind, cursor.text) if cursor else None, read.rows
            )
            pulls.note_success(connection, self.name, self.contract.id, self.now, read.rows, file.sha256, note)
        return Pulled(self.name, self.contract.id, read.rows, delivery.delivery_id, note=note)

    def _values(self, file: Landing) -> dict[str, Any]:
        """The delivery, as the ledger keeps it. What is read as a whole always has the same name."""
        moment = "" if self.source.cursor is None else f"/{self.received_at:%Y%m%dT%H%M%S}"
        return {
            "source_system": self.contract.system,
            "file_name": f"{self.name}{moment}{SUFFIXES[self.contract.file.format]}",
            "sha256": file.sha256,
            "byte_count": file.byte_count,
            "received_at": self.received_at,
            "run_id": self.run_id,
            "contract": self.contract.id,
            "contract_version": self.contract.version,
            "contract_fingerprint": self.contract.fingerprint,
            "archived_as": archive_name(file.sha256),
            "state": RECEIVED,
        }

    def _read_database(self, file: Landing, source: DatabaseSource, read: _Read) -> None:
        with database.open_rows(source, self.environment, self.since, is_strict=self.is_strict, name=self.name) as (
            names,
            batches,
        ):
            writer = TableWriter(file, self.contract, names)
            for batch in batches:
                writer.write(batch.columns)
                read.rows += batch.row_count
                if read.furthest is not None:
                    read.furthest.take(batch.cursors, is_ordered=True)
            writer.close()

    def _read_api(self, file: Landing, source: ApiSource, read: _Read) -> None:
        client = Client(source, self.environment, self.name, self.waits.sleep, self.waits.chance)
        writer = RecordWriter(file)
        try:
            for records in api.pages_of(client, source, self.since):
                # APIs answer from the cursor on, mostly itself included
                kept = [r for r in records if not self.is_strict or is_after(_cursor_in(r, source), self.committed)]
                writer.write(kept)
                read.rows += len(kept)
                if read.furthest is not None:
                    read.furthest.take(_cursor_in(record, source) for record in kept)
        finally:
            client.close()
        writer.close()
        if client.retries:
            read.notes.append(f"{client.retries} of {client.requests} requests were asked again")


def _cursor_in(record: Mapping[str, Any], source: ApiSource) -> Any:
    return api.at_place(record, str(source.cursor))


def _start(
    home: Home,
    ledger: Engine,
    contracts: ContractSet,
    keys: Keys,
    name: str,
    source: AnySource,
    environment: Mapping[str, str],
    now: datetime,
    received_at: datetime,
    run_id: str | None,
    waits: Waits,
) -> Pulled:
    contract = _contract(contracts, source, name)
    if name in pulls.waiting_sources(ledger):
        return Pulled(name, contract.id, note="what came last waits to be ingested")
    state = pulls.pull_states(ledger).get(name)
    committed = None
    if state is not None and state.cursor_kind is not None and state.cursor_text is not None:
        committed = Cursor(state.cursor_kind, state.cursor_text)
    return _Pull(
        home, ledger, keys, name, source, contract, environment, now, received_at, run_id, waits, committed,
        state.last_sha256 if state is not None else None,
    ).run()  # fmt: skip


def _contract(contracts: ContractSet, source: AnySource, name: str) -> Contract:
    try:
        contract = contracts.by_id(source.contract)
    except KeyError:
        raise MilepostError(
            f"there is no contract {source.contract}", where=name, remedy="See: milepost contract list"
        ) from None
    check_contract(source, contract)
    return contract
