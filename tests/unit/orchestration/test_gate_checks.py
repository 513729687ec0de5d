"""Suites of the gate as Dagster's asset checks."""

from __future__ import annotations

import dagster as dg

from expectations.results import CheckResult
from ingestion.ledger.deliveries import Issue
from orchestration import checks

ASSET = dg.AssetKey("candidate_build")


def result(suite: str, severity: str, is_success: bool, **more: object) -> CheckResult:
    return CheckResult(
        suite=suite, expectation="e", description="amounts are there", severity=severity, is_success=is_success, **more
    )


def test_every_suite_blocks_and_its_name_is_one_that_dagster_takes() -> None:
    specs = checks.check_specs(["core.fct_orders", "personal_data"], ASSET)
    assert [spec.name for spec in specs] == ["core__fct_orders", "personal_data"]
    assert all(spec.blocking for spec in specs)


def test_a_critical_failure_is_an_error_with_the_deliveries_at_fault() -> None:
    found = list(
        checks.check_results(
            ["a", "b", "c", "d"],
            [
                result("a", "critical", True),
                result("b", "warning", False, observed="2 rows"),
                result("c", "critical", False, delivery_seqs=(7,)),
                result("d", "warning", False, has_raised=True),
            ],
            ASSET,
            {7: "olist-abc"},
        )
    )
    assert [(c.passed, c.severity.value) for c in found] == [
        (True, "WARN"),
        (False, "WARN"),
        (False, "ERROR"),
        (False, "ERROR"),
    ]
    assert found[2].metadata["deliveries_at_fault"].value == ["olist-abc"]
    assert "raised" in (found[3].description or "")


def test_a_held_delivery_never_blocks_the_others() -> None:
    issues = [Issue(seq, "", "order_line", "price_is_there", "held", 10, None, "10 rows") for seq in (3, 4)]
    issues.append(Issue(3, "", "price", "not_a_number", "rejected", 1))
    check = checks.clean_result("order_line", ASSET, issues)
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert check.metadata["deliveries_held"].value == 2
    assert checks.clean_result("order_line", ASSET, []).passed
