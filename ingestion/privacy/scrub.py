"""Free text without identifiers: what is found in it is replaced by its class in brackets.

Belongs here: replacing. Not here: what an identifier looks like inside text (`patterns.py`), counting finds
(`scan.py`).

Notes, comments and reviews are written by people; replacing rather too much is the safe side here, where the scan of
marts must not raise false alarms. So numbers that merely may be a phone number of the region go too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

from ingestion.privacy.patterns import PATTERNS
from ingestion.privacy.tokens import as_text

_ANY_DIGIT = "[0-9\uff10-\uff19]"
_ACCOUNT_WORD = (
    r"(?:微信|薇信|威信|加v|加V|weixin|wechat|(?<![0-9A-Za-z])(?:wx|vx|qq|QQ|VX|WX|Wechat|WeChat|Weixin))"
    r"(?:号码|号|群|id|ID)?[ \t]*(?:是|为|[:\uff1a=])?[ \t]*"
)
_ACCOUNT_WORD_SQL = "微信|薇信|威信|加[vV]|(?i:weixin|wechat|wx|vx|qq)"
#: What says that an address may stand there: a house number after a road, or a number before a street.
_ADDRESS_SQL = (
    "[路街道巷弄村苑园区厦座][^，。；]{0,12}?[0-9\uff10-\uff19一二三四五六七八九十百]+ *[号弄幢栋座室]|"
    "(?i:[0-9] +[a-z0-9\\x27 .]+ +"
    "(?:street|st|avenue|ave|road|rd|lane|ln|drive|dr|boulevard|blvd|way|court|ct|square|sq|place|pl|terrace|crescent)"
    "(?:[^a-z]|$))"
)
_SUSPICIOUS = f"{_ANY_DIGIT}(?:[ \\-().]*{_ANY_DIGIT}){{4}}|[@\uff20]|{_ACCOUNT_WORD_SQL}|{_ADDRESS_SQL}"

#: The word stays, what follows it goes: letters, digits, _ and -, as account names of both are made.
_ACCOUNT = re.compile(rf"({_ACCOUNT_WORD})([A-Za-z][A-Za-z0-9_\-]{{5,19}}|[1-9][0-9]{{4,11}})(?![0-9A-Za-z_])")
_HALF_WIDTH = {0xFF10 + digit: 0x30 + digit for digit in range(10)} | {0xFF0B: 0x2B, 0xFF0D: 0x2D, 0xFF20: 0x40}
#: A Chinese address: what stands above the road as far as it is written together, the road, and its number with what
#: follows. It begins at a province, city or district, or at the road's own name.
_CN_UNIT = r"(?:[\u4e00-\u9fff]{2,12}?(?:省|自治区|特别行政区|市|自治州|地区|盟|区|县|旗|镇|乡|街道|开发区|新区))"
_CN_ROAD = (
    r"[\u4e00-\u9fff0-9]{1,4}?(?:大道|大街|胡同|(?<![线电思])路|街|巷|弄|里|村|道|苑|园|小区|花园|公寓|广场|大厦)"
)
_CN_NUMBER = (
    r"(?:[东西南北中]?[段侧]?)?[0-9\uff10-\uff19一二三四五六七八九十百零甲乙A-Za-z\-－之]{1,10}[号弄](?:院|楼|内)?"
)
_CN_TAIL = (
    r"(?:[\u4e00-\u9fff]{0,10}?[0-9\uff10-\uff19一二三四五六七八九十A-Za-z\-－]{1,8}"
    r"(?:号楼|号院|单元|[幢栋座室层楼户房号弄F])){0,5}"
)
_CN_ADDRESS = re.compile(f"(?:{_CN_UNIT}){{0,5}}{_CN_ROAD}{_CN_NUMBER}{_CN_TAIL}")
#: Words before an address that its first part would swallow.
_CN_LEAD = re.compile(
    r"^.*?(?:地址[是为：:]?|寄到了?|寄往|送到了?|送至|寄至|收货地|住在?|住址[是为：:]?|搬到了?|改成|改为|发到|位于|在|到|是|至)"
    r"(?=[\u4e00-\u9fff0-9]{2})"
)
_EN_ADDRESS = re.compile(
    r"\b[0-9]{1,5}[A-Za-z]?,? +(?:(?:[NSEW]|North|South|East|West)\.? +)?(?:[A-Z0-9][A-Za-z0-9'’.\-]* +){1,4}"
    r"(?:Street|St|Avenue|Ave|Road|Rd|Lane|Ln|Drive|Dr|Boulevard|Blvd|Way|Court|Ct|Square|Sq|Place|Pl|Terrace|Crescent)\b\.?"
    r"(?:,? +(?:Apt|Apartment|Flat|Unit|Suite|Ste|#)\.? *[0-9A-Za-z\-]{1,6})?"
)
_LONG_RUN = re.compile(r"[0-9](?:[ \-().]*[0-9]){6,}")
_CHINESE = "\u3400-\u4dbf\u4e00-\u9fff·"
_CHINESE_RUN = re.compile(f"[{_CHINESE}]{{2,}}")
_WORD = re.compile(r"[^\W\d_]+(?:['’\-][^\W\d_]+)*")
_LONGEST_NAME_WORDS = 5

# identifiers with check digits first: their digits may look like a phone number to what comes later
_ORDER = ("email", "national_id", "bank_card", "phone")
_COMPILED = tuple(
    (pattern.identifier, re.compile(pattern.candidate, re.ASCII))
    for identifier in _ORDER
    for pattern in PATTERNS
    if pattern.identifier == identifier
)


def needs_scrub_sql(column: str, *, has_names: bool = False) -> str:
    """SQL predicate: the text in `column` may hold an identifier, so that it has to go through `scrub`.

    Where the delivery has names to look for (`has_names`), every text with a letter may.
    """
    if has_names:
        return f"regexp_matches({column}, '\\pL|{_SUSPICIOUS}')"
    return f"regexp_matches({column}, '{_SUSPICIOUS}')"


def scrub(
    values: pa.Array | pa.ChunkedArray, known_names: Iterable[str] = (), *, region: str | None = "CN"
) -> pa.Array:
    """`values` with identifiers replaced: [email], [national_id], [bank_card], [phone], [account], [address], [name].

    An address is a road with a house number and what is written around it; a city or district alone is none.

    Computed on distinct values; null stays null; text without a find stays as it is, to the letter. `known_names` are
    the names of the delivery's customers: Chinese ones of two characters or more and others of two words or more are
    replaced (a single Latin word is an ordinary word too often). `region`: whose national phone numbers are looked for.
    """
    encoded = as_text(values).dictionary_encode()
    names = _Names(known_names)
    texts = encoded.dictionary
    suspicious = pc.match_substring_regex(texts, _SUSPICIOUS)
    looked_at = pc.or_(suspicious, pa.scalar(True)) if names else suspicious
    changed = [
        names.replace(_scrub_one(text, region) if is_suspicious else text)
        for text, is_suspicious in zip(
            texts.filter(looked_at).to_pylist(), suspicious.filter(looked_at).to_pylist(), strict=True
        )
    ]
    return pc.replace_with_mask(texts, looked_at, pa.array(changed, pa.string())).take(encoded.indices)


def _scrub_one(text: str, region: str | None) -> str:
    half = text.translate(_HALF_WIDTH)  # one character for one: places stay
    if half != text:
        text = half if any(pattern.search(half) for _, pattern in _COMPILED) or _LONG_RUN.search(half) else text
    for identifier, pattern in _COMPILED:
        text = _replace_group(text, pattern, f"[{identifier}]")
    text = _EN_ADDRESS.sub("[address]", _CN_ADDRESS.sub(_address, text))
    if _LONG_RUN.search(text):
        text = _replace_phones(text, region)
    return _ACCOUNT.sub(r"\1[account]", text)


def _address(match: re.Match[str]) -> str:
    """The address without the words that lead to it."""
    lead = _CN_LEAD.match(match[0])
    return f"{lead[0] if lead else ''}[address]"


def _replace_group(text: str, pattern: re.Pattern[str], word: str) -> str:
    """Replace what the first group matched, going on right behind it: neighbours share a separator."""
    parts, start = [], 0
    while match := pattern.search(text, start):
        parts += [text[start : match.start(1)], word]
        start = match.end(1)
    return "".join(parts) + text[start:] if parts else text


def _replace_phones(text: str, region: str | None) -> str:
    import phonenumbers  # slow to import: only where a long number is left

    parts, start = [], 0
    for match in phonenumbers.PhoneNumberMatcher(text, region):
        parts += [text[start : match.start], "[phone]"]
        start = match.end
    return "".join(parts) + text[start:]


class _Names:
    """The names to look for, by first character and number of words."""

    def __init__(self, names: Iterable[str]) -> None:
        self._chinese: dict[str, list[str]] = {}
        self._words: set[tuple[str, ...]] = set()
        self._first_words: set[str] = set()
        for name in {name.strip() for name in names if name}:
            if len(name) >= 2 and _CHINESE_RUN.fullmatch(name):
                self._chinese.setdefault(name[0], []).append(name)
                continue
            words = tuple(word.casefold() for word in _WORD.findall(name))
            if 2 <= len(words) <= _LONGEST_NAME_WORDS:
                self._words.add(words)
                self._first_words.add(words[0])
        for candidates in self._chinese.values():
            candidates.sort(key=len, reverse=True)

    def __bool__(self) -> bool:
        return bool(self._chinese or self._words)

    def replace(self, text: str) -> str:
        """The text with every known name replaced, the longest first."""
        if self._chinese:
            text = _CHINESE_RUN.sub(self._replace_run, text)
        return self._replace_words(text) if self._words else text

    def _replace_run(self, match: re.Match[str]) -> str:
        run, place, parts = match[0], 0, []
        while place < len(run):
            name = next((n for n in self._chinese.get(run[place], ()) if run.startswith(n, place)), None)
            parts.append("[name]" if name else run[place])
            place += len(name) if name else 1
        return "".join(parts)

    def _replace_words(self, text: str) -> str:
        found = list(_WORD.finditer(text))
        words = [match[0].casefold() for match in found]
        parts, start, place = [], 0, 0
        while place < len(words):
            length = 0
            if words[place] in self._first_words:
                longest = min(_LONGEST_NAME_WORDS, len(words) - place)
                candidates = range(longest, 1, -1)
                length = next((n for n in candidates if tuple(words[place : place + n]) in self._words), 0)
            if length:
                parts += [text[start : found[place].start()], "[name]"]
                start = found[place + length - 1].end()
            place += length or 1
        return "".join(parts) + text[start:]
