"""Resolving customers: from the clean lake to the snapshot `customer_link` and the record of merges and splits.

Belongs here: the order of steps, the files read and written, whether anything has to be done. Not here: which records
count (`records.py`), matching (`matching.py`), ids (`links.py`).

Written: `lake/customer_link/customer_link.parquet` (replaced as a whole, only when a link changed),
`vault/identity_events.parquet` (one row per merge or split, appended) and `vault/identity.json` (what the snapshot was
made from, so that a run with nothing new does nothing). Events are written before the snapshot and name the snapshot
they start from: a run that was killed in between writes the same events once.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from sqlalchemy import Engine

from ingestion.engine import open_engine, quote
from ingestion.entity import load_entities
from ingestion.home import Home
from ingestion.identity import links, records
from ingestion.identity.matching import DeterministicMatcher, Matcher, Matches, UnusedIdentifier
from ingestion.ledger.deliveries import ACTIVE, lake_paths, list_deliveries
from ingestion.privacy.keys import Keys

VERSION = "1"
EVENT_SCHEMA = pa.schema(
    [
        pa.field("happened_at", pa.timestamp("us"), nullable=False),
        pa.field("kind", pa.string(), nullable=False),  # merge, split
        pa.field("from_customer_id", pa.string(), nullable=False),
        pa.field("to_customer_id", pa.string(), nullable=False),
        pa.field("record_count", pa.int64(), nullable=False),
        pa.field("basis", pa.string(), nullable=False),  # hash of the snapshot before
    ]
)


@dataclass(frozen=True)
class IdentityResult:
    """What came of it: records and customers there are, ids that are new, merged and split, and whether links changed.

    `unused` are identifiers that too many customers share to be used.
    """

    records: int
    customers: int
    new: int
    merged: int
    split: int
    is_changed: bool
    unused: tuple[UnusedIdentifier, ...] = ()


def resolve_customers(
    home: Home,
    ledger: Engine,
    keys: Keys,
    now: datetime,
    *,
    matchers: Sequence[Matcher] = (DeterministicMatcher(),),
    minimum_probability: float = 0.95,
) -> IdentityResult:
    """Bring `customer_link` up to date with the active deliveries.

    Edges of all `matchers` with at least `minimum_probability` count together. `now` (naive UTC) dates merges and
    splits. The caller holds the lock. Nothing is read where neither deliveries nor matchers changed since.
    """
    active = [delivery.delivery_seq for delivery in list_deliveries(ledger, states=[ACTIVE])]
    target = records.link_file(home)
    fingerprint = _fingerprint(home, ledger, active, keys, matchers, minimum_probability)
    if (known := _known_result(home, fingerprint)) is not None and target.exists():
        return known
    with open_engine(home.scratch) as connection:
        connection.execute("set preserve_insertion_order = false")  # every order that matters is asked for
        columns = tuple(dict.fromkeys(column for matcher in matchers for column in matcher.columns))
        record_count = records.read_records(connection, home, active, columns)
        _read_previous(connection, target)
        matches = _match(connection, matchers, minimum_probability)
        links.make_links(connection, matches.edges, links.clusters(matches.edges, record_count), keys)
        result = _summary(connection, record_count, matches)
        if result.is_changed or not target.exists():
            _append_events(connection, home, target, now)
            _write_links(connection, target)
    _remember(home, fingerprint, result)
    return result


def _match(connection: Any, matchers: Sequence[Matcher], minimum_probability: float) -> Matches:
    found = [matcher.match(connection, "identity_state") for matcher in matchers]
    edges = pa.concat_tables(matches.edges for matches in found)
    is_enough = pc.greater_equal(edges["probability"], minimum_probability)
    return Matches(edges.filter(is_enough), tuple(one for matches in found for one in matches.unused))


def _summary(connection: Any, record_count: int, matches: Matches) -> IdentityResult:
    one = connection.execute(
        """
        select
            (select count(distinct customer_id) from new_link),
            (select count(*) from (select customer_id from new_link except select customer_id from previous_link)),
            (select count(distinct from_customer_id) from identity_change where kind = 'merge'),
            (select count(distinct from_customer_id) from identity_change where kind = 'split'),
            exists (from new_link except from previous_link) or exists (from previous_link except from new_link)
        """
    ).fetchone()
    customers, new, merged, split, is_changed = one
    return IdentityResult(record_count, customers, new, merged, split, bool(is_changed), matches.unused)


def _read_previous(connection: Any, target: Path) -> None:
    columns = load_entities()["customer_link"].columns
    if target.exists():
        names = ", ".join(column.name for column in columns)
        source = f"select {names} from read_parquet({quote(str(target))})"
    else:
        source = f"select {', '.join(f'null::{c.engine_type} as {c.name}' for c in columns)} where false"
    connection.execute(f"create or replace temp table previous_link as {source}")


def _write_links(connection: Any, target: Path) -> None:
    columns = load_entities()["customer_link"].columns
    typed = ", ".join(f"{column.name}::{column.engine_type} as {column.name}" for column in columns)
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = _unfinished(target)
    try:
        connection.execute(
            f"copy (select {typed} from new_link order by source_system, source_customer_key) "
            f"to {quote(str(unfinished))} (format parquet, compression zstd)"
        )
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)


def _append_events(connection: Any, home: Home, target: Path, now: datetime) -> None:
    changes = connection.execute(
        "select kind, from_customer_id, to_customer_id, record_count from identity_change order by all"
    ).to_arrow_table()
    if not changes.num_rows:
        return
    basis = sha256(target.read_bytes()).hexdigest()
    count = changes.num_rows
    events = changes.add_column(0, "happened_at", pa.array([now] * count, pa.timestamp("us")))
    events = events.append_column("basis", pa.array([basis] * count)).cast(EVENT_SCHEMA)
    path = home.vault / "identity_events.parquet"
    if path.exists():
        former = pq.read_table(path, schema=EVENT_SCHEMA)
        # the last events start from this very snapshot: a run was killed before it wrote the next
        kept = former.num_rows
        while kept and former["basis"][kept - 1].as_py() == basis:
            kept -= 1
        events = pa.concat_tables([former.slice(0, kept), events])
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = _unfinished(path)
    try:
        unfinished.touch(mode=0o600)
        pq.write_table(events, unfinished, compression="zstd")
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _fingerprint(
    home: Home,
    ledger: Engine,
    active: Sequence[int],
    keys: Keys,
    matchers: Sequence[Matcher],
    minimum_probability: float,
) -> str:
    """Of everything that the links are made from."""
    folders = tuple(f"{home.entity(entity).relative_to(home.root)}/" for entity in (*records.ENTITIES, records.UNITS))
    basis = {
        "version": VERSION,
        "key": keys.fingerprint,
        "matchers": [matcher.version for matcher in matchers],
        "minimum_probability": minimum_probability,
        "active": sorted(active),
        "lake": sorted(path for path in lake_paths(ledger) if path.startswith(folders)),
    }
    return sha256(json.dumps(basis).encode()).hexdigest()


def _known_result(home: Home, fingerprint: str) -> IdentityResult | None:
    """The result of the last time if it was made from the same; nothing is new then."""
    path = _memory(home)
    if not path.exists():
        return None
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
        if known["fingerprint"] != fingerprint:
            return None
        unused = tuple(UnusedIdentifier(**one) for one in known["unused"])
        return IdentityResult(known["records"], known["customers"], 0, 0, 0, False, unused)
    except (ValueError, KeyError, TypeError):
        return None  # written by another version: resolved again


def _remember(home: Home, fingerprint: str, result: IdentityResult) -> None:
    path = _memory(home)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = _unfinished(path)
    unfinished.write_text(json.dumps({"fingerprint": fingerprint, **asdict(result)}) + "\n", encoding="utf-8")
    unfinished.replace(path)


def _memory(home: Home) -> Path:
    return home.vault / "identity.json"


def _unfinished(path: Path) -> Path:
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.unfinished")
