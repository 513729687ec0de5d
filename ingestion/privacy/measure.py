"""How much of what is planted in labelled texts is replaced: recall by class, and what is replaced without need.

Belongs here: measuring `scrub` against a labelled set. Not here: making one (`ingestion/sample/planted_text.py`).

    python -m ingestion.privacy.measure HOME/truth/free_text.parquet

The set has one row per text: `text`, and `spans` of `class` and `value` (see the sample company). A value counts as
replaced where it no longer stands in the text, nor do its digits. Names are those of the texts' own export, as a
delivery brings its customers' names with it.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ingestion.privacy.scrub import scrub

NAME = "name"
_DIGITS = re.compile(r"\d")


@dataclass(frozen=True)
class Recall:
    """Planted values of one class, and how many of them are gone."""

    identifier: str
    planted: int
    replaced: int

    @property
    def share(self) -> float:
        return self.replaced / self.planted if self.planted else 1.0


@dataclass(frozen=True)
class Measured:
    """Recall by class, and texts without any identifier: how many there are and how many were changed all the same."""

    recalls: tuple[Recall, ...]
    clean_texts: int
    clean_texts_changed: int


def measure(
    texts: Sequence[str], spans: Sequence[Iterable[tuple[str, str]]], exports: Sequence[str], region: str | None = "CN"
) -> Measured:
    """Scrub the texts and count; `spans`: (class, value) of what is planted in each, `exports`: whose text it is."""
    names: dict[str, set[str]] = defaultdict(set)
    planted = [list(one) for one in spans]
    for export, one in zip(exports, planted, strict=True):
        names[export] |= {value for identifier, value in one if identifier == NAME}
    scrubbed: list[str] = [""] * len(texts)
    for export in sorted(set(exports)):
        places = [place for place, of in enumerate(exports) if of == export]
        found = scrub(pa.array([texts[place] for place in places], pa.string()), names[export], region=region)
        for place, text in zip(places, found.to_pylist(), strict=True):
            scrubbed[place] = text
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    clean = changed = 0
    for text, after, one in zip(texts, scrubbed, planted, strict=True):
        if not one:
            clean += 1
            changed += after != text
        for identifier, value in one:
            counts[identifier][0] += 1
            counts[identifier][1] += not _stands_in(value, after)
    recalls = tuple(Recall(identifier, *counts[identifier]) for identifier in sorted(counts))
    return Measured(recalls, clean, changed)


def measure_file(path: Path) -> Measured:
    """Measure a labelled set as the sample company writes it."""
    rows = pq.read_table(path, columns=["export", "text", "spans"]).to_pylist()
    return measure(
        [row["text"] for row in rows],
        [[(span["class"], span["value"]) for span in row["spans"] or []] for row in rows],
        [row["export"] for row in rows],
    )


def _stands_in(value: str, text: str) -> bool:
    if value in text:
        return True
    digits = "".join(_DIGITS.findall(value))
    # a number of which some digits are left says as much
    return len(digits) >= 8 and len(digits) >= len(value) / 2 and digits[-8:] in "".join(_DIGITS.findall(text))


def main(arguments: Sequence[str]) -> int:
    """Print the figures of a labelled set."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m ingestion.privacy.measure HOME/truth/free_text.parquet\n")
        return 2
    measured = measure_file(Path(arguments[0]))
    sys.stdout.write("class        planted  replaced  recall\n")
    for recall in measured.recalls:
        sys.stdout.write(f"{recall.identifier:<12} {recall.planted:>7}  {recall.replaced:>8}  {recall.share:.2%}\n")
    sys.stdout.write(
        f"texts without an identifier: {measured.clean_texts}, changed all the same: {measured.clean_texts_changed}\n"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
