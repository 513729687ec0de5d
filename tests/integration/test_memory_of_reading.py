"""Memory does not grow with the file: measured in a process of its own, on files that no test keeps.

Files of 1 GB are read where MILEPOST_LARGE_FILES is set.
"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import PROJECT

MIB = 2**20
LIMIT_MIB = 150
#: Lines of the file that is repeated; about 100 bytes each.
_RECORD = "A{0:09d},张伟,13812345678,{1},3.50,2026-02-01,请尽快发货 {0} please send it soon\n"
_HEADINGS = "Order,Customer,Phone,Quantity,Price,Ordered,Note\n"

#: Reads a file as a batch does, from the way it lies to rows that are counted, and says what that took.
_MEASURE = """
import re, sys
from contextlib import ExitStack
from pathlib import Path
from ingestion.batch.sources import open_sources
from ingestion.batch.staging import _text_relation
from ingestion.engine import open_engine
from ingestion.home import Home
from ingestion.ledger.deliveries import RECEIVED, Delivery
from ingestion.batch.sources import stamp
from ingestion.contracts.model import FileFormat, FileRule
from ingestion.readers.encoding import decide, scan
from ingestion.readers.probe import is_packed
from tests.ingestion_bench import KEYS, NOW, invented_contract

path, form = Path(sys.argv[1]), FileFormat(sys.argv[2])
contract = invented_contract(file=FileRule(form, re.compile(".*")))
home = Home(path.parent / "home").ensure()
with path.open("rb") as file:
    found = scan(file)
is_text = form is not FileFormat.PARQUET and not is_packed(path.name)
encoding = decide(found, "gb18030", lambda: path.open("rb")) if is_text else None
delivery = Delivery(
    delivery_seq=1, delivery_id="d", source_system="", contract=contract.id, contract_version="1",
    contract_fingerprint="f", file_name=path.name, sha256=found.sha256, byte_count=found.byte_count,
    encoding=encoding, state=RECEIVED, state_reason=None, is_confirmed=False, received_at=NOW, state_at=NOW,
    archived_as=None, duplicate_of_seq=None, inbox_stamp=stamp(path), run_id=None,
)
with open_engine(home.scratch, "150MB", 2) as engine:
    with open_sources(home, [delivery], contract, KEYS, path.parent) as (sources, refusals):
        assert not refusals, refusals
        relation = _text_relation(sources, len(sources[0].layout.headings), contract, 0, is_tolerant=False)
        counted = engine.execute(f"select count(*), count(distinct c0[:5]), max(length(c6)) from {relation}").fetchone()
        # files in memory are no part of a process's own
        opened = [Path(f"/proc/self/fd/{number}") for number in range(256)]
        held = sum(fd.stat().st_size for fd in opened if fd.is_symlink() and "memfd" in str(fd.readlink()))
    assert not list(home.scratch.glob("stream-*")), "temporary streams are gone"
# not getrusage: its peak counts what the process was before it became this program
status = Path("/proc/self/status").read_text()
peak = int(re.search(r"VmHWM:\\s+(\\d+) kB", status)[1]) * 1024
print("measured", counted[0], (peak + held) // 2**20)
"""


def measure(path: Path, form: str) -> tuple[int, int]:
    """Records, and the peak of memory in MiB."""
    done = subprocess.run(
        [sys.executable, "-c", _MEASURE, str(path), form], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    records, peak = done.stdout.split("measured")[1].split()
    return int(records), int(peak)


def write(path: Path, form: str, size: int) -> int:
    """A file of that many bytes before packing; how many records it has."""
    per_block = 10_000
    encoding = "gb18030" if "gb18030" in path.name else "utf-16-le" if "utf16" in path.name else "utf-8"
    written = records = 0
    if form == "parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        names = _HEADINGS.strip().split(",")
        rows = (_RECORD.strip().format(n, n % 9 + 1).split(",") for n in range(per_block))
        table = pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in rows])
        with pq.ParquetWriter(path, table.schema, compression="none", use_dictionary=False) as writer:
            while written < size:
                writer.write_table(table)
                written, records = path.stat().st_size, records + per_block
        return records
    names = _HEADINGS.strip().split(",")
    with gzip.open(path, "wb", compresslevel=1) if path.suffix == ".gz" else path.open("wb") as file:
        if form == "csv":
            file.write((b"\xff\xfe" if encoding == "utf-16-le" else b"") + _HEADINGS.encode(encoding))
        lines = [_RECORD.format(n, n % 9 + 1) for n in range(per_block)]
        if form == "jsonl":
            lines = [
                json.dumps(dict(zip(names, line.strip().split(","), strict=True)), ensure_ascii=False) + "\n"
                for line in lines
            ]
        block = "".join(lines).encode(encoding)
        while written < size:
            file.write(block)
            written, records = written + len(block), records + per_block
    return records


CASES = [
    ("orders.gb18030.csv", "csv"), ("orders.utf16.csv", "csv"), ("orders.csv.gz", "csv"), ("orders.jsonl", "jsonl"),
    ("orders.jsonl.gz", "jsonl"), ("orders.parquet", "parquet"),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("name", "form"), CASES)
def test_a_large_file_is_read_in_flat_memory(tmp_path: Path, name: str, form: str) -> None:
    small, large = tmp_path / "small", tmp_path / "large"
    peaks = []
    for folder, size in ((small, 15 * MIB), (large, 150 * MIB)):
        folder.mkdir()
        records = write(folder / name, form, size)
        read, peak = measure(folder / name, form)
        assert read == records
        peaks.append(peak)
        (folder / name).unlink()
    # the engine's limit and what a process has without it; a file held in memory would come on top
    assert peaks[1] < LIMIT_MIB + 250, peaks


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get("MILEPOST_LARGE_FILES"), reason="1 GB each: set MILEPOST_LARGE_FILES")
@pytest.mark.parametrize(("name", "form"), CASES)
def test_a_file_of_1_gb_is_read_in_flat_memory(tmp_path: Path, name: str, form: str) -> None:
    records = write(tmp_path / name, form, 1024 * MIB)
    read, peak = measure(tmp_path / name, form)
    assert read == records
    assert peak < LIMIT_MIB + 250, peak
