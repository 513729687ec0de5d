"""The sample company through ingestion: files end as the truth says, to the record; the lake sums to the truth."""

from __future__ import annotations

import csv
import json
from collections import Counter
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from ingestion.contracts.loader import load_contracts
from ingestion.home import Home
from ingestion.ingest import IngestResult, ingest
from ingestion.ledger.engine import open_ledger
from ingestion.lock import home_lock
from ingestion.privacy.keys import generate_key_file
from ingestion.sample import write_sample
from ingestion.sample.words import CITIES

#: Systems whose orders the sample company writes.
SHOPS = ("shopify", "taobao", "tmall", "jd")


@pytest.fixture(scope="module")
def ingested(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, IngestResult]:
    folder = tmp_path_factory.mktemp("sample")
    home = Home(folder / "home")
    write_sample(home, "tiny", 3)
    keys = generate_key_file(folder / "keys")
    home.ensure()
    ledger = open_ledger(home)
    with home_lock(home, "test"):
        result = ingest(home, ledger, load_contracts(), keys, now=datetime(2026, 10, 1, 2, 0))
    return home, result


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _names(result: IngestResult) -> dict[int, str]:
    return {d.delivery_seq: f"{d.source_system}/{d.file_name}" for d in result.deliveries}


def test_every_file_ends_in_the_state_of_the_truth(ingested: tuple[Home, IngestResult]) -> None:
    home, result = ingested
    expected = {row["path"]: row["expected_state"] for row in _rows(home.truth / "files.csv")}
    found = {f"{d.source_system}/{d.file_name}": d.state for d in result.deliveries}
    found |= {f"{d.source_system}/{d.file_name}": "unrecognised" for d in result.receipt.unrecognised}
    assert found == expected


def test_received_and_rejected_records_are_those_of_the_truth(ingested: tuple[Home, IngestResult]) -> None:
    home, result = ingested
    names = _names(result)
    received, rejected = Counter[str](), Counter[str]()
    for part in result.parts:
        received[names[part.delivery_seq]] += part.received_rows
        rejected[names[part.delivery_seq]] += part.rejected_rows
    for row in _rows(home.truth / "files.csv"):
        if row["expected_state"] != "unrecognised":
            assert (received[row["path"]], rejected[row["path"]]) == (int(row["rows"]), int(row["rejected"])), row[
                "path"
            ]


def test_reasons_are_those_of_the_truth(ingested: tuple[Home, IngestResult]) -> None:
    home, result = ingested
    names = _names(result)
    found = Counter[tuple[str, str]]()
    for issue in result.issues:
        if issue.effect == "rejected":
            found[names[issue.delivery_seq], issue.reason] += issue.row_count
    assert found == {(row["path"], row["reason"]): int(row["rows"]) for row in _rows(home.truth / "rejected.csv")}


def test_the_lake_sums_to_the_truth(ingested: tuple[Home, IngestResult]) -> None:
    """Of each order the last delivery's rows count: what the truth states as paid, net and refunded comes out."""
    home, result = ingested
    totals = json.loads((home.truth / "totals.json").read_text(encoding="utf-8"))
    held = [d.delivery_seq for d in result.held]
    lake = {
        name: f"read_parquet('{home.lake}/{name}/*.parquet', union_by_name = true)"
        for name in ("order", "order_line", "refund")
    }
    with duckdb.connect() as con:
        winners = (
            "SELECT _contract, _unit, max(_delivery_seq) AS _delivery_seq FROM {0} "
            f"WHERE NOT list_contains({held}::bigint[], _delivery_seq) GROUP BY ALL"
        )

        def final(name: str) -> str:
            return f"{lake[name]} SEMI JOIN ({winners.format(lake[name])}) USING (_contract, _unit, _delivery_seq)"

        rows = con.execute(
            f"""
            WITH line AS (
                SELECT source_system, order_id, sum(net_amount) AS net FROM {final("order_line")} GROUP BY ALL
            ), head AS (
                SELECT source_system, order_id, currency, coalesce(discount_amount, 0) AS off FROM {final("order")}
                WHERE paid_at IS NOT NULL
            )
            SELECT source_system || ' ' || currency, count(*), sum(net - off)
            FROM head JOIN line USING (source_system, order_id) GROUP BY ALL ORDER BY ALL
            """
        ).fetchall()
        assert {name: f"{net:.2f}" for name, _, net in rows} == {
            name: net for name, net in totals["net_amount"].items() if name.split()[0] in SHOPS
        }
        counts = Counter[str]()
        for name, count, _ in rows:
            counts[name.split()[0]] += count
        assert counts == totals["orders_paid"]
        # the marketplace's last head decides: an order seen again without its refund would be a refund too many
        refunds = con.execute(
            f"SELECT source_system || ' ' || currency, sum(amount) FROM {lake['refund']} r SEMI JOIN "
            f"({winners.format(lake['order'])}) w USING (_contract, _unit, _delivery_seq) GROUP BY ALL"
        ).fetchall()
        assert {name: Decimal(amount) for name, amount in refunds} == {
            name: Decimal(amount) for name, amount in totals["refund_amount"].items()
        }


def test_places_in_china_are_called_alike_in_all_systems(ingested: tuple[Home, IngestResult]) -> None:
    home, _ = ingested
    with duckdb.connect() as con:
        found = dict(
            con.execute(
                "SELECT source_system, list(DISTINCT province ORDER BY province) "
                f"FROM read_parquet('{home.lake}/order/*.parquet', union_by_name = true) "
                "WHERE country_code = 'CN' GROUP BY ALL"
            ).fetchall()
        )
    known = {city[0] for city in CITIES}
    assert set(found) == set(SHOPS)
    assert all(set(provinces) <= known and len(provinces) > 5 for provinces in found.values())


def test_what_was_done_for_leads_and_deals_is_in_the_lake(ingested: tuple[Home, IngestResult]) -> None:
    """Visits, calls, mails and proposals of both CRM systems name leads and deals that are there, too."""
    home, _ = ingested
    lake = f"read_parquet('{home.lake}/{{}}/*.parquet', union_by_name = true)"
    with duckdb.connect() as con:
        kinds = con.execute(
            "SELECT source_system, list(DISTINCT activity_kind ORDER BY activity_kind) "
            f"FROM {lake.format('activity')} GROUP BY ALL ORDER BY ALL"
        ).fetchall()
        assert dict(kinds) == {
            "crm_cn": ["call", "proposal", "visit"], "salesforce": ["call", "mail", "proposal", "visit"],
        }  # fmt: skip
        for entity, key in (("lead", "lead_id"), ("opportunity", "opportunity_id")):
            lost = con.execute(
                f"SELECT count(*), count(*) FILTER (k.key IS NULL) FROM {lake.format('activity')} a LEFT JOIN "
                f"(SELECT DISTINCT source_system, {key} AS key FROM {lake.format(entity)}) k "
                f"ON k.source_system = a.source_system AND k.key = a.{key} WHERE a.{key} IS NOT NULL"
            ).fetchone()
            assert lost is not None and lost[0] > 50 and lost[1] == 0, entity
        decided = con.execute(
            f"SELECT count(*) FROM {lake.format('activity')} WHERE outcome IN ('accepted', 'declined') "
            "AND (activity_kind <> 'proposal' OR decided_at IS NULL OR amount IS NULL)"
        ).fetchone()
        assert decided == (0,)


def test_merged_hubspot_records_are_one_customer(ingested: tuple[Home, IngestResult]) -> None:
    """The record that was merged away has the key of the one that stays, whether or not it was ever exported."""
    home, _ = ingested
    identities = duckdb.sql(
        f"SELECT source_key FROM read_parquet('{home.truth}/identities.parquet') WHERE linked_by = 'own_key'"
    ).fetchall()
    found = duckdb.sql(
        "SELECT source_customer_key, own_key FROM "
        f"read_parquet('{home.lake}/customer/*.parquet', union_by_name = true) "
        "WHERE source_system = 'hubspot' AND source_customer_key <> own_key"
    ).fetchall()
    assert found and {key for key, _ in found} <= {key for (key,) in identities}
    # the second number of a contact is five beyond the first
    assert all(int(key.split(":")[1]) - int(own.split(":")[1]) == 5 for key, own in found)
