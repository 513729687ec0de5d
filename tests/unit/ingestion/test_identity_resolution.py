"""Resolving customers: rules, lasting ids, merges and splits, and that nothing is done twice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import Engine, update

from ingestion.home import Home
from ingestion.identity.matching import EDGE_SCHEMA, DeterministicMatcher, Matches, UnusedIdentifier
from ingestion.identity.records import link_file
from ingestion.identity.resolve import IdentityResult, resolve_customers
from ingestion.ledger.deliveries import LakePart, add_lake_parts, register
from ingestion.ledger.engine import open_ledger, writing
from ingestion.ledger.tables import delivery
from ingestion.privacy.keys import Keys
from tests.lake_files import write_entity

KEYS = Keys(b"t" * 32, {1: b"1" * 32})
NOW = datetime(2026, 11, 21, 18)

Row = dict[str, object]


class Lake:
    """A home with deliveries written straight into the clean lake."""

    def __init__(self, root: Path) -> None:
        self.home = Home(root).ensure()
        self.ledger: Engine = open_ledger(self.home)
        self.count = 0

    def deliver(
        self, system: str, customers: Sequence[Row] = (), *, entity: str = "customer", unit: str | None = None
    ) -> int:
        """Add an active delivery; rows are of a unit each (by key), or of `unit`."""
        self.count += 1
        with writing(self.ledger) as connection:
            values = {"source_system": system, "sha256": f"{self.count:064d}", "file_name": f"{self.count}.csv"}
            seq = register(connection, {**values, "byte_count": 1, "state": "active", "received_at": NOW}).delivery_seq
            rows = [
                {
                    "source_system": system,
                    "_contract": f"{system}.x",
                    "_unit": unit or str(row["source_customer_key"]),
                    **row,
                }
                for row in customers
            ]
            paths = [write_entity(self.home, entity, rows, delivery_seq=seq)]
            units = [
                {"contract": f"{system}.x", "delivery_seq": seq, "part": "", "unit": u, "tie": 0, "record_count": 1}
                for u in sorted({str(row["_unit"]) for row in rows})
            ]
            paths.append(write_entity(self.home, "delivery_unit", units, delivery_seq=seq))
            parts = [
                LakePart(str(path.relative_to(self.home.root)), path.parent.name, f"{system}.x", f"b{seq}", 1, 1)
                for path in paths
            ]
            add_lake_parts(connection, parts, NOW)
        return seq

    def state(self, seq: int, state: str) -> None:
        with writing(self.ledger) as connection:
            connection.execute(update(delivery).where(delivery.c.delivery_seq == seq).values(state=state))

    def resolve(self, **options: object) -> IdentityResult:
        return resolve_customers(self.home, self.ledger, KEYS, NOW, **options)  # type: ignore[arg-type]

    def links(self) -> dict[str, dict[str, object]]:
        table = pq.read_table(link_file(self.home))
        return {f"{row['source_system']}/{row['source_customer_key']}": row for row in table.to_pylist()}

    def ids(self) -> dict[str, str]:
        return {key: str(row["customer_id"]) for key, row in self.links().items()}

    def events(self) -> list[tuple[str, str, str, int]]:
        path = self.home.vault / "identity_events.parquet"
        rows = pq.read_table(path).to_pylist() if path.exists() else []
        return [(r["kind"], r["from_customer_id"], r["to_customer_id"], r["record_count"]) for r in rows]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "home")


def person(key: str, **columns: object) -> Row:
    return {"source_customer_key": key, "customer_type": "person", **columns}


def test_a_fact_names_the_customer_of_another_system_without_inventing_one(lake: Lake) -> None:
    lake.deliver("shop", [person("1")])
    answers = [
        {"source_customer_key": "1", "customer_system": "shop"},
        {"source_customer_key": "2", "customer_system": "crm"},
        {"source_customer_key": "3"},
    ]
    lake.deliver("desk", answers, entity="survey_response")
    lake.resolve()
    assert sorted(lake.links()) == ["crm/2", "desk/3", "shop/1"]


def test_rules_link_and_the_strongest_names_the_link(lake: Lake) -> None:
    lake.deliver("shop", [person("1", own_key="u"), person("2", own_key="u", phone_token="p"), person("9")])
    lake.deliver("crm", [person("1", phone_token="p", national_id_token="n"), person("2", email_token="e")])
    lake.deliver("web", [person("a", national_id_token="n"), person("b", email_token="e", open_id_token="o")])
    lake.deliver("app", [person("z", open_id_token="o", own_key="u")])
    result = lake.resolve()
    links = lake.links()
    clusters: dict[object, set[str]] = {}
    for key, row in links.items():
        clusters.setdefault(row["customer_id"], set()).add(key)
    assert sorted(map(sorted, clusters.values())) == [
        ["app/z", "crm/2", "web/b"],
        ["crm/1", "shop/1", "shop/2", "web/a"],
        ["shop/9"],
    ]
    rules = {key: row["rule"] for key, row in links.items()}
    assert rules == {
        "shop/1": "own_key",
        "shop/2": "own_key",
        "shop/9": "alone",
        "crm/1": "national_id",
        "web/a": "national_id",
        "crm/2": "email",
        "web/b": "open_id",
        "app/z": "open_id",
    }
    assert (result.records, result.customers, result.new, result.merged) == (8, 3, 3, 0)
    assert {row["probability"] for row in links.values()} == {1.0}
    assert all(str(i).startswith("c_") and len(str(i)) == 22 for i in clusters)


def test_one_own_key_of_two_systems_links_nothing(lake: Lake) -> None:
    lake.deliver("shop", [person("1", own_key="u")])
    lake.deliver("crm", [person("1", own_key="u")])
    assert lake.resolve().customers == 2


def test_a_contact_and_the_organisation_merge_unless_types_are_kept_apart(lake: Lake) -> None:
    organisation = {"source_customer_key": "o", "customer_type": "organisation", "phone_token": "p"}
    lake.deliver("crm", [organisation, person("1", phone_token="p"), {"source_customer_key": "2", "phone_token": "p"}])
    assert lake.resolve().customers == 1
    assert lake.resolve(matchers=[DeterministicMatcher(keep_types_apart=True)]).customers == 2
    ids = lake.ids()
    assert ids["crm/1"] == ids["crm/2"] != ids["crm/o"]


def test_a_widely_shared_number_is_left_out_and_reported(lake: Lake) -> None:
    shared = [person(str(n), phone_token="hotline", email_token=f"e{n // 2}") for n in range(4)]
    lake.deliver("crm", shared)
    result = lake.resolve(matchers=[DeterministicMatcher(maximum_owners=3)])
    assert result.unused == (UnusedIdentifier("phone", 1, 4),)
    assert result.customers == 2
    assert lake.resolve(matchers=[DeterministicMatcher(maximum_owners=4)]).customers == 1


def test_many_records_of_one_own_key_are_not_over_linked(lake: Lake) -> None:
    lake.deliver("olist", [person(str(n), own_key="u", phone_token="p") for n in range(30)])
    result = lake.resolve()
    assert (result.customers, result.unused) == (1, ())


def test_customers_of_facts_without_a_record_stand_alone(lake: Lake) -> None:
    lake.deliver("shop", [person("1")])
    for entity in ("order", "opportunity", "lead"):
        lake.deliver("shop", [{"source_customer_key": "1"}, {"source_customer_key": f"{entity}-2"}], entity=entity)
    session = {"source_customer_key": "7", "customer_system": "shop"}
    lake.deliver("web", [session], entity="web_session")
    lake.deliver("shop", [{"source_customer_key": None}], entity="order", unit="none")
    lake.resolve()
    assert {key: row["rule"] for key, row in lake.links().items()} == dict.fromkeys(
        ["shop/1", "shop/order-2", "shop/opportunity-2", "shop/lead-2"], "alone"
    )


def test_a_lead_lends_its_address_to_the_customer_it_became(lake: Lake) -> None:
    lake.deliver("crm", [{"source_customer_key": "account", "customer_type": "organisation", "own_key": "u"}])
    lake.deliver("crm", [person("account", email_token="e")], entity="lead", unit="lead 1")
    lake.deliver("shop", [person("1", email_token="e")])
    assert lake.resolve().customers == 1
    assert lake.links()["crm/account"]["rule"] == "email"


def test_only_the_present_state_of_active_deliveries_counts(lake: Lake) -> None:
    lake.deliver("crm", [person("1", phone_token="old"), person("2", phone_token="old")])
    corrected = lake.deliver("crm", [person("2", phone_token="new")])
    lake.deliver("crm", [person("3", phone_token="new")])
    lake.resolve()
    ids = lake.ids()
    assert ids["crm/2"] == ids["crm/3"] != ids["crm/1"]
    assert lake.links()["crm/2"]["since_delivery_seq"] == 1
    lake.state(corrected, "withdrawn")
    lake.resolve()
    ids = lake.ids()
    assert ids["crm/2"] == ids["crm/1"] != ids["crm/3"]


def test_merge_keeps_the_earliest_id_and_is_recorded_once(lake: Lake) -> None:
    lake.deliver("crm", [person("9", phone_token="p")])
    lake.deliver("shop", [person("1", email_token="e")])
    first = lake.resolve()
    before = lake.ids()
    lake.deliver("web", [person("w", phone_token="p", email_token="e")])
    result = lake.resolve()
    after = lake.ids()
    assert (first.new, first.merged, result.new, result.merged) == (2, 0, 0, 1)
    assert set(after.values()) == {before["crm/9"]}
    merge = ("merge", before["shop/1"], before["crm/9"], 1)
    assert lake.events() == [merge]
    assert lake.resolve().is_changed is False
    assert lake.events() == [merge]


def test_split_keeps_the_earliest_and_gives_back_the_former_id(lake: Lake) -> None:
    lake.deliver("crm", [person("9", phone_token="p")])
    lake.deliver("shop", [person("1", email_token="e")])
    lake.resolve()
    before = lake.ids()
    joining = lake.deliver("web", [person("w", phone_token="p", email_token="e")])
    lake.resolve()
    lake.state(joining, "withdrawn")
    result = lake.resolve()
    assert lake.ids() == before
    assert (result.new, result.split) == (1, 1)
    assert lake.events()[1:] == [("split", before["crm/9"], before["shop/1"], 1)]


def test_split_of_a_cluster_that_was_always_one_gives_each_an_id(lake: Lake) -> None:
    lake.deliver("shop", [person("1", phone_token="p")])
    lake.deliver("crm", [person("9", phone_token="p")])
    lake.resolve()
    (founder,) = set(lake.ids().values())  # made from crm/9, the smallest; kept by shop/1, the earliest
    lake.deliver("crm", [person("9", phone_token="q")])
    lake.resolve()
    ids = lake.ids()
    assert ids["shop/1"] == founder != ids["crm/9"]


def test_rerun_reads_nothing_and_changes_nothing(lake: Lake) -> None:
    lake.deliver("crm", [person("1"), person("2")])
    first = lake.resolve()
    stamp = link_file(lake.home).stat()
    again = lake.resolve()
    assert (again.records, again.customers, again.new, again.is_changed) == (first.records, first.customers, 0, False)
    (lake.home.vault / "identity.json").unlink()
    full = lake.resolve()
    assert (full.new, full.merged, full.is_changed) == (0, 0, False)
    assert link_file(lake.home).stat().st_mtime_ns == stamp.st_mtime_ns
    assert sorted(p.name for p in link_file(lake.home).parent.iterdir()) == ["customer_link.parquet"]


def test_killed_between_events_and_snapshot(lake: Lake) -> None:
    lake.deliver("crm", [person("9", phone_token="p")])
    lake.deliver("shop", [person("1", phone_token="q")])
    lake.resolve()
    snapshot = link_file(lake.home).read_bytes()
    lake.deliver("shop", [person("1", phone_token="p")])
    lake.resolve()
    events, ids = lake.events(), lake.ids()
    link_file(lake.home).write_bytes(snapshot)  # as if the rename had not happened
    (lake.home.vault / "identity.json").unlink()
    lake.resolve()
    assert lake.events() == events and len(events) == 1
    assert lake.ids() == ids


def test_empty_home(lake: Lake) -> None:
    assert lake.resolve() == IdentityResult(0, 0, 0, 0, 0, False)
    assert lake.links() == {}


class _ByName:
    """A matcher of another kind: equal names, not certain."""

    version = "names"
    columns = ("name_token",)

    def match(self, connection: object, states: str) -> Matches:
        rows = connection.execute(  # type: ignore[attr-defined]
            f"select a.record, b.record, 'name', case a.name_token when 'sure' then 0.99 else 0.5 end::double "
            f"from {states} a join {states} b using (name_token) where a.record < b.record"
        ).fetchall()
        return Matches(pa.Table.from_pylist([dict(zip(EDGE_SCHEMA.names, r, strict=True)) for r in rows], EDGE_SCHEMA))


def test_another_matcher_adds_its_edges(lake: Lake) -> None:
    lake.deliver("crm", [person("1", name_token="sure"), person("2", name_token="sure"), person("5", phone_token="p")])
    lake.deliver(
        "web", [person("3", name_token="maybe"), person("4", name_token="maybe"), person("6", phone_token="p")]
    )
    result = lake.resolve(matchers=[DeterministicMatcher(), _ByName()])
    links = lake.links()
    assert result.customers == 4
    assert links["crm/1"]["customer_id"] == links["crm/2"]["customer_id"]
    assert (links["crm/2"]["rule"], links["crm/2"]["probability"]) == ("name", pytest.approx(0.99))
    assert links["web/3"]["customer_id"] != links["web/4"]["customer_id"]
    assert links["web/6"]["customer_id"] == links["crm/5"]["customer_id"]
