"""All kinds of columns by name, and the functions that their SQL calls.

Belongs here: finding a kind's module and registering its functions. Not here: a kind.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

from ingestion.cleaning.base import Cleaning, Setting
from ingestion.cleaning.company import company_core
from ingestion.cleaning.country import country_code
from ingestion.cleaning.divisions.find import packed_division
from ingestion.cleaning.functions import add_functions, state_code
from ingestion.cleaning.numerals import written_number
from ingestion.cleaning.phone import phone_by_plan
from ingestion.contracts.model import KINDS, Column
from ingestion.engine import add_text_function


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
    """Give the engine the functions that kinds call for what SQL cannot do; each remembers values it has read."""
    add_text_function(connection, "chinese_division", packed_division, 1)
    add_text_function(connection, "company_core", company_core, 1)
    add_text_function(connection, "country_code", country_code, 1)
    add_text_function(connection, "state_code", state_code, 2)
    add_text_function(connection, "written_number", written_number, 2)
    add_text_function(connection, "phone_by_plan", phone_by_plan, 2)
    add_functions(connection)


@cache
def _module(kind: str) -> Any:
    return import_module(f"ingestion.cleaning.{kind}")
