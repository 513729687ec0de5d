"""Variants of experiments compared with their controls."""

from __future__ import annotations

from typing import Any

from dbt_project.inference.experiments import compare_experiments


def model(dbt: Any, session: Any) -> Any:
    """Rows of `compare_experiments`."""
    dbt.config(materialized="table")
    settings = dbt.config.get("meta")["experiments"]
    counts = dbt.ref("int_experiments__counts").to_arrow_table()
    return compare_experiments(counts, confidence=float(settings["confidence"]), power=float(settings["power"]))
