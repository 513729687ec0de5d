"""The ledger opens with its schema at the newest migration, and the migrations agree with the tables."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from ingestion.errors import MilepostError
from ingestion.home import Home
from ingestion.ledger.engine import HEAD, MIGRATIONS, open_ledger, schema_version
from ingestion.ledger.tables import metadata


def test_a_new_ledger_has_the_tables_as_declared(tmp_path: Path) -> None:
    ledger = open_ledger(Home(tmp_path))
    with ledger.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        assert connection.execute(text("pragma journal_mode")).scalar() == "wal"
        assert connection.execute(text("pragma foreign_keys")).scalar() == 1


def test_head_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_opening_a_ledger_again_imports_no_alembic(tmp_path: Path) -> None:
    open_ledger(Home(tmp_path))
    code = (
        "import sys; from pathlib import Path; from ingestion.home import Home; "
        "from ingestion.ledger.engine import open_ledger; open_ledger(Home(Path(sys.argv[1]))); "
        "sys.exit('alembic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False).returncode == 0


def test_a_ledger_of_a_newer_milepost_is_refused(tmp_path: Path) -> None:
    ledger = open_ledger(Home(tmp_path))
    with ledger.begin() as connection:
        connection.execute(text("update alembic_version set version_num = '9999'"))
    assert schema_version(ledger) == "9999"
    with pytest.raises(MilepostError, match="9999"):
        open_ledger(Home(tmp_path))
