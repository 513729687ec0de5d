"""A KPI comes from its declaration alone: a project of two tables and the shipped macros, checked against plain Python.

Not here: the shipped KPIs (unit tests beside the dbt models) and `mf query` on published marts.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import os
import random
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from tests.support import PROJECT

AS_OF = dt.date(2024, 3, 20)
GRAINS: dict[str, Callable[[dt.date], dt.date]] = {
    "day": lambda day: day,
    "week": lambda day: day - dt.timedelta(days=day.weekday()),
    "month": lambda day: day.replace(day=1),
    "quarter": lambda day: day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1),
    "year": lambda day: day.replace(month=1, day=1),
}
META = {
    "kpi": True,
    "name_zh": "指标",
    "domain": "sales",
    "unit": "count",
    "direction": "up",
    "dimensions": ["region", "line"],
    "time_basis": "day of the visit",
    "owner": "nobody",
    "valid_from": "2024-01-01",
}
Visit = tuple[dt.date, str, str | None, str | None, float, int, dt.date | None]


def metric(name: str, kind: str, params: dict[str, object], **meta: object) -> dict[str, object]:
    return {
        "name": name,
        "label": name.replace("_", " ").capitalize(),
        "description": f"What {name} is.",
        "type": kind,
        "type_params": params,
        "config": {"meta": {**META, **meta}},
    }


def is_kpi(declared: Mapping[str, Any]) -> bool:
    return bool(declared["config"]["meta"]["kpi"])


METRICS = [
    metric("amount", "simple", {"measure": "visit_amount"}),
    metric("visitors", "simple", {"measure": "visitor_count"}),
    metric("median_minutes", "simple", {"measure": "visit_minutes"}, grains=["week", "year"]),
    metric("amount_per_visitor", "ratio", {"numerator": "amount", "denominator": "visitors"}),
    metric("amount_share", "ratio", {"numerator": "amount", "denominator": "amount"}, denominator="total"),
    metric("balance", "cumulative", {"measure": "visit_amount", "cumulative_type_params": {"period_agg": "last"}}),
    metric(
        "mean_balance", "cumulative", {"measure": "visit_amount", "cumulative_type_params": {"period_agg": "average"}}
    ),
    metric(
        "opening_balance",
        "cumulative",
        {"measure": "visit_amount", "cumulative_type_params": {"period_agg": "last"}},
        state="opening",
    ),
    metric(
        "visitors_of_30_days",
        "cumulative",
        {"measure": "visitor_count", "cumulative_type_params": {"window": "30 days", "period_agg": "last"}},
    ),
    metric(
        "amount_of_a_month",
        "cumulative",
        {"measure": "visit_amount", "cumulative_type_params": {"window": "1 month", "period_agg": "last"}},
    ),
    metric(
        "visitors_ever", "cumulative", {"measure": "visitor_count", "cumulative_type_params": {"period_agg": "last"}}
    ),
    metric(
        "amount_per_trailing_day",
        "derived",
        {
            "expr": "amount_of_a_month / nullif(trailing_days(1 month), 0)",
            "metrics": ["amount_of_a_month"],
        },
    ),
    metric("balance_days", "derived", {"expr": "mean_balance * period_days", "metrics": ["mean_balance"]}),
    metric("turnover_days", "ratio", {"numerator": "balance_days", "denominator": "amount"}),
    metric("largest_amount", "simple", {"measure": "visit_amount"}, largest={"of": "customer_id", "count": 2}),
    metric("largest_share", "ratio", {"numerator": "largest_amount", "denominator": "amount"}),
    metric(
        "largest_fifth_of_a_month",
        "cumulative",
        {"measure": "visit_amount", "cumulative_type_params": {"window": "1 month", "period_agg": "last"}},
        largest={"of": "customer_id", "share": 0.2},
        grains=["month", "year"],
    ),
    metric("settled_share", "ratio", {"numerator": "settled_amount", "denominator": "amount"}),
    metric("visits_settled_at_once", "simple", {"measure": "settled_at_once"}),
    metric("amount_by_line", "simple", {"measure": "visit_amount"}, dimensions=["line"], total=False),
    metric(
        "share_within_line",
        "ratio",
        {"numerator": "amount", "denominator": "amount"},
        denominator_by_dimension={"line": "total"},
    ),
    metric(
        "share_gap",
        "derived",
        {
            "expr": "amount_share - visit_share",
            "metrics": ["amount_share", "visit_share"],
        },
        denominator="total",
        dimensions=["region"],
    ),
    metric("visit_share", "ratio", {"numerator": "visit_count", "denominator": "visit_count"}, kpi=False),
    metric("panel_size", "simple", {"measure": "panel_count"}, dimensions=["region"]),
    metric("panel_people", "simple", {"measure": "panel_persons"}, dimensions=["region"], grains=["month", "year"]),
]
DECLARATIONS = {
    "version": 2,
    "models": [
        {
            "name": "time_spine",
            "time_spine": {"standard_granularity_column": "date_day"},
            "columns": [{"name": "date_day", "granularity": "day"}],
        },
        {"name": "visits", "config": {"meta": {"milepost": {"late_customer_id": True}}}},
        {"name": "panels"},
    ],
    "semantic_models": [
        {
            "name": "visits",
            "model": "ref('visits')",
            "primary_entity": "visit",
            "defaults": {"agg_time_dimension": "visited_on"},
            "dimensions": [
                {"name": "visited_on", "type": "time", "type_params": {"time_granularity": "day"}},
                {"name": "region", "type": "categorical"},
                {"name": "line", "type": "categorical", "expr": "product_line"},
                {"name": "settled_on", "type": "time", "type_params": {"time_granularity": "day"}},
            ],
            "measures": [
                {"name": "visit_amount", "agg": "sum", "expr": "amount"},
                {"name": "visitor_count", "agg": "count_distinct", "expr": "customer_id"},
                {"name": "visit_minutes", "agg": "median", "expr": "minutes"},
                {"name": "visit_count", "agg": "count", "expr": "minutes", "create_metric": True},
                {
                    "name": "settled_amount",
                    "agg": "sum",
                    "expr": "amount",
                    "create_metric": True,
                    "config": {"meta": {"by_period_end": "settled_on"}},
                },
                {
                    "name": "settled_at_once",
                    "agg": "count",
                    "expr": "minutes",
                    "config": {"meta": {"same_period_as": "settled_on"}},
                },
            ],
        },
        {
            "name": "panels",
            "model": "ref('panels')",
            "primary_entity": "panel",
            "defaults": {"agg_time_dimension": "panel_date"},
            "config": {"meta": {"grain_dimension": "panel_grain"}},
            "dimensions": [
                {"name": "panel_date", "type": "time", "type_params": {"time_granularity": "day"}},
                {"name": "panel_grain", "type": "categorical"},
                {"name": "region", "type": "categorical"},
            ],
            "measures": [
                {"name": "panel_count", "agg": "sum", "expr": "people"},
                {"name": "panel_persons", "agg": "count_distinct", "expr": "person"},
            ],
        },
    ],
    "metrics": METRICS,
}


def invented_visits() -> list[Visit]:
    """300 visits over the turn of a year, with missing members, repeated visitors and a refund."""
    chance = random.Random(5)
    visits: list[Visit] = [
        (
            dt.date(2023, 12, 20) + dt.timedelta(days=chance.randrange(90)),
            f"k{chance.randrange(40)}",
            chance.choice(["north", "south", None]),
            chance.choice(["tea", "cups", None]),
            float(chance.randrange(-20, 200)),
            chance.randrange(1, 60),
            None,
        )
        for _ in range(300)
    ]
    # settled days later, or not yet
    return [
        (*visit[:6], chance.choice([None, visit[0], visit[0] + dt.timedelta(days=chance.randrange(60))]))
        for visit in visits
    ]


#: Rows that each say for which grain they are: grain, first day, region, people, one of them.
PANELS = [
    ("day", "2024-01-03", "north", 4, "p1"),
    ("month", "2024-01-01", "north", 7, "p1"),
    ("month", "2024-01-01", "south", 2, "p2"),
    ("month", "2024-01-01", "south", 1, "p2"),
    ("year", "2024-01-01", "north", 9, "p3"),
    # a period that has not begun
    ("month", "2024-04-01", "north", 100, "p1"),
]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A dbt project with the shipped macros and the declarations above."""
    root = tmp_path / "project"
    for folder in ("kpi", "adapters"):
        shutil.copytree(PROJECT / "dbt_project" / "macros" / folder, root / "macros" / folder)
    shutil.copyfile(PROJECT / "dbt_project" / "macros" / "business.sql", root / "macros" / "business.sql")
    models = root / "models"
    models.mkdir()
    rows = ",\n".join(
        f"('{day}', 's', '{key}', {_text(region)}, {_text(line)}, {amount}, {minutes}, {_text(settled)})"
        for day, key, region, line, amount, minutes, settled in invented_visits()
    )
    (models / "visits.sql").write_text(
        "select cast(visited_on as date) as visited_on, source_system, source_customer_key, region, product_line,"
        " cast(amount as decimal(18, 4)) as amount, minutes, cast(settled_on as date) as settled_on"
        f" from (values {rows})"
        " as rows(visited_on, source_system, source_customer_key, region, product_line, amount, minutes, settled_on)"
    )
    (models / "panels.sql").write_text(
        "select panel_grain, cast(panel_date as date) as panel_date, region, people, person"
        f" from (values {', '.join(map(str, PANELS))}) as rows(panel_grain, panel_date, region, people, person)"
    )
    # two keys are one customer: k0 and k1, k2 and k3, ...
    (models / "customer_links.sql").write_text(
        "select 's' as source_system, 'k' || i as source_key, 'c' || (i // 2) as customer_id from range(40) as t(i)"
    )
    (models / "time_spine.sql").write_text(
        "select cast(day as date) as date_day"
        " from generate_series(date '2023-01-01', date '2025-01-01', interval 1 day) as days(day)"
    )
    for name in ("region_words", "channel_words", "provinces", "countries", "int_employees__keyed"):
        (models / f"{name}.sql").write_text("select 1 as nothing")
    (models / "int_exchange_rates__filled.sql").write_text("select 1 as nothing")
    (models / "int_kpi_measures__visits.sql").write_text("{{ kpi_measures('visits', ref('visits')) }}")
    (models / "int_kpi_measures__panels.sql").write_text("{{ kpi_measures('panels', ref('panels')) }}")
    (models / "kpi_values.sql").write_text(
        "{{ kpi_value_rows({'visits': ref('int_kpi_measures__visits'), 'panels': ref('int_kpi_measures__panels')}) }}"
    )
    (models / "kpi_catalogue.sql").write_text("{{ kpi_catalogue_rows() }}")
    (root / "dbt_project.yml").write_text(
        yaml.safe_dump(
            {
                "name": "milepost",
                "profile": "here",
                "models": {"+materialized": "table"},
                "flags": {"send_anonymous_usage_stats": False},
                "vars": {"as_of": f"{AS_OF} 12:00:00", "reporting_time_zone": "UTC", "reporting_currency": "CNY"},
            }
        )
    )
    (root / "profiles.yml").write_text(
        yaml.safe_dump({"here": {"target": "a", "outputs": {"a": {"type": "duckdb", "path": str(root / "a.duckdb")}}}})
    )
    return root


def _text(value: object) -> str:
    return "null" if value is None else f"'{value}'"


def build(project: Path, declarations: dict[str, object]) -> str:
    """`dbt run`, and what it said; a test that expects success looks at the tables."""
    (project / "models" / "declarations.yml").write_text(json.dumps(declarations))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DBT_")}
    done = subprocess.run(
        [str(Path(sys.executable).with_name("dbt")), "--no-use-colors", "run", "--profiles-dir", "."],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def last_day(grain: str, period: dt.date) -> dt.date:
    """The last day of a period, or the build's day where it has not ended."""
    day = period
    while day < AS_OF and GRAINS[grain](day + dt.timedelta(days=1)) == period:
        day += dt.timedelta(days=1)
    return day


def a_month_later(day: dt.date) -> dt.date:
    year, month = divmod(day.year * 12 + day.month, 12)
    while True:
        try:
            return dt.date(year, month + 1, day.day)
        except ValueError:
            day -= dt.timedelta(days=1)


def largest(visits: list[Visit], count: Callable[[int], int]) -> float:
    """Sum of the largest customers' amounts; equal amounts do not matter for the sum."""
    amounts: dict[int, float] = {}
    for visit in visits:
        amounts[customer(visit)] = amounts.get(customer(visit), 0.0) + visit[4]
    return sum(sorted(amounts.values(), reverse=True)[: count(len(amounts))])


def customer(visit: Visit) -> int:
    return int(visit[1][1:]) // 2


Row = tuple[str, str, dt.date, str, str, float]


def expected(visits: list[Visit]) -> Iterator[Row]:
    """kpi_id, grain, period_start, dimension, member, value, from the visits one by one."""
    members: dict[str, Callable[[Visit], str]] = {
        "total": lambda visit: "all",
        "region": lambda visit: visit[2] or "(none)",
        "line": lambda visit: visit[3] or "(none)",
    }
    for grain, start in GRAINS.items():
        for dimension, member_of in members.items():
            for member in {member_of(visit) for visit in visits}:
                own = [visit for visit in visits if member_of(visit) == member]
                for period in sorted({start(visit[0]) for visit in own}):
                    key = (grain, period, dimension, member)
                    whole = [visit for visit in visits if start(visit[0]) == period]
                    cell = [visit for visit in own if start(visit[0]) == period]
                    for name, value in of_the_period(cell, whole, *key).items():
                        yield name, *key, value
                day = min(visit[0] for visit in own)
                periods = sorted({start(day + dt.timedelta(days=n)) for n in range((AS_OF - day).days + 1)})
                for period in periods:
                    key = (grain, period, dimension, member)
                    for name, value in up_to_its_end(own, grain, period).items():
                        yield name, *key, value
    yield from panels()


def of_the_period(
    cell: list[Visit], whole: list[Visit], grain: str, period: dt.date, dimension: str, member: str
) -> dict[str, float]:
    """KPIs of the records of a period; those without a denominator are left out."""
    amount, all_amount = sum(visit[4] for visit in cell), sum(visit[4] for visit in whole)
    end = last_day(grain, period)
    visitors = len({customer(visit) for visit in cell})
    values = {"amount": amount, "visitors": visitors, "amount_per_visitor": amount / visitors}
    if all_amount:
        values["amount_share"] = amount / all_amount
    if grain in ("week", "year"):
        values["median_minutes"] = statistics.median(visit[5] for visit in cell)
    values["largest_amount"] = largest(cell, lambda count: 2)
    settled = sum(visit[4] for visit in cell if visit[6] and visit[6] <= end)
    if amount:
        values["largest_share"] = values["largest_amount"] / amount
        values["settled_share"] = settled / amount
    at_once = [visit for visit in cell if visit[6] and GRAINS[grain](visit[6]) == period]
    if at_once:
        values["visits_settled_at_once"] = len(at_once)
    if dimension == "line":
        values["amount_by_line"] = amount
        if all_amount:
            values["share_within_line"] = amount / all_amount
    elif amount:
        values["share_within_line"] = 1.0
    if dimension != "line" and all_amount:
        values["share_gap"] = amount / all_amount - len(cell) / len(whole)
    return values


def up_to_its_end(own: list[Visit], grain: str, period: dt.date) -> dict[str, float]:
    """States and windows of a period."""
    end = last_day(grain, period)
    days = [period + dt.timedelta(days=number) for number in range((end - period).days + 1)]
    balances = [sum(visit[4] for visit in own if visit[0] <= day) for day in days]
    within = [visit for visit in own if visit[0] <= end < a_month_later(visit[0])]
    trailing_days = (end - a_month_earlier(end)).days
    values = {
        "balance": balances[-1],
        "mean_balance": statistics.mean(balances),
        "opening_balance": sum(visit[4] for visit in own if visit[0] < period),
        "visitors_of_30_days": len({customer(visit) for visit in own if 0 <= (end - visit[0]).days < 30}),
        "amount_of_a_month": sum(visit[4] for visit in within),
        "amount_per_trailing_day": sum(visit[4] for visit in within) / trailing_days,
        "visitors_ever": len({customer(visit) for visit in own if visit[0] <= end}),
        "balance_days": statistics.mean(balances) * len(days),
    }
    amount = sum(visit[4] for visit in own if GRAINS[grain](visit[0]) == period)
    if amount:
        values["turnover_days"] = values["balance_days"] / amount
    if grain in ("month", "year") and within:
        values["largest_fifth_of_a_month"] = largest(within, lambda count: math.ceil(count * 0.2))
    return values


def a_month_earlier(day: dt.date) -> dt.date:
    earlier = day.replace(day=1) - dt.timedelta(days=1)
    return earlier.replace(day=min(day.day, earlier.day))


def panels() -> Iterator[Row]:
    cells: dict[tuple[str, dt.date, str, str], list[tuple[int, str]]] = {}
    for grain, day, region, people, person in PANELS:
        if dt.date.fromisoformat(day) <= AS_OF:
            for cell in (("total", "all"), ("region", region)):
                cells.setdefault((grain, dt.date.fromisoformat(day), *cell), []).append((people, person))
    for key, rows in cells.items():
        yield "panel_size", *key, float(sum(people for people, _ in rows))
        if key[0] in ("month", "year"):
            yield "panel_people", *key, float(len({person for _, person in rows}))


@pytest.mark.slow
def test_every_value_follows_from_the_declaration(project: Path) -> None:
    said = build(project, DECLARATIONS)
    with duckdb.connect(str(project / "a.duckdb"), read_only=True) as connection:
        rows = connection.execute(
            "select kpi_id, grain, period_start, dimension, member, value from kpi_values where value is not null"
        ).fetchall()
        catalogue = connection.execute(
            "select kpi_id, name, definition, grains from kpi_catalogue order by 1"
        ).fetchall()
    assert "Completed successfully" in said
    found = {tuple(row[:5]): row[5] for row in rows}
    assert len(found) == len(rows)
    wanted = {tuple(row[:5]): row[5] for row in expected(invented_visits())}
    # a member that is gone has no row: its state is zero
    states = {"balance", "mean_balance", "opening_balance", "visitors_of_30_days", "amount_of_a_month", "visitors_ever"}
    gone = {key for key, value in wanted.items() if value == 0 and key not in found and key[3] != "total"}
    assert {key[0] for key in gone} <= states | {"balance_days", "amount_per_trailing_day"}
    assert found == pytest.approx({key: value for key, value in wanted.items() if key not in gone})
    assert sorted(catalogue)[0] == ("amount", "Amount", "What amount is.", "day, week, month, quarter, year")
    assert sorted(row[0] for row in catalogue) == sorted(str(each["name"]) for each in METRICS if is_kpi(each))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (metric("odd", "simple", {"measure": "visit_amount"}, dimensions=["colour"]), "no dimension 'colour'"),
        ({**metric("odd", "simple", {"measure": "visit_amount"}), "filter": "region = 'north'"}, "has a filter"),
        (metric("odd", "derived", {"expr": "amount / visitors", "metrics": ["amount", "visitors"]}), "nullif"),
        (
            metric("odd", "cumulative", {"measure": "visit_amount", "cumulative_type_params": {"window": "3 days"}}),
            "last",
        ),
        (
            metric("odd", "cumulative", {"measure": "visit_minutes", "cumulative_type_params": {"period_agg": "last"}}),
            "median cannot",
        ),
    ],
)
def test_a_declaration_that_cannot_be_computed_stops_the_build(
    project: Path, broken: dict[str, object], says: str
) -> None:
    assert says in build(project, {**DECLARATIONS, "metrics": [*METRICS, broken]})


@pytest.mark.slow
def test_missing_words_are_listed_together(project: Path) -> None:
    bare = metric("odd", "simple", {"measure": "visit_amount"})
    bare["config"] = {"meta": {"kpi": True, "name_zh": "指标", "domain": "sales"}}
    said = build(project, {**DECLARATIONS, "metrics": [*METRICS, bare]})
    assert "KPI 'odd' declares no unit, direction, time_basis, owner, valid_from" in said
