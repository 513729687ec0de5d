"""What makes a home the sample company's: its marker, its own key, its clock.

Belongs here: telling a demo home from a real one. Not here: the sample company itself (`ingestion/sample`).
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from ingestion.errors import UsageError
from ingestion.home import Home

MARKER = "demo.json"


@dataclass(frozen=True)
class DemoHome:
    """The sample company in a home: its size and seed, the day on which its story ends, and where its key lies."""

    size: str
    seed: int
    as_of: str  # ISO, UTC
    key_file: str


def read_marker(home: Home) -> DemoHome | None:
    """The home's marker, or None for a home that is not the sample company's."""
    path = home.root / MARKER
    return DemoHome(**json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None


def write_marker(home: Home, marker: DemoHome) -> None:
    (home.root / MARKER).write_text(json.dumps(asdict(marker), indent=2) + "\n", encoding="utf-8")


def check_is_free(home: Home, size: str, seed: int) -> None:
    """UsageError when the home holds something else than this sample company."""
    marker = read_marker(home)
    remedy = "Name another home with --home DIR, or remove this one"
    if marker is None and (home.ledger.exists() or (home.inbox.exists() and any(home.inbox.rglob("*.*")))):
        raise UsageError("the home holds other data than the sample company's", where=str(home.root), remedy=remedy)
    if marker is not None and (marker.size, marker.seed) != (size, seed):
        raise UsageError(
            f"the home holds the sample company of size {marker.size} and seed {marker.seed}",
            where=str(home.root),
            remedy=remedy,
        )


def key_path(home: Home) -> Path:
    """Where the sample company's key lies: with the user's configuration, outside the project and the home."""
    base = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    name = hashlib.sha256(str(home.root).encode()).hexdigest()[:12]
    return base / "milepost" / f"demo-{name}.key"


def ensure_key(home: Home) -> tuple[Path, bool]:
    """The sample company's key file, made where there is none; second, whether it was made now."""
    from ingestion.privacy.keys import generate_key_file

    path = key_path(home)
    if path.exists():
        return path, False
    generate_key_file(path)
    return path, True
