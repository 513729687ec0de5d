"""Whether a home is whole: its ledger, its files and its accounting agree.

Belongs here: the comparison, by counts and hashes. Not here: repairing (`recovery.py`, `reprocess.py`), versions and
builds (`publishing/`), personal data in the wrong place (`privacy/scan.py`).
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Engine, func, select, text

from ingestion.batch.write import REJECTS, UNITS, VAULT
from ingestion.home import Home
from ingestion.ledger import tables
from ingestion.ledger.deliveries import (
    ACTIVE,
    HELD,
    RECEIVED,
    Delivery,
    LakePart,
    entity_rows,
    list_deliveries,
    list_lake_parts,
    parts_of,
)
from ingestion.parts import file_sha256, relation, seq_column

#: Problems of one kind that are told one by one.
MOST_TOLD = 5


def totals(ledger: Engine) -> dict[str, int]:
    """Records of all deliveries as the ledger counts them, deliveries, and files that count."""
    part = tables.delivery_part.c
    names = ("received_rows", "accepted_rows", "superseded_rows", "rejected_rows")
    with ledger.connect() as connection:
        sums: Any = connection.execute(select(*(func.coalesce(func.sum(part[name]), 0) for name in names))).one()
    counted = {name: int(value) for name, value in zip(names, sums, strict=True)}
    return {**counted, "deliveries": len(list_deliveries(ledger)), "lake_parts": len(list_lake_parts(ledger))}


def check(home: Home, ledger: Engine, *, hashes: bool = True) -> list[str]:
    """What does not agree, in words; empty where the home is whole. Needs the home's lock, or a home at rest.

    `hashes`: compare every file of lake, rejects and vault with the hash that the ledger keeps.
    """
    problems = _database(ledger)
    parts = list_lake_parts(ledger)
    problems += _told("files that count are missing", [p.path for p in parts if not (home.root / p.path).exists()])
    there = [part for part in parts if (home.root / part.path).exists()]
    whole = [part for part in there if _has_rows(home, part)]
    problems += _told("files have another number of rows", [p.path for p in there if p not in whole])
    if hashes:
        other = [p.path for p in there if p.sha256 and file_sha256(home.root / p.path) != p.sha256]
        problems += _told("files are not what was written", other)
    deliveries = list_deliveries(ledger)
    problems += _archive(home, deliveries)
    problems += _counts(home, ledger, whole, deliveries)
    return problems


def _database(ledger: Engine) -> list[str]:
    if ledger.dialect.name != "sqlite":
        return []
    with ledger.connect() as connection:
        found = [str(row[0]) for row in connection.execute(text("pragma integrity_check"))]
    return [] if found == ["ok"] else [f"the ledger's database is damaged ({len(found)} findings)"]


def _has_rows(home: Home, part: LakePart) -> bool:
    if part.entity == VAULT:  # its rows are counted nowhere
        return True
    try:
        return int(pq.read_metadata(home.root / part.path).num_rows) == part.row_count
    except (OSError, pa.ArrowInvalid):  # damaged where a file says how many it has
        return False


def _archive(home: Home, deliveries: list[Delivery]) -> list[str]:
    missing = [
        d.delivery_id
        for d in deliveries
        if d.state in (RECEIVED, ACTIVE, HELD)
        and d.archived_as is not None
        and d.archive_removed_at is None
        and not (home.archive / d.archived_as).exists()
    ]
    return _told("archived files are missing, of deliveries", missing)


def _counts(home: Home, ledger: Engine, parts: list[LakePart], deliveries: list[Delivery]) -> list[str]:
    by_entity: dict[str, list[LakePart]] = defaultdict(list)
    for part in parts:
        by_entity[part.entity].append(part)
    ids = {d.delivery_seq: d.delivery_id for d in deliveries}
    away = {d.delivery_seq for d in deliveries if d.rows_removed_at is not None}
    accounts = parts_of(ledger, list(ids))
    problems = _told(
        "received is not accepted + superseded + rejected",
        [
            ids[a.delivery_seq]
            for a in accounts
            if a.received_rows - a.accepted_rows - a.superseded_rows != a.rejected_rows
        ],
    )
    with duckdb.connect() as connection:
        connection.execute("set enable_progress_bar = false")
        units = _by_part(connection, home, by_entity[UNITS], "part", "sum(record_count)")
        rejected = _by_part(connection, home, by_entity[REJECTS], "part", "count(*)")
        written = {
            entity: _by_part(connection, home, files, "_part", "count(*)")
            for entity, files in by_entity.items()
            if entity not in (UNITS, REJECTS, VAULT)
        }
    whole = [a for a in accounts if a.delivery_seq not in away]
    problems += _told(
        "accepted records are not those in the lake",
        [ids[a.delivery_seq] for a in whole if units.get((a.delivery_seq, a.part), 0) != a.accepted_rows],
    )
    problems += _told(
        "rejected records are not those that were kept",
        [ids[a.delivery_seq] for a in whole if rejected.get((a.delivery_seq, a.part), 0) != a.rejected_rows],
    )
    other = [
        f"{ids[seq]} ({entity})"
        for seq, part, entity, count in entity_rows(ledger, list(ids))
        if seq not in away and written.get(entity, {}).get((seq, part), 0) != count
    ]
    return problems + _told("rows in the lake are not those that were written", other)


def _by_part(connection: Any, home: Home, files: list[LakePart], part: str, count: str) -> dict[tuple[int, str], int]:
    if not files:
        return {}
    seq = seq_column(files[0].entity)
    rows = connection.execute(
        f"select {seq}, coalesce({part}, ''), {count} from {relation(home, files)} group by 1, 2"
    ).fetchall()
    return {(number, name): int(total) for number, name, total in rows}


def _told(what: str, found: list[str]) -> list[str]:
    if not found:
        return []
    names = ", ".join(sorted(set(found))[:MOST_TOLD])
    more = len(set(found)) - MOST_TOLD
    return [f"{what}: {names}" + (f" and {more} more" if more > 0 else "")]
