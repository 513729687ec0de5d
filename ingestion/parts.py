"""The files of lake, rejects and vault that count: which hold what, writing them anew, exchanging them at once.

Belongs here: what compaction (`compact.py`), reading again (`reprocess.py`), retention (`retention.py`) and the erasure
of a person share. Not here: why a file is replaced.

Files never change. To replace some, write new ones into a folder of `commit.staging_folder` (`rewrite_part` keeps the
rows that meet a condition, with columns replaced where asked; `rewrite_rejects` does the same with decrypted content),
then call `exchange`: the new files take their places, one transaction of the ledger makes them count instead of the old
ones, and the old ones go. Killed before the transaction, the new files are swept at the next start; killed after it,
the old ones are. `archives` names the archived file of every delivery. All of it needs the home's lock; readers outside
of the lock read a snapshot (`snapshots.py`), which keeps its files.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from ingestion.batch.write import REJECT_SCHEMA, REJECTS, UNITS, VAULT, StagedFile, reject_places
from ingestion.engine import quote_name, quote_path
from ingestion.entity import load_entities
from ingestion.home import Home
from ingestion.ledger.deliveries import (
    Delivery,
    LakePart,
    add_lake_parts,
    lake_paths,
    list_deliveries,
    list_lake_parts,
    remove_lake_parts,
)
from ingestion.ledger.engine import writing
from ingestion.privacy.crypt import decrypt_values, encrypt_values
from ingestion.privacy.keys import Keys
from ingestion.recovery import EMPTY_FILE

#: Given and returned: headings and cells of one rejected record. None: the record is left out.
ChangeRecord = Callable[[list[str], list[str | None]], list[str | None] | None]


def seq_column(entity: str) -> str:
    """Column that holds the delivery's number in files of an entity (or of units, or rejects)."""
    return "delivery_seq" if entity in (UNITS, REJECTS) else "_delivery_seq"


def clean_parts(ledger: Engine) -> list[LakePart]:
    """Files that count in the lake and among the rejects: those that hold rows of deliveries."""
    return [part for part in list_lake_parts(ledger) if part.entity != VAULT]


def holding(connection: Any, home: Home, parts: Sequence[LakePart], seqs: Collection[int]) -> list[LakePart]:
    """Those of the parts that hold rows of any of the deliveries."""
    found = []
    wanted = ", ".join(str(int(seq)) for seq in sorted(seqs)) or "null"
    for part in parts:
        name = seq_column(part.entity)
        query = f"select 1 from read_parquet('{quote_path(home.root / part.path)}') where {name} in ({wanted}) limit 1"
        if connection.execute(query).fetchone():
            found.append(part)
    return found


def rewrite_part(
    connection: Any,
    home: Home,
    part: LakePart,
    folder: Path,
    stem: str,
    *,
    where: str = "true",
    replace: str = "",
) -> StagedFile | None:
    """A part written anew below `folder` with the rows that meet `where` (SQL); None where none is left.

    `replace`: what stands within DuckDB's `replace (...)`, to give columns other values. The part's order of rows and
    its columns stay.
    """
    path = folder / f"{stem}-{part.entity}.parquet"
    replaced = f" replace ({replace})" if replace else ""
    return _copy(connection, f"select *{replaced} from {relation(home, [part])} where {where}", path, part.entity, part)


def merge_parts(connection: Any, home: Home, parts: Sequence[LakePart], folder: Path, stem: str) -> StagedFile | None:
    """Several parts of one entity written as one, their rows in the order given."""
    contracts = {part.contract for part in parts}
    path = folder / f"{stem}-{parts[0].entity}.parquet"
    contract = contracts.pop() if len(contracts) == 1 else None
    return _copy(connection, f"select * from {relation(home, parts)}", path, parts[0].entity, contract)


def relation(home: Home, parts: Sequence[LakePart]) -> str:
    """SQL of the rows of parts of one entity, in the entity's present columns and types."""
    paths = [home.root / part.path for part in parts]
    schema = home.entity(parts[0].entity) / EMPTY_FILE
    if parts[0].entity in load_entities() and schema.exists():
        paths.insert(0, schema)
    names = ", ".join(f"'{quote_path(path)}'" for path in paths)
    return f"read_parquet([{names}], union_by_name = true)"


def rewrite_rejects(
    home: Home, part: LakePart, keys: Keys, folder: Path, stem: str, change: ChangeRecord
) -> StagedFile | None:
    """A file of rejected records written anew, each as `change` returns it; None where none is left."""
    table = pq.read_table(home.root / part.path, schema=REJECT_SCHEMA)
    places = reject_places(table["delivery_seq"], table["part"], table["record_number"])
    contents = decrypt_values(table["content"], places, keys, where="rejects").cast(pa.string()).to_pylist()
    kept, cells = [], []
    for number, (headings, content) in enumerate(zip(table["headings"].to_pylist(), contents, strict=True)):
        changed = change(json.loads(headings), json.loads(content) if content else [])
        if changed is not None:
            kept.append(number)
            cells.append(json.dumps(changed, ensure_ascii=False))
    if not kept:
        return None
    rest = table.take(pa.array(kept, pa.int64()))
    places = reject_places(rest["delivery_seq"], rest["part"], rest["record_number"])
    content = encrypt_values(pa.array(cells, pa.string()), places, keys)
    rest = rest.set_column(rest.schema.get_field_index("content"), REJECT_SCHEMA.field("content"), content)
    path = folder / f"{stem}-{REJECTS}.parquet"
    path.touch(mode=0o600)
    pq.write_table(rest, path, compression="zstd")
    return StagedFile(path, REJECTS, part.contract or "", len(kept))


def exchange(
    home: Home,
    ledger: Engine,
    removed: Sequence[LakePart],
    staged: Sequence[StagedFile],
    batch_id: str,
    now: datetime,
    also: Callable[[Connection], None] | None = None,
    *,
    committed_at: datetime | None = None,
) -> list[LakePart]:
    """Put staged files in their places and make them count instead of `removed`, in one transaction with `also`.

    `committed_at`: when the rows first counted, where that is not now. Returns the parts that count now.
    """
    added: list[LakePart] = []
    with taking_back(home, ledger, added):
        for file in staged:
            added.append(place(home, file, batch_id, committed_at))
        with writing(ledger) as connection:
            remove_lake_parts(connection, [part.path for part in removed])
            add_lake_parts(connection, added, now)
            if also is not None:
                also(connection)
    for part in removed:
        (home.root / part.path).unlink(missing_ok=True)
    return added


@contextmanager
def taking_back(home: Home, ledger: Engine, placed: list[LakePart]) -> Iterator[None]:
    """Around placing files and making them count: after an error those that do not count leave their places again, so
    that readers do not see them until the next start sweeps them."""
    try:
        yield
    except Exception:
        with suppress(OSError, SQLAlchemyError):  # the error itself is what has to be told
            counting = lake_paths(ledger)
            for part in placed:
                if part.path not in counting:
                    (home.root / part.path).unlink(missing_ok=True)
        raise


def place(home: Home, file: StagedFile, batch_id: str, committed_at: datetime | None = None) -> LakePart:
    """Move a staged file into its folder, synced; it counts once `add_lake_parts` has its row."""
    _sync(file.path)
    target = file.path
    if file.entity != VAULT:  # the vault's parts are written where they stay
        folder = home.rejects if file.entity == REJECTS else home.entity(file.entity)
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / file.path.name
        file.path.replace(target)
    contract = file.contract or None
    size, path = target.stat().st_size, str(target.relative_to(home.root))
    return LakePart(path, file.entity, contract, batch_id, file.row_count, size, file_sha256(target), committed_at)


def archives(home: Home, ledger: Engine) -> Iterator[tuple[Path, list[Delivery]]]:
    """Archived files with the deliveries that were received as them, in the order of their first delivery."""
    by_path: dict[str, list[Delivery]] = {}
    for delivery in list_deliveries(ledger):
        if delivery.archived_as is not None:
            by_path.setdefault(delivery.archived_as, []).append(delivery)
    for name, deliveries in by_path.items():
        path = home.archive / name
        if path.exists():
            yield path, deliveries


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _copy(connection: Any, select: str, path: Path, entity: str, of: LakePart | str | None) -> StagedFile | None:
    if entity == REJECTS:
        path.touch(mode=0o600)
    count = connection.execute(
        f"copy ({select}) to '{quote_path(path)}' (format parquet, compression snappy)"
    ).fetchone()[0]
    if not count:
        path.unlink()
        return None
    contract = of.contract if isinstance(of, LakePart) else of
    return StagedFile(path, entity, contract or "", int(count))


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def not_of(entity: str, seqs: Collection[int]) -> str:
    """SQL condition: rows of other deliveries than these."""
    return f"{quote_name(seq_column(entity))} not in ({', '.join(str(int(seq)) for seq in sorted(seqs))})"
