"""The yardstick: read every export of an inbox as text and write Parquet, with nothing cleaned, checked or kept apart.

Delimited files go through DuckDB with sniffing off but for the dialect; files that DuckDB cannot decode are decoded by
Python first; Excel goes through pandas.

    python read_as_text.py INBOX TARGET
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb
import pandas as pd


def read_delimited(connection: duckdb.DuckDBPyConnection, path: Path, target: Path) -> None:
    source = path
    with path.open("rb") as file:
        head = file.read(65536)
    try:
        head.decode("utf-8", errors="strict")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 4:
            encoding = "utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "gb18030"
            source = target.with_suffix(".txt")
            source.write_text(path.read_text(encoding=encoding, errors="replace"), encoding="utf-8")
    connection.execute(
        "copy (select * from read_csv(?, all_varchar = true, ignore_errors = true,"
        f" strict_mode = false, max_line_size = 10000000)) to '{target}' (format parquet)",
        [str(source)],
    )


def main(inbox: Path, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect()
    for number, path in enumerate(sorted(p for p in inbox.rglob("*") if p.is_file())):
        written = target / f"{number}.parquet"
        if path.suffix in (".xlsx", ".xls"):
            frame = pd.read_excel(path, engine="calamine", header=None, dtype=str)
            frame.columns = [f"column{position}" for position in range(frame.shape[1])]
            connection.execute(f"copy (select * from frame) to '{written}' (format parquet)")
        elif path.suffix == ".parquet":
            connection.execute(f"copy (select * from read_parquet('{path}')) to '{written}' (format parquet)")
        else:
            read_delimited(connection, path, written)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
