"""Fixtures that several kinds of tests share. Not here: what only one kind needs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support import MilepostHome

# the same examples on every run, so that what passes here passes there; `make fuzz` looks for new ones every night
settings.register_profile("repeatable", derandomize=True)
settings.register_profile("random")
settings.load_profile(os.environ.get("MILEPOST_TESTS", "repeatable"))


@pytest.fixture(scope="session")
def make_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], MilepostHome]]:
    """A maker of homes; they go when the session ends."""
    made: list[Path] = []

    def make(name: str) -> MilepostHome:
        root = tmp_path_factory.mktemp(name) / "home"
        made.append(root)
        return MilepostHome(root)

    yield make
    for root in made:
        shutil.rmtree(root, ignore_errors=True)
