"""Numbers as people write them, for the kinds integer, decimal, money and percent.

Belongs here: SQL that reads them exactly. Not here: ranges, scales and types (the kinds' own modules).

Read are, beside plain digits: thousands marks in proper groups (declared, or a comma where the decimal mark is a
point), a currency sign or the contract's own currency code before or after, 元, brackets and a trailing minus for
negative, 万, 亿, 千, 百万, 千万, w and k as multipliers, full-width digits, and durations as 00:01:23 (in seconds).
"""

from __future__ import annotations

import re

from ingestion.cleaning.base import Setting, plain
from ingestion.contracts.model import Column
from ingestion.engine import quote

EXACT = "decimal(38, 10)"
_SIGNS = r"CN¥|US\$|R\$|A\$|C\$|HK\$|NT\$|[$€£¥₹₩₽฿]"
_MULTIPLIERS = {
    "百": 100, "千": 1000, "k": 1000, "万": 10_000, "w": 10_000, "百万": 1_000_000, "千万": 10_000_000,
    "亿": 100_000_000,
}  # fmt: skip


def number(text: str, column: Column, setting: Setting, fast: str) -> str:
    """SQL: the number that `text` writes, null where it writes none. Plain digits are cast to the type `fast`; all
    else gives DECIMAL(38,10), so the caller casts the whole."""
    careful = _as_written(text, column, setting)
    if setting.decimal_mark(column) != ".":
        return careful
    return f"coalesce(try_cast({text} as {fast}), {careful})"


def scaled(value: str, column: Column, engine_type: str) -> str:
    """SQL: the number times the contract's scale, in `engine_type`; null where it does not fit."""
    if column.scale == 1:
        return f"try_cast({value} as {engine_type})"
    scale = repr(int(column.scale)) if float(column.scale).is_integer() else f"cast({column.scale!r} as {EXACT})"
    if engine_type == "DOUBLE":
        return f"cast({value} as double) * {column.scale!r}"
    return f"try_cast(try({value} * {scale}) as {engine_type})"


def _as_written(text: str, column: Column, setting: Setting) -> str:
    decimal = setting.decimal_mark(column)
    thousands = setting.thousands_mark(column)
    if thousands is None and decimal == ".":
        thousands = ","
    currency = "|".join([_SIGNS, *([re.escape(setting.contract.currency)] if setting.contract.currency else [])])
    multipliers = "|".join(sorted(_MULTIPLIERS, key=len, reverse=True))
    pattern = (
        rf"^(?P<open>\()?\s*(?P<before>[-+−]?)\s*(?:(?i:{currency})\s*)?(?P<after>[-+−]?)\s*"
        rf"(?P<digits>[0-9][0-9.,' ]*|[.,][0-9]+)\s*(?P<times>(?i:{multipliers})?)\s*(?:(?i:{currency})|元|圆)?\s*"
        r"(?P<close>[-)]?)$"
    )
    groups = "['open', 'before', 'after', 'digits', 'times', 'close']"
    found = f"regexp_extract({plain(text)}, {quote(_without_names(pattern))}, {groups})"
    digits = f"trim(({found}).digits)"
    point = re.escape(decimal)
    grouped = rf"[0-9]+(?:{point}[0-9]+)?|{point}[0-9]+"
    bare = digits
    if thousands:
        mark = re.escape(thousands)
        grouped = rf"[0-9]{{1,3}}(?:{mark}[0-9]{{3}})+(?:{point}[0-9]+)?|" + grouped
        bare = f"replace({bare}, {quote(thousands)}, '')"
    if decimal != ".":
        bare = f"replace({bare}, {quote(decimal)}, '.')"
    cases = " ".join(f"when {quote(word)} then {factor}" for word, factor in _MULTIPLIERS.items())
    times = f"case lower(({found}).times) {cases} else 1 end"
    # a bracket needs its other half
    sign = (
        f"case when (({found}).open = '(') <> (({found}).close = ')') then null "
        f"when ({found}).open = '(' or ({found}).before in ('-', '−') or ({found}).after in ('-', '−') "
        f"or ({found}).close = '-' then -1 else 1 end"
    )
    amount = (
        f"case when regexp_full_match({digits}, {quote(grouped)}) "
        f"then try(try_cast({bare} as {EXACT}) * ({times}) * ({sign})) end"
    )
    seconds = (
        f"case when regexp_full_match({text}, '[0-9]{{1,3}}:[0-5][0-9]:[0-5][0-9]') then "
        f"try_cast(split_part({text}, ':', 1) as integer) * 3600 "
        f"+ try_cast(split_part({text}, ':', 2) as integer) * 60 "
        f"+ try_cast(split_part({text}, ':', 3) as integer) end"
    )
    return f"coalesce(try_cast({amount} as {EXACT}), try_cast({seconds} as {EXACT}))"


def _without_names(pattern: str) -> str:
    """The pattern with its named groups as plain ones: the engine names them by position."""
    return re.sub(r"\?P<\w+>", "", pattern)
