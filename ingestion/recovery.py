"""Putting a home in order at the start of a run: nothing of an unfinished batch stays.

Belongs here: sweeping what no ledger row counts, and taking committed files out of the inbox. Not here: reading
deliveries that were received but not committed: the next batch takes them up by their state.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from sqlalchemy import Engine

from ingestion.batch.sources import inbox_path, is_in_inbox
from ingestion.entity import load_entities
from ingestion.home import Home
from ingestion.ledger.deliveries import (
    ACTIVE,
    DUPLICATE,
    FAILED,
    HELD,
    WITHDRAWN,
    clear_stamp,
    lake_paths,
    list_deliveries,
)

STAGING = "_staging"
EMPTY_FILE = "_schema.parquet"
#: States in which a received file is done with.
DONE = (ACTIVE, HELD, FAILED, WITHDRAWN, DUPLICATE)


def recover(home: Home, ledger: Engine, *, keep_inbox: bool = False, inbox: Path | None = None) -> list[Path]:
    """Remove files that no commit made count, and committed files that are still in the inbox.

    Needs the home's lock. Returns the files removed. The same result whether the process ended before, within or after
    a commit.
    """
    removed: list[Path] = []
    shutil.rmtree(home.lake / STAGING, ignore_errors=True)
    for path in home.scratch.glob("*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    counting = lake_paths(ledger)
    operational = {name for name, e in load_entities().items() if e.is_operational and name != "delivery_unit"}
    folders = [home.entity(name) for name in load_entities() if name not in operational]
    for folder in (*folders, home.rejects, home.vault / "identifiers"):
        for path in folder.glob("*"):
            is_ours = path.suffix in (".parquet", ".unfinished") and path.name != EMPTY_FILE
            if is_ours and str(path.relative_to(home.root)) not in counting:
                path.unlink()
                removed.append(path)
    for path in home.archive.glob("**/.*.unfinished"):
        path.unlink()
        removed.append(path)
    if not keep_inbox:
        removed += leave_inbox(home, ledger, inbox)
    return removed


def leave_inbox(home: Home, ledger: Engine, inbox: Path | None = None) -> list[Path]:
    """Take the files of committed deliveries out of the inbox, where they lie there unchanged, with emptied folders."""
    removed = []
    done = [delivery for delivery in list_deliveries(ledger, states=DONE) if delivery.inbox_stamp is not None]
    for delivery in done:
        path = inbox_path(home, delivery, inbox)
        if is_in_inbox(home, delivery, inbox):
            path.unlink()
            removed.append(path)
            _remove_empty(path.parent, (inbox or home.inbox) / delivery.source_system)
    if done:
        clear_stamp(ledger, [delivery.delivery_seq for delivery in done])
    return removed


def _remove_empty(folder: Path, top: Path) -> None:
    while folder != top and folder.is_relative_to(top):
        try:
            folder.rmdir()
        except OSError:  # not empty
            return
        folder = folder.parent
