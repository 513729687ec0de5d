"""Declared sources as the command line and Dagster pull them."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from ingestion.contracts.loader import SHIPPED
from ingestion.errors import UsageError
from ingestion.home import Home
from ingestion.ledger.deliveries import list_deliveries
from ingestion.ledger.engine import open_ledger
from orchestration import pulling
from orchestration.cli.main import main
from orchestration.jobs import pull
from orchestration.look import is_pull_waiting, is_run_waiting
from orchestration.schedules import pull_what_is_due
from orchestration.settings import describe, load_settings
from tests.support import TEST_KEY

AT = datetime(2026, 3, 1, 12)
SETTINGS = """
technical:
  sources:
    order_table:
      kind: database
      url_env: SHOP_DATABASE
      contract: till.orders
      table: orders
      cursor: order_purchase_timestamp
      window: 2h
      every: 15m
    broken:
      kind: database
      url_env: NOT_SET_ANYWHERE
      contract: till.orders
      table: orders
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home with a SQLite shop, a contract of its own and two sources, one of which cannot work."""
    found = Home(tmp_path / "home").ensure()
    found.settings_file.write_text(SETTINGS, encoding="utf-8")
    own = found.contracts / "till" / "orders.yml"
    own.parent.mkdir(parents=True)
    text = (SHIPPED / "olist" / "orders.yml").read_text(encoding="utf-8")
    text = text.replace("id: olist.orders", "id: till.orders").replace("value: csv}", "value: parquet}")
    own.write_text(text, encoding="utf-8")
    database = tmp_path / "shop.db"
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(
            "create table orders (order_id text primary key, customer_id text, order_status text, "
            "order_purchase_timestamp text, order_approved_at text, order_delivered_carrier_date text, "
            "order_delivered_customer_date text, order_estimated_delivery_date text)"
        )
        moment = "2018-01-0{} 10:00:00"
        rows = [(f"o{n}", f"c{n}", "delivered", *[moment.format(n)] * 5) for n in range(1, 4)]
        connection.executemany("insert into orders values (?, ?, ?, ?, ?, ?, ?, ?)", rows)
    monkeypatch.setenv("MILEPOST_HOME", str(found.root))
    monkeypatch.setenv("MILEPOST_KEY", TEST_KEY)
    monkeypatch.setenv("SHOP_DATABASE", f"sqlite:///{database}")
    return found


def test_sources_are_due_once_and_again_after_their_interval(home: Home) -> None:
    assert pulling.due_sources(home, AT) == ["order_table", "broken"]
    done = {one.source: one for one in pulling.pull(home, now=AT)}
    assert (done["order_table"].rows, done["order_table"].failure) == (3, None)
    assert done["broken"].failure is not None and "NOT_SET_ANYWHERE is not set" in done["broken"].failure
    assert pulling.due_sources(home, AT + timedelta(minutes=6)) == ["broken"]
    assert pulling.due_sources(home, AT + timedelta(minutes=15)) == ["order_table", "broken"]


def test_the_command_pulls_and_tells_what_failed(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sources", "pull"]) == 4
    said = capsys.readouterr().out
    assert "order_table: 3 rows" in said and "broken: broken: the environment variable" in said
    ledger = open_ledger(home)
    assert [(d.source_system, d.contract, d.state) for d in list_deliveries(ledger)] == [
        ("till", "till.orders", "received")
    ]
    ledger.dispose()
    assert main(["sources", "list", "--format", "json"]) == 0
    first, second = json.loads(capsys.readouterr().out)
    assert (first["name"], first["rows"], first["read_up_to"]) == ("order_table", 3, None), "not committed yet"
    assert second["failing_since"] is not None
    assert main(["status", "--format", "json"]) == 0
    assert [one["name"] for one in json.loads(capsys.readouterr().out)["pulled"]] == ["order_table", "broken"]
    assert main(["sources", "reset", "order_table"]) == 0
    assert main(["sources", "pull", "nobody"]) == 2


def test_the_job_pulls_what_is_due_beside_a_run(home: Home) -> None:
    instance = dg.DagsterInstance.ephemeral()
    asked = pull_what_is_due(instance, AT, now=AT)
    assert isinstance(asked, dg.RunRequest)
    result = pull.execute_in_process(instance=instance)
    assert result.success, "a source that fails fails no pull"
    ledger = open_ledger(home)
    assert len(list_deliveries(ledger, states=["received"])) == 1
    ledger.dispose()
    assert not is_run_waiting(instance) and not is_pull_waiting(instance)
    instance.create_run_for_job(pull, status=dg.DagsterRunStatus.STARTED)
    assert is_pull_waiting(instance) and not is_run_waiting(instance), "a pull keeps no run from starting"
    assert isinstance(pull_what_is_due(instance, AT, now=AT + timedelta(days=1)), dg.SkipReason)


def test_a_home_without_sources_pulls_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILEPOST_HOME", str(tmp_path))
    assert isinstance(pull_what_is_due(dg.DagsterInstance.ephemeral(), AT, now=AT), dg.SkipReason)
    assert pulling.pull(Home(tmp_path), now=AT) == []
    assert not (tmp_path / "ledger.db").exists()


def test_what_is_wrong_in_a_declaration_is_listed_at_once_and_quotes_no_address(home: Home) -> None:
    text = SETTINGS.replace("SHOP_DATABASE", "postgresql://u:s3cret@h/d").replace("every: 15m", "every: often")
    home.settings_file.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        load_settings(home, {})
    assert "s3cret" not in str(caught.value)
    assert "sources.order_table" in str(caught.value) and "duration" in str(caught.value)


def test_how_sources_are_reached_is_no_news_for_the_marts(home: Home) -> None:
    before = describe(load_settings(home, {}))
    home.settings_file.unlink()
    assert describe(load_settings(home, {})) == before
