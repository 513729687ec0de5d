"""Functions that the expressions of contracts may call beside the engine's own.

Belongs here: their signatures for the check of contracts, and what they do in the engine. Not here: kinds of columns.

`division(address, part)`: of a Chinese address in the contract's own columns, as in
`division(concat_ws(' ', province, city), 'division_code')`, one of the parts of ADDRESS_PARTS.
`province_of(country, state)`: how clean records write a province or state: the short Chinese name in China (浙江 for
ZJ, CN-ZJ, Zhejiang, 浙江省), elsewhere the code of ISO 3166-2 (US-CA for CA and California), from `states.csv`. A word
that the table does not know stays as stated.
`normalised_company(name)`: an organisation's name as it compares (`company.py`).
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import Any

from ingestion.contracts.model import ADDRESS_PARTS

#: Name and parameters of each function. All take and give texts.
SIGNATURES = {"division": "address, part", "province_of": "country, state", "normalised_company": "name"}
_PARTS = ", ".join(f"'{part}'" for part in ADDRESS_PARTS)
_BODIES = {
    "division": f"nullif(split_part(chinese_division(address), '|', list_position([{_PARTS}], part)), '')",
    "province_of": "coalesce(state_code(state, country), state)",
    "normalised_company": "company_core(name)",
}


def declare_functions(connection: Any) -> None:
    """Let expressions bind that call the functions; they answer null."""
    for name, parameters in SIGNATURES.items():
        connection.execute(f"create or replace macro {name}({parameters}) as cast(null as varchar)")


def add_functions(connection: Any) -> None:
    """Give the engine the functions, over those that kinds register (`kinds.register_functions`)."""
    for name, parameters in SIGNATURES.items():
        connection.execute(f"create or replace temp macro {name}({parameters}) as {_BODIES[name]}")


def state_code(state: str, country: str) -> str | None:
    """How clean records write a state of a country (ISO 3166-1 alpha-2); None where the table does not know it."""
    word = " ".join(state.split()).casefold()
    known = _known().get((country, word.removeprefix(f"{country.casefold()}-")))
    if known is None and country == "CN":
        from ingestion.cleaning.divisions.table import short_name

        return _known().get((country, short_name(word)))
    return known


@cache
def _known() -> dict[tuple[str, str], str]:
    known: dict[tuple[str, str], str] = {}
    with (Path(__file__).parent / "states.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            written = row["name"] if row["country"] == "CN" else f"{row['country']}-{row['code']}"
            for word in (row["code"], row["name"], *row["others"].split("|")):
                if word:
                    known.setdefault((row["country"], word.casefold()), written)
    return known
