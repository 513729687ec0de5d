"""dbt's nodes as assets, and what a failing dbt call means."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ingestion.errors import MilepostError
from orchestration.transform import asset_key, failure, group_name
from publishing.publish import GateClosedError


@pytest.mark.parametrize(
    ("node", "key"),
    [
        ({"resource_type": "source", "name": "order", "fqn": ["milepost", "lake", "order"]}, "clean/order"),
        ({"resource_type": "seed", "name": "channels", "fqn": ["milepost", "channels"]}, "seeds/channels"),
        (
            {"resource_type": "model", "name": "stg_order", "fqn": ["milepost", "staging", "stg_order"]},
            "staging/stg_order",
        ),
        (
            {"resource_type": "model", "name": "int_x", "fqn": ["milepost", "intermediate", "kpi", "int_x"]},
            "intermediate/int_x",
        ),
        (
            {"resource_type": "model", "name": "fct_orders", "fqn": ["milepost", "marts", "core", "fct_orders"]},
            "core/fct_orders",
        ),
    ],
)
def test_keys_say_the_layer_or_the_published_schema(node: dict, key: str) -> None:
    assert asset_key(node).to_user_string() == key
    assert group_name(node) == ("clean_lake" if node["resource_type"] == "source" else key.split("/")[0])


def results(folder: Path, *pairs: tuple[str, str]) -> Path:
    rows = [
        {"unique_id": unique_id, "status": status, "failures": 3, "message": "Could not convert 13812345678"}
        for unique_id, status in pairs
    ]
    (folder / "run_results.json").write_text(json.dumps({"results": rows}), encoding="utf-8")
    return folder


def test_a_model_that_fails_is_named_without_the_engines_words(tmp_path: Path) -> None:
    error = failure(results(tmp_path, ("model.milepost.dim_date", "error"), ("test.milepost.x.1", "fail")))
    assert not isinstance(error, GateClosedError)
    assert "dim_date" in str(error)
    assert "13812345678" not in str(error)


def test_a_test_that_fails_closes_the_gate_and_says_how_many_rows(tmp_path: Path) -> None:
    error = failure(
        results(tmp_path, ("model.milepost.dim_date", "success"), ("test.milepost.date_is_unique.1", "fail"))
    )
    assert isinstance(error, GateClosedError)
    assert "date_is_unique (3 rows)" in str(error)


def test_dbt_that_did_not_come_to_results_is_an_error(tmp_path: Path) -> None:
    error = failure(tmp_path)
    assert isinstance(error, MilepostError)
    assert "dbt.log" in str(error)
