"""All kinds of columns by name, and the functions that their SQL calls.

Belongs here: finding a kind's module and registering its functions. Not here: a kind.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ingestion.cleaning.base import Cleaning, Setting
from ingestion.contracts.model import KINDS, Column
from ingestion.engine import kept_alive


def clean(text: str, value: str, column: Column, setting: Setting) -> Cleaning:
    """What the column's kind makes of `text`; `value` is the SQL name under which the value will be known."""
    if column.kind not in KINDS:
        raise KeyError(f"no kind {column.kind}; known: {', '.join(KINDS)}")
    cleaning: Cleaning = _module(column.kind).clean(text, value, column, setting)
    return cleaning


def engine_type(column: Column) -> str:
    """DuckDB type of the cleaned column."""
    return KINDS[column.kind]


def register_functions(connection: Any) -> None:
    """Give the engine the functions that kinds call for what SQL cannot do."""
    from ingestion.cleaning.country import country_codes

    def codes(names: Any) -> Any:
        return country_codes(_whole(names))

    for name, function, count in (("country_code", codes, 1), ("phone_by_plan", _phone_by_plan, 2)):
        connection.create_function(
            name, kept_alive(function), ["VARCHAR"] * count, "VARCHAR", type="arrow", null_handling="special"
        )


@cache
def _module(kind: str) -> Any:
    return import_module(f"ingestion.cleaning.{kind}")


def _whole(values: Any) -> Any:
    return values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values


def _phone_by_plan(values: Any, regions: Any) -> Any:
    """E.164 of each value by the region's numbering plan; null where it is no valid number."""
    from ingestion.privacy.phones import e164

    if not len(values):
        return pa.array([], pa.string())
    values, region = _whole(values), regions[0].as_py() or None
    read = e164(values, region)
    return _whole(read["e164"]).take(pc.index_in(values, value_set=_whole(read["value"])))
