"""The documentation pages of KPIs, from their declarations.

Belongs here: one Markdown page per KPI and an index, out of dbt's manifest, with the last published values beside it.
Not here: definitions (`dbt_project/models/semantic`), values (`kpi.kpi_values`), a site around the pages.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from ingestion.errors import MilepostError

#: Months whose values a page shows.
MONTHS = 13
#: What `config.meta` of a metric may say, in the order of the page: key and label.
FACTS = (
    ("domain", "Domain"),
    ("unit", "Unit"),
    ("direction", "Better is"),
    ("grains", "Grains"),
    ("dimensions", "Dimensions"),
    ("time_basis", "Time basis"),
    ("window", "Covers"),
    ("owner", "Owner"),
    ("thresholds", "Thresholds"),
    ("reference", "Reference"),
    ("valid_from", "Valid from"),
)
DIRECTIONS = {"up": "more", "down": "less", "neutral": "neither"}
ALL_GRAINS = ["day", "week", "month", "quarter", "year"]


@dataclass(frozen=True)
class Measure:
    """A measure that a KPI is computed from."""

    name: str
    aggregation: str
    expression: str
    semantic_model: str
    table: str


def write_kpi_pages(manifest_path: Path, catalog_path: Path | None, out_dir: Path) -> list[Path]:
    """Write `index.md` and `<kpi_id>.md` below `out_dir`; the files written, the index first.

    `catalog_path`: a published `marts.duckdb` whose last months are shown, or None for the declarations alone.
    Raises MilepostError where the manifest is not there or declares no KPI.
    """
    try:
        manifest = json.loads(manifest_path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise MilepostError(
            "dbt's manifest is not there", where=str(manifest_path), remedy="Run `dbt parse` in dbt_project first"
        ) from None
    metrics = {metric["name"]: metric for metric in manifest["metrics"].values()}
    kpis = sorted(name for name, metric in metrics.items() if _meta(metric).get("kpi"))
    if not kpis:
        raise MilepostError(
            "the manifest declares no KPI",
            where=str(manifest_path),
            remedy="A metric is a KPI by config.meta.kpi: true (docs/adding-a-kpi.md)",
        )
    measures = _measures(manifest)
    values = _last_months(catalog_path, kpis) if catalog_path is not None else {}
    out_dir.mkdir(parents=True, exist_ok=True)
    written = [out_dir / "index.md"]
    written[0].write_text(_index([metrics[name] for name in kpis]), encoding="utf-8")
    for name in kpis:
        used = [measures[each] for each in dict.fromkeys(_inputs(metrics[name], metrics))]
        page = out_dir / f"{name}.md"
        page.write_text(_page(metrics[name], metrics, used, values.get(name, [])), encoding="utf-8")
        written.append(page)
    return written


def _meta(metric: dict[str, Any]) -> dict[str, Any]:
    meta: dict[str, Any] = metric.get("config", {}).get("meta") or {}
    return meta


def _measures(manifest: dict[str, Any]) -> dict[str, Measure]:
    found = {}
    for model in manifest["semantic_models"].values():
        relation = model.get("node_relation") or {}
        table = f"{relation.get('schema_name')}.{relation.get('alias')}"
        for each in model["measures"]:
            expression = str(each.get("expr") or each["name"])
            found[each["name"]] = Measure(each["name"], str(each["agg"]), expression, model["name"], table)
    return found


def _sides(metric: dict[str, Any]) -> list[str]:
    """Names of the metrics that a metric is made of."""
    params = metric["type_params"]
    if metric["type"] == "ratio":
        return [params["numerator"]["name"], params["denominator"]["name"]]
    if metric["type"] == "derived":
        return [each["name"] for each in params["metrics"]]
    return []


def _inputs(metric: dict[str, Any], metrics: dict[str, dict[str, Any]]) -> Iterator[str]:
    """Names of all measures below a metric, those of metrics that stand in for dimensions and grains included."""
    meta = _meta(metric)
    others = [*(meta.get("metric_by_dimension") or {}).values(), *(meta.get("metric_by_grain") or {}).values()]
    measure = metric["type_params"].get("measure")
    if measure and metric["type"] in ("simple", "cumulative"):
        yield measure["name"]
    for name in [*_sides(metric), *others]:
        yield from _inputs(metrics[name], metrics)


def _last_months(catalog_path: Path, kpis: list[str]) -> dict[str, list[tuple[str, float | None]]]:
    """The last months of the whole, by KPI, the latest first."""
    with duckdb.connect(str(catalog_path), read_only=True) as connection:
        rows = connection.execute(
            """
            select kpi_id, strftime(period_start, '%Y-%m'), value
            from kpi.kpi_values
            where dimension = 'total' and grain = 'month'
            qualify row_number() over (partition by kpi_id order by period_start desc) <= ?
            order by kpi_id, period_start desc
            """,
            [MONTHS],
        ).fetchall()
    found: dict[str, list[tuple[str, float | None]]] = {name: [] for name in kpis}
    for name, month, value in rows:
        found.setdefault(name, []).append((month, value))
    return found


def _index(kpis: list[dict[str, Any]]) -> str:
    lines = [
        "# KPIs",
        "",
        "Each is declared once, under `dbt_project/models/semantic`; these pages are made from the declarations.",
    ]
    for domain in dict.fromkeys(_meta(kpi)["domain"] for kpi in sorted(kpis, key=lambda kpi: _meta(kpi)["domain"])):
        lines += ["", f"## {domain.capitalize()}", "", "| KPI | 指标 | unit | definition |", "|---|---|---|---|"]
        for kpi in kpis:
            meta = _meta(kpi)
            if meta["domain"] == domain:
                link = f"[{_cell(kpi['label'])}]({kpi['name']}.md)"
                lines.append(f"| {link} | {_cell(meta['name_zh'])} | {meta['unit']} | {_cell(kpi['description'])} |")
    return "\n".join(lines) + "\n"


def _page(
    kpi: dict[str, Any],
    metrics: dict[str, dict[str, Any]],
    measures: list[Measure],
    months: list[tuple[str, float | None]],
) -> str:
    meta = _meta(kpi)
    facts = {"grains": ALL_GRAINS, "window": "the period", **meta}
    facts["direction"] = DIRECTIONS[meta["direction"]]
    lines = [f"# {kpi['label']} {meta['name_zh']}", "", kpi["description"].strip(), "", "| | |", "|---|---|"]
    lines.append(f"| Id | `{kpi['name']}` |")
    lines += [f"| {label} | {_cell(_said(facts[key]))} |" for key, label in FACTS if facts.get(key)]
    lines += ["", "## How it is computed", ""]
    lines.append(_formula(kpi, metrics))
    lines += ["", "| measure | aggregation | expression | mart |", "|---|---|---|---|"]
    lines += [
        f"| {each.name} | {each.aggregation} | `{_cell(each.expression)}` | `{each.table}` |" for each in measures
    ]
    if months:
        lines += ["", "## Last months", "", "| month | value |", "|---|---:|"]
        lines += [f"| {month} | {_number(value, meta['unit'])} |" for month, value in months]
    return "\n".join(lines) + "\n"


def _formula(kpi: dict[str, Any], metrics: dict[str, dict[str, Any]]) -> str:
    meta = _meta(kpi)
    sides = [f"`{name}`" for name in _sides(kpi)]
    if kpi["type"] == "ratio":
        whole = " of the whole" if meta.get("denominator") == "total" else ""
        text = f"{sides[0]} / {sides[1]}{whole}; missing where the denominator is zero."
    elif kpi["type"] == "derived":
        text = f"`{kpi['type_params']['expr']}`"
    elif kpi["type"] == "cumulative":
        text = "The sum of all changes up to the end of the period."
    else:
        text = "One measure."
    for kind in ("dimension", "grain"):
        for member, name in (meta.get(f"metric_by_{kind}") or {}).items():
            text += f" By {member}: {_formula(metrics[name], metrics)}"
    return text


def _said(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {each}" for key, each in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _cell(text: str) -> str:
    """Text that does not break a table."""
    return " ".join(text.split()).replace("|", "\\|")


def _number(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    if unit == "ratio":
        return f"{value:.2%}"
    return f"{value:,.0f}" if unit == "count" else f"{value:,.2f}"
