"""The KPI dictionary says what declarations and the published catalog say, in both languages, escaped.

Not here: dbt's own pages; how the pages look.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import duckdb
import pytest

from orchestration.dictionary.chart import line_chart
from orchestration.dictionary.pages import index_page, kpi_page, write_pages
from orchestration.dictionary.values import Point, Published, read_published
from orchestration.dictionary.words import number
from orchestration.kpi_declarations import Declared

KPI = Declared(
    kpi_id="win_rate",
    version=1,
    valid_from="2026-01-01",
    name="Win rate",
    name_zh="成交率",
    domain="funnel",
    unit="ratio",
    direction="up",
    definition="won / closed <script>alert(1)</script>",
    grains=("month", "year"),
    dimensions=("region",),
    time_basis="closing date",
    time_window="the period",
    accumulates=False,
    owner="sales operations",
    green_threshold=0.25,
    yellow_threshold=None,
    reference='25% "aim"',
    formula=("win_rate = won / closed",),
    settings={"stages": "a&b"},
    models=("fct_opportunities", "stg_opportunity"),
    meaning={},
)
PUBLISHED = Published(
    series={
        "month": [
            Point(date(2026, 1, 1), 0.2, True, None, None, 0.3),
            Point(date(2026, 2, 1), None, True),
            Point(date(2026, 3, 1), 0.4, True, 0.5, -0.25, 0.3),
            Point(date(2026, 4, 1), 0.1, False, -0.75, None, 0.3),
        ]
    },
    versions=[
        {"version": 2, "valid_from": date(2026, 2, 1), "green_threshold": 0.25, "yellow_threshold": None,
         "definition": "now", "is_current": True},
        {"version": 1, "valid_from": date(2026, 1, 1), "green_threshold": 0.15, "yellow_threshold": None,
         "definition": "before", "is_current": False},
    ],
)  # fmt: skip


class Whole(HTMLParser):
    """Fails on tags that do not close; keeps what a page loads."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.loaded += [value or "" for name, value in attrs if name in ("src", "srcset")]
        if tag not in ("meta", "input", "br", "link"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize(
    "text", [kpi_page(KPI, PUBLISHED, "CNY"), kpi_page(KPI, Published(), "CNY"), index_page([KPI], {}, "CNY")]
)
def test_pages_are_whole_and_load_nothing(text: str) -> None:
    reader = Whole()
    reader.feed(text)
    assert reader.open == []
    assert reader.loaded == []
    assert not re.search(r"https?://|@import|url\(", text)


def test_text_of_declarations_is_escaped() -> None:
    for text in (kpi_page(KPI, PUBLISHED, "CNY"), index_page([KPI], {"win_rate": PUBLISHED}, "CNY")):
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert" in text
    assert "a&amp;b" in kpi_page(KPI, PUBLISHED, "CNY")


def test_a_page_says_what_is_declared_and_where_the_kpi_stands() -> None:
    text = kpi_page(KPI, PUBLISHED, "CNY")
    for said in ("成交率", "Win rate", "win_rate = won / closed", "fct_opportunities", "closing date", "负责人"):
        assert said in text
    # the last month that has ended, not the one that goes on
    assert '<div class="now">40.0%</div>' in text
    for said in ("+50.0%", "-25.0%", "30.0%", "2026-03", "so far", "before", "2026-01-01"):
        assert said in text


def test_without_a_published_version_a_page_says_so() -> None:
    assert "no value is published yet" in kpi_page(KPI, Published(), "CNY")


def test_the_index_finds_by_both_names() -> None:
    text = index_page([KPI, replace(KPI, kpi_id="spend", name="Spend", domain="marketing")], {}, "CNY")
    assert 'data-domain="marketing"' in text
    (found,) = re.findall(r'data-domain="funnel" data-text="([^"]*)"', text)
    assert "成交率" in found and "win_rate" in found


def test_a_chart_leaves_a_gap_where_a_value_is_missing() -> None:
    chart = line_chart(["a", "b", "c", "d"], [1.0, None, 2.0, 3.0], str, [("far", 99.0), ("aim", 2.5)])
    assert chart.count("<polyline") == 1  # a single point has no line
    assert chart.count("<circle") == 3
    assert "aim" in chart and "far" not in chart
    assert line_chart(["a"], [None], str) == ""


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (0.1234, "ratio", "12.3%"),
        (3.2, "ratio", "3.20"),
        (1_250_000.0, "money", "CNY 1.25 M"),
        (38.25, "days", "38.25 days"),
        (1234.0, "count", "1,234"),
        (None, "count", "-"),
    ],
)
def test_numbers_as_people_read_them(value: float | None, unit: str, said: str) -> None:
    assert number(value, unit, "CNY") == said


def test_values_come_from_the_published_catalog(tmp_path: Path) -> None:
    catalog = tmp_path / "marts.duckdb"
    with duckdb.connect(str(catalog)) as connection:
        connection.execute("create schema kpi")
        connection.execute(
            "create table kpi.kpi_values as select * from (values"
            " ('win_rate', 'month', date '2026-01-01', 'total', 'all', 0.2::double),"
            " ('win_rate', 'month', date '2026-01-01', 'region', 'north', 0.9::double))"
            " as t(kpi_id, grain, period_start, dimension, member, value)"
        )
        connection.execute(
            "create table kpi.kpi_comparisons as select *, false as is_complete, 0.5::double as previous_change_rate,"
            " null::double as last_year_change_rate, 0.3::double as benchmark_value from kpi.kpi_values"
        )
        connection.execute("create table kpi.kpi_catalogue as select 'win_rate' as kpi_id, 3 as version")
    published = read_published(catalog)["win_rate"]
    assert published.series == {"month": [Point(date(2026, 1, 1), 0.2, False, 0.5, None, 0.3)]}
    assert [version["version"] for version in published.versions] == [3]
    assert read_published(tmp_path / "none.duckdb") == {}


def test_pages_of_kpis_that_are_gone_are_removed(tmp_path: Path) -> None:
    write_pages(tmp_path, [KPI], {}, "CNY")
    written = write_pages(tmp_path, [replace(KPI, kpi_id="spend")], {}, "CNY")
    assert sorted(path.name for path in tmp_path.rglob("*.html")) == ["kpis.html", "spend.html"]
    assert len(written) == 2
