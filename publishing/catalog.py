"""The published catalog: a read-only DuckDB file of views over exactly one build's files.

Belongs here: writing `marts.duckdb`. Not here: which build is published (`publish.py`), the SELECT of a mart
(`ingestion/ledger/manifest.py`), other targets (PostgreSQL).

The file is written in the storage format of DuckDB 1.0, so that BI drivers behind the engine's version read it, and
with fixed absolute paths: a catalog that moved is rewritten (`versions.relocate`), never resolved by chance.
"""

from __future__ import annotations

import os
from pathlib import Path

import duckdb

from ingestion.ledger.manifest import Manifest, Mart, literal, mart_sql, quoted

CATALOG_NAME = "marts.duckdb"
STORAGE_VERSION = "v1.0.0"
CUSTOMER_ID_COMMENT = "Resolved customer, looked up by the source key as of this version."


def write_catalog(manifest: Manifest, target: Path, root: Path) -> Path:
    """Write the catalog of a build to `target` (0444), atomically; `root` is the home that holds the files."""
    temporary = target.with_name(f".{target.name}.tmp")
    temporary.unlink(missing_ok=True)
    with duckdb.connect() as connection:
        connection.execute(f"attach {literal(str(temporary))} as catalog_file (storage_version '{STORAGE_VERSION}')")
        for schema in sorted({mart.schema for mart in manifest.marts}):
            connection.execute(f"create schema catalog_file.{quoted(schema)}")
        for mart in manifest.marts:
            _create_view(connection, manifest, mart, root)
        connection.execute("detach catalog_file")
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    temporary.chmod(0o444)
    temporary.replace(target)
    return target


def _create_view(connection: duckdb.DuckDBPyConnection, manifest: Manifest, mart: Mart, root: Path) -> None:
    name = f"catalog_file.{quoted(mart.schema)}.{quoted(mart.name)}"
    connection.execute(f"create view {name} as {mart_sql(manifest, mart, root)}")
    if mart.description:
        connection.execute(f"comment on view {name} is {literal(mart.description)}")
    for column in mart.columns:
        if column.description:
            connection.execute(f"comment on column {name}.{quoted(column.name)} is {literal(column.description)}")
    if mart.late_customer is not None:
        connection.execute(f"comment on column {name}.customer_id is {literal(CUSTOMER_ID_COMMENT)}")
