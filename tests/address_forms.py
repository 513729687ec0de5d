"""Chinese addresses whose division is known because they are made from it: every form in which people write them.

Belongs here: the forms, and which of them name one place only. Not here: reading them.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from ingestion.cleaning import divisions

FOLDER = Path(divisions.__file__).parent
_STREETS = (
    "人民路", "中山路", "南京东路", "上海路", "建设大街", "解放北路", "朝阳路", "北京西路", "文化路", "长江道",
    "和平里",
)  # fmt: skip
_DETAILS = ("", "3单元501", "A座12层", "２栋")
_WIDE = str.maketrans("0123456789", "０１２３４５６７８９")
_ENDS = ("特别行政区", "自治区", "地区", "林区", "特区", "新区", "省", "市", "区", "县", "旗", "盟")


class Labelled(NamedTuple):
    """An address, the form it is written in, and the code of the county it names."""

    form: str
    address: str
    code: str


@cache
def counties() -> tuple[tuple[str, str, str, str], ...]:
    """(code, province, city, county) of the table; the city is empty where the province administers the county."""
    with (FOLDER / "divisions.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["code"] < "700000"]
    names = {row["code"]: row["name"] for row in rows}
    found = []
    for row in rows:
        if not row["code"].endswith("00"):
            province = names[row["code"][:2] + "0000"]
            city = "" if row["parent"].endswith("0000") else names[row["parent"]]
            found.append((row["code"], province, "" if city == province else city, row["name"]))
    return tuple(found)


def _short(name: str) -> str:
    """The name without the word for what it is, where that is no part of a nationality's name and two characters are
    left. By itself, so that the reader is not tested by its own rule."""
    if "族" in name or "自治" in name:
        return {"内蒙古自治区": "内蒙古", "广西壮族自治区": "广西", "西藏自治区": "西藏"}.get(name, name)
    for end in _ENDS:
        if name.endswith(end) and len(name) - len(end) > 1:
            return name.removesuffix(end)
    return name


_FORMS: dict[str, Callable[[str, str, str, str], str]] = {
    "full": lambda p, c, d, s: p + c + d + s,
    "spaced": lambda p, c, d, s: " ".join(part for part in (p, c, d, s) if part),
    "commas": lambda p, c, d, s: "，".join(part for part in (p, c, d, s) if part),
    "wide": lambda p, c, d, s: f"{p}\u3000{c}\u3000{d}{s}".translate(_WIDE),
    "short above": lambda p, c, d, s: _short(p) + _short(c) + d + s,
    "short": lambda p, c, d, s: " ".join(part for part in (_short(p), _short(c), _short(d), s) if part),
    "no province": lambda p, c, d, s: (c or p) + d + s,
    "short city": lambda p, c, d, s: _short(c or p) + d + s,
    "no city": lambda p, c, d, s: p + d + s,
    "county alone": lambda p, c, d, s: d + s,
    "reversed": lambda p, c, d, s: f"{s} {d} {c} {p}",
    "broken": lambda p, c, d, s: " ".join(p + c + d) + s,
    "labelled": lambda p, c, d, s: f"收货地址：中国{p}{c}{d}{s}",
    "province twice": lambda p, c, d, s: p + p + c + d + s,
}
FORMS = tuple(_FORMS)


def labelled(seed: int = 7) -> Iterator[Labelled]:
    """Every county of the mainland in every form, with a street that is named after other places."""
    chance = random.Random(seed)
    for form, write in _FORMS.items():
        for code, province, city, county in counties():
            street = f"{chance.choice(_STREETS)}{chance.randrange(1, 999)}号{chance.choice(_DETAILS)}"
            yield Labelled(form, write(province, city, county, street), code)


def former() -> Iterator[Labelled]:
    """Names of the past under the city and province of their time, with the code of what they are today ('': none)."""
    with (FOLDER / "former_divisions.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            code = "" if "|" in row["today"] else row["today"]
            yield Labelled("former", f"{row['province']}{row['city']}{row['name']}中山路8号", code)
