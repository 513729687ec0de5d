"""A run killed at any moment and started again gives the marts of an undisturbed run."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable

import pytest

from tests.integration.conftest import InventedShop, invented_shop
from tests.support import PROJECT, MilepostHome, alike

AS_OF = "2018-06-01"
SETTINGS = "business:\n  reporting_currency: BRL\n  reporting_time_zone: America/Sao_Paulo\n"
#: Ten moments, from the first bytes received to the last pointer swapped, as shares of the undisturbed run's time.
#: Those of one line hit one home, one after another: what a kill leaves behind is there when the next one strikes.
MOMENTS = ((0.15, 0.40, 0.70, 0.97), (0.25, 0.50, 0.80), (0.32, 0.60, 0.90))
#: What a run may differ in: its own ids and clock times, and what is counted in them.
RUN_TIME_FACTS = {"received_at", "judged_at", "checked_at", "last_received_at", "valid_from", "build_id", "delivery_id"}


def marts(home: MilepostHome) -> dict[str, list[tuple]]:
    """Every published mart's rows, sorted, without run-time facts."""
    names = home.query(
        "select table_schema, table_name from information_schema.tables"
        " where table_schema not in ('information_schema', 'pg_catalog', 'main') order by all"
    )
    found = {}
    for schema, name in names:
        described = home.query(f"select column_name from (describe {schema}.{name})")
        columns = [column for (column,) in described if column not in RUN_TIME_FACTS]
        if name in ("quality_results", "data_freshness"):
            continue  # a log of builds, and minutes to the clock
        where = "where kpi_id <> 'data_freshness_minutes'" if "kpi_id" in columns else ""
        found[f"{schema}.{name}"] = alike(home.query(f"select {', '.join(columns)} from {schema}.{name} {where}"))
    return found


@pytest.fixture(scope="module")
def undisturbed(
    make_home: Callable[[str], MilepostHome],
) -> tuple[dict[str, list[tuple]], float]:
    home = make_home("undisturbed")
    home.settings(SETTINGS)
    invented_shop().drop(home)
    started = time.monotonic()
    home.milepost("run", "--as-of", AS_OF)
    return marts(home), time.monotonic() - started


@pytest.mark.slow
@pytest.mark.parametrize("moments", MOMENTS, ids=lambda moments: "-".join(f"{moment:.0%}" for moment in moments))
def test_killed_and_run_again(
    moments: tuple[float, ...],
    undisturbed: tuple[dict[str, list[tuple]], float],
    make_home: Callable[[str], MilepostHome],
    shop: InventedShop,
) -> None:
    expected, seconds = undisturbed
    home = make_home("killed")
    home.settings(SETTINGS)
    shop.drop(home)
    for moment in moments:
        run_and_kill(home, seconds * moment)
    home.milepost("run", "--as-of", AS_OF)
    found = marts(home)
    assert found.keys() == expected.keys()
    for name, rows in expected.items():
        assert found[name] == rows, f"{name} differs after kills at {moments} of a run"


def run_and_kill(home: MilepostHome, after_seconds: float) -> None:
    """Start a run, and end it and the dbt process it may have started without a warning."""
    process = subprocess.Popen(
        home.command("run", "--as-of", AS_OF),
        env=home.environment(),
        cwd=PROJECT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        process.wait(timeout=after_seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
