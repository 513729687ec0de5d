"""The gate: judging a build's immutable files.

Belongs here: `judge`, from a build to its stored verdict. Not here: publishing, Dagster, the suites (`suites/`), how an
expectation is computed (`validation.py`). The moving warehouse is never read.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import duckdb
from sqlalchemy import Engine, select

from expectations import personal_data
from expectations.faults import deliveries_at_fault
from expectations.personal_data import MartFindings, PersonalDataScan
from expectations.results import CRITICAL, WARNING, CheckResult, GateResult, store
from expectations.suites import SUITES, Expectation, Suite, read_suites, suites_hash
from expectations.validation import Target, validate
from ingestion.errors import MilepostError
from ingestion.home import Home
from ingestion.ledger import builds as ledger_builds
from ingestion.ledger import tables
from ingestion.ledger.manifest import MANIFEST_NAME, Manifest, literal, mart_sql, quoted, read_manifest

GATE_SCHEMA = "gate"
DBT_SUITE = "dbt_tests"
COVERAGE_SUITE = "coverage"


def judge(
    home: Home,
    ledger: Engine,
    build_id: str,
    *,
    scan: PersonalDataScan,
    now: datetime,
    dbt_results: Sequence[CheckResult] = (),
    further_results: Sequence[CheckResult] = (),
    suites: Path = SUITES,
    data_docs: bool = True,
) -> GateResult:
    """Judge a build and store the verdict with it and in the ledger.

    Runs `suites`/marts over the build's files, the scan for clear personal data over every text column, and counts
    in `dbt_results` (suite `dbt_tests`; results of dbt's tests of the same transformation) and `further_results`. With
    `data_docs`, Great Expectations' pages are written to the home. An expectation that raises closes the gate whatever
    its severity.
    """
    folder = home.builds / build_id
    manifest = read_manifest(folder / MANIFEST_NAME)
    known = read_suites(suites / "marts")
    seqs_by_id = _seqs_by_id(ledger)
    active_seqs = [seqs_by_id[delivery] for delivery in manifest.inputs if delivery in seqs_by_id]
    with _catalog(home, manifest) as database:
        with duckdb.connect(str(database)) as connection:
            connection.execute("set enable_progress_bar = false")
            findings = scan.run(connection, manifest, home, active_seqs)
            _write_gate_tables(connection, findings, dbt_results)
        targets = [
            Target(known[mart.full_name], mart.schema, mart.name) for mart in manifest.marts if mart.full_name in known
        ]
        targets.append(Target(_personal_data_suite(findings), GATE_SCHEMA, "personal_data"))
        if dbt_results:
            targets.append(Target(_dbt_suite(), GATE_SCHEMA, "dbt_tests"))
        pages = home.data_docs if data_docs else None
        checked = validate(database, targets, now=now, run_name=build_id, data_docs=pages)
        checked = _with_deliveries(database, checked, known, seqs_by_id)
    by_name = {_scan_name(finding.mart): finding for finding in findings}
    results = [
        _with_findings(result, by_name[result.expectation]) if result.suite == personal_data.SUITE else result
        for result in checked
        if result.suite != DBT_SUITE
    ]
    result = GateResult(
        build_id=build_id,
        manifest_sha256=manifest.sha256,
        suites_hash=suites_hash(suites),
        judged_at=now,
        results=(*results, *_coverage(manifest, known), *dbt_results, *further_results),
        new_delivery_ids=_new_deliveries(home, ledger, manifest),
        data_docs=home.data_docs / "index.html" if data_docs else None,
    )
    store(result, folder, ledger)
    return result


@contextmanager
def _catalog(home: Home, manifest: Manifest) -> Iterator[Path]:
    """A DuckDB file of views over the build's files, removed afterwards; it holds no rows itself."""
    folder = home.builds / f".judging-{manifest.build_id}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        path = folder / "build.duckdb"
        with duckdb.connect(str(path)) as connection:
            for schema in sorted({mart.schema for mart in manifest.marts} | {GATE_SCHEMA}):
                connection.execute(f"create schema {quoted(schema)}")
            for mart in manifest.marts:
                name = f"{quoted(mart.schema)}.{quoted(mart.name)}"
                try:
                    connection.execute(f"create view {name} as {mart_sql(manifest, mart, home.root)}")
                except duckdb.IOException as error:
                    raise MilepostError(
                        "files of the build are missing or damaged",
                        where=f"build {manifest.build_id}, {mart.full_name}",
                        remedy="Remove the mart's files under builds/parts and run again: they are written anew",
                    ) from error
        yield path
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _write_gate_tables(
    connection: duckdb.DuckDBPyConnection, findings: Sequence[MartFindings], dbt_results: Sequence[CheckResult]
) -> None:
    """What was found elsewhere, as tables that suites judge: so it stands on the same pages."""
    connection.execute(
        f"create table {GATE_SCHEMA}.personal_data "
        "(mart varchar, column_name varchar, kind varchar, identifier varchar, row_count bigint)"
    )
    rows = [
        (mart.mart, finding.column, finding.kind, finding.identifier, finding.row_count)
        for mart in findings
        for finding in mart.findings
    ]
    if rows:
        connection.executemany(f"insert into {GATE_SCHEMA}.personal_data values (?, ?, ?, ?, ?)", rows)
    connection.execute(f"create table {GATE_SCHEMA}.dbt_tests (test varchar, severity varchar, is_success boolean)")
    tests = [(result.expectation, result.severity, result.is_success) for result in dbt_results]
    if tests:
        connection.executemany(f"insert into {GATE_SCHEMA}.dbt_tests values (?, ?, ?)", tests)


def _scan_name(mart: str) -> str:
    return f"{mart}_holds_no_clear_personal_data"


def _personal_data_suite(findings: Sequence[MartFindings]) -> Suite:
    return Suite(
        personal_data.SUITE,
        tuple(
            Expectation(
                name=_scan_name(mart.mart),
                type="unexpected_rows_expectation",
                kwargs={"unexpected_rows_query": f"select * from {{batch}} where mart = {literal(mart.mart)}"},
                description=f"{mart.mart} holds no clear personal data"
                + (f": found in {mart.text}" if mart.findings else ""),
                severity=CRITICAL,
            )
            for mart in findings
        ),
    )


def _dbt_suite() -> Suite:
    query = f"select * from {{batch}} where not is_success and severity = '{CRITICAL}'"
    return Suite(
        DBT_SUITE,
        (
            Expectation(
                name="every_test_passed",
                type="unexpected_rows_expectation",
                kwargs={"unexpected_rows_query": query},
                description="Every dbt test of the transformation passed",
                severity=CRITICAL,
            ),
        ),
    )


def _with_findings(result: CheckResult, findings: MartFindings) -> CheckResult:
    if result.is_success or result.has_raised:
        return result
    return replace(
        result,
        description=f"{findings.mart} holds no clear personal data",
        observed=findings.text,
        unexpected_count=sum(finding.row_count for finding in findings.findings),
        delivery_seqs=findings.delivery_seqs,
    )


def _with_deliveries(
    database: Path, results: Sequence[CheckResult], suites: Mapping[str, Suite], seqs_by_id: Mapping[str, int]
) -> list[CheckResult]:
    """Results with the deliveries whose rows broke them, where rows name them."""
    if all(result.is_success for result in results):
        return list(results)
    named = []
    with duckdb.connect(str(database)) as connection:
        for result in results:
            if result.is_success or result.has_raised or result.suite not in suites:
                named.append(result)
                continue
            expectations = {expectation.name: expectation for expectation in suites[result.suite].expectations}
            schema, table = result.suite.split(".", 1)
            seqs = deliveries_at_fault(
                connection, expectations[result.expectation], f"{quoted(schema)}.{quoted(table)}", seqs_by_id
            )
            named.append(replace(result, delivery_seqs=seqs))
    return named


def _coverage(manifest: Manifest, suites: Mapping[str, Suite]) -> list[CheckResult]:
    """A mart that suites judge has to be there; a mart without a suite is reported."""
    marts = {mart.full_name for mart in manifest.marts}
    missing = [
        CheckResult(
            suite=COVERAGE_SUITE,
            expectation=f"{name}_is_built",
            description=f"{name} is part of the build",
            severity=CRITICAL,
            is_success=name in marts,
        )
        for name in sorted(suites)
    ]
    return missing + [
        CheckResult(
            suite=COVERAGE_SUITE,
            expectation=f"{name}_has_a_suite",
            description=f"{name} has a suite that judges it",
            severity=WARNING,
            is_success=False,
        )
        for name in sorted(marts - set(suites))
    ]


def _seqs_by_id(ledger: Engine) -> dict[str, int]:
    with ledger.connect() as connection:
        rows = connection.execute(select(tables.delivery.c.delivery_id, tables.delivery.c.delivery_seq)).all()
    return {row[0]: row[1] for row in rows}


def _new_deliveries(home: Home, ledger: Engine, manifest: Manifest) -> tuple[str, ...]:
    """Deliveries in this build that the published version does not have."""
    published = ledger_builds.latest_publication(ledger)
    path = home.published / published.version / MANIFEST_NAME if published else None
    before = set(read_manifest(path).inputs) if path is not None and path.exists() else set()
    return tuple(delivery for delivery in manifest.inputs if delivery not in before)
