"""The 305 daily files, one after another, fill the lake as they do all at once."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import duckdb
import pytest

from ingestion.contracts.loader import load_contracts
from ingestion.entity import load_entities
from ingestion.home import Home
from ingestion.ingest import ingest
from ingestion.ledger.engine import open_ledger
from ingestion.privacy.keys import load_keys
from tests.support import TEST_KEY

NOW = dt.datetime(2011, 12, 10)
ENTITIES = ("order", "order_line", "customer", "product")


def take_in(home: Home, batches: list[list[Path]]) -> None:
    """Ingest the files batch by batch, as separate runs do."""
    keys, contracts = load_keys({"MILEPOST_KEY": TEST_KEY}), load_contracts()
    ledger = open_ledger(home)
    inbox = home.inbox / "online_retail"
    inbox.mkdir(parents=True)
    for number, files in enumerate(batches):
        for path in files:
            shutil.copyfile(path, inbox / path.name)
        ingest(home, ledger, contracts, keys, now=NOW, run_id=f"run-{number}", rest_seconds=0)
    ledger.dispose()


def content(home: Home) -> dict[str, list[tuple]]:
    """Rows of each entity, sorted; deliveries are numbered alike, as the files come in the same order."""
    found = {}
    with duckdb.connect() as connection:
        for name in ENTITIES:
            columns = ", ".join(f'"{column.name}"' for column in load_entities()[name].all_columns)
            rows = f"select {columns} from '{home.entity(name)}/*.parquet'"
            found[name] = connection.execute(
                f"select count(*), bit_xor(hash(rows)), sum(hash(rows)::hugeint) from ({rows}) as rows"
            ).fetchall()
    return found


@pytest.mark.slow
def test_file_by_file_is_all_at_once(exports: Path, tmp_path: Path) -> None:
    files = sorted((exports / "online_retail" / "by-day").glob("*.csv"))
    at_once, one_by_one = Home(tmp_path / "at-once").ensure(), Home(tmp_path / "one-by-one").ensure()
    take_in(at_once, [files])
    take_in(one_by_one, [[path] for path in files])
    assert content(at_once)["order_line"][0][0] == 541909
    assert content(one_by_one) == content(at_once)
