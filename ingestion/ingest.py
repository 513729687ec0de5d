"""Ingestion in one call: what is in the inbox becomes checked, accounted parts of the clean lake.

Belongs here: the order of receiving, batches, checks and the commit. Not here: any of these steps.
"""

from __future__ import annotations

import shutil
import uuid
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from ingestion.batch.run import Batch, run_batch
from ingestion.batch.shrinkage import hold_shrunk
from ingestion.batch.write import REJECTS, UNITS, VAULT
from ingestion.checks import EntityCheck
from ingestion.cleaning.base import Setting
from ingestion.cleaning.kinds import register_functions
from ingestion.commit import commit, judge, staging_folder
from ingestion.contracts.model import ContractSet
from ingestion.engine import open_engine
from ingestion.errors import MilepostError, TransientError
from ingestion.home import Home
from ingestion.lake import ensure_schemas
from ingestion.ledger.deliveries import (
    ACTIVE,
    FAILED,
    HELD,
    RECEIVED,
    Delivery,
    Issue,
    Part,
    issues_of,
    list_deliveries,
    parts_of,
    record_source_checks,
    set_state,
)
from ingestion.ledger.engine import writing
from ingestion.person.erased import keep_archive_erased, read_erased
from ingestion.privacy.keys import Keys
from ingestion.privacy.vault import Vault
from ingestion.receive import ReceiveResult, receive
from ingestion.recovery import leave_inbox, recover

#: Told while it runs: what is being done, in words.
Progress = Callable[[str], None]


@dataclass(frozen=True)
class EngineLimits:
    """How much of the machine ingestion may take; None: half of the memory, all cores."""

    memory: str | None = None  # as DuckDB writes it: 4GB
    threads: int | None = None


@dataclass
class IngestResult:
    """What an ingestion did, by delivery."""

    receipt: ReceiveResult
    batch_id: str | None  # None: there was nothing to ingest
    deliveries: list[Delivery] = field(default_factory=list)  # in their new states
    parts: list[Part] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
    entity_rows: dict[str, int] = field(default_factory=dict)

    @property
    def received_rows(self) -> int:
        return sum(part.received_rows for part in self.parts)

    @property
    def accepted_rows(self) -> int:
        return sum(part.accepted_rows for part in self.parts)

    @property
    def superseded_rows(self) -> int:
        return sum(part.superseded_rows for part in self.parts)

    @property
    def rejected_rows(self) -> int:
        return sum(part.rejected_rows for part in self.parts)

    @property
    def active(self) -> list[Delivery]:
        return [delivery for delivery in self.deliveries if delivery.state == ACTIVE]

    @property
    def held(self) -> list[Delivery]:
        """Held or failed: a person has to look at them."""
        return [delivery for delivery in self.deliveries if delivery.state in (HELD, FAILED)]

    @property
    def is_clean(self) -> bool:
        """Nothing is held, failed or unrecognised."""
        return not self.held and not self.receipt.unrecognised


def ingest(
    home: Home,
    ledger: Engine,
    contracts: ContractSet,
    keys: Keys,
    vault: Vault | None = None,
    entity_check: EntityCheck | None = None,
    now: datetime | None = None,
    run_id: str | None = None,
    progress: Progress | None = None,
    *,
    inbox: Path | None = None,
    keep_inbox: bool = False,
    rest_seconds: float = 0.0,
    limits: EngineLimits | None = None,
) -> IngestResult:
    """Recover, receive and ingest everything new; needs the home's lock (`ingestion.lock.home_lock`).

    `now`: naive UTC; it is required (None raises). `vault` is opened after recovery where none is given. `entity_check`
    judges the staged files before any delivery becomes active. Killed at any point and called again, it ends in the
    same state. Raises MilepostError where the home is damaged; a contract that fails takes only its own deliveries with
    it (state failed).
    """
    if now is None:
        raise ValueError("the clock is an input: give `now`")
    tell = progress or (lambda _: None)
    home.ensure()
    recover(home, ledger, keep_inbox=keep_inbox, inbox=inbox)
    ensure_schemas(home)
    vault = vault or Vault(home.vault, keys)
    vault.erased = erased = read_erased(ledger, keys)
    receipt = receive(home, ledger, contracts, keys, now, inbox, run_id, rest_seconds=rest_seconds, progress=progress)
    _take_up_again(ledger, contracts, now)
    waiting = list_deliveries(ledger, states=[RECEIVED])
    if not waiting:
        _note_look(ledger, now)
        if not keep_inbox:
            leave_inbox(home, ledger, inbox)
        return IngestResult(receipt, None)

    batch_id = uuid.uuid4().hex[:12]
    folder = staging_folder(home, batch_id)
    batches, failed = _run_batches(
        home, contracts, keys, vault, waiting, folder, batch_id, now, inbox, tell, limits or EngineLimits()
    )
    hold_shrunk(ledger, batches)
    if entity_check is not None and batches:
        tell("checking clean entities")
        judge(batches, entity_check(staged_files(batches)))
    for batch in batches:
        brought_back = [d for d in batch.deliveries if d.delivery_seq in batch.brought_back]
        keep_archive_erased(home, ledger, batch.contract, keys, brought_back, erased, now)
    tell("committing")
    vault_parts = [path for path in vault.parts() if path.name.startswith(batch_id)]
    commit(home, ledger, batches, failed, vault_parts, batch_id, now)
    vault.settle(batch_id)
    shutil.rmtree(folder, ignore_errors=True)
    if not keep_inbox:
        leave_inbox(home, ledger, inbox)
    return _result(ledger, receipt, batch_id, waiting, batches)


def staged_files(batches: list[Batch]) -> dict[str, list[Path]]:
    """Staged Parquet files of clean entities by entity."""
    files: dict[str, list[Path]] = defaultdict(list)
    for batch in batches:
        for file in batch.files:
            if file.entity not in (REJECTS, VAULT, UNITS):
                files[file.entity].append(file.path)
    return dict(files)


def _run_batches(
    home: Home,
    contracts: ContractSet,
    keys: Keys,
    vault: Vault,
    waiting: list[Delivery],
    folder: Path,
    batch_id: str,
    now: datetime,
    inbox: Path | None,
    tell: Progress,
    limits: EngineLimits,
) -> tuple[list[Batch], list[tuple[int, str]]]:
    """All contracts' batches, and the deliveries that failed with their contract, with the reason."""
    by_contract: dict[str, list[Delivery]] = defaultdict(list)
    for delivery in waiting:
        by_contract[delivery.contract or ""].append(delivery)
    known = {contract.id: contract for contract in contracts.contracts}
    batches: list[Batch] = []
    failed: list[tuple[int, str]] = []
    with open_engine(home.scratch, limits.memory, limits.threads) as connection:
        register_functions(connection)
        for contract_id in sorted(by_contract):
            deliveries = by_contract[contract_id]
            if contract_id not in known:
                failed += [(d.delivery_seq, f"its contract {contract_id} is no longer there") for d in deliveries]
                continue
            contract = known[contract_id]
            tell(f"{contract_id}: {len(deliveries)} {'file' if len(deliveries) == 1 else 'files'}")
            try:
                batches.append(
                    run_batch(
                        connection, home, contract, deliveries, keys, vault, Setting(contract, now), folder, batch_id,
                        inbox,
                    )
                )  # fmt: skip
            except TransientError:
                raise
            except MilepostError as error:
                failed += [(d.delivery_seq, str(error)) for d in deliveries]
    return batches, failed


def _take_up_again(ledger: Engine, contracts: ContractSet, now: datetime) -> None:
    """Deliveries of which nothing could be read, and whose contract has changed since, are tried again."""
    known = {contract.id: contract for contract in contracts.contracts}
    waiting = list_deliveries(ledger, states=[HELD, FAILED])
    have_parts = {part.delivery_seq for part in parts_of(ledger, [d.delivery_seq for d in waiting])}
    with writing(ledger) as connection:
        for delivery in waiting:
            contract = known.get(delivery.contract or "")
            if contract is None or delivery.delivery_seq in have_parts or delivery.archived_as is None:
                continue
            if contract.fingerprint != delivery.contract_fingerprint:
                set_state(
                    connection, delivery.delivery_seq, RECEIVED, now, None,
                    contract_version=contract.version, contract_fingerprint=contract.fingerprint,
                )  # fmt: skip


def _note_look(ledger: Engine, now: datetime) -> None:
    with writing(ledger) as connection:
        record_source_checks(connection, now)


def _result(
    ledger: Engine, receipt: ReceiveResult, batch_id: str, waiting: list[Delivery], batches: list[Batch]
) -> IngestResult:
    seqs = [delivery.delivery_seq for delivery in waiting]
    rows: dict[str, int] = defaultdict(int)
    for batch in batches:
        for _, _, entity, count in batch.account.entities:
            rows[entity] += count
    first = min(seqs)
    states = {d.delivery_seq: d for d in list_deliveries(ledger) if d.delivery_seq >= first}
    return IngestResult(
        receipt, batch_id, [states[seq] for seq in seqs], parts_of(ledger, seqs), issues_of(ledger, seqs), dict(rows)
    )
