"""The vault: every clear identifier of a customer, encrypted, found by its token.

Belongs here: writing parts of the vault, telling which tokens it holds, reading back. Not here: who may read back and
why (the command `reveal`), tokens (`tokens.py`), encryption (`crypt.py`), rewriting parts (`rotate.py`, erasing).

`vault/identifiers/<batch>-<identifier>.parquet` holds one row per token: token, identifier, ciphertext, key_version,
form_length, subject. Parts are appended, and written anew only under another key or without an erased person.
Identifiers have no subject: their token is what is found in the lake. Full values of quasi identifiers (birth date,
postcode) leave ingestion by no other way, so they are found by their subject, the record's customer key; their token
is that of subject and value. A part counts once the engine has committed its batch; parts of batches
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
from typing import Protocol

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ingestion.errors import MilepostError
from ingestion.privacy.crypt import decrypt_values, encrypt_values
from ingestion.privacy.keys import Keys
from ingestion.privacy.tokens import normal_form, tokenise

SCHEMA = pa.schema(
    [
        pa.field("token", pa.string(), nullable=False),
        pa.field("identifier", pa.string(), nullable=False),
        pa.field("ciphertext", pa.binary(), nullable=False),
        pa.field("key_version", pa.int32(), nullable=False),
        pa.field("form_length", pa.int32()),  # octets of the normal form; the ciphertext's length tells as much
        pa.field("subject", pa.string()),  # of quasi identifiers: <source_system>|<source_customer_key>
    ]
)
#: Classes whose values belong to a subject: their tokens are no tokens of the value alone.
QUASI_CLASSES = ("birth_date", "postcode")

_PART = re.compile(r"(?P<batch>.+)-(?P<identifier>[a-z][a-z0-9_]*)\.parquet")


class Erased(Protocol):
    """Who was erased: their values are not taken in again (`ingestion/person/erased.py`)."""

    def match(self, identifier: str, tokens: pa.Array, clear: pa.Array) -> pa.Array:
        """Which of the tokens are erased persons'."""

    def match_texts(self, subjects: pa.Array) -> pa.Array:
        """Which of the subjects are erased persons'."""


class Vault:
    """The vault below `folder` (`Home.vault`). Open one per run, after recovery."""

    def __init__(self, folder: Path, keys: Keys, *, may_be_rotating: bool = False) -> None:
        self.folder = folder
        self.keys = keys
        self.erased: Erased | None = None
        self.may_be_rotating = may_be_rotating  # for the rotation itself, which completes one that was broken off
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
        """Identifier classes that the vault holds values of; those of subjects are left out."""
        found = {match["identifier"] for p in self.parts() if (match := _PART.fullmatch(p.name))}
        return tuple(sorted(found - set(QUASI_CLASSES)))

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
        if self.erased is not None and staged.num_rows:
            is_erased = self.erased.match(identifier, _whole(staged["token"]), _whole(staged["clear"]))
            staged = staged.filter(pc.invert(is_erased))
        staged = staged.append_column("subject", pa.nulls(staged.num_rows, pa.string()))
        return self._stage(batch_id, identifier, staged)

    def stage_quasi(self, batch_id: str, identifier: str, subjects: pa.Array, clear: pa.Array) -> Path | None:
        """Write full values of a quasi identifier that are new for their subject; `subjects` and `clear` (text) stand
        side by side."""
        if identifier not in QUASI_CLASSES:
            raise ValueError(f"{identifier!r} is no class of quasi identifiers")
        staged = pa.table({"clear": _whole(clear), "subject": _whole(subjects)}).drop_null()
        if self.erased is not None and staged.num_rows:
            staged = staged.filter(pc.invert(self.erased.match_texts(_whole(staged["subject"]))))
        token = quasi_tokens(staged["subject"], staged["clear"], identifier, self.keys)
        staged = pa.table({"token": token, "clear": staged["clear"], "subject": staged["subject"]})
        return self._stage(batch_id, identifier, staged)

    def _stage(self, batch_id: str, identifier: str, staged: pa.Table) -> Path | None:
        """Write rows (token, clear, subject) whose tokens the settled parts do not hold."""
        held = [path for path in self.parts(identifier) if path in self._settled]
        with duckdb.connect(config={"threads": 2}) as con:
            con.register("staged", staged)
            known = "select null::varchar as token where false"
            if held:
                known = f"select token from read_parquet({_sql_list(held)}, union_by_name = true)"
            new = con.sql(
                "select token, any_value(clear) as clear, any_value(subject) as subject from staged "
                f"anti join ({known}) using (token) group by token order by token"
            ).to_arrow_table()
        if not new.num_rows:
            return None
        return self.write(batch_id, identifier, sealed_part(new, identifier, self.keys))

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
        return {row["token"]: row["clear"] for row in self._open("token", tokens).to_pylist()}

    def values(self, tokens: Iterable[str]) -> list[tuple[str, str, str]]:
        """(identifier class, token, clear value) of the tokens that the vault holds, by class and token."""
        rows = self._open("token", tokens).to_pylist()
        return sorted((row["identifier"], row["token"], row["clear"]) for row in rows)

    def quasi_values(self, subjects: Iterable[str]) -> list[tuple[str, str, str]]:
        """(identifier class, subject, clear value) of quasi identifiers, by class and subject."""
        rows = self._open("subject", subjects).to_pylist()
        return sorted((row["identifier"], row["subject"], row["clear"]) for row in rows)

    def _open(self, column: str, wanted_values: Iterable[str]) -> pa.Table:
        """Rows (token, identifier, subject, clear) whose `column` is among the values."""
        wanted = pa.array(sorted(set(wanted_values)), pa.string())
        paths = self.parts()
        if column == "subject" and paths and subject_sql(paths) != "subject":
            paths = []
        if not paths or not len(wanted):
            return pa.table({name: pa.array([], pa.string()) for name in ("token", "identifier", "subject", "clear")})
        with duckdb.connect(config={"threads": 2}) as con:
            con.register("wanted", pa.table({column: wanted}))
            found = con.sql(
                f"select token, identifier, ciphertext, {subject_sql(paths)} as subject "
                f"from read_parquet({_sql_list(paths)}, union_by_name = true) where {column} in (select * from wanted) "
                "qualify row_number() over (partition by token order by key_version desc) = 1 order by token"
            ).to_arrow_table()
        clear = decrypt_values(found["ciphertext"], associated(found), self.keys)
        return found.drop_columns(["ciphertext"]).append_column("clear", clear.cast(pa.string()))

    def write(self, batch_id: str, identifier: str, part: pa.Table) -> Path:
        """Write a part under a name of its own; it counts once its batch is committed."""
        path = self.identifiers_folder / f"{batch_id}-{identifier}.parquet"
        number = 1
        while path.exists():
            number += 1
            path = self.identifiers_folder / f"{batch_id}-{number}-{identifier}.parquet"
        if not _PART.fullmatch(path.name) or "/" in batch_id:
            raise ValueError(f"{path.name} is no name of a part of the vault")
        write_part(path, part)
        self._staged.setdefault(batch_id, set()).add(path)
        return path

    def _check_key(self) -> None:
        path = self.folder / "key.json"
        if path.exists():
            try:
                content = json.loads(path.read_text(encoding="ascii"))
                known, coming = content["token_key_fingerprint"], content.get("rotating_to")
            except (ValueError, KeyError, TypeError):
                raise MilepostError("cannot be read", where=str(path), remedy="Restore it from a backup") from None
            if coming is not None and not self.may_be_rotating:
                raise MilepostError(
                    "a rotation of the token key was broken off",
                    where=str(self.folder),
                    remedy="Complete it with `milepost keys rotate --tokens`",
                )
            if known != self.keys.fingerprint:
                raise MilepostError(
                    "the key given is not the one that this vault was made with",
                    where=str(self.folder),
                    remedy="Give the home's own key: with another one the same persons would become others",
                )
            return
        if self.parts():
            raise MilepostError("is missing", where=str(path), remedy="Restore it from a backup")
        write_fingerprint(self.folder, self.keys.fingerprint)


def known_fingerprint(folder: Path) -> str | None:
    """Fingerprint of the token key that a vault was made with; None where there is no vault yet."""
    try:
        return str(json.loads((folder / "key.json").read_text(encoding="ascii"))["token_key_fingerprint"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        raise MilepostError(
            "cannot be read", where=str(folder / "key.json"), remedy="Restore it from a backup"
        ) from None


def keys_in_use(folder: Path, keys: Keys) -> Keys:
    """The keys with the token key that this vault was made with: after a rotation the key file still names both."""
    known = known_fingerprint(folder)
    return keys if known is None else keys.with_token_key(known) or keys


def write_fingerprint(folder: Path, fingerprint: str, *, rotating_to: str | None = None) -> None:
    """Note which token key the vault's tokens are made with, and to which one they are being changed."""
    path = folder / "key.json"
    content = {"token_key_fingerprint": fingerprint} | ({"rotating_to": rotating_to} if rotating_to else {})
    unfinished = path.with_suffix(f".{secrets.token_hex(4)}.unfinished")
    unfinished.write_text(json.dumps(content) + "\n", encoding="ascii")
    unfinished.replace(path)


def associated(part: pa.Table) -> pa.Array:
    """What each ciphertext of a part is bound to: token and class, and the subject where it has one."""
    bound = pc.binary_join_element_wise(part["token"], part["identifier"], "|")
    if "subject" not in part.column_names:
        return bound
    with_subject = pc.binary_join_element_wise(bound, part["subject"].cast(pa.string()), "|")
    return pc.if_else(pc.is_valid(part["subject"]), with_subject, bound)


def sealed_part(rows: pa.Table, identifier: str, keys: Keys) -> pa.Table:
    """A part of the vault from rows (token, clear, subject), encrypted with the active key."""
    count = rows.num_rows
    rows = rows.append_column("identifier", pa.array([identifier] * count, pa.string()))
    return pa.table(
        [
            rows["token"].cast(pa.string()),
            rows["identifier"],
            encrypt_values(rows["clear"], associated(rows), keys),
            pa.array([keys.active_version] * count, pa.int32()),
            pc.binary_length(normal_form(rows["clear"], identifier)).cast(pa.int32()),
            rows["subject"].cast(pa.string()),
        ],
        schema=SCHEMA,
    )


def quasi_tokens(
    subjects: pa.Array | pa.ChunkedArray, clear: pa.Array | pa.ChunkedArray, identifier: str, keys: Keys
) -> pa.Array:
    """Tokens of full values of quasi identifiers, each with its subject."""
    return tokenise(pc.binary_join_element_wise(subjects, clear, "|"), identifier, keys)


def subject_sql(paths: Sequence[Path]) -> str:
    """SQL of a part's subject; parts that were written before there were any have no such column."""
    has = any("subject" in pq.read_schema(path).names for path in paths)
    return "subject" if has else "null::varchar"


def write_part(path: Path, part: pa.Table) -> None:
    """Write a part of the vault durably, in place of the one of that name where there is one."""
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


def _whole(values: pa.Array | pa.ChunkedArray) -> pa.Array:
    if isinstance(values, pa.ChunkedArray):
        return pa.concat_arrays(values.chunks) if values.num_chunks else pa.array([], values.type)
    return values


def _sql_list(paths: Sequence[Path]) -> str:
    """Paths as an SQL list of strings."""
    return "[" + ", ".join("'" + str(path).replace("'", "''") + "'" for path in paths) + "]"
