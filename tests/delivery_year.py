"""A long time of small deliveries, planned without writing a file: how many files the lake would have.

Not here: merging real files (`tests/unit/ingestion/test_lake_compaction.py`).
"""

from __future__ import annotations

import datetime as dt

from ingestion.batch.write import UNITS
from ingestion.compact import CompactionRule, plan
from ingestion.ledger.deliveries import LakePart

QUARTER = dt.timedelta(minutes=15)


def simulate(days: int, sources: int, every: int) -> tuple[int, int, int]:
    """Plan a time of deliveries without writing files: most files at once, bytes written by merging, and delivered.

    Each source feeds two of twelve entities, and units; `every`: ticks between two looks.
    """
    rule, start, size = CompactionRule(), dt.datetime(2026, 1, 1), 4096
    parts: dict[str, LakePart] = {}
    number = written = delivered = most = 0
    for tick in range(days * 96):
        now = start + tick * QUARTER
        for source in range(sources):
            for entity in (f"e{source % 12}", f"e{(source * 5 + 1) % 12}", UNITS):
                number += 1
                delivered += size
                parts[str(number)] = LakePart(str(number), entity, f"c{source}", "b", 1, size, None, now)
        if tick % every:
            continue
        while groups := plan(list(parts.values()), rule, now):
            for group in groups:
                number += 1
                total = sum(part.byte_count for part in group)
                written += total
                for part in group:
                    del parts[part.path]
                merged = max(part.committed_at for part in group if part.committed_at)
                parts[str(number)] = LakePart(str(number), group[0].entity, None, "b", 1, total, None, merged)
        most = max(most, len(parts))
    return most, written, delivered
