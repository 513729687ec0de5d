"""Receiving: files at rest in the inbox become deliveries, recognised, archived encrypted and registered.

Belongs here: which files are taken, in which order, and what they are. Not here: reading records (`ingestion/batch`),
taking files out of the inbox once they are committed (`recovery.leave_inbox`).
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine

from ingestion.batch.sources import SHORTAGES, inbox_path, is_in_inbox, stamp
from ingestion.contracts.model import Contract, ContractSet, Coverage, SupersedeBy
from ingestion.errors import MilepostError
from ingestion.home import Home
from ingestion.ledger.deliveries import (
    ACTIVE,
    DUPLICATE,
    HELD,
    RECEIVED,
    UNRECOGNISED,
    WITHDRAWN,
    Delivery,
    list_deliveries,
    register,
    set_state,
)
from ingestion.ledger.engine import writing
from ingestion.privacy.crypt import encrypt_file
from ingestion.privacy.keys import Keys
from ingestion.readers.encoding import Scan, scan
from ingestion.readers.probe import DAMAGED, best_contract, layouts, possible

#: Names of files that are still being written, or are none of anybody's business.
_UNFINISHED = (".tmp", ".temp", ".part", ".partial", ".crdownload", ".download", ".filepart", ".swp", ".lock")


@dataclass
class ReceiveResult:
    """What a look at the inbox gave."""

    received: list[Delivery] = field(default_factory=list)  # new, to be ingested
    duplicates: list[Delivery] = field(default_factory=list)  # the same bytes again, without effect
    unrecognised: list[Delivery] = field(default_factory=list)  # all that lie in the inbox, new or not
    waiting: list[str] = field(default_factory=list)  # files not at rest yet, below the inbox
    unreadable: list[str] = field(default_factory=list)  # files and folders that may not be read, with the reason


@dataclass(frozen=True)
class _Found:
    """A file in the inbox that was looked at."""

    system: str
    name: str  # below the system's folder
    path: Path
    stamp: str
    scan: Scan
    encoding: str | None
    contract: Contract | None
    reason: str


def files_in_inbox(inbox: Path) -> Iterator[tuple[str, str, Path]]:
    """(system, name below its folder, path) of each file to take, by system and name; a cheap look for sensors."""
    if not inbox.is_dir():
        return
    for system in sorted(entry.name for entry in os.scandir(inbox) if entry.is_dir() and entry.name[0] not in "._"):
        top = inbox / system
        names = []
        closed: list[OSError] = []
        for folder, folders, files in os.walk(top, onerror=closed.append):
            folders[:] = [name for name in folders if name[0] not in "._"]
            names += [Path(folder, name).relative_to(top).as_posix() for name in files if _is_finished(name)]
        # folders that may not be read are told as files that may not
        names += [Path(str(error.filename)).relative_to(top).as_posix() for error in closed]
        for name in sorted(names):
            yield system, name, top / name
    for name in sorted(entry.name for entry in os.scandir(inbox) if entry.is_file() and _is_finished(entry.name)):
        yield "", name, inbox / name


def has_news(home: Home, ledger: Engine, inbox: Path | None = None) -> bool:
    """Whether there is anything for a run: a file that was not looked at yet, or a delivery not yet ingested."""
    if list_deliveries(ledger, states=[RECEIVED]):
        return True
    return bool(new_files(ledger, inbox or home.inbox))


def new_files(ledger: Engine, inbox: Path) -> list[Path]:
    """Files of the inbox that were not looked at yet, as they are now; a cheap look, without hashing."""
    known = _known_stamps(ledger)
    return [path for s, n, path in files_in_inbox(inbox) if known.get((s, n)) != _stamp_or_none(path)]


def receive(
    home: Home,
    ledger: Engine,
    contracts: ContractSet,
    keys: Keys,
    now: datetime,
    inbox: Path | None = None,
    run_id: str | None = None,
    rest_seconds: float = 0.0,
    progress: Callable[[str], None] | None = None,
) -> ReceiveResult:
    """Take what is new in the inbox: hash, recognise, archive encrypted and register it; needs the home's lock.

    Files change nothing in the inbox here: they leave it after their batch was committed. A file counts as at rest
    when it was not changed within `rest_seconds` before `now`, nor while it was read. Order: system, then file name.
    """
    result = ReceiveResult()
    home.ensure()
    known = _known_stamps(ledger)
    new = []
    for system, name, path in files_in_inbox(inbox or home.inbox):
        if known.get((system, name)) == _stamp_or_none(path):
            continue
        if _is_moving(path, now, rest_seconds):
            result.waiting.append(f"{system}/{name}")
            continue
        new.append((system, name, path))

    def look(entry: tuple[str, str, Path]) -> _Found | OSError | None:
        try:
            return _look(*entry, contracts)
        except (PermissionError, IsADirectoryError) as error:
            return error

    def keep(one: _Found) -> bool:
        return one.contract is None or _archive(home, one, keys)

    if progress and new:
        progress(f"receiving {len(new)} files")
    with ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
        found = [(entry, look_at) for entry, look_at in zip(new, pool.map(look, new), strict=True)]
        result.waiting += [f"{system}/{name}" for (system, name, _), one in found if one is None]
        looked = [one for _, one in found if isinstance(one, _Found)]
        kept = list(pool.map(keep, looked))
    for entry, one in found:
        if isinstance(one, OSError):
            result.unreadable.append(f"{entry[0]}/{entry[1]}: cannot be read ({type(one).__name__})")
    result.waiting += [f"{one.system}/{one.name}" for one, is_kept in zip(looked, kept, strict=True) if not is_kept]
    looked = [one for one, is_kept in zip(looked, kept, strict=True) if is_kept]
    with writing(ledger) as connection:
        _recognise_again(connection, home, ledger, contracts, keys, now, inbox, result)
        history = _History(home, contracts, list_deliveries(ledger))
        for one in looked:
            _register(connection, one, history, now, run_id, result)
    return result


def _register(
    connection: Connection, one: _Found, history: _History, now: datetime, run_id: str | None, result: ReceiveResult
) -> None:
    values: dict[str, Any] = {
        "source_system": one.system,
        "file_name": one.name,
        "sha256": one.scan.sha256,
        "byte_count": one.scan.byte_count,
        "encoding": one.encoding,
        "received_at": now,
        "inbox_stamp": one.stamp,
        "run_id": run_id,
    }
    if one.contract is None:
        delivery = register(connection, {**values, "state": UNRECOGNISED, "state_reason": one.reason})
        result.unrecognised.append(delivery)
        return
    values |= _contract_values(one.contract) | {"archived_as": archive_name(one.scan.sha256)}
    former = history.same_bytes(one)
    if former is not None and not history.is_replaced(former, one):
        values |= {"state": DUPLICATE, "state_reason": f"the same bytes as {former.delivery_id}"}
        delivery = register(connection, {**values, "duplicate_of_seq": former.delivery_seq})
        result.duplicates.append(delivery)
    else:
        delivery = register(connection, {**values, "state": RECEIVED})
        result.received.append(delivery)
    history.add(delivery)


def recognise(system: str, path: Path, contracts: ContractSet) -> tuple[Contract | None, str]:
    """The contract that would read a file dropped for that system, and why none would; nothing is registered."""
    found = _look(system, path.name, path, contracts)
    if found is None:
        return None, "changed while it was read, or cannot be read"
    return found.contract, found.reason


def archive_name(sha256: str) -> str:
    """Path below the archive of the file with that hash."""
    return f"{sha256[:2]}/{sha256}.mpf"


class _History:
    """Former deliveries, as far as they decide whether the same bytes are a new delivery."""

    def __init__(self, home: Home, contracts: ContractSet, deliveries: Sequence[Delivery]) -> None:
        self._home = home
        self._contracts = {contract.id: contract for contract in contracts.contracts}
        # only these count, or will
        self._deliveries = [d for d in deliveries if d.state in (ACTIVE, RECEIVED, HELD)]

    def add(self, delivery: Delivery) -> None:
        """One more, registered just now."""
        if delivery.state == RECEIVED:
            self._deliveries.append(delivery)

    def same_bytes(self, one: _Found) -> Delivery | None:
        """The last delivery of the same bytes, system and contract that counts or is held."""
        assert one.contract is not None
        contract = one.contract.id
        same = [d for d in self._deliveries if d.sha256 == one.scan.sha256 and d.contract == contract]
        return same[-1] if same else None

    def is_replaced(self, former: Delivery, one: _Found) -> bool:
        """Whether a later delivery has replaced `former`: a later full export of its contract, or a later file of the
        same name or period."""
        contract = one.contract
        assert contract is not None
        later = [
            d
            for d in self._deliveries
            if d.contract == contract.id
            and d.delivery_seq > former.delivery_seq
            and d.sha256 != former.sha256
            and d.state != HELD
        ]
        if contract.coverage is Coverage.FULL:
            return bool(later)
        if contract.supersede.by is SupersedeBy.NONE:
            return False
        if any(d.file_name == former.file_name for d in later):
            return True
        if contract.supersede.by is not SupersedeBy.PERIOD:
            return False
        # what was received just now has not been read, so that its periods are unknown; the same again does no harm
        return any(d.state == RECEIVED for d in later) or self._shares_period(former, later)

    def _shares_period(self, former: Delivery, later: Sequence[Delivery]) -> bool:
        folder = self._home.entity("delivery_unit")
        seqs = [d.delivery_seq for d in later if d.state == ACTIVE]
        if not seqs or not any(folder.glob("*.parquet")):
            return False
        import duckdb

        with duckdb.connect() as connection:
            row = connection.execute(
                "with units as (select unit, delivery_seq from read_parquet($path) where contract = $contract) "
                "select count(*) from units where delivery_seq = $former "
                "and unit in (select unit from units where list_contains($later, delivery_seq))",
                {
                    "path": str(folder / "*.parquet"),
                    "contract": former.contract,
                    "former": former.delivery_seq,
                    "later": seqs,
                },
            ).fetchone()
        return bool(row and row[0])


def _look(system: str, name: str, path: Path, contracts: ContractSet) -> _Found | None:
    """Hash and recognise one file; None where it changed meanwhile or is gone. OSError where it is closed to us."""
    before = _stamp_or_none(path)
    allowed: tuple[Contract, ...] = ()
    contract, reason, encoding = None, _why_not(contracts, system), None
    try:
        with path.open("rb") as file:
            found = scan(file)
        try:
            allowed = possible(contracts, system, lambda: path.open("rb"), name)
            if allowed:
                by_contract, encoding = layouts(lambda: path.open("rb"), found, allowed, name)
                best, reason = best_contract(by_contract)
                contract = next((candidate for candidate in allowed if candidate.id == best), None)
        except (FileNotFoundError, PermissionError):
            raise
        except (MilepostError, OSError, *DAMAGED) as error:
            if isinstance(error, OSError) and error.errno in SHORTAGES:
                raise
            # of a damaged archive any place may be asked for, also one before its beginning
            contract, encoding = (allowed[0] if len(allowed) == 1 else None), None
            reason = error.what if isinstance(error, MilepostError) else f"is damaged ({type(error).__name__})"
    except FileNotFoundError:
        return None
    if before is None or _stamp_or_none(path) != before:
        return None
    return _Found(system, name, path, before, found, encoding, contract, reason)


def _archive(home: Home, one: _Found, keys: Keys) -> bool:
    """Archive the bytes that were looked at; False where the file has changed since, or is gone."""
    target = home.archive / archive_name(one.scan.sha256)
    if target.exists():  # its name is the hash of its content
        return True
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    unfinished = target.with_name(f".{target.name}.{secrets.token_hex(4)}.unfinished")
    try:
        encrypt_file(one.path, unfinished, keys)
        if _stamp_or_none(one.path) != one.stamp:
            return False
        unfinished.replace(target)
    except FileNotFoundError:
        return False
    finally:
        unfinished.unlink(missing_ok=True)
    return True


def _recognise_again(
    connection: Connection,
    home: Home,
    ledger: Engine,
    contracts: ContractSet,
    keys: Keys,
    now: datetime,
    inbox: Path | None,
    result: ReceiveResult,
) -> None:
    """Files that lay unrecognised in the inbox: contracts may have come for them, or they may have been taken away."""
    for delivery in list_deliveries(ledger, states=[UNRECOGNISED]):
        if not is_in_inbox(home, delivery, inbox):
            reason = "no longer in the inbox"
            set_state(connection, delivery.delivery_seq, WITHDRAWN, now, reason, inbox_stamp=None)
            continue
        path = inbox_path(home, delivery, inbox)
        one = None
        if contracts.of_system(delivery.source_system):
            try:
                one = _look(delivery.source_system, delivery.file_name, path, contracts)
            except PermissionError as error:
                result.unreadable.append(
                    f"{delivery.source_system}/{delivery.file_name}: cannot be read ({type(error).__name__})"
                )
        if one is None or one.contract is None:
            result.unrecognised.append(delivery)
            continue
        if not _archive(home, one, keys):
            result.unrecognised.append(delivery)
            continue
        further = _contract_values(one.contract) | {
            "archived_as": archive_name(one.scan.sha256),
            "encoding": one.encoding,
        }
        set_state(connection, delivery.delivery_seq, RECEIVED, now, None, **further)
        result.received.append(delivery)


def _contract_values(contract: Contract) -> dict[str, str]:
    return {
        "contract": contract.id,
        "contract_version": contract.version,
        "contract_fingerprint": contract.fingerprint,
    }


def _why_not(contracts: ContractSet, system: str) -> str:
    known = contracts.of_system(system)
    if not system:
        return "lies in no system's folder"
    if not known:
        systems = sorted({contract.system for contract in contracts.contracts})
        return f"no contract for the system {system}; there are: {', '.join(systems)}"
    return f"its name is none that a contract of {system} reads"


def _known_stamps(ledger: Engine) -> Mapping[tuple[str, str], str | None]:
    """Stamp of the last delivery of each file that is still in the inbox."""
    return {(d.source_system, d.file_name): d.inbox_stamp for d in list_deliveries(ledger) if d.inbox_stamp}


def _is_finished(name: str) -> bool:
    return not (name.startswith((".", "~$", "_")) or name.lower().endswith(_UNFINISHED))


def _stamp_or_none(path: Path) -> str | None:
    try:
        return stamp(path)
    except FileNotFoundError:
        return None


def _is_moving(path: Path, now: datetime, rest_seconds: float) -> bool:
    if rest_seconds <= 0:
        return False
    from datetime import UTC

    try:
        changed = datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(tzinfo=None)
    except FileNotFoundError:
        return True
    return (now - changed).total_seconds() < rest_seconds
