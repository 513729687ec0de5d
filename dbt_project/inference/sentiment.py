"""Sentiment of short texts in Chinese and English, from -1 to 1, by a lexicon of our own.

Belongs here: reading the lexicon and judging texts. Not here: which texts are judged, and what a mart makes of it.
Replace `sentiments` by another function of the same shape to judge by other means: nothing else knows the lexicon.

A text is cut into clauses. In a clause the longest phrases of the lexicon are found from left to right (characters in
Chinese, words in English). A negator within reach turns the next valence round and weakens it, a booster strengthens
or weakens it, what stands after a contrast (但, but) weighs more than what stands before it, and praise in a question
counts little. The sum s of a text becomes s / sqrt(s^2 + 15): the normalisation of Hutto and Gilbert, "VADER: A
Parsimonious Rule-based Model for Sentiment Analysis of Social Media Text", ICWSM 2014.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from math import sqrt
from pathlib import Path

LEXICON = Path(__file__).with_name("sentiment_lexicon.csv")
NORMALISATION = 15.0
NEGATION = -0.75  # a negated valence: the other way round, and weaker
BEFORE_CONTRAST, AFTER_CONTRAST = 0.5, 1.5
PRAISE_IN_QUESTION = 0.25
#: How far negators and boosters reach, in plain words or characters without a meaning of their own.
REACH = 4

_PLACEHOLDER = re.compile(r"\[[a-z_]+\]")
_CLAUSE = re.compile(r"[^,，。.!！?？;；、\n|…~～:：]+[,，。.!！?？;；、\n|…~～:：]*")
_PIECE = re.compile(r"[a-z0-9]+(?:['’][a-z]+)*|[^\sa-z0-9]")
_WORD = re.compile(r"[a-z0-9]")


@dataclass(frozen=True, slots=True)
class Entry:
    """A phrase: its pieces (words, or single characters of Chinese), its kind and its weight."""

    pieces: tuple[str, ...]
    kind: str
    weight: float


def _pieces(text: str) -> list[str]:
    return [piece.replace("’", "'") for piece in _PIECE.findall(text)]


@cache
def lexicon(path: Path = LEXICON) -> dict[str, tuple[Entry, ...]]:
    """Phrases by their first piece, the longest first."""
    found: dict[str, list[Entry]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            for phrase in row["phrases"].split("|"):
                pieces = tuple(_pieces(phrase.lower()))
                found.setdefault(pieces[0], []).append(Entry(pieces, row["kind"], float(row["weight"])))
    return {first: tuple(sorted(entries, key=lambda e: -len(e.pieces))) for first, entries in found.items()}


def _match(pieces: list[str], place: int, entries: tuple[Entry, ...]) -> Entry | None:
    for entry in entries:
        length = len(entry.pieces)
        if length == 1 or tuple(pieces[place : place + length]) == entry.pieces:
            return entry
    return None


def _valences(text: str, phrases: dict[str, tuple[Entry, ...]]) -> tuple[list[float], int]:
    """The valences of a text in their order, and how many of them stand before its last contrast."""
    valences: list[float] = []
    before = 0
    for clause in _CLAUSE.findall(_PLACEHOLDER.sub(" ", text.lower())):
        pieces = _pieces(clause)
        is_question = "?" in clause or "？" in clause or "吗" in pieces
        factor, boost, reach, place = 1.0, 0.0, 0, 0
        while place < len(pieces):
            entry = _match(pieces, place, phrases[pieces[place]]) if pieces[place] in phrases else None
            if entry is None:
                place += 1
                reach -= 1
                if reach <= 0:
                    factor, boost = 1.0, 0.0
                continue
            place += len(entry.pieces)
            if entry.kind == "negator":
                factor, reach = factor * NEGATION, REACH
            elif entry.kind == "booster":
                boost, reach = boost + entry.weight, max(reach, REACH)
            elif entry.kind == "contrast":
                before, factor, boost, reach = len(valences), 1.0, 0.0, 0
            else:
                valence = entry.weight * (1.0 + boost) * factor
                valences.append(valence * PRAISE_IN_QUESTION if is_question and valence > 0 else valence)
                factor, boost, reach = 1.0, 0.0, 0
    return valences, before


def sentiment(text: str, phrases: dict[str, tuple[Entry, ...]] | None = None) -> float:
    """Sentiment of a text from -1 to 1; 0 where nothing in it is of the lexicon."""
    valences, before = _valences(text, lexicon() if phrases is None else phrases)
    if before and before < len(valences):
        total = BEFORE_CONTRAST * sum(valences[:before]) + AFTER_CONTRAST * sum(valences[before:])
    else:
        total = sum(valences)
    return total / sqrt(total * total + NORMALISATION)


def sentiments(texts: Iterable[str | None]) -> list[float | None]:
    """Sentiments of texts, in their order; none of a missing or blank one."""
    phrases = lexicon()
    return [sentiment(text, phrases) if text and text.strip() else None for text in texts]
