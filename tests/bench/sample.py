"""Write the sample company into a home, and the day its story ends into `as_of` beside it.

python sample.py HOME SIZE
"""

from __future__ import annotations

import sys
from pathlib import Path

from ingestion.home import Home
from ingestion.sample import write_sample


def main(root: Path, size: str) -> None:
    home = Home(root).ensure()
    summary = write_sample(home, size, seed=1)
    (root / "as_of").write_text(summary.end_date.isoformat(), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
