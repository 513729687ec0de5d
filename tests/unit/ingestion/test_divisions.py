"""Divisions found in Chinese addresses: labelled by construction, by hand, and names of the past."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

from ingestion.cleaning.divisions.find import REASONS, Division, find_division, packed_division
from ingestion.cleaning.divisions.table import is_plain, load_table, short_name
from tests.address_forms import FOLDER, FORMS, counties, former, labelled

BY_HAND = Path(__file__).parent / "labelled_addresses.csv"
#: Forms that name one place only, but for names that several places of the province (or country) share.
_OPEN = ("no city", "county alone")


def test_every_county_in_every_form_and_no_wrong_province() -> None:
    provinces = {code: short_name(province) for code, province, _, _ in counties()}
    outcome: Counter[tuple[str, str]] = Counter()
    for form, address, code in labelled():
        found = find_division(address)
        assert found.province in (None, provinces[code]), address
        assert found.district is None or found.code == code, address  # a wrong district is worse than none
        outcome[form, "right" if found.code == code else "missing"] += 1
        assert found.code == code or found.reason in REASONS
    shares = {form: outcome[form, "right"] / len(counties()) for form in FORMS}
    assert all(share >= (0.96 if form in _OPEN else 0.99) for form, share in shares.items()), shares
    told = [form for form in FORMS if form not in _OPEN]
    assert sum(outcome[form, "right"] for form in told) / (len(told) * len(counties())) >= 0.998
    assert sum(outcome[form, "right"] for form in FORMS) / (len(FORMS) * len(counties())) >= 0.98


def test_what_is_missing_is_missing_because_a_name_is_shared() -> None:
    shared = Counter(_names("divisions.csv"))
    gone = set(_names("former_divisions.csv"))
    for form, address, code in labelled():
        if form != "county alone":
            continue
        county = next(name for number, _, _, name in counties() if number == code)
        if find_division(address).code != code:
            assert shared[county] > 1 or county in gone or is_plain(county), address


def _names(table: str) -> list[str]:
    with (FOLDER / table).open(encoding="utf-8", newline="") as file:
        return [row["name"] for row in csv.DictReader(file)]


def test_names_of_the_past_lead_to_today() -> None:
    wrong = [
        (address, found, code)
        for _, address, code in former()
        if (found := find_division(address)).code != code and not (code == "" and found.district is None)
    ]
    assert wrong == []


def test_addresses_labelled_by_hand() -> None:
    with BY_HAND.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) > 190
    for row in rows:
        wanted = Division(*(row[name] or None for name in Division._fields))
        assert find_division(row["address"]) == wanted, row["address"]


def test_streets_named_after_places_say_nothing() -> None:
    for city in ("济南市", "山东省济南市", "乐山市", "济南"):
        assert find_division(f"{city}中山路8号").district is None
    assert find_division("杭州余杭塘路866号").district is None
    assert find_division("杭州余杭 塘路866号").district == "余杭区"
    assert find_division("广州天河北路").district is None
    assert find_division("北京中路 乌鲁木齐市").province == "新疆"


@pytest.mark.parametrize("address", ["", " ", "12", "Rua das Flores 12", "\u3000", "路", "省市区县", "。" * 500])
def test_no_address_is_too_odd(address: str) -> None:
    assert find_division(address).province is None
    assert packed_division(address).count("|") == len(Division._fields)


def test_the_table_has_no_loose_ends() -> None:
    places = load_table().places
    assert len(counties()) == 2849  # GB/T 2260 at the end of 2024, without Hong Kong, Macau and Taiwan
    assert sum(place.above is None for place in places) == 34
    codes = [place.code for place in places if place.code and place.code < "700000"]
    assert len(codes) == len(set(codes))
    assert all(place.province.above is None for place in places)
