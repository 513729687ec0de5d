"""Kind boolean: yes and no in the words that systems use, unless the contract maps its own to true and false."""

from __future__ import annotations

from ingestion.cleaning.base import Cleaning, Setting, plain, unreadable
from ingestion.contracts.model import Column

TRUE = ("true", "t", "1", "1.0", "yes", "y", "on", "是", "有", "真", "√", "✓")
FALSE = ("false", "f", "0", "0.0", "no", "n", "off", "否", "无", "假", "×")


def clean(text: str, value: str, column: Column, setting: Setting) -> Cleaning:
    """Null with a reason for any other word."""
    word = f"lower({plain(text)})"
    true, false = (", ".join(f"'{w}'" for w in words) for words in (TRUE, FALSE))
    read = f"case when {word} in ({true}) then true when {word} in ({false}) then false end"
    return Cleaning(read, (unreadable(text, value, "not_a_boolean"),))
