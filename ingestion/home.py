"""Where everything lives: the folders and files of one Milepost home.

Belongs here: paths below `$MILEPOST_HOME` and making them. Not here: what is in the files.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Home:
    """Paths of one home; nothing is created until `ensure` is called."""

    root: Path

    @property
    def inbox(self) -> Path:
        return self.root / "inbox"

    @property
    def archive(self) -> Path:
        return self.root / "archive"

    @property
    def settings_file(self) -> Path:
        return self.root / "milepost.yml"

    @property
    def contracts(self) -> Path:
        """Contracts of this home's own, `<system>/<export>.yml`; beside those that come with Milepost."""
        return self.root / "contracts"

    @property
    def truth(self) -> Path:
        return self.root / "truth"

    @property
    def ledger(self) -> Path:
        return self.root / "ledger.db"

    @property
    def lake(self) -> Path:
        return self.root / "lake"

    @property
    def rejects(self) -> Path:
        return self.root / "rejects"

    @property
    def vault(self) -> Path:
        return self.root / "vault"

    @property
    def scratch(self) -> Path:
        """Spill files of ingestion; encrypted by the engine, emptied at start."""
        return self.vault / "tmp"

    @property
    def warehouse(self) -> Path:
        return self.root / "warehouse.duckdb"

    @property
    def builds(self) -> Path:
        return self.root / "builds"

    @property
    def published(self) -> Path:
        return self.root / "published"

    @property
    def current(self) -> Path:
        """Symbolic link to the published version."""
        return self.published / "current"

    @property
    def data_docs(self) -> Path:
        return self.root / "data_docs"

    @property
    def dagster(self) -> Path:
        return self.root / "dagster"

    @property
    def dbt_target(self) -> Path:
        return self.root / "dbt"

    @property
    def lock_file(self) -> Path:
        return self.root / "milepost.lock"

    @property
    def pull_lock_file(self) -> Path:
        return self.root / "pull.lock"

    @property
    def restoring_file(self) -> Path:
        """There while a backup is being restored into the home: it is none yet."""
        return self.root / "restoring.json"

    def entity(self, name: str) -> Path:
        """Folder of one entity in the clean lake."""
        return self.lake / name

    def ensure(self) -> Home:
        """Create the folders that are missing (0700 for those that hold personal data) and return self."""
        for path in (
            self.inbox,
            self.lake,
            self.builds,
            self.published,
            self.data_docs,
            self.dagster,
            self.dbt_target,
        ):
            path.mkdir(parents=True, exist_ok=True)
        for path in (self.archive, self.rejects, self.vault, self.scratch):
            path.mkdir(parents=True, exist_ok=True)
            path.chmod(0o700)
        return self
