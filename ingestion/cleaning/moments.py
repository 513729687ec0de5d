"""Dates and times as exports write them, for the kinds date, timestamp and birth_date.

Belongs here: SQL that reads them. Not here: ranges and types (the kinds' own modules).

Tried in order: the forms that the contract declares, ISO 8601 (also without separators, with slashes, with an offset),
2024年3月5日, either with a day of the week beside it (which is not compared), serial numbers of spreadsheets, seconds
or milliseconds since 1970 of the years 2001 to 2030. A form that the contract does not declare is never guessed:
03/04/2024 and 20-10-16 are read by a declared form or not at all.

Where clocks change, local times are read in standard time: of the two moments that a time has when clocks are put back,
the later; a time that clocks skip as it would have been without the change.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ingestion.cleaning.base import Setting, plain
from ingestion.contracts.model import Column
from ingestion.engine import quote
from ingestion.errors import MilepostError

ISO = "iso"
EXCEL = "excel"
EPOCH, EPOCH_MS = "epoch", "epoch_ms"  # seconds, milliseconds since 1970-01-01 UTC
EARLIEST, LATEST = "1900-01-01", "2200-01-01"
_WEEKDAY = (
    r"(?i)[\s,，(（]*(?:(?:星期|周|礼拜)[一二三四五六日天]|\b(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:day)?\b)"
    r"[\s,，)）]*"
)
_FIXED_SINCE = 1992  # zones whose offset has not changed since need no calendar for later years


def local_moment(text: str, column: Column, setting: Setting) -> str:
    """SQL: TIMESTAMP as written, without regard to zones; null where no form fits."""
    steps = []
    forms = [form for form in setting.date_forms(column) if form.lower() not in (EXCEL, EPOCH, EPOCH_MS)]
    for form in [*forms, *([] if any(f.lower() == ISO for f in forms) else [ISO])]:
        steps.append(_iso(text) if form.lower() == ISO else f"try_strptime({text}, {quote(form)})")
    # written once, so that the engine does not take it out of its branch and compute it for every row
    words = f"regexp_replace({plain(text)}, {quote(_WEEKDAY)}, ' ')"
    for word, mark in (("年", "-"), ("月", "-"), ("日", " "), ("时", ":"), ("点", ":"), ("分", ":"), ("秒", "")):
        words = f"replace({words}, '{word}', '{mark}')"
    bare = f"rtrim(regexp_replace(trim({words}), ' +', ' ', 'g'), ': ')"
    steps.append(f"case when regexp_matches({text}, '[^ -~]|[A-Za-z]{{3}}') then {_as_iso(bare)} end")
    # days since 1899-12-30; five digits are the years 1927 to 2173
    steps.append(
        f"case when regexp_full_match({text}, '[1-9][0-9]{{4}}([.][0-9]+)?') then "
        f"date_trunc('second', timestamp '1899-12-30' + to_microseconds(cast(round(try_cast({text} as double) * 86400) "
        "as bigint) * 1000000)) end"
    )
    return f"coalesce({', '.join(steps)})"


def plain_moment(column: Column, setting: Setting, zone: str | None) -> Callable[[str], str] | None:
    """SQL over a cell in ISO 8601 without an offset, as a function of the cell, in UTC where `zone` is given.

    None where another form is tried first."""
    forms = setting.date_forms(column)
    if forms and forms[0].lower() != ISO:
        return None

    def read(cell: str) -> str:
        # 19 characters hold a date and a time, not an offset; some forms of dates have fewer than 10
        local = (
            f"try_cast(case when length({cell}) between 10 and 16 or length({cell}) = 19 and {cell}[17] = ':' "
            f"then {cell} end as timestamp)"
        )
        return local if zone is None else in_utc(local, zone)

    return read


def has_offset(text: str, column: Column, setting: Setting) -> str:
    """SQL: the text names one moment wherever it is read: it ends in Z or an offset from UTC, or counts since 1970."""
    ends = f"length({text}) > 16 and regexp_matches({text}, '(?:[Zz]|[+-][0-9]{{2}}(?::?[0-9]{{2}})?|UTC|GMT)$')"
    counted = _epoch(column, setting)
    return f"({ends})" if counted is None else f"(({ends}) or regexp_full_match({text}, '{counted[0]}|{counted[1]}'))"


def offset_moment(text: str, column: Column, setting: Setting) -> str:
    """SQL: TIMESTAMP in UTC of a text of which `has_offset` is true; null where it is none."""
    joined = f"replace(replace(replace({text}, ' +', '+'), ' -', '-'), ' GMT', ' UTC')"
    timed = f"regexp_replace({joined}, '([T ][0-9]{{2}}:[0-9]{{2}})([Zz+-])', '\\1:00\\2')"  # the engine wants seconds
    dated = f"case when regexp_matches({text}, '^[0-9]{{4}}[-/]') then {timed} end"
    written = f"timezone('UTC', try_cast({dated} as timestamptz))"
    counted = _epoch(column, setting)
    if counted is None:
        return written
    steps = [
        f"when regexp_full_match({text}, '{pattern}') then timestamp '1970-01-01' + "
        f"to_microseconds(try_cast(round(try_cast({text} as decimal(20, 6)) * {factor}) as bigint))"
        for pattern, factor in zip(counted, (1_000_000, 1_000), strict=True)
    ]
    return f"case {' '.join(steps)} else {written} end"


def in_utc(moment: str, zone: str) -> str:
    """SQL: the local TIMESTAMP `moment` of a time zone in UTC; in standard time where clocks change."""
    if zone.upper() in ("UTC", "ETC/UTC", "GMT"):
        return moment
    fixed = _fixed_offset(zone)
    by_calendar = f"timezone('UTC', timezone({quote(zone)}, {moment}))"
    if fixed is None:
        return by_calendar
    plain_shift = f"{moment} - interval ({int(fixed.total_seconds())}) seconds"
    return f"case when {moment} >= timestamp '{_FIXED_SINCE}-01-02' then {plain_shift} else {by_calendar} end"


def _iso(text: str) -> str:
    compact = f"case when regexp_full_match({text}, '[12][0-9]{{7}}') then try_strptime({text}, '%Y%m%d') end"
    return f"coalesce({_as_iso(text)}, {compact})"


def _as_iso(text: str) -> str:
    # the engine reads more than is a date: the word epoch, years before Christ, years of two digits
    return f"try_cast(case when regexp_matches({text}, '^[0-9]{{4}}[-/]') then {text} end as timestamp)"


def _epoch(column: Column, setting: Setting) -> tuple[str, str] | None:
    """Patterns of counts of seconds and of milliseconds; None where such digits are to be read in another form."""
    forms = {form.lower() for form in setting.date_forms(column)}
    if EPOCH in forms or EPOCH_MS in forms:
        seconds = "-?[0-9]{1,10}([.][0-9]+)?" if EPOCH in forms else "[^0-9]"
        milliseconds = "-?[0-9]{11,13}" if EPOCH in forms else "-?[0-9]{1,13}"
        return seconds, milliseconds if EPOCH_MS in forms else "[^0-9]"
    if forms - {ISO, EXCEL}:
        return None
    # from 2001 to 2030: no other form has so many digits and begins so
    return "1[0-8][0-9]{8}([.][0-9]+)?", "1[0-8][0-9]{11}"


def _fixed_offset(zone: str) -> timedelta | None:
    """The zone's offset where it has not changed since 1992, else None."""
    try:
        info = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise MilepostError(f"no time zone {zone!r}", remedy="Use a name as in Asia/Shanghai") from error
    start, end = datetime(_FIXED_SINCE, 1, 1, tzinfo=UTC), datetime(2038, 1, 1, tzinfo=UTC)
    offsets = set()
    while start < end:
        offsets.add(start.astimezone(info).utcoffset())
        start += timedelta(days=7)
    return offsets.pop() if len(offsets) == 1 else None
