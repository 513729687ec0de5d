"""`mf query` on the published catalog answers what `kpi.kpi_values` says: one declaration, two readers."""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.conftest import invented_shop
from tests.support import PROJECT, MilepostHome

METRICS = ("revenue", "orders", "units_sold", "average_order_value", "revenue_per_customer", "repurchase_rate")


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> MilepostHome:
    """The invented shop, published."""
    home = MilepostHome(tmp_path_factory.mktemp("metrics") / "home")
    home.settings("business:\n  reporting_currency: BRL\n")
    invented_shop().drop(home)
    home.milepost("run", "--as-of", "2018-05-15")
    return home


@pytest.fixture(scope="module")
def project(published: MilepostHome) -> Path:
    """The dbt project parsed for the published catalog: mf reads the manifest in its target folder."""
    copy = published.root / "dbt_project"
    shutil.copytree(PROJECT / "dbt_project", copy, ignore=shutil.ignore_patterns("target", "logs"))
    in_project("dbt", ["parse", "--quiet"], published, copy)
    return copy


def in_project(command: str, arguments: list[str], home: MilepostHome, project: Path) -> None:
    environment = {name: value for name, value in home.environment().items() if not name.startswith("DBT_")}
    environment |= {"MILEPOST_DBT_TARGET": "published", "DBT_PROFILES_DIR": str(project)}
    done = subprocess.run(
        [str(Path(sys.executable).with_name(command)), *arguments],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def asked(home: MilepostHome, project: Path, metrics: tuple[str, ...], *by: str) -> list[dict[str, str]]:
    answer = project / "answer.csv"
    group = ",".join(by)
    in_project(
        "mf", ["query", "--metrics", ",".join(metrics), "--group-by", group, "--csv", str(answer)], home, project
    )
    with answer.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_months_of_the_whole(published: MilepostHome, project: Path) -> None:
    found = {
        (row["metric_time__month"][:10], metric): float(row[metric])
        for row in asked(published, project, METRICS, "metric_time__month")
        for metric in METRICS
        if row[metric] and row["metric_time__month"]
    }
    wanted = published.query(
        "select period_start::varchar, kpi_id, value from kpi.kpi_values"
        f" where grain = 'month' and dimension = 'total' and kpi_id in {METRICS} and value is not null"
    )
    assert len(wanted) >= 4 * len(METRICS)
    assert found == pytest.approx({(month, kpi): value for month, kpi, value in wanted})


@pytest.mark.slow
def test_product_lines_of_the_year(published: MilepostHome, project: Path) -> None:
    rows = asked(published, project, ("revenue", "orders"), "metric_time__year", "revenue_event__product_line")
    found = {
        (row["revenue_event__product_line"], kpi): float(row[kpi]) for row in rows for kpi in ("revenue", "orders")
    }
    wanted = published.query(
        "select member, kpi_id, value from kpi.kpi_values"
        " where grain = 'year' and dimension = 'product_line' and kpi_id in ('revenue', 'orders')"
    )
    assert len(wanted) == 8
    assert found == pytest.approx({(member, kpi): value for member, kpi, value in wanted})
