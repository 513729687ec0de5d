"""`milepost trace`: from a published row back to file and record number.

Belongs here: following the lineage columns of marts, and the models of those that have none. Not here: lineage of
columns (Dagster's UI).
"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ingestion.errors import UsageError
from ingestion.home import Home
from orchestration.cli import common

LINEAGE = ("_contract", "_delivery_seq", "_part", "_record_number")
MAXIMUM = 50


def trace(
    mart: Annotated[str, typer.Argument(help="Published mart, e.g. core.fct_order_lines.")],
    where: Annotated[
        str, typer.Option("--where", help="Condition on its rows, e.g. \"order_id = '1001'\".", metavar="CONDITION")
    ] = "true",
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="Rows shown at most.")] = MAXIMUM,
    form: common.FormatOption = common.Format.TABLE,
    home: common.HomeOption = None,
) -> None:
    """Follow published rows back to deliveries, files and record numbers."""
    place = common.existing_home(home)
    columns, rows = trace_rows(place, mart, where, limit)
    common.emit(columns, rows, form, title=f"{mart}: the source records of {len(rows)} rows")


def trace_rows(home: Home, mart: str, where: str, limit: int) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Columns and rows: the mart's keys, then delivery, file, part, record number, clean entity files.

    A mart of sums has no record of its own: the marts that its model reads are named, and the rows of those that have
    records are traced by the columns they share with it.
    """
    import duckdb

    with common.the_catalog(home) as connection:
        tables = {
            f"{schema}.{name}"
            for schema, name in connection.execute(
                "select schema_name, view_name from duckdb_views() where not internal"
            ).fetchall()
        }
        if mart not in tables:
            raise UsageError(
                f"no published mart is called {mart}", remedy=f"There are: {', '.join(sorted(tables)) or 'none'}"
            )
        try:
            names = _columns(connection, mart)
            if "_delivery_seq" in names:
                found = _records(home, connection, mart, names, where, limit)
            else:
                raise UsageError(
                    f"{mart} holds sums or dimensions, no records of its own",
                    remedy=_instead(home, mart, tables, connection),
                )
        except (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException) as error:
            raise UsageError(str(error).strip(), where="--where") from None
        except duckdb.Error as error:
            raise UsageError(f"the condition failed ({type(error).__name__})", where="--where") from None
    return found


def _columns(connection: Any, mart: str) -> list[str]:
    return [row[0] for row in connection.execute(f"describe {mart}").fetchall()]


def _records(
    home: Home, connection: Any, mart: str, names: list[str], where: str, limit: int
) -> tuple[list[str], list[tuple[Any, ...]]]:
    from sqlalchemy import select

    from ingestion.ledger.tables import delivery

    keys = [n for n in names if n.endswith(("_id", "_key", "_number")) and n not in LINEAGE][:4]
    rows = connection.execute(
        f"""
        select {"".join(f"{key}, " for key in keys)} _delivery_seq, _contract, _part, _record_number
        from (select * from {mart} where {where})
        order by _delivery_seq, _part, _record_number
        limit {limit}
        """
    ).fetchall()
    seqs = {row[-4] for row in rows if row[-4] is not None}
    columns = (delivery.c.delivery_seq, delivery.c.delivery_id, delivery.c.file_name, delivery.c.received_at)
    with common.the_ledger(home) as ledger, ledger.connect() as reading:
        known = {row[0]: row[1:] for row in reading.execute(select(*columns).where(delivery.c.delivery_seq.in_(seqs)))}
    traced = []
    for *values, seq, contract, part, record_number in rows:
        delivery_id, file_name, received_at = known.get(seq, (None, None, None))
        traced.append((*values, contract, delivery_id, file_name, part, record_number, received_at))
    names_shown = [*keys, "contract", "delivery_id", "file_name", "part", "record_number", "received_at"]
    return names_shown, traced


def _instead(home: Home, mart: str, tables: set[str], connection: Any) -> str:
    """What to trace instead: the nearest marts upstream that hold records."""
    import json

    path = home.dbt_target / "manifest.json"
    if not path.exists():
        return "Trace a mart of the core schema"
    nodes = json.loads(path.read_text(encoding="utf-8"))["nodes"]
    names = {f"{n['schema']}.{n['name']}": u for u, n in nodes.items() if n["resource_type"] == "model"}
    seen: set[str] = set()
    queue = [names[mart]] if mart in names else []
    found: list[str] = []
    while queue:
        unique_id = queue.pop(0)
        for parent in nodes.get(unique_id, {}).get("depends_on", {}).get("nodes", []):
            if parent in seen or parent not in nodes:
                continue
            seen.add(parent)
            name = f"{nodes[parent]['schema']}.{nodes[parent]['name']}"
            if name in tables and "_delivery_seq" in _columns(connection, name):
                found.append(name)
            else:
                queue.append(parent)
    return (
        f"It is computed from {', '.join(sorted(found))}: trace those" if found else "Trace a mart of the core schema"
    )
