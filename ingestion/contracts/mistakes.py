"""What is wrong in contract files: one mistake each with file and place, raised together.

Belongs here: collecting and telling. Not here: finding mistakes (`loader.py`, `properties.py`, `expressions.py`).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field

from ingestion.errors import MilepostError

REMEDY = "Correct the files (docs/adding-a-source.md explains every property) and run: milepost contract check"


@dataclass(frozen=True)
class Mistake:
    file: str  # below the contracts folder
    place: str  # e.g. schema.orders.order_id.minimum; empty for the whole file
    what: str

    def __str__(self) -> str:
        return f"{self.file}: {self.place}: {self.what}" if self.place else f"{self.file}: {self.what}"


class ContractErrors(MilepostError):  # noqa: N818 - it holds many errors
    """Every mistake of every contract file at once."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        count = len(self.mistakes)
        lines = "".join(f"\n  {mistake}" for mistake in self.mistakes)
        super().__init__(f"{count} mistake{'' if count == 1 else 's'} in contracts:{lines}\n", remedy=REMEDY)

    def __str__(self) -> str:
        return f"{self.what}{self.remedy}"


@dataclass
class Report:
    """Collects the mistakes of one file; `at` gives a report of a place within it."""

    file: str
    place: str = ""
    mistakes: list[Mistake] = field(default_factory=list)

    def at(self, place: object) -> Report:
        """The same collection, further down."""
        return Report(self.file, f"{self.place}.{place}" if self.place else str(place), self.mistakes)

    def add(self, what: str) -> None:
        self.mistakes.append(Mistake(self.file, self.place, what))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """` (did you mean x?)`, or nothing."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f" (did you mean {near[0]}?)" if near else ""
