"""The Chinese working calendar as the company keeps it: holidays, days worked instead, working days between.

Belongs here: counting working days. Not here: the sheet of calendar events (`reference_planning.py`).
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from functools import cache

import holidays
import numpy as np

from ingestion.sample.random_streams import Floats, Ints

_ORIGIN = date(2015, 1, 1)
_DAYS = 366 * 20
_SUBSTITUTED = re.compile(r"substituted from (\d\d)/(\d\d)/(\d{4})")


@cache
def china() -> dict[date, str]:
    """Days off in China by name, 2015 to 2034."""
    years = range(_ORIGIN.year, _ORIGIN.year + 20)
    return dict(sorted(holidays.country_holidays("CN", years=years, language="en_US").items()))


@cache
def make_up_days() -> tuple[date, ...]:
    """Days of a weekend that are worked for a day off during the week."""
    found = (_SUBSTITUTED.search(name) for name in china().values())
    return tuple(sorted({date(int(m[3]), int(m[1]), int(m[2])) for m in found if m}))


@cache
def _cumulated() -> Floats:
    worked = set(make_up_days())
    days = (_ORIGIN + timedelta(n) for n in range(_DAYS))
    flags = [day in worked or (day.weekday() < 5 and day not in china()) for day in days]
    return np.concatenate([[0.0], np.cumsum(flags)])


def between(start: Ints, end: Ints) -> Floats:
    """Working days from one moment to the other (seconds since 1970 in UTC), days of Shanghai, to a tenth.

    A working day counts from 9 to 18; moments outside count as the next opening or the last closing.
    """

    def position(moment: Ints) -> Floats:
        shifted = moment + 28800
        day = shifted // 86400 - (_ORIGIN - date(1970, 1, 1)).days
        share = np.clip((shifted % 86400 - 9 * 3600) / (9 * 3600.0), 0.0, 1.0)
        total = _cumulated()
        return total[day] + share * (total[day + 1] - total[day])

    return np.round(np.maximum(position(end) - position(start), 0.0), 1).astype(np.float64)
