"""Kind phone: E.164 by the contract's region; regular Chinese mobiles in SQL, others by numbering plan."""

from __future__ import annotations

from ingestion.cleaning.base import Cleaning, Setting, unreadable
from ingestion.contracts.model import Column
from ingestion.engine import quote
from ingestion.privacy.phones import sql_fast_path


def clean(text: str, value: str, column: Column, setting: Setting) -> Cleaning:
    """Null with a reason where the text is no valid number."""
    region = setting.contract.phone_region
    fast = sql_fast_path(text, region)
    by_plan = f"phone_by_plan({text}, {quote(region or '')})"
    return Cleaning(f"coalesce({fast}, {by_plan})", (unreadable(text, value, "not_a_phone_number"),))
