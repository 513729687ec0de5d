"""Grain: one row per region, product line, made_on and month: the forecast with its bands, method and back-test errors.

Nothing is additive over made_on. The arithmetic is in `dbt_project/inference/forecast.py`.
"""

from __future__ import annotations

from typing import Any


def model(dbt: Any, session: Any) -> Any:
    """Forecasts of all monthly series, now and as they would have been made in the months before."""
    from dbt_project.inference.forecast import Settings
    from dbt_project.inference.forecast_table import forecast_table

    dbt.config(materialized="table")
    months = dbt.ref("int_revenue__monthly").order("region, product_line, month_start").fetch_arrow_table()
    calendar = dbt.ref("int_calendar__monthly").order("month_start").fetch_arrow_table()
    settings = Settings(
        horizon=int(dbt.config.get("horizon_months")),
        lead=int(dbt.config.get("lead_months")),
        test_origins=int(dbt.config.get("backtest_months")),
        kept_origins=int(dbt.config.get("kept_months")),
    )
    return forecast_table(months, calendar, settings)
