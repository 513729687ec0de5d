"""`milepost run`: what is new in the inbox, through to publication.

Belongs here: the command and its exit code. Not here: the stages (`orchestration/pipeline.py`).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ingestion.errors import MilepostError, TransientError, UsageError
from orchestration.cli import common

if TYPE_CHECKING:
    from orchestration.launch import Launched
    from orchestration.session import RunRequest


def run(
    inbox: Annotated[
        Path | None, typer.Option("--inbox", help="Another folder than the home's own inbox.", metavar="DIR")
    ] = None,
    full_refresh: Annotated[
        bool, typer.Option("--full-refresh", help="Compute everything anew from the lake.")
    ] = False,
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", help="The day, or UTC time, that results are of; else now.", metavar="DATE"),
    ] = None,
    home: common.HomeOption = None,
) -> int:
    """Take what is new in the inbox through to publication.

    Databases and APIs that the home declares are pulled first. Ends with 0 when published or nothing is new, 3 when the
    gate is closed, 4 when a delivery of this run is held or was not recognised, or a source could not be pulled.
    """
    from orchestration import demo_home
    from orchestration.session import RunRequest
    from orchestration.settings import load_settings, parse_as_of

    place = common.the_home(home)
    settings = load_settings(place)
    if inbox is not None and not inbox.is_dir():
        raise UsageError("no such folder", where=str(inbox), remedy="--inbox names a folder of <system>/<file>")
    marker = demo_home.read_marker(place)
    text = as_of or (marker.as_of if marker else None)
    request = RunRequest(
        home=place,
        as_of=parse_as_of(text, settings.reporting_time_zone) if text else None,
        full_refresh=full_refresh,
        inbox=inbox.resolve() if inbox else None,
    )
    return take_through(request)


def take_through(request: RunRequest) -> int:
    """Pull the declared sources, run where something is new, say what came of it, and return the exit code."""
    from orchestration import pulling
    from orchestration.session import load_home_keys, utc_now

    load_home_keys(request.home)  # a run without a key stops before it reads data
    pulled = []
    try:
        pulled = pulling.pull(request.home, now=utc_now(), received_at=request.as_of)
    except TransientError as error:  # the schedule is at it: what it brings is the next run's
        common.say(str(error))
    for one in pulled:
        common.say(one.line)
    code = _take_through(request)
    return common.HELD if code == common.DONE and any(one.failure for one in pulled) else code


def _take_through(request: RunRequest) -> int:
    from orchestration import look
    from orchestration.cli.progress import conclude, progress
    from orchestration.launch import launch
    from orchestration.session import utc_now

    if not request.full_refresh and look.is_nothing_new(request):
        look.record(request.home, now=utc_now())
        common.say("nothing is new")
        return common.DONE
    look.wait_for_rest(request)
    with progress():
        launched = launch(request)
    conclude(launched.record)
    return exit_code(launched)


def exit_code(launched: Launched) -> int:
    """0, 3 or 4 by what a run came to; what it failed with is raised, and told as every error is."""
    from ingestion.ledger import runs

    outcome, summary = launched.record.outcome, launched.record.summary
    if outcome in (runs.PUBLISHED, runs.NOTHING_NEW):
        return common.HELD if summary.get("held") or summary.get("unrecognised") else common.DONE
    if outcome == runs.GATE_CLOSED:
        common.say(f"the gate is closed: {summary.get('error') or summary.get('gate')}")
        common.say("nothing was published; `milepost status` names the deliveries at fault and the way out")
        return common.GATE_CLOSED
    if launched.error is not None:
        raise launched.error
    raise MilepostError(str(summary.get("error") or "the run failed"), where=str(summary.get("failed_stage") or ""))
