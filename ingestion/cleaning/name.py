"""Kind name: a person's or organisation's name: NFKC, runs of spaces collapsed."""

from __future__ import annotations

from ingestion.cleaning.base import Cleaning, Setting, collapsed, tight
from ingestion.contracts.model import Column


def clean(text: str, value: str, column: Column, setting: Setting) -> Cleaning:
    """Any text is taken."""
    return Cleaning(collapsed(text), fast=tight)
