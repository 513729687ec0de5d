"""The yardstick: dlt loads a folder of CSV files into DuckDB, and nothing else.

python load_with_dlt.py FOLDER TARGET
"""

from __future__ import annotations

import sys
from pathlib import Path


def main(folder: Path, target: Path) -> None:
    import dlt
    from dlt.sources.filesystem import filesystem, read_csv

    target.mkdir(parents=True, exist_ok=True)
    files = filesystem(bucket_url=folder.resolve().as_uri(), file_glob="*.csv")
    pipeline = dlt.pipeline(
        "bench",
        pipelines_dir=str(target / "pipelines"),
        destination=dlt.destinations.duckdb(str(target / "orders.duckdb")),
        dataset_name="loaded",
    )
    pipeline.run((files | read_csv()).with_name("order_lines"))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
