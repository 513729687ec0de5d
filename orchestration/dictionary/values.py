"""What the published catalog says of KPIs: the whole's series, comparisons, versions.

Belongs here: reading, in one query each for all KPIs. Not here: how it looks (`pages.py`, `chart.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

#: So many periods of a grain are charted.
PERIODS = {"day": 60, "week": 52, "month": 24, "quarter": 12, "year": 8}
#: The grain that is charted: the first of these that the KPI has.
CHARTED = ("month", "quarter", "week", "day", "year")


@dataclass
class Point:
    """A value of the whole and what it is compared with; `is_complete`: the period has ended."""

    period_start: date
    value: float | None
    is_complete: bool
    previous_change_rate: float | None = None
    last_year_change_rate: float | None = None
    benchmark_value: float | None = None


@dataclass
class Published:
    """What is published of one KPI: series of the whole by grain, and versions, newest first."""

    series: dict[str, list[Point]] = field(default_factory=dict)
    versions: list[dict[str, Any]] = field(default_factory=list)

    @property
    def charted(self) -> tuple[str, list[Point]] | None:
        """Grain and points of the chart."""
        for grain in CHARTED:
            if any(point.value is not None for point in self.series.get(grain, [])):
                return grain, self.series[grain][-PERIODS[grain] :]
        return None


def read_published(catalog: Path) -> dict[str, Published]:
    """KPI -> what is published of it; empty where the catalog is not there."""
    import duckdb

    if not catalog.exists():
        return {}
    found: dict[str, Published] = {}
    with duckdb.connect(str(catalog.resolve()), read_only=True) as connection:
        connection.execute("set enable_progress_bar = false")
        tables = {f"{schema}.{name}" for schema, name in connection.execute(
            "select table_schema, table_name from information_schema.tables"
        ).fetchall()}  # fmt: skip
        compared = "kpi.kpi_comparisons" in tables
        rows = connection.execute(_SERIES.format(comparison=_COMPARED if compared else _NOT_COMPARED)).fetchall()
        for kpi_id, grain, *point in rows:
            found.setdefault(kpi_id, Published()).series.setdefault(grain, []).append(Point(*point))
        for version in _rows(connection, "select * from kpi.kpi_catalogue order by kpi_id, version desc"):
            found.setdefault(version["kpi_id"], Published()).versions.append(version)
    return found


_COMPARED = """
    c.is_complete, c.previous_change_rate, c.last_year_change_rate, c.benchmark_value
    from kpi.kpi_values as v
    left join kpi.kpi_comparisons as c using (kpi_id, grain, period_start, dimension, member)
"""
_NOT_COMPARED = "true, null, null, null from kpi.kpi_values as v"
_SERIES = """
    select v.kpi_id, v.grain, v.period_start, v.value, {comparison}
    where v.dimension = 'total' order by v.kpi_id, v.grain, v.period_start
"""


def _rows(connection: Any, query: str) -> Iterator[dict[str, Any]]:
    result = connection.execute(query)
    names = [column[0] for column in result.description]
    for row in result.fetchall():
        yield dict(zip(names, row, strict=True))
