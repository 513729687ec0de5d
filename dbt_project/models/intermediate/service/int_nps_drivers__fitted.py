"""Grain: one row per quarter and driver of the recommendation: effect per unit, interval, p-value and respondents.

Nothing is additive. The arithmetic is in `dbt_project/inference/nps_drivers.py`.
"""

from __future__ import annotations

from typing import Any


def model(dbt: Any, session: Any) -> Any:
    """Effects by least squares, for each quarter and group of respondents apart."""
    from dbt_project.inference.nps_drivers import driver_table

    dbt.config(materialized="table")
    observations = dbt.ref("int_nps_observations").order("respondents, quarter_start_date, response_id")
    return driver_table(observations.fetch_arrow_table(), int(dbt.config.get("minimum_answers")))
