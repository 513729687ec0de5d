"""Checking one file against its contract without taking it in: what would be rejected, and why.

Belongs here: the trial. Not here: showing it (`milepost contract check`), taking files in (`ingestion/ingest.py`).
Nothing is written: neither the ledger nor the lake nor the vault learns of the file.
"""

from __future__ import annotations

import secrets
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from ingestion.batch.account import Account, count, refuse
from ingestion.batch.protect import protect
from ingestion.batch.settle import make_records, number_parts, settle
from ingestion.batch.sources import open_sources, stamp
from ingestion.batch.staging import stage
from ingestion.batch.write import expression_error, reject_failing, write_entities
from ingestion.cleaning.base import Setting
from ingestion.cleaning.kinds import register_functions
from ingestion.contracts.model import Contract, ContractSet
from ingestion.engine import open_engine
from ingestion.errors import MilepostError
from ingestion.home import Home
from ingestion.ledger.deliveries import RECEIVED, Delivery, Issue, Part
from ingestion.privacy.keys import KEY_BYTES, Keys
from ingestion.readers.encoding import Scan, scan
from ingestion.readers.probe import best_contract, layouts, possible


@dataclass(frozen=True)
class FileCheck:
    """What taking the file in would give; the rules that records break are its issues."""

    contract: str
    encoding: str | None
    parts: tuple[Part, ...]
    issues: tuple[Issue, ...]  # column, reason, effect, rows
    entity_rows: tuple[tuple[str, int], ...]
    held: tuple[str, ...]  # reasons why the delivery would be held

    @property
    def is_clean(self) -> bool:
        """No record is rejected and nothing holds the delivery."""
        return not self.held and not any(issue.effect == "rejected" for issue in self.issues)


def check_file(
    contracts: ContractSet, path: Path, system: str, now: datetime, contract_id: str | None = None
) -> FileCheck:
    """Read and clean a file as ingestion would, and count what comes of it; keys are not needed.

    `contract_id` says which contract to use; else it is recognised by system, name and headings. `now` is naive UTC.
    Raises MilepostError where the file is not recognised or an expression of the contract cannot be computed.
    """
    with path.open("rb") as file:
        found = scan(file)
    contract, encoding = _recognised(contracts, path, system, contract_id, found)
    delivery = Delivery(
        delivery_seq=1, delivery_id="check", source_system="", contract=contract.id,
        contract_version=contract.version, contract_fingerprint=contract.fingerprint, file_name=path.name,
        sha256=found.sha256, byte_count=found.byte_count, encoding=encoding, state=RECEIVED, state_reason=None,
        is_confirmed=False, received_at=now, state_at=now, archived_as=None, duplicate_of_seq=None,
        inbox_stamp=stamp(path), run_id=None,
    )  # fmt: skip
    account = Account()
    # tokens of a key that nobody keeps: the file's identifiers go nowhere
    keys = Keys(secrets.token_bytes(KEY_BYTES), {1: secrets.token_bytes(KEY_BYTES)}, 1)
    with tempfile.TemporaryDirectory() as folder, open_engine(Path(folder)) as connection:
        home = Home(Path(folder)).ensure()
        register_functions(connection)
        with open_sources(home, [delivery], contract, keys, path.parent) as (sources, refusals):
            staged = stage(connection, contract, sources, Setting(contract, now), keep_cells=True)
        refuse(account, [*refusals, *staged.refusals])
        if staged.sources:
            try:
                while True:
                    number_parts(connection, staged)
                    has_losers = settle(connection, staged)
                    protection = protect(connection, staged, keys, None, "check")
                    make_records(connection, staged, protection, has_losers=has_losers)
                    if not reject_failing(connection, staged):
                        break
                files = write_entities(connection, staged, Path(folder), "check")
                count(connection, staged, files, account)
            except duckdb.Error as error:
                raise expression_error(contract, error, tells=isinstance(error, duckdb.BinderException)) from None
    rows: dict[str, int] = {}
    for _, _, entity, number in account.entities:
        rows[entity] = rows.get(entity, 0) + number
    return FileCheck(
        contract.id, encoding, tuple(account.parts), tuple(account.issues), tuple(rows.items()),
        tuple(account.held.get(1, [])),
    )  # fmt: skip


def _recognised(
    contracts: ContractSet, path: Path, system: str, contract_id: str | None, found: Scan
) -> tuple[Contract, str | None]:
    """The file's contract and encoding."""
    if contract_id:
        allowed: tuple[Contract, ...] = (contracts.by_id(contract_id),)
    else:
        allowed = possible(contracts, system, lambda: path.open("rb"), path.name)
    if not allowed:
        raise MilepostError(
            "its name is none that a contract of the system reads",
            where=f"{system}/{path.name}",
            remedy="Name the contract, or see the names that are read: milepost contract list",
        )
    by_contract, encoding = layouts(lambda: path.open("rb"), found, allowed, path.name)
    best, reason = best_contract(by_contract)
    if best is None:
        raise MilepostError(reason, where=f"{system}/{path.name}")
    return contracts.by_id(best), encoding
