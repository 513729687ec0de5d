"""Kind phone: E.164 by the contract's region; regular Chinese mobiles in SQL, others by numbering plan."""

from __future__ import annotations

from functools import lru_cache

from ingestion.cleaning.base import Cleaning, Failure, Setting, unreadable
from ingestion.contracts.model import Column
from ingestion.engine import quote
from ingestion.privacy.phones import NOTES, read_phone, sql_fast_path

#: Between the number and the note in what the engine's function gives; no number has it.
_MARK = "|"


def clean(text: str, value: str, column: Column, setting: Setting) -> Cleaning:
    """Null with a reason where the text holds no valid number; of several the first valid one, without extension."""
    region = setting.contract.phone_region
    fast = sql_fast_path(text, region)
    by_plan = f"phone_by_plan({text}, {quote(region or '')})"
    read = f"coalesce({fast}, nullif(split_part({by_plan}, '{_MARK}', 1), ''))"
    # most cells are the number itself: nothing more is looked at for them
    note = (
        f"case when {value} is null or {value} = '+86' || {text} then null "
        f"when {fast} is null then split_part({by_plan}, '{_MARK}', 2) end"
    )
    changes = tuple(Failure(reason, f"{note} = '{reason}'") for reason in NOTES)
    return Cleaning(read, (unreadable(text, value, "not_a_phone_number"),), changes=changes)


@lru_cache(maxsize=100_000)
def phone_by_plan(value: str, region: str) -> str | None:
    """The engine's function of that name: E.164 and what the cell says beside it, parted by a bar; None without one."""
    number, note = read_phone(value.strip().lstrip("'").removesuffix(".0"), region or None)
    return None if number is None else f"{number}{_MARK}{note or ''}"
