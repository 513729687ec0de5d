"""Types of the values that contract properties take: each parser reports what is wrong and gives what it can.

Belongs here: one value at a time. Not here: which property takes which type (`properties.py`).
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from ingestion.contracts.mistakes import Report, did_you_mean

DATE_WORDS = frozenset({"iso", "excel", "epoch", "epoch_ms"})

Parser = Callable[[Any, Report], Any]


def as_text(value: Any, report: Report) -> str | None:
    """A text."""
    if isinstance(value, str):
        return value
    report.add("has to be a text" + (" (quote it)" if isinstance(value, int | float | bool) else ""))
    return None


def as_texts(value: Any, report: Report) -> tuple[str, ...]:
    """A list of texts."""
    if not isinstance(value, list):
        report.add("has to be a list of texts")
        return ()
    return tuple(text for i, item in enumerate(value) if (text := as_text(item, report.at(i))) is not None)


def as_boolean(value: Any, report: Report) -> bool:
    """true or false."""
    if not isinstance(value, bool):
        report.add("has to be true or false")
    return bool(value)


def as_number(value: Any, report: Report) -> float | None:
    """A number."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    report.add("has to be a number")
    return None


def as_positive_integer(value: Any, report: Report) -> int | None:
    """A whole number above 0."""
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    report.add("has to be a whole number above 0")
    return None


def as_share(value: Any, report: Report) -> float | None:
    """A number from 0 to 1."""
    number = as_number(value, report)
    if number is not None and not 0 <= number <= 1:
        report.add("has to be between 0 and 1")
    return number


def as_one_of(words: Sequence[str]) -> Parser:
    """A parser of one of the words."""

    def parse(value: Any, report: Report) -> str | None:
        if value in words:
            return str(value)
        report.add(f"{value!r} is none of {', '.join(words)}{did_you_mean(str(value), words)}")
        return None

    return parse


def as_regex(groups: int | None = None) -> Parser:
    """A parser of a regular expression, with so many groups where that is said."""

    def parse(value: Any, report: Report) -> str | None:
        text = as_text(value, report)
        if text is None:
            return None
        try:
            compiled = re.compile(text)
        except re.error as error:
            report.add(f"is no regular expression: {error}")
            return None
        if groups is not None and compiled.groups != groups:
            report.add(f"needs {groups} group in parentheses, it has {compiled.groups}")
        return text

    return parse


def as_matching(pattern: str, what: str) -> Parser:
    """A parser of a text that the pattern matches whole; `what` says it in words."""

    def parse(value: Any, report: Report) -> str | None:
        text = as_text(value, report)
        if text is not None and not re.fullmatch(pattern, text):
            report.add(f"has to be {what}")
        return text

    return parse


def as_encoding(value: Any, report: Report) -> str | None:
    """An encoding that Python knows."""
    text = as_text(value, report)
    if text is not None:
        try:
            codecs.lookup(text)
        except LookupError:
            report.add(f"unknown encoding {text}")
    return text


def as_time_zone(value: Any, report: Report) -> str | None:
    """A time zone as in Asia/Shanghai."""
    text = as_text(value, report)
    if text is not None:
        try:
            ZoneInfo(text)
        except (KeyError, ValueError, OSError):
            report.add(f"unknown time zone {text}")
    return text


def as_date_forms(value: Any, report: Report) -> tuple[str, ...]:
    """strptime forms, or the words for others."""
    forms = as_texts(value, report)
    for form in forms:
        if form not in DATE_WORDS and "%" not in form:
            report.add(f"{form!r} is neither a strptime form nor one of {', '.join(sorted(DATE_WORDS))}")
    return forms


def as_word_mapping(value: Any, report: Report) -> tuple[tuple[str, str], ...]:
    """Source words and their canonical words."""
    if not isinstance(value, dict) or not value:
        report.add("has to map source words to canonical words")
        return ()
    pairs = []
    for word, canonical in value.items():
        left, right = as_text(word, report.at(word)), as_text(canonical, report.at(word))
        if left is not None and right is not None:
            pairs.append((left, right))
    return tuple(pairs)


def as_mapping(value: Any, report: Report) -> dict[str, Any]:
    """A mapping with texts as keys."""
    if isinstance(value, dict):
        return {str(key): item for key, item in value.items()}
    report.add("has to be a mapping")
    return {}


def as_anything(value: Any, report: Report) -> Any:
    """Whatever it is; looked at elsewhere."""
    return value
