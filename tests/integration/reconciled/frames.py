"""Facts as frames, periods, members, and the comparison. Not here: any KPI's definition."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

GRAINS = ("day", "week", "month", "quarter", "year")
KEYS = ["grain", "period_start", "dimension", "member"]
OTHERS = "Not computed a second time: "
#: Member of a record that has none.
NONE = "(none)"
#: Largest relative difference that counts as equal.
TOLERANCE = 1e-9


@dataclass
class Facts:
    """Published marts of one version as frames, read once each."""

    catalog: Path
    as_of: dt.date  # the build's day in the reporting time zone

    def __post_init__(self) -> None:
        self._tables: dict[str, pd.DataFrame] = {}

    def __getitem__(self, mart: str) -> pd.DataFrame:
        """A mart (`core.fct_orders`) as a new frame; dates are datetime64, money is float64."""
        if mart not in self._tables:
            with duckdb.connect(str(self.catalog), read_only=True) as connection:
                frame = connection.execute(f"select * from {mart}").df()
                kinds = dict(connection.execute(f"select column_name, column_type from (describe {mart})").fetchall())
            for column, kind in kinds.items():
                if kind.startswith("DECIMAL"):
                    frame[column] = frame[column].astype("float64")
            self._tables[mart] = frame
        return self._tables[mart].copy()

    @cached_property
    def links(self) -> pd.DataFrame:
        """source_system, source_customer_key, customer_id."""
        links = self["core.customer_links"]
        return links.rename(columns={"source_key": "source_customer_key"})[
            ["source_system", "source_customer_key", "customer_id"]
        ]

    @cached_property
    def values(self) -> pd.DataFrame:
        return self["kpi.kpi_values"]


Kpi = Callable[[Facts], pd.DataFrame]


@dataclass(frozen=True)
class Independent:
    """A KPI's second calculation."""

    kpi_id: str
    compute: Kpi
    source: str  # what it is computed from, as the table in docs/ says it


REGISTRY: dict[str, Independent] = {}


def independent(kpi_id: str, source: str) -> Callable[[Kpi], Kpi]:
    """Register a calculation. It answers `KEYS` and `value`: rows of every valid grain and dimension, and the total
    (dimension `total`, member `all`); null where the denominator is zero."""

    def register(compute: Kpi) -> Kpi:
        assert kpi_id not in REGISTRY, f"{kpi_id} is computed twice"
        REGISTRY[kpi_id] = Independent(kpi_id, compute, source)
        return compute

    return register


def period_start(day: pd.Series, grain: str) -> pd.Series:
    """First day of each day's period; weeks begin on Monday."""
    day = pd.to_datetime(day)
    if grain == "day":
        return day.dt.normalize()
    if grain == "week":
        return (day - pd.to_timedelta(day.dt.weekday, unit="D")).dt.normalize()
    return day.dt.to_period({"month": "M", "quarter": "Q", "year": "Y"}[grain]).dt.start_time


def spread(
    events: pd.DataFrame,
    day: str,
    dimensions: Mapping[str, str] | Iterable[str],
    measures: Iterable[str],
    grains: Iterable[str] = GRAINS,
) -> pd.DataFrame:
    """Each event once per grain and dimension: `KEYS` and the measures' columns. Events without a day are left out.

    `dimensions` maps a KPI's dimension to the events' column (or names columns that are called alike).
    """
    columns = dict(dimensions) if isinstance(dimensions, Mapping) else {name: name for name in dimensions}
    events = events[events[day].notna()]
    measures = list(measures)
    parts = []
    for grain in grains:
        start = period_start(events[day], grain)
        for dimension, column in {"total": None, **columns}.items():
            part = events[measures].copy()
            part["grain"], part["period_start"], part["dimension"] = grain, start, dimension
            part["member"] = (
                "all" if column is None else events[column].astype("object").where(events[column].notna(), NONE)
            )
            parts.append(part)
    return pd.concat(parts, ignore_index=True)


def summed(
    events: pd.DataFrame, day: str, dimensions: Mapping[str, str] | Iterable[str], measure: str, **kw: object
) -> pd.DataFrame:
    """KPI that is a sum of a measure."""
    spread_events = spread(events, day, dimensions, [measure], **kw)  # type: ignore[arg-type]
    return spread_events.groupby(KEYS, as_index=False)[measure].sum().rename(columns={measure: "value"})


def counted(
    events: pd.DataFrame, day: str, dimensions: Mapping[str, str] | Iterable[str], key: str, **kw: object
) -> pd.DataFrame:
    """KPI that counts distinct keys (nulls do not count)."""
    spread_events = spread(events, day, dimensions, [key], **kw)  # type: ignore[arg-type]
    return spread_events.groupby(KEYS, as_index=False)[key].nunique().rename(columns={key: "value"})


def median(
    events: pd.DataFrame, day: str, dimensions: Mapping[str, str] | Iterable[str], measure: str, **kw: object
) -> pd.DataFrame:
    """KPI that is a median of a measure (nulls do not count)."""
    spread_events = spread(events[events[measure].notna()], day, dimensions, [measure], **kw)  # type: ignore[arg-type]
    return spread_events.groupby(KEYS, as_index=False)[measure].median().rename(columns={measure: "value"})


def ratio(numerator: pd.DataFrame, denominator: pd.DataFrame, factor: float = 1.0) -> pd.DataFrame:
    """Sum over sum, row by row; a missing numerator is 0, a denominator that is missing or 0 gives null."""
    if numerator.empty and denominator.empty:
        return numerator[[*KEYS, "value"]]
    joined = numerator.merge(denominator, on=KEYS, how="outer", suffixes=("_n", "_d"))
    top, bottom = joined["value_n"].fillna(0.0), joined["value_d"].fillna(0.0)
    joined["value"] = np.where(bottom == 0, np.nan, factor * top / bottom.where(bottom != 0, 1.0))
    return joined[[*KEYS, "value"]]


def share_of_total(part: pd.DataFrame, whole: pd.DataFrame) -> pd.DataFrame:
    """Each member over the period's total."""
    total = whole[whole["dimension"] == "total"][["grain", "period_start", "value"]]
    joined = part.merge(total, on=["grain", "period_start"], how="left", suffixes=("_n", "_d"))
    joined["value"] = np.where(
        joined["value_d"].fillna(0) == 0, np.nan, joined["value_n"] / joined["value_d"].where(joined["value_d"] != 0)
    )
    return joined[[*KEYS, "value"]]


@dataclass(frozen=True)
class Comparison:
    """What a KPI's comparison came to."""

    kpi_id: str
    source: str
    grains: tuple[str, ...]
    dimensions: tuple[str, ...]
    compared: int  # rows with a value on either side
    different: int
    largest: float  # relative difference
    examples: tuple[str, ...]  # keys of rows that differ, never more than five


def compare(facts: Facts, one: Independent) -> Comparison:
    """Both calculations, row by row; a row that one side lacks is 0 or null on it."""
    found = facts.values[facts.values["kpi_id"] == one.kpi_id][[*KEYS, "value"]].copy()
    found["period_start"] = pd.to_datetime(found["period_start"]).astype("datetime64[us]")
    wanted = one.compute(facts)[[*KEYS, "value"]].copy()
    wanted["period_start"] = pd.to_datetime(wanted["period_start"]).astype("datetime64[us]")
    wanted["member"] = wanted["member"].astype(str)
    assert not wanted.duplicated(KEYS).any(), f"{one.kpi_id}: the second calculation has keys twice"
    joined = found.merge(wanted, on=KEYS, how="outer", suffixes=("_found", "_wanted"), indicator=True)
    left, right = joined["value_found"].astype(float), joined["value_wanted"].astype(float)
    # where one side has no row the other may say 0; where both have one, null and 0 are different things
    both = joined["_merge"] == "both"
    left, right = left.where(both, left.fillna(0.0)), right.where(both, right.fillna(0.0))
    difference = (left - right).abs() / np.maximum(1.0, np.maximum(left.abs(), right.abs()))
    is_different = (left.isna() != right.isna()) | (difference > TOLERANCE)
    is_compared = joined["value_found"].notna() | joined["value_wanted"].notna()
    examples = [
        f"{row.grain} {row.period_start:%Y-%m-%d} {row.dimension}={row.member}: "
        f"published {row.value_found}, computed {row.value_wanted}"
        for row in joined[is_different].head(5).itertuples()
    ]
    return Comparison(
        one.kpi_id,
        one.source,
        tuple(grain for grain in GRAINS if grain in set(joined["grain"])),
        tuple(sorted(set(joined["dimension"]) - {"total"})),
        int(is_compared.sum()),
        int(is_different.sum()),
        float(difference[~is_different].max()) if len(joined) else 0.0,
        tuple(examples),
    )


def table(comparisons: Iterable[Comparison], not_compared: Iterable[str]) -> str:
    """The comparisons as a Markdown table, a line per KPI, and the KPIs that are not computed a second time."""
    lines = [
        "| KPI | computed from | grains | dimensions | values | largest relative difference |",
        "|---|---|---|---|---:|---:|",
    ]
    for one in sorted(comparisons, key=lambda c: c.kpi_id):
        lines.append(
            f"| `{one.kpi_id}` | {one.source} | {', '.join(one.grains)} | {', '.join(one.dimensions) or 'total'} "
            f"| {one.compared:,} | {one.largest:.0e} |"
        )
    others = ", ".join(f"`{kpi_id}`" for kpi_id in sorted(not_compared)) or "none"
    return "\n".join(lines) + f"\n\n{OTHERS}{others}.\n"
