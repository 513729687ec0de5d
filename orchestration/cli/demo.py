"""`milepost demo`: the sample company's exports, through everything, to its headline KPIs.

Belongs here: the command and what it prints at the end. Not here: the sample company (`ingestion/sample`).
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

import typer

from ingestion.home import Home
from orchestration.cli import common

#: Headline KPIs, in this order, as far as they are published.
HEADLINES = (
    "revenue",
    "gross_margin",
    "orders",
    "average_order_value",
    "new_customers",
    "repurchase_rate",
    "lead_conversion_rate",
    "win_rate",
    "customer_acquisition_cost",
    "cost_per_lead",
)
LIGHTS = {"green": "green", "yellow": "yellow", "red": "red"}


class Size(StrEnum):
    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


def demo(
    size: Annotated[Size, typer.Option("--size", help="About 20 thousand orders, 1 or 10 million lines.")] = Size.SMALL,
    seed: Annotated[int, typer.Option("--seed", help="Another seed is another company.")] = 7,
    home: common.HomeOption = None,
) -> int:
    """Make the sample company's exports, run everything, print its headline KPIs."""
    from ingestion.sample import write_sample
    from orchestration import demo_home
    from orchestration.cli.progress import progress
    from orchestration.cli.run import take_through
    from orchestration.session import RunRequest
    from orchestration.settings import load_settings, parse_as_of

    place = common.the_home(home)
    demo_home.check_is_free(place, size.value, seed)
    place.ensure()
    key_file, is_new = demo_home.ensure_key(place)
    common.say(f"home: {place.root}")
    common.say(
        f"key of the sample company: {key_file} ({'made now' if is_new else 'as before'}; keep it apart from the home)"
    )
    marker = demo_home.read_marker(place)
    if marker is None:
        with progress() as show, show("make exports") as report:
            summary = write_sample(place, size.value, seed=seed)
            report.note = f"{summary.file_count:,} files, {summary.row_count:,} rows"
        as_of = parse_as_of(summary.end_date.isoformat(), load_settings(place).reporting_time_zone)
        marker = demo_home.DemoHome(size.value, seed, as_of.isoformat(), str(key_file))
        demo_home.write_marker(place, marker)
    as_of = datetime.fromisoformat(marker.as_of)
    code = take_through(RunRequest(home=place, as_of=as_of))
    if code in (common.FAILED, common.WRONG_USE, common.GATE_CLOSED):
        return code
    print_headlines(place, as_of, load_settings(place).reporting_currency)
    # held deliveries are part of the story that the sample company tells
    return common.DONE


def print_headlines(home: Home, as_of: datetime, currency: str) -> None:
    """Headline KPIs of the year so far, with plan and light where there is a goal; then where to look next."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    with common.the_catalog(home) as connection:
        rows = headline_rows(connection, as_of)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title=f"{as_of.year}, to {as_of:%Y-%m-%d}", title_justify="left")
    for name in ("KPI", "", "value", "plan to date", "attainment", "status"):
        table.add_column(name, justify="right" if name in ("value", "plan to date", "attainment") else "left")
    for row in rows:
        light = Text("" if row["status"] is None else f"● {row['status']}", style=LIGHTS.get(row["status"] or "", ""))
        table.add_row(
            row["name"],
            row["name_zh"] or "",
            _amount(row["value"], row["unit"], currency),
            _amount(row["plan_to_date"], row["unit"], currency),
            "" if row["attainment"] is None else f"{row['attainment']:.0%}",
            light,
        )
    common.console().print(table)
    common.say("where to look next")
    for line in (
        "milepost kpi revenue --by channel --grain month",
        "milepost query \"select * from goals.goal_attainment where status = 'red'\"",
        "milepost rejects list",
        "milepost status --timing",
        "milepost ui",
    ):
        common.say(f"  {line}")


def headline_rows(connection: Any, as_of: datetime) -> list[dict[str, Any]]:
    """The year's value of each headline KPI, with its goal for the whole company where there is one."""
    result = connection.execute(
        """
        with headlines as (select unnest(?::varchar[]) as kpi_id, unnest(range(len(?::varchar[]))) as position),
        totals as (
            select kpi_id, value, unit from kpi.kpi_values
            where grain = 'year' and period_start = make_date(?, 1, 1) and dimension = 'total' and member = 'all'
        ),
        goals as (
            select kpi_id, plan_to_date, attainment, status from goals.goal_attainment
            where grain = 'year' and period_start = make_date(?, 1, 1) and dimension = 'total' and member = 'all'
        ),
        names as (
            select kpi_id, name, name_zh from kpi.kpi_catalogue where is_current
        )
        select names.name, names.name_zh, totals.value, totals.unit, goals.plan_to_date, goals.attainment, goals.status
        from headlines
        inner join totals using (kpi_id)
        inner join names using (kpi_id)
        left join goals using (kpi_id)
        order by headlines.position
        """,
        [list(HEADLINES), list(HEADLINES), as_of.year, as_of.year],
    )
    columns = [column[0] for column in result.description]
    return [dict(zip(columns, row, strict=True)) for row in result.fetchall()]


def _amount(value: Any, unit: str | None, currency: str) -> str:
    if value is None:
        return ""
    number = float(value)
    if unit in ("ratio", "share", "rate", "percent", "%"):
        return f"{number:.1%}"
    unit = currency if unit == "money" else unit
    shown = f"{number:,.0f}" if abs(number) >= 1000 or number == int(number) else f"{number:,.2f}"
    return f"{shown} {unit}" if unit and unit not in ("count", "number") else shown
