"""Judging a delivery's staged entity rows before it becomes active.

Belongs here: from staged Parquet files to findings that name deliveries. Not here: what ingestion does with a finding
(a critical one holds the deliveries), the suites (`suites/clean`), the gate over a build (`runner.py`).
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import duckdb

from expectations.faults import deliveries_at_fault
from expectations.results import CRITICAL
from expectations.suites import SUITES, read_suites
from expectations.validation import Target, validate
from ingestion.checks import EntityCheck, EntityFinding
from ingestion.ledger.manifest import literal, quoted

SCHEMA = "clean"
_NO_TIME = datetime(1970, 1, 1)  # noqa: DTZ001 (no pages are written, so no time is shown)


def check_clean_entities(
    paths_by_entity: Mapping[str, Sequence[Path]], *, suites: Path = SUITES, scratch: Path | None = None
) -> list[EntityFinding]:
    """What staged rows (Parquet files by entity) break of `suites`/clean; entities without a suite pass.

    An expectation that raised is critical and names no delivery: the whole batch is held. `scratch` is where a
    temporary catalogue of views (and what the engine spills) goes; left out: the system's folder.
    """
    known = read_suites(suites / "clean")
    judged = {entity: paths for entity, paths in paths_by_entity.items() if paths and entity in known}
    if not judged:
        return []
    if scratch is not None:
        scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="clean-check-", dir=scratch) as folder:
        database = Path(folder) / "staged.duckdb"
        with duckdb.connect(str(database)) as connection:
            connection.execute(f"create schema {SCHEMA}")
            for entity, paths in judged.items():
                files = ", ".join(literal(str(path.resolve())) for path in paths)
                connection.execute(
                    f"create view {SCHEMA}.{quoted(entity)} as "
                    f"select * from read_parquet([{files}], union_by_name = true, hive_partitioning = false)"
                )
        targets = [Target(known[entity], SCHEMA, entity) for entity in judged]
        results = [
            result for result in validate(database, targets, now=_NO_TIME, run_name="clean") if not result.is_success
        ]
        if not results:
            return []
        findings = []
        with duckdb.connect(str(database)) as connection:
            for result in results:
                expectation = next(e for e in known[result.suite].expectations if e.name == result.expectation)
                seqs: tuple[int, ...] = ()
                if not result.has_raised:
                    seqs = deliveries_at_fault(connection, expectation, f"{SCHEMA}.{quoted(result.suite)}", {})
                findings.append(
                    EntityFinding(
                        entity=result.suite,
                        expectation=result.expectation,
                        severity=CRITICAL if result.has_raised else result.severity,
                        delivery_seqs=seqs,
                        row_count=result.unexpected_count or 0,
                        detail=f"{result.description}: {result.observed or 'not so'}",
                    )
                )
    return findings


def clean_entity_check(scratch: Path, suites: Path = SUITES) -> EntityCheck:
    """The check as ingestion takes it, with its temporary files in `scratch`."""

    def check(paths_by_entity: Mapping[str, Sequence[Path]]) -> list[EntityFinding]:
        return check_clean_entities(paths_by_entity, suites=suites, scratch=scratch)

    return check
