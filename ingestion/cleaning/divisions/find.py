"""Finding the division that a Chinese address names.

Belongs here: which names belong together, and what to do where they do not agree. Not here: the names in a text
(`scan.py`), the table (`table.py`).

Every name of the table that the address holds is found by one walk along the trie. A district counts with the city and
province that the address names with it; names alone count where they can mean one place only. Streets are called after
places (南京西路, 中山公园): a short name counts only where nothing behind it says so, and where it stands beside the
division above it or first. What is not sure stays missing, with a reason: never a guess.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import NamedTuple

from ingestion.cleaning.divisions.scan import Match, breaks_of, inside, overlap, plain_text, scan, straight_county
from ingestion.cleaning.divisions.table import CITY, COUNTY, PROVINCE, Place, is_plain, load_table, short_name

#: Why something of province, city and district is missing.
NOT_FOUND = "no_division"  # the address names none
AMBIGUOUS = "ambiguous_division"  # several places have the name, and nothing tells which
CONFLICT = "conflicting_divisions"  # names that do not lie in each other
NO_DISTRICT = "no_district"  # city or province is known, no district named
NOT_IN_CITY = "district_not_in_city"  # a district is named that the city does not have
DIVIDED = "divided_division"  # a division of the past whose parts belong to several today
REASONS = (NOT_FOUND, AMBIGUOUS, CONFLICT, NO_DISTRICT, NOT_IN_CITY, DIVIDED)


class Division(NamedTuple):
    """Where an address is. `province` and `city` are short (浙江, 杭州), `district` is its full name of today, `code`
    that of the smallest division known in GB/T 2260. `reason` says why something is missing."""

    province: str | None
    city: str | None
    district: str | None
    code: str | None
    reason: str | None


NOWHERE = Division(None, None, None, None, NOT_FOUND)


@dataclass
class _Chain:
    """A place with the matches that speak for it; `score` counts them."""

    place: Place
    score: float
    start: int
    end: int
    used: tuple[Match, ...]


def find_division(address: str) -> Division:
    """The division of an address line, whatever its form; never raises."""
    if address.isascii():
        return NOWHERE
    written, text = plain_text(address)
    straight = straight_county(text)
    if straight is not None:
        return _division(straight, None if straight.code else DIVIDED)
    matches = scan(text, breaks_of(written, len(text)))
    if not matches:
        return NOWHERE
    matches = _counting(matches) if len(matches) > 1 else [m for m in matches if not m.is_street]
    best = _best(matches, len(text))
    if best is None:
        return NOWHERE._replace(reason=AMBIGUOUS if matches else NOT_FOUND)
    chain, rivals = best
    if rivals:
        return _shared([chain, *rivals])
    against = _contradiction(chain, matches)
    if against is not None:
        same = against.place.province is chain.place.province
        return _division(chain.place.province, CONFLICT) if same else NOWHERE._replace(reason=CONFLICT)
    return _division(chain.place, _why_no_district(chain, matches))


@lru_cache(maxsize=50_000)
def packed_division(address: str) -> str:
    """The engine's function `chinese_division`: province, city, district, code and reason, each ended by a bar."""
    return "".join(f"{part or ''}|" for part in find_division(address))


def _counting(matches: list[Match]) -> list[Match]:
    """The matches without names of streets, and names inside a county's (绛县 in 新绛县, 眉山市 in 峨眉山市)."""
    # 唐山路南: a short city before a district of its own is no street
    before = {(m.start, city) for m in matches if m.place.level == COUNTY for city in m.place.cities}
    behind = {(m.end, m.place.number) for m in matches if m.place.level == CITY}
    longest: dict[int, int] = {}
    for match in matches:
        if match.place.level == COUNTY and match.is_full:
            longest[match.end] = min(match.start, longest.get(match.end, match.start))
    return [
        m
        for m in matches
        if (not m.is_street or (m.end, m.place.number) in before)
        and (longest.get(m.end, m.start) >= m.start or any((m.start, city) in behind for city in m.place.cities))
    ]


def _in_full(match: Match, matches: list[Match]) -> bool:
    """Part of a longer full name of another place (河北 in 河北区)."""
    return any(other.is_full and other.place is not match.place and inside(match, other) for other in matches)


def _best(matches: list[Match], length: int) -> tuple[_Chain, list[_Chain]] | None:
    """The chain that most speaks for, and others for which as much speaks; None where nothing counts."""
    provinces = [m for m in matches if m.place.level == PROVINCE]
    cities = [m for m in matches if m.place.level == CITY]
    chains: dict[int, _Chain] = {}
    for match in matches:
        chain = None
        if match.place.level == COUNTY:
            chain = _county_chain(match, cities, provinces)
        elif match.place.level == CITY:
            chain = _city_chain(match, provinces)
        elif match.is_full or (match.start == 0 and not _in_full(match, matches)) or match.end == length:
            chain = _Chain(match.place, _weight(match), match.start, match.end, (match,))
        if chain is not None:
            known = chains.get(match.place.number)
            if known is None or (chain.score, -chain.start) > (known.score, -known.start):
                chains[match.place.number] = chain
    if not chains:
        return _lone(matches, length)
    ranked = sorted(chains.values(), key=lambda chain: (-chain.score, chain.start))
    first = ranked[0]
    # a municipality is province and city by one name: the city says more
    rivals = [c for c in ranked[1:] if c.score == first.score and not _holds(c.place, first.place)]
    if rivals and first.place.level == PROVINCE:
        inner = [c for c in rivals if _holds(first.place, c.place) and c.place.name == first.place.name]
        if inner:
            first, rivals = inner[0], [c for c in rivals if c not in inner]
    return first, rivals


def _county_chain(match: Match, cities: list[Match], provinces: list[Match]) -> _Chain | None:
    """What speaks for a county: its city beside or before it, its province; None without either."""
    place = match.place
    best: _Chain | None = None
    for city in cities:
        if city.place.number not in place.cities or overlap(city, match):
            continue
        beside = city.end == match.start or city.start == match.end
        if not match.is_full and city.end != match.start:
            continue
        province = _above(provinces, city.place.province, (city, match))
        if not city.is_full and not beside and city.start != 0 and (province is None or province.end != city.start):
            continue
        used = tuple(m for m in (province, city, match) if m is not None)
        score = (3.0 if match.is_full else 2.0) + _weight(city) + 0.5 * beside
        score += _weight(province) if province is not None else 0.0
        best = _better(best, used, place, score)
    if best is not None:
        return best
    province = _above(provinces, place.province, (match,))
    if province is None or any((c.start, c.end) == (match.start, match.end) for c in cities):
        return None  # the last: 安徽黄山 is the city, not its district 黄山区
    beside = province.end == match.start or province.start == match.end
    if not match.is_full and province.end != match.start:
        return None
    # far from its province, with no city between them, a county's name may be another's
    is_direct = place.city is None or place.city.name == place.province.name
    weight = (3.0 if match.is_full else 2.0) if beside or is_direct else 1.5
    return _better(None, (province, match), place, weight + _weight(province) + 0.5 * beside)


def _city_chain(match: Match, provinces: list[Match]) -> _Chain | None:
    province = _above(provinces, match.place.province, (match,))
    if province is None:
        if not match.is_full:
            return None
        return _Chain(match.place, 2.0, match.start, match.end, (match,))
    beside = province.end == match.start or province.start == match.end
    if not match.is_full and not beside:
        return None
    return _better(None, (province, match), match.place, _weight(match) + _weight(province) + 0.5 * beside)


def _lone(matches: list[Match], length: int) -> tuple[_Chain, list[_Chain]] | None:
    """A place named alone: a county by a full name that no other has, a city by its short name in front."""
    counties = {m.place.number: m for m in matches if m.place.level == COUNTY and m.is_full}
    longest = [m for m in counties.values() if not any(inside(m, other) for other in counties.values())]
    spans = {(m.start, m.end) for m in matches if m.place.level == CITY}
    longest = [m for m in longest if (m.start, m.end) not in spans]
    if longest:
        plain = all(is_plain(m.place.name) for m in longest)
        if len(longest) > 1 or plain or not longest[0].place.code:
            return None
        match = longest[0]
        return _Chain(match.place, 1.0, match.start, match.end, (match,)), []
    front = [m for m in matches if m.start == 0 and not m.is_full]
    cities = [m for m in front if m.place.level == CITY]
    if len(cities) == 1 and not any(m.place.level == COUNTY and m.end == cities[0].end for m in front):
        match = cities[0]
        return _Chain(match.place, 1.0, match.start, match.end, (match,)), []
    return None


def _contradiction(chain: _Chain, matches: list[Match]) -> Match | None:
    """A province or city named before or within the chain that is not above its place."""
    for match in matches:
        if match.place.level == COUNTY or match.start > chain.end:
            continue
        if not match.is_full and match.start != 0:
            continue
        if any(overlap(match, used) for used in chain.used) or any(inside(match, other) for other in matches):
            continue
        if not _agrees(match.place, chain.place):
            return match
    return None


def _agrees(upper: Place, place: Place) -> bool:
    return _holds(upper, place) or _holds(place, upper) or upper.number in place.cities


def _why_no_district(chain: _Chain, matches: list[Match]) -> str | None:
    place = chain.place
    if place.level == COUNTY:
        return None if place.code else DIVIDED
    if place.level == CITY and place.code and not _has_districts(place):
        return None
    for match in matches:
        if match.start == chain.end and match.is_full and match.place.level == COUNTY:
            return NOT_IN_CITY
    return NO_DISTRICT


@lru_cache(maxsize=1)
def _cities_with_districts() -> frozenset[int]:
    return frozenset(p.city.number for p in load_table().places if p.level == COUNTY and p.city is not None)


def _has_districts(city: Place) -> bool:
    return city.number in _cities_with_districts()


def _shared(chains: list[_Chain]) -> Division:
    """What chains of equal weight have in common."""
    provinces = {chain.place.province for chain in chains}
    if len(provinces) > 1:
        return NOWHERE._replace(reason=AMBIGUOUS)
    cities = {chain.place.city for chain in chains}
    place = cities.pop() if len(cities) == 1 else None
    return _division(place or provinces.pop(), AMBIGUOUS)


@cache
def _division(place: Place, reason: str | None) -> Division:
    if not place.code and place.above is not None:
        return _division(place.above, DIVIDED if reason is None else reason)
    province, city = place.province, place.city
    if city is not None:
        city_name: str | None = city.name.removesuffix("市")
    elif place.level == COUNTY:
        # Hong Kong and Macau are their own city; a county that the province administers directly is one, too
        is_island = province.code in ("810000", "820000")
        city_name = short_name(province.name) if is_island else place.name.removesuffix("市")
    else:
        is_city = province.name.endswith(("市", "特别行政区"))
        city_name = short_name(province.name) if is_city else None
    district = place.name if place.level == COUNTY else None
    # a municipality as a whole has one code
    is_whole = place.level == CITY and place.name == province.name
    code = province.code if is_whole else place.code
    return Division(short_name(province.name), city_name, district, code, reason)


def _above(matches: list[Match], place: Place, beside: tuple[Match, ...]) -> Match | None:
    """The match of a place that overlaps none of the others: full names first, then those that stand nearest before."""
    found = [m for m in matches if m.place is place and not any(overlap(m, other) for other in beside)]
    if not found:
        return None
    first = min(other.start for other in beside)
    return min(found, key=lambda m: (m.end > first, not m.is_full, abs(first - m.end)))


def _better(known: _Chain | None, used: tuple[Match, ...], place: Place, score: float) -> _Chain:
    chain = _Chain(place, score, min(m.start for m in used), max(m.end for m in used), used)
    return chain if known is None or chain.score > known.score else known


def _weight(match: Match) -> float:
    return 2.0 if match.is_full else 1.5


def _holds(upper: Place, place: Place) -> bool:
    current: Place | None = place
    while current is not None:
        if current is upper:
            return True
        current = current.above
    return False
