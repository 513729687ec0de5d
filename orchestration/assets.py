"""The assets before and after the transformation: deliveries, clean entities, identity, build, publication.

Belongs here: the graph, and what is told about each asset. Not here: the work (`pipeline.py`), dbt (`transform.py`),
checks of the build (`checks.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import dagster as dg

from ingestion.entity import Entity, load_entities
from orchestration import checks, pipeline
from orchestration.guard import guarded
from orchestration.resources import HomeRun
from orchestration.transform import mart_keys

ENGINEERING = ["team:data-engineering"]
ANALYTICS = ["team:analytics"]
DELIVERIES = dg.AssetKey("deliveries")
CUSTOMER_LINKS = dg.AssetKey(["clean", "customer_link"])
PUBLISHED = dg.AssetKey("published_version")
#: The nightly full check publishes at the latest, so a version older than a day and a bit means that something stands.
PUBLISHED_FAIL = timedelta(hours=26)
PUBLISHED_WARN = timedelta(hours=25)

ENTITIES = load_entities()
#: Entities that ingestion writes with each batch, and those that it derives from the ledger before a transformation.
LAKE = [e for e in ENTITIES.values() if not e.is_operational or e.name == "delivery_unit"]
OPERATIONAL = [e for e in ENTITIES.values() if e.is_operational and e.name not in ("delivery_unit", "customer_link")]
CLEAN_SUITES = [name for name in checks.suite_names("clean") if name in ENTITIES]


def entity_key(name: str) -> dg.AssetKey:
    return dg.AssetKey(["clean", name])


def entity_spec(entity: Entity, deps: list[dg.AssetKey], group: str) -> dg.AssetSpec:
    """An entity's asset, with its columns as declared."""
    columns = [
        dg.TableColumn(c.name, c.type, description=c.description, tags={"privacy": c.privacy})
        for c in entity.all_columns
    ]
    return dg.AssetSpec(
        entity_key(entity.name),
        deps=deps,
        description=entity.description,
        group_name=group,
        owners=ENGINEERING,
        kinds={"parquet", "duckdb"},
        metadata={"dagster/column_schema": dg.TableSchema(columns=columns)},
    )


@dg.asset(
    key=DELIVERIES,
    group_name="ingestion",
    owners=ENGINEERING,
    kinds={"file"},
    description="Files that came to rest in the inbox: hashed, recognised by a contract, archived, in the ledger.",
)
def deliveries(run: HomeRun) -> dg.MaterializeResult:
    with guarded():
        count = pipeline.receive(run.session)
    return dg.MaterializeResult(metadata={"dagster/row_count": count})


@dg.multi_asset(
    name="ingest",
    specs=[entity_spec(entity, [DELIVERIES], "clean_lake") for entity in LAKE],
    check_specs=[spec for name in CLEAN_SUITES for spec in checks.check_specs([name], entity_key(name))],
)
def clean_entities(run: HomeRun) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """Read by contract, clean, protect, check and account: what is fit becomes active, what is not is held."""
    with guarded():
        ingested = pipeline.ingest(run.session)
        rows = pipeline.lake_rows(run.session)
        for entity in LAKE:
            yield dg.MaterializeResult(
                asset_key=entity_key(entity.name), metadata={"dagster/row_count": rows.get(entity.name, 0)}
            )
        for name in CLEAN_SUITES:
            yield checks.clean_result(name, entity_key(name), ingested.issues)


@dg.asset(
    key=CUSTOMER_LINKS,
    deps=[entity_key("customer")],
    group_name="identity",
    owners=ENGINEERING,
    kinds={"parquet"},
    description=ENTITIES["customer_link"].description,
)
def customer_links(run: HomeRun) -> dg.MaterializeResult:
    with guarded():
        result = pipeline.resolve_identity(run.session)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": result.records,
            "customers": result.customers,
            "new": result.new,
            "merged": result.merged,
            "split": result.split,
        }
    )


@dg.multi_asset(
    name="operational",
    specs=[entity_spec(e, [entity_key("delivery_unit"), CUSTOMER_LINKS], "clean_lake") for e in OPERATIONAL],
)
def operational_entities(run: HomeRun) -> Iterator[dg.MaterializeResult]:
    """The ledger's side of the lake, written anew before each transformation."""
    with guarded():
        pipeline.write_operational(run.session)
        for entity in OPERATIONAL:
            yield dg.MaterializeResult(asset_key=entity_key(entity.name))


@dg.asset(
    key=checks.CANDIDATE,
    deps=mart_keys(),
    group_name="publication",
    owners=ANALYTICS,
    kinds={"parquet"},
    description="The candidate marts as immutable, content-addressed Parquet partitions with a manifest.",
)
def candidate_build(run: HomeRun) -> dg.MaterializeResult:
    with guarded():
        build = pipeline.create(run.session)
    return dg.MaterializeResult(
        metadata={
            "build_id": build.build_id,
            "dagster/row_count": sum(mart.rows for mart in build.manifest.marts),
            "marts": len(build.manifest.marts),
            "files_written": build.written_files,
        }
    )


@dg.asset(
    key=PUBLISHED,
    deps=[checks.CANDIDATE],
    group_name="publication",
    owners=ANALYTICS,
    kinds={"duckdb"},
    freshness_policy=dg.FreshnessPolicy.time_window(fail_window=PUBLISHED_FAIL, warn_window=PUBLISHED_WARN),
    description="What BI reads: a read-only catalog over a build that passed; refuses a build that did not.",
)
def published_version(run: HomeRun) -> dg.MaterializeResult:
    with guarded():
        publication = pipeline.publish(run.session)
    return dg.MaterializeResult(
        metadata={
            "version": publication.version,
            "build_id": publication.build_id,
            "is_new": publication.is_new,
            "catalog": dg.MetadataValue.path(str(publication.folder / "marts.duckdb")),
        }
    )


ASSETS = [deliveries, clean_entities, customer_links, operational_entities, candidate_build, published_version]
