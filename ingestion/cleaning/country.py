"""Kind country: ISO 3166-1 alpha-2, from codes of two or three letters and names in English and Chinese.

`countries.csv` holds the names (CLDR) and what else systems write. Other words are mapped by a contract's `values`.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from ingestion.cleaning.base import Cleaning, Setting, plain, unreadable
from ingestion.contracts.model import Column


def clean(text: str, value: str, column: Column, setting: Setting) -> Cleaning:
    """Null with a reason where the text names no country."""
    return Cleaning(f"country_code({plain(text)})", (unreadable(text, value, "not_a_country"),))


def country_codes(names: pa.Array) -> pa.Array:
    """Alpha-2 code of each name or code; null where it is none."""
    words, codes = _known()
    return codes.take(pc.index_in(pc.utf8_lower(pc.utf8_trim_whitespace(names)), value_set=words, skip_nulls=True))


@cache
def _known() -> tuple[pa.Array, pa.Array]:
    known: dict[str, str] = {}
    with (Path(__file__).parent / "countries.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            words = [row["code"], row["code3"], row["name"], row["name_zh"], *row["others"].split("|")]
            known |= {word.strip().lower(): row["code"] for word in words if word.strip()}
    return pa.array(list(known), pa.string()), pa.array(list(known.values()), pa.string())
