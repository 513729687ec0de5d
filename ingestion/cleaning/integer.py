"""Kind integer: a whole number (BIGINT). A number with a fraction fails; 12.0 is whole."""

from __future__ import annotations

from ingestion.cleaning.base import Cleaning, Setting, range_failures, unreadable
from ingestion.cleaning.numerals import number, plain_number
from ingestion.contracts.model import Column


def clean(text: str, value: str, column: Column, setting: Setting) -> Cleaning:
    """Null with a reason where the text is no whole number of 64 bits or lies outside the range."""
    read = number(text, column, setting, "BIGINT")
    failures = (unreadable(text, value, "not_an_integer"), *range_failures(value, column))
    return Cleaning(read, failures, fast=plain_number(column, setting, "BIGINT"))
