"""A full disk, a file that changes or goes, missing rights, two runs at once: a clear error, nothing half-done, and the
next run goes on as if nothing had been."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from ingestion.errors import MilepostError, TransientError, of_storage
from ingestion.ledger.deliveries import lake_paths
from ingestion.lock import home_lock
from ingestion.privacy.vault import Vault
from tests.ingestion_bench import KEYS, Bench, csv_text

GOOD = [f"B{n},Zhang Wei,13812345678,1,5.00,2026-02-01,y" for n in range(40)]
BAD = "C1,Li Na,13912345678,0,1.00,2026-02-01,"
PROJECT = Path(__file__).resolve().parents[3]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    bench = Bench(tmp_path / "home")
    bench.drop("first.csv", csv_text("A1,x,,1,1,2026-02-01,"))
    bench.ingest()
    bench.drop("a.csv", csv_text(*GOOD, BAD))
    bench.drop("packed/b.csv", csv_text("D1,Wang Fang,,1,1,2026-02-01,").encode("utf-16"))
    return bench


def state(bench: Bench) -> dict[str, object]:
    names = {d.delivery_seq: d.file_name for d in bench.deliveries()}
    return {
        "deliveries": sorted((d.file_name, d.state) for d in bench.deliveries()),
        "lines": bench.rows("order_line", "order_id, quantity, _record_number"),
        "units": bench.rows("delivery_unit", "unit, record_count"),
        "parts": sorted((names[p.delivery_seq], p.accepted_rows, p.rejected_rows) for p in bench.parts()),
        "vault": sorted(Vault(bench.home.vault, KEYS).known_tokens().to_pylist()),
        "archive": sorted(path.name for path in bench.home.archive.rglob("*.mpf")),
    }


def assert_next_run_goes_on(bench: Bench, tmp_path: Path) -> None:
    bench.ingest()
    undisturbed = Bench(tmp_path / "undisturbed")
    undisturbed.drop("first.csv", csv_text("A1,x,,1,1,2026-02-01,"))
    undisturbed.ingest()
    undisturbed.drop("a.csv", csv_text(*GOOD, BAD))
    undisturbed.drop("packed/b.csv", csv_text("D1,Wang Fang,,1,1,2026-02-01,").encode("utf-16"))
    undisturbed.ingest()
    assert state(bench) == state(undisturbed)
    on_disk = {
        path.relative_to(bench.home.root).as_posix()
        for folder in (*(p for p in bench.home.lake.iterdir() if p.name[0] != "_"), bench.home.rejects)
        for path in folder.glob("*.parquet")
        if path.name != "_schema.parquet"
    }
    assert on_disk == {path for path in lake_paths(bench.ledger) if not path.startswith("vault")}
    assert not list(bench.home.root.rglob("*.unfinished"))


def no_space(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize(
    "seam",
    [
        "ingestion.receive.encrypt_file",  # archive
        "ingestion.batch.sources.scan",  # reading a file that has to be decoded
        "ingestion.privacy.vault.pq.write_table",  # vault
        "ingestion.batch.write.pq.ParquetWriter",  # rejected records
        "ingestion.parts._sync",  # lake
        "ingestion.commit.add_accounting",  # ledger
    ],
)
def test_a_full_disk_is_named_and_the_next_run_goes_on(
    bench: Bench, tmp_path: Path, seam: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = bench.rows("order_line")
    with monkeypatch.context() as patch:
        patch.setattr(seam, no_space)
        with pytest.raises((OSError, MilepostError)) as caught:
            bench.ingest()
    known = caught.value if isinstance(caught.value, MilepostError) else of_storage(caught.value)
    assert known is not None
    assert "space" in str(known)
    assert bench.rows("order_line") == before
    assert {d.state for d in bench.deliveries()} <= {"active", "received"}
    assert_next_run_goes_on(bench, tmp_path)


def test_a_disk_that_really_takes_no_more_stops_the_lake_and_nothing_counts(bench: Bench, tmp_path: Path) -> None:
    """The kernel itself refuses: no file of this process may grow beyond the limit."""
    rows = [f"E{n},Person {n},,1,1,2026-02-01,{os.urandom(60).hex()}" for n in range(3000)]
    bench.drop("large.csv", csv_text(*rows))
    code = (
        "import resource, sys; from pathlib import Path; from tests.ingestion_bench import Bench\n"
        "from ingestion.errors import MilepostError, of_storage\n"
        "bench = Bench(Path(sys.argv[1]))\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, resource.RLIM_INFINITY))\n"
        "try:\n    bench.ingest()\n"
        "except (MilepostError, OSError) as error:\n"
        "    known = error if isinstance(error, MilepostError) else of_storage(error)\n"
        "    sys.exit(str(known))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(bench.home.root)], cwd=PROJECT, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
    )  # fmt: skip
    assert done.returncode == 1
    assert "space" in done.stderr.splitlines()[-1]
    assert bench.rows("order_line", "count(*)") == [(1,)]
    (bench.home.inbox / "shop" / "large.csv").unlink()
    bench.ingest()
    assert bench.rows("order_line", "count(*)") in ([(42,)], [(3042,)])
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


def test_a_file_that_changes_between_the_look_and_the_archive_waits(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = bench.home.inbox / "shop" / "a.csv"
    from ingestion import receive as room

    original = room.encrypt_file

    def change_first(source: Path, target: Path, keys: object) -> None:
        if source == path:
            path.write_text(csv_text(*GOOD, BAD, "Z9,x,,1,1,2026-02-01,"), encoding="utf-8")
        original(source, target, keys)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(room, "encrypt_file", change_first)
        result = bench.ingest()
    assert result.receipt.waiting == ["shop/a.csv"]
    assert len(list(bench.home.archive.rglob("*.mpf"))) == 2, "no bytes lie under the hash of others"
    path.write_text(csv_text(*GOOD, BAD), encoding="utf-8")
    assert_next_run_goes_on(bench, tmp_path)


@pytest.mark.parametrize("moment", ["archive", "read"])
def test_a_file_that_goes_while_it_is_taken_in_does_not_stop_the_others(
    bench: Bench, tmp_path: Path, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = bench.home.inbox / "shop" / "a.csv"
    content = path.read_bytes()
    seam = "ingestion.receive.encrypt_file" if moment == "archive" else "ingestion.batch.sources.find_in_text"
    module, name = seam.rsplit(".", 1)
    original: Callable[..., object] = getattr(sys.modules[module], name)

    def go_first(*arguments: object, **named: object) -> object:
        if moment == "read" or arguments[0] == path:
            path.unlink(missing_ok=True)
        return original(*arguments, **named)

    with monkeypatch.context() as patch:
        patch.setattr(seam, go_first)
        try:
            bench.ingest()
        except TransientError:
            assert moment == "read"  # the engine found it gone: what is retried reads the archived bytes
    if moment == "archive":
        assert sorted(d.file_name for d in bench.deliveries()) == ["first.csv", "packed/b.csv"]
        path.write_bytes(content)
    assert_next_run_goes_on(bench, tmp_path)


def test_what_may_not_be_read_is_told_and_the_others_go_on(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = bench.home.inbox / "shop" / "a.csv"
    original = Path.open

    def refuse(self: Path, *arguments: object, **named: object) -> object:
        if self == closed:
            raise PermissionError(errno.EACCES, "Permission denied", str(self))
        return original(self, *arguments, **named)  # type: ignore[call-overload]

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", refuse)
        result = bench.ingest()
    assert result.receipt.unreadable == ["shop/a.csv: cannot be read (PermissionError)"]
    assert [d.file_name for d in result.deliveries] == ["packed/b.csv"]
    assert closed.exists()
    assert_next_run_goes_on(bench, tmp_path)


def test_a_folder_that_may_not_be_read_is_told_too(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = bench.home.inbox / "shop" / "packed"
    original = os.scandir

    def refuse(path: object = ".") -> object:
        if str(path) == str(closed):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return original(path)  # type: ignore[call-overload]

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", refuse)
        result = bench.ingest()
    assert [text.split(":")[0] for text in result.receipt.unreadable] == ["shop/packed"]
    assert [d.file_name for d in result.deliveries] == ["a.csv"]


def test_a_second_process_waits_or_says_who_holds_the_lock(bench: Bench) -> None:
    code = (
        "import sys, time; from pathlib import Path; from ingestion.home import Home\n"
        "from ingestion.lock import home_lock\n"
        "with home_lock(Home(Path(sys.argv[1])), 'milepost run'):\n"
        "    print('held', flush=True); time.sleep(float(sys.argv[2]))\n"
    )
    command = [sys.executable, "-c", code, str(bench.home.root)]
    other = subprocess.Popen([*command, "60"], cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with (
            pytest.raises(TransientError, match=rf"in use by milepost run \(process {other.pid} on "),
            home_lock(bench.home, "a person"),
        ):
            pass
    finally:
        other.kill()  # however it ends, the lock is free
        other.wait()
    with home_lock(bench.home, "a person"):
        pass
    other = subprocess.Popen([*command, "1"], cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None
    other.stdout.readline()
    with home_lock(bench.home, "a person", wait_seconds=30):
        pass
    assert other.wait() == 0


def test_what_an_engine_says_of_a_full_disk_is_told_as_such_and_nothing_else_is() -> None:
    full = duckdb.IOException("Could not write all bytes to file: No space left on device")
    assert "no space is left" in str(of_storage(full))
    assert "no space is left" in str(of_storage(OSError(errno.EDQUOT, "quota")))
    denied = of_storage(PermissionError(errno.EACCES, "Permission denied", "/data/home/lake"))
    assert denied is not None
    assert (denied.what, denied.where) == ("permission denied", "/data/home/lake")
    assert of_storage(duckdb.ConversionException("Could not convert string 'Zhang Wei'")) is None
    assert of_storage(ValueError("No space left")) is None
    assert of_storage(FileNotFoundError(errno.ENOENT, "gone")) is None
