"""Kind percent: a percentage (DOUBLE) as the number before the sign: 1.16 for `1.16%`; 0 to 100 by default."""

from __future__ import annotations

from ingestion.cleaning.base import Cleaning, Failure, Setting, plain, range_failures, unreadable
from ingestion.cleaning.numerals import number
from ingestion.contracts.model import Column


def clean(text: str, value: str, column: Column, setting: Setting) -> Cleaning:
    """Null with a reason where the text is no number or lies outside the range."""
    bare = f"rtrim({plain(text)}, ' %')"
    read = number(bare, column, setting, "DOUBLE")
    failures = (
        unreadable(text, value, "not_a_percentage"),
        Failure("not_a_percentage", f"not isfinite({value})"),
        *range_failures(value, column, (0, 100)),
    )
    return Cleaning(read, failures)
