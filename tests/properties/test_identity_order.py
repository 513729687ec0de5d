"""Identity does not depend on the order of deliveries, and doing it again changes nothing."""

from __future__ import annotations

import shutil
from datetime import datetime
from functools import cache
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.home import Home
from ingestion.identity.records import link_file
from ingestion.identity.resolve import resolve_customers
from ingestion.ledger.deliveries import LakePart, add_lake_parts, register
from ingestion.ledger.engine import open_ledger, writing
from ingestion.privacy.keys import Keys
from tests.lake_files import write_entity

KEYS = Keys(b"t" * 32, {1: b"1" * 32})
NOW = datetime(2026, 11, 21, 18)

Record = dict[str, object]
record = st.fixed_dictionaries(
    {
        "source_system": st.sampled_from(["crm", "shop"]),
        "source_customer_key": st.sampled_from("abcdef"),
        "phone_token": st.sampled_from([None, "p1", "p2", "p3"]),
        "email_token": st.sampled_from([None, None, "e1", "e2"]),
    }
)
#: The source's own key is a function of the record's key: exports of one system agree on it.
OWN_KEY = {"a": "u1", "b": "u1", "c": "u2", "d": "u2", "e": "u3", "f": "u4"}
deliveries = st.lists(st.lists(record, min_size=1, max_size=5), min_size=1, max_size=4)


@cache
def _empty_ledger() -> Path:
    """A migrated ledger to copy: migrating one for every example takes longer than all the rest."""
    home = Home(Path(mkdtemp()))
    open_ledger(home).dispose()
    return home.ledger


def resolve(root: Path, batches: list[list[list[Record]]]) -> tuple[Home, list[dict[str, str]]]:
    """Resolve after each batch of deliveries; the links after each."""
    home = Home(root).ensure()
    shutil.copy(_empty_ledger(), home.ledger)
    ledger = open_ledger(home)
    history = []
    number = 0
    for batch in batches:
        for rows in batch:
            number += 1
            with writing(ledger) as connection:
                values = {"source_system": "x", "sha256": f"{number:064d}", "file_name": "f", "byte_count": 1}
                seq = register(connection, {**values, "state": "active", "received_at": NOW}).delivery_seq
                full = [
                    {**row, "own_key": OWN_KEY[str(row["source_customer_key"])], "_contract": "x.y", "_unit": "u"}
                    for row in rows
                ]
                path = write_entity(home, "customer", full, delivery_seq=seq)
                part = LakePart(str(path.relative_to(home.root)), "customer", "x.y", f"b{seq}", len(full), 1)
                add_lake_parts(connection, [part], NOW)
        resolve_customers(home, ledger, KEYS, NOW)
        links = pq.read_table(link_file(home)).to_pylist()
        history.append({f"{r['source_system']}/{r['source_customer_key']}": r["customer_id"] for r in links})
    (home.vault / "identity.json").unlink()
    again = resolve_customers(home, ledger, KEYS, NOW)
    assert not again.is_changed and not again.new and not again.merged and not again.split
    ledger.dispose()
    return home, history


@settings(max_examples=8, deadline=None)
@given(deliveries, st.randoms(use_true_random=False))
def test_one_run_gives_the_same_ids_in_any_order(given_deliveries: list[list[Record]], random: object) -> None:
    shuffled = list(given_deliveries)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        _, (first,) = resolve(Path(one), [given_deliveries])
        _, (second,) = resolve(Path(other), [shuffled])
    assert first == second


@settings(max_examples=8, deadline=None)
@given(deliveries, st.randoms(use_true_random=False))
def test_without_merges_any_order_and_batching_gives_the_same_ids(
    given_deliveries: list[list[Record]], random: object
) -> None:
    # own keys alone: nothing joins customers that have ids of their own
    plain = [[{**row, "phone_token": None, "email_token": None} for row in rows] for rows in given_deliveries]
    shuffled = list(plain)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        _, (together,) = resolve(Path(one), [plain])
        _, singly = resolve(Path(other), [[rows] for rows in shuffled])
    assert singly[-1] == together


@settings(max_examples=8, deadline=None)
@given(deliveries)
def test_batches_end_in_the_same_clusters_and_ids_stay(given_deliveries: list[list[Record]]) -> None:
    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        _, (together,) = resolve(Path(one), [given_deliveries])
        home, singly = resolve(Path(other), [[rows] for rows in given_deliveries])
        path = home.vault / "identity_events.parquet"
        gone = {row["from_customer_id"] for row in pq.read_table(path).to_pylist()} if path.exists() else set()
    assert _clusters(together) == _clusters(singly[-1])
    for before, after in pairwise(singly):
        for key, customer_id in before.items():
            # an id changes by a recorded merge (or split) only
            assert after[key] == customer_id or customer_id in gone


def _clusters(ids: dict[str, str]) -> set[frozenset[str]]:
    found: dict[str, set[str]] = {}
    for key, customer_id in ids.items():
        found.setdefault(customer_id, set()).add(key)
    return {frozenset(keys) for keys in found.values()}
