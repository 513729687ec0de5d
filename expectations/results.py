"""What the gate answers, and how it is stored: counts, never values.

Belongs here: the result's shape, the verdict beside the build and in the ledger. Not here: computing any of it
(`runner.py`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from ingestion.ledger import builds as ledger_builds
from ingestion.ledger.manifest import VERDICT_NAME, write_durably

CRITICAL, WARNING = "critical", "warning"


@dataclass(frozen=True)
class CheckResult:
    """Result of one expectation; `expectation` is its name, unique within the suite."""

    suite: str
    expectation: str
    description: str
    severity: str
    is_success: bool
    has_raised: bool = False
    observed: str | None = None
    unexpected_count: int | None = None
    delivery_seqs: tuple[int, ...] = ()

    @property
    def closes(self) -> bool:
        """Whether this result closes the gate: a critical expectation failed, or any raised."""
        return self.has_raised or (not self.is_success and self.severity == CRITICAL)


@dataclass(frozen=True)
class GateResult:
    """The gate's answer about one build.

    `new_delivery_ids`: deliveries that no published build had yet; the suspects where no result names a delivery.
    """

    build_id: str
    manifest_sha256: str
    suites_hash: str
    judged_at: datetime
    results: tuple[CheckResult, ...]
    new_delivery_ids: tuple[str, ...] = ()
    data_docs: Path | None = None

    @property
    def is_passed(self) -> bool:
        return not self.closing

    @property
    def closing(self) -> tuple[CheckResult, ...]:
        """Results that close the gate."""
        return tuple(result for result in self.results if result.closes)

    @property
    def warnings(self) -> tuple[CheckResult, ...]:
        """Results that are reported only."""
        return tuple(result for result in self.results if not result.is_success and not result.closes)

    @property
    def delivery_seqs(self) -> tuple[int, ...]:
        """Deliveries whose rows broke what closes the gate."""
        return tuple(sorted({seq for result in self.closing for seq in result.delivery_seqs}))

    @property
    def reason(self) -> str | None:
        """Why the gate is closed, in one line; None where it is open."""
        if self.is_passed:
            return None
        parts = [f"{r.suite}: {r.description}" + (f" ({r.observed})" if r.observed else "") for r in self.closing[:5]]
        if len(self.closing) > 5:
            parts.append(f"and {len(self.closing) - 5} more")
        text = "; ".join(parts)
        if self.delivery_seqs:
            shown = ", ".join(str(seq) for seq in self.delivery_seqs[:20])
            more = f" and {len(self.delivery_seqs) - 20} more" if len(self.delivery_seqs) > 20 else ""
            return f"{text}. Deliveries at fault: {shown}{more}"
        if self.new_delivery_ids:
            shown = ", ".join(self.new_delivery_ids[:20])
            more = f" and {len(self.new_delivery_ids) - 20} more" if len(self.new_delivery_ids) > 20 else ""
            return f"{text}. New since the last published build: {shown}{more}"
        return text


def store(result: GateResult, build_folder: Path, ledger: Engine) -> None:
    """Write the verdict beside the build, then into the ledger; publication asks for both."""
    document = {
        "build_id": result.build_id,
        "is_passed": result.is_passed,
        "manifest_sha256": result.manifest_sha256,
        "suites_hash": result.suites_hash,
        "judged_at": result.judged_at.isoformat(),
        "reason": result.reason,
        "delivery_seqs": list(result.delivery_seqs),
        "results": [asdict(check) for check in result.results],
    }
    write_durably(build_folder / VERDICT_NAME, json.dumps(document, indent=1, ensure_ascii=False).encode())
    ledger_builds.record_verdict(
        ledger,
        ledger_builds.VerdictRow(
            build_id=result.build_id,
            is_passed=result.is_passed,
            judged_at=result.judged_at,
            suites_hash=result.suites_hash,
            manifest_sha256=result.manifest_sha256,
            reason=result.reason,
        ),
        _rows(result.build_id, result.judged_at, result.results),
    )


def _rows(build_id: str, judged_at: datetime, results: Sequence[CheckResult]) -> list[ledger_builds.QualityRow]:
    return [
        ledger_builds.QualityRow(
            build_id=build_id,
            suite=check.suite,
            expectation=check.expectation,
            severity=check.severity,
            is_success=check.is_success,
            has_raised=check.has_raised,
            observed=check.observed,
            delivery_seqs=check.delivery_seqs,
            judged_at=judged_at,
        )
        for check in results
    ]
