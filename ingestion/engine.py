"""The engine that ingestion computes in: an in-memory DuckDB whose spill files are encrypted.

Belongs here: opening it and the functions it gets. Not here: any statement on data.
"""

from __future__ import annotations

import shutil
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb

from ingestion.errors import MilepostError


@contextmanager
def open_engine(scratch: Path, memory_limit: str | None = None, threads: int | None = None) -> Iterator[Any]:
    """A DuckDB connection in memory, spilling encrypted files to a folder of its own below `scratch`.

    `memory_limit` as DuckDB writes it ("4GB"; default: half of the machine's memory). Time zone UTC; rows keep the
    order of the files they were read from. The folder is removed at the end.
    """
    from ingestion.readers.streams import file_system

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
        # a long list of words would become a join, and a join does not keep the order of records
        connection.execute("set disabled_optimizers = 'in_clause'")
        connection.execute("set TimeZone = 'UTC'")
        connection.execute("set autoinstall_known_extensions = false")
        connection.execute("set autoload_known_extensions = false")
        connection.register_filesystem(file_system())
        add_text_function(connection, "nfkc", _nfkc, 1)
        yield connection
    finally:
        connection.close()
        shutil.rmtree(spill, ignore_errors=True)


def add_text_function(connection: Any, name: str, function: Callable[..., str | None], arguments: int) -> None:
    """Give the engine a function on one or two texts, called value by value; null where an argument is.

    Not as a function on Arrow arrays: DuckDB 1.5.5 reads texts of more than 12 bytes in place, also after it let the
    function's result go, and then finds other bytes there.
    """

    def of_one(value: str | None) -> str | None:
        return None if value is None else function(value)

    def of_two(value: str | None, option: str | None) -> str | None:
        return None if value is None or option is None else function(value, option)

    texts = ["VARCHAR"] * arguments
    connection.create_function(name, of_one if arguments == 1 else of_two, texts, "VARCHAR", null_handling="special")


def quote(text: str) -> str:
    """Text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def quote_name(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def quote_path(path: Path) -> str:
    """Path for use between single quotes."""
    return str(path).replace("'", "''")


def _nfkc(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


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
