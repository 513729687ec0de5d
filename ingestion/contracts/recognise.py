"""Which contract a file may be of, and which column each of its headings is.

Belongs here: pure functions over names and headings. Not here: opening files (`ingestion/readers`), registering
deliveries, anything that looks at values.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from ingestion.contracts.model import Column, Contract, ContractSet

_INVISIBLE = dict.fromkeys(map(ord, "\ufeff\u200b\u200c\u200d\u2060"))
_COMPRESSED = (".gz", ".zip")
#: What a heading does not hold, but a record may: an address of e-mail, a long number, a date, a number alone.
_VALUE = re.compile(r"@|[0-9]{5}|[0-9]{1,4}[-/年][0-9]{1,2}[-/月]|^\s*[-+(¥$€£]*[0-9][0-9.,%)]*\s*$")
_LONGEST = 80


@dataclass(frozen=True)
class MissingHeading:
    """A required column that no heading of the file is."""

    column: str
    heading: str  # the system's own heading
    did_you_mean: str | None  # nearest heading of the file that is nothing else, as the file writes it


@dataclass(frozen=True)
class HeadingMatch:
    """What the headings of a file are to one contract."""

    contract: str
    positions: tuple[tuple[str, int], ...]  # column name -> position of its heading in the file, from 0
    units: tuple[tuple[str, str], ...]  # column name -> what `unit_from_heading` read from its heading
    missing: tuple[MissingHeading, ...]
    absent: tuple[str, ...]  # optional columns that the file does not have
    unknown: tuple[str, ...]  # headings of the file that the contract does not name, as they may be shown
    repeated: tuple[str, ...]  # headings whose column was found further left already; not read
    joined: tuple[tuple[str, int], ...] = ()  # column name -> position of a heading that is a further part of it
    unknown_places: tuple[int, ...] = ()  # positions of the unknown headings
    suggested: tuple[tuple[str, str], ...] = ()  # unknown heading -> optional heading that is absent and near to it

    @property
    def is_match(self) -> bool:
        """All required headings are there."""
        return not self.missing

    @property
    def places(self) -> tuple[tuple[str, int], ...]:
        """Column and position of every cell that is read: a column of several headings has several."""
        return (*self.positions, *self.joined)

    def position(self, column: str) -> int | None:
        """Position of a column's heading, from 0; None where the file does not have it."""
        return dict(self.positions).get(column)

    def explain(self) -> str:
        """What is missing, in words; empty where nothing is."""
        return "; ".join(
            f"heading {gap.heading} is missing" + (f" (did you mean {gap.did_you_mean}?)" if gap.did_you_mean else "")
            for gap in self.missing
        )


def normalise_heading(heading: str) -> str:
    """NFKC, without byte order marks and invisible characters, trimmed, inner spaces collapsed, case folded."""
    text = unicodedata.normalize("NFKC", str(heading)).translate(_INVISIBLE)
    return re.sub(r"\s+", " ", text).strip().strip('"').strip().casefold()


def _unit(column: Column, heading: str) -> str | None:
    """The unit a heading states where the contract expects one there, else None."""
    if column.unit_from_heading is None:
        return None
    text = re.sub(r"\s+", " ", unicodedata.normalize("NFKC", str(heading)).translate(_INVISIBLE)).strip().strip('"')
    found = re.fullmatch(column.unit_from_heading, text.strip(), flags=re.IGNORECASE)
    return found.group(1).upper() if found else None


def match_headings(contract: Contract, headings: Sequence[str]) -> HeadingMatch:
    """Which column each heading is. Headings are compared normalised; a column takes its leftmost heading."""
    known = {normalise_heading(alias): column for column in contract.columns for alias in column.headings}
    parts = {normalise_heading(heading): column for column in contract.columns for heading in column.join_headings}
    ignored = {normalise_heading(heading) for heading in contract.ignored_headings}
    joined: dict[str, tuple[str, int]] = {}
    positions: dict[str, int] = {}
    units: dict[str, str] = {}
    unknown: dict[int, str] = {}
    repeated: list[str] = []
    for position, heading in enumerate(headings):
        name = normalise_heading(heading)
        column = known.get(name)
        if column is None:
            # headings that differ in their unit alone (one term each) take one column after another
            fitting = [c for c in contract.columns if _unit(c, heading) is not None]
            column = next((c for c in fitting if c.name not in positions), fitting[0] if fitting else None)
        if column is None and name in parts:
            joined.setdefault(name, (parts[name].name, position))
        elif column is None:
            if name and name not in ignored:
                unknown[position] = str(heading)
        elif column.name in positions:
            repeated.append(str(heading))
        else:
            positions[column.name] = position
            unit = _unit(column, heading)
            if unit is not None:
                units[column.name] = unit
    shown = shown_headings(unknown)
    names = [] if _holds_data(unknown.values()) else list(unknown.values())
    missing = tuple(
        MissingHeading(column.name, column.headings[0], _nearest(column, names))
        for column in contract.columns
        if column.heading_required and column.name not in positions
    )
    absent = tuple(c.name for c in contract.columns if not c.heading_required and c.name not in positions)
    near = {_nearest(column, names): column.headings[0] for column in contract.columns if column.name in absent}
    return HeadingMatch(
        contract=contract.id,
        positions=tuple(positions.items()),
        units=tuple(units.items()),
        missing=missing,
        absent=absent,
        unknown=tuple(shown.values()),
        repeated=tuple(repeated),
        joined=tuple(joined.values()),
        unknown_places=tuple(unknown),
        suggested=tuple((heading, near[heading]) for heading in names if heading in near),
    )


def shown_headings(unknown: Mapping[int, str]) -> dict[int, str]:
    """Position and heading of what the contract does not name, fit to be shown and stored.

    Where one of them reads like a value, the row of headings was mixed with a record: then none of them is shown, but
    its place, because the next one may be a person's name.
    """
    if _holds_data(unknown.values()):
        return {position: f"column {position + 1}" for position in unknown}
    return dict(unknown)


def _holds_data(headings: Iterable[str]) -> bool:
    return any(len(heading) > _LONGEST or _VALUE.search(unicodedata.normalize("NFKC", heading)) for heading in headings)


def _nearest(column: Column, unknown: Iterable[str]) -> str | None:
    by_name = {normalise_heading(heading): heading for heading in unknown}
    for alias in column.headings:
        name = normalise_heading(alias)
        near = difflib.get_close_matches(name, by_name, n=1, cutoff=0.7)
        # Chinese headings are short: one word more is most of them
        near = near or [o for o in by_name if min(len(name), len(o)) > 1 and (name in o or o in name)]
        if near:
            return by_name[near[0]]
    return None


def bare_name(file_name: str) -> str:
    """Name of a file without folders and without .gz or .zip: what `filePattern` is matched against."""
    name = unicodedata.normalize("NFC", PurePosixPath(file_name.replace("\\", "/")).name)
    for suffix in _COMPRESSED:
        if name.casefold().endswith(suffix):
            return name[: -len(suffix)]
    return name


def candidates(contracts: ContractSet, system: str, file_name: str) -> tuple[Contract, ...]:
    """Contracts of the system whose pattern the whole name matches; the headings decide between them.

    `file_name` may have folders; for a member of an archive it is the member's name.
    """
    name = bare_name(file_name)
    return tuple(c for c in contracts.of_system(system) if c.file.name_pattern.fullmatch(name))
