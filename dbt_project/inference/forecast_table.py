"""Forecasts as tables: monthly revenue in, forecasts with bands out.

Belongs here: between Arrow tables and matrices. Not here: the arithmetic (`forecast.py`).
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dbt_project.inference.forecast import Forecast, Settings, rolling_forecasts

SCHEMA = pa.schema(
    [
        ("region", pa.string()),
        ("product_line", pa.string()),
        ("made_on", pa.date32()),
        ("month_start", pa.date32()),
        ("lead_months", pa.int64()),
        ("method", pa.string()),
        *[
            (name, pa.float64())
            for name in (
                "forecast",
                "lower_80",
                "upper_80",
                "lower_95",
                "upper_95",
                "baseline_forecast",
                "backtest_error",
                "baseline_backtest_error",
                "last_quarter_error",
            )
        ],
    ]
)


def forecast_table(months: pa.Table, calendar: pa.Table, settings: Settings) -> pa.Table:
    """Rows of `SCHEMA`: the newest origin to the horizon, origins before it to the lead.

    `months`: region, product_line, month_start, last_date, revenue_reporting_amount, ordered by the first three, every
    series with every month; `calendar`: month_start, holiday_day_count, promotion_day_count, in order, from the same
    first month to the end of the horizon.
    """
    if months.num_rows == 0:
        return SCHEMA.empty_table()
    starts = pc.unique(months["month_start"]).to_pylist()
    last_days = pc.unique(months["last_date"]).to_pylist()
    count = len(starts)
    if months.num_rows % count or calendar["month_start"].to_pylist()[:count] != starts:
        raise ValueError("every series needs every month, and the calendar the same months")
    values = months["revenue_reporting_amount"].cast(pa.float64()).to_numpy().reshape(-1, count)
    region = months["region"].to_numpy(zero_copy_only=False).reshape(-1, count)[:, 0]
    line = months["product_line"].to_numpy(zero_copy_only=False).reshape(-1, count)[:, 0]
    regressors = np.column_stack(
        [calendar[name].cast(pa.float64()).to_numpy() for name in ("holiday_day_count", "promotion_day_count")]
    )
    ahead = calendar["month_start"].to_pylist()
    tables = []
    for made in rolling_forecasts(values, regressors, settings):
        reach = settings.horizon if made.origin == count else settings.lead
        tables.append(_rows(made, region, line, last_days[made.origin - 1], ahead[made.origin : made.origin + reach]))
    return pa.concat_tables(tables)


def _rows(made: Forecast, region: np.ndarray, line: np.ndarray, made_on: object, ahead: list[object]) -> pa.Table:
    series, reach = len(region), len(ahead)

    def over_months(per_series: np.ndarray) -> pa.Array:
        return pa.array(np.repeat(per_series, reach), from_pandas=True)

    def flat(matrix: np.ndarray) -> pa.Array:
        return pa.array(matrix[:, :reach].ravel(), pa.float64(), from_pandas=True)  # nan becomes null

    columns = [
        over_months(region),
        over_months(line),
        pa.array([made_on] * (series * reach), pa.date32()),
        pa.array(ahead * series, pa.date32()),
        pa.array(list(range(1, reach + 1)) * series, pa.int64()),
        over_months(made.method.astype(object)),
        flat(made.values),
        flat(made.lower[0]),
        flat(made.upper[0]),
        flat(made.lower[1]),
        flat(made.upper[1]),
        flat(made.baseline),
        over_months(made.backtest_error),
        over_months(made.baseline_error),
        over_months(made.last_quarter_error),
    ]
    return pa.table(columns, schema=SCHEMA)
