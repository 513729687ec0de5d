"""One lock of a home for whoever changes it: sensor, schedule and command line.

Belongs here: taking the lock and telling who holds it. Not here: what is done under it.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from ingestion.errors import TransientError
from ingestion.home import Home


@contextmanager
def home_lock(home: Home, who: str, wait_seconds: float = 0.0) -> Iterator[None]:
    """Hold the home's lock; the system frees it when the process ends, however it ends.

    `who` is what others are told ("milepost run", "sensor"). Raises TransientError, naming the holder, where the lock
    is not free within `wait_seconds`. Within one process and thread it may be taken again.
    """
    home.root.mkdir(parents=True, exist_ok=True)
    lock = FileLock(home.lock_file, is_singleton=True)
    try:
        lock.acquire(timeout=wait_seconds)
    except Timeout:
        raise TransientError(
            f"in use by {holder(home) or 'another process'}", where=str(home.root), remedy="Wait until it has ended"
        ) from None
    try:
        if lock.lock_counter == 1:
            since = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
            details = {"who": who, "process": os.getpid(), "machine": socket.gethostname(), "since": since}
            _holder_file(home).write_text(json.dumps(details), encoding="utf-8")
        yield
    finally:
        if lock.lock_counter == 1:
            _holder_file(home).unlink(missing_ok=True)
        lock.release()


def holder(home: Home) -> str | None:
    """Who holds the lock, in words; None where nobody says so."""
    try:
        details = json.loads(_holder_file(home).read_text(encoding="utf-8"))
        return f"{details['who']} (process {details['process']} on {details['machine']}, since {details['since']})"
    except (OSError, ValueError, KeyError):
        return None


def _holder_file(home: Home) -> Path:
    return home.lock_file.with_suffix(".json")
