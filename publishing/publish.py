"""Publication: the pointer to a build that passed.

Belongs here: asking the gate, laying out a version, the one atomic swap. Not here: judging (`expectations/`), listing,
rolling back and removing versions (`versions.py`).

Order of steps, so that a crash after any of them is made good by running again: version folder under a temporary name;
its final name; the swap of `published/current`; the ledger. What readers see changes only at the swap.
The caller holds the home's lock.
"""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from ingestion.errors import MilepostError
from ingestion.home import Home
from ingestion.ledger import builds as ledger_builds
from ingestion.ledger.manifest import MANIFEST_NAME, VERDICT_NAME, Manifest, read_manifest, sync_folder, write_durably
from publishing.build import build_folder
from publishing.catalog import CATALOG_NAME, write_catalog

VERSION_FORM = re.compile(r"v\d{6}")
TEMPORARY = ".new-"


class GateClosedError(MilepostError):
    """This build did not pass, was not judged, or is not what was judged: exit code 3."""


@dataclass(frozen=True)
class Publication:
    """The version that is current after publishing; `is_new` is False where nothing had to change."""

    version: str
    build_id: str
    folder: Path
    is_new: bool


def publish(home: Home, ledger: Engine, build_id: str, *, now: datetime, run_id: str | None = None) -> Publication:
    """Make a build the published version, if its own verdict says that it passed.

    GateClosedError: its verdict is missing, says no, or belongs to another manifest. Idempotent: what is current with
    the same content from the same deliveries stays, and a publication that was broken off is completed.
    """
    manifest = checked_build(home, ledger, build_id)
    sweep(home, ledger, keep_build=build_id)
    current = current_version(home)
    if current is not None:
        published = read_manifest(home.published / current / MANIFEST_NAME)
        if (published.content_hash, published.inputs) == (manifest.content_hash, manifest.inputs):
            latest = ledger_builds.latest_publication(ledger)
            if latest is None or latest.version != current:  # broken off between the swap and the ledger
                ledger_builds.record_publication(ledger, current, published.build_id, now, "publish", run_id)
            return Publication(current, published.build_id, home.published / current, is_new=False)
    version = _version_of(home, build_id)
    if version is None:
        version = _next_version(home, ledger)
        _lay_out(home, manifest, version)
    point_to(home, version)
    ledger_builds.record_publication(ledger, version, build_id, now, "publish", run_id)
    return Publication(version, build_id, home.published / version, is_new=True)


def checked_build(home: Home, ledger: Engine, build_id: str) -> Manifest:
    """The build's manifest, if file and ledger agree that exactly this manifest passed and its files are whole."""
    folder = build_folder(home, build_id)
    row = ledger_builds.find_build(ledger, build_id)
    if row is None:
        raise MilepostError(f"no build {build_id}", remedy="`milepost run` makes one")
    manifest = read_manifest(folder / MANIFEST_NAME)
    verdict = ledger_builds.find_verdict(ledger, build_id)
    try:
        stored = json.loads((folder / VERDICT_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        stored = None
    if verdict is None or not isinstance(stored, dict):
        raise GateClosedError(
            "the build was not judged", where=f"build {build_id}", remedy="Run the gate on it: `milepost run`"
        )
    judged = {row.manifest_sha256, verdict.manifest_sha256, stored.get("manifest_sha256")}
    if stored.get("build_id") != build_id or judged != {manifest.sha256}:
        raise GateClosedError(
            "the verdict belongs to another manifest than the build has now",
            where=f"build {build_id}",
            remedy="Run the gate on it again: `milepost run`",
        )
    if not verdict.is_passed or stored.get("is_passed") is not True:
        raise GateClosedError(
            f"the gate is closed: {verdict.reason or 'the build did not pass'}",
            where=f"build {build_id}",
            remedy="`milepost status` names the deliveries at fault: withdraw or correct them, and run again",
        )
    for path, size in {file.path: file.bytes for mart in manifest.marts for file in mart.files}.items():
        file_path = home.root / path
        if not file_path.exists() or file_path.stat().st_size != size:
            raise MilepostError(
                "a file of the build is missing or damaged",
                where=str(file_path),
                remedy="Remove it if it is there, and run again: it is written anew",
            )
    return manifest


def current_version(home: Home) -> str | None:
    """Name of the version that `published/current` points to, or None."""
    return home.current.readlink().name if home.current.is_symlink() else None


def version_folders(home: Home) -> list[str]:
    """Names of the version folders that are there, oldest first."""
    if not home.published.exists():
        return []
    return sorted(path.name for path in home.published.iterdir() if VERSION_FORM.fullmatch(path.name))


def point_to(home: Home, version: str) -> None:
    """Make a version current by one atomic swap; the link is relative, so it survives a move of the home."""
    temporary = home.published / f"{TEMPORARY}current"
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(version, target_is_directory=True)
    temporary.replace(home.current)
    sync_folder(home.published)


def sweep(home: Home, ledger: Engine, keep_build: str | None = None) -> list[str]:
    """Remove what a broken-off publication left: temporary folders, and versions that never became current."""
    home.published.mkdir(parents=True, exist_ok=True)
    known = {row.version for row in ledger_builds.publications(ledger) if row.removed_at is None}
    removed = []
    for path in sorted(home.published.iterdir()):
        is_orphan = (
            VERSION_FORM.fullmatch(path.name) is not None
            and path.name not in known
            and path.name != current_version(home)
            and _build_of(path) != keep_build
        )
        if path.name.startswith(TEMPORARY) or is_orphan:
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
            removed.append(path.name)
    return removed


def _lay_out(home: Home, manifest: Manifest, version: str) -> None:
    temporary = home.published / f"{TEMPORARY}{version}"
    temporary.mkdir()
    write_catalog(manifest, temporary / CATALOG_NAME, home.root)
    write_durably(temporary / MANIFEST_NAME, (build_folder(home, manifest.build_id) / MANIFEST_NAME).read_bytes())
    temporary.rename(home.published / version)
    sync_folder(home.published)


def _build_of(folder: Path) -> str | None:
    path = folder / MANIFEST_NAME
    return read_manifest(path).build_id if path.exists() else None


def _version_of(home: Home, build_id: str) -> str | None:
    """A version of this build that is laid out already: broken off before the swap, or rolled back from."""
    return next(
        (name for name in reversed(version_folders(home)) if _build_of(home.published / name) == build_id), None
    )


def _next_version(home: Home, ledger: Engine) -> str:
    names = [*version_folders(home), *(row.version for row in ledger_builds.publications(ledger))]
    return f"v{max((int(name[1:]) for name in names), default=0) + 1:06d}"
