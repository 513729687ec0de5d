"""Making a build: the candidate marts leave the warehouse as immutable, content-addressed Parquet partitions.

Belongs here: hashing tables by content, writing the partitions that changed, the build's manifest. Not here: judging a
build (`expectations/`), publishing it (`publish.py`).

A partition's name holds the hash of its rows, whatever their order, so a partition that did not change is the former
file. The hash is made of two sums of 64-bit row hashes with the columns in opposite orders, the row count and the
column types. It is the engine's own `hash`: with another version of the engine every partition may be written anew.
Floating-point numbers enter with 12 significant digits: sums made in parallel differ in their last bits from run to
run, and that is no change.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
from sqlalchemy import Engine

from ingestion.errors import MilepostError
from ingestion.home import Home
from ingestion.ledger import builds as ledger_builds
from ingestion.ledger.manifest import (
    MANIFEST_NAME,
    Manifest,
    Mart,
    MartColumn,
    PartFile,
    literal,
    quoted,
    read_manifest,
    sync_folder,
    write_manifest,
)
from publishing.marts import ColumnSpec, MartSpec

#: Partition of rows without a date, and of a mart without partitions.
UNDATED, WHOLE = "undated", "all"
SYNCING_THREADS = 16
#: Types that Parquet cannot hold as they are.
UNWRITABLE = ("HUGEINT", "UHUGEINT", "BIT", "UNION")


@dataclass(frozen=True)
class Build:
    """A build in its folder; `is_new` is False where an identical one was there already."""

    manifest: Manifest
    folder: Path
    is_new: bool
    written_files: int

    @property
    def build_id(self) -> str:
        return self.manifest.build_id


def build_folder(home: Home, build_id: str) -> Path:
    """Folder of a build's manifest and verdict."""
    return home.builds / build_id


def parts_folder(home: Home) -> Path:
    """Folder of all partitions of all builds."""
    return home.builds / "parts"


def create_build(
    home: Home,
    ledger: Engine,
    specs: Sequence[MartSpec],
    *,
    as_of: datetime,
    code_version: str,
    inputs: Sequence[str],
    now: datetime,
    run_id: str | None = None,
    extra: Mapping[str, Any] | None = None,
) -> Build:
    """Export the marts from the warehouse (opened read-only) as a build and record it in the ledger.

    `inputs` are the ids of the active deliveries, `code_version` says what computed the marts, `extra` is anything
    JSON can hold that the manifest should state. The same content, inputs, version and `as_of` is the same build.
    """
    if not specs:
        raise MilepostError("no model is published", remedy="Set config.meta.milepost in the models' YAML")
    former = _former_files(home, ledger)
    parts_folder(home).mkdir(parents=True, exist_ok=True)
    try:
        connection = duckdb.connect(str(home.warehouse), read_only=True)
    except duckdb.IOException as error:
        raise MilepostError(
            "cannot open the warehouse",
            where=str(home.warehouse),
            remedy="Close the process that holds it, or run the transformation first",
        ) from error
    with connection:
        connection.execute("set enable_progress_bar = false")
        connection.execute(f"set temp_directory = {literal(str(home.scratch))}")
        exports = [_hash(connection, home, spec) for spec in specs]
        written = _write(connection, exports)
        engine = f"duckdb {duckdb.__version__}"
    _settle(written)
    marts = tuple(_mart(export, home, former) for export in exports)
    content_hash = build_content_hash(marts)
    everything = _digest(
        [
            content_hash,
            [mart.content_hash for mart in marts],
            as_of.isoformat(),
            code_version,
            list(inputs),
            dict(extra or {}),
        ]
    )
    build_id = f"{as_of:%Y%m%d}-{everything[:16]}"
    folder = build_folder(home, build_id)
    manifest_path = folder / MANIFEST_NAME
    is_new = not manifest_path.exists()
    if is_new:
        folder.mkdir(parents=True, exist_ok=True)
        manifest = Manifest(
            build_id=build_id,
            created_at=now,
            as_of=as_of,
            code_version=code_version,
            inputs=tuple(inputs),
            engine=engine,
            content_hash=content_hash,
            marts=marts,
            extra=dict(extra or {}),
        )
        write_manifest(manifest, manifest_path)
        sync_folder(home.builds)
    manifest = read_manifest(manifest_path)
    ledger_builds.record_build(
        ledger,
        ledger_builds.BuildRow(
            build_id=build_id,
            created_at=now,  # made again: the latest again
            as_of=as_of,
            run_id=run_id,
            code_version=code_version,
            manifest_sha256=manifest.sha256,
            content_hash=content_hash,
        ),
    )
    return Build(manifest, folder, is_new, written_files=len(written))


def _former_files(home: Home, ledger: Engine) -> dict[str, PartFile]:
    """Files of the latest build by path, so that their SHA-256 need not be computed again."""
    latest = ledger_builds.latest_build(ledger)
    if latest is None:
        return {}
    path = build_folder(home, latest.build_id) / MANIFEST_NAME
    if not path.exists():
        return {}
    return {file.path: file for mart in read_manifest(path).marts for file in mart.files}


@dataclass(frozen=True)
class _Partition:
    """A partition as it is to be: its name, its content, the file that holds it."""

    name: str
    starts: date | None
    row_count: int
    content_hash: str
    path: Path


@dataclass(frozen=True)
class _Export:
    spec: MartSpec
    columns: tuple[MartColumn, ...]
    partitions: tuple[_Partition, ...]


def _hash(connection: duckdb.DuckDBPyConnection, home: Home, spec: MartSpec) -> _Export:
    """Hash a table in one pass: what its partitions are, whether or not they are there yet."""
    columns = _columns(connection, spec)
    names = {column.name for column in columns}
    late = {spec.late_customer.system_column, spec.late_customer.key_column} if spec.late_customer else set()
    wanted = {*spec.order_by, *late} | ({spec.partition_by} if spec.partition_by else set())
    if wanted - names:
        raise MilepostError(
            f"no column {', '.join(sorted(wanted - names))}",
            where=f"model {spec.name}",
            remedy="Correct config.meta.milepost in the model's YAML",
        )
    if spec.late_customer and "customer_id" in names:
        raise MilepostError(
            "customer_id is stored though it is to be added when the mart is read",
            where=f"model {spec.name}",
            remedy="Leave the column out, or take late_customer_id from its YAML",
        )
    month = f"date_trunc('month', {quoted(spec.partition_by)})::date" if spec.partition_by else "null::date"
    rows = connection.execute(
        f"select {month} as month, {_sums(columns)} from {spec.relation} group by all order by month nulls last"
    ).fetchall()
    partitions = []
    for starts, row_count, first, second in rows:
        if row_count == 0:
            continue
        name = WHOLE if spec.partition_by is None else UNDATED if starts is None else f"{starts:%Y-%m}"
        content_hash = _rows_hash(columns, row_count, first, second)
        path = part_path(home, spec.full_name, name, content_hash)
        partitions.append(_Partition(name, starts, row_count, content_hash, path))
    return _Export(spec, tuple(columns), tuple(partitions))


def _write(connection: duckdb.DuckDBPyConnection, exports: Sequence[_Export]) -> dict[Path, Path]:
    """Write the partitions that are not there yet: temporary path -> final path.

    A month is one row group, which the engine writes with one thread: several months are written at once.
    """
    missing = []
    for export in exports:
        for partition in export.partitions:
            if partition.path.exists():
                partition.path.touch()  # young again: retention leaves it to the build under way
            else:
                partition.path.parent.mkdir(parents=True, exist_ok=True)
                missing.append((export, partition))

    def write(export: _Export, partition: _Partition) -> tuple[Path, Path]:
        with connection.cursor() as cursor:
            return _write_partition(cursor, export, partition), partition.path

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return dict(pool.map(lambda task: write(*task), missing))


def _mart(export: _Export, home: Home, former: Mapping[str, PartFile]) -> Mart:
    """The mart as the manifest states it, once its files are there."""
    files = []
    for partition in export.partitions:
        relative = partition.path.relative_to(home.root).as_posix()
        size = partition.path.stat().st_size
        known = former.get(relative)
        if known is None or known.bytes != size:
            known = PartFile(
                path=relative,
                partition=partition.name,
                rows=partition.row_count,
                bytes=size,
                sha256=file_sha256(partition.path),
                content_hash=partition.content_hash,
            )
        files.append(known)
    spec = export.spec
    return Mart(
        schema=spec.schema,
        name=spec.name,
        description=spec.description,
        columns=export.columns,
        files=tuple(files),
        order_by=spec.order_by,
        partition_by=spec.partition_by,
        late_customer=spec.late_customer,
        has_run_facts=spec.has_run_facts,
        content_hash=mart_content_hash(export.columns, files),
    )


def part_path(home: Home, mart: str, partition: str, content_hash: str) -> Path:
    """Where a partition lies: its name holds the hash of its rows."""
    return parts_folder(home) / mart / f"{partition}-{content_hash}.parquet"


def partition_hash(
    connection: duckdb.DuckDBPyConnection, columns: Sequence[MartColumn], relation: str
) -> tuple[int, str]:
    """(rows, content hash) of a relation with a mart's columns, whatever the order of its rows."""
    row = connection.execute(f"select {_sums(columns)} from {relation}").fetchone()
    assert row is not None
    return int(row[0]), _rows_hash(columns, *row)


def mart_content_hash(columns: Sequence[MartColumn], files: Sequence[PartFile]) -> str:
    """Content hash of a mart, of those of its partitions."""
    return _digest([_signature(columns), [[file.partition, file.content_hash] for file in files]])[:32]


def build_content_hash(marts: Sequence[Mart]) -> str:
    """Content hash of a build: what readers would compare, without marts of run facts."""
    facts = [[mart.full_name, mart.description, str(mart.late_customer), _column_facts(mart)] for mart in marts]
    return _digest([facts, [[m.full_name, m.content_hash] for m in marts if not m.has_run_facts]])


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sums(columns: Sequence[MartColumn]) -> str:
    forward = ", ".join(_hashed(column) for column in columns)
    backward = ", ".join(_hashed(column) for column in reversed(columns))
    return f"count(*), sum(hash({forward}))::varchar, sum(hash({backward}))::varchar"


def _rows_hash(columns: Sequence[MartColumn], row_count: int, first: str, second: str) -> str:
    return _digest([_signature(columns), row_count, first, second])[:32]


def _signature(columns: Sequence[MartColumn]) -> list[list[str]]:
    return [[column.name, column.type] for column in columns]


def _columns(connection: duckdb.DuckDBPyConnection, spec: MartSpec) -> list[MartColumn]:
    try:
        described = connection.execute(f"describe {spec.relation}").fetchall()
    except duckdb.CatalogException as error:
        raise MilepostError(
            f"the warehouse has no table {spec.relation}",
            where=f"model {spec.name}",
            remedy="Run the transformation first",
        ) from error
    declared = {column.name.lower(): column for column in spec.columns}
    columns = []
    for name, kind, *_ in described:
        if any(unwritable in kind.split("(")[0] for unwritable in UNWRITABLE):
            raise MilepostError(
                f"column {name} is of type {kind}, which Parquet cannot hold",
                where=f"model {spec.name}",
                remedy="Cast it in the model, sums of integers for example to bigint",
            )
        column = declared.get(name.lower()) or ColumnSpec(name, "", is_id=False, is_business=False)
        columns.append(MartColumn(name, kind, column.description, column.is_id, column.is_business))
    return columns


def _hashed(column: MartColumn) -> str:
    name = quoted(column.name)
    if column.type not in ("DOUBLE", "FLOAT"):
        return name
    return (
        f"case when isfinite({name}) and {name} != 0 "
        f"then round({name}, 11 - floor(log10(abs({name})))::integer) else {name} end"
    )


def _write_partition(cursor: duckdb.DuckDBPyConnection, export: _Export, partition: _Partition) -> Path:
    """Write one partition under a temporary name beside its final one, and return that."""
    spec, starts = export.spec, partition.starts
    condition = ""
    if spec.partition_by is not None:
        column = quoted(spec.partition_by)
        condition = f" where {column} is null"
        if starts is not None:
            ends = date(starts.year + starts.month // 12, starts.month % 12 + 1, 1)
            condition = f" where {column} >= date '{starts}' and {column} < date '{ends}'"
    order = f" order by {', '.join(quoted(name) for name in spec.order_by)}" if spec.order_by else ""
    selected = ", ".join(quoted(column.name) for column in export.columns)
    temporary = partition.path.with_name(f".{partition.path.name}.tmp")
    cursor.execute(
        f"copy (select {selected} from {spec.relation}{condition}{order}) "
        f"to {literal(str(temporary))} (format parquet, compression zstd)"
    )
    return temporary


def _settle(written: Mapping[Path, Path]) -> None:
    """Make files durable, several at once (they share the journal's commits), then give them their names."""
    with ThreadPoolExecutor(SYNCING_THREADS) as pool:
        list(pool.map(_sync, written))
    for temporary, path in written.items():
        temporary.chmod(0o444)
        temporary.replace(path)
    for folder in sorted({path.parent for path in written.values()}):
        sync_folder(folder)


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _digest(document: Any) -> str:
    return hashlib.sha256(json.dumps(document, sort_keys=True, default=str).encode()).hexdigest()


def _column_facts(mart: Mart) -> list[list[Any]]:
    return [[c.name, c.type, c.description, c.is_id, c.is_business] for c in mart.columns]
