"""Kind date: a day (DATE). A time beside it is dropped; a moment with an offset gives the day in the time zone."""

from __future__ import annotations

from ingestion.cleaning.base import Cleaning, Failure, Setting, unreadable
from ingestion.cleaning.moments import EARLIEST, LATEST, has_offset, local_moment, offset_moment, plain_moment
from ingestion.contracts.model import Column
from ingestion.engine import quote


def clean(text: str, value: str, column: Column, setting: Setting) -> Cleaning:
    """Null with a reason where no form fits or the year is beyond 1900 to 2199."""
    outside = f"{value} < date '{EARLIEST}' or {value} >= date '{LATEST}'"
    failures = (unreadable(text, value, "not_a_date"), Failure("impossible_date", outside))
    moment = plain_moment(column, setting, None)
    fast = None if moment is None else lambda cell: f"cast({moment(cell)} as date)"
    return Cleaning(day(text, column, setting), failures, fast=fast)


def day(text: str, column: Column, setting: Setting) -> str:
    """SQL: the day that the text writes; null where no form fits."""
    local = f"cast({local_moment(text, column, setting)} as date)"
    zone = quote(setting.time_zone(column))
    shifted = f"cast(timezone({zone}, timezone('UTC', {offset_moment(text, column, setting)})) as date)"
    return f"coalesce(case when {has_offset(text, column, setting)} then {shifted} end, {local})"
