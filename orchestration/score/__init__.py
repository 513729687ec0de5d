"""`milepost score`: the models against the sample company's truth.

Belongs here: one module per part with `score(marts, truth) -> list[Score]`: which published figures are compared with
which truth, by which measure (`dbt_project/inference/scoring.py`), and the bar that the sample company has to pass. Not
here: any model, any arithmetic, how scores are printed (`orchestration/cli/score.py`). A part whose mart or truth is
missing has failed; it is never passed over.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from ingestion.errors import MilepostError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import duckdb

#: The parts, in the order they are told; each is a module of this package.
PARTS = ("attribution", "churn", "lifetime_value", "forecast", "sentiment")


@dataclass(frozen=True)
class Score:
    """One measure of one model. `bar` None: told, not judged. `value` None: could not be computed."""

    part: str
    measure: str
    value: float | None
    bar: float | None
    is_lower_better: bool
    passed: bool
    note: str


def judged(part: str, measure: str, value: float | None, bar: float, *, lower: bool = False, note: str = "") -> Score:
    """A measure with its bar: passed at the bar or on its better side; without a value it has failed."""
    passed = value is not None and (value <= bar if lower else value >= bar)
    return Score(part, measure, value, bar, lower, passed, note)


def told(part: str, measure: str, value: float | None, *, lower: bool = False, note: str = "") -> Score:
    """A measure without a bar."""
    return Score(part, measure, value, None, lower, True, note)


def score_parts(marts: duckdb.DuckDBPyConnection, truth: Path, parts: Iterable[str] = PARTS) -> list[Score]:
    """The scores of these parts; `marts` is the published catalog, `truth` the home's folder of that name. A part that
    cannot be scored (MilepostError) gives one failed row that says why."""
    scores: list[Score] = []
    for part in parts:
        try:
            found: list[Score] = import_module(f"orchestration.score.{part}").score(marts, truth)
        except MilepostError as error:
            scores.append(Score(part, "cannot be scored", None, None, False, False, str(error)))
            continue
        if not any(score.bar is not None for score in found):
            raise AssertionError(f"part {part} has no measure with a bar")
        scores.extend(found)
    return scores


def need_marts(marts: duckdb.DuckDBPyConnection, *names: str) -> None:
    """MilepostError where one of these marts (schema.name) is not published or is empty."""
    for name in names:
        schema, mart = name.split(".")
        known = marts.execute(
            "select 1 from information_schema.tables where table_schema = ? and table_name = ?", [schema, mart]
        ).fetchone()
        if known is None:
            raise MilepostError("the published version has no such mart", where=name, remedy="`milepost run` makes it")
        if marts.execute(f'select 1 from "{schema}"."{mart}" limit 1').fetchone() is None:
            raise MilepostError("the mart is empty: there is nothing to score", where=name)


def need_truth(truth: Path, name: str) -> Path:
    """The path of a truth file; MilepostError where it is missing."""
    path = truth / name
    if not path.exists():
        raise MilepostError(
            "this truth is missing", where=str(path), remedy="Only the sample company has one: `milepost demo` makes it"
        )
    return path
