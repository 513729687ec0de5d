"""Reading archived files again after a contract was changed: for all of their records, or for the rejected ones.

Belongs here: choosing deliveries, taking their archived files through the same way, exchanging what they had written.
Not here: the way (`batch/`), files that count (`parts.py`).

A delivery keeps its number, and with it its place in the order of receipt, and whether a person confirmed or withdrew
it. Which of its records are one unit, their line numbers and what replaces what depend on all of its records: so the
whole file is read, for rejected records too. `replay` takes a delivery's new state only where no record that had been
accepted would be rejected; `reprocess` takes it in any case. A delivery of which nothing changes is left as it is, file
by file. Deliveries are taken a few at a time, each group in one transaction: killed half way and called again, the rest
follows.
"""

from __future__ import annotations

import shutil
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine

from ingestion.batch.run import Batch, run_batch
from ingestion.batch.shrinkage import hold_shrunk
from ingestion.batch.write import REJECTS, VAULT, StagedFile
from ingestion.checks import EntityCheck
from ingestion.cleaning.base import Setting
from ingestion.cleaning.kinds import register_functions
from ingestion.commit import judge, merged, staging_folder
from ingestion.contracts.model import Contract, ContractSet
from ingestion.engine import open_engine
from ingestion.errors import MilepostError, TransientError
from ingestion.former import Former, record_numbers, rejected_records
from ingestion.home import Home
from ingestion.ingest import EngineLimits, Progress, staged_files
from ingestion.ledger.deliveries import (
    ACTIVE,
    FAILED,
    HELD,
    WITHDRAWN,
    Delivery,
    LakePart,
    add_accounting,
    list_deliveries,
    parts_of,
    set_state,
)
from ingestion.parts import exchange, not_of, rewrite_part
from ingestion.person.erased import ErasedList, keep_archive_erased, read_erased
from ingestion.privacy.keys import Keys
from ingestion.privacy.vault import Vault

#: What became of a delivery that was read again.
CHANGED, UNCHANGED, LEFT = "changed", "unchanged", "left"
#: Received bytes that are read together; each group is one transaction.
GROUP_BYTES = 512 * 2**20
GROUP_DELIVERIES = 500
_STATES = (ACTIVE, HELD, WITHDRAWN, FAILED)


@dataclass(frozen=True)
class Reread:
    """One delivery that was read again; counts are of its records."""

    delivery: Delivery  # as it is now
    outcome: str  # changed, unchanged, left
    reason: str | None  # why it was left as it is
    accepted_before: int
    accepted: int
    rejected_before: int
    rejected: int

    @property
    def is_held_now(self) -> bool:
        return self.outcome == CHANGED and self.delivery.state == HELD


def reprocess(
    home: Home,
    ledger: Engine,
    contracts: ContractSet,
    keys: Keys,
    now: datetime,
    *,
    delivery_seqs: Collection[int] | None = None,
    contract: str | None = None,
    entity_check: EntityCheck | None = None,
    limits: EngineLimits | None = None,
    progress: Progress | None = None,
) -> list[Reread]:
    """Read deliveries again from the archive by the present contracts; needs the home's lock.

    `delivery_seqs` or `contract` narrow them down; without either, all that have an archived file are read. Active and
    held ones are judged again; withdrawn ones stay withdrawn. Raises TransientError where the engine cannot go on
    (nothing of the group under way counts then).
    """
    chosen = _chosen(ledger, delivery_seqs, contract)
    return _reread(home, ledger, contracts, keys, now, chosen, entity_check, limits, progress, is_replay=False)


def replay(
    home: Home,
    ledger: Engine,
    contracts: ContractSet,
    keys: Keys,
    now: datetime,
    *,
    delivery_seqs: Collection[int] | None = None,
    contract: str | None = None,
    entity_check: EntityCheck | None = None,
    limits: EngineLimits | None = None,
    progress: Progress | None = None,
) -> list[Reread]:
    """Take rejected records through after their contract was corrected, as part of their own delivery.

    As `reprocess`, for deliveries with rejected records, and with the promise that no accepted record is lost: a
    delivery of which a record would newly be rejected is left as it is, and its `reason` says so.
    """
    chosen = _chosen(ledger, delivery_seqs, contract)
    rejecting = {p.delivery_seq for p in parts_of(ledger, [d.delivery_seq for d in chosen]) if p.rejected_rows}
    chosen = [delivery for delivery in chosen if delivery.delivery_seq in rejecting]
    return _reread(home, ledger, contracts, keys, now, chosen, entity_check, limits, progress, is_replay=True)


def _chosen(ledger: Engine, seqs: Collection[int] | None, contract: str | None) -> list[Delivery]:
    found = [d for d in list_deliveries(ledger, states=_STATES) if d.contract is not None]
    if seqs is not None:
        found = [d for d in found if d.delivery_seq in seqs]
    return found if contract is None else [d for d in found if d.contract == contract]


def _reread(
    home: Home,
    ledger: Engine,
    contracts: ContractSet,
    keys: Keys,
    now: datetime,
    chosen: Sequence[Delivery],
    entity_check: EntityCheck | None,
    limits: EngineLimits | None,
    progress: Progress | None,
    *,
    is_replay: bool,
) -> list[Reread]:
    known = {one.id: one for one in contracts.contracts}
    tell = progress or (lambda _: None)
    done: list[Reread] = []
    limits = limits or EngineLimits()
    with open_engine(home.scratch, limits.memory, limits.threads) as connection:
        register_functions(connection)
        vault = Vault(home.vault, keys)
        vault.erased = read_erased(ledger, keys)
        for contract_id, deliveries in _groups(chosen):
            contract = known.get(contract_id)
            counts = _counts(ledger, deliveries)
            if contract is None:
                reason = f"its contract {contract_id} is no longer there"
                done += [_left(d, counts, reason) for d in deliveries]
                continue
            readable = [d for d in deliveries if _is_archived(home, d)]
            missing = [d for d in deliveries if not _is_archived(home, d)]
            done += [_left(d, counts, _why_not_archived(d)) for d in missing]
            tell(f"{contract_id}: reading {len(readable)} {'file' if len(readable) == 1 else 'files'} again")
            again = _Again(home, ledger, contract, keys, vault, connection, entity_check, now, is_replay=is_replay)
            done += again.run(readable, counts)
    return sorted(done, key=lambda one: one.delivery.delivery_seq)


class _Again:
    """Deliveries of one contract, read and exchanged together."""

    def __init__(
        self, home: Home, ledger: Engine, contract: Contract, keys: Keys, vault: Vault, connection: Any,
        entity_check: EntityCheck | None, now: datetime, *, is_replay: bool,
    ) -> None:  # fmt: skip
        self.home, self.ledger, self.contract, self.keys, self.vault = home, ledger, contract, keys, vault
        self.connection, self.entity_check, self.now, self.is_replay = connection, entity_check, now, is_replay

    def run(self, deliveries: Sequence[Delivery], counts: dict[int, tuple[int, int]]) -> list[Reread]:
        batch_id = uuid.uuid4().hex[:12]
        left: dict[int, str] = {}
        try:
            while True:
                rest = [d for d in deliveries if d.delivery_seq not in left]
                if not rest:
                    return [_left(d, counts, left[d.delivery_seq]) for d in deliveries]
                folder = staging_folder(self.home, batch_id)
                try:
                    batch = self._read(rest, folder, batch_id)
                except TransientError:
                    raise
                except MilepostError as error:
                    left |= {d.delivery_seq: str(error) for d in rest}
                    self._drop_vault_parts(batch_id)
                    continue
                former = Former(self.connection, self.home, self.ledger, [d.delivery_seq for d in rest])
                refused = self._refused(batch, rest, former)
                if not refused:
                    return self._take(batch, rest, former, folder, batch_id, counts) + [
                        _left(d, counts, left[d.delivery_seq]) for d in deliveries if d.delivery_seq in left
                    ]
                left |= refused
                self._drop_vault_parts(batch_id)
        finally:
            shutil.rmtree(self.home.lake / "_staging" / batch_id, ignore_errors=True)

    def _read(self, deliveries: Sequence[Delivery], folder: Path, batch_id: str) -> Batch:
        # read from the archive, by what is known of the file alone
        from_archive = [replace(d, inbox_stamp=None) for d in deliveries]
        batch = run_batch(
            self.connection, self.home, self.contract, from_archive, self.keys, self.vault,
            Setting(self.contract, self.now), folder, batch_id,
        )  # fmt: skip
        hold_shrunk(self.ledger, [batch])
        if self.entity_check is not None:
            judge([batch], self.entity_check(staged_files([batch])))
        return batch

    def _refused(self, batch: Batch, deliveries: Sequence[Delivery], former: Former) -> dict[int, str]:
        """Deliveries that must stay as they are, and why."""
        have_parts = {part.delivery_seq for part in batch.account.parts}
        rejected = rejected_records(self.connection, [f.path for f in batch.files if f.entity == REJECTS])
        refused = {}
        for delivery in deliveries:
            seq = delivery.delivery_seq
            if seq not in have_parts:
                refused[seq] = "; ".join(batch.account.held.get(seq, ["nothing of it can be read"]))
            elif self.is_replay and (
                worse := record_numbers(rejected.get(seq)) - record_numbers(former.rejected.get(seq))
            ):
                refused[seq] = (
                    f"{len(worse)} records that are accepted would be rejected: "
                    "`milepost reprocess` takes the delivery through all the same"
                )
        return refused

    def _take(
        self, batch: Batch, deliveries: Sequence[Delivery], former: Former, folder: Path, batch_id: str,
        counts: dict[int, tuple[int, int]],
    ) -> list[Reread]:  # fmt: skip
        seqs = [d.delivery_seq for d in deliveries]
        changed = [seq for seq in seqs if former.differs(batch, seq)] or []
        states = {d.delivery_seq: self._state(batch, d) for d in deliveries}
        changed_states = [d.delivery_seq for d in deliveries if (d.state, d.state_reason) != states[d.delivery_seq]]

        def store(connection: Connection) -> None:
            account = batch.account
            add_accounting(connection, account.parts, account.entities, merged(account.issues))
            for delivery in deliveries:
                state, reason = states[delivery.delivery_seq]
                is_other = delivery.delivery_seq in changed or delivery.delivery_seq in changed_states
                set_state(
                    connection, delivery.delivery_seq, state, self.now if is_other else delivery.state_at, reason,
                    contract_version=self.contract.version, contract_fingerprint=self.contract.fingerprint,
                    revision=delivery.revision + bool(is_other), rows_removed_at=None,
                )  # fmt: skip

        removed: list[LakePart] = []
        files: list[StagedFile] = []
        if changed:
            removed = former.parts
            for number, part in enumerate(removed):
                stem = f"{batch_id}-kept{number}"
                rest = rewrite_part(
                    self.connection, self.home, part, folder, stem, where=not_of(part.entity, seqs)
                )  # fmt: skip
                files += [rest] if rest is not None else []
            files += batch.files
            files += [StagedFile(path, VAULT, "", 0) for path in self._vault_parts(batch_id)]
        if isinstance(self.vault.erased, ErasedList):
            brought_back = [d for d in deliveries if d.delivery_seq in batch.brought_back]
            keep_archive_erased(
                self.home, self.ledger, self.contract, self.keys, brought_back, self.vault.erased, self.now
            )  # fmt: skip
        exchange(self.home, self.ledger, removed, files, batch_id, self.now, store)
        if changed:
            self.vault.settle(batch_id)
        else:
            self._drop_vault_parts(batch_id)
        after = _counts(self.ledger, deliveries)
        present = {d.delivery_seq: d for d in list_deliveries(self.ledger)}
        return [
            Reread(
                present[seq], CHANGED if seq in changed or seq in changed_states else UNCHANGED, None,
                counts[seq][0], after[seq][0], counts[seq][1], after[seq][1],
            )
            for seq in seqs
        ]  # fmt: skip

    def _vault_parts(self, batch_id: str) -> list[Path]:
        return [path for path in self.vault.parts() if path.name.startswith(batch_id)]

    def _drop_vault_parts(self, batch_id: str) -> None:
        for path in self._vault_parts(batch_id):
            path.unlink()

    def _state(self, batch: Batch, delivery: Delivery) -> tuple[str, str | None]:
        if delivery.state == WITHDRAWN:
            return WITHDRAWN, delivery.state_reason
        return batch.account.state(delivery.delivery_seq)


def _groups(deliveries: Sequence[Delivery]) -> Iterator[tuple[str, list[Delivery]]]:
    """Deliveries by contract, in the order of receipt, a few at a time; withdrawn ones by themselves, since others are
    not compared with them."""
    by_contract: dict[tuple[str, bool], list[Delivery]] = defaultdict(list)
    for delivery in deliveries:
        by_contract[delivery.contract or "", delivery.state == WITHDRAWN].append(delivery)
    for (contract_id, _), members in sorted(by_contract.items()):
        group: list[Delivery] = []
        size = 0
        for delivery in members:
            if group and (size + delivery.byte_count > GROUP_BYTES or len(group) >= GROUP_DELIVERIES):
                yield contract_id, group
                group, size = [], 0
            group.append(delivery)
            size += delivery.byte_count
        yield contract_id, group


def _counts(ledger: Engine, deliveries: Sequence[Delivery]) -> dict[int, tuple[int, int]]:
    """(accepted, rejected) records by delivery."""
    found = {delivery.delivery_seq: (0, 0) for delivery in deliveries}
    for part in parts_of(ledger, list(found)):
        accepted, rejected = found[part.delivery_seq]
        found[part.delivery_seq] = (accepted + part.accepted_rows, rejected + part.rejected_rows)
    return found


def _is_archived(home: Home, delivery: Delivery) -> bool:
    return delivery.archived_as is not None and (home.archive / delivery.archived_as).exists()


def _why_not_archived(delivery: Delivery) -> str:
    if delivery.archive_removed_at is not None:
        return f"its archived file was removed by the retention rule on {delivery.archive_removed_at:%Y-%m-%d}"
    return "its archived file is missing: restore it from a backup, or deliver the file again"


def _left(delivery: Delivery, counts: dict[int, tuple[int, int]], reason: str) -> Reread:
    accepted, rejected = counts[delivery.delivery_seq]
    return Reread(delivery, LEFT, reason, accepted, accepted, rejected, rejected)
