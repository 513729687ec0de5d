"""Kind text: NFKC, runs of spaces collapsed, padded with zeros where the contract says so."""

from __future__ import annotations

from ingestion.cleaning.base import Cleaning, Setting, collapsed, tight
from ingestion.contracts.model import Column
from ingestion.engine import quote


def clean(text: str, value: str, column: Column, setting: Setting) -> Cleaning:
    """Any text is text."""
    return Cleaning(padded(collapsed(text), column), fast=tight if column.pad_to is None else None)


def padded(value: str, column: Column) -> str:
    """SQL: left-padded with zeros to the contract's length; longer values stay."""
    if column.pad_to is None:
        return value
    # a spreadsheet that lost the zeros often wrote a decimal, too
    bare = f"regexp_replace({value}, {quote('^([0-9]+)[.]0$')}, {quote(chr(92) + '1')})"
    return f"case when length({bare}) < {column.pad_to} then lpad({bare}, {column.pad_to}, '0') else {bare} end"
