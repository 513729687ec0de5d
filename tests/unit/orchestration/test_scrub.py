"""What is told of an exception quotes no value."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from ingestion.errors import MilepostError
from orchestration.scrub import brief, safe_report, scrub_artifacts, without_values

VALUE = "13812345678"


def quoting_error() -> BaseException:
    with pytest.raises(duckdb.ConversionException) as caught:
        duckdb.sql(f"select '{VALUE}x'::integer").fetchall()
    assert VALUE in str(caught.value), "the engine no longer quotes values: this test has lost its point"
    return caught.value


def test_an_engines_message_is_replaced_by_type_and_place() -> None:
    text = brief(quoting_error())
    assert VALUE not in text
    assert "ConversionException" in text
    assert "tests/unit/orchestration/test_scrub.py" in text


def test_our_own_message_stays() -> None:
    assert brief(MilepostError("what", where="where", remedy="remedy")) == "where: what. remedy"


def test_the_report_names_the_whole_chain_without_values() -> None:
    try:
        try:
            raise quoting_error()
        except duckdb.Error as error:
            raise RuntimeError(VALUE) from error
    except RuntimeError as error:
        text = safe_report(error)
    assert "RuntimeError" in text
    assert "ConversionException" in text
    assert VALUE not in text


def test_what_the_engine_quotes_leaves_dbts_artifacts(tmp_path: Path) -> None:
    message = f"Runtime Error in model x (models/x.sql)\n  {quoting_error()}"
    results = {"results": [{"unique_id": "model.x", "status": "error", "message": message, "failures": None}]}
    (tmp_path / "run_results.json").write_text(json.dumps(results), encoding="utf-8")
    log = f"10:00:00 1 of 2 START\n10:00:01 {message}\n10:00:02 Done. ERROR=1\n"
    (tmp_path / "dbt.log").write_text(log, encoding="utf-8")
    assert scrub_artifacts(tmp_path) == 2
    for path in tmp_path.iterdir():
        assert VALUE not in path.read_text(encoding="utf-8")
    kept = json.loads((tmp_path / "run_results.json").read_text(encoding="utf-8"))["results"][0]
    assert kept["unique_id"] == "model.x" and "Runtime Error in model x" in kept["message"]
    assert "Conversion Error" in kept["message"]
    text = (tmp_path / "dbt.log").read_text(encoding="utf-8")
    assert "1 of 2 START" in text and "Done. ERROR=1" in text
    assert scrub_artifacts(tmp_path) == 0


def test_errors_about_the_statement_stay() -> None:
    text = 'Binder Error: Referenced column "x" not found\nLINE 1: select x\n\nConstraint Error: Duplicate key "a@b.cn"'
    assert without_values(text).startswith('Binder Error: Referenced column "x" not found\nLINE 1: select x\n\n')
    assert "a@b.cn" not in without_values(text)
