"""Who was erased: a list of tokens, by which records that come again are taken for the anonymous customer's.

Belongs here: reading the list, comparing a batch with it, changing the batch's staged files. Not here: erasing what is
there already (`erase.py`).

The list holds tokens, never values: of the person's source keys and of identifiers that stood on no other person's
records. After a rotation of the token key its tokens cannot be made anew, since the values are gone: they are compared
under the key they were made with, which the key file keeps among `former_token_keys`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from sqlalchemy import Connection, Engine, insert, select

from ingestion.batch.write import StagedFile
from ingestion.contracts.model import Contract, PersonalData
from ingestion.contracts.recognise import match_headings
from ingestion.engine import quote_path
from ingestion.entity import load_entities
from ingestion.errors import MilepostError
from ingestion.home import Home
from ingestion.ledger.deliveries import Delivery, LakePart
from ingestion.ledger.engine import writing
from ingestion.ledger.tables import erased_identifier, replaced_file
from ingestion.parts import file_sha256, rewrite_rejects
from ingestion.person.archive import CannotRewriteError, Needles, rewrite_archived
from ingestion.person.find import KEY, subject, system_sql
from ingestion.person.substitute import RowRule, Substitution, new_unit_sql, own_sql, rule
from ingestion.privacy.keys import Keys
from ingestion.privacy.tokens import tokenise

#: Class of the tokens of source keys.
SUBJECT = "customer_subject"
_IDENTIFIERS = (PersonalData.DIRECT, PersonalData.SENSITIVE)


@dataclass(frozen=True)
class ErasedToken:
    """One entry: `replacement` is the anonymous key, or the token that stands in place of this one."""

    token: str
    key_fingerprint: str
    identifier: str
    replacement: str


@dataclass
class ErasedList:
    """The list as a batch is compared with it. What came again in clear is gathered in memory only."""

    entries: tuple[ErasedToken, ...] = ()
    keys: Keys | None = None
    values: dict[str, str] = field(default_factory=dict)  # token under the present key -> replacement
    clear: set[tuple[str, str]] = field(default_factory=set)  # (class, value) of identifiers that came again
    written: dict[str, str] = field(default_factory=dict)  # source keys that came again -> anonymous keys

    def __post_init__(self) -> None:
        self.values |= {
            entry.token: entry.replacement
            for entry in self.entries
            if entry.identifier != SUBJECT and entry.key_fingerprint == self._keys.fingerprint
        }

    def __bool__(self) -> bool:
        return bool(self.entries)

    def match(self, identifier: str, tokens: pa.Array | pa.ChunkedArray, clear: pa.Array | pa.ChunkedArray) -> pa.Array:
        """Which of the tokens are erased ones; `clear` (text) stands beside them."""
        tokens, clear = _whole(tokens), _whole(clear)
        is_erased = pa.array([False] * len(tokens), pa.bool_())
        for fingerprint in sorted({e.key_fingerprint for e in self.entries if e.identifier == identifier}):
            known = {
                e.token: e.replacement
                for e in self.entries
                if e.identifier == identifier and e.key_fingerprint == fingerprint
            }
            under = (
                tokens if fingerprint == self._keys.fingerprint else tokenise(clear, identifier, self._of(fingerprint))
            )
            found = pc.fill_null(pc.is_in(under, value_set=pa.array(sorted(known), pa.string())), False)
            for token, former, value in zip(
                tokens.filter(found).to_pylist(), under.filter(found).to_pylist(), clear.filter(found).to_pylist(),
                strict=True,
            ):  # fmt: skip
                self.values[token] = known[former]
                self.clear.add((identifier, value))
            is_erased = pc.or_(is_erased, found)
        return is_erased

    def match_texts(self, subjects: pa.Array | pa.ChunkedArray) -> pa.Array:
        """Which of the vault's subjects are erased persons' records."""
        names = [tuple(name.split("|", 1)) for name in _whole(subjects).to_pylist()]
        found = self.match_subjects(names)
        return pa.array([name in found for name in names], pa.bool_())

    def match_subjects(self, records: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str]:
        """(source_system, source_customer_key) of erased persons among the records -> anonymous key."""
        if not records or not any(e.identifier == SUBJECT for e in self.entries):
            return {}
        names = pa.array([subject(system, key) for system, key in records], pa.string())
        found: dict[tuple[str, str], str] = {}
        for fingerprint in sorted({e.key_fingerprint for e in self.entries if e.identifier == SUBJECT}):
            known = {
                e.token: e.replacement
                for e in self.entries
                if e.identifier == SUBJECT and e.key_fingerprint == fingerprint
            }
            for record, token in zip(records, tokenise(names, SUBJECT, self._of(fingerprint)).to_pylist(), strict=True):
                if token in known:
                    found[record] = known[token]
                    self.written[record[1]] = known[token]
        return found

    @property
    def _keys(self) -> Keys:
        assert self.keys is not None
        return self.keys

    def _of(self, fingerprint: str) -> Keys:
        keys = self._keys.with_token_key(fingerprint)
        if keys is None:
            raise MilepostError(
                f"the list of erased persons was made with token key {fingerprint}, which is not among the keys given",
                where="keys",
                remedy="Add that key to former_token_keys of the key file: without it erased persons would come back",
            )
        return keys


def read_erased(ledger: Engine, keys: Keys) -> ErasedList:
    """The list of erased persons; MilepostError where a key is missing without which it cannot be compared."""
    with ledger.connect() as connection:
        rows = connection.execute(select(erased_identifier)).mappings().all()
    entries = tuple(
        ErasedToken(row["token"], row["key_fingerprint"], row["identifier"], row["anonymous_key"]) for row in rows
    )
    erased = ErasedList(entries, keys)
    for fingerprint in {entry.key_fingerprint for entry in entries}:
        erased._of(fingerprint)
    return erased


def add_erased(connection: Connection, erasure_id: str, entries: Sequence[ErasedToken]) -> None:
    """Add a person's tokens to the list; those that stand there already stay."""
    known = set(connection.execute(select(erased_identifier.c.token, erased_identifier.c.key_fingerprint)).tuples())
    rows = [
        {
            "token": entry.token,
            "key_fingerprint": entry.key_fingerprint,
            "identifier": entry.identifier,
            "erasure_id": erasure_id,
            "anonymous_key": entry.replacement,
        }
        for entry in entries
        if (entry.token, entry.key_fingerprint) not in known
    ]
    if rows:
        connection.execute(insert(erased_identifier), rows)


def keep_rejects_erased(
    home: Home, contract: Contract, keys: Keys, rejects: StagedFile, folder: Path, stem: str, erased: ErasedList
) -> StagedFile:
    """The batch's rejected records, those of erased persons without their content; records keep their numbers."""
    if not erased:
        return rejects
    columns = [column for column in contract.columns if column.personal_data in _IDENTIFIERS]
    changed = 0

    def change(headings: list[str], cells: list[str | None]) -> list[str | None]:
        nonlocal changed
        positions = dict(match_headings(contract, headings).positions)
        for column in columns:
            place = positions.get(column.name)
            if place is None or place >= len(cells) or not cells[place]:
                continue
            identifier, value = column.identifier or column.kind, pa.array([cells[place]])
            if erased.match(identifier, tokenise(value, identifier, keys), value)[0].as_py():
                changed += 1
                return [None] * len(cells)
        return cells

    part = LakePart(
        str(rejects.path.relative_to(home.root)), rejects.entity, contract.id, "", rejects.row_count, 0
    )  # fmt: skip
    fresh = rewrite_rejects(home, part, keys, folder, f"{stem}-kept", change)
    if fresh is None:
        return rejects
    if not changed:
        fresh.path.unlink()
        return rejects
    fresh.path.replace(rejects.path)
    return rejects


def keep_archive_erased(
    home: Home, ledger: Engine, contract: Contract, keys: Keys, deliveries: Sequence[Delivery], erased: ErasedList,
    now: datetime,
) -> int:  # fmt: skip
    """Archived files of deliveries that brought erased persons again, without them; returns how many were changed."""
    changed = 0
    for delivery in deliveries:
        path = home.archive / (delivery.archived_as or "")
        if delivery.archived_as is None or not path.exists():
            continue
        former = file_sha256(path)
        sha256: str | None = None
        try:
            if not rewrite_archived(path, delivery, contract, Needles(erased.written, sorted(erased.clear)), keys):
                continue
            sha256 = file_sha256(path)
        except CannotRewriteError:
            path.unlink()
        changed += 1
        name = str(path.relative_to(home.root))
        with writing(ledger) as connection:
            connection.execute(
                insert(replaced_file).values(
                    reason="erased before", path=name, former_path=name, former_sha256=former, sha256=sha256,
                    replaced_at=now,
                )
            )  # fmt: skip
    return changed


def keep_erased(files: Sequence[tuple[str, Path]], erased: ErasedList) -> set[int]:
    """Change a batch's staged (entity, path) files so that erased persons stay erased.

    Returns the deliveries that brought such persons again. Numbers of rows stay as they were.
    """
    if not erased:
        return set()
    entities = load_entities()
    seqs: set[int] = set()
    with duckdb.connect(config={"threads": 2}) as connection:
        units: dict[tuple[str, str], str] = {}
        substitution = Substitution(values=erased.values)
        rows = [(entity, path) for entity, path in files if entity in entities and not entities[entity].is_operational]
        for _, path in rows:
            names = pq.read_schema(path).names
            if KEY not in names:
                continue
            own = "own_key" if "own_key" in names else KEY
            records = connection.execute(
                f"select distinct {system_sql(names)}, {KEY}, coalesce({own}, {KEY}) "
                f"from read_parquet('{quote_path(path)}') where {KEY} is not null"
            ).fetchall()
            substitution.keys |= erased.match_subjects([(system, key) for system, key, _ in records])
            if own != KEY:
                # a new record under the key by which the source itself says who is one customer
                owners = erased.match_subjects(sorted({(system, owner) for system, _, owner in records}))
                for system, key, owner in records:
                    if (system, owner) in owners:
                        substitution.keys.setdefault((system, key), owners[system, owner])
                        substitution.keys[system, owner] = owners[system, owner]
        if not substitution:
            return set()
        substitution.install(connection)
        for entity, path in rows:
            of_file, of_rows = changed_units(connection, path, entity)
            units |= of_file
            seqs |= of_rows
        substitution.units = units
        substitution.install(connection)
        for entity, path in files:
            if entity in entities and (found := rule_of(connection, path, entity)) is not None:
                _rewrite(connection, path, found)
    return seqs


def rule_of(connection: Any, path: Path, entity: str) -> RowRule | None:
    """The rule for a file of an entity, where the installed substitution touches any of its rows."""
    relation = f"read_parquet('{quote_path(path)}', hive_partitioning = false)"
    columns = [(row[0], row[1]) for row in connection.execute(f"describe select * from {relation}").fetchall()]
    found = rule(columns, classes_of(entity))
    if found is None or not connection.execute(f"select 1 from {relation} where {found.hit} limit 1").fetchone():
        return None
    return found


def classes_of(entity: str) -> dict[str, str]:
    """Privacy class of each column of an entity."""
    declared = load_entities().get(entity)
    return {} if declared is None else {column.name: column.privacy for column in declared.all_columns}


def changed_units(connection: Any, path: Path, entity: str) -> tuple[dict[tuple[str, str], str], set[int]]:
    """Units of the person's rows that hold the person's key, as (contract, unit) -> unit, and the deliveries of these
    rows."""
    names = pq.read_schema(path).names
    rows = connection.execute(
        f"select distinct _contract, _unit, {new_unit_sql(system_sql(names))}, _delivery_seq "
        f"from read_parquet('{quote_path(path)}') where {own_sql(names, classes_of(entity))}"
    ).fetchall()
    return {(contract, old): new for contract, old, new, _ in rows if old != new}, {row[3] for row in rows}


def count_hits(connection: Any, path: Path, found: RowRule) -> int:
    """Rows of a file that hold anything of the person."""
    return int(
        connection.execute(f"select count(*) from read_parquet('{quote_path(path)}') where {found.hit}").fetchone()[0]
    )


def rewrite_in_place(connection: Any, path: Path, entity: str) -> int:
    """Rewrite a file that is replaced as a whole anyway; returns the rows that held anything of the person."""
    found = rule_of(connection, path, entity)
    if found is None:
        return 0
    hits = count_hits(connection, path, found)
    _rewrite(connection, path, found)
    return hits


def _rewrite(connection: Any, path: Path, found: RowRule) -> None:
    unfinished = path.with_name(f".{path.name}.unfinished")
    connection.execute(
        f"copy (select * replace ({found.replace}) from read_parquet('{quote_path(path)}')) "
        f"to '{quote_path(unfinished)}' (format parquet, compression snappy)"
    )
    unfinished.chmod(path.stat().st_mode & 0o777)
    unfinished.replace(path)


def _whole(values: pa.Array | pa.ChunkedArray) -> pa.Array:
    if isinstance(values, pa.ChunkedArray):
        return pa.concat_arrays(values.chunks) if values.num_chunks else pa.array([], values.type)
    return values
