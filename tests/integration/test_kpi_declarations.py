"""A KPI comes from its declaration alone: a project of two tables and the shipped macros, checked against plain Python.

Not here: the shipped KPIs (unit tests beside the dbt models) and `mf query` on published marts.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

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
Visit = tuple[dt.date, str, str | None, str | None, float, int]


def metric(name: str, kind: str, params: dict[str, object], **meta: object) -> dict[str, object]:
    return {
        "name": name,
        "label": name.replace("_", " ").capitalize(),
        "description": f"What {name} is.",
        "type": kind,
        "type_params": params,
        "config": {"meta": {**META, **meta}},
    }


METRICS = [
    metric("amount", "simple", {"measure": "visit_amount"}),
    metric("visitors", "simple", {"measure": "visitor_count"}),
    metric("median_minutes", "simple", {"measure": "visit_minutes"}, grains=["week", "year"]),
    metric("amount_per_visitor", "ratio", {"numerator": "amount", "denominator": "visitors"}),
    metric("amount_share", "ratio", {"numerator": "amount", "denominator": "amount"}, denominator="total"),
    metric("balance", "cumulative", {"measure": "visit_amount", "cumulative_type_params": {"period_agg": "last"}}),
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
            ],
            "measures": [
                {"name": "visit_amount", "agg": "sum", "expr": "amount"},
                {"name": "visitor_count", "agg": "count_distinct", "expr": "customer_id"},
                {"name": "visit_minutes", "agg": "median", "expr": "minutes"},
            ],
        }
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
        )
        for _ in range(300)
    ]
    return visits


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
        f"('{day}', 's', '{key}', {_text(region)}, {_text(line)}, {amount}, {minutes})"
        for day, key, region, line, amount, minutes in invented_visits()
    )
    (models / "visits.sql").write_text(
        "select cast(visited_on as date) as visited_on, source_system, source_customer_key, region, product_line,"
        " cast(amount as decimal(18, 4)) as amount, minutes"
        f" from (values {rows})"
        " as rows(visited_on, source_system, source_customer_key, region, product_line, amount, minutes)"
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
    (models / "kpi_values.sql").write_text("{{ kpi_value_rows({'visits': ref('int_kpi_measures__visits')}) }}")
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


def _text(value: str | None) -> str:
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


def expected(visits: list[Visit]) -> Iterator[tuple[str, str, dt.date, str, str, float]]:
    """kpi_id, grain, period_start, dimension, member, value, from the visits one by one."""
    members: dict[str, Callable[[Visit], str]] = {
        "total": lambda visit: "all",
        "region": lambda visit: visit[2] or "(none)",
        "line": lambda visit: visit[3] or "(none)",
    }
    for grain, start in GRAINS.items():
        for dimension, member_of in members.items():
            cells: dict[tuple[dt.date, str], list[Visit]] = {}
            for visit in visits:
                cells.setdefault((start(visit[0]), member_of(visit)), []).append(visit)
            for (period, member), cell in cells.items():
                key = (grain, period, dimension, member)
                amount = sum(visit[4] for visit in cell)
                visitors = len({int(visit[1][1:]) // 2 for visit in cell})
                whole = sum(visit[4] for visit in visits if start(visit[0]) == period)
                yield "amount", *key, amount
                yield "visitors", *key, visitors
                yield "amount_per_visitor", *key, amount / visitors
                if whole:
                    yield "amount_share", *key, amount / whole
                if grain in ("week", "year"):
                    yield "median_minutes", *key, statistics.median(visit[5] for visit in cell)
            for member in {member for _, member in cells}:
                own = [visit for visit in visits if member_of(visit) == member]
                day = min(visit[0] for visit in own)
                while day <= AS_OF:
                    if day == AS_OF or start(day) != start(day + dt.timedelta(days=1)):
                        balance = sum(visit[4] for visit in own if visit[0] <= day)
                        yield "balance", grain, start(day), dimension, member, balance
                    day += dt.timedelta(days=1)


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
    assert found == pytest.approx(wanted)
    assert sorted(catalogue)[0] == ("amount", "Amount", "What amount is.", "day, week, month, quarter, year")
    assert sorted(row[0] for row in catalogue) == sorted(str(each["name"]) for each in METRICS)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (metric("odd", "simple", {"measure": "visit_amount"}, dimensions=["colour"]), "no dimension 'colour'"),
        ({**metric("odd", "simple", {"measure": "visit_amount"}), "filter": "region = 'north'"}, "has a filter"),
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
