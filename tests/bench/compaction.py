"""Files in the lake: a year of deliveries every fifteen minutes from thirty sources (planned), and merging real ones.

The year is planned file by file, without writing them; 600 tiny real deliveries are merged as they come.
"""

from __future__ import annotations

import datetime as dt
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from ingestion.compact import CompactionRule, compact
from ingestion.lake import ensure_schemas
from tests.delivery_year import QUARTER, simulate
from tests.ingestion_bench import Bench
from tests.unit.ingestion.test_lake_compaction import deliver


def main() -> None:
    most, written, delivered = simulate(days=365, sources=30, every=16)
    print(
        f"a year, 30 sources, every 15 minutes: at most {most:,} files, each byte written "
        f"{written / delivered:.1f} times"
    )
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder) / "home")
        ensure_schemas(bench.home)
        start, spent, files = dt.datetime(2026, 1, 30), 0.0, 0
        for seq in range(1, 601):
            deliver(bench, seq, start + seq * QUARTER)
            began = time.perf_counter()
            files = compact(bench.home, bench.ledger, CompactionRule(), start + seq * QUARTER).files
            spent += time.perf_counter() - began
        print(f"600 deliveries of three files: {files} files, merging took {spent / 600 * 1000:.0f} ms a delivery")


if __name__ == "__main__":
    main()
