"""What a check of staged entity rows answers; the check itself is handed in by the orchestrator.

Belongs here: the shape of the question and the answer. Not here: any expectation (see `expectations/`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class EntityFinding:
    """An expectation that staged rows of an entity broke, with the deliveries whose rows broke it."""

    entity: str
    expectation: str
    severity: str  # critical: the deliveries are held; warning: reported
    delivery_seqs: tuple[int, ...]  # empty: all deliveries of the batch
    row_count: int
    detail: str  # counts and column names, never a value


#: Staged Parquet files of one batch by entity -> findings; none: all is well.
EntityCheck = Callable[[Mapping[str, Sequence[Path]]], list[EntityFinding]]
