"""What deliveries wrote when they were read before: to tell whether reading them again changes anything.

Belongs here: the former rows, rejected records and counts, and their comparison with a batch. Not here: which
deliveries are read again, and taking their new state (`reprocess.py`). Compared are sums of hashes: no row leaves the
engine.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from ingestion.batch.run import Batch
from ingestion.batch.write import REJECTS, VAULT
from ingestion.engine import quote_name, quote_path
from ingestion.entity import load_entities
from ingestion.home import Home
from ingestion.ledger.deliveries import Part, parts_of
from ingestion.parts import clean_parts, holding, seq_column


class Former:
    """What deliveries wrote before: the parts that hold it, and its content."""

    def __init__(self, connection: Any, home: Home, ledger: Engine, seqs: Sequence[int]) -> None:
        self._connection = connection
        self.parts = holding(connection, home, clean_parts(ledger), seqs)
        by_entity: dict[str, list[Path]] = defaultdict(list)
        for part in self.parts:
            by_entity[part.entity].append(home.root / part.path)
        self.content = _content(connection, by_entity)
        self.rejected = rejected_records(connection, by_entity.get(REJECTS, []))
        self._accounts: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
        for counted in parts_of(ledger, seqs):
            self._accounts[counted.delivery_seq].append(_counted(counted))
        self._staged: dict[tuple[int, str], tuple[int, int]] | None = None
        self._staged_rejected: dict[int, set[tuple[Any, ...]]] = {}

    def differs(self, batch: Batch, seq: int) -> bool:
        """Whether a delivery's rows, rejected records or counts are others in the batch."""
        if self._staged is None:
            by_entity: dict[str, list[Path]] = defaultdict(list)
            for file in batch.files:
                by_entity[file.entity].append(file.path)
            self._staged = _content(self._connection, by_entity)
            self._staged_rejected = rejected_records(self._connection, by_entity.get(REJECTS, []))
        mine = {key: value for key, value in self.content.items() if key[0] == seq}
        theirs = {key: value for key, value in self._staged.items() if key[0] == seq}
        counted = sorted(_counted(part) for part in batch.account.parts if part.delivery_seq == seq)
        return (
            mine != theirs
            or self.rejected.get(seq, set()) != self._staged_rejected.get(seq, set())
            or sorted(self._accounts[seq]) != counted
        )


def _counted(part: Part) -> tuple[Any, ...]:
    return (part.part, part.received_rows, part.accepted_rows, part.superseded_rows, part.rejected_rows)


def _content(connection: Any, files: dict[str, list[Path]]) -> dict[tuple[int, str], tuple[int, int]]:
    """(rows, sum of their hashes) by delivery and entity, whatever the rows' order and the files."""
    found: dict[tuple[int, str], tuple[int, int]] = {}
    for entity, paths in files.items():
        if entity in (REJECTS, VAULT):
            continue
        columns = [column.name for column in load_entities()[entity].all_columns]
        names = ", ".join(f"'{quote_path(path)}'" for path in paths)
        has = {
            row[0]
            for row in connection.execute(
                f"describe select * from read_parquet([{names}], union_by_name = true)"
            ).fetchall()
        }
        # a column that came later is null in older files: null there and absent are the same
        values = ", ".join(quote_name(name) if name in has else "null" for name in columns)
        seq = quote_name(seq_column(entity))
        for delivery_seq, rows, total in connection.execute(
            f"select {seq}, count(*), sum(hash({values})::hugeint) "
            f"from read_parquet([{names}], union_by_name = true) group by 1"
        ).fetchall():
            found[delivery_seq, entity] = (rows, int(total))
    return found


def rejected_records(connection: Any, paths: Sequence[Path]) -> dict[int, set[tuple[Any, ...]]]:
    """(part, record number, column, reason) of rejected records by delivery."""
    found: dict[int, set[tuple[Any, ...]]] = defaultdict(set)
    if paths:
        names = ", ".join(f"'{quote_path(path)}'" for path in paths)
        for seq, *rest in connection.execute(
            f"select delivery_seq, part, record_number, column_name, reason from read_parquet([{names}])"
        ).fetchall():
            found[seq].add(tuple(rest))
    return found


def record_numbers(rejected: set[tuple[Any, ...]] | None) -> set[tuple[Any, ...]]:
    return {(part, number) for part, number, _, _ in rejected or ()}
