"""Pages of KPIs say what the declarations say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingestion.errors import MilepostError
from publishing.kpi_pages import write_kpi_pages

META = {
    "kpi": True,
    "name_zh": "胜率",
    "domain": "funnel",
    "unit": "ratio",
    "direction": "up",
    "dimensions": ["region"],
    "time_basis": "closing date",
    "owner": "sales operations",
    "thresholds": {"green": 0.4},
    "valid_from": "2026-01-01",
}


def simple(name: str, measure: str) -> dict[str, Any]:
    params = {"measure": {"name": measure}}
    return {"name": name, "label": name, "description": "", "type": "simple", "type_params": params, "config": {}}


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    ratio = {
        "name": "win_rate",
        "label": "Win rate",
        "description": "won | closed",
        "type": "ratio",
        "type_params": {"numerator": {"name": "won"}, "denominator": {"name": "closed"}},
        "config": {"meta": META},
    }
    semantic_model = {
        "name": "opportunities",
        "node_relation": {"schema_name": "core", "alias": "fct_opportunities"},
        "measures": [
            {"name": "won_count", "agg": "sum", "expr": "case when is_won then 1 else 0 end"},
            {"name": "closed_count", "agg": "count", "expr": None},
        ],
    }
    metrics = [ratio, simple("won", "won_count"), simple("closed", "closed_count")]
    path = tmp_path / "manifest.json"
    path.write_text(
        json.dumps(
            {"metrics": {each["name"]: each for each in metrics}, "semantic_models": {"opportunities": semantic_model}}
        )
    )
    return path


def test_a_page_says_what_the_declaration_says(manifest: Path, tmp_path: Path) -> None:
    index, page = write_kpi_pages(manifest, None, tmp_path / "pages")
    assert [index.name, page.name] == ["index.md", "win_rate.md"]
    assert "| [Win rate](win_rate.md) | 胜率 | ratio | won \\| closed |" in index.read_text()
    text = page.read_text()
    assert text.startswith("# Win rate 胜率\n")
    assert "| Better is | more |" in text
    assert "| Grains | day, week, month, quarter, year |" in text
    assert "| Thresholds | green 0.4 |" in text
    assert "`won` / `closed`; missing where the denominator is zero." in text
    assert "| won_count | sum | `case when is_won then 1 else 0 end` | `core.fct_opportunities` |" in text
    assert "| closed_count | count | `closed_count` | `core.fct_opportunities` |" in text
    assert "Last months" not in text


def test_published_values_stand_beside_it(manifest: Path, tmp_path: Path) -> None:
    catalog = tmp_path / "marts.duckdb"
    with duckdb.connect(str(catalog)) as connection:
        connection.execute("create schema kpi")
        connection.execute(
            """
            create table kpi.kpi_values as
            select 'win_rate' as kpi_id, 'month' as grain, date '2026-01-01' + to_months(i) as period_start,
                'total' as dimension, case when i = 5 then null else 0.4 + i / 1000 end as value
            from range(20) as months(i)
            union all select 'win_rate', 'day', date '2027-12-01', 'total', 9.0
            """
        )
    page = write_kpi_pages(manifest, catalog, tmp_path / "pages")[1].read_text()
    rows = page.split("|---|---:|\n")[1].splitlines()
    assert rows[0] == "| 2027-08 | 41.90% |"
    assert len(rows) == 13


def test_without_kpis_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(MilepostError, match="manifest is not there"):
        write_kpi_pages(tmp_path / "none.json", None, tmp_path)
    empty = tmp_path / "manifest.json"
    empty.write_text('{"metrics": {}, "semantic_models": {}}')
    with pytest.raises(MilepostError, match="declares no KPI"):
        write_kpi_pages(empty, None, tmp_path)
