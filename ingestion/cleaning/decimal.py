"""Kind decimal: a number (DOUBLE) for quantities, rates and measures; money has a kind of its own."""

from __future__ import annotations

from ingestion.cleaning.base import Cleaning, Failure, Setting, range_failures, unreadable
from ingestion.cleaning.numerals import number, plain_number
from ingestion.contracts.model import Column


def clean(text: str, value: str, column: Column, setting: Setting) -> Cleaning:
    """Null with a reason where the text is no number or lies outside the range."""
    read = number(text, column, setting, "DOUBLE")
    failures = (
        unreadable(text, value, "not_a_number"),
        Failure("not_a_number", f"not isfinite({value})"),  # the engine reads nan and inf
        *range_failures(value, column),
    )
    return Cleaning(read, failures, fast=plain_number(column, setting, "DOUBLE"))
