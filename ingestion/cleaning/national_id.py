"""Kind national_id: upper case without separators; Chinese ids of 18 characters must meet their check character."""

from __future__ import annotations

from ingestion.cleaning.base import Cleaning, Setting, plain, unreadable
from ingestion.contracts.model import Column

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643
_CHECK = "10X98765432"


def clean(text: str, value: str, column: Column, setting: Setting) -> Cleaning:
    """Null with a reason where the text has not the form of an id, or its check character is wrong."""
    bare = f"upper(regexp_replace({plain(text)}, '[\\s-]', '', 'g'))"
    total = " + ".join(f"try_cast({bare}[{place}] as integer) * {w}" for place, w in enumerate(_WEIGHTS, start=1))
    is_right = f"substr('{_CHECK}', ({total}) % 11 + 1, 1) = {bare}[18]"
    read = (
        f"case when regexp_full_match({bare}, '[0-9]{{17}}[0-9X]') then case when {is_right} then {bare} end "
        f"when regexp_full_match({bare}, '[0-9A-Z.]{{5,20}}') then {bare} end"
    )
    return Cleaning(read, (unreadable(text, value, "not_a_national_id"),))
