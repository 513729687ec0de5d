"""Kind email: an e-mail address in lower case."""

from __future__ import annotations

from ingestion.cleaning.base import Cleaning, Setting, plain, unreadable
from ingestion.contracts.model import Column

_FORM = r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>.]+"


def clean(text: str, value: str, column: Column, setting: Setting) -> Cleaning:
    """Null with a reason where the text is no single address."""
    address = f"lower(trim({plain(text)}))"
    read = f"case when regexp_full_match({address}, '{_FORM}') then {address} end"
    return Cleaning(read, (unreadable(text, value, "not_an_email"),))
