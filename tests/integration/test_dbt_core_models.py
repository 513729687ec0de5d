"""The dbt project on a lake of a few records written by hand: it builds, its unit tests hold, and records count once.

Not here: formulas (unit tests beside the models), real exports (`tests/data`), KPI declarations.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingestion.entity import Entity, load_entities
from tests.support import PROJECT

AS_OF = "2024-03-01 00:00:00"
ORDER = {
    "source_customer_key": "c1",
    "channel": "shopify",
    "currency": "CNY",
    "country_code": "CN",
    "province": "浙江",
    "status": "paid",
    "ordered_at": "2024-01-05 03:00:00",
    "paid_at": "2024-01-05 20:00:00",
    "_contract": "shopify.orders",
}
LINE = {
    "line_type": "product",
    "product_id": "P1",
    "quantity": 1,
    "is_cancelled": False,
    "currency": "CNY",
    "_contract": "shopify.orders",
}


class HandMadeLake:
    """Writes records of entities as Parquet, with every entity's empty schema file."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.known = load_entities()
        self.engine = duckdb.connect()
        self.files = 0
        (root / "vault" / "tmp").mkdir(parents=True)
        for entity in self.known.values():
            (root / "lake" / entity.name).mkdir(parents=True)
            self._write(entity, [], "_schema")

    def put(self, name: str, *records: dict[str, Any], replace: bool = False, **shared: Any) -> None:
        """Append records; `replace` writes the entity's one file anew (operational entities)."""
        entity = self.known[name]
        self.files += 1
        complete = []
        for number, record in enumerate(records, start=1):
            lineage = (
                {}
                if entity.is_operational
                else {
                    "source_system": "shopify",
                    "_contract": f"shopify.{name}",
                    "_delivery_seq": 1,
                    "_part": "",
                    "_record_number": number,
                    "_unit": f"{self.files}/{number}",
                    "_tie": 0,
                    "_is_deleted": False,
                }
            )
            complete.append({**lineage, **shared, **record})
        self._write(entity, complete, "all" if replace else str(self.files))

    def _write(self, entity: Entity, records: list[dict[str, Any]], file: str) -> None:
        columns = {column.name: column.engine_type for column in entity.all_columns}
        declared = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
        self.engine.execute(f"create or replace temp table written ({declared})")
        for record in records:
            unknown = set(record) - set(columns)
            assert not unknown, f"{entity.name} has no {unknown}"
            names = ", ".join(f'"{name}"' for name in record)
            marks = ", ".join("?" for _ in record)
            self.engine.execute(f"insert into written ({names}) values ({marks})", list(record.values()))
        path = self.root / "lake" / entity.name / f"{file}.parquet"
        self.engine.execute(f"copy written to '{path}' (format parquet)")

    def deliveries(self, **states: str) -> None:
        """State of the deliveries d1, d2, ...: written as a whole, as ingestion does before each transformation."""
        rows = [
            {
                "delivery_seq": int(name[1:]),
                "delivery_id": name,
                "source_system": "shopify",
                "contract": "shopify.orders",
                "file_name": f"{name}.csv",
                "state": state,
                "is_active": state == "active",
                "received_at": "2024-02-28 00:00:00",
            }
            for name, state in states.items()
        ]
        self.put("delivery", *rows, replace=True)

    def dbt(self, *arguments: str, as_of: str | None = AS_OF) -> str:
        """Run dbt on the lake; its output where it succeeded, else a failed test. Unit tests set their own clock."""
        environment = {
            **{name: value for name, value in os.environ.items() if name != "MILEPOST_AS_OF"},
            **({"MILEPOST_AS_OF": as_of} if as_of else {}),
            "MILEPOST_HOME": str(self.root),
            "DBT_TARGET_PATH": str(self.root / "dbt"),
            "DBT_LOG_PATH": str(self.root / "dbt"),
            "DBT_PROFILES_DIR": str(PROJECT / "dbt_project"),
        }
        command = [str(Path(sys.executable).with_name("dbt")), "--no-use-colors", *arguments]
        done = subprocess.run(
            command, cwd=PROJECT / "dbt_project", env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
        return done.stdout

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.root / "warehouse.duckdb"), read_only=True) as warehouse:
            return warehouse.execute(sql).fetchall()


#: Seeds, core marts and all that they are made of: what the KPI models build on.
CORE = ["--select", "resource_type:seed", "+path:models/marts/core"]
BUILD = ["build", "--exclude-resource-type", "unit_test", *CORE, "--indirect-selection", "cautious"]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> HandMadeLake:
    lake = HandMadeLake(tmp_path_factory.mktemp("hand-made"))
    lake.deliveries(d1="active", d2="active", d3="held")
    unit = {"contract": "shopify.orders", "part": "", "unit": "o1", "tie": 0, "record_count": 1}
    lake.put("delivery_unit", *({**unit, "delivery_seq": number} for number in (1, 2, 3)))
    for number, discount in ((1, 5), (2, 10), (3, 99)):
        lake.put("order", {**ORDER, "order_id": "1", "_unit": "o1", "discount_amount": discount}, _delivery_seq=number)
    lake.put(
        "order_line",
        {**LINE, "order_id": "1", "line_number": 1, "unit_price": 31, "net_amount": 31, "_unit": "o1"},
    )
    lake.put(
        "order_line",
        {**LINE, "order_id": "1", "line_number": 1, "unit_price": 30, "net_amount": 30, "_unit": "o1"},
        {**LINE, "order_id": "1", "line_number": 2, "unit_price": 60, "net_amount": 60, "_unit": "o1"},
        _delivery_seq=2,
    )
    lake.put(
        "order",
        {**ORDER, "order_id": "2", "currency": "USD"},
        {**ORDER, "order_id": "gone", "_is_deleted": True},
    )
    lake.put("order_line", {**LINE, "order_id": "2", "line_number": 1, "net_amount": 20, "currency": "USD"})
    lake.put("exchange_rate", {"base_currency": "USD", "quote_currency": "CNY", "rate_date": "2024-01-04", "rate": 7.2})
    # two units of one contract state the same product: the later change counts
    lake.put("product", {"product_id": "P1", "product_line": "Old", "updated_at": "2024-01-01 00:00:00"})
    lake.put("product", {"product_id": "P1", "product_line": "Coffee", "updated_at": "2024-02-01 00:00:00"})
    lake.put("customer", {"source_customer_key": "c1", "country_code": "CN", "province": "浙江"})
    lake.put(
        "customer_link",
        {"source_system": "shopify", "source_customer_key": "c1", "customer_id": "K1", "since_delivery_seq": 1},
        replace=True,
    )
    lake.dbt(*BUILD)
    return lake


def test_the_latest_active_delivery_of_a_unit_counts_with_its_lines(lake: HandMadeLake) -> None:
    lines = lake.rows(
        "select line_number, net_amount, discount_amount, _delivery_seq from core.fct_order_lines"
        " where order_id = '1' order by 1"
    )
    assert lines == [
        (1, Decimal("26.6667"), Decimal("3.3333"), 2),
        (2, Decimal("53.3333"), Decimal("6.6667"), 2),
    ]


def test_deleted_records_are_gone(lake: HandMadeLake) -> None:
    assert lake.rows("select order_id from core.fct_orders order by 1") == [("1",), ("2",)]


def test_days_regions_and_rates(lake: HandMadeLake) -> None:
    orders = lake.rows(
        "select order_id, cast(paid_date as varchar), region, channel, net_reporting_amount"
        " from core.fct_orders order by 1"
    )
    assert orders == [
        ("1", "2024-01-06", "East China", "web_shop", Decimal("80.0000")),
        ("2", "2024-01-06", "East China", "web_shop", Decimal("144.0000")),
    ]


def test_a_key_of_several_units_counts_once(lake: HandMadeLake) -> None:
    assert lake.rows("select product_id, product_line from core.dim_product") == [("P1", "Coffee")]


def test_facts_hold_no_customer_id(lake: HandMadeLake) -> None:
    holders = lake.rows(
        "select table_name from duckdb_columns() where schema_name = 'core' and column_name = 'customer_id'"
        " and table_name like 'fct_%'"
    )
    assert holders == []


def test_every_table_in_core_has_a_described_contract(lake: HandMadeLake) -> None:
    found = {name for (name,) in lake.rows("select table_name from duckdb_tables() where schema_name = 'core'")}
    described = {path.stem for path in (PROJECT / "dbt_project/models/marts/core").glob("*.yml")}
    assert found and found <= described


def test_unit_tests_of_models_hold(lake: HandMadeLake) -> None:
    output = lake.dbt("test", "--resource-type", "unit_test", *CORE, as_of=None)
    counts = re.search(r"PASS=(\d+) WARN=0 ERROR=0 SKIP=0 .*TOTAL=(\d+)", output)
    assert counts and counts[1] == counts[2] and int(counts[1]) >= 15, output[-2000:]


def test_withdrawing_a_delivery_gives_back_what_it_replaced(lake: HandMadeLake) -> None:
    lake.deliveries(d1="active", d2="withdrawn", d3="held")
    lake.dbt(*BUILD)
    lines = lake.rows(
        "select line_number, list_amount, discount_amount, _delivery_seq from core.fct_order_lines"
        " where order_id = '1' order by 1"
    )
    assert lines == [(1, Decimal("31.0000"), Decimal("5.0000"), 1)]
