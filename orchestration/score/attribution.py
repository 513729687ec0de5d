"""Score of the attribution models.

Belongs here: what `marketing.attribution_summary` is compared with, and its bars. Not here: the model, the arithmetic.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ingestion.errors import MilepostError
from orchestration.score import Score, need_marts

if TYPE_CHECKING:
    import duckdb


def score(marts: duckdb.DuckDBPyConnection, truth: Path) -> list[Score]:
    """Scores of the attribution models; MilepostError where mart or truth is missing."""
    need_marts(marts, "marketing.attribution_summary")
    raise MilepostError("this model has no score yet", where="marketing.attribution_summary")
