"""The gate over a build: what closes it, whom it names, and that publication listens to it."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from sqlalchemy import Engine, insert

from expectations.personal_data import PersonalDataScan
from expectations.results import CheckResult, GateResult
from expectations.runner import judge
from ingestion.home import Home
from ingestion.ledger import builds as ledger_builds
from ingestion.ledger import tables
from ingestion.privacy.keys import Keys
from ingestion.privacy.tokens import tokenise
from ingestion.privacy.vault import Vault
from publishing.build import Build, create_build
from publishing.publish import GateClosedError, publish
from tests.invented_warehouse import (
    AS_OF,
    build_now,
    change_warehouse,
    invented_home,
    invented_specs,
    stage_entity,
)

KEYS = Keys(token_key=b"t" * 32, encryption_keys={1: b"e" * 32})
MARTS = {
    "core.customer_links": [("expect_column_values_to_not_be_null", {"column": "customer_id"})],
    "core.dim_customer": [("expect_column_values_to_be_unique", {"column": "customer_id"})],
    "core.fct_orders": [
        ("expect_column_values_to_be_between", {"column": "net_amount", "min_value": 0}),
        ("expect_column_values_to_not_be_null", {"column": "customer_id"}),  # a late one
    ],
    "kpi.kpi_values": [
        (
            "unexpected_rows_expectation",
            {
                "unexpected_rows_query": "select * from {batch} where abs(value - "
                "(select sum(net_amount) from core.fct_orders)) > 0.01"
            },
        )
    ],
    "sales.opportunities": [("expect_column_values_to_not_be_null", {"column": "amount"})],
    "data.quality_results": [("expect_column_values_to_not_be_null", {"column": "runs"})],
}


def write_suites(folder: Path, severity: str = "critical", extra: dict[str, list[Any]] | None = None) -> Path:
    (folder / "marts").mkdir(parents=True, exist_ok=True)
    for name, expectations in {**MARTS, **(extra or {})}.items():
        document = {
            "name": name,
            "expectations": [
                {
                    "type": kind,
                    "kwargs": kwargs,
                    "description": f"{name} keeps rule {number}",
                    "meta": {"name": f"rule_{number}", "severity": severity},
                }
                for number, (kind, kwargs) in enumerate(expectations, start=1)
            ],
        }
        (folder / "marts" / f"{name}.json").write_text(json.dumps(document), encoding="utf-8")
    return folder


def add_deliveries(ledger: Engine, *names: str) -> None:
    with ledger.begin() as connection:
        for name in names:
            connection.execute(
                insert(tables.delivery).values(
                    delivery_id=name,
                    source_system="shop",
                    file_name=name,
                    sha256=name,
                    byte_count=1,
                    state="active",
                    is_confirmed=False,
                    received_at=AS_OF,
                    state_at=AS_OF,
                )
            )


def judge_now(home: Home, ledger: Engine, build: Build, suites: Path, **arguments: Any) -> GateResult:
    vault = Vault(home.vault, KEYS)
    return judge(
        home,
        ledger,
        build.build_id,
        scan=PersonalDataScan(KEYS, vault),
        now=AS_OF,
        suites=suites,
        **arguments,
    )


def pages(home: Home) -> list[str]:
    return [page.read_text(encoding="utf-8") for page in home.data_docs.rglob("*.html")]


def test_a_good_build_passes_and_is_published(tmp_path: Path) -> None:
    home, ledger = invented_home(tmp_path)
    build = build_now(home, ledger)
    result = judge_now(home, ledger, build, write_suites(tmp_path / "suites"))

    assert result.is_passed, result.reason
    assert result.manifest_sha256 == build.manifest.sha256
    assert {check.suite for check in result.results} == {*MARTS, "personal_data", "coverage"}
    assert publish(home, ledger, build.build_id, now=AS_OF).is_new
    stored = ledger_builds.quality_results(ledger, build.build_id)
    assert len(stored) == len(result.results)
    assert any("core.fct_orders keeps rule 1" in page for page in pages(home))
    assert not list(home.builds.glob(".judging-*"))


def test_a_broken_fact_closes_the_gate_and_names_its_deliveries(tmp_path: Path) -> None:
    home, ledger = invented_home(tmp_path)
    change_warehouse(home, "update main_marts.fct_orders set net_amount = -91.5 where order_id in ('o1', 'o4', 'o7')")
    build = build_now(home, ledger)
    result = judge_now(home, ledger, build, write_suites(tmp_path / "suites"))

    assert not result.is_passed
    assert {(check.suite, check.expectation) for check in result.closing} == {
        ("core.fct_orders", "rule_1"),
        ("kpi.kpi_values", "rule_1"),
    }
    assert result.delivery_seqs == (2,)
    assert result.reason is not None
    assert "Deliveries at fault: 2" in result.reason
    assert "3 of 80 rows" in result.reason
    assert not any("91.5" in text for text in [*pages(home), result.reason])
    with pytest.raises(GateClosedError, match=r"core\.fct_orders keeps rule 1"):
        publish(home, ledger, build.build_id, now=AS_OF)
    row = ledger_builds.find_verdict(ledger, build.build_id)
    assert row is not None
    assert row.reason == result.reason


def test_a_warning_is_reported_and_does_not_close(tmp_path: Path) -> None:
    home, ledger = invented_home(tmp_path)
    change_warehouse(home, "update main_marts.fct_orders set net_amount = -1 where order_id = 'o1'")
    build = build_now(home, ledger)
    result = judge_now(home, ledger, build, write_suites(tmp_path / "suites", severity="warning"))

    assert result.is_passed
    assert [(check.suite, check.unexpected_count, check.delivery_seqs) for check in result.warnings] == [
        ("core.fct_orders", 1, (2,)),
        ("kpi.kpi_values", 1, ()),
    ]
    assert publish(home, ledger, build.build_id, now=AS_OF).is_new


def test_an_expectation_that_raises_closes_the_gate_even_as_a_warning(tmp_path: Path) -> None:
    home, ledger = invented_home(tmp_path)
    build = build_now(home, ledger)
    broken = {"sales.opportunities": [("expect_column_values_to_not_be_null", {"column": "nothing"})]}
    result = judge_now(home, ledger, build, write_suites(tmp_path / "suites", "warning", broken))

    assert [(check.suite, check.has_raised) for check in result.closing] == [("sales.opportunities", True)]
    with pytest.raises(GateClosedError):
        publish(home, ledger, build.build_id, now=AS_OF)


def test_a_mart_that_is_missing_closes_and_one_without_a_suite_is_reported(tmp_path: Path) -> None:
    home, ledger = invented_home(tmp_path)
    build = build_now(home, ledger)
    suites = write_suites(tmp_path / "suites", extra={"sales.absent": MARTS["sales.opportunities"]})
    (suites / "marts" / "data.quality_results.json").unlink()
    result = judge_now(home, ledger, build, suites)

    assert [check.expectation for check in result.closing] == ["sales.absent_is_built"]
    assert [check.expectation for check in result.warnings] == ["data.quality_results_has_a_suite"]


def test_the_builds_files_are_judged_not_the_warehouse(tmp_path: Path) -> None:
    home, ledger = invented_home(tmp_path)
    build = build_now(home, ledger)
    change_warehouse(home, "update main_marts.fct_orders set net_amount = -1")
    assert judge_now(home, ledger, build, write_suites(tmp_path / "suites")).is_passed


def test_a_failed_dbt_test_closes_the_gate(tmp_path: Path) -> None:
    home, ledger = invented_home(tmp_path)
    build = build_now(home, ledger)
    tests = [
        CheckResult("dbt_tests", "orders_are_unique", "An order is there once", "critical", True),
        CheckResult("dbt_tests", "links_hold", "Links hold", "critical", False, observed="3 rows"),
        CheckResult("dbt_tests", "rates_are_young", "Rates are young", "warning", False),
    ]
    result = judge_now(home, ledger, build, write_suites(tmp_path / "suites"), dbt_results=tests)

    assert [check.expectation for check in result.closing] == ["links_hold"]
    assert result.reason == "dbt_tests: Links hold (3 rows). New since the last published build: shop-1"
    assert any("Every dbt test" in page for page in pages(home))


@pytest.mark.parametrize(
    ("planted", "kind"), [("call 13812345678 now", "phone (pattern)"), ("Zhang Meili", "name (exact)")]
)
def test_clear_personal_data_closes_the_gate_and_names_the_delivery_that_brought_it(
    tmp_path: Path, planted: str, kind: str
) -> None:
    home, ledger = invented_home(tmp_path)
    add_deliveries(ledger, "shop-1", "shop-2")
    vault = Vault(home.vault, KEYS)
    name = pa.array(["Zhang Meili"])
    vault.stage("batch", "name", tokenise(name, "name", KEYS), name)
    lake = home.entity("product")
    lake.mkdir(parents=True)
    bad = {"product_id": "p1", "product_name": planted, "_delivery_seq": 2}
    stage_entity(lake, "product", "part", bad, {"product_id": "p2", "product_name": "soap", "_delivery_seq": 1})
    change_warehouse(
        home,
        f"update main_marts.opportunities set amount = 1; alter table main_marts.dim_customer add title text; "
        f"update main_marts.dim_customer set title = '{planted}' where customer_id in ('c1', 'c2')",
    )
    build = create_build(
        home, ledger, invented_specs(home), as_of=AS_OF, code_version="t", inputs=["shop-1", "shop-2"], now=AS_OF
    )
    result = judge_now(home, ledger, build, write_suites(tmp_path / "suites"))

    assert [check.expectation for check in result.closing] == ["core.dim_customer_holds_no_clear_personal_data"]
    (finding,) = result.closing
    assert finding.observed == f"title: {kind} in 2 rows"
    assert finding.delivery_seqs == (2,)
    stored = (build.folder / "verdict.json").read_text(encoding="utf-8")
    rows = str(ledger_builds.quality_results(ledger, build.build_id))
    for text in [*pages(home), stored, rows, str(result)]:
        assert planted not in text
        assert "13812345678" not in text
    assert any("core.dim_customer holds no clear personal data: found in title" in page for page in pages(home))


def test_judging_again_replaces_the_verdict(tmp_path: Path) -> None:
    home, ledger = invented_home(tmp_path)
    build = build_now(home, ledger)
    broken = {"sales.opportunities": [("expect_column_values_to_not_be_null", {"column": "nothing"})]}
    suites = write_suites(tmp_path / "suites", extra=broken)
    first = judge_now(home, ledger, build, suites, data_docs=False)
    second = judge_now(home, ledger, build, write_suites(tmp_path / "suites"), data_docs=False)

    assert (first.is_passed, second.is_passed) == (False, True)
    assert first.suites_hash != second.suites_hash
    assert publish(home, ledger, build.build_id, now=AS_OF + timedelta(minutes=1)).is_new
