"""Published versions after their publication: listing, rolling back, comparing, moving, removing.

Belongs here: what is done with versions that are there. Not here: making one current for the first time (`publish.py`).
Callers that change anything hold the home's lock.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
from sqlalchemy import Engine

from ingestion.errors import MilepostError, UsageError
from ingestion.home import Home
from ingestion.ledger import builds as ledger_builds
from ingestion.ledger.manifest import MANIFEST_NAME, Manifest, Mart, mart_sql, quoted, read_manifest, scan_sql
from publishing.build import parts_folder
from publishing.catalog import CATALOG_NAME, write_catalog
from publishing.publish import current_version, point_to, version_folders

KPI_MART = "kpi.kpi_values"


@dataclass(frozen=True)
class Version:
    """A version on disk: when it was first published and last made current (UTC)."""

    version: str
    build_id: str
    published_at: datetime | None
    current_at: datetime | None
    as_of: datetime
    rows: int
    is_current: bool


@dataclass(frozen=True)
class MartDifference:
    """How a mart changed: rows as multisets over the partitions that changed; None where columns differ."""

    mart: str
    change: str  # added, removed, columns, rows
    partitions: tuple[str, ...]
    rows_before: int
    rows_after: int
    rows_removed: int | None
    rows_added: int | None


@dataclass(frozen=True)
class KpiDifference:
    """A KPI's total that differs between two versions; None where a version does not have it."""

    kpi_id: str
    grain: str
    period_start: str
    before: float | None
    after: float | None


@dataclass(frozen=True)
class VersionDifference:
    before: str
    after: str
    marts: tuple[MartDifference, ...]
    kpis: tuple[KpiDifference, ...]


@dataclass(frozen=True)
class Removed:
    """What retention removed; `bytes` are of part files."""

    versions: tuple[str, ...]
    builds: tuple[str, ...]
    part_files: int
    bytes: int


def list_versions(home: Home, ledger: Engine) -> list[Version]:
    """Versions on disk, latest first."""
    current = current_version(home)
    publications = ledger_builds.publications(ledger)
    found = []
    for name in reversed(version_folders(home)):
        manifest = _manifest(home, name)
        times = [row.published_at for row in publications if row.version == name]
        found.append(
            Version(
                version=name,
                build_id=manifest.build_id,
                published_at=min(times, default=None),
                current_at=max(times, default=None),
                as_of=manifest.as_of,
                rows=sum(mart.rows for mart in manifest.marts),
                is_current=name == current,
            )
        )
    return found


def rollback(home: Home, ledger: Engine, version: str | None, *, now: datetime, run_id: str | None = None) -> str:
    """Make an earlier version current again; without a name, the one that was current before this one."""
    current = current_version(home)
    if version is None:
        earlier = [
            row.version
            for row in ledger_builds.publications(ledger)
            if row.version != current and row.version in version_folders(home)
        ]
        if not earlier:
            raise UsageError("there is no earlier version to go back to")
        version = earlier[0]
    manifest = _manifest(home, version)
    missing = [path for path in sorted(manifest.paths) if not (home.root / path).exists()]
    if missing:
        raise MilepostError(
            f"{len(missing)} files of the version are missing, the first is {missing[0]}",
            where=f"version {version}",
            remedy="Choose another version (`milepost versions list`) or restore the files from a backup",
        )
    if version != current:
        point_to(home, version)
        ledger_builds.record_publication(ledger, version, manifest.build_id, now, "rollback", run_id)
    return version


def diff(home: Home, before: str, after: str) -> VersionDifference:
    """What changed from one version to another: marts, partitions, rows, and totals of KPIs."""
    old, new = _manifest(home, before), _manifest(home, after)
    names = sorted({mart.full_name for mart in (*old.marts, *new.marts)})
    with duckdb.connect() as connection:
        connection.execute("set enable_progress_bar = false")
        marts = [_mart_difference(connection, home.root, name, old.mart(name), new.mart(name)) for name in names]
        kpis = _kpi_differences(connection, home.root, old, new)
    return VersionDifference(before, after, tuple(mart for mart in marts if mart is not None), tuple(kpis))


def relocate(home: Home) -> list[str]:
    """Rewrite the catalogs of all versions with the paths of where the home is now; returns the versions."""
    versions = version_folders(home)
    for name in versions:
        write_catalog(_manifest(home, name), home.published / name / CATALOG_NAME, home.root)
    return versions


def retain(home: Home, ledger: Engine, *, keep: int, minimum_age: timedelta, now: datetime) -> Removed:
    """Remove versions beyond the `keep` latest, and builds and part files that no kept version needs.

    Nothing younger than `minimum_age` is removed, by when it was last current or written: a reader may have it open,
    a build may be under way. The current version and the latest build always stay.
    """
    horizon = now - minimum_age
    versions = list_versions(home, ledger)
    # the order of being current, not of names: a version that was gone back to counts as recent
    recent = sorted(versions, key=lambda v: (v.is_current, v.current_at or now, v.version), reverse=True)
    dropped = [v for v in recent[max(keep, 1) :] if not v.is_current and (v.current_at or now) <= horizon]
    # the version that followed took its place later than it was made current: readers had it until then
    dropped = [v for v in dropped if _replaced_at(ledger, v.version) <= horizon]
    for version in dropped:
        shutil.rmtree(home.published / version.version)
    ledger_builds.mark_removed(ledger, [version.version for version in dropped], now)

    needed = {path for name in version_folders(home) for path in _manifest(home, name).paths}
    published = {_manifest(home, name).build_id for name in version_folders(home)}
    latest = ledger_builds.latest_build(ledger)
    removed_builds = []
    for folder in sorted(path for path in home.builds.glob("*") if path.is_dir() and path != parts_folder(home)):
        is_latest = latest is not None and folder.name == latest.build_id
        if folder.name in published or is_latest or _modified(folder) > horizon:
            if (folder / MANIFEST_NAME).exists():
                needed |= read_manifest(folder / MANIFEST_NAME).paths
            continue
        shutil.rmtree(folder)
        removed_builds.append(folder.name)

    count = size = 0
    for path in parts_folder(home).glob("*/*"):  # names of unfinished files begin with a dot: glob sees them too
        if path.relative_to(home.root).as_posix() in needed or _modified(path) > horizon:
            continue
        count, size = count + 1, size + path.stat().st_size
        path.unlink()
    return Removed(tuple(version.version for version in dropped), tuple(removed_builds), count, size)


def _replaced_at(ledger: Engine, version: str) -> datetime:
    """When the version last ceased to be current."""
    rows = ledger_builds.publications(ledger)  # latest first
    position = next((i for i, row in enumerate(rows) if row.version == version), None)
    if position is None or position == 0:
        return datetime.max  # noqa: DTZ901 (naive UTC as everywhere)
    return rows[position - 1].published_at


def _modified(path: Path) -> datetime:
    return datetime(1970, 1, 1) + timedelta(seconds=path.stat().st_mtime)  # noqa: DTZ001 (naive UTC as everywhere)


def _manifest(home: Home, version: str) -> Manifest:
    if version not in version_folders(home):
        known = ", ".join(version_folders(home)) or "none"
        raise UsageError(f"no version {version}", remedy=f"Versions here: {known}")
    return read_manifest(home.published / version / MANIFEST_NAME)


def _mart_difference(
    connection: duckdb.DuckDBPyConnection, root: Path, name: str, old: Mart | None, new: Mart | None
) -> MartDifference | None:
    if old is None or new is None:
        there = new or old
        assert there is not None
        partitions = tuple(file.partition for file in there.files)
        if old is None:
            return MartDifference(name, "added", partitions, 0, there.rows, 0, there.rows)
        return MartDifference(name, "removed", partitions, there.rows, 0, there.rows, 0)
    if old.content_hash == new.content_hash:
        return None
    before, after = _only(old, new), _only(new, old)
    partitions = tuple(sorted({file.partition for mart in (before, after) for file in mart.files}))
    if [(c.name, c.type) for c in old.columns] != [(c.name, c.type) for c in new.columns]:
        return MartDifference(name, "columns", partitions, old.rows, new.rows, None, None)
    columns = ", ".join(quoted(column.name) for column in old.columns)
    first = f"select {columns} from {scan_sql(before, root)} as m"
    second = f"select {columns} from {scan_sql(after, root)} as m"
    removed = _count(connection, f"{first} except all {second}")
    added = _count(connection, f"{second} except all {first}")
    return MartDifference(name, "rows", partitions, old.rows, new.rows, removed, added)


def _only(mart: Mart, other: Mart) -> Mart:
    """The mart with those of its files that the other does not have."""
    theirs = {file.path for file in other.files}
    files = tuple(file for file in mart.files if file.path not in theirs)
    return Mart(**{**vars(mart), "files": files})


def _count(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    row = connection.execute(f"select count(*) from ({query})").fetchone()
    assert row is not None
    return int(row[0])


def _kpi_differences(
    connection: duckdb.DuckDBPyConnection, root: Path, old: Manifest, new: Manifest
) -> Sequence[KpiDifference]:
    """Totals of KPIs that differ by more than the last of 12 digits, coarsest grain and latest period first."""
    marts = old.mart(KPI_MART), new.mart(KPI_MART)
    if marts[0] is None or marts[1] is None:
        return []
    if {file.path for file in marts[0].files} == {file.path for file in marts[1].files}:
        return []
    columns = "kpi_id, grain, period_start, value::double as value"
    condition = "dimension = 'total' and member = 'all'"
    rows: list[tuple[Any, ...]] = connection.execute(
        f"""
        with old_values as (select {columns} from ({mart_sql(old, marts[0], root)}) where {condition}),
        new_values as (select {columns} from ({mart_sql(new, marts[1], root)}) where {condition})
        select kpi_id, grain, period_start::varchar, o.value, n.value
        from old_values as o full join new_values as n using (kpi_id, grain, period_start)
        where o.value is distinct from n.value
            and coalesce(abs(o.value - n.value) > 1e-12 * greatest(abs(o.value), abs(n.value)), true)
        order by
            kpi_id, list_position(['year', 'quarter', 'month', 'week', 'day'], grain), period_start desc
        """
    ).fetchall()
    return [KpiDifference(*row) for row in rows]
