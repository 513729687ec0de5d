"""Kind account: an open id or the name of an account on a platform: as it is, case and all."""

from __future__ import annotations

from ingestion.cleaning.base import Cleaning, Setting, plain
from ingestion.contracts.model import Column


def clean(text: str, value: str, column: Column, setting: Setting) -> Cleaning:
    """Any text is taken."""
    return Cleaning(f"nullif(trim({plain(text)}), '')")
