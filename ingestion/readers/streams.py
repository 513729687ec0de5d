"""Streams that the engine reads by a path of their own, without a clear byte on a disk.

Belongs here: paths for opened content, temporary files under a key that only this process knows, and the file system
that gives both to the engine. Not here: what is in them (`delimited.py`, `columnar.py`), encryption
(`ingestion/privacy/crypt.py`).

What cannot be read where it lies (packed, in another encoding than UTF-8, archived) is read through here: content that
can be opened anywhere is offered as it is; what first has to be unpacked or decoded is written in encrypted chunks and
decrypted chunk by chunk while the engine reads. Memory does not grow with the size of the file either way.
"""

from __future__ import annotations

import io
import re
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from ingestion.privacy.crypt import encrypt_stream, open_decrypted
from ingestion.privacy.keys import KEY_BYTES, Keys

PROTOCOL = "milepost"
BLOCK = 4 * 2**20

#: Opens a content anew, from its beginning.
Opener = Callable[[], BinaryIO]

_COLUMNAR = ".parquet"
_offered: dict[str, Opener] = {}


@contextmanager
def offered(opener: Opener, *, is_columnar: bool = False) -> Iterator[str]:
    """Path under which the engine reads what `opener` opens, as long as the context lasts.

    The content has to be seekable: the engine reads it from any place, and more than once. `is_columnar`: a format
    that it reads from many places at once.
    """
    path = f"{PROTOCOL}://{secrets.token_hex(8)}{_COLUMNAR if is_columnar else ''}"
    _offered[path] = opener
    try:
        yield path
    finally:
        del _offered[path]


@contextmanager
def sealed(blocks: Iterator[bytes], scratch: Path, *, is_columnar: bool = False) -> Iterator[str]:
    """Path under which the engine reads the blocks, kept below `scratch` under a key that nobody else ever has."""
    keys = Keys(secrets.token_bytes(KEY_BYTES), {1: secrets.token_bytes(KEY_BYTES)}, 1)
    target = scratch / f"stream-{secrets.token_hex(8)}"
    try:
        encrypt_stream(cast(BinaryIO, io.BufferedReader(_Blocks(blocks), BLOCK)), target, keys, is_durable=False)
        with offered(lambda: open_decrypted(target, keys), is_columnar=is_columnar) as path:
            yield path
    finally:
        target.unlink(missing_ok=True)


@contextmanager
def in_place(path: Path) -> Iterator[str]:
    """Path under which the engine reads a file where it lies."""
    if re.search(r"[*?\[\]{}]", str(path)):  # the engine would look for other files by it
        with offered(lambda: path.open("rb")) as name:
            yield name
    else:
        yield str(path)


def starting_at(opener: Opener, start: int) -> Opener:
    """Opens a content as if it began at that byte."""
    return lambda: cast(BinaryIO, io.BufferedReader(_Rest(opener(), start), BLOCK))


def is_stream(path: str) -> bool:
    """The path is one of ours, not a file's."""
    return path.startswith(f"{PROTOCOL}://")


def open_stream(path: str) -> BinaryIO:
    """What the engine reads under a path, ours or a file's."""
    return _offered[path]() if is_stream(path) else Path(path).open("rb")


def blocks_of(stream: BinaryIO) -> Iterator[bytes]:
    """The stream's bytes in blocks."""
    return iter(lambda: stream.read(BLOCK), b"")


def file_system() -> Any:
    """The file system that answers our paths, to be registered with the engine."""
    import datetime as dt

    from fsspec import AbstractFileSystem

    class Streams(AbstractFileSystem):
        protocol = PROTOCOL
        cachable = False

        def open(self, path: str, mode: str = "rb", **_: Any) -> Any:
            if mode != "rb":
                raise PermissionError("streams are only read")
            return _Handle(_offered[path]) if path.endswith(_COLUMNAR) else _offered[path]()

        def info(self, path: str, **_: Any) -> dict[str, Any]:
            with _offered[path]() as stream:
                return {"name": path, "size": stream.seek(0, io.SEEK_END), "type": "file"}

        def exists(self, path: str, **_: Any) -> bool:
            return path in _offered

        def glob(self, path: str, **_: Any) -> list[str]:
            return [path] if path in _offered else []

        def modified(self, path: str) -> dt.datetime:
            return dt.datetime(2000, 1, 1, tzinfo=dt.UTC)  # nothing is kept between reads

    return Streams()


class _Handle:
    """A stream that several threads of the engine seek and read through one handle: each has a place of its own."""

    def __init__(self, opener: Opener) -> None:
        self._opener = opener
        self._lock = threading.Lock()
        self._own: dict[int, BinaryIO] = {}

    def _stream(self) -> BinaryIO:
        me = threading.get_ident()
        with self._lock:
            if me not in self._own:
                self._own[me] = self._opener()
            return self._own[me]

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._stream().seek(offset, whence)

    def read(self, size: int = -1) -> bytes:
        return self._stream().read(size)

    def tell(self) -> int:
        return self._stream().tell()

    def close(self) -> None:
        for stream in self._own.values():
            stream.close()


class _Rest(io.RawIOBase):
    """A seekable stream from a place on."""

    def __init__(self, stream: BinaryIO, start: int) -> None:
        super().__init__()
        self._stream, self._start = stream, start
        stream.seek(start)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._stream.seek(offset + (self._start if whence == io.SEEK_SET else 0), whence) - self._start

    def tell(self) -> int:
        return self._stream.tell() - self._start

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._stream.close()
        super().close()


class _Blocks(io.RawIOBase):
    """Blocks of bytes as a stream."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        super().__init__()
        self._blocks = blocks
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            block = next(self._blocks, None)
            if block is None:
                return 0
            self._rest = memoryview(block)
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count
