"""`milepost reprocess`: archived files read again after a contract change; and what `rejects replay` shares with it.

Belongs here: the command, and telling what came of it. Not here: reading again (`ingestion/reprocess.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ingestion.errors import UsageError
from ingestion.home import Home
from orchestration.cli import common

if TYPE_CHECKING:
    from ingestion.reprocess import Reread


def reprocess(
    deliveries: Annotated[
        list[str] | None, typer.Argument(help="Ids of deliveries, as `deliveries list` shows them.")
    ] = None,
    contract: Annotated[str | None, typer.Option("--contract", help="All deliveries of this contract.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All deliveries.")] = False,
    form: common.FormatOption = common.Format.TABLE,
    home: common.HomeOption = None,
) -> int:
    """Read archived files again by the contracts as they are now, accepted records too.

    A delivery keeps its place in the order of receipt; what it had written is exchanged at once. The next `milepost
    run` publishes. Ends with 4 when a delivery was left as it was, or is held.
    """
    from ingestion.reprocess import reprocess as read_again

    if not deliveries and contract is None and not everything:
        raise UsageError(
            "which deliveries?", remedy="Name deliveries, or --contract CONTRACT, or --all (reads the whole archive)"
        )
    return take_again(read_again, deliveries, contract, form, home)


def take_again(
    read_again: Callable[..., list[Reread]],
    delivery_ids: list[str] | None,
    contract: str | None,
    form: common.Format,
    home: Path | None,
) -> int:
    """Read deliveries again under the home's lock, print one row for each, and return the exit code."""
    from expectations.clean import clean_entity_check
    from ingestion.contracts.loader import contracts_of
    from ingestion.ingest import EngineLimits
    from ingestion.recovery import recover
    from orchestration.cli.deliveries import find
    from orchestration.session import load_home_keys
    from orchestration.settings import load_settings

    place = common.existing_home(home)
    settings = load_settings(place)
    keys = load_home_keys(place)
    contracts = contracts_of(place)
    if contract is not None and contract not in {one.id for one in contracts.contracts}:
        raise UsageError(f"no contract {contract}", remedy="`milepost contract list` shows what there is")
    seqs = {find(place, delivery_id).delivery_seq for delivery_id in delivery_ids} if delivery_ids else None
    with common.locked(place), common.the_ledger(place) as ledger:
        recover(place, ledger, keep_inbox=True)
        done = read_again(
            place,
            ledger,
            contracts,
            keys,
            clock(place, settings.reporting_time_zone),
            delivery_seqs=seqs,
            contract=contract,
            entity_check=clean_entity_check(place.scratch),
            limits=EngineLimits(settings.technical.engine_memory, settings.technical.engine_threads),
        )
    _tell(done, form)
    is_open = any(one.outcome == "left" or one.is_held_now for one in done)
    return common.HELD if is_open else common.DONE


def clock(place: Home, time_zone: str) -> datetime:
    """The clock of a command that changes deliveries: the demo's own day in its home, else the time it is."""
    from orchestration import demo_home
    from orchestration.session import utc_now
    from orchestration.settings import parse_as_of

    marker = demo_home.read_marker(place)
    return parse_as_of(marker.as_of, time_zone) if marker is not None else utc_now()


def _tell(done: list[Reread], form: common.Format) -> None:
    columns = [
        "delivery_id",
        "state",
        "contract",
        "outcome",
        "accepted_before",
        "accepted",
        "rejected_before",
        "rejected",
        "reason",
    ]
    rows = [
        (
            one.delivery.delivery_id,
            one.delivery.state,
            one.delivery.contract,
            one.outcome,
            one.accepted_before,
            one.accepted,
            one.rejected_before,
            one.rejected,
            one.reason or (one.delivery.state_reason if one.is_held_now else None),
        )
        for one in done
    ]
    common.emit(columns, rows, form, title="read again")
    if form is not common.Format.TABLE:
        return
    changed = sum(one.outcome == "changed" for one in done)
    if not done:
        common.say("there is nothing to read again")
    elif changed:
        common.say(f"{changed} {'delivery' if changed == 1 else 'deliveries'} changed; `milepost run` publishes")
    else:
        common.say("nothing changed")
