"""Sentiment by the lexicon: the rules one by one, and how often it is right on sentences that it was not made from."""

from __future__ import annotations

import csv
from collections import Counter
from math import sqrt
from pathlib import Path

import pytest

from dbt_project.inference.sentiment import lexicon, sentiment, sentiments

LABELLED = Path(__file__).with_name("labelled_sentiment.csv")
LIMIT = 0.2  # of dbt_project.yml: sentiment_positive_from, and mirrored sentiment_negative_to


def normalised(total: float) -> float:
    return total / sqrt(total * total + 15.0)


def judged(value: float) -> int:
    return 1 if value >= LIMIT else -1 if value <= -LIMIT else 0


@pytest.mark.parametrize(
    ("text", "total"),
    [
        ("满意", 2.0),
        ("非常满意", 2.0 * 1.35),  # strengthened
        ("有点满意", 2.0 * 0.6),  # weakened
        ("不是很满意", 2.0 * 1.35 * -0.75),  # negated and strengthened
        ("很满意，很失望", 2.0 * 1.35 - 2.0 * 1.35),
        ("满意，但是失望", 0.5 * 2.0 - 1.5 * 2.0),  # what stands after the contrast weighs more
        ("满意吗？", 2.0 * 0.25),  # praise asked for
        ("good", 2.0),
        ("very good", 2.0 * 1.35),
        ("not good", 2.0 * -0.75),
        ("not a very good one", 2.0 * 1.35 * -0.75),
        ("not that I have ever seen any good one", 2.0),  # the negator is out of reach
        ("good but broken", 0.5 * 2.0 - 1.5 * 2.0),
        ("it doesn't work", -2.0),  # a phrase of the lexicon is longer than its words
        ("Doesn’t work", -2.0),
        ("goodness", 0.0),  # words are whole words
        ("write to [email] or call [phone]", 0.0),
    ],
)
def test_valences_are_turned_strengthened_and_weighed(text: str, total: float) -> None:
    assert sentiment(text) == pytest.approx(normalised(total), abs=1e-12)


def test_a_clause_ends_the_reach_of_a_negator() -> None:
    assert sentiment("不，满意") == pytest.approx(normalised(2.0))
    assert sentiment("no. good") == pytest.approx(normalised(2.0))


def test_what_says_nothing_is_neutral_and_what_is_not_there_unknown() -> None:
    assert sentiments(["型号 CF-1003", "", None, "  "]) == [0.0, None, None, None]


def test_sentiments_stay_within_their_bounds() -> None:
    assert -1.0 < sentiment("垃圾" * 500) < -0.99
    assert 0.99 < sentiment("excellent " * 500) < 1.0


def test_a_phrase_of_the_lexicon_has_one_meaning() -> None:
    entries = [entry for group in lexicon().values() for entry in group]
    twice = [pieces for pieces, count in Counter(entry.pieces for entry in entries).items() if count > 1]
    assert not twice
    assert {entry.kind for entry in entries} == {"valence", "negator", "booster", "contrast"}
    assert len(entries) > 900


@pytest.mark.parametrize(("language", "bar"), [("zh", 0.80), ("en", 0.70)])
def test_sentences_that_the_lexicon_was_not_made_from_are_mostly_judged_right(language: str, bar: float) -> None:
    """Bars below what was measured (docs/sentiment.md); praise and complaint are hardly ever taken for each other."""
    with LABELLED.open(encoding="utf-8", newline="") as file:
        rows = [(int(row["sentiment"]), row["text"]) for row in csv.DictReader(file)]
    is_chinese = [any("一" <= character <= "鿿" for character in text) for _, text in rows]
    found = [
        (label, judged(sentiment(text)))
        for (label, text), chinese in zip(rows, is_chinese, strict=True)
        if chinese == (language == "zh")
    ]
    assert len(found) >= 35
    assert sum(label == value for label, value in found) / len(found) >= bar
    assert sum(label * value == -1 for label, value in found) / len(found) <= 0.10
