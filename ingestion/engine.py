"""The engine that ingestion computes in: an in-memory DuckDB whose spill files are encrypted.

Belongs here: opening it and the functions it gets. Not here: any statement on data.
"""

from __future__ import annotations

import shutil
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.errors import MilepostError


@contextmanager
def open_engine(scratch: Path, memory_limit: str | None = None, threads: int | None = None) -> Iterator[Any]:
    """A DuckDB connection in memory, spilling encrypted files to a folder of its own below `scratch`.

    `memory_limit` as DuckDB writes it ("4GB"; default: half of the machine's memory). Time zone UTC; rows keep the
    order of the files they were read from. The folder is removed at the end.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    spill = scratch / "spill"
    connection: Any = duckdb.connect(":memory:")
    try:
        connection.execute(f"load '{quote_path(_extension('httpfs'))}'")
        connection.execute(f"set temp_directory = '{quote_path(spill)}'")
        connection.execute("set temp_file_encryption = true")
        connection.execute(f"set memory_limit = '{memory_limit or _half_of_memory()}'")
        if threads is not None:
            connection.execute(f"set threads = {int(threads)}")
        connection.execute("set preserve_insertion_order = true")
        connection.execute("set TimeZone = 'UTC'")
        connection.execute("set autoinstall_known_extensions = false")
        connection.execute("set autoload_known_extensions = false")
        connection.create_function("nfkc", kept_alive(_nfkc), ["VARCHAR"], "VARCHAR", type="arrow")
        yield connection
    finally:
        connection.close()
        shutil.rmtree(spill, ignore_errors=True)


def kept_alive(function: Callable[..., Any]) -> Callable[..., Any]:
    """The Arrow function, with its last results kept alive, for `create_function`.

    DuckDB 1.5.5 reads texts longer than 12 bytes in place, also after it let the function's result go: in the second
    branch of coalesce or case it then finds other bytes there. A result is read before its thread asks for the next one,
    so as many are kept as no machine has threads.
    """
    results: deque[Any] = deque(maxlen=1024)

    @wraps(function)
    def keeping(*arguments: Any) -> Any:
        result = function(*arguments)
        results.append(result)
        return result

    return keeping


def quote(text: str) -> str:
    """Text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def quote_name(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def quote_path(path: Path) -> str:
    """Path for use between single quotes."""
    return str(path).replace("'", "''")


def _nfkc(values: Any) -> Any:
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    return pc.utf8_normalize(values, form="NFKC")


def _extension(name: str) -> Path:
    """Path of a DuckDB extension that was installed as a Python package (nothing is downloaded)."""
    spec = find_spec(f"duckdb_extension_{name}")
    folders = [] if spec is None else list(spec.submodule_search_locations or ())
    for folder in folders:
        for path in Path(folder).glob(f"extensions/v{duckdb.__version__}/{name}.duckdb_extension"):
            return path
    raise MilepostError(
        f"DuckDB's extension {name} for version {duckdb.__version__} is not installed",
        remedy=f"Install duckdb-extension-{name}=={duckdb.__version__}: without it spill files are not encrypted",
    )


def _half_of_memory() -> str:
    import os

    pages, page_size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    total = pages * page_size
    limit = Path("/sys/fs/cgroup/memory.max")  # of a container
    if limit.exists() and (text := limit.read_text().strip()).isdigit():
        total = min(total, int(text))
    return f"{total // 2 // 2**20}MB"
