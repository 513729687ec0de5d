"""Schedules: the look at all sources every five minutes, the full check each night.

Belongs here: when something starts by the clock. Not here: what it does. On because they are registered: they tick
whenever Dagster's daemon runs (`milepost ui`).
"""

from __future__ import annotations

from datetime import datetime

import dagster as dg
from dagster import ScheduleEvaluationContext

from orchestration import jobs, look, pulling
from orchestration.session import RunRequest, utc_now
from orchestration.settings import resolve_home

LOOK_CRON = "*/5 * * * *"
NIGHTLY_CRON = "30 18 * * *"  # UTC: 02:30 in the shipped reporting time zone


@dg.schedule(
    job=jobs.refresh,
    cron_schedule=LOOK_CRON,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every five minutes: notes that the sources were looked at, and starts a run when something waits.",
)
def look_schedule(context: ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """The sensor's second pair of eyes: also finds what a run left behind (a delivery confirmed, a killed run)."""
    return look_around(context.instance, context.scheduled_execution_time, now=utc_now())


def look_around(instance: dg.DagsterInstance, tick: datetime, *, now: datetime) -> dg.RunRequest | dg.SkipReason:
    """Note the look, then a run of what waits, or why there is none. `tick` is the schedule's time, `now` naive UTC."""
    if look.is_run_waiting(instance):
        return dg.SkipReason("a run is queued or under way: it takes what is there")
    home = resolve_home()
    waiting = look.waiting(home)
    look.record(home, now=now)
    if not waiting:
        return dg.SkipReason("nothing is new")
    return dg.RunRequest(
        # the hour is part of the key: what failed is tried again, and not more often than that
        run_key=f"{waiting.key}-{tick:%Y%m%d%H}",
        run_config=jobs.run_config(RunRequest(home=home, launched_by="schedule")),
    )


@dg.schedule(
    job=jobs.pull,
    cron_schedule=LOOK_CRON,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every five minutes: pulls the declared databases and APIs that are due; never for nothing.",
)
def pull_schedule(context: ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """What is pulled starts a run through the sensor."""
    return pull_what_is_due(context.instance, context.scheduled_execution_time, now=utc_now())


def pull_what_is_due(instance: dg.DagsterInstance, tick: datetime, *, now: datetime) -> dg.RunRequest | dg.SkipReason:
    """A run that pulls, where a source is due and no other pull is under way. `now` is naive UTC."""
    if look.is_pull_waiting(instance):
        return dg.SkipReason("a pull is queued or under way")
    names = pulling.due_sources(resolve_home(), now)
    if not names:
        return dg.SkipReason("no source is due")
    return dg.RunRequest(run_key=f"pull-{tick:%Y%m%d%H%M}", tags={"milepost/sources": ", ".join(names)[:200]})


@dg.schedule(
    job=jobs.refresh,
    cron_schedule=NIGHTLY_CRON,
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Each night: everything is computed anew from the lake, judged and published.",
)
def nightly_full_check() -> dg.RunRequest:
    """A rebuild proves that what was computed step by step is what comes out at once."""
    request = RunRequest(home=resolve_home(), full_refresh=True, launched_by="schedule")
    return dg.RunRequest(run_config=jobs.run_config(request))


SCHEDULES = [look_schedule, pull_schedule, nightly_full_check]
