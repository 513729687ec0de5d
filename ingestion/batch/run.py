"""One contract's batch from sources to staged files and its accounting.

Belongs here: the order of the steps, and what is repeated when a record or a file turns out bad. Not here: the steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from ingestion.batch.account import Account, count, refuse
from ingestion.batch.protect import protect
from ingestion.batch.quasi import keep_quasi
from ingestion.batch.settle import make_records, number_parts, settle
from ingestion.batch.sources import Refusal, Source, is_in_inbox, open_sources
from ingestion.batch.staging import Staged, stage
from ingestion.batch.write import (
    REJECTS,
    StagedFile,
    expression_error,
    reject_failing,
    write_entities,
    write_rejects,
)
from ingestion.cleaning.base import Setting
from ingestion.contracts.model import Contract
from ingestion.errors import TransientError
from ingestion.home import Home
from ingestion.ledger.deliveries import Delivery
from ingestion.person.erased import ErasedList, keep_erased, keep_rejects_erased
from ingestion.privacy.keys import Keys
from ingestion.privacy.vault import Vault

#: How often an expression may fail on records that are then rejected.
_ATTEMPTS = 3
#: Errors of a statement itself, found before any record is read.
_BEFORE_DATA = (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException)


@dataclass
class Batch:
    """What one contract's deliveries gave; nothing of it counts before it is committed."""

    contract: Contract
    deliveries: list[Delivery]
    account: Account
    files: list[StagedFile] = field(default_factory=list)
    brought_back: set[int] = field(default_factory=set)  # deliveries with records of persons who were erased


def run_batch(
    connection: Any,
    home: Home,
    contract: Contract,
    deliveries: Sequence[Delivery],
    keys: Keys,
    vault: Vault,
    setting: Setting,
    folder: Path,
    batch_id: str,
    inbox: Path | None = None,
) -> Batch:
    """Read, clean, settle, protect, write and count all deliveries of one contract, into files below `folder`.

    Raises MilepostError where the contract cannot be computed or the accounting does not add up.
    """
    account = Account(confirmed=frozenset(d.delivery_seq for d in deliveries if d.is_confirmed))
    batch = Batch(contract, list(deliveries), account)
    stem = f"{batch_id}-{contract.id}"
    keep_cells = False
    unreadable: list[Refusal] = []
    for attempt in range(_ATTEMPTS):
        batch.files = []
        try:
            with open_sources(home, deliveries, contract, keys, inbox) as (sources, refusals):
                staged = _stage(connection, contract, sources, setting, refusals, keep_cells=keep_cells)
                if any(source.path and not _is_unchanged(home, source, inbox) for source in sources):
                    continue  # a file changed while it was read: now its archived bytes are
            unreadable = [*refusals, *staged.refusals]
            if staged.sources:
                _write(connection, staged, batch, keys, vault, folder, stem, batch_id, is_again=keep_cells)
                _keep_erased(home, batch, keys, vault, folder, stem)
            break
        except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
            raise TransientError(
                f"the engine could not go on ({type(error).__name__})",
                where=contract.id,
                remedy="See to free space on disk and memory, and run again: nothing was committed",
            ) from None
        except duckdb.Error as error:
            # the error may quote values: nothing of it goes on
            if attempt + 1 == _ATTEMPTS or isinstance(error, _BEFORE_DATA):
                raise expression_error(contract, error, tells=isinstance(error, _BEFORE_DATA)) from None
            keep_cells = True
    else:
        raise TransientError("files keep changing while they are read", where=contract.system)
    refuse(account, unreadable)
    return batch


def _stage(
    connection: Any,
    contract: Contract,
    sources: Sequence[Source],
    setting: Setting,
    refusals: Sequence[Refusal],
    *,
    keep_cells: bool,
) -> Staged:
    # a delivery of which one part cannot be read does not count in part
    refused = {refusal.delivery.delivery_seq for refusal in refusals}
    whole = [source for source in sources if source.delivery.delivery_seq not in refused]
    staged = stage(connection, contract, whole, setting, keep_cells=keep_cells)
    refused = {refusal.delivery.delivery_seq for refusal in staged.refusals}
    if any(source.delivery.delivery_seq in refused for source in staged.sources):
        still = [source for source in whole if source.delivery.delivery_seq not in refused]
        found = staged.refusals
        staged = stage(connection, contract, still, setting, keep_cells=keep_cells)
        staged.refusals += found
    return staged


def _write(
    connection: Any, staged: Staged, batch: Batch, keys: Keys, vault: Vault, folder: Path, stem: str, batch_id: str, *,
    is_again: bool,
) -> None:  # fmt: skip
    number_parts(connection, staged)
    for _ in range(2 if is_again else 1):
        has_losers = settle(connection, staged)
        protection = protect(connection, staged, keys, vault, batch_id)
        make_records(connection, staged, protection, has_losers=has_losers)
        if not is_again or not reject_failing(connection, staged):
            break
    keep_quasi(connection, staged, vault, batch_id)
    batch.files = write_entities(connection, staged, folder, stem)
    rejects = write_rejects(connection, staged, keys, folder, stem)
    count(connection, staged, batch.files, batch.account)
    batch.files += [rejects] if rejects else []


def _keep_erased(home: Home, batch: Batch, keys: Keys, vault: Vault, folder: Path, stem: str) -> None:
    """Records of persons who were erased become the anonymous customer's, before anything of the batch counts."""
    erased = vault.erased
    if not isinstance(erased, ErasedList) or not erased:
        return
    batch.brought_back = keep_erased([(file.entity, file.path) for file in batch.files], erased)
    batch.files = [
        keep_rejects_erased(home, batch.contract, keys, file, folder, stem, erased) if file.entity == REJECTS else file
        for file in batch.files
    ]


def _is_unchanged(home: Home, source: Source, inbox: Path | None) -> bool:
    """The bytes that were read are those that were received."""
    return not source.is_from_inbox or is_in_inbox(home, source.delivery, inbox)
