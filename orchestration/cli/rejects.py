"""`milepost rejects`: rejected records by reason.

Belongs here: the commands. Not here: rejecting, masking, reading again (`ingestion/`), `reprocess` (`reprocess.py`).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from orchestration.cli import common

app = typer.Typer(no_args_is_help=True, help="Rejected records and why.")


class Effect(StrEnum):
    """What a rule did: to a record, or to a value of a record that was accepted."""

    REJECTED = "rejected"
    MISSING = "missing"
    CHANGED = "changed"


_TITLES = {
    Effect.REJECTED: "rejected records",
    Effect.MISSING: "values left out",
    Effect.CHANGED: "values changed in more than form",
}


@app.command("list")
def list_(
    system: Annotated[str | None, typer.Option("--system", help="Only this system's.")] = None,
    effect: Annotated[
        Effect, typer.Option("--effect", help="Records rejected, values left out, or changed.")
    ] = Effect.REJECTED,
    form: common.FormatOption = common.Format.TABLE,
    home: common.HomeOption = None,
) -> None:
    """What was rejected, by contract, column and reason, most frequent first; withdrawn deliveries left out.

    With `--effect missing` the values that were left out of accepted records, with `--effect changed` those that differ
    from what was received in more than form.
    """
    from ingestion.rejects import list_rejects

    place = common.existing_home(home)
    with common.the_ledger(place) as ledger:
        rows = [
            (g.contract, g.column, g.reason, g.record_count, g.delivery_count)
            for g in list_rejects(ledger, system=system, effect=effect.value)
        ]
    common.emit(["contract", "column", "reason", "records", "deliveries"], rows, form, title=_TITLES[effect])
    if rows and effect is Effect.REJECTED and form is common.Format.TABLE:
        common.say("`milepost rejects show --contract CONTRACT` or `show DELIVERY` lists the records, masked")


@app.command("show")
def show(
    delivery_id: Annotated[str | None, typer.Argument(help="Only this delivery's.")] = None,
    contract: Annotated[str | None, typer.Option("--contract", help="Only this contract's.")] = None,
    reason: Annotated[str | None, typer.Option("--reason", help="Only those with this reason.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="Records shown at most.")] = 50,
    form: common.FormatOption = common.Format.TABLE,
    home: common.HomeOption = None,
) -> None:
    """Rejected records with file, sheet and row; personal columns masked, free text scrubbed."""
    from ingestion.contracts.loader import contracts_of
    from ingestion.rejects import show_rejects
    from orchestration.cli.deliveries import find
    from orchestration.session import load_home_keys

    place = common.existing_home(home)
    keys = load_home_keys(place)
    with common.the_ledger(place) as ledger:
        found = show_rejects(
            place,
            ledger,
            contracts_of(place),
            keys,
            delivery_seq=find(place, delivery_id).delivery_seq if delivery_id else None,
            contract=contract,
            reason=reason,
            limit=limit,
        )
    rows = [
        (
            r.delivery_id,
            r.file_name,
            r.part,
            r.record_number,
            r.sheet_row,
            r.column,
            r.reason,
            dict(r.cells) if form is common.Format.JSON else "; ".join(f"{name}={value}" for name, value in r.cells),
        )
        for r in found
    ]
    columns = ["delivery_id", "file_name", "part", "record_number", "sheet_row", "column", "reason", "record"]
    common.emit(columns, rows, form, title="rejected records")


@app.command("replay")
def replay(
    delivery: Annotated[
        list[str] | None, typer.Option("--delivery", help="Only of this delivery; may be given several times.")
    ] = None,
    contract: Annotated[str | None, typer.Option("--contract", help="Only of this contract's deliveries.")] = None,
    form: common.FormatOption = common.Format.TABLE,
    home: common.HomeOption = None,
) -> int:
    """Take rejected records through after their contract was corrected, as part of their own delivery.

    What still fails stays rejected. A delivery of which an accepted record would be rejected now is left as it is.
    Ends with 4 when a delivery was left so, or is held.
    """
    from ingestion.reprocess import replay as read_again
    from orchestration.cli.reprocess import take_again

    return take_again(read_again, delivery, contract, form, home)
