"""Every KPI of the sample company equals its second, independent calculation, for every valid grain and dimension."""

from __future__ import annotations

import datetime as dt
import importlib
import os
import pkgutil

import pytest

from tests.integration import reconciled
from tests.integration.reconciled.frames import OTHERS, REGISTRY, Facts, compare, table
from tests.support import PROJECT, MilepostHome

for _module in pkgutil.iter_modules(reconciled.__path__):
    importlib.import_module(f"{reconciled.__name__}.{_module.name}")

pytestmark = pytest.mark.slow
DOCUMENT = PROJECT / "docs" / "kpi-reconciliation.md"
#: KPIs to which the sample company gives no value at this size: both calculations agree that there is none.
WITHOUT_VALUES = ("event_customer_acquisition_cost", "event_six_month_value", "new_product_penetration")
MARK = "<!-- table -->\n"


@pytest.fixture(scope="module")
def facts(sample_company: MilepostHome) -> Facts:
    return Facts(sample_company.catalog, dt.date(2026, 9, 30))


@pytest.mark.parametrize("kpi_id", sorted(REGISTRY))
def test_both_calculations_agree(facts: Facts, kpi_id: str) -> None:
    one = compare(facts, REGISTRY[kpi_id])
    assert (one.compared > 0) != (kpi_id in WITHOUT_VALUES), "without a value nothing is compared: say so below, or not"
    assert one.different == 0, f"{one.different} of {one.compared} values differ:\n" + "\n".join(one.examples)


def test_the_document_says_what_was_compared(facts: Facts) -> None:
    """MILEPOST_UPDATE_RECONCILIATION=1 writes its table anew."""
    catalogue = set(facts["kpi.kpi_catalogue"]["kpi_id"])
    if os.environ.get("MILEPOST_UPDATE_RECONCILIATION"):
        found = table([compare(facts, one) for one in REGISTRY.values()], catalogue - set(REGISTRY))
        head = DOCUMENT.read_text(encoding="utf-8").split(MARK)[0]
        DOCUMENT.write_text(f"{head}{MARK}{found}", encoding="utf-8")
    compared, others = DOCUMENT.read_text(encoding="utf-8").split(MARK)[1].split(OTHERS)
    assert {line.split("`")[1] for line in compared.splitlines() if line.startswith("| `")} == set(REGISTRY)
    assert set(others.split("`")[1::2]) == catalogue - set(REGISTRY)
