"""Numbers as people write them, for the kinds integer, decimal, money and percent.

Belongs here: reading them exactly. Not here: ranges and types (the kinds' own modules).

Read are, beside plain digits: thousands marks in proper groups (declared, or a comma where the decimal mark is a
point), a currency sign or the contract's own currency code before or after, 元, brackets and a trailing minus for
negative, 万, 亿, 千, 百万, 千万, w and k as multipliers, full-width digits, and durations as 00:01:23 (in seconds).

Plain digits are cast by the engine, numbers with thousands marks after one look; what is left goes through
`written_number`, value by value. (As SQL it would be slow for all: the engine takes
repeated parts out of branches and computes them for every row.)
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache, lru_cache, partial

from ingestion.cleaning.base import Setting
from ingestion.contracts.model import Column
from ingestion.engine import quote

EXACT = "decimal(38, 10)"
_SIGNS = r"CN¥|US\$|R\$|A\$|C\$|HK\$|NT\$|[$€£¥₹₩₽฿]"
_MULTIPLIERS = {
    "百": 100, "千": 1000, "k": 1000, "万": 10_000, "w": 10_000, "百万": 1_000_000, "千万": 10_000_000,
    "亿": 100_000_000,
}  # fmt: skip
_DURATION = re.compile(r"([0-9]{1,3}):([0-5][0-9]):([0-5][0-9])")


def number(text: str, column: Column, setting: Setting, engine_type: str) -> str:
    """SQL: the number that `text` writes, times the contract's scale, in `engine_type`; null where it writes none or
    it does not fit."""
    decimal, thousands = _marks(column, setting)
    steps = []
    if plain_number(column, setting, engine_type) is not None:
        steps.append(_plain_digits(text, engine_type))
        if thousands == ",":
            groups = r"-?[0-9]{1,3}(?:,[0-9]{3})+" + ("" if engine_type == "BIGINT" else r"(?:\.[0-9]+)?")
            bare = f"try_cast(replace({text}, ',', '') as {engine_type})"
            steps.append(f"case when regexp_full_match({text}, {quote(groups)}) then {bare} end")
    options = {
        "decimal": decimal,
        "thousands": thousands,
        "currency": setting.contract.currency,
        "scale": repr(column.scale),
        "is_whole": engine_type == "BIGINT",
    }
    steps.append(f"try_cast(written_number({text}, {quote(json.dumps(options))}) as {engine_type})")
    return f"coalesce({', '.join(steps)})"


def plain_number(column: Column, setting: Setting, engine_type: str) -> Callable[[str], str] | None:
    """SQL over a cell of plain digits, as a function of the cell; None where marks or a scale stand in the way."""
    if _marks(column, setting)[0] != "." or column.scale != 1:
        return None
    return partial(_plain_digits, engine_type=engine_type)


@lru_cache(maxsize=100_000)
def written_number(text: str, options: str) -> str | None:
    """The engine's function of that name: a number as plain digits, None where the text is none."""
    return _form(options).read(text)


@dataclass(frozen=True)
class NumberForm:
    """How one column's numbers are written."""

    pattern: re.Pattern[str]
    grouped: re.Pattern[str]
    decimal: str
    thousands: str | None
    scale: Decimal
    is_whole: bool

    def read(self, text: str) -> str | None:
        """Plain digits of the number times the scale; None where the text is none (or not whole where it has to be)."""
        text = unicodedata.normalize("NFKC", text).strip()
        value = self._duration(text) if ":" in text else self._amount(text)
        if value is None:
            return None
        value *= self.scale
        if self.is_whole and value != value.to_integral_value():
            return None
        return f"{value.to_integral_value() if self.is_whole else value:f}"

    def _amount(self, text: str) -> Decimal | None:
        found = self.pattern.fullmatch(text)
        if found is None or (found["open"] is None) != (found["close"] != ")"):
            return None
        digits = found["digits"].strip()
        if self.grouped.fullmatch(digits) is None:
            return None
        if self.thousands:
            digits = digits.replace(self.thousands, "")
        try:
            value = Decimal(digits.replace(self.decimal, "."))
        except InvalidOperation:
            return None
        value *= _MULTIPLIERS.get((found["times"] or "").lower(), 1)
        signs = (found["open"] or "") + (found["before"] or "") + (found["after"] or "") + (found["close"] or "")
        is_negative = "(" in signs or "-" in signs or "−" in signs
        return -value if is_negative else value

    @staticmethod
    def _duration(text: str) -> Decimal | None:
        found = _DURATION.fullmatch(text)
        if found is None:
            return None
        hours, minutes, seconds = map(int, found.groups())
        return Decimal(hours * 3600 + minutes * 60 + seconds)


def _marks(column: Column, setting: Setting) -> tuple[str, str | None]:
    decimal, thousands = setting.decimal_mark(column), setting.thousands_mark(column)
    return decimal, "," if thousands is None and decimal == "." else thousands


def _plain_digits(text: str, engine_type: str) -> str:
    if engine_type == "BIGINT":
        # casts round fractions: only what reads back the same was a whole number
        return f"case when cast(try_cast({text} as bigint) as varchar) = {text} then try_cast({text} as bigint) end"
    return f"try_cast({text} as {engine_type})"


@cache
def _form(options: str) -> NumberForm:
    given = json.loads(options)
    decimal, thousands = given["decimal"], given["thousands"]
    currency = "|".join([_SIGNS, *([re.escape(given["currency"])] if given["currency"] else [])])
    multipliers = "|".join(sorted(_MULTIPLIERS, key=len, reverse=True))
    pattern = (
        rf"(?P<open>\()?\s*(?P<before>[-+−]?)\s*(?:(?i:{currency})\s*)?(?P<after>[-+−]?)\s*"
        rf"(?P<digits>[0-9][0-9.,'’ ]*|[.,][0-9]+)\s*(?P<times>(?i:{multipliers}))?\s*(?:(?i:{currency})|元|圆)?\s*"
        r"(?P<close>[-)]?)"
    )
    point = re.escape(decimal)
    grouped = rf"[0-9]+(?:{point}[0-9]+)?|{point}[0-9]+"
    if thousands:
        grouped = rf"[0-9]{{1,3}}(?:{re.escape(thousands)}[0-9]{{3}})+(?:{point}[0-9]+)?|" + grouped
    return NumberForm(
        re.compile(pattern), re.compile(grouped), decimal, thousands, Decimal(given["scale"]), given["is_whole"]
    )
