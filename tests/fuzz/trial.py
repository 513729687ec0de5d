"""A trial: damaged files dropped together, ingested once, and everything looked at that must hold afterwards.

Belongs here: one home, one ingestion, its judgement. Not here: shards and summaries (`__main__.py`).
"""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import logging
import shutil
import sqlite3
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from ingestion.contracts.model import ContractSet
from ingestion.errors import MilepostError
from ingestion.home import Home
from ingestion.ingest import IngestResult, ingest
from ingestion.lake import ensure_schemas
from ingestion.ledger.engine import open_ledger
from ingestion.privacy.keys import Keys
from tests.fuzz.seeds import SOUGHT, Seed

KEYS = Keys(b"t" * 32, {1: b"e" * 32}, 1)
NOW = dt.datetime(2026, 3, 1, 8)
_STATES = ("active", "held", "duplicate", "unrecognised", "failed")


@dataclass
class Verdict:
    """What became of the inputs, and what must not have happened."""

    outcomes: Counter[str] = field(default_factory=Counter)
    records: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    shifted: int = 0  # inputs after which a planted value stood in a business column of the lake


def prepare(template: Path) -> None:
    """A home as set up, copied for each trial."""
    home = Home(template).ensure()
    open_ledger(home).dispose()
    ensure_schemas(home)


def run(template: Path, folder: Path, inputs: list[Seed], contracts: ContractSet) -> Verdict:
    """Drop, ingest, judge. Whatever is not a MilepostError goes up to the caller."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(template, folder)
    home = Home(folder)
    for one in inputs:
        path = home.inbox / one.system / one.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(one.content)
    verdict = Verdict()
    ledger = open_ledger(home)
    said, records = io.StringIO(), logging.StreamHandler(io.StringIO())
    logging.getLogger().addHandler(records)
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            result = ingest(home, ledger, contracts, KEYS, now=NOW, run_id="fuzz", progress=said.write)
        _judge(result, len(inputs), verdict)
    except MilepostError as error:
        said.write(str(error))
        verdict.problems.append(f"the whole run stopped: {error.what}")
    finally:
        logging.getLogger().removeHandler(records)
        ledger.dispose()
    _search(home, said.getvalue() + records.stream.getvalue(), verdict)
    if any(home.scratch.iterdir()):
        verdict.problems.append("something was left in the vault's temporary folder")
    shutil.rmtree(folder)
    return verdict


def _judge(result: IngestResult, dropped: int, verdict: Verdict) -> None:
    deliveries = [*result.deliveries, *result.receipt.duplicates, *result.receipt.unrecognised]
    if len(deliveries) != dropped:
        verdict.problems.append(f"{dropped} files dropped, {len(deliveries)} deliveries")
    rejected = Counter[int]()
    for part in result.parts:
        if part.received_rows != part.accepted_rows + part.superseded_rows + part.rejected_rows:
            verdict.problems.append("received is not accepted + superseded + rejected")
        verdict.records.update(
            received=part.received_rows, accepted=part.accepted_rows, superseded=part.superseded_rows,
            rejected=part.rejected_rows,
        )  # fmt: skip
        rejected[part.delivery_seq] += part.rejected_rows
    counted = {part.delivery_seq for part in result.parts}
    reasons = {issue.delivery_seq: issue.reason for issue in result.issues if issue.effect == "held"}
    for delivery in deliveries:
        seq = delivery.delivery_seq
        if delivery.state not in _STATES:
            verdict.problems.append(f"a delivery is {delivery.state}")
        elif delivery.state == "failed":
            verdict.problems.append(f"{delivery.contract}: failed: {delivery.state_reason}")
        elif delivery.state == "active" and seq not in counted:
            verdict.problems.append("active without accounting")
        elif delivery.state == "held":
            verdict.outcomes[f"held: {reasons.get(seq, 'for more than one reason')}"] += 1
        elif delivery.state == "active":
            verdict.outcomes["active, some records rejected" if rejected[seq] else "active, nothing rejected"] += 1
        else:
            verdict.outcomes[delivery.state] += 1


def _search(home: Home, said: str, verdict: Verdict) -> None:
    for value in SOUGHT:
        if value in said:
            verdict.problems.append("a planted value in the output")
            break
    clear = [value.encode() for value in SOUGHT]
    for path in home.root.rglob("*"):
        if path.is_file() and not path.is_relative_to(home.lake) and not path.is_relative_to(home.inbox):
            content = path.read_bytes()
            if any(value in content for value in clear):
                verdict.problems.append(f"a planted value in {path.relative_to(home.root).parts[0]}")
    with contextlib.closing(sqlite3.connect(home.ledger)) as ledger:
        dump = "\n".join(ledger.iterdump())
    if any(value in dump for value in SOUGHT):
        verdict.problems.append("a planted value in the ledger")
    with duckdb.connect() as connection:
        for path in home.rejects.glob("*.parquet"):
            rows = connection.execute(f"select * exclude (content) from '{path}'").fetchall()
            if any(value in str(rows) for value in SOUGHT):
                verdict.problems.append("a planted value in the rejects")
        for path in home.lake.rglob("*.parquet"):
            if path.name != "_schema.parquet":
                rows = connection.execute(f"select * from '{path}'").fetchall()
                verdict.shifted += any(value in str(rows) for value in SOUGHT)
