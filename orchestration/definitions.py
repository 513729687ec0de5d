"""The definitions that Dagster loads.

Belongs here: putting the parts together. Everything else has a module of its own. Loading does no work and reads no
secret: dbt's manifest was parsed by set-up, keys are read when a run starts.
"""

from __future__ import annotations

import dagster as dg


@dg.definitions
def defs() -> dg.Definitions:
    """Assets, checks, jobs, schedules, sensors and resources of Milepost."""
    from orchestration import assets, checks, jobs, resources, schedules, sensors, transform

    return dg.Definitions(
        assets=[*assets.ASSETS, transform.dbt_staging, transform.dbt_marts],
        asset_checks=checks.CHECKS,
        jobs=jobs.JOBS,
        schedules=schedules.SCHEDULES,
        sensors=sensors.SENSORS,
        resources={"run": resources.HomeRun.configure_at_launch(), "dbt": resources.dbt_resource()},
        executor=dg.in_process_executor,
    )
