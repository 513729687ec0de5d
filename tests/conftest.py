"""Fixtures that several kinds of tests share. Not here: what only one kind needs."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support import MilepostHome


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


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of a file on one worker: its homes are made once. Tests marked `spread` go where there is room."""
    for item in items:
        if item.get_closest_marker("spread") is None:
            item.add_marker(pytest.mark.xdist_group(item.path.name))
