"""Jobs: one per use of the graph.

Belongs here: which assets run together, and in which executor. Not here: when (`schedules.py`, `sensors.py`).
"""

from __future__ import annotations

from typing import Any

import dagster as dg

from orchestration import pulling
from orchestration.guard import guarded
from orchestration.look import PULL_JOB
from orchestration.session import RunRequest, utc_now
from orchestration.settings import resolve_home

LAST_STEP = dg.AssetSelection.assets(dg.AssetKey("published_version"))

refresh = dg.define_asset_job(
    "refresh",
    selection=dg.AssetSelection.all(),
    description="The whole way: what is new in the inbox through to publication.",
)

take_in = dg.define_asset_job(
    "take_in",
    selection=dg.AssetSelection.groups("ingestion", "clean_lake", "identity"),
    description="Receive, read, clean, protect and resolve identities; nothing is computed or published.",
)

rebuild = dg.define_asset_job(
    "rebuild",
    selection=dg.AssetSelection.all() - dg.AssetSelection.groups("ingestion", "clean_lake", "identity"),
    description="Compute the marts from the lake as it is, judge them, publish them.",
)

publish_again = dg.define_asset_job(
    "publish_again",
    selection=LAST_STEP,
    description="Publish the latest build, if its verdict says that it passed.",
)


@dg.op(description="Pulls the declared databases and APIs that are due; one that fails stops no other.")
def pull_due_sources() -> None:
    """What is pulled waits in the ledger, where the sensor finds it."""
    home, now, log = resolve_home(), utc_now(), dg.get_dagster_logger()
    with guarded():
        for one in pulling.pull(home, now=now, names=pulling.due_sources(home, now)):
            (log.warning if one.failure else log.info)(one.line)


@dg.job(name=PULL_JOB, description="Pull the declared databases and APIs that are due; no marts are touched.")
def pull() -> None:
    pull_due_sources()


JOBS: list[Any] = [refresh, take_in, rebuild, publish_again, pull]


def run_config(request: RunRequest) -> dict[str, object]:
    """Configuration of a job for what a run is asked to do."""
    return {
        "resources": {
            "run": {
                "config": {
                    "home": str(request.home.root),
                    "as_of": request.as_of.isoformat() if request.as_of else None,
                    "full_refresh": request.full_refresh,
                    "inbox": str(request.inbox) if request.inbox else None,
                    "launched_by": request.launched_by,
                }
            }
        }
    }
