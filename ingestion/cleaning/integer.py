"""Kind integer: a whole number (BIGINT). A number with a fraction fails; 12.0 is whole."""

from __future__ import annotations

from ingestion.cleaning.base import Cleaning, Setting, range_failures, unreadable
from ingestion.cleaning.numerals import number, scaled
from ingestion.contracts.model import Column


def clean(text: str, value: str, column: Column, setting: Setting) -> Cleaning:
    """Null with a reason where the text is no whole number of 64 bits or lies outside the range."""
    read = number(text, column, setting, "decimal(18, 4)")
    product = scaled(read, column, "decimal(38, 4)")
    whole = f"case when {product} = floor({product}) then try_cast({product} as bigint) end"
    return Cleaning(whole, (unreadable(text, value, "not_an_integer"), *range_failures(value, column)))
