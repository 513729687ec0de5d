"""The commands around one run: what they say of what came, and that nothing new means nothing done."""

from __future__ import annotations

import json
import os
import resource
import subprocess
from collections.abc import Callable

import pytest

from tests.integration.conftest import invented_shop
from tests.support import PROJECT, MilepostHome

AS_OF = "2018-06-01"
SETTINGS = "business:\n  reporting_currency: BRL\n  reporting_time_zone: America/Sao_Paulo\n"
STAGES = (
    "receive",
    "ingest",
    "identity",
    "operational",
    "transform staging",
    "transform marts",
    "build",
    "gate",
    "publish",
)


@pytest.fixture(scope="module")
def published(make_home: Callable[[str], MilepostHome]) -> MilepostHome:
    """A home with one published run of the invented shop, and a file that no contract reads."""
    home = make_home("commands")
    home.settings(SETTINGS)
    shop = invented_shop()
    shop.tables["orders"][0]["order_purchase_timestamp"] = "yesterday"
    shop.drop(home)
    stray = home.root / "inbox" / "olist" / "notes.txt"
    stray.write_text("nothing of ours", encoding="utf-8")
    ended = home.milepost("run", "--as-of", AS_OF, expect=4).output
    for stage in STAGES:
        assert stage in ended
    for line in (
        "rows in     2,020",
        "accepted    2,019",
        "rejected    1",
        "gate        passed",
        "version     v000001",
    ):
        assert line in ended
    assert "not recognised: olist/notes.txt" in ended
    stray.unlink()
    return home


def test_status_tells_sources_runs_gate_and_version(published: MilepostHome) -> None:
    shown = published.milepost("status", "--timing").output
    for text in ("v000001", "passed", "olist", "published", *STAGES):
        assert text in shown
    told = json.loads(published.milepost("status", "--format", "json").output)
    assert told["version"]["version"] == "v000001"
    assert told["gate"]["is_passed"] is True


def test_a_kpi_prints_its_published_values(published: MilepostHome) -> None:
    values = json.loads(
        published.milepost("kpi", "orders", "--grain", "month", "--from", "2018-01-01", "--format", "json").output
    )
    told = published.query(
        "select value from kpi.kpi_values where kpi_id = 'orders' and grain = 'month' and dimension = 'total'"
        " and period_start >= date '2018-01-01' order by period_start"
    )
    assert [row["value"] for row in values] == [row[0] for row in told]
    assert values
    assert "did you mean" in published.milepost("kpi", "order", expect=2).output.lower()
    assert "It has:" in published.milepost("kpi", "orders", "--by", "weather", expect=2).output


def test_a_query_reads_and_only_reads(published: MilepostHome) -> None:
    answer = published.milepost("query", "select count(*) as n from core.fct_orders", "--format", "csv").output
    assert answer.splitlines() == ["n", "399"]
    for statement in ("create table x as select 1", "delete from core.fct_orders", "select 1; select 2"):
        assert "only read" in published.milepost("query", statement, expect=2).output


def test_trace_leads_to_file_and_record_number(published: MilepostHome) -> None:
    order_id = published.one("select min(order_id) from core.fct_order_lines")
    traced = json.loads(
        published.milepost(
            "trace", "core.fct_order_lines", "--where", f"order_id = '{order_id}'", "--format", "json"
        ).output
    )
    assert {row["file_name"] for row in traced} == {"first/olist_order_items_dataset.csv"}
    assert {row["contract"] for row in traced} == {"olist.order_items"}
    shop = invented_shop()
    numbers = [n for n, item in enumerate(shop.tables["order_items"], start=1) if item["order_id"] == order_id]
    assert sorted(row["record_number"] for row in traced) == numbers
    assert "core.fct_order_lines" in published.milepost("trace", "kpi.kpi_values", expect=2).output


def test_rejected_records_are_listed_and_shown(published: MilepostHome) -> None:
    listed = json.loads(published.milepost("rejects", "list", "--format", "json").output)
    assert [(row["contract"], row["column"], row["records"]) for row in listed] == [
        ("olist.orders", "order_purchase_timestamp", 1)
    ]
    shown = json.loads(published.milepost("rejects", "show", "--format", "json").output)
    assert [(row["record_number"], row["file_name"]) for row in shown] == [(1, "first/olist_orders_dataset.csv")]


def test_deliveries_are_shown_with_their_accounting(published: MilepostHome) -> None:
    listed = json.loads(published.milepost("deliveries", "list", "--format", "json").output)
    orders = next(row for row in listed if row["contract"] == "olist.orders")
    assert (orders["state"], orders["received"], orders["accepted"], orders["rejected"]) == ("active", 400, 399, 1)
    shown = json.loads(published.milepost("deliveries", "show", orders["delivery_id"], "--format", "json").output)
    assert [part["received_rows"] for part in shown["parts"]] == [400]
    assert published.milepost("deliveries", "show", "nothing", expect=2)


def test_doctor_finds_nothing_wrong_and_names_a_readable_vault(published: MilepostHome) -> None:
    published.milepost("doctor")
    vault = published.root / "vault"
    vault.chmod(0o755)
    try:
        assert "chmod 700" in published.milepost("doctor", expect=1).output
    finally:
        vault.chmod(0o700)


def test_a_run_with_nothing_new_publishes_nothing_and_starts_neither_dbt_nor_dagster(published: MilepostHome) -> None:
    before = published.catalog.resolve()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert "nothing is new" in published.milepost("run", "--as-of", AS_OF).output
    now = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert published.catalog.resolve() == before
    assert now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime < 5
    told = json.loads(published.milepost("status", "--format", "json").output)
    assert len(told["runs"]) == 1


def test_a_changed_setting_is_news_and_a_version_can_be_rolled_back_and_compared(published: MilepostHome) -> None:
    published.settings(SETTINGS + "  rfm_general_recency_days: 36\n")
    published.milepost("run", "--as-of", AS_OF)
    assert published.catalog.resolve().parent.name == "v000002"
    assert "rfm_segments" in published.milepost("versions", "diff").output
    published.milepost("versions", "rollback")
    assert published.catalog.resolve().parent.name == "v000001"
    assert "rolled back" in published.milepost("status").output


def test_logs_of_a_run_hold_no_value_of_a_rejected_record(published: MilepostHome) -> None:
    logs = [path for path in (published.root / "dagster").rglob("*") if path.is_file()]
    assert logs
    for path in [*logs, *(published.root / "dbt").glob("*.log")]:
        assert b"yesterday" not in path.read_bytes(), path


def test_publishing_alone_refuses_a_build_that_was_not_judged(published: MilepostHome) -> None:
    """As the job `publish_again` does when launched alone in the UI."""
    code = (
        "from pathlib import Path; from ingestion.home import Home; from ingestion.ledger.engine import open_ledger;"
        "from sqlalchemy import text; import os;"
        "home = Home(Path(os.environ['MILEPOST_HOME'])); ledger = open_ledger(home);"
        "connection = ledger.connect(); connection.execute(text('delete from verdict')); connection.commit();"
        "from orchestration.launch import launch; from orchestration.session import RunRequest;"
        "done = launch(RunRequest(home=home), 'publish_again');"
        "print(done.record.outcome, '|', done.error)"
    )
    python = published.command()[0].replace("milepost", "python")
    done = subprocess.run(
        [python, "-c", code],
        env={**os.environ, **published.environment()},
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("gate_closed | ")
    assert "not judged" in done.stdout
