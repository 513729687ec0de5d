"""Making batches count: files into their places, then one transaction of the ledger.

Belongs here: the commit. Not here: what is in the files (`ingestion/batch`), sweeping after a crash (`recovery.py`).
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine

from ingestion.batch.account import Account
from ingestion.batch.run import Batch
from ingestion.batch.write import VAULT, StagedFile
from ingestion.checks import EntityFinding
from ingestion.home import Home
from ingestion.ledger.deliveries import (
    FAILED,
    Issue,
    add_accounting,
    record_source_checks,
    set_state,
)
from ingestion.ledger.pulls import advance_cursors
from ingestion.parts import exchange


def commit(
    home: Home,
    ledger: Engine,
    batches: Sequence[Batch],
    failed: Sequence[tuple[int, str]],
    vault_parts: Sequence[Path],
    batch_id: str,
    now: datetime,
) -> None:
    """Move the batches' files into lake and rejects, then make them and the vault's parts count in one transaction.

    All of the vault's parts of this batch count, those of failed contracts too: other contracts may use their tokens.
    `failed`: deliveries (by sequence number) of contracts that could not be computed, and why. A crash before the
    transaction leaves files that no row counts: they are swept at the next start.
    """
    files = [file for batch in batches for file in batch.files]
    files += [StagedFile(path, VAULT, "", 0) for path in vault_parts]

    def store(connection: Connection) -> None:
        for batch in batches:
            account = batch.account
            add_accounting(connection, account.parts, account.entities, merged(account.issues))
            for delivery in batch.deliveries:
                state, reason = account.state(delivery.delivery_seq)
                set_state(connection, delivery.delivery_seq, state, now, reason)
        for seq, reason in failed:
            set_state(connection, seq, FAILED, now, reason)
        taken = [delivery.delivery_seq for batch in batches for delivery in batch.deliveries]
        advance_cursors(connection, [*taken, *(seq for seq, _ in failed)])
        record_source_checks(connection, now)

    exchange(home, ledger, [], files, batch_id, now, store)


def judge(batches: Sequence[Batch], findings: Sequence[EntityFinding]) -> None:
    """Take the findings of the clean-entity checks into the accounts: critical ones hold the deliveries named."""
    for finding in findings:
        for batch in batches:
            wrote = {seq for seq, _, entity, _ in batch.account.entities if entity == finding.entity}
            named = wrote & set(finding.delivery_seqs) if finding.delivery_seqs else wrote
            for seq in sorted(named):
                is_critical = finding.severity == "critical"
                effect = "held" if is_critical else "reported"
                if is_critical:
                    batch.account.hold(seq, f"{finding.entity}: {finding.expectation} ({finding.detail})")
                batch.account.issues.append(
                    Issue(
                        seq,
                        "",
                        finding.entity,
                        finding.expectation[:80],
                        effect,
                        finding.row_count,
                        None,
                        finding.detail,
                    )
                )


def merged(issues: Sequence[Issue]) -> list[Issue]:
    """Issues with those of the same delivery, part, column, reason and effect as one."""
    found: dict[tuple[int, str, str, str, str], Issue] = {}
    for issue in issues:
        key = (issue.delivery_seq, issue.part, issue.column_name, issue.reason, issue.effect)
        if (former := found.get(key)) is None:
            found[key] = issue
            continue
        numbers = [n for n in (former.first_record_number, issue.first_record_number) if n is not None]
        rows = former.row_count + issue.row_count
        found[key] = Issue(*key, rows, min(numbers, default=None), former.detail or issue.detail)
    return list(found.values())


def account_of(batches: Sequence[Batch], delivery_seq: int) -> Account | None:
    """The account that holds a delivery, or None."""
    return next((b.account for b in batches if any(d.delivery_seq == delivery_seq for d in b.deliveries)), None)


def staging_folder(home: Home, batch_id: str) -> Path:
    """A new folder for the files of a batch, on the lake's file system."""
    folder = home.lake / "_staging" / batch_id
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    folder.chmod(0o700)
    return folder
