"""Compaction: many small files of the lake become few, by entity and month, while readers go on.

Belongs here: which files are merged, and merging them. Not here: exchanging files (`parts.py`), when it is done
(`orchestration/housekeeping.py`), readers outside of the lock (`snapshots.py`).

Files of the present month are merged when `fan_in` of them are of about the same size (each step eight times the one
before), so that a row is written again once for each step and not with every delivery. Of a month that is over all
small files become one. Units and rejected records are merged alike, the vault's parts by identifier. Files of
`target_bytes` and more are left alone. Rows, their order within a file and their ciphertexts stay as they are.
"""

from __future__ import annotations

import math
import shutil
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from sqlalchemy import Engine

from ingestion.batch.write import VAULT, StagedFile
from ingestion.commit import staging_folder
from ingestion.engine import open_engine, quote_path
from ingestion.home import Home
from ingestion.ledger.deliveries import LakePart, list_lake_parts
from ingestion.parts import exchange, merge_parts
from ingestion.privacy.vault import SCHEMA as VAULT_SCHEMA

#: Files below this size are of the smallest step.
_SMALLEST = 64 * 2**10
_STEP = 8


@dataclass(frozen=True)
class CompactionRule:
    """When files are merged: so many of about the same size, each smaller than `target_bytes`."""

    fan_in: int = 8
    target_bytes: int = 128 * 2**20


@dataclass(frozen=True)
class Compacted:
    """Files that count before and after, and bytes written anew."""

    files_before: int
    files: int
    written_bytes: int


def plan(parts: Sequence[LakePart], rule: CompactionRule, now: datetime) -> list[list[LakePart]]:
    """Which files become one: groups of two and more, each of one entity and month, in the order of their commits.

    What the groups become may be merged again: call it until it returns nothing.
    """
    groups: dict[tuple[str, str], list[LakePart]] = defaultdict(list)
    for part in parts:
        if part.byte_count < rule.target_bytes:
            groups[_group(part)].append(part)
    this_month = f"{now:%Y-%m}"
    found: list[list[LakePart]] = []
    for (_, month), members in sorted(groups.items()):
        ordered = sorted(members, key=lambda part: (part.committed_at or now, part.path))
        if month and month < this_month:
            found += _bins(ordered, rule)
            continue
        steps: dict[int, list[LakePart]] = defaultdict(list)
        for part in ordered:
            steps[_step(part.byte_count)].append(part)
        for step in sorted(steps):
            if len(steps[step]) >= rule.fan_in:
                found += _bins(steps[step], rule)
    return found


def compact(
    home: Home,
    ledger: Engine,
    rule: CompactionRule,
    now: datetime,
    *,
    memory: str | None = None,
    threads: int | None = None,
) -> Compacted:
    """Merge what `plan` names until it names nothing; needs the home's lock.

    Each merge is one transaction: killed at any point and called again, the rest follows.
    """
    before = list_lake_parts(ledger)
    groups = plan(before, rule, now)
    if not groups:
        return Compacted(len(before), len(before), 0)
    written = 0
    batch_id = f"compact-{uuid.uuid4().hex[:12]}"
    folder = staging_folder(home, batch_id)
    try:
        with open_engine(home.scratch, memory, threads) as connection:
            number = 0
            while groups:
                for group in groups:
                    number += 1
                    written += _merge(connection, home, ledger, group, folder, f"{batch_id}-{number}", now)
                groups = plan(list_lake_parts(ledger), rule, now)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return Compacted(len(before), len(list_lake_parts(ledger)), written)


def _merge(
    connection: Any, home: Home, ledger: Engine, group: Sequence[LakePart], folder: Path, stem: str, now: datetime
) -> int:
    if group[0].entity == VAULT:
        merged: StagedFile | None = _merge_vault(connection, home, group, stem)
    else:
        merged = merge_parts(connection, home, group, folder, stem)
    # rows that were committed in a month stay in its files
    committed = max(part.committed_at or now for part in group)
    added = exchange(home, ledger, group, [merged] if merged else [], stem, now, committed_at=committed)
    return sum(part.byte_count for part in added)


def _merge_vault(connection: Any, home: Home, group: Sequence[LakePart], stem: str) -> StagedFile:
    """Parts of one identifier as one, each token once, under the newest key that it has."""
    names = ", ".join(f"'{quote_path(home.root / part.path)}'" for part in group)
    columns = ", ".join(VAULT_SCHEMA.names)
    rows = connection.execute(
        f"select {columns} from read_parquet([{names}], union_by_name = true) "
        "qualify row_number() over (partition by token order by key_version desc) = 1 order by token"
    ).to_arrow_table()
    path = home.vault / "identifiers" / f"{stem}-{_identifier(group[0])}.parquet"
    unfinished = path.with_suffix(".unfinished")
    try:
        unfinished.touch(mode=0o600)
        pq.write_table(rows.cast(VAULT_SCHEMA), unfinished, compression="zstd")
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return StagedFile(path, VAULT, "", rows.num_rows)


def _group(part: LakePart) -> tuple[str, str]:
    """What a file may be merged with: its entity and month; in the vault its identifier."""
    if part.entity == VAULT:
        return f"{VAULT}/{_identifier(part)}", ""
    return part.entity, "" if part.committed_at is None else f"{part.committed_at:%Y-%m}"


def _identifier(part: LakePart) -> str:
    return Path(part.path).stem.rpartition("-")[2]


def _step(size: int) -> int:
    return 0 if size < _SMALLEST else 1 + int(math.log(size / _SMALLEST, _STEP))


def _bins(parts: Sequence[LakePart], rule: CompactionRule) -> list[list[LakePart]]:
    """Parts in their order, cut where a merged file would pass the target; single ones are left out."""
    bins: list[list[LakePart]] = [[]]
    size = 0
    for part in parts:
        if bins[-1] and size + part.byte_count > rule.target_bytes:
            bins.append([])
            size = 0
        bins[-1].append(part)
        size += part.byte_count
    return [one for one in bins if len(one) > 1]
