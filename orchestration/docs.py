"""`make docs`: the documentation site, from what is declared.

    python -m orchestration.docs FOLDER

Belongs here: one page of KPIs from their declarations, and dbt's own pages of models, columns and lineage. Not here:
any text about a KPI or a model (it stands beside its declaration).
"""

from __future__ import annotations

import html
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ingestion.errors import MilepostError
from orchestration import prepare
from orchestration.settings import DBT_PROJECT_DIR

STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a1a2e}"
    "dt{font-weight:600;float:left;clear:left;width:11rem}dd{margin-left:11.5rem}h2{margin-top:2.5rem}"
    "code{background:#f2f2f7;padding:.1rem .3rem;border-radius:3px}"
)


def kpi_page(manifest: Mapping[str, Any]) -> str:
    """A page with every KPI: names, definition, unit, grains, dimensions, how it is made up, owner, thresholds."""
    metrics = [m for m in manifest["metrics"].values() if m["config"].get("meta", {}).get("kpi")]
    sections = []
    for metric in sorted(metrics, key=lambda m: (m["config"]["meta"].get("domain", ""), m["name"])):
        meta = metric["config"]["meta"]
        facts = {
            "Definition": metric.get("description"),
            "Domain": meta.get("domain"),
            "Unit": meta.get("unit"),
            "Better when": meta.get("direction"),
            "Periods": ", ".join(meta.get("grains") or ["day", "week", "month", "quarter", "year"]),
            "By": ", ".join(meta.get("dimensions") or []) or "the whole only",
            "Counted by": meta.get("time_basis"),
            "Window": meta.get("window"),
            "Made of": made_of(metric),
            "Owner": meta.get("owner"),
            "Lights": ", ".join(f"{name} {value}" for name, value in (meta.get("thresholds") or {}).items()),
            "Reference": meta.get("reference"),
        }
        rows = "".join(f"<dt>{name}</dt><dd>{html.escape(str(text))}</dd>" for name, text in facts.items() if text)
        title = f"{html.escape(metric['label'])} <span lang='zh'>{html.escape(meta.get('name_zh') or '')}</span>"
        command = f"<p><code>milepost kpi {metric['name']}</code></p>"
        sections.append(f"<h2 id='{metric['name']}'>{title}</h2><dl>{rows}</dl>{command}")
    return _page("KPIs", f"<p>{len(metrics)} KPIs, each from one declaration.</p>" + "".join(sections))


def made_of(metric: Mapping[str, Any]) -> str:
    """Measures or metrics that a metric is computed from, in words."""
    params = metric["type_params"]
    if metric["type"] == "ratio":
        return f"{params['numerator']['name']} / {params['denominator']['name']}"
    if metric["type"] == "derived":
        return f"{params['expr']}"
    measure = (params.get("measure") or {}).get("name", metric["name"])
    return f"measure {measure}" + (", running total" if metric["type"] == "cumulative" else "")


def write_site(folder: Path) -> list[Path]:
    """Write index, KPI page and dbt's pages into a folder; returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    manifest = json.loads(prepare.ensure_manifest().read_text(encoding="utf-8"))
    kpis, marts, index = folder / "kpis.html", folder / "marts.html", folder / "index.html"
    kpis.write_text(kpi_page(manifest), encoding="utf-8")
    with tempfile.TemporaryDirectory(prefix="milepost-docs-") as scratch:
        shutil.copyfile(prepare.MANIFEST, Path(scratch) / "manifest.json")  # --no-compile takes it from there
        done = subprocess.run(
            [
                str(Path(sys.executable).with_name("dbt")),
                "--quiet",
                "--no-use-colors",
                "docs",
                "generate",
                "--static",
                "--empty-catalog",
                "--no-compile",
                "--project-dir",
                str(DBT_PROJECT_DIR),
                "--profiles-dir",
                str(DBT_PROJECT_DIR),
            ],
            env={**os.environ, "MILEPOST_HOME": scratch, "DBT_TARGET_PATH": scratch, "DBT_LOG_PATH": scratch},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise MilepostError(f"dbt's pages were not written:\n{done.stdout}{done.stderr}", where="dbt")
        shutil.copyfile(Path(scratch) / "static_index.html", marts)
    links = "<li><a href='kpis.html'>KPIs</a></li><li><a href='marts.html'>Models, columns, lineage</a></li>"
    index.write_text(_page("Milepost", f"<ul>{links}</ul>"), encoding="utf-8")
    return [index, kpis, marts]


def _page(title: str, body: str) -> str:
    return (
        f"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>{title}</title>"
        "<meta name='viewport' content='width=device-width,initial-scale=1'>"
        f"<style>{STYLE}</style></head><body><h1>{title}</h1>{body}</body></html>\n"
    )


if __name__ == "__main__":
    for written in write_site(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/site")):
        sys.stdout.write(f"{written}\n")
