"""Landing: what is pulled goes, hashed and encrypted as it is written, into the archive, and becomes a delivery.

Belongs here: the file on its way and its registration. Nothing clear touches a disk. Not here: reading sources.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pyarrow as pa

from ingestion.contracts.model import Contract, FileFormat
from ingestion.home import Home
from ingestion.ledger.manifest import sync_folder
from ingestion.privacy.crypt import Sealer
from ingestion.privacy.keys import Keys

#: Folder below the archive for files on their way; swept when pulling starts.
ON_THE_WAY = "_pulling"
SUFFIXES = {FileFormat.PARQUET: ".parquet", FileFormat.CSV: ".csv.gz", FileFormat.JSONL: ".jsonl.gz"}


class Landing(io.RawIOBase):
    """A file being pulled: what is written to it is hashed and encrypted at once."""

    def __init__(self, path: Path, keys: Keys) -> None:
        super().__init__()
        self.path = path
        self.byte_count = 0
        self._digest = hashlib.sha256()
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._file = os.fdopen(descriptor, "wb")
        self._sealer = Sealer(self._file, keys)
        self._is_whole = False

    @property
    def sha256(self) -> str:
        """Hash of the clear content so far."""
        return self._digest.hexdigest()

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.byte_count

    def write(self, block: Any) -> int:
        data = bytes(block)
        self._digest.update(data)
        self._sealer.write(data)
        self.byte_count += len(data)
        return len(data)

    def settle(self) -> None:
        """Make the file whole and durable."""
        if not self._is_whole:
            self._sealer.finish()
            self._file.flush()
            os.fsync(self._file.fileno())
            self._is_whole = True

    def move(self, target: Path) -> None:
        """Give the whole file its place; where one of the same content is there, that one stays."""
        assert self._is_whole, "settle comes first"
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not target.exists():
            self.path.replace(target)
            sync_folder(target.parent)

    def release(self) -> None:
        """Close the file, and remove it where it was not moved."""
        self._file.close()
        self.path.unlink(missing_ok=True)


@contextmanager
def landing(home: Home, keys: Keys) -> Iterator[Landing]:
    """A new file on its way; gone afterwards unless it was moved."""
    folder = home.archive / ON_THE_WAY
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = Landing(folder / secrets.token_hex(8), keys)
    try:
        yield file
    finally:
        file.release()


def sweep(home: Home) -> None:
    """Remove what a killed pull left on its way; only while no pull runs."""
    for path in (home.archive / ON_THE_WAY).glob("*"):
        path.unlink()


class TableWriter:
    """Writes batches of columns of text as Parquet or as compressed delimited text, as the contract reads it."""

    def __init__(self, file: Landing, contract: Contract, names: Sequence[str]) -> None:
        self._schema = pa.schema([(name, pa.string()) for name in names])
        self._packed: gzip.GzipFile | None = None
        self._writer: Any
        if contract.file.format is FileFormat.PARQUET:
            import pyarrow.parquet as pq

            self._writer = pq.ParquetWriter(file, self._schema, compression="zstd")
        else:
            from pyarrow import csv

            # no name and no time in the header: the same rows give the same bytes
            self._packed = gzip.GzipFile("", "wb", 6, cast(Any, file), mtime=0)
            options = csv.WriteOptions(delimiter=contract.file.delimiter, quoting_style="all_valid")
            self._writer = csv.CSVWriter(self._packed, self._schema, write_options=options)

    def write(self, columns: Sequence[pa.Array]) -> None:
        """Add a batch."""
        self._writer.write_batch(pa.record_batch(list(columns), schema=self._schema))

    def close(self) -> None:
        self._writer.close()
        if self._packed is not None:
            self._packed.close()


class RecordWriter:
    """Writes records as compressed JSON lines."""

    def __init__(self, file: Landing) -> None:
        self._packed = gzip.GzipFile("", "wb", 6, cast(Any, file), mtime=0)

    def write(self, records: Iterable[Mapping[str, Any]]) -> None:
        for record in records:
            self._packed.write(json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")

    def close(self) -> None:
        self._packed.close()
