"""Snapshots of the lake for readers that do not hold the home's lock: another dbt, Spark, a person.

Belongs here: making them, naming the present one, removing old ones. Not here: which files count (`parts.py`).

The lake's folders hold what counts, but files leave them when they are merged or written anew. A snapshot is a folder
of hard links to all files that count at one moment, `lake/_snapshots/<name>/<entity>/*.parquet`, operational entities
included; `lake/_snapshots/current` points to the newest. Who resolves `current` once reads one state of the whole lake,
by plain globs, and keeps it for the grace time, whatever is merged, read again or removed meanwhile. Links take no
space; the files behind them go with the last snapshot that has them. Erasing a person has to call `drop_snapshots`
with `keep_current=False` and then `take_snapshot`.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

from sqlalchemy import Engine

from ingestion.batch.write import REJECTS, UNITS, VAULT
from ingestion.entity import load_entities
from ingestion.home import Home
from ingestion.ledger.deliveries import list_lake_parts
from ingestion.recovery import EMPTY_FILE

CURRENT = "current"
_NO_LINKS = (errno.EXDEV, errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)


def snapshots_folder(home: Home) -> Path:
    """Where the snapshots are."""
    return home.lake / "_snapshots"


def current_snapshot(home: Home) -> Path | None:
    """The newest snapshot, resolved: read below it, and it stays as it is for the grace time."""
    link = snapshots_folder(home) / CURRENT
    return link.resolve() if link.exists() else None


def take_snapshot(home: Home, ledger: Engine) -> Path | None:
    """Make a snapshot of what counts now and let `current` point to it; needs the home's lock.

    Returns the present snapshot (the former one where nothing is other), or None where the file system has no hard
    links: readers then have to take the home's lock.
    """
    folder = snapshots_folder(home)
    folder.mkdir(parents=True, exist_ok=True)
    for unfinished in folder.glob(".new-*"):
        shutil.rmtree(unfinished, ignore_errors=True)
    files = dict(_files(home, ledger))
    present = current_snapshot(home)
    if present is not None and _is_same(present, files):
        return present
    number = max((int(path.name[1:]) for path in _all(home)), default=0) + 1
    unfinished, target = folder / f".new-{number:06d}", folder / f"s{number:06d}"
    try:
        for name, source in files.items():
            link = unfinished / name
            link.parent.mkdir(parents=True, exist_ok=True)
            os.link(source, link)
    except OSError as error:
        shutil.rmtree(unfinished, ignore_errors=True)
        if error.errno in _NO_LINKS:
            return None
        raise
    unfinished.rename(target)
    pointer = folder / ".new-current"
    pointer.unlink(missing_ok=True)
    pointer.symlink_to(target.name)
    pointer.replace(folder / CURRENT)
    return target


def drop_snapshots(home: Home, now: datetime, grace: timedelta = timedelta(), *, keep_current: bool = True) -> int:
    """Remove snapshots that were replaced longer ago than `grace` (by `now`, wall clock, naive UTC); returns how many.

    `keep_current=False` removes the present one too.
    """
    everything = _all(home)
    # a snapshot was the present one until the next was made
    ended = {path: _made(after) for path, after in pairwise(everything)}
    count = 0
    for path in everything:
        if path not in ended:
            if keep_current:
                continue
            (snapshots_folder(home) / CURRENT).unlink(missing_ok=True)
        elif ended[path] > now - grace:
            continue
        shutil.rmtree(path)
        count += 1
    return count


def _all(home: Home) -> list[Path]:
    return sorted(path for path in snapshots_folder(home).glob("s[0-9]*") if path.is_dir() and not path.is_symlink())


def _files(home: Home, ledger: Engine) -> Iterator[tuple[str, Path]]:
    """(path below the snapshot, file) of everything that counts."""
    for part in list_lake_parts(ledger):
        if part.entity not in (REJECTS, VAULT):
            path = home.root / part.path
            yield f"{part.entity}/{path.name}", path
    for entity in load_entities().values():
        names = [EMPTY_FILE]
        if entity.is_operational and entity.name != UNITS:
            names = [path.name for path in home.entity(entity.name).glob("*.parquet")]
        for name in names:
            if (path := home.entity(entity.name) / name).exists():
                yield f"{entity.name}/{name}", path


def _is_same(snapshot: Path, files: dict[str, Path]) -> bool:
    there = {path.relative_to(snapshot).as_posix(): path for path in snapshot.glob("*/*.parquet")}
    return there.keys() == files.keys() and all(there[name].samefile(files[name]) for name in files)


def _made(path: Path) -> datetime:
    return datetime(1970, 1, 1) + timedelta(seconds=path.stat().st_mtime)  # noqa: DTZ001 (naive UTC as everywhere)
