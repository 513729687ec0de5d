"""Asset checks: every suite of the gate as a blocking check, of the candidate build and of the clean entities.

Belongs here: making checks from the suites that are there, and telling their counts. Not here: what is expected
(`expectations/suites`), the verdict (`expectations/runner.py`). The gate judges a build once; the checks are that one
judgement by suite.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from orchestration import pipeline
from orchestration.guard import guarded
from orchestration.resources import HomeRun
from orchestration.settings import PROJECT_DIR

if TYPE_CHECKING:
    from expectations.results import CheckResult
    from ingestion.ledger.deliveries import Issue

SUITES = PROJECT_DIR / "expectations" / "suites"
CANDIDATE = dg.AssetKey("candidate_build")
#: Suites that are no files: the scan for clear personal data, dbt's own tests, that every judged mart is there.
CODED_SUITES = ("personal_data", "dbt_tests", "coverage")


def suite_names(kind: str, root: Path = SUITES) -> list[str]:
    """Names of the suites of a kind (clean, marts), as their files are called."""
    return sorted(path.stem for path in (root / kind).glob("*.json"))


def check_name(suite: str) -> str:
    """A suite's name in the letters that Dagster takes."""
    return suite.replace(".", "__")


def check_specs(suites: Iterable[str], asset: dg.AssetKey) -> list[dg.AssetCheckSpec]:
    """One blocking check per suite."""
    return [
        dg.AssetCheckSpec(
            check_name(suite),
            asset=asset,
            blocking=True,
            description=f"Suite {suite}: critical expectations close the gate, warnings are reported.",
        )
        for suite in suites
    ]


def check_results(
    suites: Sequence[str], results: Sequence[CheckResult], asset: dg.AssetKey, delivery_ids: Mapping[int, str]
) -> Iterator[dg.AssetCheckResult]:
    """One Dagster result per suite, with counts only.

    A suite that closes the gate fails with severity ERROR, one with warnings fails with severity WARN.
    """
    for suite in suites:
        of_suite = [r for r in results if r.suite == suite]
        broken = [r for r in of_suite if not r.is_success or r.has_raised]
        closing = [r for r in of_suite if r.closes]
        at_fault = sorted({delivery_ids.get(seq, str(seq)) for r in closing for seq in r.delivery_seqs})
        yield dg.AssetCheckResult(
            passed=not broken,
            check_name=check_name(suite),
            asset_key=asset,
            severity=dg.AssetCheckSeverity.ERROR if closing else dg.AssetCheckSeverity.WARN,
            description="; ".join(_line(r) for r in broken) or None,
            metadata={
                "expectations": len(of_suite),
                "failed": sum(not r.is_success for r in of_suite),
                "raised": sum(r.has_raised for r in of_suite),
                "deliveries_at_fault": dg.MetadataValue.json(at_fault),
            },
        )


def clean_result(suite: str, asset: dg.AssetKey, issues: Sequence[Issue]) -> dg.AssetCheckResult:
    """The clean suite of an entity over the records that came in this run, from what ingestion noted of it.

    Never blocks: deliveries whose rows broke a critical expectation are held, and what is held does not count.
    """
    broken = [issue for issue in issues if issue.column_name == suite and issue.effect in ("held", "reported")]
    held = {issue.delivery_seq for issue in broken if issue.effect == "held"}
    told = dict.fromkeys(f"{issue.reason} ({issue.detail})" for issue in broken)
    return dg.AssetCheckResult(
        passed=not broken,
        check_name=check_name(suite),
        asset_key=asset,
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(told) or None,
        metadata={"broken": len(told), "deliveries_held": len(held)},
    )


def _line(result: CheckResult) -> str:
    text = f"{result.severity}: {result.description}"
    if result.has_raised:
        return f"{text} (raised an error)"
    return f"{text} ({result.observed})" if result.observed else text


MART_SUITES = [*suite_names("marts"), *CODED_SUITES]


@dg.multi_asset_check(name="gate", specs=check_specs(MART_SUITES, CANDIDATE))
def gate(run: HomeRun) -> Iterator[dg.AssetCheckResult]:
    """Judge the candidate build once; every suite is a check, and one that closes the gate blocks publication."""
    with guarded():
        judgement = pipeline.judge(run.session)
        yield from check_results(MART_SUITES, judgement.results, CANDIDATE, judgement.delivery_ids)


CHECKS = [gate]
