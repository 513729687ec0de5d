"""`milepost deliveries`: what came, its state and accounting; let a held one in, take one out.

Belongs here: the commands. Not here: what a state means (`ingestion/`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ingestion.errors import UsageError
from ingestion.home import Home
from orchestration.cli import common

if TYPE_CHECKING:
    from sqlalchemy import Row, Select

app = typer.Typer(no_args_is_help=True, help="Deliveries: what came, its state and accounting.")
STATES = ("received", "active", "held", "withdrawn", "failed", "unrecognised", "duplicate")


@app.command("list")
def list_(
    state: Annotated[str | None, typer.Option("--state", help=f"Only: {', '.join(STATES)}.")] = None,
    system: Annotated[str | None, typer.Option("--system", help="Only this system's.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="The latest so many.")] = 200,
    form: common.FormatOption = common.Format.TABLE,
    home: common.HomeOption = None,
) -> None:
    """Deliveries with their state and record counts, latest last."""
    from sqlalchemy import func, select

    from ingestion.ledger.tables import delivery, delivery_part

    if state is not None and state not in STATES:
        raise UsageError(f"no state is called {state}", remedy=f"States: {', '.join(STATES)}")
    place = common.existing_home(home)
    counts = [
        func.sum(delivery_part.c[name]).label(name)
        for name in ("received_rows", "accepted_rows", "superseded_rows", "rejected_rows")
    ]
    query: Select[Any] = (
        select(
            delivery.c.delivery_seq,
            delivery.c.delivery_id,
            delivery.c.state,
            delivery.c.contract,
            delivery.c.file_name,
            delivery.c.received_at,
            *counts,
            delivery.c.state_reason,
        )
        .outerjoin(delivery_part, delivery_part.c.delivery_seq == delivery.c.delivery_seq)
        .group_by(delivery.c.delivery_seq)
        .order_by(delivery.c.delivery_seq.desc())
        .limit(limit)
    )
    if state is not None:
        query = query.where(delivery.c.state == state)
    if system is not None:
        query = query.where(delivery.c.source_system == system)
    with common.the_ledger(place) as ledger, ledger.connect() as connection:
        rows = [tuple(row)[1:] for row in connection.execute(query)][::-1]
    columns = [
        "delivery_id",
        "state",
        "contract",
        "file_name",
        "received_at",
        "received",
        "accepted",
        "superseded",
        "rejected",
        "reason",
    ]
    common.emit(columns, rows, form)


@app.command("show")
def show(
    delivery_id: Annotated[str, typer.Argument(help="Id, as `deliveries list` shows it.")],
    form: common.FormatOption = common.Format.TABLE,
    home: common.HomeOption = None,
) -> None:
    """One delivery: its state and why, its parts, what it wrote, what was found in it."""
    from sqlalchemy import select

    from ingestion.ledger.tables import delivery_entity, delivery_issue, delivery_part

    place = common.existing_home(home)
    found = find(place, delivery_id)
    seq = found.delivery_seq
    with common.the_ledger(place) as ledger, ledger.connect() as connection:
        parts = connection.execute(
            select(delivery_part).where(delivery_part.c.delivery_seq == seq).order_by(delivery_part.c.part)
        ).all()
        entities = connection.execute(
            select(delivery_entity)
            .where(delivery_entity.c.delivery_seq == seq)
            .order_by(delivery_entity.c.part, delivery_entity.c.entity)
        ).all()
        issues = connection.execute(
            select(delivery_issue)
            .where(delivery_issue.c.delivery_seq == seq)
            .order_by(delivery_issue.c.row_count.desc(), delivery_issue.c.column_name)
        ).all()
    if form is common.Format.JSON:
        _as_json(found, parts, entities, issues)
        return
    common.field_list({name: value for name, value in found._mapping.items() if name != "delivery_seq"})
    common.emit(
        ["part", "received", "accepted", "superseded", "rejected", "rejected_share", "exact_duplicates", "sums"],
        [
            (
                p.part,
                p.received_rows,
                p.accepted_rows,
                p.superseded_rows,
                p.rejected_rows,
                f"{p.rejected_rows / p.received_rows:.1%}" if p.received_rows else None,
                p.exact_duplicate_rows,
                p.declared_sums,
            )
            for p in parts
        ],
        form,
        title="parts, in source records",
    )
    common.emit(["part", "entity", "rows"], [(e.part, e.entity, e.entity_rows) for e in entities], form, title="wrote")
    if issues:
        common.emit(
            ["effect", "reason", "part", "column", "records", "first_record", "detail"],
            [(i.effect, i.reason, i.part, i.column_name, i.row_count, i.first_record_number, i.detail) for i in issues],
            form,
            title="found in it",
        )


def _as_json(found: Row[Any], *lists: Any) -> None:
    import json
    import sys

    document = {**found._mapping}
    for name, rows in zip(("parts", "entities", "issues"), lists, strict=True):
        document[name] = [dict(row._mapping) for row in rows]
    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2, default=str) + "\n")


def find(home: Home, delivery_id: str) -> Row[Any]:
    """The delivery of that id, of that number, or of the only id that begins so; UsageError otherwise."""
    from sqlalchemy import select

    from ingestion.ledger.tables import delivery

    condition = delivery.c.delivery_id.startswith(delivery_id, autoescape=True)
    if delivery_id.isdigit():
        condition = delivery.c.delivery_seq == int(delivery_id)
    with common.the_ledger(home) as ledger, ledger.connect() as connection:
        rows = connection.execute(select(delivery).where(condition).limit(20)).all()
    exact = [row for row in rows if row.delivery_id == delivery_id]
    if exact or len(rows) == 1:
        return (exact or rows)[0]
    if not rows:
        raise UsageError(f"no delivery {delivery_id}", remedy="`milepost deliveries list` shows what is there")
    raise UsageError(
        f"{len(rows)} deliveries begin with {delivery_id}", remedy=", ".join(row.delivery_id for row in rows)
    )


@app.command("confirm")
def confirm(
    delivery_ids: Annotated[list[str], typer.Argument(help="Ids of held or withdrawn deliveries.")],
    home: common.HomeOption = None,
) -> None:
    """Let held deliveries in, despite what was found in them; the next run counts them."""
    from ingestion.ledger import deliveries as ledger_deliveries
    from orchestration.session import utc_now

    place = common.existing_home(home)
    with common.locked(place), common.the_ledger(place) as ledger:
        for delivery_id in delivery_ids:
            found = ledger_deliveries.confirm(ledger, find(place, delivery_id).delivery_id, utc_now())
            common.say(f"{found.delivery_id} is {found.state}; `milepost run` takes it through")


@app.command("withdraw")
def withdraw(
    delivery_ids: Annotated[list[str], typer.Argument(help="Ids of deliveries to take out.")],
    reason: Annotated[str | None, typer.Option("--reason", help="Why; kept in the ledger.")] = None,
    home: common.HomeOption = None,
) -> None:
    """Take deliveries out; what they had replaced counts again from the next run on."""
    from ingestion.ledger import deliveries as ledger_deliveries
    from orchestration.session import utc_now

    place = common.existing_home(home)
    with common.locked(place), common.the_ledger(place) as ledger:
        for delivery_id in delivery_ids:
            found = ledger_deliveries.withdraw(ledger, find(place, delivery_id).delivery_id, utc_now(), reason)
            common.say(f"{found.delivery_id} is {found.state}; `milepost run` publishes without it")
