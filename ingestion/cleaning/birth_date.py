"""Kind birth_date: a day (DATE) that gives an age of 0 to 120; `__year` is what may leave where it is personal."""

from __future__ import annotations

from ingestion.cleaning.base import Cleaning, Failure, Setting, unreadable
from ingestion.cleaning.date import day
from ingestion.contracts.model import Column

OLDEST = 120


def clean(text: str, value: str, column: Column, setting: Setting) -> Cleaning:
    """Null with a reason where no form fits or the age at the time of the run is beyond 0 to 120."""
    today = setting.now.date()
    outside = f"{value} > date '{today:%Y-%m-%d}' or {value} <= date '{today:%Y-%m-%d}' - interval ({OLDEST + 1}) years"
    failures = (unreadable(text, value, "not_a_date"), Failure("impossible_age", outside))
    return Cleaning(day(text, column, setting), failures, extras=(("year", f"cast(year({value}) as bigint)"),))
