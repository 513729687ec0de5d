"""Where backups lie: objects by their content, and the manifests that name them.

Belongs here: copying one file into and out of a target folder, listing and removing backups. Not here: what belongs to
a backup, and when it is one consistent state (`backup.py`).
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
from pathlib import Path
from typing import Any

from ingestion.errors import MilepostError, UsageError

FORMAT = 1
CHUNK = 4 * 2**20


class GoneError(Exception):
    """A file went, or was written anew, while it was to be copied: what was copied of this state is not whole."""


class Store:
    """The objects of a target folder."""

    def __init__(self, target: Path) -> None:
        self.folder = target / "objects"
        self.copied_files = self.copied_bytes = 0
        self._known: dict[str, dict[str, Any]] = {}
        names = list_backups(target)
        if names:
            self._known = read_backup(target, names[-1])["files"]

    def add(self, path: Path, name: str, expected: str | None) -> dict[str, Any]:
        """Entry of a file, copied where its content is not there yet; `expected` is its hash as the ledger has it."""
        try:
            found = path.stat()
            known = self._known.get(name)
            if known and (known["size"], known["changed_ns"]) == (found.st_size, found.st_mtime_ns):
                sha256 = known["sha256"]
            elif expected is not None and self._object(expected).exists():
                sha256 = expected
            else:
                sha256 = self._copy(path)
        except FileNotFoundError:
            raise GoneError(name) from None
        if expected is not None and sha256 != expected:
            raise GoneError(name)
        if not self._object(sha256).exists():
            sha256 = self._copy(path)
        return {"sha256": sha256, "size": found.st_size, "changed_ns": found.st_mtime_ns}

    def fetch(self, sha256: str, path: Path, *, sealed: bool) -> None:
        """Copy an object to its place, comparing its hash."""
        source = self._object(sha256)
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f".{path.name}.unfinished")
        digest = hashlib.sha256()
        try:
            descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600 if sealed else 0o644)
            with source.open("rb") as file, os.fdopen(descriptor, "wb") as copy:
                while chunk := file.read(CHUNK):
                    digest.update(chunk)
                    copy.write(chunk)
            if digest.hexdigest() != sha256:
                raise damaged(source)
            unfinished.replace(path)
        except FileNotFoundError:
            raise damaged(source) from None
        finally:
            unfinished.unlink(missing_ok=True)

    def _object(self, sha256: str) -> Path:
        return self.folder / sha256[:2] / sha256

    def _copy(self, path: Path) -> str:
        digest = hashlib.sha256()
        self.folder.mkdir(parents=True, exist_ok=True)
        unfinished = self.folder / f".{secrets.token_hex(8)}.unfinished"
        size = 0
        try:
            with path.open("rb") as file:
                descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(descriptor, "wb") as copy:
                    while chunk := file.read(CHUNK):
                        digest.update(chunk)
                        copy.write(chunk)
                        size += len(chunk)
                    copy.flush()
                    os.fsync(copy.fileno())
            goal = self._object(digest.hexdigest())
            if not goal.exists():
                goal.parent.mkdir(parents=True, exist_ok=True)
                unfinished.replace(goal)
                self.copied_files, self.copied_bytes = self.copied_files + 1, self.copied_bytes + size
        finally:
            unfinished.unlink(missing_ok=True)
        return digest.hexdigest()


def list_backups(target: Path) -> list[str]:
    """Names of the whole backups in a target folder, oldest first."""
    return sorted(path.parent.name for path in (target / "backups").glob("*/manifest.json"))


def read_backup(target: Path, name: str | None = None) -> dict[str, Any]:
    """The manifest of a backup; without a name, of the latest. UsageError where there is none."""
    names = list_backups(target)
    if not names:
        raise UsageError("there is no backup", where=str(target), remedy="`milepost backup` makes one")
    if name is not None and name not in names:
        raise UsageError(f"no backup {name}", where=str(target), remedy=f"Backups: {', '.join(names)}")
    path = target / "backups" / (name or names[-1]) / "manifest.json"
    try:
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if document["format"] != FORMAT:
            raise MilepostError(
                f"a backup of format {document['format']}, this version reads {FORMAT}",
                where=str(path),
                remedy="Use the Milepost that made it, or a newer one",
            )
    except (OSError, ValueError, KeyError) as error:
        raise MilepostError(f"cannot be read ({type(error).__name__})", where=str(path)) from None
    return document


def expire(target: Path, keep: int) -> tuple[str, ...]:
    """Remove all but the latest backups, and the objects that only they had."""
    names = list_backups(target)
    old = names[: max(len(names) - max(keep, 1), 0)]
    for name in old:
        (target / "backups" / name / "manifest.json").unlink()  # from now on it is none
        shutil.rmtree(target / "backups" / name)
    needed = {e["sha256"] for name in list_backups(target) for e in read_backup(target, name)["files"].values()}
    for path in (target / "objects").glob("*/*"):
        if path.name not in needed:
            path.unlink()
    return tuple(old)


def damaged(path: Path) -> MilepostError:
    return MilepostError(
        "a file of the backup is missing or damaged", where=str(path), remedy="Restore another backup (`--backup NAME`)"
    )
