"""Kind gender: female, male or other, from the words that systems use; a contract's `values` map further ones."""

from __future__ import annotations

from ingestion.cleaning.base import Cleaning, Setting, plain, unreadable
from ingestion.contracts.model import Column
from ingestion.engine import quote

#: Words in lower case. Digits are left out: systems count differently (ISO 5218 says 1 male, 2 female; some 0 and 1).
WORDS = {
    "female": ("female", "f", "woman", "w", "女", "女性", "女士", "feminino", "weiblich", "femme", "mujer"),
    "male": ("male", "m", "man", "男", "男性", "先生", "masculino", "männlich", "homme", "hombre"),
    "other": ("other", "diverse", "divers", "non-binary", "nonbinary", "x", "其他"),
}


def clean(text: str, value: str, column: Column, setting: Setting) -> Cleaning:
    """Null with a reason for any other word."""
    word = f"lower({plain(text)})"
    whens = (f"when {word} in ({', '.join(map(quote, known))}) then '{gender}'" for gender, known in WORDS.items())
    return Cleaning(f"case {' '.join(whens)} end", (unreadable(text, value, "not_a_gender"),))
