"""Kind country: ISO 3166-1 alpha-2, from codes of two or three letters and names in English and Chinese.

`countries.csv` holds the names (CLDR) and what else systems write. Other words are mapped by a contract's `values`.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

from ingestion.cleaning.base import Cleaning, Setting, plain, unreadable
from ingestion.contracts.model import Column


def clean(text: str, value: str, column: Column, setting: Setting) -> Cleaning:
    """Null with a reason where the text names no country."""
    return Cleaning(f"country_code({plain(text)})", (unreadable(text, value, "not_a_country"),))


def country_code(name: str) -> str | None:
    """Alpha-2 code of a name or code; None where it is none."""
    return _known().get(name.strip().lower())


@cache
def _known() -> dict[str, str]:
    known: dict[str, str] = {}
    with (Path(__file__).parent / "countries.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            words = [row["code"], row["code3"], row["name"], row["name_zh"], *row["others"].split("|")]
            known |= {word.strip().lower(): row["code"] for word in words if word.strip()}
    return known
