"""Divisions found in addresses against an oracle that others wrote: jionlp, where it is installed.

It reads some 200 addresses a second and its table is of 2021, so it is no part of the product. Every disagreement
stands in `division_disagreements.csv` with a judgement: `ours` (ours is right), `open` (the address alone does not
tell; ours leaves it missing), `oracle` (the oracle is right; ours leaves it missing). A new disagreement fails.
"""

from __future__ import annotations

import csv
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ingestion.cleaning.divisions.find import find_division
from ingestion.cleaning.divisions.table import short_name
from tests.address_forms import FORMS, labelled

HERE = Path(__file__).parent
JUDGED = HERE / "division_disagreements.csv"
BY_HAND = HERE.parent / "unit" / "ingestion" / "labelled_addresses.csv"
_PER_FORM = 110
#: The oracle takes spaces as the ends of names.
_NOT_ASKED = ("broken",)


def sample() -> list[str]:
    """Addresses that both read: some of every form, and those labelled by hand."""
    chance = random.Random(3)
    by_form: dict[str, list[str]] = {form: [] for form in FORMS if form not in _NOT_ASKED}
    for form, address, _ in labelled():
        if form in by_form:
            by_form[form].append(address)
    chosen = [address for form in by_form for address in chance.sample(by_form[form], _PER_FORM)]
    with BY_HAND.open(encoding="utf-8", newline="") as file:
        return chosen + [row["address"] for row in csv.DictReader(file)]


def disagreements(oracle: Any) -> list[dict[str, str]]:
    """Addresses of which the two say different provinces or districts."""
    found = []
    for address in sample():
        theirs = oracle.parse_location(address, change2new=True)
        ours = find_division(address)
        province = short_name(theirs["province"]) if theirs["province"] else None
        if (province, theirs["county"]) != (ours.province, ours.district):
            said = " ".join(theirs[level] or "-" for level in ("province", "city", "county"))
            found.append({"address": address, "oracle": said, "ours": " ".join(part or "-" for part in ours[:3])})
    return found


def test_disagreements_with_the_oracle_are_judged() -> None:
    oracle = pytest.importorskip(
        "jionlp", reason="jionlp is not installed: the oracle of addresses (pip install jionlp)"
    )
    with JUDGED.open(encoding="utf-8", newline="") as file:
        judged = {row["address"]: row for row in csv.DictReader(file)}
    found = disagreements(oracle)
    assert [row for row in found if (known := judged.get(row["address"])) is None or known["ours"] != row["ours"]] == []
    judgements = Counter(judged[row["address"]]["judgement"] for row in found)
    assert set(judgements) <= {"ours", "open", "oracle"}
    assert all(
        row["judgement"] != "oracle" or row["ours"].endswith(" -") for row in judged.values()
    )  # missing, not wrong
    told = len(sample()) - judgements["open"]
    assert (told - judgements["oracle"]) / told >= 0.98
