"""What is told about a model after dbt ran it: its rows, and which columns each of its columns is made of.

Belongs here: counting rows in the warehouse (read-only, closed again), column lineage from the SQL that dbt compiled.
Not here: running dbt (`transform.py`). Lineage is computed once for each text of a model, and kept.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb

from ingestion.entity import load_entities
from orchestration import prepare

CACHE = "column_lineage.json"
#: How a compiled model reads an entity of the lake; named as a table, it has columns that the parser can know.
LAKE_READ = re.compile(r"read_parquet\('[^']*/lake/(\w+)/[^']*'[^)]*\)")
LAKE = "clean_lake"
MOMENT = re.compile(r"'\d{4}-\d\d-\d\d \d\d:\d\d:\d\d'")
#: Column of a model -> (asset key, column) of what it is made of.
ColumnDeps = dict[str, list[tuple[list[str], str]]]


def describe_models(target: Path, warehouse: Path) -> dict[str, dict[str, Any]]:
    """Dagster metadata by model name for what dbt ran last into `target`."""
    results = json.loads((target / "run_results.json").read_text(encoding="utf-8"))["results"]
    manifest = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
    ran = {r["unique_id"]: r for r in results if r["status"] == "success" and r["unique_id"].startswith("model.")}
    seeds = [r["unique_id"] for r in results if r["status"] == "success" and r["unique_id"].startswith("seed.")]
    nodes = manifest["nodes"]
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        counts = row_counts(connection, [nodes[u]["relation_name"] for u in [*ran, *seeds]])
        schema = {**warehouse_columns(connection), LAKE: {"main": lake_columns()}}
    compiled = {u: r["compiled_code"] for u, r in ran.items() if r["compiled_code"]}
    lineage = column_lineage(cache_path(target), compiled, schema, _keys_by_relation(manifest))
    described: dict[str, dict[str, Any]] = {}
    for unique_id in [*ran, *seeds]:
        node = nodes[unique_id]
        metadata: dict[str, Any] = {}
        if node["relation_name"] in counts:
            metadata["dagster/row_count"] = counts[node["relation_name"]]
        if lineage.get(unique_id):
            metadata["dagster/column_lineage"] = _table_lineage(lineage[unique_id])
        described[node["name"]] = metadata
    return described


def row_counts(connection: duckdb.DuckDBPyConnection, relations: list[str]) -> dict[str, int]:
    """Rows of tables by quoted name; views are left out, since counting them would compute them."""
    tables = {
        f'"{database}"."{schema}"."{table}"'
        for database, schema, table in connection.execute(
            "select database_name, schema_name, table_name from duckdb_tables()"
        ).fetchall()
    }
    counted = [relation for relation in relations if relation in tables]
    if not counted:
        return {}
    parts = " union all ".join(f"select {n} as n, count(*) as c from {r}" for n, r in enumerate(counted))
    return {counted[n]: count for n, count in connection.execute(parts).fetchall()}


def warehouse_columns(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Columns of every table and view: catalog -> schema -> table -> column -> type."""
    found: dict[str, Any] = {}
    rows = connection.execute(
        "select database_name, schema_name, table_name, column_name, data_type from duckdb_columns() where not internal"
    ).fetchall()
    for database, schema, table, column, kind in rows:
        found.setdefault(database, {}).setdefault(schema, {}).setdefault(table, {})[column] = kind
    return found


def lake_columns() -> dict[str, dict[str, str]]:
    """Columns of the clean entities with their types, as declared."""
    return {e.name: {c.name: c.engine_type for c in e.all_columns} for e in load_entities().values()}


def cache_path(target: Path) -> Path:
    """Where lineage is kept: with the project, for all homes alike; with the home where the project is not writable."""
    return (prepare.TARGET if os.access(prepare.TARGET, os.W_OK) else target) / CACHE


def column_lineage(
    cache: Path, compiled: Mapping[str, str], schema: Mapping[str, Any], keys: Mapping[str, list[str]]
) -> dict[str, ColumnDeps]:
    """Column lineage by model; only models whose text is new since the last time are analysed."""
    try:
        known: dict[str, Any] = json.loads(cache.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        known = {}
    found: dict[str, ColumnDeps] = {}
    is_changed = False
    for unique_id, sql in compiled.items():
        # neither the clock of a run nor the place of its home changes what a column is made of
        text = MOMENT.sub("''", LAKE_READ.sub(rf"{LAKE}.main.\1", sql))
        digest = hashlib.sha256(text.encode()).hexdigest()
        if known.get(unique_id, {}).get("sql") != digest:
            known[unique_id] = {"sql": digest, "columns": analyse(sql, schema, keys)}
            is_changed = True
        found[unique_id] = known[unique_id]["columns"]
    if is_changed:
        unfinished = cache.with_name(f".{cache.name}.{os.getpid()}")
        unfinished.write_text(json.dumps(known), encoding="utf-8")
        unfinished.replace(cache)
    return found


def analyse(sql: str, schema: Mapping[str, Any], keys: Mapping[str, list[str]]) -> ColumnDeps:
    """Which columns of other assets each output column of a query is made of.

    `schema` is catalog -> schema -> table -> column -> type, `keys` maps `catalog.schema.table` to asset keys. A query
    that the parser does not understand has no lineage: the model itself runs all the same.
    """
    from sqlglot import exp
    from sqlglot.errors import SqlglotError
    from sqlglot.lineage import lineage

    text = LAKE_READ.sub(rf"{LAKE}.main.\1", sql)
    try:
        # trimming is for pictures of single columns; it copies the query once per column, twenty times the work
        found = lineage(None, text, dict(schema), dialect="duckdb", trim_selects=False)
    except (SqlglotError, RecursionError):
        return {}
    columns: ColumnDeps = {}
    for name, top in found.items():
        if name == "*":
            continue
        deps: list[tuple[list[str], str]] = []
        for node in top.walk():
            if node.downstream or not isinstance(node.expression, exp.Table):
                continue
            key = _asset_of(node.expression, keys)
            column = node.name.rsplit(".", 1)[-1].strip('"')
            if key is not None and column != "*" and (key, column) not in deps:
                deps.append((key, column))
        columns[name] = deps
    return columns


def _asset_of(table: Any, keys: Mapping[str, list[str]]) -> list[str] | None:
    parts = [part.name for part in table.parts] if hasattr(table, "parts") else []
    if parts[:1] == [LAKE]:
        return ["clean", parts[-1]]
    return keys.get(".".join(parts))


def _keys_by_relation(manifest: Mapping[str, Any]) -> dict[str, list[str]]:
    from orchestration.transform import asset_key

    return {
        node["relation_name"].replace('"', ""): list(asset_key(node).path)
        for node in manifest["nodes"].values()
        if node["resource_type"] in ("model", "seed") and node.get("relation_name")
    }


def _table_lineage(columns: Mapping[str, Any]) -> dg.TableColumnLineage:
    return dg.TableColumnLineage(
        deps_by_column={
            column: [dg.TableColumnDep(asset_key=dg.AssetKey(key), column_name=upstream) for key, upstream in deps]
            for column, deps in columns.items()
        }
    )
