"""Keys from a command, new versions of the encryption key, and tokens under another key."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from ingestion import rotation
from ingestion.errors import MilepostError
from ingestion.identity.resolve import resolve_customers
from ingestion.ledger.deliveries import list_lake_parts
from ingestion.parts import file_sha256
from ingestion.privacy import rotate
from ingestion.privacy.crypt import open_decrypted
from ingestion.privacy.keys import Keys, load_keys, with_new_token_key, with_new_version, write_key_file
from ingestion.privacy.tokens import tokenise
from ingestion.privacy.vault import Vault, keys_in_use
from tests.ingestion_bench import KEYS, NOW, Bench
from tests.unit.ingestion.test_person_erased import ANN, BOB, HEADINGS, contract


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    bench = Bench(tmp_path / "home", (contract(),))
    good = [f"P{n},Q{n},Some {chr(65 + n)}b,,q{n}@example.org,,,1,," for n in range(24)]
    bench.drop("a.csv", "\n".join([HEADINGS, ANN, BOB, *good, "X,K1,y,,,,,-1,,"]) + "\n", "crm")
    bench.ingest()
    resolve_customers(bench.home, bench.ledger, KEYS, NOW)
    return bench


def all_values(bench: Bench, keys: Keys) -> list[tuple[str, str]]:
    vault = Vault(bench.home.vault, keys)
    tokens = vault.known_tokens().to_pylist()
    return sorted((identifier, value) for identifier, _, value in vault.values(tokens))


def test_a_command_prints_the_key(tmp_path: Path) -> None:
    file = tmp_path / "key"
    write_key_file(file, KEYS)
    assert load_keys({"MILEPOST_KEY_COMMAND": f"cat '{file}'"}).token_key == KEYS.token_key
    assert load_keys({}, key_command=f"{sys.executable} -c \"print('5f' * 32)\"").active_version == 1
    for bad in ("false", "no-such-command", "true", "cat 'unclosed"):
        with pytest.raises(MilepostError) as caught:
            load_keys({"MILEPOST_KEY_COMMAND": bad})
        assert bad not in str(caught.value)
    with pytest.raises(MilepostError, match="both"):
        load_keys({"MILEPOST_KEY_COMMAND": "x", "MILEPOST_KEY": "5f" * 32})


def test_a_key_file_keeps_versions_and_token_keys(tmp_path: Path) -> None:
    keys = with_new_token_key(with_new_version(replace(KEYS, former_token_keys=(secrets.token_bytes(32),))))
    write_key_file(tmp_path / "key", keys)
    assert load_keys({"MILEPOST_KEY_FILE": str(tmp_path / "key")}) == keys
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    with pytest.raises(MilepostError, match="exists already"):
        write_key_file(tmp_path / "key", keys)


def test_a_run_without_a_usable_key_reads_no_byte(tmp_path: Path) -> None:
    inbox = tmp_path / "home" / "inbox" / "crm"
    inbox.mkdir(parents=True)
    (inbox / "a.csv").write_text(HEADINGS + "\n" + ANN + "\n", encoding="utf-8")
    code = (
        "import sys\n"
        "def look(event, arguments):\n"
        "    if event == 'open' and str(arguments[0]).endswith('a.csv'): print('READ', arguments[0])\n"
        "sys.addaudithook(look)\n"
        "from orchestration.cli.main import main\n"
        "sys.exit(main(['run']))\n"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MILEPOST")}
    done = subprocess.run(
        [sys.executable, "-c", code], env={**environment, "MILEPOST_HOME": str(tmp_path / "home")}, text=True,
        capture_output=True, check=False, cwd=Path(__file__).resolve().parents[3],
    )  # fmt: skip
    assert done.returncode != 0 and "no key for personal data" in done.stderr
    assert "READ" not in done.stdout
    assert not list((tmp_path / "home").glob("archive/**/*")) and not list((tmp_path / "home").glob("vault/*"))


def test_re_encryption_can_be_read_at_any_moment_and_goes_on_after_a_kill(bench: Bench) -> None:
    before = all_values(bench, KEYS)
    both = with_new_version(KEYS)
    total = sum(rotate.versions_in_use(bench.home).values())
    seen = []

    def killed(path: Path) -> None:
        seen.append(path)
        assert all_values(bench, both) == before  # half of the files are old, half are new
        if len(seen) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rotate.re_encrypt(bench.home, both, killed)
    assert rotation.rotate_encryption(bench.home, bench.ledger, both, NOW, limit=2) == 2
    assert rotation.rotations(bench.ledger)[0]["ended_at"] is None
    rest = rotation.rotate_encryption(bench.home, bench.ledger, both, NOW)
    assert rest == total - 5
    assert rotate.versions_in_use(bench.home) == {2: total}
    assert [r["ended_at"] for r in rotation.rotations(bench.ledger)] == [NOW]
    only_new = replace(both, encryption_keys={2: both.encryption_keys[2]})
    assert all_values(bench, only_new) == before
    (delivery,) = bench.deliveries()
    with open_decrypted(bench.home.archive / str(delivery.archived_as), only_new) as file:
        assert ANN in file.read().decode()
    for part in list_lake_parts(bench.ledger):
        assert part.sha256 in (None, file_sha256(bench.home.root / part.path))


@pytest.mark.parametrize("place", ["", "drop_snapshots", "re_tokenise_vault", "finish_tokens"])
def test_new_tokens_everywhere_and_the_same_persons(bench: Bench, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = all_values(bench, KEYS)
    links = bench.rows("customer_link", "customer_id, source_customer_key")
    old = bench.rows("customer", "phone_token", "source_customer_key = 'K7'")[0][0]
    keys = with_new_token_key(KEYS)

    def go() -> Keys:
        return rotation.rotate_tokens(bench.home, bench.ledger, keys, NOW, lambda _: {})[0]

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    if place:
        with monkeypatch.context() as patch:
            patch.setattr(rotation, place, killed)
            with pytest.raises(KeyboardInterrupt):
                go()
        with pytest.raises(MilepostError, match="broken off"):
            Vault(bench.home.vault, keys)
    after = go()
    assert keys_in_use(bench.home.vault, keys) == after
    assert all_values(bench, after) == before
    new = bench.rows("customer", "phone_token", "source_customer_key = 'K7'")[0][0]
    assert new != old and [new] == tokenise(pa.array(["+8613812345678"]), "phone", after).to_pylist()
    assert bench.rows("customer_link", "customer_id, source_customer_key") == links
    assert Vault(bench.home.vault, after).quasi_values(["crm|K7"])
    with pytest.raises(MilepostError, match="not the one that this vault was made with"):
        Vault(bench.home.vault, KEYS)
    bench_keys = resolve_customers(bench.home, bench.ledger, after, NOW)
    assert (bench_keys.new, bench_keys.merged, bench_keys.split) == (0, 0, 0)
    for path in bench.home.lake.glob("*/*.parquet"):
        assert str(old).encode() not in path.read_bytes()


def test_composed_keys_are_exchanged_and_long_words_are_not(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    old, new, other = "a" * 32, "b" * 32, "c" * 32
    pq.write_table(
        pa.table({"unit": [f"{old}|7", f"shop:{old}", old, other, "x" + old, None], "n": list(range(6))}),
        tmp_path / "t.parquet",
    )
    exchange = rotate.TokenExchange(pa.table({"old": [old, new], "new": [new, new]}))
    assert exchange.rewrite(tmp_path / "t.parquet") == 3
    table = pq.read_table(tmp_path / "t.parquet")
    assert table["unit"].to_pylist() == [f"{new}|7", f"shop:{new}", new, other, "x" + old, None]
    assert table["n"].to_pylist() == list(range(6))
    assert exchange.rewrite(tmp_path / "t.parquet") == 0
