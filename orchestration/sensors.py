"""The sensor on the inbox.

Belongs here: when new files start a run. Not here: what the run does. On because it is registered: it looks whenever
Dagster's daemon runs (`milepost ui`).
"""

from __future__ import annotations

import dagster as dg
from dagster import SensorEvaluationContext

from orchestration import jobs, look
from orchestration.session import RunRequest
from orchestration.settings import resolve_home

SECONDS = 30


@dg.sensor(
    job=jobs.refresh,
    minimum_interval_seconds=SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Starts a run when files have come to rest in the inbox, or deliveries wait; never for nothing.",
)
def inbox_sensor(context: SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """One run for what is there; the same findings do not start a second one."""
    return what_waits(context.instance)


def what_waits(instance: dg.DagsterInstance) -> dg.RunRequest | dg.SkipReason:
    """A run of what waits in the home, by a key of the findings, or why there is none."""
    if look.is_run_waiting(instance):
        return dg.SkipReason("a run is queued or under way: it takes what is there")
    home = resolve_home()
    waiting = look.waiting(home)
    if not waiting:
        return dg.SkipReason("nothing is new")
    return dg.RunRequest(run_key=waiting.key, run_config=jobs.run_config(RunRequest(home=home, launched_by="sensor")))


SENSORS = [inbox_sensor]
