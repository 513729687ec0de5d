"""Backup and restore of a home: one consistent copy, made while runs go on.

Belongs here: what belongs to a backup, copying, checking what was copied. Not here: the catalogs of versions, which are
written anew for the place they are restored to (`publishing/versions.py`), schedules, other machines.

A target folder holds any number of backups:

    objects/ab/<sha256>            files by their content, each once, whichever backups have it
    backups/<name>/ledger.db       the ledger, by SQLite's own backup
    backups/<name>/manifest.json   every file's path, hash and size; written last: without it there is no backup

The ledger is copied first; the files that it counts never change, and are copied after it. Should one of them have gone
meanwhile (merged, read again, put away), the ledger is copied anew: a copy never mixes two states. Keys are no part of
it; the manifest has the fingerprint of the token key, which a restore compares. What can be made again is left out
(warehouse, dbt, Dagster, pages), and so is the inbox. Erasing a person does not reach into backups: let old ones go
(`keep`).
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from ingestion import accounting
from ingestion.backup_store import FORMAT, GoneError, Store, damaged, expire, read_backup
from ingestion.batch.write import REJECTS, UNITS, VAULT
from ingestion.entity import load_entities
from ingestion.errors import MilepostError, UsageError
from ingestion.home import Home
from ingestion.ledger.builds import builds, publications
from ingestion.ledger.deliveries import list_deliveries, list_lake_parts
from ingestion.ledger.engine import HEAD, open_ledger
from ingestion.ledger.manifest import MANIFEST_NAME, VERDICT_NAME, read_manifest, write_durably
from ingestion.privacy.crypt import open_decrypted
from ingestion.privacy.keys import Keys
from ingestion.privacy.rotate import is_rotating

#: How often the ledger is copied anew because files went while they were copied.
ATTEMPTS = 10
#: What is below the home and no part of a backup, or handled by itself.
_OTHER = {"archive", "builds", "dagster", "data_docs", "dbt", "inbox", "lake", "published", "rejects", "vault"}
_OTHER |= {"ledger.db", "ledger.db-wal", "ledger.db-shm", "warehouse.duckdb", "warehouse.duckdb.wal", "restoring.json"}
_SEALED = ("archive/", "rejects/", "vault/")


@dataclass(frozen=True)
class BackupReport:
    """What a backup holds, and what of it had to be copied."""

    name: str
    files: int
    bytes: int
    copied_files: int
    copied_bytes: int
    version: str | None  # published version
    removed_backups: tuple[str, ...]


@dataclass(frozen=True)
class RestoreReport:
    """A home that was restored and found whole."""

    name: str
    files: int
    bytes: int
    totals: dict[str, int]
    version: str | None


def backup(home: Home, target: Path, *, now: datetime, keep: int | None = None) -> BackupReport:
    """Copy the home into `target`; runs may go on meanwhile, no key is needed.

    `keep`: so many of the latest backups stay, older ones and what only they have are removed. Raises MilepostError
    where the home changes faster than it can be copied, or a file is not what the ledger says.
    """
    root, place = home.root.resolve(), target.resolve()
    if place == root or place.is_relative_to(root):
        raise UsageError(
            "a backup inside the home would be lost with it", where=str(target), remedy="Name a folder elsewhere"
        )
    name = f"{now:%Y%m%dT%H%M%SZ}"
    folder = target / "backups" / name
    if (folder / "manifest.json").exists():
        raise UsageError("a backup of this second is there already", where=str(folder), remedy="Try again")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for made in (target, target / "backups", folder):
        made.chmod(0o700)
    store = Store(target)
    gone = ""
    for _ in range(ATTEMPTS):
        if is_rotating(home):
            raise MilepostError(
                "a rotation of the token key is under way",
                where=str(home.root),
                remedy="Complete it (`milepost keys rotate`), then make the backup",
            )
        _copy_ledger(home.ledger, folder / "ledger.db")
        ledger = open_ledger(Home(folder))
        try:
            files, version = {}, None
            for path, expected in _contents(home, ledger):
                files[path] = store.add(home.root / path, path, expected)
            version = _version(home, ledger, files)
            counted = accounting.totals(ledger)
        except GoneError as error:
            gone = str(error)
            continue
        finally:
            ledger.dispose()
        break
    else:
        raise MilepostError(
            "a file is not what the ledger says, or keeps changing while it is copied",
            where=gone,
            remedy="Try again later; if it stays so, the file is damaged: restore an earlier backup",
        )
    for rest in ("ledger.db-wal", "ledger.db-shm"):
        (folder / rest).unlink(missing_ok=True)
    document = {
        "format": FORMAT,
        "name": name,
        "made_at": now.isoformat(),
        "home": str(home.root),
        "schema_version": HEAD,
        "token_key_fingerprint": _fingerprint(home),
        "version": version,
        "totals": counted,
        "ledger": {"sha256": _sha256(folder / "ledger.db"), "size": (folder / "ledger.db").stat().st_size},
        "files": files,
    }
    write_durably(folder / "manifest.json", json.dumps(document, indent=1, ensure_ascii=False).encode())
    removed = expire(target, keep) if keep is not None else ()
    size = sum(entry["size"] for entry in files.values())
    return BackupReport(name, len(files) + 1, size, store.copied_files, store.copied_bytes, version, removed)


def restore(home: Home, target: Path, *, name: str | None = None) -> dict[str, Any]:
    """Copy a backup into an empty home, comparing every file's hash; returns the manifest.

    The home counts as one once `finish_restore` has found it whole; broken off before, it may be restored again.
    Raises MilepostError where a file of the backup is missing or damaged.
    """
    manifest = read_backup(target, name)
    marker = home.restoring_file
    if home.root.exists() and not marker.exists() and not all(_is_lock(path) for path in home.root.iterdir()):
        raise UsageError(
            "the home is not empty: nothing is restored over a home",
            where=str(home.root),
            remedy="Name an empty folder with --home DIR",
        )
    home.root.mkdir(parents=True, exist_ok=True)
    marker.write_text(json.dumps({"from": str(target), "backup": manifest["name"]}), encoding="utf-8")
    home.ledger.unlink(missing_ok=True)
    home.ensure()
    store = Store(target)
    for path, entry in manifest["files"].items():
        store.fetch(entry["sha256"], _inside(home, path), sealed=path.startswith(_SEALED))
    if manifest["version"] is not None:
        home.current.unlink(missing_ok=True)
        home.current.symlink_to(manifest["version"])
    source = target / "backups" / manifest["name"] / "ledger.db"
    if _sha256(source) != manifest["ledger"]["sha256"]:
        raise damaged(source)
    shutil.copyfile(source, home.root / "ledger.restored")
    return manifest


def finish_restore(home: Home, manifest: dict[str, Any], keys: Keys | None) -> RestoreReport:
    """Check the restored home by key, hashes and accounting, and let it count as a home.

    Its ledger is migrated where the backup is of an older Milepost. `keys` None: the key is not compared. Raises
    MilepostError, and the home stays none, where anything does not agree.
    """
    if keys is not None:
        _check_keys(home, manifest, keys)
    (home.root / "ledger.restored").replace(home.ledger)
    try:
        ledger = open_ledger(home)
        try:
            problems = accounting.check(home, ledger)
            counted = accounting.totals(ledger)
        finally:
            ledger.dispose()
        if counted != manifest["totals"]:
            problems.append("its counts are not those of the backup")
        if problems:
            raise MilepostError(
                f"the restored home is not whole: {'; '.join(problems)}",
                where=str(home.root),
                remedy="Restore another backup (`--backup NAME`)",
            )
    except MilepostError:
        home.ledger.replace(home.root / "ledger.restored")
        raise
    home.restoring_file.unlink()
    size = sum(entry["size"] for entry in manifest["files"].values())
    return RestoreReport(manifest["name"], len(manifest["files"]) + 1, size, counted, manifest["version"])


def _contents(home: Home, ledger: Engine) -> Iterator[tuple[str, str | None]]:
    """(path below the home, hash where the ledger has it) of everything that belongs to a backup."""
    for part in list_lake_parts(ledger):
        yield part.path, part.sha256
    for name in sorted({d.archived_as for d in list_deliveries(ledger) if d.archived_as and not d.archive_removed_at}):
        if (home.archive / name).exists():
            yield f"archive/{name}", None
    for entity in load_entities().values():
        files = sorted(home.entity(entity.name).glob("*.parquet"))
        counted = [path for path in files if path.name == "_schema.parquet"]
        yield from ((_below(home, path), None) for path in (files if _is_derived(entity) else counted))
    for path in sorted(home.vault.rglob("*")):
        is_part = path.is_relative_to(home.vault / "identifiers") and path.suffix == ".parquet"
        if path.is_file() and not path.is_relative_to(home.scratch) and not is_part and not _is_unfinished(path):
            yield _below(home, path), None
    for top in sorted(home.root.iterdir()):
        if top.name in _OTHER or top.name.startswith(".") or top.suffix == ".key" or _is_lock(top):
            continue
        found = sorted(top.rglob("*")) if top.is_dir() else [top]
        yield from ((_below(home, path), None) for path in found if path.is_file() and not _is_unfinished(path))
    yield from _published(home, ledger)


def _is_derived(entity: Any) -> bool:
    return bool(entity.is_operational and entity.name not in (UNITS, REJECTS, VAULT))


def _published(home: Home, ledger: Engine) -> Iterator[tuple[str, str | None]]:
    """Versions that are kept, their builds and the latest build, with the files that they are made of."""
    wanted: dict[str, str | None] = {}
    kept = {row.version: row.build_id for row in publications(ledger) if row.removed_at is None}
    for version in sorted(kept):
        path = home.published / version / MANIFEST_NAME
        if not path.exists():
            raise GoneError(version)
        wanted[_below(home, path)] = None
        for mart in read_manifest(path).marts:
            wanted.update({file.path: file.sha256 for file in mart.files})
    for build_id in sorted({*kept.values(), *(build.build_id for build in builds(ledger)[:1])}):
        folder = home.builds / build_id
        if not (folder / MANIFEST_NAME).exists():
            continue  # a build that retention removed; its version keeps a manifest of its own
        for mart in read_manifest(folder / MANIFEST_NAME).marts:
            wanted.update({file.path: file.sha256 for file in mart.files})
        wanted.update({_below(home, folder / n): None for n in (MANIFEST_NAME, VERDICT_NAME) if (folder / n).exists()})
    yield from wanted.items()


def _version(home: Home, ledger: Engine, files: dict[str, Any]) -> str | None:
    """The version that is current in the ledger, if it belongs to the backup."""
    for row in publications(ledger)[:1]:
        if f"published/{row.version}/{MANIFEST_NAME}" in files:
            return row.version
    return None


def _copy_ledger(source: Path, target: Path) -> None:
    for rest in ("", "-wal", "-shm"):
        target.with_name(target.name + rest).unlink(missing_ok=True)
    read = sqlite3.connect(f"file:{source}?mode=ro", uri=True)
    write = sqlite3.connect(target)
    try:
        read.backup(write)
        write.execute("pragma journal_mode = delete")
    finally:
        write.close()
        read.close()
    target.chmod(0o600)


def _check_keys(home: Home, manifest: dict[str, Any], keys: Keys) -> None:
    known = manifest["token_key_fingerprint"]
    if known is not None and known != keys.fingerprint:
        raise MilepostError(
            "the key given is not the one that the backup's home was made with",
            where=str(home.root),
            remedy="Give the key of that home (MILEPOST_KEY or MILEPOST_KEY_FILE), and restore again",
        )
    sealed = next((path for path in manifest["files"] if path.startswith("archive/")), None)
    if sealed is not None:  # the encryption key, too, is the right one
        open_decrypted(home.root / sealed, keys).close()


def _fingerprint(home: Home) -> str | None:
    path = home.vault / "key.json"
    if not path.exists():
        return None
    return str(json.loads(path.read_text(encoding="ascii"))["token_key_fingerprint"])


def _inside(home: Home, path: str) -> Path:
    """The place of a path below the home; a manifest that leads elsewhere is refused."""
    place = (home.root / path).resolve()
    if not place.is_relative_to(home.root.resolve()):
        raise MilepostError("a path of the backup leads out of the home", where=path)
    return place


def _below(home: Home, path: Path) -> str:
    return path.relative_to(home.root).as_posix()


def _is_lock(path: Path) -> bool:
    """A lock, or who holds it."""
    return path.stem in ("milepost", "pull") and path.suffix in (".lock", ".json")


def _is_unfinished(path: Path) -> bool:
    return path.name.startswith(".") or path.suffix in (".unfinished", ".tmp")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
