"""Putting new keys into use: re-encryption of everything at rest, and new tokens for everything that holds them.

Belongs here: rewriting under another key. Not here: making keys (`keys.py`), commands, who may rotate.

Encryption keys: every file at rest (vault parts, rejects, archived files) that was written with a former version is
written anew with the active one, one file at a time and each by one rename. Old and new files open side by side, since
every ciphertext names its version; so reading never pauses, and a rotation that was killed goes on where it stood.

Token keys: tokens of every value in the vault are made anew and take the place of the former ones in the clean lake,
units, identity links and builds, then in the vault. `vault/key.json` says meanwhile that a rotation is under way: no
run starts until it is complete. What it has replaced already it finds nothing in, so running it again completes it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ingestion.engine import quote_name, quote_path
from ingestion.errors import MilepostError
from ingestion.home import Home
from ingestion.privacy.crypt import decrypt_values, encrypt_stream, encrypt_values, open_decrypted
from ingestion.privacy.keys import Keys
from ingestion.privacy.tokens import TOKEN_PATTERN, tokenise
from ingestion.privacy.vault import (
    QUASI_CLASSES,
    Vault,
    associated,
    quasi_tokens,
    sealed_part,
    write_fingerprint,
    write_part,
)

_HEADER_VERSION = 4  # place of the key version in an encrypted file
_TOKEN = re.compile(r"(?<![a-z])[a-p]{32}(?![a-z])")
_EMBEDDED = r"(^|[^a-z])[a-p]{32}([^a-z]|$)"


def files_at_rest(home: Home) -> Iterator[Path]:
    """Every file of the home that holds ciphertexts."""
    yield from sorted(home.vault.glob("identifiers/*.parquet"))
    yield from sorted(home.rejects.glob("*.parquet"))
    yield from (path for path in sorted(home.archive.rglob("*")) if path.is_file() and not path.name.startswith("."))


def versions_in_use(home: Home) -> dict[int, int]:
    """Number of files by the versions of the encryption key that they need."""
    found: dict[int, int] = {}
    for path in files_at_rest(home):
        for version in _versions(path):
            found[version] = found.get(version, 0) + 1
    return dict(sorted(found.items()))


def re_encrypt(
    home: Home, keys: Keys, done: Callable[[Path], None] = lambda _: None, *, limit: int | None = None
) -> int:
    """Write files anew that were written with another version than the active one, at most `limit`; returns how many.

    `done` is called after each file. MilepostError where a version is not among the keys: nothing of that file changes.
    """
    count = 0
    for path in files_at_rest(home):
        if limit is not None and count >= limit:
            break
        if _versions(path) <= {keys.active_version}:
            continue
        if path.is_relative_to(home.archive):
            with open_decrypted(path, keys) as clear:
                encrypt_stream(clear, path, keys)
        elif path.is_relative_to(home.vault):
            table = pq.read_table(path)
            clear_values = decrypt_values(table["ciphertext"], associated(table), keys, where=path.name)
            rows = pa.table(
                {"token": table["token"], "clear": clear_values.cast(pa.string()), "subject": _subjects(table)}
            )
            write_part(path, sealed_part(rows, table["identifier"][0].as_py(), keys))
        else:
            _re_encrypt_rejects(path, keys)
        count += 1
        done(path)
    return count


def _re_encrypt_rejects(path: Path, keys: Keys) -> None:
    table = pq.read_table(path)
    places = pc.binary_join_element_wise(
        table["delivery_seq"].cast(pa.string()), table["part"], table["record_number"].cast(pa.string()), "/"
    )
    clear = decrypt_values(table["content"], places, keys, where=path.name)
    field = table.schema.get_field_index("content")
    table = table.set_column(field, table.schema.field("content"), encrypt_values(clear, places, keys))
    write_part(path, table)


def _versions(path: Path) -> set[int]:
    if path.suffix != ".parquet":
        with path.open("rb") as file:
            head = file.read(_HEADER_VERSION + 1)
        return {head[_HEADER_VERSION]} if len(head) > _HEADER_VERSION else set()
    table = pq.ParquetFile(path)
    if "key_version" in table.schema_arrow.names:
        return set(table.read(["key_version"])["key_version"].unique().to_pylist())
    if "content" not in table.schema_arrow.names:
        return set()
    first = pc.binary_slice(table.read(["content"])["content"].drop_null(), 0, 1).unique().to_pylist()
    return {octets[0] for octets in first if octets}


def begin_tokens(home: Home, keys: Keys) -> Keys:
    """Note that tokens are being changed to the next token key; returns the keys as they will be."""
    after = keys.with_next_tokens()
    path = home.vault / "key.json"
    if not path.exists():
        raise MilepostError("there is no vault yet", where=str(home.vault))
    write_fingerprint(home.vault, keys.fingerprint, rotating_to=after.fingerprint)
    return after


def is_rotating(home: Home) -> bool:
    """Whether a rotation of the token key was begun and not completed."""
    path = home.vault / "key.json"
    return path.exists() and "rotating_to" in json.loads(path.read_text(encoding="ascii"))


def token_table(vault: Vault, before: Keys, after: Keys) -> pa.Table:
    """Table (old, new) of the tokens of all identifiers in the vault; those that are new already stay as they are."""
    tables = [pa.table({"old": pa.array([], pa.string()), "new": pa.array([], pa.string())})]
    for path in vault.parts():
        part = pq.read_table(path)
        identifier = part["identifier"][0].as_py()
        if identifier in QUASI_CLASSES:
            continue
        clear = decrypt_values(part["ciphertext"], associated(part), before, where=path.name).cast(pa.string())
        tables.append(pa.table({"old": _whole(part["token"]), "new": tokenise(clear, identifier, after)}))
    return pa.concat_tables(tables)


class TokenExchange:
    """Exchanges tokens in files, by the table of all of them: whole values, and parts of composed ones."""

    def __init__(self, table: pa.Table) -> None:
        self.connection: Any = duckdb.connect(config={"threads": 2})
        self.connection.execute("set preserve_insertion_order = true")
        self.connection.register("given", table)
        self.connection.execute("create temp table token as select old, any_value(new) as new from given group by old")
        self.connection.unregister("given")

    def rewrite(self, path: Path, target: Path | None = None, *, compression: str = "snappy") -> int:
        """Write a Parquet file with new tokens, in place or to `target`; returns how many distinct values were
        exchanged (0: nothing is written)."""
        relation = f"read_parquet('{quote_path(path)}', hive_partitioning = false)"
        described = self.connection.execute(f"describe select * from {relation}").fetchall()
        texts = [row[0] for row in described if row[1] == "VARCHAR"]
        if not texts:
            return 0
        values = " union ".join(
            f"select {quote_name(name)} as value from {relation} "
            f"where regexp_matches({quote_name(name)}, '{_EMBEDDED}')"
            for name in texts
        )
        self.connection.execute(
            f"create or replace temp table exchanged as select value, new from ({values}) join token on old = value "
            "where old <> new"
        )
        composed = self.connection.execute(
            f"select distinct value from ({values}) where not regexp_matches(value, '{TOKEN_PATTERN}')"
        ).to_arrow_table()
        if composed.num_rows:
            self._compose(composed)
        count = self.connection.execute("select count(*) from exchanged").fetchone()[0]
        if not count:
            return 0
        joins = "".join(
            f" left join exchanged as x{n} on x{n}.value = t.{quote_name(name)}" for n, name in enumerate(texts)
        )
        own = [quote_name(name) for name in texts]
        replaced = ", ".join(f"coalesce(x{n}.new, t.{name}) as {name}" for n, name in enumerate(own))
        unfinished = (target or path).with_name(f".{(target or path).name}.unfinished")
        self.connection.execute(
            f"copy (select t.* exclude (_place) replace ({replaced}) from "
            f"(select *, row_number() over () as _place from {relation}) as t{joins} order by _place) "
            f"to '{quote_path(unfinished)}' (format parquet, compression {compression})"
        )
        unfinished.chmod(path.stat().st_mode & 0o777)
        unfinished.replace(target or path)
        return int(count)

    def _compose(self, values: pa.Table) -> None:
        """Values of several parts (units, keys with their system): each token in them is exchanged."""
        texts = values["value"].to_pylist()
        pieces = sorted({piece for text in texts for piece in _TOKEN.findall(text)})
        query = "select old, new from token where old <> new and list_contains($1::varchar[], old)"
        known = dict(self.connection.execute(query, [pieces]).fetchall())
        new = [_TOKEN.sub(lambda match: known.get(match[0], match[0]), text) for text in texts]
        rows = [(old, changed) for old, changed in zip(texts, new, strict=True) if old != changed]
        if rows:
            table = pa.table({"value": [old for old, _ in rows], "new": [changed for _, changed in rows]})
            self.connection.register("composed", table)
            self.connection.execute("insert into exchanged select value, new from composed")
            self.connection.unregister("composed")

    def texts(self, values: pa.Array) -> pa.Array:
        """Texts that hold tokens, with the new ones."""
        self.connection.execute("create or replace temp table exchanged (value varchar, new varchar)")
        self._compose(pa.table({"value": values.unique().drop_null()}))
        known = dict(self.connection.execute("select value, new from exchanged").fetchall())
        return pa.array([known.get(value, value) for value in values.to_pylist()], pa.string())


def re_tokenise_vault(vault: Vault, before: Keys, after: Keys, exchange: TokenExchange) -> int:
    """New tokens for all parts of the vault, each rewritten in place; the last step before `finish_tokens`."""
    count = 0
    # subjects may hold tokens of other parts: while those are the former ones, both are known
    parts = sorted(vault.parts(), key=lambda path: not path.stem.endswith(QUASI_CLASSES))
    for path in parts:
        part = pq.read_table(path)
        identifier = part["identifier"][0].as_py()
        clear = decrypt_values(part["ciphertext"], associated(part), before, where=path.name).cast(pa.string())
        subjects = _subjects(part)
        if identifier in QUASI_CLASSES:
            subjects = exchange.texts(subjects)
            tokens = quasi_tokens(subjects, clear, identifier, after)
        else:
            tokens = tokenise(clear, identifier, after)
        rows = pa.table({"token": tokens, "clear": clear, "subject": subjects})
        write_part(path, sealed_part(rows, identifier, after))
        count += part.num_rows
    return count


def finish_tokens(home: Home, after: Keys) -> None:
    """From now on the vault is that of the new token key."""
    write_fingerprint(home.vault, after.fingerprint)


def _subjects(part: pa.Table) -> pa.Array:
    if "subject" not in part.column_names:
        return pa.nulls(part.num_rows, pa.string())
    return _whole(part["subject"].cast(pa.string()))


def _whole(values: pa.Array | pa.ChunkedArray) -> pa.Array:
    if isinstance(values, pa.ChunkedArray):
        return pa.concat_arrays(values.chunks) if values.num_chunks else pa.array([], values.type)
    return values
