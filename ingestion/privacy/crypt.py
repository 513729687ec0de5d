"""Encryption at rest: single values and whole files, AES-256-GCM.

Belongs here: the two formats. Not here: which values are encrypted (`vault.py`, the engine), keys (`keys.py`).

A value: one byte key version, 12 bytes nonce, ciphertext with tag; what it belongs to (its token and class, say) is
associated data, so that a ciphertext moved to another row does not open.

A file: a header (magic, key version, salt), then chunks of 256 KiB, each encrypted under a key of this file (HKDF of
the encryption key with the salt) with its number and "is the last" in the nonce. A chunk that is changed, left out,
repeated or moved does not open, nor does a file cut at a chunk's end. Chunks open one by one, so the file can be read
from any place.
"""

from __future__ import annotations

import io
import os
import secrets
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ingestion.errors import MilepostError
from ingestion.privacy.keys import Keys

NONCE_BYTES = 12
TAG_BYTES = 16
CHUNK_BYTES = 256 * 1024
_MAGIC = b"MPF1"
_SALT_BYTES = 16
_HEADER_BYTES = len(_MAGIC) + 1 + _SALT_BYTES

_REMEDY = "The data was changed or belongs to another key: use the key it was written with, or restore it from a backup"


def encrypt_values(
    values: pa.Array | pa.ChunkedArray, associated: pa.Array | pa.ChunkedArray, keys: Keys
) -> pa.BinaryArray:
    """Ciphertexts of `values` (text or binary), each bound to the text in the same place of `associated`.

    Null stays null. The same value encrypts differently each time.
    """
    cipher = AESGCM(keys.active_key)
    version = bytes([keys.active_version])
    clear, bound = _octets(values), _octets(associated)
    if len(clear) != len(bound):
        raise ValueError(f"{len(clear)} values, {len(bound)} associated")
    random = secrets.token_bytes(NONCE_BYTES * len(clear))
    result: list[bytes | None] = []
    for place, (value, context) in enumerate(zip(clear, bound, strict=True)):
        if value is None:
            result.append(None)
            continue
        nonce = random[place * NONCE_BYTES : (place + 1) * NONCE_BYTES]
        result.append(version + nonce + cipher.encrypt(nonce, value, version + (context or b"")))
    return pa.array(result, pa.binary())


def decrypt_values(
    ciphertexts: pa.Array | pa.ChunkedArray, associated: pa.Array | pa.ChunkedArray, keys: Keys, *, where: str = "vault"
) -> pa.BinaryArray:
    """The clear values, as binary (cast to text where they were text); null stays null.

    Raises MilepostError where a value does not open: changed, moved, or written with another key.
    """
    ciphers: dict[int, AESGCM] = {}
    result: list[bytes | None] = []
    for data, context in zip(_octets(ciphertexts), _octets(associated), strict=True):
        if data is None:
            result.append(None)
            continue
        if len(data) < 1 + NONCE_BYTES + TAG_BYTES:
            raise MilepostError("an encrypted value is cut short", where=where, remedy=_REMEDY)
        version = data[0]
        if version not in ciphers:
            ciphers[version] = AESGCM(keys.encryption_key(version, where))
        nonce, body = data[1 : 1 + NONCE_BYTES], data[1 + NONCE_BYTES :]
        try:
            result.append(ciphers[version].decrypt(nonce, body, data[:1] + (context or b"")))
        except InvalidTag:
            raise MilepostError("an encrypted value does not open", where=where, remedy=_REMEDY) from None
    return pa.array(result, pa.binary())


def encrypt_file(source: Path, target: Path, keys: Keys) -> None:
    """Write `source` encrypted to `target`: streamed, synced and renamed, so that `target` is whole or absent."""
    with source.open("rb") as clear:
        encrypt_stream(clear, target, keys)


def encrypt_stream(clear: BinaryIO, target: Path, keys: Keys, *, is_durable: bool = True) -> None:
    """Write what `clear` gives encrypted to `target`, which is whole or absent; memory does not grow with it.

    `is_durable`: synced before it gets its name; a temporary file needs no sync.
    """
    unfinished = target.with_name(f".{target.name}.{secrets.token_hex(4)}.unfinished")
    try:
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as sealed:
            sealer = Sealer(sealed, keys)
            while block := clear.read(CHUNK_BYTES):
                sealer.write(block)
            sealer.finish()
            if is_durable:
                sealed.flush()
                os.fsync(sealed.fileno())
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)


class Sealer:
    """Encrypts a file block by block as it is written: what never lay in clear on a disk."""

    def __init__(self, sealed: BinaryIO, keys: Keys) -> None:
        salt = secrets.token_bytes(_SALT_BYTES)
        self._sealed = sealed
        self._header = _MAGIC + bytes([keys.active_version]) + salt
        self._cipher = _file_cipher(keys.active_key, salt)
        self._waiting = bytearray()
        self._number = 0
        sealed.write(self._header)

    def write(self, block: bytes) -> None:
        """Take a block of any length."""
        self._waiting += block
        while len(self._waiting) > CHUNK_BYTES:  # a full chunk waits: it may be the last one
            self._write_chunk(bytes(self._waiting[:CHUNK_BYTES]), is_last=False)
            del self._waiting[:CHUNK_BYTES]

    def finish(self) -> None:
        """Write the last chunk: without it the file does not open."""
        self._write_chunk(bytes(self._waiting), is_last=True)
        self._waiting.clear()

    def _write_chunk(self, chunk: bytes, *, is_last: bool) -> None:
        self._sealed.write(self._cipher.encrypt(_chunk_nonce(self._number, is_last=is_last), chunk, self._header))
        self._number += 1


def open_decrypted(path: Path, keys: Keys) -> BinaryIO:
    """The clear content of an encrypted file as a readable, seekable binary stream; nothing is written to disk.

    Raises MilepostError where the file is not one of ours or is cut short; a damaged chunk raises when it is read.
    """
    return io.BufferedReader(_SealedFile(path, keys), buffer_size=CHUNK_BYTES)


def is_encrypted(path: Path) -> bool:
    """Whether the file begins as `encrypt_file` writes them."""
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


class _SealedFile(io.RawIOBase):
    """Random access over the chunks of an encrypted file."""

    def __init__(self, path: Path, keys: Keys) -> None:
        super().__init__()
        self._where = path.name
        self._file = path.open("rb")
        self._header = self._file.read(_HEADER_BYTES)
        body = path.stat().st_size - _HEADER_BYTES
        if len(self._header) < _HEADER_BYTES or not self._header.startswith(_MAGIC) or body < TAG_BYTES:
            self._file.close()
            raise MilepostError("is not a file encrypted by Milepost, or is cut short", where=self._where)
        self._cipher = _file_cipher(
            keys.encryption_key(self._header[len(_MAGIC)], self._where), self._header[len(_MAGIC) + 1 :]
        )
        sealed_chunk = CHUNK_BYTES + TAG_BYTES
        self._last = (body - 1) // sealed_chunk
        self._size = body - (self._last + 1) * TAG_BYTES
        self._position = 0
        self._cached: tuple[int, bytes] | None = None
        self._chunk(self._last)  # opens only as the last one: proves at once that nothing was cut off

    def _chunk(self, number: int) -> bytes:
        if self._cached is not None and self._cached[0] == number:
            return self._cached[1]
        self._file.seek(_HEADER_BYTES + number * (CHUNK_BYTES + TAG_BYTES))
        sealed = self._file.read(CHUNK_BYTES + TAG_BYTES)
        try:
            clear = self._cipher.decrypt(_chunk_nonce(number, is_last=number == self._last), sealed, self._header)
        except (InvalidTag, ValueError):
            raise MilepostError("does not open", where=self._where, remedy=_REMEDY) from None
        self._cached = (number, clear)
        return clear

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise ValueError("negative seek position")
        self._position = start + offset
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if self._position >= self._size:
            return 0
        number, start = divmod(self._position, CHUNK_BYTES)
        part = self._chunk(number)[start : start + len(buffer)]
        buffer[: len(part)] = part
        self._position += len(part)
        return len(part)

    def close(self) -> None:
        self._cached = None
        self._file.close()
        super().close()


def _file_cipher(key: bytes, salt: bytes) -> AESGCM:
    return AESGCM(HKDF(algorithm=SHA256(), length=32, salt=salt, info=b"milepost file").derive(key))


def _chunk_nonce(number: int, *, is_last: bool) -> bytes:
    return number.to_bytes(NONCE_BYTES - 1, "big") + bytes([is_last])


def _octets(values: pa.Array | pa.ChunkedArray) -> list[bytes | None]:
    return values.cast(pa.binary()).to_pylist()
