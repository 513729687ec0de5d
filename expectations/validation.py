"""Running suites with Great Expectations, pushed down to one DuckDB file.

Belongs here: Great Expectations' context, batches, results and pages. Not here: what the file holds, what a result
means for the gate (`runner.py`, `clean.py`). Results keep counts only: Great Expectations quotes values in lists of
unexpected ones, in observed minima and in the texts of exceptions, and none of them leaves this module.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from expectations import duckdb_dialect
from expectations.results import CheckResult
from expectations.suites import Expectation, Suite

if TYPE_CHECKING:
    from great_expectations.core.expectation_validation_result import (
        ExpectationSuiteValidationResult,
        ExpectationValidationResult,
    )

RESULT_FORMAT = {"result_format": "BASIC", "partial_unexpected_count": 0}
#: What may be kept of a result: counts and shares.
COUNTS = (
    "element_count",
    "unexpected_count",
    "unexpected_percent",
    "missing_count",
    "missing_percent",
    "unexpected_percent_total",
    "unexpected_percent_nonmissing",
)
#: Expectations whose observed value is a count of rows or the names of columns.
OBSERVES_COUNT = ("unexpected_rows_expectation", "expect_table_row_count_to_be_between")
_ENGINE_ERROR = re.compile(r"\(_?duckdb\.(\w+)\)[^\n]*")
#: Engine errors about the catalogue or the statement, which quote no value of a row.
_QUOTABLE = ("CatalogException", "BinderException", "ParserException")


@dataclass(frozen=True)
class Target:
    """A suite and the table (or view) that it judges."""

    suite: Suite
    schema: str
    table: str


def validate(
    database: Path, targets: Sequence[Target], *, now: datetime, run_name: str, data_docs: Path | None = None
) -> list[CheckResult]:
    """Results of all suites over the tables of a DuckDB file; with `data_docs`, pages of them in that folder."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx

    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    duckdb_dialect.install()
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}  # type: ignore[assignment]
    # an ephemeral context keeps nothing, but would write out its whole configuration for every table it learns of
    context.variables.save = lambda: None  # type: ignore[method-assign]
    source = context.data_sources.add_sql("build", connection_string=duckdb_dialect.url(database))
    results = []
    for target in targets:
        asset = source.add_table_asset(
            f"{target.schema}.{target.table}", table_name=target.table, schema_name=target.schema
        )
        batch = asset.add_batch_definition_whole_table("all").get_batch()
        answer = batch.validate(_gx_suite(target.suite), result_format=RESULT_FORMAT)
        by_name = {expectation.name: expectation for expectation in target.suite.expectations}
        results += [_check_result(target.suite.name, by_name, result) for result in answer.results]
        _keep_counts(answer)
        if data_docs is not None:
            _store(context, target.suite.name, answer, now, run_name)
    if data_docs is not None:
        _write_pages(context, data_docs)
    source.get_execution_engine().close()
    source.get_engine().dispose()
    return results


def _gx_suite(suite: Suite) -> Any:
    import great_expectations as gx

    return gx.ExpectationSuite(
        name=suite.name,
        expectations=[
            {
                "type": expectation.type,
                "kwargs": {**expectation.kwargs},
                "meta": {"name": expectation.name, "severity": expectation.severity},
                "description": expectation.description,
                "severity": expectation.severity,
            }
            for expectation in suite.expectations
        ],
    )


def _check_result(suite: str, expectations: dict[str, Expectation], result: ExpectationValidationResult) -> CheckResult:
    config = result.expectation_config
    assert config is not None
    expectation = expectations[config.meta["name"]]
    raised = _raised(result.exception_info)
    unexpected = result.result.get("unexpected_count")
    if config.type in OBSERVES_COUNT:
        unexpected = result.result.get("observed_value")
    if raised:
        observed: str | None = f"the expectation raised: {'; '.join(raised)}"
    elif unexpected is None:
        observed = None
    elif result.result.get("element_count") is not None:
        observed = f"{unexpected} of {result.result['element_count']} rows"
    else:
        observed = f"{unexpected} rows"
    return CheckResult(
        suite=suite,
        expectation=expectation.name,
        description=expectation.description,
        severity=expectation.severity,
        is_success=bool(result.success) and not raised,
        has_raised=bool(raised),
        observed=observed,
        unexpected_count=None if raised or unexpected is None else int(unexpected),
    )


def _raised(information: dict[str, Any] | None) -> list[str]:
    """What was raised, without values: one text per exception; empty where nothing was."""
    if not information:
        return []
    # one exception, or several by metric
    found = [information] if "raised_exception" in information else list(information.values())
    return sorted({_scrubbed(item.get("exception_message")) for item in found if item.get("raised_exception")})


def _scrubbed(message: str | None) -> str:
    """An exception's text as far as it cannot hold a value of a row."""
    match = _ENGINE_ERROR.search(message or "")
    if match is None:
        known = re.match(r'Error: The column "\w+" in BatchData does not exist', message or "")
        return known.group().removeprefix("Error: ") if known else "an error that is not shown, as it may quote a value"
    return match.group() if match[1] in _QUOTABLE else f"the engine's {match[1]}"


def _keep_counts(answer: ExpectationSuiteValidationResult) -> None:
    for result in answer.results:
        config = result.expectation_config
        assert config is not None
        raised = _raised(result.exception_info)
        kept = {name: value for name, value in result.result.items() if name in COUNTS}
        if config.type in OBSERVES_COUNT and "observed_value" in result.result:
            kept["observed_value"] = result.result["observed_value"]
        result.result = kept
        result.exception_info = {
            "raised_exception": bool(raised),
            "exception_message": "; ".join(raised),
            "exception_traceback": "",  # the pages want a text
        }


def _store(context: Any, suite: str, answer: ExpectationSuiteValidationResult, now: datetime, run_name: str) -> None:
    from great_expectations.core.run_identifier import RunIdentifier
    from great_expectations.data_context.types.resource_identifiers import (
        ExpectationSuiteIdentifier,
        ValidationResultIdentifier,
    )

    run_id = RunIdentifier(run_name=run_name, run_time=now.replace(tzinfo=UTC))
    answer.meta["run_id"] = run_id
    answer.meta["validation_time"] = run_id.run_time
    context.validation_results_store.set(
        key=ValidationResultIdentifier(
            expectation_suite_identifier=ExpectationSuiteIdentifier(suite), run_id=run_id, batch_identifier=suite
        ),
        value=answer,
    )


def _write_pages(context: Any, folder: Path) -> None:
    """Great Expectations' pages of this run, in place of those of the run before."""
    fresh = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    context.add_data_docs_site(
        site_name="gate",
        site_config={
            "class_name": "SiteBuilder",
            "show_how_to_buttons": False,
            "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
            "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(fresh)},
        },
    )
    context.build_data_docs(site_names=["gate"])
    shutil.rmtree(folder, ignore_errors=True)
    fresh.rename(folder)
