"""Naming the deliveries whose rows broke an expectation or a dbt test.

Belongs here: from an expectation to the SQL of the rows that break it, from such rows to deliveries. Not here: whether
it was broken (`validation.py`).
Rows of facts and of the clean lake carry `_delivery_seq`; for anything coarser no delivery can be named from the rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from expectations.suites import Expectation
from ingestion.ledger.manifest import literal, quoted

#: Columns that name a delivery, in the order in which they are looked for.
DELIVERY_COLUMNS = ("_delivery_seq", "delivery_seq", "delivery_id")
#: Types of columns by which rows are found again; an amount is no key.
_KEY_TYPES = ("VARCHAR", "BIGINT", "INTEGER", "DATE")


def breaking_rows(expectation: Expectation, relation: str) -> str | None:
    """SELECT of the rows of `relation` that break a row-level expectation; None for any other."""
    kwargs = expectation.kwargs
    if expectation.type == "unexpected_rows_expectation":
        return str(kwargs["unexpected_rows_query"]).rstrip("; \n").replace("{batch}", relation)
    if expectation.type == "expect_compound_columns_to_be_unique":
        return _repeated(kwargs["column_list"], relation)
    if "column" not in kwargs:
        return None
    column = quoted(kwargs["column"])
    if expectation.type == "expect_column_values_to_be_unique":
        return _repeated([kwargs["column"]], relation)
    condition = _condition(expectation.type, column, kwargs)
    return None if condition is None else f"select * from {relation} where {condition}"


def deliveries_at_fault(
    connection: duckdb.DuckDBPyConnection,
    expectation: Expectation,
    relation: str,
    delivery_seqs_by_id: Mapping[str, int],
) -> tuple[int, ...]:
    """Numbers of the deliveries whose rows break the expectation; empty where the rows name none.

    `connection` must see `relation`, and any other table that the expectation's SQL names.
    """
    rows = breaking_rows(expectation, relation)
    if rows is None:
        return ()
    try:
        names = {row[0] for row in connection.execute(f"describe {rows}").fetchall()}
        column = next((name for name in DELIVERY_COLUMNS if name in names), None)
        if column is None:
            return ()
        found = connection.execute(f"select distinct {quoted(column)} from ({rows}) order by 1").fetchall()
    except duckdb.Error:  # the expectation's own SQL: its error is in the result already
        return ()
    values = [row[0] for row in found if row[0] is not None]
    if column == "delivery_id":
        return tuple(sorted(delivery_seqs_by_id[value] for value in values if value in delivery_seqs_by_id))
    return tuple(int(value) for value in values)


def deliveries_of_rows(connection: duckdb.DuckDBPyConnection, rows: str, relations: Sequence[str]) -> tuple[int, ...]:
    """Numbers of the deliveries that brought `rows` (a SELECT); empty where they cannot be named.

    Rows that carry no `_delivery_seq` themselves (a key that is there twice, say) are looked up in the first of
    `relations` that has one, by the whole of the columns that both have and that are no amounts.
    """
    try:
        query = _named_deliveries(connection, rows, relations)
        found = connection.execute(f"{query} order by 1").fetchall() if query else []
    except duckdb.Error:  # the test's own SQL over tables that are half built: nothing can be named then
        return ()
    return tuple(int(row[0]) for row in found if row[0] is not None)


def _named_deliveries(connection: duckdb.DuckDBPyConnection, rows: str, relations: Sequence[str]) -> str | None:
    column = DELIVERY_COLUMNS[0]
    found = _columns(connection, rows)
    if column in found:
        return f"select distinct {column} from ({rows}) as broken"
    for relation in relations:
        known = _columns(connection, f"select * from {relation}")
        shared = [name for name, kind in found.items() if known.get(name) == kind and kind in _KEY_TYPES]
        if column in known and shared:
            same = " and ".join(f"broken.{quoted(n)} is not distinct from it.{quoted(n)}" for n in shared)
            return (
                f"select distinct it.{column} from {relation} as it "
                f"where exists (select 1 from ({rows}) as broken where {same})"
            )
    return None


def _columns(connection: duckdb.DuckDBPyConnection, rows: str) -> dict[str, str]:
    return {row[0]: row[1] for row in connection.execute(f"describe {rows}").fetchall()}


def _repeated(columns: list[str], relation: str) -> str:
    names = ", ".join(quoted(name) for name in columns)
    filled = " and ".join(f"{quoted(name)} is not null" for name in columns)
    return f"select * from {relation} where {filled} qualify count(*) over (partition by {names}) > 1"


def _condition(kind: str, column: str, kwargs: Mapping[str, Any]) -> str | None:
    if kind == "expect_column_values_to_not_be_null":
        return f"{column} is null"
    if kind == "expect_column_values_to_be_in_set":
        return f"{column} not in ({', '.join(_value(value) for value in kwargs['value_set'])})"
    if kind == "expect_column_values_to_be_between":
        bounds = []
        if kwargs.get("min_value") is not None:
            bounds.append(f"{column} {'<=' if kwargs.get('strict_min') else '<'} {_value(kwargs['min_value'])}")
        if kwargs.get("max_value") is not None:
            bounds.append(f"{column} {'>=' if kwargs.get('strict_max') else '>'} {_value(kwargs['max_value'])}")
        return " or ".join(bounds) or None
    if kind == "expect_column_values_to_match_regex":
        return f"not regexp_matches({column}, {literal(kwargs['regex'])})"
    if kind == "expect_column_values_to_not_match_regex":
        return f"regexp_matches({column}, {literal(kwargs['regex'])})"
    return None


def _value(value: Any) -> str:
    return literal(value) if isinstance(value, str) else str(value)
