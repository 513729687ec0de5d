"""The names of divisions in the text of an address.

Belongs here: the text without noise, every name of the table in it, and the short way for addresses that begin in
order. Not here: which names belong together (`find.py`), the table (`table.py`).
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Any, NamedTuple

from ingestion.cleaning.divisions.table import CITY, COUNTY, PROVINCE, Place, load_table

_LONGEST = 120
_NOISE = re.compile(
    r"[\s,;:/|·.。，、；：\-—_()（）\[\]【】<>《》\"'“”]+|市辖区|(?:省|自治区)?直辖县级行政(?:区划|单位)|中华人民共和国"
)
_LABEL = re.compile(r"^(?:收货|收件|送货|联系|通讯|家庭|公司|详细|发货|寄件)?人?地址|^中国(?!银行|移动|联通|电信)")
_WAY = (
    r"(?:[东西南北中内外前后上下新老]?[一二三四五六七八九十\d]*(?:横|纵|环)?(?:路|街|道|大街|大道|巷|弄|里)|"
    r"胡同|坊|村|镇|乡|桥|站|广场|花园|公寓|大厦|大楼|酒店|饭店|宾馆|大学|学院|中学|小学|医院|银行|公司|小区|新村|苑|楼|馆|"
    r"商场|商厦|集团|山庄|机场|高速|国道|铁路|公园)"
)
_SHORT_ENDS_AS_STREET = re.compile(_WAY)
#: 余杭塘路: a street whose name begins like a district, where nothing parts the two.
_SHORT_BEGINS_STREET = re.compile(r"[^\d区县镇乡村]{1,2}(?:路|街|大道|巷|弄)")
_FULL_ENDS_AS_STREET = re.compile(r"[东西南北中]?[一二三四五六七八九十\d]*(?:路|街|大街|大道|场)")
_SIMPLE = str.maketrans(
    "臺灣縣區東廣龍雲華國門陽寧蘇遼濟貴陝內衛澤興豐連慶鄉鎮灘島寶貢離觀黃長張馬烏魯齊爾薩蘭義銀鐵錦岡莊漢鄭瀋濱滬"
    "滄濰淵營萊煙棗臨遠達廈漁饒揚鹽無錫紹麗溫衢滬贛撫鷹岳陽婁婺潛僑樂樓灣渾輝輪樺綏鶴雞雙鴨淩義遂瀘巒蘆"
    "嘉潁滁毫鳳鳥葉開塘壩瓊儋欽貴賀壽榮維蓋慄稱驛鎖護寬歷瀏攸醴湯陰縉雲蕭謝鬱欒藍",
    "台湾县区东广龙云华国门阳宁苏辽济贵陕内卫泽兴丰连庆乡镇滩岛宝贡离观黄长张马乌鲁齐尔萨兰义银铁锦冈庄汉郑沈滨沪"
    "沧潍渊营莱烟枣临远达厦渔饶扬盐无锡绍丽温衢沪赣抚鹰岳阳娄婺潜侨乐楼湾浑辉轮桦绥鹤鸡双鸭凌义遂泸峦芦"
    "嘉颍滁毫凤鸟叶开塘坝琼儋钦贵贺寿荣维盖栗称驿锁护宽历浏攸醴汤阴缙云萧谢郁栾蓝",
)
_TRADITIONAL = re.compile(f"[{''.join(map(chr, _SIMPLE))}]")


class Match(NamedTuple):
    start: int
    end: int
    place: Place
    is_full: bool
    is_street: bool


def plain_text(address: str) -> tuple[str, str]:
    """The address in ordinary characters as written, and without labels, spaces and signs."""
    written = unicodedata.normalize("NFKC", address)[:_LONGEST]
    if _TRADITIONAL.search(written) is not None:
        written = written.translate(_SIMPLE)
    return written, _LABEL.sub("", _NOISE.sub("", written))


def breaks_of(written: str, length: int) -> set[int]:
    """Positions in the text without noise before which something stood, counted from its end as the label is gone."""
    found, position = set(), 0
    pieces = _NOISE.split(written)
    total = sum(map(len, pieces))
    for piece in pieces:
        position += len(piece)
        found.add(position - (total - length))
    return found


def straight_county(text: str) -> Place | None:
    """The county of an address that begins with the full names of province, city and county in order, as most do."""
    province, end = _longest(text, 0, PROVINCE, None)
    if province is None:
        return None
    city, city_end = _longest(text, end, CITY, province)
    if city is None:
        if not province.name.endswith("市"):
            return None
        above, city_end = _municipal_city(province.number), end
    else:
        above = city
    return _longest(text, city_end, COUNTY, above)[0]


def _longest(text: str, start: int, level: int, above: Place | None) -> tuple[Place | None, int]:
    """The only place of a level below `above` with the longest full name that stands at `start`, and where it ends."""
    node: Any = load_table().trie
    end = start
    found: tuple[Place | None, int] = (None, start)
    while end < len(text):
        node = node.get(text[end])
        if node is None:
            break
        end += 1
        names = node.get("")
        if names is None:
            continue
        places = [
            place
            for place, is_full in names
            if is_full
            and place.level == level
            and (above is None or (above.number in place.cities if level == COUNTY else place.above is above))
        ]
        if places:
            found = (places[0] if len(places) == 1 else None, end)
    return found


@cache
def _municipal_city(province: int) -> Place | None:
    """The city of the same name below a municipality."""
    places = load_table().places
    return next((p for p in places if p.level == CITY and p.above is places[province]), None)


def scan(text: str, breaks: set[int]) -> list[Match]:
    """Every name in the text, also those inside others. `breaks`: positions before which a space or comma stood."""
    trie = load_table().trie
    found: list[Match] = []
    for start, character in enumerate(text):
        node = trie.get(character)
        end = start + 1
        while node is not None:
            names = node.get("")
            if names is not None:
                full_way = short_way = begins = None
                for place, is_full in names:
                    if is_full:
                        if full_way is None:
                            full_way = _FULL_ENDS_AS_STREET.match(text, end) is not None
                        is_street = full_way
                    else:
                        if short_way is None:
                            short_way = _SHORT_ENDS_AS_STREET.match(text, end) is not None
                        is_street = short_way
                        if place.level == COUNTY and not is_street and end not in breaks:
                            if begins is None:
                                begins = _SHORT_BEGINS_STREET.match(text, end) is not None
                            is_street = begins
                    if not is_street or place.level == CITY:
                        found.append(Match(start, end, place, is_full, is_street))
            if end >= len(text):
                break
            node = node.get(text[end])
            end += 1
    return found


def overlap(one: Match, other: Match) -> bool:
    return one.start < other.end and other.start < one.end


def inside(one: Match, other: Match) -> bool:
    """`one` is a proper part of `other`."""
    return other.start <= one.start and one.end <= other.end and (one.end - one.start) < (other.end - other.start)
