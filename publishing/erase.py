"""Writing builds and published versions anew: without a person, or with tokens under another key.

Belongs here: exchanging the files of builds, their manifests and catalogs. Not here: what becomes of which column
(`ingestion/person/substitute.py`, `ingestion/privacy/rotate.py`), the rest of an erasure or a rotation.

Order, so that what was killed is completed by running it again: new partitions; each build's manifest, its verdict and
the ledger's rows; each version's manifest and catalog; then the former partitions go. The verdict stays: what was
judged differs by the person, or by the names of tokens, alone. Whoever has a former catalog open loses the files that
were rewritten, as has to be. The caller holds the home's lock.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
from sqlalchemy import Engine, insert, select, update

from ingestion.home import Home
from ingestion.ledger import tables
from ingestion.ledger.manifest import (
    MANIFEST_NAME,
    VERDICT_NAME,
    Manifest,
    Mart,
    PartFile,
    literal,
    quoted,
    read_manifest,
    sync_folder,
    write_durably,
    write_manifest,
)
from ingestion.person.substitute import RowRule, Substitution, rule
from publishing.build import build_content_hash, file_sha256, mart_content_hash, part_path, partition_hash, parts_folder
from publishing.catalog import CATALOG_NAME, write_catalog
from publishing.publish import version_folders

#: Writes a partition (first path) without what has to go to the second path, ordered by SQL names; whether it had to.
Rewrite = Callable[[Path, Path, Sequence[str]], bool]


def erase_published(
    home: Home, ledger: Engine, substitution: Substitution, reason: str, now: datetime
) -> dict[str, int]:
    """Replace a person in all builds and versions that are kept; returns counts. New hashes are recorded with the
    former ones under `reason`."""
    with duckdb.connect(config={"threads": 2}) as connection:
        connection.execute("set enable_progress_bar = false")
        connection.execute(f"set temp_directory = {literal(str(home.scratch))}")
        substitution.install(connection)

        def rewrite(source: Path, target: Path, order_by: Sequence[str]) -> bool:
            found = _rule(connection, source)
            if found is None:
                return False
            order = f" order by {', '.join(quoted(name) for name in order_by)}" if order_by else ""
            connection.execute(
                f"copy (select * replace ({found.replace}) from {_relation(source)}{order}) "
                f"to {literal(str(target))} (format parquet, compression zstd)"
            )
            return True

        return rewrite_published(home, ledger, rewrite, reason, now)


def rewrite_published(home: Home, ledger: Engine, rewrite: Rewrite, reason: str, now: datetime) -> dict[str, int]:
    """Write the partitions anew that `rewrite` changes, with the builds and versions that have them; returns counts."""
    builds = _manifests(home)
    changed = _new_parts(home, [manifest for _, manifest in builds], rewrite)
    rebuilt = [_change_build(home, ledger, folder, manifest, changed, reason, now) for folder, manifest in builds]
    versions = [_change_version(home, ledger, name, reason, now) for name in version_folders(home)]
    removed = _remove(home, ledger, changed, reason, now)
    return {"partitions": removed, "builds": sum(rebuilt), "versions": sum(versions)}


def _manifests(home: Home) -> list[tuple[Path, Manifest]]:
    folders = [path.parent for path in sorted(home.builds.glob(f"*/{MANIFEST_NAME}"))]
    return [(folder, read_manifest(folder / MANIFEST_NAME)) for folder in folders]


def _new_parts(home: Home, manifests: list[Manifest], rewrite: Rewrite) -> dict[str, PartFile]:
    """Partitions that are changed: former path -> what takes its place, written already."""
    changed: dict[str, PartFile] = {}
    seen: set[str] = set()
    with duckdb.connect(config={"threads": 2}) as connection:
        for manifest in manifests:
            for mart in manifest.marts:
                for file in mart.files:
                    source = home.root / file.path
                    if file.path in seen or not source.exists():
                        continue
                    seen.add(file.path)
                    temporary = source.with_name(f".{source.name}.rewritten.tmp")
                    if rewrite(source, temporary, mart.order_by):
                        changed[file.path] = _settle(connection, home, mart, file, temporary)
    for folder in sorted({(home.root / file.path).parent for file in changed.values()}):
        sync_folder(folder)
    return changed


def _rule(connection: duckdb.DuckDBPyConnection, path: Path) -> RowRule | None:
    if not path.exists():
        return None
    relation = _relation(path)
    columns = [(row[0], row[1]) for row in connection.execute(f"describe select * from {relation}").fetchall()]
    found = rule(columns, {})
    if found is None or connection.execute(f"select 1 from {relation} where {found.hit} limit 1").fetchone() is None:
        return None
    return found


def _settle(connection: duckdb.DuckDBPyConnection, home: Home, mart: Mart, file: PartFile, temporary: Path) -> PartFile:
    """Give a partition that was written anew the name of its content."""
    rows, content_hash = partition_hash(connection, mart.columns, _relation(temporary))
    target = part_path(home, mart.full_name, file.partition, content_hash)
    with temporary.open("rb") as written:
        os.fsync(written.fileno())
    temporary.chmod(0o444)
    temporary.replace(target)
    return PartFile(
        path=target.relative_to(home.root).as_posix(),
        partition=file.partition,
        rows=rows,
        bytes=target.stat().st_size,
        sha256=file_sha256(target),
        content_hash=content_hash,
    )


def _change_build(
    home: Home,
    ledger: Engine,
    folder: Path,
    manifest: Manifest,
    changed: dict[str, PartFile],
    reason: str,
    now: datetime,
) -> bool:
    """Write a build's manifest, verdict and ledger rows with the new partitions; whether anything changed."""
    fresh = manifest
    if manifest.paths & changed.keys():
        marts = tuple(_changed_mart(mart, changed) for mart in manifest.marts)
        fresh = replace(manifest, marts=marts, content_hash=build_content_hash(marts))
        # noted before it is done: an erasure that is broken off here brings verdict and ledger to it the next time
        _record(home, ledger, folder / MANIFEST_NAME, manifest.sha256, None, reason, now)
        write_manifest(fresh, folder / MANIFEST_NAME)
        fresh = read_manifest(folder / MANIFEST_NAME)
    # also where an erasure was broken off between the manifest and the rest
    path = folder / VERDICT_NAME
    if path.exists():
        verdict: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if _was_rewritten(home, ledger, folder) and verdict.get("manifest_sha256") != fresh.sha256:
            verdict["manifest_sha256"] = fresh.sha256
            write_durably(path, json.dumps(verdict, indent=1, ensure_ascii=False).encode())
    if _was_rewritten(home, ledger, folder):
        name = (folder / MANIFEST_NAME).relative_to(home.root).as_posix()
        with ledger.begin() as connection:
            noted = (tables.replaced_file.c.path == name) & tables.replaced_file.c.sha256.is_(None)
            connection.execute(update(tables.replaced_file).where(noted).values(sha256=fresh.sha256))
            connection.execute(
                update(tables.build)
                .where(tables.build.c.build_id == manifest.build_id)
                .values(manifest_sha256=fresh.sha256, content_hash=fresh.content_hash)
            )
            connection.execute(
                update(tables.verdict)
                .where(tables.verdict.c.build_id == manifest.build_id)
                .values(manifest_sha256=fresh.sha256)
            )
    return fresh is not manifest


def _was_rewritten(home: Home, ledger: Engine, folder: Path) -> bool:
    name = (folder / MANIFEST_NAME).relative_to(home.root).as_posix()
    with ledger.connect() as connection:
        query = select(tables.replaced_file.c.path).where(tables.replaced_file.c.path == name).limit(1)
        return connection.execute(query).first() is not None


def _changed_mart(mart: Mart, changed: dict[str, PartFile]) -> Mart:
    files = tuple(changed.get(file.path, file) for file in mart.files)
    return replace(mart, files=files, content_hash=mart_content_hash(mart.columns, files))


def _change_version(home: Home, ledger: Engine, version: str, reason: str, now: datetime) -> bool:
    """Bring a version's manifest and catalog to those of its build; whether they were others."""
    folder = home.published / version
    former = read_manifest(folder / MANIFEST_NAME)
    source = home.builds / former.build_id / MANIFEST_NAME
    if not source.exists():
        return False
    fresh = read_manifest(source)
    if fresh.sha256 == former.sha256:
        return False
    # the catalog first: where the manifest is the former one still, it is written again
    write_catalog(fresh, folder / CATALOG_NAME, home.root)
    write_durably(folder / MANIFEST_NAME, source.read_bytes())
    _record(home, ledger, folder / MANIFEST_NAME, former.sha256, fresh.sha256, reason, now)
    return True


def _remove(home: Home, ledger: Engine, changed: dict[str, PartFile], reason: str, now: datetime) -> int:
    """Remove former partitions, and every file that belongs to no build any more: it may hold anything."""
    needed = {path for _, manifest in _manifests(home) for path in manifest.paths}
    count = 0
    for path in sorted(parts_folder(home).glob("*/*")):
        name = path.relative_to(home.root).as_posix()
        new = changed.get(name)
        if name in needed:
            continue
        former = file_sha256(path)
        path.unlink()
        kept = home.root / new.path if new else path
        _record(home, ledger, kept, former, new.sha256 if new else None, reason, now, name)
        count += 1
    return count


def _record(
    home: Home,
    ledger: Engine,
    path: Path,
    former: str,
    sha256: str | None,
    reason: str,
    now: datetime,
    former_path: str | None = None,
) -> None:
    name = path.relative_to(home.root).as_posix()
    values = {"reason": reason, "path": name, "former_path": former_path or name, "former_sha256": former}
    with ledger.begin() as connection:
        connection.execute(insert(tables.replaced_file).values(**values, sha256=sha256, replaced_at=now))


def _relation(path: Path) -> str:
    return f"read_parquet({literal(str(path))}, hive_partitioning = false)"
