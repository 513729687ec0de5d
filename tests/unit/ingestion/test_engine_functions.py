"""Functions given to the engine answer the right texts in every place of an expression."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from ingestion.cleaning.kinds import register_functions
from ingestion.engine import open_engine


def test_texts_of_a_function_in_a_later_branch_are_the_rows_own(tmp_path: Path) -> None:
    wide = {ord("0") + n: chr(0xFF10 + n) for n in range(10)}
    numbers = [f"186{n * 48_271 % 10**8:08d}" for n in range(6_000)]
    written = [number.translate(wide) if n % 5 == 0 else number for n, number in enumerate(numbers)]
    with open_engine(tmp_path) as connection:
        register_functions(connection)
        connection.register("given", pa.table({"n": range(len(written)), "x": written}))
        connection.execute(
            "create temp table read as select n, "
            "coalesce('+86' || nullif(regexp_extract(x, '^1[0-9]{10}$'), ''), "
            "split_part(phone_by_plan(x, 'CN'), '|', 1)) as p, "
            "case when strlen(x) = length(x) then 'ascii ' || x else nfkc(x || ' and more') end as t from given"
        )
        rows = connection.execute("select p, t from read order by n").fetchall()
    assert [row[0] for row in rows] == [f"+86{number}" for number in numbers]
    expected = [f"{number} and more" if n % 5 == 0 else f"ascii {number}" for n, number in enumerate(numbers)]
    assert [row[1] for row in rows] == expected
