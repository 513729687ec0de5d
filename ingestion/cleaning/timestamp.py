"""Kind timestamp: a moment (TIMESTAMP in UTC), from the column's, else the contract's time zone, or its own offset."""

from __future__ import annotations

from ingestion.cleaning.base import Cleaning, Failure, Setting, unreadable
from ingestion.cleaning.moments import EARLIEST, LATEST, has_offset, in_utc, local_moment, offset_moment, plain_moment
from ingestion.contracts.model import Column


def clean(text: str, value: str, column: Column, setting: Setting) -> Cleaning:
    """Null with a reason where no form fits or the year is beyond 1900 to 2199."""
    local = in_utc(local_moment(text, column, setting), setting.time_zone(column))
    moment = offset_moment(text, column, setting)
    read = f"coalesce(case when {has_offset(text, column, setting)} then {moment} end, {local})"
    outside = f"{value} < timestamp '{EARLIEST}' or {value} >= timestamp '{LATEST}'"
    failures = (unreadable(text, value, "not_a_timestamp"), Failure("impossible_date", outside))
    return Cleaning(read, failures, fast=plain_moment(column, setting, setting.time_zone(column)))
