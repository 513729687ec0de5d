"""The manifest of a build: which immutable files hold which mart, and the SQL that reads them.

Belongs here: the manifest's shape, reading and writing it, and the SELECT over a mart's files. The gate and publishing
both read builds through it. Not here: making a build or a catalog (`publishing/`), judging one (`expectations/`).
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from ingestion.errors import MilepostError

FORMAT = 1
MANIFEST_NAME = "manifest.json"
VERDICT_NAME = "verdict.json"
#: The mart that says which customer a source record belongs to; late customer ids are looked up in it.
LINKS_MART = "core.customer_links"


@dataclass(frozen=True)
class MartColumn:
    """A published column: `type` in DuckDB's words.

    `is_id` exempts it from pattern scans; `is_business` says that its words may read like a customer's name.
    """

    name: str
    type: str
    description: str
    is_id: bool
    is_business: bool


@dataclass(frozen=True)
class PartFile:
    """An immutable Parquet file: `path` below the home, `content_hash` of its rows whatever their order."""

    path: str
    partition: str
    rows: int
    bytes: int
    sha256: str
    content_hash: str


@dataclass(frozen=True)
class LateCustomer:
    """Columns of a mart by which its customer is looked up in the links when it is read."""

    system_column: str
    key_column: str


@dataclass(frozen=True)
class Mart:
    """One published table of a build."""

    schema: str
    name: str
    description: str
    columns: tuple[MartColumn, ...]
    files: tuple[PartFile, ...]
    order_by: tuple[str, ...]
    partition_by: str | None
    late_customer: LateCustomer | None
    has_run_facts: bool  # clock times, run ids: leaves the build's content hash alone
    content_hash: str

    @property
    def full_name(self) -> str:
        return f"{self.schema}.{self.name}"

    @property
    def rows(self) -> int:
        return sum(file.rows for file in self.files)

    def has_column(self, name: str) -> bool:
        return any(column.name == name for column in self.columns)


@dataclass(frozen=True)
class Manifest:
    """A build as written: everything needed to read it, judge it and publish it."""

    build_id: str
    created_at: datetime
    as_of: datetime
    code_version: str
    inputs: tuple[str, ...]  # active deliveries
    engine: str
    content_hash: str
    marts: tuple[Mart, ...]
    extra: Mapping[str, Any] = field(default_factory=dict)
    sha256: str = ""  # of the file's bytes; empty until written

    def mart(self, full_name: str) -> Mart | None:
        """The mart `schema.name`, or None."""
        return next((mart for mart in self.marts if mart.full_name == full_name), None)

    @property
    def paths(self) -> set[str]:
        """Files of all marts, below the home."""
        return {file.path for mart in self.marts for file in mart.files}


def read_manifest(path: Path) -> Manifest:
    """Read a manifest; MilepostError when it is missing, damaged or of another format."""
    try:
        content = path.read_bytes()
        raw = json.loads(content)
        if raw["format"] != FORMAT:
            raise MilepostError(
                f"manifest of format {raw['format']}, this version reads {FORMAT}",
                where=str(path),
                remedy="Run again with the version that wrote it, or make a new build",
            )
        return Manifest(
            build_id=raw["build_id"],
            created_at=datetime.fromisoformat(raw["created_at"]),
            as_of=datetime.fromisoformat(raw["as_of"]),
            code_version=raw["code_version"],
            inputs=tuple(raw["inputs"]),
            engine=raw["engine"],
            content_hash=raw["content_hash"],
            marts=tuple(_read_mart(mart) for mart in raw["marts"].values()),
            extra=raw["extra"],
            sha256=hashlib.sha256(content).hexdigest(),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise MilepostError(
            f"cannot read the build's manifest ({type(error).__name__})",
            where=str(path),
            remedy="Run again: a new build is made",
        ) from error


def _read_mart(raw: dict[str, Any]) -> Mart:
    late = raw["late_customer"]
    return Mart(
        schema=raw["schema"],
        name=raw["name"],
        description=raw["description"],
        columns=tuple(MartColumn(**column) for column in raw["columns"]),
        files=tuple(PartFile(**file) for file in raw["files"]),
        order_by=tuple(raw["order_by"]),
        partition_by=raw["partition_by"],
        late_customer=LateCustomer(**late) if late else None,
        has_run_facts=raw["has_run_facts"],
        content_hash=raw["content_hash"],
    )


def write_manifest(manifest: Manifest, path: Path) -> str:
    """Write the manifest durably and return the SHA-256 of its bytes."""
    document: dict[str, Any] = {
        "format": FORMAT,
        "build_id": manifest.build_id,
        "created_at": manifest.created_at.isoformat(),
        "as_of": manifest.as_of.isoformat(),
        "code_version": manifest.code_version,
        "inputs": list(manifest.inputs),
        "engine": manifest.engine,
        "content_hash": manifest.content_hash,
        "extra": dict(manifest.extra),
        "marts": {mart.full_name: {"rows": mart.rows, **asdict(mart)} for mart in manifest.marts},
    }
    content = json.dumps(document, indent=1, ensure_ascii=False).encode()
    write_durably(path, content)
    return hashlib.sha256(content).hexdigest()


def write_durably(path: Path, content: bytes) -> None:
    """Write a file so that a crash leaves either the former or the new one whole."""
    temporary = path.with_name(f".{path.name}.tmp")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the entries of a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def quoted(identifier: str) -> str:
    """SQL identifier in double quotes."""
    return '"' + identifier.replace('"', '""') + '"'


def literal(text: str) -> str:
    """SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def scan_sql(mart: Mart, root: Path) -> str:
    """Table expression over exactly the mart's files, by fixed absolute paths; typed and empty where it has none."""
    if not mart.files:
        columns = ", ".join(f"cast(null as {column.type}) as {quoted(column.name)}" for column in mart.columns)
        return f"(select {columns} where false)"
    paths = ", ".join(literal(str(root.resolve() / file.path)) for file in mart.files)
    return f"read_parquet([{paths}], hive_partitioning = false)"


def mart_sql(manifest: Manifest, mart: Mart, root: Path) -> str:
    """SELECT of a mart as readers see it: its columns, and `customer_id` after the source key where it is late.

    A late `customer_id` is joined with the build's own links, by their files and not by the view over them: the text
    then means the same wherever the catalog is attached.
    """
    late = mart.late_customer
    if late is None:
        columns = ", ".join(f"{_cast(column)} as {quoted(column.name)}" for column in mart.columns)
        return f"select {columns} from {scan_sql(mart, root)} as m"
    links = manifest.mart(LINKS_MART)
    if links is None:
        raise MilepostError(
            f"the build has no {LINKS_MART}, in which the customers of {mart.full_name} are looked up",
            remedy=f"Publish the model {LINKS_MART}, or take late_customer_id from {mart.full_name}",
        )
    key = "source_customer_key" if links.has_column("source_customer_key") else "source_key"
    parts = []
    for column in mart.columns:
        parts.append(f"{_cast(column)} as {quoted(column.name)}")
        if column.name == late.key_column:
            parts.append('l."customer_id" as "customer_id"')
    return (
        f"select {', '.join(parts)} from {scan_sql(mart, root)} as m left join {scan_sql(links, root)} as l "
        f'on l."source_system" = m.{quoted(late.system_column)} and l.{quoted(key)} = m.{quoted(late.key_column)}'
    )


def _cast(column: MartColumn) -> str:
    return f"m.{quoted(column.name)}::{column.type}"
