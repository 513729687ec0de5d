"""Kind money: an amount (DECIMAL(18,4)); its currency is the contract's or another column's.

With `refund_within`, `131.77(已退款89.84)` is the amount 131.77, and `__refund` what was given back of it.
"""

from __future__ import annotations

from ingestion.cleaning.base import Cleaning, Failure, Setting, range_failures, unreadable
from ingestion.cleaning.numerals import number, plain_number
from ingestion.contracts.model import Column
from ingestion.engine import quote

_TYPE = "DECIMAL(18, 4)"
#: What stands behind an amount of which something was given back: all of it, or the amount named.
_BACK = r"(?i)\s*[(（]\s*(已全额退款|fully refunded|(?:已退款?|refunded|refund)\s*[:：]?\s*([^()（）]*[0-9]))\s*[)）]$"


def clean(text: str, value: str, column: Column, setting: Setting) -> Cleaning:
    """Null with a reason where the text is no amount, does not fit or lies outside the range."""
    failures = (unreadable(text, value, "not_an_amount"), *range_failures(value, column))
    fast = plain_number(column, setting, _TYPE)
    if not column.refund_within:
        return Cleaning(number(text, column, setting, _TYPE), failures, fast=fast)
    written = f"cast({text} as varchar)"
    amount = number(f"regexp_replace({written}, {quote(_BACK)}, '')", column, setting, _TYPE)
    tail = f"regexp_matches({written}, {quote(_BACK)})"
    named = f"nullif(regexp_extract({written}, {quote(_BACK)}, 2), '')"
    given_back = f"cast({number(named, column, setting, _TYPE)} as {_TYPE})"
    refund = f"case when {tail} then case when {named} is null then {value} else {given_back} end end"
    further = (
        Failure("not_an_amount", f"{tail} and {named} is not null and {given_back} is null"),
        Failure("refund_above_amount", f"{tail} and {given_back} > {value}"),
    )
    return Cleaning(amount, (*failures, *further), extras=(("refund", refund),), fast=fast)
