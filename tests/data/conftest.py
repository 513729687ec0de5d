"""Where the real exports are: `MILEPOST_TEST_DATA`, else `shared/data` beside the project. Absent: skipped."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def exports() -> Path:
    """The folder of the real exports."""
    folder = Path(os.environ.get("MILEPOST_TEST_DATA", PROJECT.parent / "shared" / "data"))
    if not (folder / "README.md").is_file():
        pytest.skip(f"no real exports at {folder}: set MILEPOST_TEST_DATA to the folder that holds them")
    return folder
