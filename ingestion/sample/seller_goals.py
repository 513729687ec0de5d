"""Goals of single sellers: revenue by quarter, set around what the deals of their regions really brought.

Belongs here: the rows. Not here: goals of regions, lines and channels (`goals.py`), the sheet's form (`reference.py`).
"""

from __future__ import annotations

from itertools import cycle

from ingestion.sample import words
from ingestion.sample.business import SELLERS
from ingestion.sample.demand import History
from ingestion.sample.goals import Row
from ingestion.sample.truth import CHANNELS, REGION_WORDS, Truth

# below 0.8 of it many fall short, some by two quarters running; others pass it by a fifth
_FACTORS = (0.85, 1.1, 1.0, 0.75, 1.3, 0.95, 1.15, 0.9, 1.05, 0.7, 1.2)
_LEAST = 5_000.0


def make_seller_goals(history: History, truth: Truth) -> list[Row]:
    """Rows as `make_goals` gives them, with the seller as a tenth value; whole quarters of the history."""
    deals = truth.revenue[: history.month_count, :, CHANNELS.index("deals")].sum(axis=2)
    hired = {e[0]: e[6] for e in words.EMPLOYEES}
    served: dict[str, list[tuple[int, int]]] = {}
    for region, sellers in SELLERS.items():
        for seller in sellers:
            served.setdefault(seller, []).append((REGION_WORDS[region], len(sellers)))
    factors = cycle(_FACTORS)
    rows: list[Row] = []
    for opening, first in enumerate(history.months):
        if first.month % 3 != 1 or opening + 3 > history.month_count:
            continue
        for seller in sorted(served):
            share = sum(float(deals[opening : opening + 3, r].sum()) / count for r, count in served[seller])
            target = float(max(round(share * next(factors), -2), _LEAST))
            if hired[seller] <= str(first):
                rows.append(
                    ("revenue", "quarter", str(first), None, None, None, target, seller, "Own revenue, CNY", seller)
                )
    return rows
