"""The table of divisions as a tree of places and a trie of every name under which an address may call them.

Belongs here: places, their names of today and of the past, short forms. Not here: reading an address (`find.py`).

Short forms are the names without 省, 市, 区, 县 and the like, and without the nationalities of autonomous divisions
(恩施, 恩施州 for 恩施土家族苗族自治州). One character alone is no short form.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

PROVINCE, CITY, COUNTY = 1, 2, 3
_NATIONS = (
    "蒙古|回|藏|维吾尔|苗|彝|壮|布依|朝鲜|满|侗|瑶|白|土家|哈尼|哈萨克|傣|黎|傈僳|佤|畲|拉祜|水|东乡|纳西|景颇|"
    "柯尔克孜|土|达斡尔|仫佬|羌|布朗|撒拉|毛南|仡佬|锡伯|普米|塔吉克|怒|鄂温克|保安|裕固|独龙|鄂伦春|各"
)
_AUTONOMOUS = re.compile(rf"(.{{2,}}?)(?:(?:{_NATIONS})族?)+(自治州|自治县|自治旗|自治区|区|乡)")
_ENDS = re.compile(r"(特别行政区|自治区|自治州|自治县|自治旗|地区|林区|特区|矿区|新区|[省市区县旗盟])$")
#: Districts named by direction alone: many cities call a part of themselves so that is no division.
_PLAIN = re.compile(r"[东西南北中新老市城郊矿]{1,2}区")


@dataclass(eq=False)
class Place:
    """A division. `code` is empty for one that is none today; then `above` is the place that is still known."""

    code: str
    name: str
    level: int
    above: Place | None = None
    #: Cities (of today or not) under which an address may name this county.
    cities: set[int] = field(default_factory=set)
    number: int = 0

    @property
    def province(self) -> Place:
        """The province of the place, itself where it is one."""
        place = self
        while place.above is not None:
            place = place.above
        return place

    @property
    def city(self) -> Place | None:
        """The city of a city or county; None for a county that the province administers directly."""
        if self.level == CITY:
            return self
        return self.above if self.level == COUNTY and self.above is not None and self.above.level == CITY else None


class Name(NamedTuple):
    """One meaning of a name: `is_full` with the word for what it is (杭州市), else short (杭州)."""

    place: Place
    is_full: bool


@dataclass
class Table:
    """All places and their names. A trie's node is a dict of characters; its names are under the empty key."""

    places: list[Place] = field(default_factory=list)
    trie: dict[str, Any] = field(default_factory=dict)
    by_name: dict[str, list[Name]] = field(default_factory=dict)

    def add(self, place: Place) -> Place:
        """Take in a place with the names that its own name gives."""
        place.number = len(self.places)
        self.places.append(place)
        if place.level == COUNTY and place.city is not None:
            place.cities.add(place.city.number)
        self.name(place, place.name)
        return place

    def name(self, place: Place, name: str) -> None:
        """Let an address call a place by a further full name, and by what is short for it."""
        self._enter(name, Name(place, True))
        for form in full_forms(name, place.level):
            self._enter(form, Name(place, True))
        short = short_name(name)
        # 市中 would be found in every 济南市中山路
        if len(short) > 1 and short != name and not short.startswith("市"):
            self._enter(short, Name(place, False))

    def called(self, name: str, level: int, province: Place) -> Place | None:
        """The place of that full name and level in a province."""
        for entry in self.by_name.get(name, ()):
            if entry.is_full and entry.place.level == level and entry.place.province is province:
                return entry.place
        return None

    def _enter(self, text: str, name: Name) -> None:
        known = self.by_name.setdefault(text, [])
        if name in known:
            return
        known.append(name)
        node = self.trie
        for character in text:
            node = node.setdefault(character, {})
        node[""] = known


def short_name(name: str) -> str:
    """内蒙古 of 内蒙古自治区, 恩施 of 恩施土家族苗族自治州, 西湖 of 西湖区; the name itself where nothing is left."""
    found = _AUTONOMOUS.fullmatch(name)
    if found is not None:
        return found[1]
    found = re.fullmatch(r"(.{2,}?)族?自治[县旗]", name)
    return found[1] if found is not None else (_ENDS.sub("", name) or name)


def full_forms(name: str, level: int) -> list[str]:
    """Other full names in use: 广西自治区, 广西省, 恩施州, 大厂县, 鄂温克旗."""
    short = short_name(name)
    if level == PROVINCE and name.endswith("自治区"):
        return [f"{short}自治区", f"{short}省"]
    if level == PROVINCE and name.endswith("特别行政区"):
        return [f"{short}特区"]
    ends = {"自治州": "州", "自治县": "县", "自治旗": "旗", "族区": "区"}
    return [short + ends[end] for end in ends if name.endswith(end) and len(short) > 1]


def is_plain(name: str) -> bool:
    """A district's name that tells nothing without its city, as 东区 or 城区."""
    return _PLAIN.fullmatch(name) is not None


@cache
def load_table() -> Table:
    """The table of the project, read once."""
    folder = Path(__file__).parent
    table = Table()
    known: dict[str, Place] = {}
    with (folder / "divisions.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in sorted(rows, key=lambda row: (row["parent"] != "", "/" in row["parent"])):
        above = known.get(row["parent"])
        is_city = above is not None and above.level == PROVINCE and _is_city(row)
        level = PROVINCE if above is None else CITY if is_city else COUNTY
        if level == COUNTY and above is None:
            raise ValueError(f"{row['name']}: no division {row['parent']}")
        place = table.add(Place(row["code"], row["name"], level, above))
        known[row["code"] if row["code"] not in known else f"{row['code']}/{row['name']}"] = place
    with (folder / "former_divisions.csv").open(encoding="utf-8", newline="") as file:
        former = list(csv.DictReader(file))
    for row in sorted(former, key=lambda row: row["city"] != ""):
        _add_former(table, known, row)
    table.name(known["150000"], "内蒙")
    table.name(known["650000"], "新疆生产建设兵团")
    return table


def _is_city(row: dict[str, str]) -> bool:
    """Prefectures, and cities of Taiwan; not the counties that a province administers directly."""
    return row["code"].endswith("00") and row["code"][:2] not in ("81", "82")


def _add_former(table: Table, known: dict[str, Place], row: dict[str, str]) -> None:
    """A name of the past: for what it is today, or as a place of no code below the city that it was in."""
    today = [known[code] for code in row["today"].split("|") if code]
    province = table.called(row["province"], PROVINCE, known[today[0].code[:2] + "0000"]) if today else None
    province = province or next(
        entry.place for entry in table.by_name[row["province"]] if entry.place.level == PROVINCE
    )
    city = table.called(row["city"], CITY, province) if row["city"] else None
    if len(today) == 1:
        table.name(today[0], row["name"])
        if city is not None and today[0].level == COUNTY:
            today[0].cities.add(city.number)
        return
    cities = {place.city for place in today if place.level == COUNTY}
    above = (cities.pop() if len(cities) == 1 else city) or province
    place = table.add(Place("", row["name"], COUNTY if row["city"] else CITY, above))
    if city is not None:
        place.cities.add(city.number)
