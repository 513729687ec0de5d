"""Rotations of keys in a home, step by step and recorded in the ledger.

Belongs here: the order of steps and their records. Not here: rewriting (`ingestion/privacy/rotate.py`), making keys,
commands.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, insert, select, update

from ingestion.entity import load_entities
from ingestion.home import Home
from ingestion.identity.records import link_file
from ingestion.ledger.engine import writing
from ingestion.ledger.tables import key_rotation, lake_part
from ingestion.parts import clean_parts, file_sha256
from ingestion.privacy.keys import Keys
from ingestion.privacy.rotate import (
    TokenExchange,
    begin_tokens,
    finish_tokens,
    re_encrypt,
    re_tokenise_vault,
    token_table,
    versions_in_use,
)
from ingestion.privacy.vault import Vault
from ingestion.snapshots import drop_snapshots, take_snapshot

ENCRYPTION, TOKEN = "encryption", "token"
#: Writes builds and versions anew with a rewriter of partitions; returns counts.
RewritePublished = Callable[[Callable[[Path, Path, Any], bool]], dict[str, int]]


def rotate_encryption(home: Home, ledger: Engine, keys: Keys, now: datetime, *, limit: int | None = None) -> int:
    """Bring at most `limit` files at rest under the active encryption key; returns how many were written anew.

    Needs the home's lock. The caller lets go of it and calls again until nothing is left, so that runs get their turn.
    Recorded as one rotation, whose end is noted when nothing is left of former versions.
    """
    former = sorted(set(versions_in_use(home)) - {keys.active_version})
    if not former:
        return 0
    number = _begun(ledger, ENCRYPTION, ",".join(map(str, former)), str(keys.active_version), now)
    count = 0

    def done(path: Path) -> None:
        nonlocal count
        count += 1
        _note_file(home, ledger, path)

    re_encrypt(home, keys, done, limit=limit)
    if set(versions_in_use(home)) <= {keys.active_version}:
        for path in (*home.vault.glob("identifiers/*.parquet"), *home.rejects.glob("*.parquet")):
            _note_file(home, ledger, path)  # also of those after which the rotation was killed
        _ended(ledger, number, now, {"files": count})
    return count


def rotate_tokens(
    home: Home, ledger: Engine, keys: Keys, now: datetime, published: RewritePublished,
    tell: Callable[[str], None] = lambda _: None,
) -> tuple[Keys, dict[str, int]]:  # fmt: skip
    """Put the next token key into use, everywhere; returns the keys as they are then, and counts.

    Needs the home's lock throughout: a person has one token at any time. Killed, it is completed by calling it again;
    until then no run starts.
    """
    after = begin_tokens(home, keys)
    number = _begun(ledger, TOKEN, keys.fingerprint, after.fingerprint, now)
    vault = Vault(home.vault, keys, may_be_rotating=True)
    tell("tokens of the vault")
    exchange = TokenExchange(token_table(vault, keys, after))
    report = {"tokens": exchange.connection.execute("select count(*) from token").fetchone()[0], "lake_files": 0}
    tell("clean lake")
    for part in clean_parts(ledger):
        if part.entity in load_entities() and exchange.rewrite(home.root / part.path):
            _note_file(home, ledger, home.root / part.path)
            report["lake_files"] += 1
    for path in (link_file(home), home.vault / "identity_events.parquet"):
        if path.exists():
            exchange.rewrite(path)
    drop_snapshots(home, now, keep_current=False)
    take_snapshot(home, ledger)
    tell("builds and published versions")
    report |= published(lambda source, target, _: bool(exchange.rewrite(source, target, compression="zstd")))
    for path in (home.warehouse, home.warehouse.with_name(home.warehouse.name + ".wal")):
        path.unlink(missing_ok=True)  # the next run builds it from the lake
    tell("vault")
    report["vault_values"] = re_tokenise_vault(vault, keys, after, exchange)
    for path in vault.parts():
        _note_file(home, ledger, path)
    finish_tokens(home, after)
    _ended(ledger, number, now, report)
    return after, report


def rotations(ledger: Engine) -> list[dict[str, Any]]:
    """All rotations, latest first."""
    with ledger.connect() as connection:
        query = select(key_rotation).order_by(key_rotation.c.rotation_number.desc())
        return [dict(row) for row in connection.execute(query).mappings()]


def _begun(ledger: Engine, kind: str, former: str, new: str, now: datetime) -> int:
    """Number of the rotation: one that was broken off goes on."""
    with writing(ledger) as connection:
        open_one = connection.execute(
            select(key_rotation.c.rotation_number).where(
                key_rotation.c.kind == kind, key_rotation.c.to_key == new, key_rotation.c.ended_at.is_(None)
            )
        ).scalar()
        if open_one is not None:
            return int(open_one)
        values = {"kind": kind, "from_key": former, "to_key": new, "started_at": now}
        key = connection.execute(insert(key_rotation).values(**values)).inserted_primary_key
        assert key is not None
        return int(key[0])


def _ended(ledger: Engine, number: int, now: datetime, report: dict[str, int]) -> None:
    with writing(ledger) as connection:
        connection.execute(
            update(key_rotation).where(key_rotation.c.rotation_number == number).values(ended_at=now, report=report)
        )


def _note_file(home: Home, ledger: Engine, path: Path) -> None:
    """The ledger's hash and size of a file that was written anew in its place."""
    name = str(path.relative_to(home.root))
    with writing(ledger) as connection:
        connection.execute(
            update(lake_part)
            .where(lake_part.c.path == name)
            .values(sha256=file_sha256(path), byte_count=path.stat().st_size)
        )
