"""Dates and times as exports write them, for the kinds date, timestamp and birth_date.

Belongs here: SQL that reads them. Not here: ranges and types (the kinds' own modules).

Tried in order: the forms that the contract declares, ISO 8601 (also without separators, with slashes, with an offset),
2024年3月5日, serial numbers of spreadsheets. A form that the contract does not declare is never guessed: 03/04/2024 is
read by a declared form or not at all.
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
EARLIEST, LATEST = "1900-01-01", "2200-01-01"
_FIXED_SINCE = 1992  # zones whose offset has not changed since need no calendar for later years


def local_moment(text: str, column: Column, setting: Setting) -> str:
    """SQL: TIMESTAMP as written, without regard to zones; null where no form fits."""
    steps = []
    forms = [form for form in setting.date_forms(column) if form.lower() != "excel"]
    for form in [*forms, *([] if any(f.lower() == ISO for f in forms) else [ISO])]:
        steps.append(_iso(text) if form.lower() == ISO else f"try_strptime({text}, {quote(form)})")
    # written once, so that the engine does not take it out of its branch and compute it for every row
    chinese = f"replace(replace(replace({plain(text)}, '年', '-'), '月', '-'), '日', ' ')"
    steps.append(f"case when strlen({text}) <> length({text}) then try_cast(trim({chinese}) as timestamp) end")
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
            f"try_cast(case when length({cell}) between 10 and 16 or length({cell}) = 19 then {cell} end as timestamp)"
        )
        return local if zone is None else in_utc(local, zone)

    return read


def has_offset(text: str) -> str:
    """SQL: the text ends in Z or an offset from UTC."""
    return f"(length({text}) > 16 and regexp_matches({text}, '(?:[Zz]|[+-][0-9]{{2}}(?::?[0-9]{{2}})?|UTC|GMT)$'))"


def offset_moment(text: str) -> str:
    """SQL: TIMESTAMP in UTC of a text with an offset; null where it is none."""
    joined = f"replace(replace(replace({text}, ' +', '+'), ' -', '-'), ' GMT', ' UTC')"
    return f"timezone('UTC', try_cast({joined} as timestamptz))"


def in_utc(moment: str, zone: str) -> str:
    """SQL: the local TIMESTAMP `moment` of a time zone in UTC. Where clocks are put back, the earlier of the two."""
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
    return f"coalesce(try_cast({text} as timestamp), {compact})"


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
