"""`make docs`: the documentation site, from what is declared and, where the home has published, with its values.

    python -m orchestration.docs FOLDER

Belongs here: putting the KPI dictionary (`dictionary/`) and dbt's own pages of models, columns and lineage together.
Not here: any text about a KPI or a model (it stands beside its declaration).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from ingestion.errors import MilepostError
from orchestration import prepare
from orchestration.dictionary.pages import page, write_pages
from orchestration.dictionary.values import read_published
from orchestration.dictionary.words import both
from orchestration.docs_attribution import has_credits, write_page
from orchestration.kpi_declarations import declared_kpis
from orchestration.settings import DBT_PROJECT_DIR, load_settings, resolve_home


def write_site(folder: Path) -> list[Path]:
    """Write index, KPI dictionary and dbt's pages into a folder; returns the files. Values are those that the home
    (MILEPOST_HOME, else var/) has published; without any the dictionary has none."""
    folder.mkdir(parents=True, exist_ok=True)
    manifest = json.loads(prepare.ensure_manifest().read_text(encoding="utf-8"))
    home = resolve_home()
    settings = load_settings(home)
    kpis = write_pages(
        folder,
        declared_kpis(manifest, settings.business),
        read_published(home.current / "marts.duckdb"),
        settings.reporting_currency,
    )
    catalog = home.current / "marts.duckdb"
    attribution = [write_page(home, folder / "attribution.html")] if has_credits(catalog) else []
    marts, index = folder / "marts.html", folder / "index.html"
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
    links = "".join(
        f"<li><a href='{href}'>{both(title)}</a></li>"
        for href, title in (("kpis.html", "KPI dictionary"), ("marts.html", "Models, columns, lineage"))
    )
    if attribution:
        links += "<li><a href='attribution.html'>Where attribution models disagree</a></li>"
    index.write_text(page("Milepost", f"<h1>Milepost</h1><ul>{links}</ul>"), encoding="utf-8")
    return [index, *kpis, *attribution, marts]


if __name__ == "__main__":
    written = write_site(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/site"))
    sys.stdout.write(f"{len(written)} pages; begin with {written[0]}\n")
