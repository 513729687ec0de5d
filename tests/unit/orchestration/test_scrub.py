"""What is told of an exception quotes no value."""

from __future__ import annotations

import duckdb
import pytest

from ingestion.errors import MilepostError
from orchestration.scrub import brief, safe_report

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
