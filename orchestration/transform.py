"""The transformation as Dagster assets: dbt in two ops, so that a blocking check between them blocks.

Belongs here: which models an op runs, how dbt's nodes become assets, what is told about them, what a failing test
means. Not here: any SQL (`dbt_project/`), the stages around it (`pipeline.py`).
"""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
from dagster import AssetExecutionContext
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, dbt_assets

from ingestion.errors import MilepostError
from orchestration import failed_tests, lineage, prepare
from orchestration.guard import guarded
from orchestration.resources import HomeRun, ProjectDbt
from orchestration.scrub import scrub_artifacts
from orchestration.session import RunSession
from publishing.publish import GateClosedError

#: dbt selections of the two ops; together they are every model and seed. What lies between marts belongs to the second,
#: told by dependency: ops whose models depend on each other in both directions would be cut into many dbt calls.
MARTS_SELECTION = "tag:marts+"
STAGING_SELECTION = "resource_type:seed tag:staging tag:intermediate"

OWNERS = {"marts": ["team:analytics"]}
DEFAULT_OWNERS = ["team:data-engineering"]

DbtEvent = dg.Output | dg.AssetMaterialization | dg.AssetObservation | dg.AssetCheckResult | dg.AssetCheckEvaluation


class MilepostTranslator(DagsterDbtTranslator):
    """dbt's nodes in the words of the graph: clean lake -> staging -> intermediate -> a published schema's marts."""

    def __init__(self) -> None:
        super().__init__(settings=DagsterDbtTranslatorSettings(enable_asset_checks=True, enable_code_references=False))

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        return asset_key(dbt_resource_props)

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        return group_name(dbt_resource_props)

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str]:
        fqn = dbt_resource_props.get("fqn", [])
        return OWNERS.get(fqn[1] if len(fqn) > 1 else "", DEFAULT_OWNERS)


def asset_key(node: Mapping[str, Any]) -> dg.AssetKey:
    """`clean/<entity>` for a source, `<layer>/<name>` below the marts, `<published schema>/<name>` for a mart."""
    if node["resource_type"] == "source":
        return dg.AssetKey(["clean", node["name"]])
    return dg.AssetKey([group_name(node), node["name"]])


def group_name(node: Mapping[str, Any]) -> str:
    """Folder of the node: seeds, staging, intermediate, or the domain of a mart."""
    if node["resource_type"] == "source":
        return "clean_lake"
    if node["resource_type"] == "seed":
        return "seeds"
    folders = node["fqn"][1:-1]
    return folders[1] if folders[:1] == ["marts"] and len(folders) > 1 else folders[0]


TRANSLATOR = MilepostTranslator()


@dbt_assets(
    manifest=prepare.MANIFEST,
    select=STAGING_SELECTION,
    exclude=MARTS_SELECTION,
    dagster_dbt_translator=TRANSLATOR,
    name="dbt_staging",
)
def dbt_staging(context: AssetExecutionContext, dbt: ProjectDbt, run: HomeRun) -> Iterator[DbtEvent]:
    """Seeds, staging views and intermediate tables."""
    with guarded():
        yield from transform(context, dbt, run.session, "transform staging", "cautious")


@dbt_assets(
    manifest=prepare.MANIFEST,
    select=MARTS_SELECTION,
    dagster_dbt_translator=TRANSLATOR,
    name="dbt_marts",
)
def dbt_marts(context: AssetExecutionContext, dbt: ProjectDbt, run: HomeRun) -> Iterator[DbtEvent]:
    """The candidate marts in the warehouse."""
    with guarded():
        yield from transform(context, dbt, run.session, "transform marts", "buildable")


def transform(
    context: AssetExecutionContext, dbt: ProjectDbt, session: RunSession, stage: str, test_selection: str
) -> Iterator[DbtEvent]:
    """Run `dbt build` (models, seeds, data tests) for an op's selection and tell what came of it.

    A data test that fails closes the gate: GateClosedError names the tests, since dbt leaves out what depends on the
    tested model. Tests that passed or warned are handed to the gate, which stores them with its verdict. A model that
    fails is a MilepostError.
    Unit tests of models are part of `make test`, not of a run.
    """
    target = session.home.dbt_target
    prepare.take_parse(target, session.settings.overrides)
    apply_environment(session)
    dbt = dbt.model_copy(update={"project_dir": str(prepare.link_project(session.home))})
    with session.stage(stage) as report:
        invocation = dbt.cli(
            dbt_arguments(session, test_selection), context=context, target_path=target, raise_on_error=False
        )
        finished: list[dg.Output] = []
        for event in invocation.stream():
            # outputs wait for their metadata until dbt has left the warehouse: DuckDB lets one process in
            if isinstance(event, dg.Output):
                finished.append(event)
                report.note = f"{len(finished)} tables"
            else:
                yield event
        prepare.keep_parse(target, session.settings.overrides)
        if not invocation.is_successful():
            scrub_artifacts(target)
        store_test_results(target, stage)
        described = lineage.describe_models(target, session.home.warehouse)
        for output in finished:
            key = context.asset_key_for_output(output.output_name)
            yield output.with_metadata({**output.metadata, **described.get(key.path[-1], {})})
        report.row_count = sum(
            int(described.get(context.asset_key_for_output(o.output_name).path[-1], {}).get("dagster/row_count", 0))
            for o in finished
        )
        if not invocation.is_successful():
            failed_tests.tell(session, target)
            raise failure(target)


def dbt_arguments(session: RunSession, test_selection: str) -> list[str]:
    """Arguments of `dbt build` for a run: the business numbers that the home sets; its clock goes by the environment.

    `test_selection` is dbt's indirect selection: in the first op a test waits for the op that builds its last model.
    """
    variables = json.dumps(session.settings.overrides, default=str, sort_keys=True)
    arguments = ["build", "--exclude-resource-type", "unit_test", "--vars", variables]
    arguments += ["--indirect-selection", test_selection]
    if session.request.full_refresh:
        arguments.append("--full-refresh")
    return arguments


def dbt_environment(session: RunSession) -> dict[str, str]:
    """What dbt's profile and project read from the environment."""
    technical = session.settings.technical
    environment = {
        "MILEPOST_DBT_HOME": prepare.HOME_FROM_PROJECT,
        "MILEPOST_AS_OF": session.as_of.isoformat(sep=" ", timespec="seconds"),
        "DBT_TARGET_PATH": str(session.home.dbt_target),
        "DBT_LOG_PATH": str(session.home.dbt_target),
    }
    if technical.engine_memory:
        environment["MILEPOST_MEMORY_LIMIT"] = technical.engine_memory
    return environment


def store_test_results(target: Path, stage: str) -> None:
    """Keep what dbt's tests of a stage came to, for the gate to count in."""
    results = json.loads((target / "run_results.json").read_text(encoding="utf-8"))["results"]
    nodes = json.loads((target / "manifest.json").read_text(encoding="utf-8"))["nodes"]
    tests = [
        {
            "name": nodes[r["unique_id"]]["name"],
            "description": nodes[r["unique_id"]].get("description") or nodes[r["unique_id"]]["name"],
            "severity": "warning" if nodes[r["unique_id"]]["config"]["severity"].lower() == "warn" else "critical",
            "status": r["status"],
            "failures": r.get("failures"),
        }
        for r in results
        if r["unique_id"].startswith("test.")
    ]
    test_results_path(target, stage).write_text(json.dumps(tests), encoding="utf-8")


def test_results_path(target: Path, stage: str) -> Path:
    return target / f"tests of {stage}.json".replace(" ", "_")


def failure(target: Path) -> MilepostError:
    """What dbt stumbled over, from its run results; messages of the engine are left out, since they quote values."""
    try:
        results = json.loads((target / "run_results.json").read_text(encoding="utf-8"))["results"]
    except (OSError, ValueError, KeyError):
        results = []
    broken = [r["unique_id"] for r in results if r["status"] in ("error", "runtime error")]
    failed = [(r["unique_id"], r.get("failures")) for r in results if r["status"] == "fail"]
    if broken:
        return MilepostError(
            f"{len(broken)} dbt nodes failed: {', '.join(_name(u) for u in broken[:5])}",
            where="dbt",
            remedy=f"Details are in {target / 'dbt.log'}",
        )
    if failed:
        named = ", ".join(f"{_name(unique_id)} ({count} rows)" for unique_id, count in failed[:5])
        return GateClosedError(
            f"{len(failed)} integrity tests failed: {named}",
            where="dbt",
            remedy="`milepost status` names the deliveries at fault; withdraw or correct what is wrong, and run again",
        )
    return MilepostError("dbt did not run", where="dbt", remedy=f"Details are in {target / 'dbt.log'}")


def mart_keys() -> list[dg.AssetKey]:
    """Assets that a build reads: models whose YAML says how they are published."""
    nodes = json.loads(prepare.MANIFEST.read_text(encoding="utf-8"))["nodes"].values()
    return [
        asset_key(node)
        for node in nodes
        if node["resource_type"] == "model" and "milepost" in node["config"].get("meta", {})
    ]


def _name(unique_id: str) -> str:
    parts = unique_id.split(".")
    return parts[2] if len(parts) > 2 else unique_id


def apply_environment(session: RunSession) -> None:
    """Hand dbt its environment; dagster-dbt passes on that of this process."""
    os.environ.update(dbt_environment(session))
