"""The stages of the way through, each a thin call into the room that does it.

Belongs here: which room is called with what, what of its answer goes into the run's summary. Not here: how a stage does
its work (the rooms), Dagster (`assets.py`). Every function takes an open session, and imports its room when called: the
command line starts without them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingestion.errors import MilepostError
from ingestion.ledger import runs
from orchestration import look
from orchestration.session import RunSession

if TYPE_CHECKING:
    from expectations.results import CheckResult
    from ingestion.contracts.model import ContractSet
    from ingestion.identity.resolve import IdentityResult
    from ingestion.ingest import IngestResult
    from publishing.build import Build
    from publishing.publish import Publication

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
    "housekeeping",
)


def receive(session: RunSession) -> int:
    """Take what has come to rest in the inbox into the ledger and the archive; returns how many deliveries are new."""
    from ingestion.contracts.loader import contracts_of
    from ingestion.receive import receive as take_in

    with session.stage("receive") as report:
        receipt = take_in(
            session.home,
            session.ledger,
            contracts_of(session.home),
            session.keys,
            session.received_at,
            inbox=session.request.inbox,
            run_id=session.run_id,
            rest_seconds=session.rest_seconds,
        )
        new = [*receipt.received, *receipt.duplicates]
        unrecognised = [d for d in receipt.unrecognised if d.run_id == session.run_id]
        report.row_count = len(new) + len(unrecognised)
        report.note = f"{report.row_count} files" + (f", {len(receipt.duplicates)} again" if receipt.duplicates else "")
        session.summary["files"] = report.row_count
        session.summary["duplicates"] = len(receipt.duplicates)
        session.summary["unrecognised"] = [f"{d.source_system}/{d.file_name}: {d.state_reason}" for d in unrecognised]
        # what may not be read is not lost: it stays in the inbox, and every run says so
        session.summary["unrecognised"] += receipt.unreadable
        return len(new)


def ingest(session: RunSession) -> IngestResult:
    """Read, clean, protect, check and account what was received; what is fit becomes active, the rest is held."""
    from expectations.clean import clean_entity_check
    from ingestion.contracts.loader import contracts_of
    from ingestion.ingest import EngineLimits
    from ingestion.ingest import ingest as take_through

    technical = session.settings.technical
    with session.stage("ingest") as report:
        result = take_through(
            session.home,
            session.ledger,
            contracts_of(session.home),
            session.keys,
            entity_check=clean_entity_check(session.home.scratch),
            now=session.received_at,
            run_id=session.run_id,
            inbox=session.request.inbox,
            keep_inbox=technical.keep_in_inbox,
            rest_seconds=session.rest_seconds,
            limits=EngineLimits(technical.engine_memory, technical.engine_threads),
        )
        lacking = _bring_back(session)
        report.row_count = result.received_rows
        report.note = f"{result.received_rows:,} records of {len(result.deliveries)} deliveries"
        session.summary |= {
            "received_rows": result.received_rows,
            "accepted_rows": result.accepted_rows,
            "superseded_rows": result.superseded_rows,
            "rejected_rows": result.rejected_rows,
            "held": [f"{d.delivery_id} ({d.file_name}): {d.state_reason}" for d in result.held] + lacking,
        }
        return result


def _bring_back(session: RunSession) -> list[str]:
    """Read deliveries again that count although retention put their rows away; returns those that could not be."""
    from expectations.clean import clean_entity_check
    from ingestion.contracts.loader import contracts_of
    from ingestion.ingest import EngineLimits
    from ingestion.reprocess import LEFT, reprocess
    from ingestion.retention import to_bring_back

    seqs = to_bring_back(session.home, session.ledger)
    if not seqs:
        return []
    technical = session.settings.technical
    done = reprocess(
        session.home,
        session.ledger,
        contracts_of(session.home),
        session.keys,
        session.received_at,
        delivery_seqs=seqs,
        entity_check=clean_entity_check(session.home.scratch),
        limits=EngineLimits(technical.engine_memory, technical.engine_threads),
    )
    return [
        f"{one.delivery.delivery_id}: it counts again, but its rows were put away and {one.reason}"
        for one in done
        if one.outcome == LEFT
    ]


def lake_rows(session: RunSession) -> dict[str, int]:
    """Rows in the lake by entity, from the ledger."""
    from sqlalchemy import func, select

    from ingestion.ledger.tables import lake_part

    query = select(lake_part.c.entity, func.sum(lake_part.c.row_count)).group_by(lake_part.c.entity)
    with session.ledger.connect() as connection:
        return {entity: int(count or 0) for entity, count in connection.execute(query).tuples()}


def resolve_identity(session: RunSession) -> IdentityResult:
    """Bring `customer_link` up to date with the active deliveries."""
    from ingestion.identity.resolve import resolve_customers

    with session.stage("identity") as report:
        result = resolve_customers(session.home, session.ledger, session.keys, session.received_at)
        report.row_count = result.records
        report.note = f"{result.records:,} records, {result.customers:,} customers"
        return result


def write_operational(session: RunSession) -> None:
    """Write the ledger's side of the lake, as of the run's clock; KPIs that mean something else than before get a
    version first."""
    from ingestion.lake import write_operational as write
    from orchestration import kpi_versions, prepare

    with session.stage("operational"):
        kpi_versions.record(session, prepare.ensure_manifest())
        write(session.home, session.ledger, session.as_of)


@dataclass(frozen=True)
class Judgement:
    """The gate's results, with the ids of the deliveries they name."""

    results: tuple[CheckResult, ...]
    delivery_ids: Mapping[int, str]
    is_passed: bool


def create(session: RunSession) -> Build:
    """Export the marts from the warehouse as a build."""
    from ingestion.ledger.deliveries import ACTIVE, list_deliveries
    from publishing.build import create_build
    from publishing.marts import read_mart_specs

    with session.stage("build") as report:
        build = create_build(
            session.home,
            session.ledger,
            read_mart_specs(session.home.dbt_target / "manifest.json"),
            as_of=session.as_of,
            code_version=look.code_version(),
            inputs=[d.delivery_id for d in list_deliveries(session.ledger, states=[ACTIVE])],
            now=session.clock(),
            run_id=session.run_id,
        )
        report.row_count = sum(mart.rows for mart in build.manifest.marts)
        report.note = (
            f"{report.row_count:,} rows in {len(build.manifest.marts)} marts, {build.written_files} files written"
        )
        session.summary["build_id"] = build.build_id
        return build


def judge(session: RunSession) -> Judgement:
    """Judge the latest build once and store the verdict. A closed gate is the answer, not an exception."""
    from expectations import runner
    from expectations.personal_data import PersonalDataScan
    from ingestion.contracts.loader import contracts_of
    from ingestion.ledger.deliveries import list_deliveries
    from ingestion.privacy.vault import Vault

    with session.stage("gate") as report:
        build_id = latest_build_id(session)
        scan = PersonalDataScan(
            session.keys,
            Vault(session.home.vault, session.keys),
            phone_regions=phone_regions(contracts_of(session.home)),
        )
        result = runner.judge(
            session.home,
            session.ledger,
            build_id,
            scan=scan,
            now=session.clock(),
            dbt_results=dbt_results(session),
            further_results=scan.run_places(session.home),
        )
        ids = {d.delivery_seq: d.delivery_id for d in list_deliveries(session.ledger)}
        report.row_count = len(result.results)
        report.note = f"{len(result.results)} expectations, {len(result.warnings)} warnings"
        session.summary["gate"] = "passed" if result.is_passed else "closed"
        session.summary["fingerprint"] = look.fingerprint(session.home, session.ledger, session.settings)
        if not result.is_passed:
            session.outcome = runs.GATE_CLOSED
            session.summary["error"] = result.reason
            session.summary["suspects"] = [ids[s] for s in result.delivery_seqs] or list(result.new_delivery_ids)
        return Judgement(result.results, ids, result.is_passed)


def phone_regions(contracts: ContractSet) -> tuple[str, ...]:
    """Regions whose way of writing phone numbers the scan has to know: those that contracts name, China always."""
    return tuple(sorted({"CN", *(contract.phone_region for contract in contracts.contracts if contract.phone_region)}))


def dbt_results(session: RunSession) -> list[CheckResult]:
    """What dbt's tests of the latest transformation came to, as results of the gate."""
    from expectations.results import CheckResult
    from expectations.runner import DBT_SUITE

    found = []
    for stage in ("transform_staging", "transform_marts"):
        path = session.home.dbt_target / f"tests_of_{stage}.json"
        if not path.exists():
            continue
        for test in json.loads(path.read_text(encoding="utf-8")):
            found.append(
                CheckResult(
                    suite=DBT_SUITE,
                    expectation=test["name"],
                    description=test["description"],
                    severity=test["severity"],
                    is_success=test["status"] == "pass",
                    has_raised=test["status"] in ("error", "skipped"),
                    observed=None if test["failures"] in (None, 0) else f"{test['failures']} rows",
                    unexpected_count=test["failures"],
                )
            )
    return found


def latest_build_id(session: RunSession) -> str:
    """The build made last; MilepostError where there is none."""
    from ingestion.ledger.builds import latest_build

    build = latest_build(session.ledger)
    if build is None:
        raise MilepostError("there is no build yet", where=str(session.home.builds), remedy="`milepost run` makes one")
    return build.build_id


def publish(session: RunSession) -> Publication:
    """Publish the latest build, which refuses by itself what did not pass."""
    from publishing import publish as publishing

    with session.stage("publish") as report:
        publication = publishing.publish(
            session.home, session.ledger, latest_build_id(session), now=session.clock(), run_id=session.run_id
        )
        session.outcome = runs.PUBLISHED
        session.summary["version"] = publication.version
        report.note = f"version {publication.version}" + ("" if publication.is_new else " (as before)")
        return publication
