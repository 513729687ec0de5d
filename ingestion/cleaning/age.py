"""Kind age: whole years (BIGINT), 0 to 120 unless the contract says otherwise; `35岁` and `35 years` are read."""

from __future__ import annotations

from ingestion.cleaning.base import Cleaning, Setting, plain, range_failures, unreadable
from ingestion.cleaning.birth_date import OLDEST
from ingestion.cleaning.numerals import number
from ingestion.contracts.model import Column

_UNIT = r"(?i)\s*(?:周?岁|years?(?: old)?|yrs?|y\.?o\.?)$"


def clean(text: str, value: str, column: Column, setting: Setting) -> Cleaning:
    """Null with a reason where the text is no whole number of years or lies outside the range."""
    bare = f"regexp_replace({plain(text)}, '{_UNIT}', '')"
    failures = (unreadable(text, value, "not_an_age"), *range_failures(value, column, (0, OLDEST)))
    return Cleaning(number(bare, column, setting, "BIGINT"), failures)
