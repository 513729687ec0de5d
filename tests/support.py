"""A home of its own for a test, the command line run in it, and the marts it published.

Not here: fixtures (`conftest.py`), and what only one kind of test needs.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

PROJECT = Path(__file__).resolve().parents[1]
#: A key for tests alone: 32 bytes, hexadecimal.
TEST_KEY = "5f" * 32


@dataclass(frozen=True)
class Outcome:
    """What a command answered."""

    code: int
    output: str


@dataclass(frozen=True)
class MilepostHome:
    """A home below a test's temporary folder, with the command line to run in it."""

    root: Path

    def drop(self, system: str, files: Mapping[str, Path] | list[Path]) -> None:
        """Copy files into the inbox of a system, under the names given (or their own)."""
        named = files if isinstance(files, Mapping) else {path.name: path for path in files}
        for name, path in named.items():
            target = self.root / "inbox" / system / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)

    def settings(self, text: str) -> None:
        """Write the home's milepost.yml."""
        self.root.mkdir(parents=True, exist_ok=True)
        (self.root / "milepost.yml").write_text(text, encoding="utf-8")

    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "MILEPOST_HOME": str(self.root),
            "MILEPOST_KEY": TEST_KEY,
            "NO_COLOR": "1",
            "COLUMNS": "160",
        }

    def command(self, *arguments: str) -> list[str]:
        return [str(Path(sys.executable).with_name("milepost")), *arguments]

    def milepost(self, *arguments: str, expect: int | None = 0) -> Outcome:
        """Run `milepost`; a code other than `expect` fails the test with the output (None: any)."""
        done = subprocess.run(
            self.command(*arguments), env=self.environment(), cwd=PROJECT, capture_output=True, text=True, check=False
        )
        outcome = Outcome(done.returncode, done.stdout + done.stderr)
        if expect is not None and outcome.code != expect:
            pytest.fail(f"milepost {' '.join(arguments)} ended with {outcome.code}, not {expect}:\n{outcome.output}")
        return outcome

    @property
    def catalog(self) -> Path:
        return self.root / "published" / "current" / "marts.duckdb"

    def query(self, sql: str) -> list[tuple]:
        """Rows of the published marts."""
        with duckdb.connect(str(self.catalog), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def one(self, sql: str) -> object:
        """The single value that a query answers."""
        rows = self.query(sql)
        assert len(rows) == 1, f"{len(rows)} rows, not one, for {sql}"
        return rows[0][0] if len(rows[0]) == 1 else rows[0]


def alike(rows: list[tuple]) -> list[tuple]:
    """Rows in an order of their own, doubles in nine digits: the last ones depend on the order in which threads add."""
    rounded = [tuple(float(f"{value:.9g}") if isinstance(value, float) else value for value in row) for row in rows]
    return sorted(rounded, key=repr)
