"""Score of the sentiment of mentions.

Belongs here: what `core.fct_mentions` is compared with, and its bars: our own judgement of each text (not the
source's) with what the sample company meant by it. Not here: the lexicon, the arithmetic of sentiment.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ingestion.errors import MilepostError
from orchestration.score import Score, judged, need_marts, need_truth, told

if TYPE_CHECKING:
    import duckdb

PART = "sentiment"
#: Share of texts that are judged as they were meant: positive, neutral or negative.
ACCURACY_BAR = 0.85
#: Mean over the three classes of F1, the harmonic mean of precision and recall.
F1_BAR = 0.85
#: Share of texts whose praise was taken for a complaint, or the other way round.
OPPOSITE_BAR = 0.03
#: What counts as positive, and mirrored as negative: the default of the settings sentiment_positive_from and
#: sentiment_negative_to, on which the bars were set.
LIMIT = 0.2
_CLASSES = {-1: "negative", 0: "neutral", 1: "positive"}


def score(marts: duckdb.DuckDBPyConnection, truth: Path) -> list[Score]:
    """Scores of the sentiment of mentions; MilepostError where mart or truth is missing."""
    need_marts(marts, "core.fct_mentions")
    meant = need_truth(truth, "mentions.parquet")
    rows = marts.execute(
        """
        select
            truth.sentiment::integer as meant,
            case
                when mention.text_sentiment >= ? then 1
                when mention.text_sentiment <= -? then -1
                else 0
            end as found,
            count(*) as texts
        from core.fct_mentions as mention
        inner join read_parquet(?) as truth
            on
                mention.source_system = truth.source_system
                and mention.mention_id = truth.mention_id
                and mention.brand = truth.brand
        where mention.text_sentiment is not null
        group by all
        """,
        [LIMIT, LIMIT, str(meant)],
    ).fetchall()
    counts = {(row[0], row[1]): row[2] for row in rows}
    total = sum(counts.values())
    if not total:
        raise MilepostError("no mention is of the sample company", where="core.fct_mentions")
    right = sum(count for (label, found), count in counts.items() if label == found)
    opposite = sum(count for (label, found), count in counts.items() if label * found == -1)
    by_class = {label: _f1(counts, label) for label in _CLASSES}
    note = f"{total} mentions"
    scores = [
        judged(PART, "accuracy over three classes", right / total, ACCURACY_BAR, note=note),
        judged(PART, "mean F1 of the classes", sum(by_class.values()) / len(by_class), F1_BAR, note=note),
        judged(PART, "praise and complaint confused", opposite / total, OPPOSITE_BAR, lower=True, note=note),
    ]
    return scores + [told(PART, f"F1 of {_CLASSES[label]}", value) for label, value in by_class.items()]


def _f1(counts: dict[tuple[int, int], int], label: int) -> float:
    """Harmonic mean of precision and recall of a class; 0 where neither knows it."""
    hits = counts.get((label, label), 0)
    found = sum(count for (_, value), count in counts.items() if value == label)
    meant = sum(count for (value, _), count in counts.items() if value == label)
    return 0.0 if not hits else 2.0 * hits / (found + meant)
