"""The planted effect of training: who took which selling course when, and what it did to the leads they got afterwards.

Belongs here: the plan and the factor it works by. Not here: the export (`export_hr.py`), the deals (`business.py`).
A round trains two sellers; for three months from the day after, their leads are won more often than before by the
factor, those of their untrained peers as before. Rounds lie so far apart that their windows do not touch.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from ingestion.sample.demand import History
from ingestion.sample.orders import SHANGHAI
from ingestion.sample.random_streams import Floats, Ints

COURSE, COURSE_KIND, HOURS = "顾问式销售进阶", "销售技能", 16.0
#: Chance of a deal to be won, times this, for leads created in the window after the course.
WIN_FACTOR = 1.8
EFFECT_DAYS = 90
_ROUNDS = ((120, ("E031", "E052")), (310, ("E012", "E051")), (500, ("E021", "E041")), (690, ("E022", "E042")))


@dataclass(frozen=True)
class Round:
    """A course as held: its last day and who took it."""

    finished: date
    sellers: tuple[str, ...]


def rounds(history: History) -> list[Round]:
    """Rounds with a full window before and after them in the history, the latest first."""
    first = history.start_date + timedelta(EFFECT_DAYS)
    held = [Round(history.end_date - timedelta(ago), sellers) for ago, sellers in _ROUNDS]
    return [one for one in held if one.finished >= first]


def win_factors(history: History, owners: np.ndarray, created: Ints) -> Floats:
    """By what the chance of each lead's deal is multiplied; `created` are seconds, UTC."""
    factors = np.ones(len(created))
    for one in rounds(history):
        low = (one.finished + timedelta(1) - date(1970, 1, 1)).days * 86400 - int(SHANGHAI.total_seconds())
        within = (created >= low) & (created < low + EFFECT_DAYS * 86400)
        factors[within & np.isin(owners, one.sellers)] = WIN_FACTOR
    return factors


def truth(history: History) -> dict[str, object]:
    """What was planted, for the truth."""
    return {
        "course": COURSE, "win_factor": WIN_FACTOR, "effect_days": EFFECT_DAYS,
        "rounds": [{"finished": str(one.finished), "sellers": list(one.sellers)} for one in rounds(history)],
    }  # fmt: skip
