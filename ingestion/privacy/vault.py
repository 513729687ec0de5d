"""The vault: every clear identifier of a customer, encrypted, found by its token.

Belongs here: writing parts of the vault, telling which tokens it holds, reading back. Not here: who may read back and
why (the command `reveal`), tokens (`tokens.py`), encryption (`crypt.py`).

`vault/identifiers/<batch>-<identifier>.parquet` holds one row per token: token, identifier, ciphertext, key_version,
form_length. Parts are appended, never changed. A part counts once the engine has committed its batch; parts of batches
that never were committed are swept by the engine's recovery before a `Vault` is opened. `vault/key.json` holds the
fingerprint of the token key, so that a run with another key stops instead of tokenising the same persons anew.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Iterable, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ingestion.errors import MilepostError
from ingestion.privacy.crypt import decrypt_values, encrypt_values
from ingestion.privacy.keys import Keys
from ingestion.privacy.tokens import normal_form

SCHEMA = pa.schema(
    [
        pa.field("token", pa.string(), nullable=False),
        pa.field("identifier", pa.string(), nullable=False),
        pa.field("ciphertext", pa.binary(), nullable=False),
        pa.field("key_version", pa.int32(), nullable=False),
        pa.field("form_length", pa.int32()),  # octets of the normal form; the ciphertext's length tells as much
    ]
)

_PART = re.compile(r"(?P<batch>.+)-(?P<identifier>[a-z][a-z0-9_]*)\.parquet")


class Vault:
    """The vault below `folder` (`Home.vault`). Open one per run, after recovery."""

    def __init__(self, folder: Path, keys: Keys) -> None:
        self.folder = folder
        self.keys = keys
        self.identifiers_folder = folder / "identifiers"
        self.identifiers_folder.mkdir(parents=True, exist_ok=True)
        for path in (folder, self.identifiers_folder):
            path.chmod(0o700)
        self._check_key()
        # parts whose tokens need not be written again: those there at the start, then those of settled batches
        self._settled = set(self.parts())
        self._staged: dict[str, set[Path]] = {}
        self._lengths: dict[tuple[Path, ...], list[int]] = {}  # parts never change

    def parts(self, identifier: str | None = None) -> list[Path]:
        """Files of the vault, of one identifier class where given."""
        found = []
        for path in sorted(self.identifiers_folder.glob("*.parquet")):
            match = _PART.fullmatch(path.name)
            if match and identifier in (None, match["identifier"]):
                found.append(path)
        return found

    def identifiers(self) -> tuple[str, ...]:
        """Identifier classes that the vault holds values of."""
        return tuple(sorted({match["identifier"] for p in self.parts() if (match := _PART.fullmatch(p.name))}))

    def stage(
        self, batch_id: str, identifier: str, tokens: pa.Array | pa.ChunkedArray, clear: pa.Array | pa.ChunkedArray
    ) -> Path | None:
        """Write the tokens that the vault does not hold yet, with their clear values encrypted.

        `tokens` and `clear` (text), the values that were tokenised, stand side by side; rows with a null are left out,
        repeated tokens count once.
        Returns the file written, or None where nothing was new. Tokens of parts that are not settled yet do not count
        as held: should such a part never be committed, it goes, and this one stays.
        """
        staged = pa.table({"token": _whole(tokens), "clear": _whole(clear)}).drop_null()
        held = [path for path in self.parts(identifier) if path in self._settled]
        with duckdb.connect(config={"threads": 2}) as con:
            con.register("staged", staged)
            known = "select null::varchar as token where false"
            if held:
                known = f"select token from read_parquet({_sql_list(held)})"
            new = con.sql(
                f"select token, any_value(clear) as clear from staged anti join ({known}) using (token) "
                "group by token order by token"
            ).to_arrow_table()
        if not new.num_rows:
            return None
        associated = pc.binary_join_element_wise(new["token"], pa.scalar(identifier), "|")
        count = new.num_rows
        part = pa.table(
            [
                new["token"].cast(pa.string()),
                pa.array([identifier] * count, pa.string()),
                encrypt_values(new["clear"], associated, self.keys),
                pa.array([self.keys.active_version] * count, pa.int32()),
                pc.binary_length(normal_form(new["clear"], identifier)).cast(pa.int32()),
            ],
            schema=SCHEMA,
        )
        return self._write(batch_id, identifier, part)

    def settle(self, batch_id: str) -> None:
        """The batch was committed: its tokens count as held from now on."""
        self._settled |= self._staged.pop(batch_id, set())

    def tokens_relation(self, con: duckdb.DuckDBPyConnection, identifier: str | None = None) -> duckdb.DuckDBPyRelation:
        """Relation (token, identifier) on `con`; a token may come twice. Empty where the vault is."""
        paths = self.parts(identifier)
        if not paths:
            return con.sql("select null::varchar as token, null::varchar as identifier where false")
        return con.sql(f"select token, identifier from read_parquet({_sql_list(paths)})")

    def form_lengths(self, identifier: str) -> list[int]:
        """Lengths in octets that the normal forms of a class have; a value of another length is not in the vault."""
        paths = tuple(self.parts(identifier))
        if paths and paths not in self._lengths:
            with duckdb.connect(config={"threads": 2}) as con:
                rows = con.sql(f"select distinct form_length from read_parquet({_sql_list(paths)})").fetchall()
            self._lengths = {**self._lengths, paths: sorted(length for (length,) in rows if length is not None)}
        return self._lengths.get(paths, [])

    def known_tokens(self, identifier: str | None = None) -> pa.Array:
        """Distinct tokens that the vault holds."""
        with duckdb.connect(config={"threads": 2}) as con:
            table = self.tokens_relation(con, identifier).select("token").distinct().to_arrow_table()
        return _whole(table["token"]).cast(pa.string())

    def reveal(self, tokens: Iterable[str]) -> dict[str, str]:
        """Clear values by token; tokens that the vault does not hold are absent. The caller keeps the audit record."""
        wanted = pa.array(sorted(set(tokens)), pa.string())
        paths = self.parts()
        if not paths or not len(wanted):
            return {}
        with duckdb.connect(config={"threads": 2}) as con:
            con.register("wanted", pa.table({"token": wanted}))
            found = con.sql(
                f"select token, identifier, ciphertext from read_parquet({_sql_list(paths)}) "
                "semi join wanted using (token) "
                "qualify row_number() over (partition by token order by key_version desc) = 1 order by token"
            ).to_arrow_table()
        associated = pc.binary_join_element_wise(found["token"], found["identifier"], "|")
        clear = decrypt_values(found["ciphertext"], associated, self.keys)
        return dict(zip(found["token"].to_pylist(), clear.cast(pa.string()).to_pylist(), strict=True))

    def _write(self, batch_id: str, identifier: str, part: pa.Table) -> Path:
        path = self.identifiers_folder / f"{batch_id}-{identifier}.parquet"
        number = 1
        while path.exists():
            number += 1
            path = self.identifiers_folder / f"{batch_id}-{number}-{identifier}.parquet"
        if not _PART.fullmatch(path.name) or "/" in batch_id:
            raise ValueError(f"{path.name} is no name of a part of the vault")
        unfinished = path.with_suffix(f".{secrets.token_hex(4)}.unfinished")
        try:
            unfinished.touch(mode=0o600)
            with unfinished.open("wb") as file:
                pq.write_table(part, file, compression="zstd", use_dictionary=["identifier", "key_version"])
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
        self._staged.setdefault(batch_id, set()).add(path)
        return path

    def _check_key(self) -> None:
        path = self.folder / "key.json"
        if path.exists():
            try:
                known = json.loads(path.read_text(encoding="ascii"))["token_key_fingerprint"]
            except (ValueError, KeyError, TypeError):
                raise MilepostError("cannot be read", where=str(path), remedy="Restore it from a backup") from None
            if known != self.keys.fingerprint:
                raise MilepostError(
                    "the key given is not the one that this vault was made with",
                    where=str(self.folder),
                    remedy="Give the home's own key: with another one the same persons would become others",
                )
            return
        if self.parts():
            raise MilepostError("is missing", where=str(path), remedy="Restore it from a backup")
        unfinished = path.with_suffix(f".{secrets.token_hex(4)}.unfinished")
        unfinished.write_text(json.dumps({"token_key_fingerprint": self.keys.fingerprint}) + "\n", encoding="ascii")
        unfinished.replace(path)


def _whole(values: pa.Array | pa.ChunkedArray) -> pa.Array:
    if isinstance(values, pa.ChunkedArray):
        return pa.concat_arrays(values.chunks) if values.num_chunks else pa.array([], values.type)
    return values


def _sql_list(paths: Sequence[Path]) -> str:
    """Paths as an SQL list of strings."""
    return "[" + ", ".join("'" + str(path).replace("'", "''") + "'" for path in paths) + "]"
