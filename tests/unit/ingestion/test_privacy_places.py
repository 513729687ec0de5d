"""A clear value planted in each place that a home has is found there, and nowhere is a false alarm."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import insert

from ingestion.ledger import runs, tables
from ingestion.privacy.places import DATA_PLACES, RUN_PLACES, PlaceFinding, scan_places
from ingestion.privacy.vault import Vault
from tests.ingestion_bench import KEYS, NOW, Bench
from tests.unit.ingestion.test_person_erased import ANN, BOB, HEADINGS, contract

PHONE, NAME, MAIL = "13812345678", "Zhang Ann", "ann@example.com"
PLACES = (*RUN_PLACES, *DATA_PLACES)


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which every place holds something, found clean."""
    bench = Bench(tmp_path_factory.mktemp("clean") / "home", (contract(),))
    bench.drop(
        "a.csv", "\n".join([HEADINGS, ANN, BOB, *[f"P{n},,,,,,,1,," for n in range(30)], "X,K1,,,,,,-1,,"]), "crm"
    )
    bench.ingest()
    (bench.home.dagster / "storage").mkdir()
    with closing(sqlite3.connect(bench.home.dagster / "storage" / "index.db")) as connection:
        connection.execute("create table event_logs (id integer, event text)")
        connection.execute('insert into event_logs values (1, \'{"message": "Started run 20260301-13812345678abc"}\')')
        connection.commit()
    (bench.home.dbt_target / "run_results.json").write_text('{"results": [{"rows": 7}]}', encoding="utf-8")
    (bench.home.data_docs / "index.html").write_text("<td>7 of 9 rows</td>", encoding="utf-8")
    assert scan(bench) == []
    return bench.home.root


@pytest.fixture
def bench(clean: Path, tmp_path: Path) -> Bench:
    shutil.copytree(clean, tmp_path / "home")  # with the files' times: they stay known as clean
    return Bench(tmp_path / "home", (contract(),))


def scan(bench: Bench, *, every: bool = True) -> list[PlaceFinding]:
    return scan_places(bench.home, KEYS, Vault(bench.home.vault, KEYS), PLACES, every=every)


def in_docs(bench: Bench) -> None:
    (bench.home.data_docs / "page.html").write_text(f"<p>unexpected: ['{NAME}']</p>", encoding="utf-8")


def in_dbt_sql(bench: Bench) -> None:
    path = bench.home.dbt_target / "compiled" / "model.sql"
    path.parent.mkdir()
    path.write_text(f"select * from x where phone = '{PHONE}'", encoding="utf-8")


def in_dbt_results(bench: Bench) -> None:
    path = bench.home.dbt_target / "run_results.json"
    path.write_text(f'{{"message": "Conversion Error: could not convert {MAIL} to INT32"}}', encoding="utf-8")


def in_event_log(bench: Bench) -> None:
    with closing(sqlite3.connect(bench.home.dagster / "storage" / "index.db")) as connection:
        connection.execute("insert into event_logs values (2, ?)", [f'{{"message": "could not read {NAME}"}}'])
        connection.commit()


def in_traceback(bench: Bench) -> None:
    (bench.home.dagster / "milepost-error.log").write_text(f"ValueError: {PHONE}\n", encoding="utf-8")


def in_ledger(bench: Bench) -> None:
    runs.begin_run(bench.ledger, "r1", started_at=NOW, launched_by="command", as_of=NOW)
    runs.end_run(bench.ledger, "r1", ended_at=NOW, outcome="failed", summary={"error": f"call {MAIL}"})


def in_ledger_issue(bench: Bench) -> None:
    values = {"delivery_seq": 1, "part": "", "column_name": "c", "reason": "r", "effect": "reported", "row_count": 1}
    with bench.ledger.begin() as connection:
        connection.execute(insert(tables.delivery_issue).values(**values, detail=f"{PHONE} twice"))


def in_rejects(bench: Bench) -> None:
    (path,) = bench.home.rejects.glob("*.parquet")
    table = pq.read_table(path)
    place = table.schema.get_field_index("content")
    table = table.set_column(place, "content", pa.array([f'["{NAME}"]'.encode()] * table.num_rows))
    pq.write_table(table, path)


def in_reject_reason(bench: Bench) -> None:
    (path,) = bench.home.rejects.glob("*.parquet")
    table = pq.read_table(path)
    place = table.schema.get_field_index("reason")
    pq.write_table(table.set_column(place, "reason", pa.array([f"not a date: {MAIL}"] * table.num_rows)), path)


def in_spill(bench: Bench) -> None:
    (bench.home.scratch / "duckdb_temp_storage.tmp").write_bytes(bytes(range(256)) * 40 + PHONE.encode() + bytes(400))


def in_log(bench: Bench) -> None:
    (bench.home.root / "milepost.log").write_text(f"2026-03-01 error for {NAME}\n", encoding="utf-8")


def in_verdict(bench: Bench) -> None:
    path = bench.home.builds / "b1" / "verdict.json"
    path.parent.mkdir()
    path.write_text(f'{{"reason": "{PHONE}"}}', encoding="utf-8")


def in_lake(bench: Bench) -> None:
    (path,) = (p for p in bench.home.entity("survey_response").glob("*.parquet") if not p.name.startswith("_"))
    table = pq.read_table(path)
    place = table.schema.get_field_index("comment")
    pq.write_table(table.set_column(place, "comment", pa.array([NAME] * table.num_rows)), path)


def in_build(bench: Bench) -> None:
    path = bench.home.builds / "parts" / "core.fct_orders" / "all-1.parquet"
    path.parent.mkdir(parents=True)
    duckdb.sql(f"select 'paid by {PHONE} ' as status").write_parquet(str(path))


def in_vault(bench: Bench) -> None:
    path = next(p for p in Vault(bench.home.vault, KEYS).parts("name"))
    table = pq.read_table(path)
    place = table.schema.get_field_index("ciphertext")
    pq.write_table(table.set_column(place, "ciphertext", pa.array([NAME.encode()] * table.num_rows)), path)


def in_archive(bench: Bench) -> None:
    (bench.home.archive / "ab").mkdir(exist_ok=True)
    (bench.home.archive / "ab" / "plain.mpf").write_text(ANN, encoding="utf-8")


@pytest.mark.parametrize(
    ("place", "plant"),
    [
        ("data docs", in_docs), ("dbt", in_dbt_sql), ("dbt", in_dbt_results), ("run metadata", in_event_log),
        ("run metadata", in_traceback), ("ledger", in_ledger), ("ledger", in_ledger_issue), ("rejects", in_rejects),
        ("rejects", in_reject_reason), ("spill", in_spill), ("logs", in_log), ("logs", in_verdict),
        ("clean lake", in_lake), ("builds", in_build), ("vault", in_vault), ("archive", in_archive),
    ],
)  # fmt: skip
def test_a_value_planted_in_a_place_is_found_there(bench: Bench, place: str, plant: Callable[[Bench], None]) -> None:
    plant(bench)
    # also where all was found clean before: the file has changed
    found = scan(bench, every=False)
    assert found and {finding.place for finding in found} == {place}
    for finding in found:
        assert not any(value in str(finding) for value in (PHONE, NAME, MAIL))


def test_clean_files_are_not_read_again_and_found_ones_are(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    from ingestion.privacy import places

    in_docs(bench)
    assert len(scan(bench)) == 1
    read: list[str] = []
    original = places._scan

    def counting(place: str, path: Path, *rest: object) -> object:
        read.append(path.name)
        return original(place, path, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(places, "_scan", counting)
    assert len(scan(bench, every=False)) == 1
    assert read == ["page.html"]


def test_what_a_killed_run_left_in_the_ledgers_log_is_read_as_the_ledger_reads_it(bench: Bench) -> None:
    """Bytes between two values of it may read like a mail address; a value that was written there is found."""
    bench.ledger.dispose()
    log = bench.home.ledger.with_name(bench.home.ledger.name + "-wal")
    with closing(sqlite3.connect(bench.home.ledger)) as held:  # keeps the log from being merged
        held.execute("pragma journal_mode = wal")
        held.execute("select count(*) from run").fetchone()
        for number in range(60):
            name = "x" * number + "olist.order_items"
            held.execute(
                "insert into run (run_id, started_at, launched_by, summary) values (?, ?, 'command', ?)",
                (f"r{number}", str(NOW), json.dumps({"note": name, "next": "olist.orders"})),
            )
        held.commit()
        assert log.stat().st_size > 0
        look = partial(scan_places, bench.home, KEYS, Vault(bench.home.vault, KEYS), ("ledger",))
        assert look() == []
        held.execute("update run set summary = ? where run_id = 'r7'", (json.dumps({"error": f"call {MAIL}"}),))
        held.commit()
        assert {found.identifier for found in look()} == {"email"}
