"""The scan of everything else: is there clear personal data in any file that a home keeps about its data?

Belongs here: which places there are and how their files are read as text. Not here: what a find is (`scan.py`), marts
of a candidate build (`expectations/personal_data.py`), what a find closes.

A file that was clean is not read again as long as it does not change (`vault/scan.json`); `every=True` reads all, since
a value that came into the vault later may stand in an older file. The inbox holds what is yet to be protected, and the
sample company's truth its invented people: they are no places.
"""

from __future__ import annotations

import json
import re
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from ingestion.engine import quote_path
from ingestion.entity import load_entities
from ingestion.home import Home
from ingestion.privacy.crypt import is_encrypted
from ingestion.privacy.keys import Keys
from ingestion.privacy.scan import ScanFinding, scan_lines, scan_relation
from ingestion.privacy.vault import SCHEMA, Vault

#: Small places that every run writes to, and the large ones.
RUN_PLACES = ("data docs", "dbt", "run metadata", "ledger", "rejects", "spill", "logs")
DATA_PLACES = ("clean lake", "builds", "vault", "archive")
ENCRYPTION = "encryption"
_ID_ENDINGS = ("_id", "_key", "_token", "_mask", "_number", "file_name", "sha256", "_unit", "unit")
_SQLITE = b"SQLite format 3\0"
_PRINTABLE = re.compile(rb"[\x20-\x7e\xc2-\xf4\x80-\xbf]{6,}")
_BLOCK = 2**22
#: What databases keep beside themselves: read with them, as the database reads it. Its bytes are no text: what stands
#: between two values there reads like the sign of a mail address.
_BESIDE_DATABASES = ("-wal", "-shm", "-journal")
#: Files that hold nothing but code and its parse: what dbt compiles is scanned.
_NO_TEXT = (".msgpack", ".gpickle", ".pyc", ".lock")
_PROJECT = ("manifest.json", "semantic_manifest.json", "graph_summary.json")
#: What the pages' own software brings (fonts, pictures, styles).
_ASSETS = "static"
_TEXTS = (".log", ".json", ".yml", ".txt", ".jsonl")
MARKS = "scan.json"
_QUICKLY = " without words"


@dataclass(frozen=True)
class PlaceFinding:
    """Clear personal data in a file of a place: class and count, never a value."""

    place: str
    path: str  # below the home
    kind: str  # exact, pattern; encryption: the file is not encrypted
    identifier: str
    count: int

    def __str__(self) -> str:
        return f"{self.place}: {self.path}: {self.identifier} ({self.kind}), {self.count}"


def scan_places(
    home: Home,
    keys: Keys,
    vault: Vault,
    places: Sequence[str] = RUN_PLACES,
    *,
    phone_regions: Sequence[str] = ("CN",),
    every: bool = False,
    has_words: bool = True,
) -> list[PlaceFinding]:
    """Findings in the places named, of files that changed since they were found clean (`every`: of all).

    Without `has_words`, names, addresses and account names are not looked for in texts: they may be words, and looking
    for them takes long. Such a file is looked at once more where they are.
    """
    marks = {} if every else _marks(home)
    findings: list[PlaceFinding] = []
    seen: dict[str, str] = {}
    suffix = "" if has_words else _QUICKLY
    for place in places:
        changed: list[tuple[Path, str, str]] = []
        for path in _files(home, place):
            name = path.relative_to(home.root).as_posix()
            try:
                stamp = _stamp(path)
            except FileNotFoundError:  # a log that was rotated meanwhile
                continue
            if marks.get(name) not in (stamp, stamp + suffix):
                changed.append((path, name, stamp + suffix))
        texts = [one for one in changed if place != "archive" and one[0].suffix != ".parquet"]
        lines = chain.from_iterable(_lines(path) for path, _, _ in texts)
        if len(texts) > 1 and not scan_lines(
            place, lines, keys, vault, phone_regions=phone_regions, has_words=has_words
        ):  # nothing in any of them, the usual case: told in one pass
            seen |= {name: stamp for _, name, stamp in texts}
            changed = [one for one in changed if one not in texts]
        for path, name, stamp in changed:
            try:
                found = list(_scan(place, path, name, keys, vault, phone_regions, has_words))
            except FileNotFoundError:
                continue
            findings += found
            if not found:
                seen[name] = stamp
    _remember(home, {**_marks(home), **seen})
    return findings


def _files(home: Home, place: str) -> Iterator[Path]:
    if place == "data docs":
        yield from _below(home.data_docs)
    elif place == "dbt":
        # the manifest is the project itself, with the SQL that stands in compiled/ as well
        yield from (path for path in _below(home.dbt_target) if path.name not in _PROJECT)
    elif place == "run metadata":
        yield from _below(home.dagster)
    elif place == "ledger":
        yield from (path for path in (home.ledger,) if path.exists())
    elif place == "rejects":
        yield from _below(home.rejects)
    elif place == "spill":
        for folder in (home.scratch, home.lake / "_staging"):
            yield from _below(folder)
        yield from (path for path in sorted(home.root.glob("warehouse.duckdb.*")) if path.is_file())
        for folder in sorted(home.root.glob("warehouse.duckdb.tmp")):
            yield from _below(folder)
    elif place == "logs":
        yield from (path for path in sorted(home.root.iterdir()) if path.is_file() and path.suffix in _TEXTS)
        yield from _below(home.root / "audit")
        for folder in (home.builds, home.published):
            yield from sorted(folder.glob("*/*.json"))
    elif place == "clean lake":
        yield from sorted(home.lake.glob("[!_]*/*.parquet"))
    elif place == "builds":
        yield from sorted((home.builds / "parts").glob("*/*.parquet"))
    elif place == "vault":
        yield from _below(home.vault / "identifiers")
        yield from sorted(path for path in home.vault.glob("*.json") if path.name != MARKS)
    elif place == "archive":
        yield from _below(home.archive)
    else:
        raise ValueError(f"{place!r} is no place")


def _below(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if (
            path.name.endswith(_BESIDE_DATABASES)
            or path.is_symlink()
            or path.suffix in _NO_TEXT
            or _ASSETS in path.relative_to(folder).parts[:-1]
        ):
            continue
        if path.is_file():
            yield path


def _scan(
    place: str, path: Path, name: str, keys: Keys, vault: Vault, phone_regions: Sequence[str], has_words: bool
) -> Iterator[PlaceFinding]:
    if place == "archive":
        if not is_encrypted(path):
            yield PlaceFinding(place, name, ENCRYPTION, "file", 1)
        return
    if path.suffix == ".parquet" and _is_parquet(path):
        found = _parquet(place, path, keys, vault, phone_regions)
        yield from (PlaceFinding(place, name, f.kind, f"{f.column} {f.identifier}".strip(), f.row_count) for f in found)
        return
    for finding in scan_lines(name, _lines(path), keys, vault, phone_regions=phone_regions, has_words=has_words):
        yield PlaceFinding(place, name, finding.kind, finding.identifier, finding.row_count)


def _is_parquet(path: Path) -> bool:
    try:
        pq.read_schema(path)
    except pa.ArrowInvalid:  # cut off half way: what can be read of it is looked at as text
        return False
    return True


def _lines(path: Path) -> Iterator[str]:
    """A file as lines of text, whatever it is; none where it went meanwhile."""
    try:
        with path.open("rb") as file:
            head = file.read(len(_SQLITE))
        yield from _database_lines(path) if head == _SQLITE else _text_lines(path)
    except FileNotFoundError:
        return


def _parquet(place: str, path: Path, keys: Keys, vault: Vault, phone_regions: Sequence[str]) -> Iterator[ScanFinding]:
    schema = pq.read_schema(path)
    entity = load_entities().get(path.parent.name) if place == "clean lake" else None
    scrubbed = {column.name for column in entity.columns if column.privacy == "scrubbed"} if entity else set()
    texts = [field.name for field in schema if pa.types.is_string(field.type) or pa.types.is_large_string(field.type)]
    octets = [field.name for field in schema if pa.types.is_binary(field.type)]
    is_vault = place == "vault" and set(schema.names) <= set(SCHEMA.names)
    relation = f"read_parquet('{quote_path(path)}', hive_partitioning = false)"
    with duckdb.connect(config={"threads": 2}) as connection:
        if texts and not is_vault:
            ids = {name for name in texts if name.endswith(_ID_ENDINGS)}
            yield from scan_relation(
                connection, relation, texts, ids, keys, vault,
                # words of the business may read like a name; free text holds what people wrote
                business_columns=set(texts) - scrubbed, phone_regions=phone_regions,
            )  # fmt: skip
        for name in octets:
            # what is encrypted is no text: a value that reads as text never was
            row = connection.execute(
                f"select count(*) from {relation} where try(decode({name})) is not null and octet_length({name}) > 0"
            ).fetchone()
            if row and row[0]:
                yield ScanFinding(name, ENCRYPTION, "value", int(row[0]), int(row[0]))


def _database_lines(path: Path) -> Iterator[str]:
    """Every text in every table of an SQLite file, read without changing it."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as connection:
        tables = connection.execute("select name from sqlite_master where type = 'table'").fetchall()
        for (table,) in tables:
            quoted = '"' + table.replace('"', '""') + '"'
            for row in connection.execute(f"select * from {quoted}"):
                for value in row:
                    if isinstance(value, bytes):
                        value = value.decode("utf-8", "replace")
                    if isinstance(value, str) and len(value) > 3:
                        yield from value.splitlines()


def _text_lines(path: Path) -> Iterator[str]:
    """Lines of a text file; of any other, the runs in it that can be read."""
    with path.open("rb") as file:
        head = file.read(8192)
        file.seek(0)
        if b"\0" not in head and _is_text(head):
            text = file.read().decode("utf-8", "replace") if path.stat().st_size < _BLOCK else None
            if text is not None:
                yield from text.splitlines()
                return
            for line in file:
                yield line.decode("utf-8", "replace")
            return
        rest = b""
        while block := file.read(_BLOCK):
            for run in _PRINTABLE.findall(rest + block):
                try:
                    yield run.decode("utf-8")
                except UnicodeDecodeError:
                    yield run.decode("ascii", "ignore")
            rest = block[-200:]


def _is_text(head: bytes) -> bool:
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start >= len(head) - 4  # a character cut in two at the end
    return True


def _stamp(path: Path) -> str:
    """Of the content where that is small: many files are written anew as they were. Else of size and time.

    Of a database with what stands in its log of writes.
    """
    log = path.with_name(path.name + "-wal")
    if log.exists() and log.stat().st_size:
        written = log.stat()
        return f"{_stamp_of(path)} {written.st_size}-{written.st_mtime_ns}"
    return _stamp_of(path)


def _stamp_of(path: Path) -> str:
    found = path.stat()
    if found.st_size <= _BLOCK:
        return sha256(path.read_bytes()).hexdigest()
    return f"{found.st_size}-{found.st_mtime_ns}"


def _marks(home: Home) -> dict[str, str]:
    try:
        return dict(json.loads((home.vault / MARKS).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def _remember(home: Home, marks: dict[str, str]) -> None:
    kept = {name: stamp for name, stamp in marks.items() if (home.root / name).exists()}
    home.vault.mkdir(parents=True, exist_ok=True)
    path = home.vault / MARKS
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    unfinished.write_text(json.dumps(kept), encoding="utf-8")
    unfinished.replace(path)
