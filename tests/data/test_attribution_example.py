"""A worked example of attribution: 90 visits and 21 conversions, revenue by source as its authors published it.

The models' own SQL is run on the example's tables; it looks 30 days back and counts every visit. Not here: the way of
exports to touches.
"""

from __future__ import annotations

import csv
from pathlib import Path

import duckdb
import jinja2
import pytest

PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
FOLDER = PROJECT / "models" / "intermediate" / "attribution"
SETTINGS = {
    "attribution_window_days": 30, "attribution_one_touch_a_day": False, "attribution_first_share": 0.4,
    "attribution_last_share": 0.4, "attribution_half_life_days": 7, "attribution_path_max_steps": 30,
}  # fmt: skip
MACROS = """
{% macro elapsed_days(a, b) %}((epoch({{ b }}) - epoch({{ a }})) / 86400.0){% endmacro %}
{% macro path_of(v, p) %}string_agg({{ v }}, ' > ' order by {{ p }}){% endmacro %}
{% macro set_of(v) %}string_agg(distinct {{ v }}, ' > ' order by {{ v }}){% endmacro %}
{% macro money(a) %}cast({{ a }} as decimal(18, 4)){% endmacro %}
"""
SPREAD = (PROJECT / "macros" / "business.sql").read_text(encoding="utf-8")
#: Columns of the published figures -> model.
MODELS = {"first": "first", "last": "last", "u": "position_based", "lin": "linear"}


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _run(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    start = SPREAD.index("{% macro spread(")
    spread = SPREAD[start : SPREAD.index("{%- endmacro %}", start) + len("{%- endmacro %}")]
    template = jinja2.Environment(extensions=["jinja2.ext.do"]).from_string(
        MACROS + spread + path.read_text(encoding="utf-8")
    )
    sql = template.render(ref=lambda name: name, var=SETTINGS.__getitem__)
    connection.execute(f"create table {path.stem} as {sql}")


@pytest.fixture(scope="module")
def credits(exports: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    for name in ("sessions", "customer_conversions"):
        rows = _rows(exports / "attribution" / f"{name}.csv")
        connection.execute(f"create table {name} ({', '.join(f'{heading} varchar' for heading in rows[0])})")
        marks = ", ".join("?" for _ in rows[0])
        connection.executemany(f"insert into {name} values ({marks})", [list(row.values()) for row in rows])
    connection.execute(
        """
        create table int_conversions__valued as
        select 'order' as conversion_kind, row_number() over ()::varchar as conversion_key, customer_id,
            strptime(converted_at, '%Y-%m-%d %H:%M:%S') as converted_at, date '2020-04-01' as conversion_date,
            '(none)' as region, '(none)' as stated_channel, revenue::decimal(18, 4) as value_reporting_amount,
            0::decimal(18, 4) as gross_profit_reporting_amount
        from customer_conversions;
        create table int_touchpoints__of_customers as
        select session_id as touchpoint_key, customer_id, strptime(started_at, '%Y-%m-%d %H:%M:%S') as touched_at,
            started_at[:10]::date as touched_date, utm_source as marketing_channel, '(none)' as platform,
            '(none)' as campaign_id, utm_source = 'direct' as is_direct
        from sessions;
        create table int_attribution__effects
            (attribution_model varchar, path_set varchar, marketing_channel varchar, effect double, credit double)
        """
    )
    for name in ("touches", "journeys", "weights"):
        _run(connection, FOLDER / f"int_attribution__{name}.sql")
    _run(connection, PROJECT / "models" / "marts" / "marketing" / "attribution_credits.sql")
    return connection


@pytest.mark.parametrize("column", sorted(MODELS))
def test_conversions_and_revenue_by_source(credits: duckdb.DuckDBPyConnection, exports: Path, column: str) -> None:
    rows = credits.execute(
        "select marketing_channel, sum(credit), sum(revenue)::double from attribution_credits"
        " where attribution_model = ? group by all",
        [MODELS[column]],
    ).fetchall()
    found = {source: (credit, revenue) for source, credit, revenue in rows}
    expected = _rows(exports / "attribution" / "reference_by_source.csv")
    assert set(found) <= {row["utm_source"] for row in expected}
    for row in expected:
        credit, revenue = found.get(row["utm_source"], (0.0, 0.0))
        assert credit == pytest.approx(float(row[column]), abs=6e-5), row["utm_source"]
        assert revenue == pytest.approx(float(row[f"rev_{column}"]), abs=6e-4), row["utm_source"]


def test_every_model_shares_out_the_same_revenue(credits: duckdb.DuckDBPyConnection) -> None:
    rows = credits.execute(
        "select attribution_model, sum(credit), sum(revenue)::double from attribution_credits group by all"
    ).fetchall()
    assert len(rows) == 8
    for _, credit, revenue in rows:
        assert credit == pytest.approx(21)
        assert revenue == 275.0
