"""`milepost kpi`: one KPI by period and dimension, from its published values.

Belongs here: choosing and printing. Not here: any formula (`dbt_project/models/semantic`).
"""

from __future__ import annotations

import difflib
from datetime import date
from enum import StrEnum
from typing import Annotated, Any

import typer

from ingestion.errors import UsageError
from orchestration.cli import common


class Grain(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


def kpi(
    kpi_id: Annotated[str, typer.Argument(help='KPI, e.g. revenue; `milepost query "from kpi.kpi_catalogue"`.')],
    by: Annotated[str | None, typer.Option("--by", help="Dimension; else the whole.", metavar="DIMENSION")] = None,
    grain: Annotated[Grain, typer.Option("--grain", help="Length of the periods.")] = Grain.MONTH,
    from_: Annotated[str | None, typer.Option("--from", help="First day.", metavar="DATE")] = None,
    to: Annotated[str | None, typer.Option("--to", help="Last day.", metavar="DATE")] = None,
    form: common.FormatOption = common.Format.TABLE,
    home: common.HomeOption = None,
) -> None:
    """A KPI's published values."""
    place = common.the_home(home)
    first, last = _day(from_, "--from"), _day(to, "--to")
    with common.the_catalog(place) as connection:
        known = connection.execute(
            "select distinct kpi_id from kpi.kpi_catalogue where is_current order by 1"
        ).fetchall()
        if (kpi_id,) not in known:
            raise UsageError(f"no KPI is called {kpi_id}", remedy=_near(kpi_id, [row[0] for row in known]))
        _check(connection, kpi_id, grain, by)
        catalogue = connection.execute("select * from kpi.kpi_catalogue where kpi_id = ? and is_current", [kpi_id])
        names = [column[0] for column in catalogue.description]
        about = dict(zip(names, catalogue.fetchone(), strict=True))
        values = connection.execute(
            """
            select period_start, member, value, numerator, denominator, unit
            from kpi.kpi_values
            where kpi_id = ? and grain = ? and dimension = ?
                and (?::date is null or period_start >= ?::date) and (?::date is null or period_start <= ?::date)
            order by period_start, member
            """,
            [kpi_id, grain.value, by or "total", first, first, last, last],
        )
        columns = [column[0] for column in values.description]
        rows = values.fetchall()
    if form is common.Format.TABLE:
        common.say(f"{about.get('name', kpi_id)} {about.get('name_zh') or ''}".strip())
        if about.get("definition"):
            common.say(str(about["definition"]))
    common.emit(columns, rows, form)


def _check(connection: Any, kpi_id: str, grain: Grain, by: str | None) -> None:
    """UsageError where the KPI is not declared for that grain or dimension (no rows would look like zero)."""
    grains, dimensions = connection.execute(
        "select list(distinct grain), list(distinct dimension) from kpi.kpi_values where kpi_id = ?", [kpi_id]
    ).fetchone()
    if not grains:
        return  # declared, without any value yet
    if grain.value not in grains:
        raise UsageError(f"{kpi_id} has no values by {grain.value}", remedy=f"It has: {', '.join(sorted(grains))}")
    if by is not None and by not in dimensions:
        others = sorted(set(dimensions) - {"total"})
        raise UsageError(f"{kpi_id} has no values by {by}", remedy=f"It has: {', '.join(others) or 'the total only'}")
    if by is None and "total" not in dimensions:
        raise UsageError(
            f"{kpi_id} has no value of the whole", remedy=f"Say --by with {' or '.join(sorted(dimensions))}"
        )


def _day(text: str | None, option: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise UsageError(f"{option} is not a date", remedy="Write 2026-03-31") from None


def _near(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=3)
    return f"Did you mean {', '.join(near)}?" if near else f"There are: {', '.join(known)}"
