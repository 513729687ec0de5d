"""Score of the revenue forecasts: made one quarter ahead, against what came and against the seasonal naive baseline.

Belongs here: which rows of `goals.revenue_forecast` are judged, and the bars. Not here: the methods, the arithmetic.
The truth is what came, so this part needs no file: a forecast of a past month end knew nothing of the months after it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingestion.errors import MilepostError
from orchestration.score import Score, judged, need_marts, told

if TYPE_CHECKING:
    import duckdb

PART = "forecast"
#: The error of what was served, over the baseline's: at least a twentieth better.
ERROR_BAR = 0.95
#: Shares of the months that fell into the bands: bands that promise 80% and 95% are refused below these.
COVERAGE_BARS = {80: 0.72, 95: 0.88}


def score(marts: duckdb.DuckDBPyConnection, truth: Path) -> list[Score]:
    """WAPE over the baseline's, by month, region and product line, and the bands' coverage; MilepostError where no
    month was forecast with a method to choose from."""
    from dbt_project.inference.scoring import wape

    need_marts(marts, "goals.revenue_forecast")
    rows = marts.execute(
        """
        select
            forecast_reporting_amount::double as forecast,
            baseline_reporting_amount::double as baseline,
            actual_reporting_amount::double as actual,
            actual_reporting_amount between lower_80_reporting_amount and upper_80_reporting_amount as in_80,
            actual_reporting_amount between lower_95_reporting_amount and upper_95_reporting_amount as in_95,
            is_baseline
        from goals.revenue_forecast
        where quarter_ahead_actual_reporting_amount is not null
            and made_on in (select made_on from goals.revenue_forecast where not is_baseline)
        order by month, region, product_line
        """
    ).fetchnumpy()
    count = len(rows["actual"])
    if not count:
        raise MilepostError(
            "no month was forecast a quarter ahead with a method to choose from",
            where="goals.revenue_forecast",
            remedy="Two years and a half of history are needed: `milepost demo --size small` has three years",
        )
    served, baseline = wape(rows["forecast"], rows["actual"]), wape(rows["baseline"], rows["actual"])
    note = f"{count} months of a region and product line, made one quarter ahead"
    scores = [
        told(PART, "WAPE", served, lower=True, note=note),
        told(PART, "WAPE of the seasonal naive baseline", baseline, lower=True, note="the same rows"),
        judged(
            PART,
            "WAPE over that of the baseline",
            served / baseline if served is not None and baseline else None,
            ERROR_BAR,
            lower=True,
            note=f"the baseline itself was served in {_share(rows['is_baseline']):.0%} of the rows",
        ),
    ]
    for level, bar in COVERAGE_BARS.items():
        inside = _share(rows[f"in_{level}"])
        scores.append(judged(PART, f"share within the {level}% band", inside, bar, note="a quarter ahead"))
    return scores


def _share(flags: Any) -> float:
    return sum(bool(flag) for flag in flags) / len(flags)
