"""Writes the seeds that come from other calendars and lists: calendar_days.csv, countries.csv and cities.csv.

Belongs here: seeds whose rows someone else maintains (the `holidays` library; ISO 3166-1 as `tzdata` ships it; the
divisions of GB/T 2260 that ingestion keeps). Cities up to tier 2 are kept by hand in cities.csv, the rest is added.
Not here: seeds kept by hand (channels, stages, regions, word lists).

    python dbt_project/scripts/make_seeds.py [--first 2009] [--last 2030]

Run it again when a new year's make-up days are announced and the library knows them.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterable
from importlib import resources
from pathlib import Path

import holidays

SEEDS = Path(__file__).resolve().parents[1] / "seeds"

#: Countries whose places below them have sales regions of their own; the rest is one region.
HOME_REGIONS = {
    "CN": "(none)",
    "HK": "South China",
    "MO": "South China",
    "TW": "East China",
    "BR": "Brazil",
}
ABROAD = "Overseas"
DIVISIONS = SEEDS.parents[1] / "ingestion" / "cleaning" / "divisions" / "divisions.csv"
#: Tier of the cities that no list names.
LOWEST_TIER = "tier 3 and below"


def calendar_days(first: int, last: int) -> list[tuple[str, str, str]]:
    """Days off and make-up days of China as (date, kind, name); kind is `holiday` or `make_up_day`."""
    china = holidays.country_holidays("CN", years=range(first, last + 1), language="en_US")
    rows = [(day.isoformat(), "holiday", name) for day, name in china.items()]
    rows += [
        (day.isoformat(), "make_up_day", "Make-up working day")
        for day in china.weekend_workdays
        if first <= day.year <= last
    ]
    return sorted(rows)


def countries() -> list[tuple[str, str, str]]:
    """Countries of ISO 3166-1 as (alpha-2 code, name, sales region)."""
    text = resources.files("tzdata").joinpath("zoneinfo/iso3166.tab").read_text(encoding="utf-8")
    pairs = (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))
    return sorted((code, name, HOME_REGIONS.get(code, ABROAD)) for code, name in pairs)


def cities() -> list[tuple[str, str, str, str]]:
    """Prefecture-level cities of China as (code, province, city, tier): those with a tier by hand first, as they are,
    then all others by code. Prefectures, leagues and autonomous prefectures are no cities."""
    with (SEEDS / "cities.csv").open(encoding="utf-8", newline="") as file:
        by_hand = [tuple(row) for row in csv.reader(file)][1:]
    by_hand = [row for row in by_hand if row[3] != LOWEST_TIER]
    with (SEEDS / "provinces.csv").open(encoding="utf-8", newline="") as file:
        provinces = {row["region_code"][:2]: row["province"] for row in csv.DictReader(file)}
    known = {row[0] for row in by_hand}
    with DIVISIONS.open(encoding="utf-8", newline="") as file:
        others = [
            (code, provinces[code[:2]], name.removesuffix("市"), LOWEST_TIER)
            for code, name, _ in csv.reader(file)
            if code.isdigit() and code[4:] == "00" != code[2:4] and name.endswith("市") and code not in known
        ]
    return [(code, province, city, tier) for code, province, city, tier in by_hand] + sorted(others)


def write(name: str, heading: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    """Write one seed, Unix line ends."""
    with (SEEDS / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(heading)
        writer.writerows(rows)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", type=int, default=2009, help="first year")
    parser.add_argument("--last", type=int, default=2030, help="last year")
    given = parser.parse_args()
    write("calendar_days.csv", ("date_day", "day_kind", "day_name"), calendar_days(given.first, given.last))
    write("countries.csv", ("country_code", "country_name", "sales_region"), countries())
    write("cities.csv", ("region_code", "province", "city", "city_tier"), cities())


if __name__ == "__main__":
    main()
