"""A backup is one state of the home, made while runs go on; what was restored is checked before it counts."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from pathlib import Path

import pytest

from ingestion import backup_store
from ingestion.accounting import check
from ingestion.backup import backup, finish_restore, restore
from ingestion.backup_store import list_backups, read_backup
from ingestion.compact import CompactionRule, compact
from ingestion.contracts.model import ContractSet
from ingestion.errors import MilepostError, UsageError
from ingestion.home import Home
from ingestion.ledger.deliveries import withdraw
from ingestion.privacy.keys import Keys
from ingestion.privacy.vault import Vault
from ingestion.rejects import show_rejects
from tests.ingestion_bench import KEYS, NOW, Bench, csv_text

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    bench = Bench(tmp_path / "home")
    deliver(bench, "a")
    return bench


def deliver(bench: Bench, name: str) -> None:
    good = [f"{name}{n},Zhang {name}{n},13812345678,1,1,2026-02-01,y" for n in range(30)]
    bench.drop(f"{name}.csv", csv_text(*good, f"{name}-bad,Li Na,,0,1,2026-02-01,"))
    bench.ingest()


def restored(tmp_path: Path, target: Path, **further: str) -> Bench:
    home = Home(tmp_path / "restored")
    finish_restore(home, restore(home, target, **further), KEYS)
    return Bench(home.root)


def objects(target: Path) -> set[Path]:
    return {path for path in (target / "objects").rglob("*") if path.is_file()}


def test_a_restored_home_has_everything_and_goes_on(bench: Bench, tmp_path: Path) -> None:
    bench.home.settings_file.write_text("technical:\n  keep_versions: 3\n", encoding="utf-8")
    done = backup(bench.home, tmp_path / "target", now=NOW)
    again = restored(tmp_path, tmp_path / "target")
    assert done.files > 5
    for entity in ("order_line", "customer", "delivery_unit"):
        assert again.rows(entity) == bench.rows(entity)
    assert again.deliveries() == bench.deliveries()
    assert again.home.settings_file.read_text(encoding="utf-8") == "technical:\n  keep_versions: 3\n"
    contracts = ContractSet(bench.contracts)
    assert show_rejects(again.home, again.ledger, contracts, KEYS) == show_rejects(
        bench.home, bench.ledger, contracts, KEYS
    )
    tokens = Vault(bench.home.vault, KEYS).known_tokens().to_pylist()
    assert Vault(again.home.vault, KEYS).reveal(tokens) == Vault(bench.home.vault, KEYS).reveal(tokens)
    deliver(again, "b")
    assert again.rows("order_line", "count(*)") == [(60,)]
    assert check(again.home, again.ledger) == []


def test_no_key_and_no_clear_identifier_is_in_a_backup(bench: Bench, tmp_path: Path) -> None:
    backup(bench.home, tmp_path / "target", now=NOW)
    for path in (tmp_path / "target").rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            for secret in (KEYS.token_key, KEYS.encryption_keys[1], b"Zhang a1", b"13812345678", b"Li Na"):
                assert secret not in content, path


def test_only_what_is_new_is_copied_into_the_same_folder(bench: Bench, tmp_path: Path) -> None:
    target = tmp_path / "target"
    backup(bench.home, target, now=NOW)
    first = objects(target)
    assert backup(bench.home, target, now=NOW + HOUR).copied_files == 0
    assert objects(target) == first
    deliver(bench, "b")
    third = backup(bench.home, target, now=NOW + 2 * HOUR)
    assert 0 < third.copied_files < third.files
    assert first < objects(target)
    assert len(list_backups(target)) == 3


def test_each_backup_stays_the_state_it_was_made_of(bench: Bench, tmp_path: Path) -> None:
    target = tmp_path / "target"
    first = backup(bench.home, target, now=NOW).name
    deliver(bench, "b")
    compact(bench.home, bench.ledger, CompactionRule(fan_in=2), bench.clock)
    backup(bench.home, target, now=NOW + HOUR)
    assert restored(tmp_path, target, name=first).rows("order_line", "count(*)") == [(30,)]
    shutil.rmtree(tmp_path / "restored")
    assert restored(tmp_path, target).rows("order_line", "count(*)") == [(60,)]


def test_old_backups_go_with_what_only_they_have(bench: Bench, tmp_path: Path) -> None:
    target = tmp_path / "target"
    backup(bench.home, target, now=NOW)
    deliver(bench, "b")
    compact(bench.home, bench.ledger, CompactionRule(fan_in=2), bench.clock)
    before = objects(target)
    done = backup(bench.home, target, now=NOW + HOUR, keep=1)
    assert len(done.removed_backups) == 1
    assert list_backups(target) == [done.name]
    assert before - objects(target)
    assert restored(tmp_path, target).rows("order_line", "count(*)") == [(60,)]


def test_a_run_that_merges_files_meanwhile_leaves_one_state(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(bench, "b")
    original = backup_store.Store.add
    calls = []

    def add(self: backup_store.Store, path: Path, name: str, expected: str | None) -> dict:
        calls.append(name)
        if len(calls) == 3:  # in the middle of copying a run takes in a file and merges what there was
            deliver(bench, "c")
            withdraw(bench.ledger, bench.deliveries()[0].delivery_id, bench.clock)
            compact(bench.home, bench.ledger, CompactionRule(fan_in=2), bench.clock)
        return original(self, path, name, expected)

    monkeypatch.setattr(backup_store.Store, "add", add)
    backup(bench.home, tmp_path / "target", now=NOW)
    monkeypatch.undo()
    again = restored(tmp_path, tmp_path / "target")
    assert again.deliveries() == bench.deliveries()
    assert again.rows("order_line") == bench.rows("order_line")
    assert len(calls) > 3


def test_a_damaged_or_missing_file_of_the_backup_is_found(bench: Bench, tmp_path: Path) -> None:
    target = tmp_path / "target"
    backup(bench.home, target, now=NOW)
    part = next(p for p in read_backup(target)["files"].items() if "order_line" in p[0] and "_schema" not in p[0])
    victim = target / "objects" / part[1]["sha256"][:2] / part[1]["sha256"]
    content = bytearray(victim.read_bytes())
    content[len(content) // 2] ^= 1
    victim.write_bytes(content)
    with pytest.raises(MilepostError, match="missing or damaged"):
        restored(tmp_path, target)
    victim.unlink()
    with pytest.raises(MilepostError, match="missing or damaged"):
        restored(tmp_path, target)
    assert not (tmp_path / "restored" / "ledger.db").exists(), "half a home is none"


@pytest.mark.parametrize("place", [0.5, 0.9, 1.0], ids=["rows", "what the file says of itself", "its last byte"])
def test_a_damaged_file_of_the_home_is_found_before_it_gets_into_a_backup(
    bench: Bench, tmp_path: Path, place: float
) -> None:
    victim = next(path for path in bench.home.entity("order_line").glob("*.parquet") if path.name != "_schema.parquet")
    content = bytearray(victim.read_bytes())
    content[min(int(len(content) * place), len(content) - 1)] ^= 1
    victim.write_bytes(content)
    assert any("not what was written" in problem for problem in check(bench.home, bench.ledger))
    with pytest.raises(MilepostError, match="not what the ledger says"):
        backup(bench.home, tmp_path / "target", now=NOW)
    assert list_backups(tmp_path / "target") == []


def test_another_key_is_refused_and_the_right_one_goes_on(bench: Bench, tmp_path: Path) -> None:
    target, home = tmp_path / "target", Home(tmp_path / "restored")
    backup(bench.home, target, now=NOW)
    manifest = restore(home, target)
    with pytest.raises(MilepostError, match="not the one that the backup's home was made with"):
        finish_restore(home, manifest, Keys(b"x" * 32, {1: b"e" * 32}, 1))
    with pytest.raises(MilepostError, match="does not open"):
        finish_restore(home, manifest, Keys(b"t" * 32, {1: b"x" * 32}, 1))
    assert not home.ledger.exists()
    finish_restore(home, restore(home, target), KEYS)
    assert home.ledger.exists()


def test_a_backup_whose_accounting_does_not_agree_is_no_home(bench: Bench, tmp_path: Path) -> None:
    target, home = tmp_path / "target", Home(tmp_path / "restored")
    backup(bench.home, target, now=NOW)
    manifest = restore(home, target)
    next(path for path in home.entity("order_line").glob("*.parquet") if path.name != "_schema.parquet").unlink()
    with pytest.raises(MilepostError, match="files that count are missing"):
        finish_restore(home, manifest, KEYS)
    assert not home.ledger.exists()


def test_nothing_is_restored_over_a_home(bench: Bench, tmp_path: Path) -> None:
    backup(bench.home, tmp_path / "target", now=NOW)
    with pytest.raises(UsageError, match="not empty"):
        restore(bench.home, tmp_path / "target")
    with pytest.raises(UsageError, match="inside the home"):
        backup(bench.home, bench.home.root / "copies", now=NOW)
    with pytest.raises(UsageError, match="no backup"):
        restore(Home(tmp_path / "restored"), tmp_path)


def test_a_path_that_leads_out_of_the_home_is_refused(bench: Bench, tmp_path: Path) -> None:
    target = tmp_path / "target"
    name = backup(bench.home, target, now=NOW).name
    path = target / "backups" / name / "manifest.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    document["files"]["../outside"] = next(iter(document["files"].values()))
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(MilepostError, match="leads out of the home"):
        restore(Home(tmp_path / "restored"), target)
    assert not (tmp_path / "outside").exists()


def test_a_disk_that_is_full_leaves_no_backup_and_the_next_one_is_whole(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "target"

    def full(_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("ingestion.backup_store.os.fsync", full)
        with pytest.raises(OSError, match="No space left"):
            backup(bench.home, target, now=NOW)
    assert list_backups(target) == []
    assert not objects(target)
    backup(bench.home, target, now=NOW + HOUR)
    assert restored(tmp_path, target).deliveries() == bench.deliveries()
