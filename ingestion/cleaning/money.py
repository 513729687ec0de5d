"""Kind money: an amount (DECIMAL(18,4)); its currency is the contract's or another column's."""

from __future__ import annotations

from ingestion.cleaning.base import Cleaning, Setting, range_failures, unreadable
from ingestion.cleaning.numerals import number, plain_number
from ingestion.contracts.model import Column


def clean(text: str, value: str, column: Column, setting: Setting) -> Cleaning:
    """Null with a reason where the text is no amount, does not fit or lies outside the range."""
    read = number(text, column, setting, "DECIMAL(18, 4)")
    failures = (unreadable(text, value, "not_an_amount"), *range_failures(value, column))
    return Cleaning(read, failures, fast=plain_number(column, setting, "DECIMAL(18, 4)"))
