"""`milepost rejects`: rejected records by reason.

Belongs here: the commands. Not here: rejecting (`ingestion/`).
"""

from __future__ import annotations

from typing import Annotated

import typer

from orchestration.cli import common

app = typer.Typer(no_args_is_help=True, help="Rejected records and why.")


@app.command("list")
def list_(
    system: Annotated[str | None, typer.Option("--system", help="Only this system's.")] = None,
    form: common.FormatOption = common.Format.TABLE,
    home: common.HomeOption = None,
) -> None:
    """Rejected records by contract, column and reason, most frequent first; withdrawn deliveries left out."""
    from sqlalchemy import func, select

    from ingestion.ledger.tables import delivery, delivery_issue

    place = common.existing_home(home)
    query = (
        select(
            delivery.c.contract,
            delivery_issue.c.column_name,
            delivery_issue.c.reason,
            func.sum(delivery_issue.c.row_count).label("records"),
            func.count(delivery.c.delivery_seq.distinct()).label("deliveries"),
            func.min(delivery.c.delivery_id).label("for_example"),
        )
        .join(delivery_issue, delivery_issue.c.delivery_seq == delivery.c.delivery_seq)
        .where(delivery_issue.c.effect == "rejected", delivery.c.state.not_in(["withdrawn", "duplicate"]))
        .group_by(delivery.c.contract, delivery_issue.c.column_name, delivery_issue.c.reason)
        .order_by(func.sum(delivery_issue.c.row_count).desc(), delivery.c.contract)
    )
    if system is not None:
        query = query.where(delivery.c.source_system == system)
    with common.the_ledger(place) as ledger, ledger.connect() as connection:
        rows = [tuple(row) for row in connection.execute(query)]
    columns = ["contract", "column", "reason", "records", "deliveries", "for_example"]
    common.emit(columns, rows, form, title="rejected records")
    if rows and form is common.Format.TABLE:
        common.say("`milepost rejects show DELIVERY` lists a delivery's rejected records")
