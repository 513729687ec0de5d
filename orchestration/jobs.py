"""Jobs: one per use of the graph.

Belongs here: which assets run together, and in which executor. Not here: when (`schedules.py`, `sensors.py`).
"""

from __future__ import annotations

import dagster as dg

from orchestration.session import RunRequest

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

JOBS = [refresh, take_in, rebuild, publish_again]


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
