"""Removal effects and Shapley values of the marketing channels, from the distinct paths."""

from __future__ import annotations

from typing import Any

from dbt_project.inference.attribution import attribution_effects


def model(dbt: Any, session: Any) -> Any:
    """Rows of `attribution_effects`."""
    dbt.config(materialized="table")
    settings = dbt.config.get("meta")["attribution"]
    paths = dbt.ref("int_attribution__paths").order("path, path_set").to_arrow_table()
    return attribution_effects(
        paths,
        markov_order=int(settings["markov_order"]),
        shapley_worth=str(settings["shapley_worth"]),
        shapley_exact_channels=int(settings["shapley_exact_channels"]),
        shapley_samples=int(settings["shapley_samples"]),
    )
