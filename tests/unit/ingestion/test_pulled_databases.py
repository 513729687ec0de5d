"""Databases pulled into deliveries: a SQLite file here, a real PostgreSQL where it is installed."""

from __future__ import annotations

import datetime as dt
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from ingestion.contracts.model import ContractSet, Coverage, FileFormat, FileRule, Supersede, SupersedeBy
from ingestion.ledger import pulls
from ingestion.pull.cursor import Cursor
from ingestion.pull.declared import DatabaseSource
from ingestion.pull.land import ON_THE_WAY
from ingestion.pull.pull import Pulled, Waits, due, pull_sources
from tests.ingestion_bench import KEYS, NOW, Bench, invented_contract
from tests.local_postgres import PASSWORD, Server, postgres

PARQUET = FileRule(FileFormat.PARQUET, re.compile(r".*\.parquet"))
BY_ORDER = invented_contract(file=PARQUET, supersede=Supersede(SupersedeBy.KEY, unit=("order_id",), key=("order_id",)))
EVERY_RECORD = replace(BY_ORDER, supersede=Supersede(SupersedeBy.NONE))
VARIABLE = "SHOP_DATABASE"
WAITS = Waits(sleep=lambda _: None, chance=lambda: 0.0)


def source(**changes: Any) -> DatabaseSource:
    """The orders of the shop, by the time of their last change, an hour again each time."""
    values = {
        "kind": "database", "url_env": VARIABLE, "contract": "shop.orders", "cursor": "Ordered", "window": "1h",
        "table": "orders",
    } | changes  # fmt: skip
    return DatabaseSource(**{name: value for name, value in values.items() if value is not None})


class Shop:
    """A SQLite database of orders."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.run(
            'create table orders ("Order" text primary key, Customer text, Quantity int, Price real, Ordered text)'
        )

    @property
    def url(self) -> str:
        return f"sqlite:///{self.path}"

    def run(self, sql: str, *rows: tuple[Any, ...]) -> None:
        with closing(sqlite3.connect(self.path)) as connection, connection:
            connection.executemany(sql, rows) if rows else connection.execute(sql)

    def order(self, *rows: tuple[Any, ...]) -> None:
        self.run("insert or replace into orders values (?, ?, ?, ?, ?)", *rows)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path / "shop.db")


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "home", (BY_ORDER,))


def pull(
    bench: Bench, url: str, declared: DatabaseSource | None = None, name: str = "orders", **further: Any
) -> Pulled:
    bench.clock += dt.timedelta(minutes=5)
    (one,) = pull_sources(
        bench.home, bench.ledger, ContractSet(bench.contracts), KEYS, {name: declared or source()}, {VARIABLE: url},
        now=bench.clock, waits=WAITS,
    )  # fmt: skip
    return one


def orders(bench: Bench) -> list[tuple[Any, ...]]:
    return [(order, float(quantity)) for order, quantity in bench.current("order_line", "order_id, quantity")]


def cursor(bench: Bench) -> str | None:
    state = pulls.pull_states(bench.ledger).get("orders")
    return state.cursor_text if state else None


def test_what_is_new_or_changed_comes_and_nothing_twice(bench: Bench, shop: Shop) -> None:
    shop.order(("A1", "Li Na", 1, 10.5, "2026-02-01 10:00:00"), ("A2", "Wang", 2, 5, "2026-02-01 11:30:00"))
    assert pull(bench, shop.url).rows == 2
    result = bench.ingest()
    assert [d.state for d in result.deliveries] == ["active"]
    assert (result.received_rows, result.accepted_rows) == (2, 2)
    assert cursor(bench) == "2026-02-01 11:30:00"

    assert pull(bench, shop.url).rows == 1, "the last hour is read again"
    bench.ingest()
    again = pull(bench, shop.url)
    assert (again.delivery_id, again.line) == (None, "orders: nothing new"), "the same rows again are nothing new"

    # a new order, a changed one, and one that came late: its time lies before the cursor, within the window
    shop.order(
        ("A3", "Zhao", 3, 1, "2026-02-01 12:00:00"),
        ("A2", "Wang", 20, 5, "2026-02-01 12:10:00"),
        ("A0", "Late", 7, 1, "2026-02-01 10:45:00"),
    )
    assert pull(bench, shop.url).rows == 3
    bench.ingest()
    assert orders(bench) == [("A0", 7.0), ("A1", 1.0), ("A2", 20.0), ("A3", 3.0)]
    assert cursor(bench) == "2026-02-01 12:10:00"


def test_the_cursor_moves_with_the_commit_and_not_before(bench: Bench, shop: Shop) -> None:
    shop.order(("A1", "Li Na", 1, 1, "2026-02-01 10:00:00"))
    first = pull(bench, shop.url)
    assert first.delivery_id is not None and cursor(bench) is None
    shop.order(("A2", "Wang", 2, 1, "2026-02-01 11:00:00"))
    waiting = pull(bench, shop.url)
    assert (waiting.delivery_id, waiting.note) == (None, "what came last waits to be ingested")
    bench.ingest()
    assert cursor(bench) == "2026-02-01 10:00:00"
    assert pull(bench, shop.url).rows == 2
    bench.ingest()
    assert orders(bench) == [("A1", 1.0), ("A2", 2.0)]


def test_a_delivery_that_its_contract_cannot_compute_keeps_its_records_and_moves_the_cursor(
    bench: Bench, shop: Shop
) -> None:
    shop.order(("A1", "Li Na", 1, 1, "2026-02-01 10:00:00"))
    pull(bench, shop.url)
    contracts, bench.contracts = bench.contracts, ()
    (failed,) = bench.ingest().deliveries
    assert failed.state == "failed"
    assert cursor(bench) == "2026-02-01 10:00:00", "the records are in the archive: they need not be read again"
    bench.contracts = (replace(contracts[0], fingerprint="corrected"),)
    bench.ingest()
    assert orders(bench) == [("A1", 1.0)], "with a corrected contract it is taken up again"


def test_where_every_record_counts_none_comes_twice(bench: Bench, shop: Shop) -> None:
    bench.contracts = (EVERY_RECORD,)
    by_number = source(cursor="Quantity", window=None)
    shop.order(("A1", "Li", 1, 1, "2026-02-01"), ("A2", "Li", 2, 1, "2026-02-01"))
    assert pull(bench, shop.url, by_number).rows == 2
    bench.ingest()
    shop.order(("A3", "Li", 3, 1, "2026-02-01"))
    assert pull(bench, shop.url, by_number).rows == 1
    bench.ingest()
    assert [row[0] for row in bench.rows("order_line", "order_id")] == ["A1", "A2", "A3"]


def test_a_whole_table_without_a_cursor_is_a_full_export(bench: Bench, shop: Shop) -> None:
    bench.contracts = (replace(BY_ORDER, coverage=Coverage.FULL),)
    whole = source(cursor=None, window=None)
    rows = [(f"A{n}", "Li", n, 1, "2026-02-01") for n in range(1, 11)]
    shop.order(*rows)
    pull(bench, shop.url, whole)
    bench.ingest()
    shop.run("delete from orders where \"Order\" = 'A1'")
    pull(bench, shop.url, whole)
    bench.ingest()
    assert orders(bench) == sorted((f"A{n}", float(n)) for n in range(2, 11)), "what is absent is gone"
    shop.order(rows[0])
    assert pull(bench, shop.url, whole).rows == 10, "a table that returns to a former state is news again"
    bench.ingest()
    assert len(orders(bench)) == 10


def test_a_query_may_join_cast_and_hold_colons(bench: Bench, shop: Shop) -> None:
    shop.order(("A1", "Li Na", 1, 10.5, "2026-02-01 10:00:00"))
    query = """select "Order", Customer, Quantity, Price, Ordered, 'at 12:30 :x 100%' as Note from orders"""
    assert pull(bench, shop.url, source(table=None, query=query)).rows == 1
    bench.ingest()
    assert orders(bench) == [("A1", 1.0)]


def test_one_record_of_the_far_future_does_not_hide_what_comes_after(bench: Bench, shop: Shop) -> None:
    shop.order(("A1", "Li", 1, 1, "2026-02-01 10:00:00"), ("A9", "Li", 9, 1, "9999-12-31 00:00:00"))
    one = pull(bench, shop.url)
    assert one.note is not None and "1 rows lie in the future" in one.note
    bench.ingest()
    assert cursor(bench) == "2026-02-01 10:00:00"


def test_nothing_that_is_pulled_lies_in_clear_on_the_disk(bench: Bench, shop: Shop) -> None:
    shop.order(*((f"A{n}", f"Clear Name {n}", 1, 1, "2026-02-01 10:00:00") for n in range(2000)))
    pull(bench, shop.url)
    files = [path for path in bench.home.root.rglob("*") if path.is_file()]
    assert any(path.suffix == ".mpf" for path in files)
    assert not list((bench.home.archive / ON_THE_WAY).iterdir())
    bench.ingest()
    for path in bench.home.root.rglob("*"):
        assert not (path.is_file() and b"Clear Name" in path.read_bytes()), f"{path} holds a name in clear"


def test_memory_does_not_grow_with_the_table(bench: Bench, shop: Shop) -> None:
    import tracemalloc

    def peak(rows: int) -> int:
        with closing(sqlite3.connect(shop.path)) as connection, connection:
            connection.execute("delete from orders")
            connection.execute(
                "insert into orders select 'N' || value, 'name ' || value, 1, 1.5, '2026-02-01 10:00:00' "
                "from (with recursive n(value) as (select 1 union all select value + 1 from n where value < ?) "
                "select value from n)",
                (rows,),
            )
        tracemalloc.start()
        try:
            assert pull(bench, shop.url, source(batch_rows=2000), name=f"orders{rows}").rows == rows
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(100)  # what is imported once does not count
    assert peak(60_000) < 1.5 * peak(12_000)


@pytest.mark.parametrize(
    ("declared", "url", "says"),
    [
        (source(), "", "SHOP_DATABASE is not set"),
        (source(), "no address at all s3cret", "SHOP_DATABASE holds no address of a database"),
        (source(), "sqlite:////nowhere/at/all.db", "the SQLite file is not there"),
        (source(table="absent"), None, "there is no table absent"),
        (source(cursor="changed"), None, "cannot be reached, or cannot read what was asked for"),
        (source(contract="shop.others"), None, "there is no contract shop.others"),
        (source(), "nosuch+driver://u:s3cret@h/d", "there is no driver for nosuch+driver"),
        (source(), "postgresql+psycopg://u:s3cret@db.example.com/d?sslmode=disable", "in clear"),
        (source(window=5), None, "window does not go with a cursor of type text"),
    ],
)
def test_what_is_wrong_is_told_without_secrets(
    bench: Bench, shop: Shop, declared: DatabaseSource, url: str | None, says: str
) -> None:
    shop.order(("A1", "Li", 1, 1, "x"))
    if declared.window == 5:  # shows with the second pull, when there is a cursor to go back from
        pull(bench, shop.url, declared)
        bench.ingest()
    one = pull(bench, shop.url if url is None else url, declared)
    assert one.failure is not None and says in one.failure
    assert "s3cret" not in one.failure and one.delivery_id is None
    state = pulls.pull_states(bench.ledger)["orders"]
    assert state.failure == one.failure and state.failing_since == bench.clock


def test_a_source_that_fails_stops_no_other_and_recovers(bench: Bench, shop: Shop) -> None:
    shop.order(("A1", "Li", 1, 1, "2026-02-01 10:00:00"))
    both = {"broken": source(table="absent"), "orders": source()}
    done = pull_sources(
        bench.home, bench.ledger, ContractSet(bench.contracts), KEYS, both, {VARIABLE: shop.url}, now=NOW, waits=WAITS
    )
    assert [(one.source, one.rows, one.failure is None) for one in done] == [("broken", 0, False), ("orders", 1, True)]
    bench.ingest()
    shop.run("create table absent as select * from orders")
    assert pull(bench, shop.url, both["broken"], name="broken").failure is None
    assert pulls.pull_states(bench.ledger)["broken"].failing_since is None


def test_sources_are_due_by_their_own_interval(bench: Bench) -> None:
    sources = {"often": source(), "daily": source(every="1d"), "new": source()}
    states = {name: pulls.PullState(name, "shop.orders", tried_at=NOW) for name in ("often", "daily")}
    assert due(sources, states, NOW + dt.timedelta(minutes=2)) == ["new"]
    assert due(sources, states, NOW + dt.timedelta(minutes=5)) == ["often", "new"]
    assert due(sources, states, NOW + dt.timedelta(days=1)) == ["often", "daily", "new"]


@pytest.mark.parametrize(
    ("changes", "contract", "says"),
    [
        ({}, replace(BY_ORDER, coverage=Coverage.FULL), "takes each delivery for the whole"),
        ({}, EVERY_RECORD, "what the window reads again would count twice"),
        ({"cursor": None, "window": None}, EVERY_RECORD, "each pull would count all of them again"),
        ({}, replace(BY_ORDER, supersede=Supersede(SupersedeBy.FILE_NAME)), "replaces files by name"),
        (
            {},
            replace(BY_ORDER, supersede=Supersede(SupersedeBy.KEY, unit=("order_id",), key=("order_id", "price"))),
            "would lose the others",
        ),
        ({}, replace(BY_ORDER, file=FileRule(FileFormat.EXCEL, re.compile("x"))), "reads excel"),
        ({"cursor": None}, BY_ORDER, "window and since need a cursor"),
    ],
)
def test_what_would_count_twice_or_be_lost_is_refused(
    bench: Bench, shop: Shop, changes: dict[str, Any], contract: Any, says: str
) -> None:
    bench.contracts = (contract,)
    one = pull(bench, shop.url, source(**changes))
    assert one.failure is not None and says in one.failure


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"url_env": "postgresql://u:p@h/d"}, "name of an environment variable"),
        ({"table": None}, "table or a query"),
        ({"table": None, "query": "delete from orders"}, "SELECT"),
        ({"window": "two hours"}, "duration"),
        ({"password": "x"}, "extra"),
    ],
)
def test_a_declaration_that_is_wrong_is_refused(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=f"(?i){says}"):
        source(**changes)


def test_going_back_by_the_window_keeps_the_form() -> None:
    hour, day = dt.timedelta(hours=1), dt.timedelta(days=1)
    assert Cursor("text", "2026-02-01T00:30:00Z").back(hour).text == "2026-01-31T23:30:00Z"
    assert Cursor("text", "2026-02-01").back(hour).text == "2026-01-31"
    assert Cursor("date", "2026-03-01").back(hour + day).text == "2026-02-27"
    assert Cursor("timestamp", "2026-02-01T00:30:00+00:00").back(hour).text == "2026-01-31T23:30:00+00:00"
    assert Cursor("integer", "100").back(40).text == "60"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with postgres() as running:
        yield running


def on_server(server: Server, *statements: str) -> None:
    import psycopg

    with psycopg.connect(server.url.replace("+psycopg", ""), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def test_postgresql_incrementally_with_its_own_types(bench: Bench, server: Server) -> None:
    on_server(
        server,
        "create schema erp",
        'create table erp.orders ("Order" uuid primary key, "Customer" text, "Quantity" bigint, '
        '"Price" numeric(12, 2), "Ordered" timestamptz, "Note" jsonb, changed_at timestamp)',
        "insert into erp.orders select ('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid, 'Name ' || n, n, "
        "n * 1.10, timestamptz '2026-02-01 08:00+08' + n * interval '1 minute', "
        "jsonb_build_object('n', n), timestamp '2026-02-01 00:00' + n * interval '1 minute' "
        "from generate_series(1, 25000) n",
    )
    declared = source(table="erp.orders", cursor="changed_at", window="30m", batch_rows=4000)
    first = pull(bench, server.url, declared)
    assert first.failure is None and first.rows == 25000
    result = bench.ingest()
    assert (result.accepted_rows, [d.state for d in result.deliveries]) == (25000, ["active"])
    ((rows, total, first_at),) = bench.rows("order_line", "count(*), sum(unit_price), min(lined_at)")
    assert (rows, float(total), first_at) == (25000, 25000 * 25001 / 2 * 1.10, dt.datetime(2026, 2, 1, 0, 1))

    on_server(
        server,
        'update erp.orders set "Quantity" = 77, changed_at = (select max(changed_at) from erp.orders) '
        "+ interval '1 minute' where \"Quantity\" = 5",
        # late: entered now with an earlier time, within the window
        "insert into erp.orders select '00000000-0000-0000-0001-000000000000', 'Late', 1, 1, now(), null, "
        "max(changed_at) - interval '10 minutes' from erp.orders",
    )
    second = pull(bench, server.url, declared)
    assert second.rows == 31 + 2, "the rows of the window, the changed one and the late one"
    bench.ingest()
    counted = dict(orders(bench))
    assert len(counted) == 25001
    assert counted["00000000-0000-0000-0000-000000000005"] == 77.0
    assert counted["00000000-0000-0000-0001-000000000000"] == 1.0


def test_postgresql_is_read_in_a_read_only_snapshot_as_text_that_any_contract_reads(
    bench: Bench, server: Server
) -> None:
    bench.contracts = (replace(BY_ORDER, file=FileRule(FileFormat.CSV, re.compile(r".*\.csv"))),)
    query = """select 'A"1' as "Order", 'O''Hara, J' as "Customer", 2 as "Quantity", 1.50 as "Price",
        '2026-02-01'::timestamp as "Ordered", E'two\nlines' as "Note" """
    assert pull(bench, server.url, source(table=None, query=query, window=None)).failure is None
    bench.ingest()
    assert orders(bench) == [('A"1', 2.0)]
    on_server(server, "create table written (n int)")
    writes = 'with gone as (delete from written returning n) select n as "Ordered" from gone'
    failed = pull(bench, server.url, source(table=None, query=writes, window=None), name="writes")
    assert failed.failure is not None, "a query cannot change anything"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda url: url.replace(PASSWORD, "wr0ng-Pa55"), "cannot be reached|password is not accepted"),
        (lambda url: url.replace("/postgres", "/nosuchdb"), "cannot be reached|no such database"),
        (lambda url: re.sub(r":\d+/", ":1/", url), "cannot be reached"),
    ],
)
def test_what_postgresql_refuses_is_told_without_address_user_or_password(
    bench: Bench, server: Server, change: Any, says: str
) -> None:
    one = pull(bench, change(server.url), source(table="orders"))
    assert one.failure is not None and re.search(says, one.failure)
    for secret in (PASSWORD, "wr0ng-Pa55", "reader", "127.0.0.1"):
        assert secret not in one.failure


def test_a_missing_table_of_postgresql_is_named(bench: Bench, server: Server) -> None:
    one = pull(bench, server.url, source(table=None, query="select * from nowhere"))
    assert one.failure == "orders: there is no such table (UndefinedTable, SQLSTATE 42P01)"
