"""Encryption of values and files, and the vault."""

from __future__ import annotations

import base64
import stat
import zipfile
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from ingestion.errors import MilepostError
from ingestion.privacy.crypt import (
    CHUNK_BYTES,
    TAG_BYTES,
    decrypt_values,
    encrypt_file,
    encrypt_values,
    is_encrypted,
    open_decrypted,
)
from ingestion.privacy.keys import Keys
from ingestion.privacy.tokens import tokenise
from ingestion.privacy.vault import SCHEMA, Vault

KEYS = Keys(b"t" * 32, {1: b"1" * 32})
ROTATED = Keys(b"t" * 32, {1: b"1" * 32, 2: b"2" * 32}, 2)
HEADER = 21


def test_values_come_back_and_differ_each_time() -> None:
    values, bound = pa.array(["张三", None, ""]), pa.array(["a", "b", "c"])
    first, second = encrypt_values(values, bound, KEYS), encrypt_values(values, bound, KEYS)
    assert decrypt_values(first, bound, KEYS).cast(pa.string()).to_pylist() == ["张三", None, ""]
    assert first[0] != second[0]
    assert "张三".encode() not in first[0].as_py()


def test_value_is_bound_to_its_place_and_key() -> None:
    bound = pa.array(["a", "b"])
    sealed = encrypt_values(pa.array(["x", "y"]), bound, KEYS)
    with pytest.raises(MilepostError, match="does not open"):
        decrypt_values(sealed.take(pa.array([1, 0])), bound, KEYS)
    with pytest.raises(MilepostError, match="does not open"):
        decrypt_values(sealed, bound, Keys(b"t" * 32, {1: b"9" * 32}))
    with pytest.raises(MilepostError, match="key version 2"):
        decrypt_values(encrypt_values(pa.array(["x"]), bound[:1], ROTATED), bound[:1], KEYS)
    assert decrypt_values(sealed, bound, ROTATED).to_pylist() == [b"x", b"y"]


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES, 700_001])
def test_file_comes_back(tmp_path: Path, size: int) -> None:
    content = (b"0123456789abcdef" * (size // 16 + 1))[:size]
    source, target = tmp_path / "export.csv", tmp_path / "export.csv.enc"
    source.write_bytes(content)
    encrypt_file(source, target, KEYS)
    assert is_encrypted(target) and not is_encrypted(source)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    with open_decrypted(target, KEYS) as clear:
        assert clear.read() == content
        clear.seek(size // 2)
        assert clear.read(10) == content[size // 2 : size // 2 + 10]
    if size > 16:  # a single byte is found in any cipher text by chance
        assert content[:64] not in target.read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["export.csv", "export.csv.enc"]


def test_archive_opens_without_a_clear_copy(tmp_path: Path) -> None:
    source, target = tmp_path / "a.zip", tmp_path / "a.zip.enc"
    with zipfile.ZipFile(source, "w") as archive:
        archive.writestr("orders.csv", "id\n1\n")
    encrypt_file(source, target, KEYS)
    with open_decrypted(target, KEYS) as clear, zipfile.ZipFile(clear) as archive:
        assert archive.read("orders.csv") == b"id\n1\n"


def _sealed(tmp_path: Path) -> Path:
    source, target = tmp_path / "s", tmp_path / "t"
    source.write_bytes(b"A" * CHUNK_BYTES + b"B" * CHUNK_BYTES + b"C" * 10)
    encrypt_file(source, target, KEYS)
    return target


def _read(path: Path, keys: Keys = KEYS) -> bytes:
    with open_decrypted(path, keys) as clear:
        return clear.read()


def test_changes_of_a_file_are_found(tmp_path: Path) -> None:
    whole = _sealed(tmp_path).read_bytes()
    step = CHUNK_BYTES + TAG_BYTES
    first, second, last = whole[HEADER : HEADER + step], whole[HEADER + step : HEADER + 2 * step], whole[-26:]
    assert whole == whole[:HEADER] + first + second + last
    flipped = bytearray(whole)
    flipped[HEADER + 5] ^= 1
    for changed in (
        whole[:-1],  # cut inside a chunk
        whole[: HEADER + 2 * step],  # cut at a chunk's end
        whole[:HEADER] + second + first + last,  # reordered
        whole[:HEADER] + first + first + last,  # repeated
        whole[:HEADER] + first + last,  # left out
        bytes(flipped),
        whole[:10],
        b"plain text",
    ):
        path = tmp_path / "changed"
        path.write_bytes(changed)
        with pytest.raises(MilepostError):
            _read(path)
    with pytest.raises(MilepostError):
        _read(_sealed(tmp_path), Keys(b"t" * 32, {1: b"9" * 32}))
    assert len(_read(_sealed(tmp_path), ROTATED)) == 2 * CHUNK_BYTES + 10


def _stage(vault: Vault, batch: str, values: list[str | None], identifier: str = "phone") -> Path | None:
    clear = pa.array(values, pa.string())
    return vault.stage(batch, identifier, tokenise(clear, identifier, vault.keys), clear)


def test_vault_keeps_each_token_once_and_reads_back(tmp_path: Path) -> None:
    vault = Vault(tmp_path, KEYS)
    assert vault.identifiers() == () and vault.reveal(["x"]) == {} and len(vault.known_tokens()) == 0
    part = _stage(vault, "b1", ["13812340001", None, "13812340001", "13812340002"])
    assert part is not None and part.name == "b1-phone.parquet"
    vault.settle("b1")
    assert _stage(vault, "b2", ["13812340001"]) is None
    second = _stage(vault, "b2", ["13812340001", "13812340003"])
    assert second is not None and second.name == "b2-phone.parquet"
    again = _stage(vault, "b2", ["13812340001", "13812340003", "13812340004"])
    assert again is not None and again.name == "b2-2-phone.parquet"
    _stage(vault, "b2", ["ann@example.com"], "email")
    assert vault.identifiers() == ("email", "phone")
    assert len(vault.known_tokens("phone")) == 4
    assert len(vault.known_tokens()) == 5
    with duckdb.connect() as con:
        assert vault.tokens_relation(con).distinct().count("*").fetchone() == (5,)
        assert vault.tokens_relation(con, "email").count("*").fetchone() == (1,)
        table = con.sql(f"select * from '{part}'").to_arrow_table()
    assert table.schema.names == SCHEMA.names
    assert b"1381234" not in b"".join(p.read_bytes() for p in vault.parts())
    tokens = tokenise(pa.array(["13812340004", "ann@example.com", "none@example.com"]), "phone", KEYS)
    emails = tokenise(pa.array(["ann@example.com"]), "email", KEYS)
    assert set(vault.reveal([tokens[0].as_py(), emails[0].as_py(), "p" * 32]).values()) == {
        "13812340004",
        "ann@example.com",
    }


def test_tokens_of_an_unsettled_part_are_written_again(tmp_path: Path) -> None:
    vault = Vault(tmp_path, KEYS)
    lost = _stage(vault, "b1", ["13812340001"])
    kept = _stage(vault, "b2", ["13812340001"])
    assert lost is not None and kept is not None
    lost.unlink()  # the batch was never committed: recovery swept it
    token = tokenise(pa.array(["13812340001"]), "phone", KEYS)[0].as_py()
    assert Vault(tmp_path, KEYS).reveal([token]) == {token: "13812340001"}


def test_vault_refuses_another_key_but_takes_a_rotated_one(tmp_path: Path) -> None:
    vault = Vault(tmp_path, KEYS)
    _stage(vault, "b1", ["13812340001"])
    token = tokenise(pa.array(["13812340001"]), "phone", KEYS)[0].as_py()
    assert Vault(tmp_path, ROTATED).reveal([token]) == {token: "13812340001"}
    with pytest.raises(MilepostError, match="not the one") as error:
        Vault(tmp_path, Keys(b"x" * 32, {1: b"1" * 32}))
    assert base64.b64encode(b"x" * 32).decode() not in str(error.value)
