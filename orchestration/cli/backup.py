"""`milepost backup` and `milepost restore`: one consistent copy of a home, and a home made from it.

Belongs here: the commands, and the catalogs of a restored home. Not here: copying and checking (`ingestion/backup.py`).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from ingestion.errors import MilepostError
from orchestration.cli import common


def backup(
    target: Annotated[Path, typer.Argument(help="Folder for backups; the same one each time copies what is new.")],
    keep: Annotated[
        int | None, typer.Option("--keep", min=1, help="Remove all but the latest so many; else all stay.")
    ] = None,
    home: common.HomeOption = None,
) -> None:
    """Copy ledger, vault, lake, archive and published versions as one consistent state, also while runs go on.

    Keys are no part of it: keep a copy of them elsewhere.
    """
    from ingestion.backup import backup as copy
    from orchestration.session import utc_now

    place = common.existing_home(home)
    done = copy(place, target, now=utc_now(), keep=keep)
    common.field_list(
        {
            "backup": done.name,
            "files": done.files,
            "MiB": done.bytes / 2**20,
            "copied files": done.copied_files,
            "copied MiB": done.copied_bytes / 2**20,
            "version": done.version,
            "removed": ", ".join(done.removed_backups),
        }
    )
    common.say("the key is no part of it: keep a copy apart")


def restore(
    source: Annotated[Path, typer.Argument(help="Folder that `milepost backup` wrote.", exists=True, file_okay=False)],
    name: Annotated[str | None, typer.Option("--backup", help="Which backup; else the latest.")] = None,
    without_key: Annotated[
        bool, typer.Option("--without-key", help="Do not compare the key: there is none on this machine.")
    ] = False,
    home: common.HomeOption = None,
) -> None:
    """Make a home from a backup, in an empty folder, and check it: key, every file's hash, the accounting, catalogs."""
    from ingestion.backup import finish_restore
    from ingestion.backup import restore as copy_back
    from ingestion.lock import home_lock
    from orchestration.session import load_home_keys
    from orchestration.settings import resolve_home
    from publishing.versions import relocate

    place = resolve_home(home or common.given_home())
    with home_lock(place, "milepost restore", wait_seconds=5):
        manifest = copy_back(place, source, name=name)
        keys = None if without_key else load_home_keys(place)
        relocated = relocate(place)
        if manifest["version"] is not None:
            _check_catalog(place.published / str(manifest["version"]), place.root)
        done = finish_restore(place, manifest, keys)
    common.field_list(
        {
            "backup": done.name,
            "files": done.files,
            "MiB": done.bytes / 2**20,
            **{name.replace("_", " "): count for name, count in done.totals.items()},
            "versions": len(relocated),
            "version": done.version,
        }
    )
    common.say("every file and the accounting agree; `milepost run` goes on from here")


def _check_catalog(folder: Path, root: Path) -> None:
    """Every mart of the published version answers, with as many rows as its manifest says."""
    import duckdb

    from ingestion.ledger.manifest import MANIFEST_NAME, quoted, read_manifest

    manifest = read_manifest(folder / MANIFEST_NAME)
    with duckdb.connect(os.fspath(folder / "marts.duckdb"), read_only=True) as connection:
        for mart in manifest.marts:
            try:
                row = connection.execute(f"select count(*) from {quoted(mart.schema)}.{quoted(mart.name)}").fetchone()
            except duckdb.Error as error:
                row = (type(error).__name__,)
            if row != (mart.rows,):
                raise MilepostError(
                    f"the published mart {mart.full_name} does not answer as its manifest says",
                    where=str(root),
                    remedy="Restore another backup (`--backup NAME`)",
                )
