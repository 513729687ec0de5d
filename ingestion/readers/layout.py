"""Where a file's headings are and which contract they fit.

Belongs here: finding the heading row below a preamble or a title line. Not here: comparing headings
(`ingestion/contracts/recognise.py`), reading the records.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ingestion.contracts.model import Contract
from ingestion.contracts.recognise import HeadingMatch, match_headings

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$")
#: Rows looked at for headings.
DEPTH = 100


@dataclass(frozen=True)
class Layout:
    """The heading row of a file or sheet: its place, its cells, and what they are to the contract."""

    skip: int  # rows above the first record, headings included
    headings: tuple[str, ...]
    match: HeadingMatch
    start: int = 0  # characters above the first record, where rows cannot be counted by their line ends; else 0

    @property
    def shown(self) -> list[str]:
        """The headings as they may be stored in clear: those the contract does not name may be values."""
        unknown = dict(zip(self.match.unknown_places, self.match.unknown, strict=True))
        known = {position for _, position in self.match.places}
        return [
            heading if place in known else unknown.get(place, "" if not heading.strip() else f"column {place + 1}")
            for place, heading in enumerate(self.headings)
        ]


def find_in_text(head: str, contract: Contract) -> Layout | None:
    """The heading row in the beginning of a delimited text; None where no row has any of the contract's headings."""
    lines = _LINE.findall(head)
    rows: list[tuple[str, ...]] = []
    taken: list[int] = []
    # each row is parsed from its own line on, so that a stray quote in a preamble swallows nothing
    for start in range(min(len(lines), DEPTH)):
        taken.append(1)
        if not _could_be_heading(lines[start], contract):
            rows.append(())
            continue
        reader = csv.reader(
            lines[start : start + 20],
            delimiter=contract.file.delimiter,
            quotechar=contract.file.quote or '"',
            doublequote=contract.file.escape == contract.file.quote,
            escapechar=None if contract.file.escape == contract.file.quote else contract.file.escape or None,
        )
        try:
            rows.append(tuple(next(reader, [])))
            taken[-1] = reader.line_num
        except csv.Error:
            rows.append(())
        if rows[-1] and match_headings(contract, rows[-1]).is_match:
            break
    found = best_row(rows, contract)
    if found is None:
        return None
    above = lines[: found.skip - 1]
    # the engine counts rows of a preamble otherwise where quotes or ends of lines are mixed: then records would be lost
    ends = {line[len(line.rstrip("\r\n")) :] for line in lines[:DEPTH] if line.endswith(("\r", "\n"))}
    start = (
        0
        if not above and len(ends) < 2
        else len("".join(above)) + len("".join(lines[found.skip - 1 :][: taken[found.skip - 1]]))
    )
    return replace(found, start=start)


def best_row(rows: Sequence[Sequence[str]], contract: Contract) -> Layout | None:
    """The first row that has all required headings, else the one with the most of the contract's headings."""
    best: Layout | None = None
    for number, row in enumerate(rows[:DEPTH]):
        if not any(cell.strip() for cell in row):
            continue
        found = match_headings(contract, row)
        layout = Layout(number + 1, tuple(row), found)
        if found.is_match:
            return layout
        if found.positions and (best is None or len(found.positions) > len(best.match.positions)):
            best = layout
    return best


def _could_be_heading(line: str, contract: Contract) -> bool:
    if not line.strip():
        return False
    pattern = contract.file.preamble_pattern
    return pattern is None or re.search(pattern, line.rstrip("\r\n")) is None
