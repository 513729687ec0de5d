"""An invented export and a home of its own for tests of ingestion, without the command line.

Not here: fixtures, the shipped contracts, marts.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb
from sqlalchemy import Engine

from ingestion.checks import EntityCheck
from ingestion.contracts.model import (
    Column,
    Contract,
    ContractSet,
    Coverage,
    FileFormat,
    FileRule,
    Footer,
    OnFail,
    PersonalData,
    Supersede,
    SupersedeBy,
    Target,
)
from ingestion.home import Home
from ingestion.ingest import IngestResult, ingest
from ingestion.ledger.deliveries import Delivery, Part, list_deliveries, parts_of
from ingestion.ledger.engine import open_ledger
from ingestion.privacy.keys import Keys

NOW = dt.datetime(2026, 3, 1, 8)
KEYS = Keys(b"t" * 32, {1: b"e" * 32}, 1)
HEADINGS = ("Order", "Customer", "Phone", "Quantity", "Price", "Ordered", "Note")

COLUMNS = (
    Column("order_id", ("Order", "订单号"), value_required=True),
    Column("customer", ("Customer",), kind="name", personal_data=PersonalData.DIRECT, identifier="name"),
    Column(
        "phone", ("Phone",), kind="phone", personal_data=PersonalData.DIRECT, identifier="phone",
        heading_required=False, on_fail=OnFail.MISSING,
    ),
    Column("quantity", ("Quantity",), kind="integer", value_required=True, minimum=0, minimum_exclusive=True),
    Column("price", ("Price",), kind="money", minimum=0),
    Column("ordered_at", ("Ordered",), kind="timestamp"),
    Column("note", ("Note",), kind="free_text", personal_data=PersonalData.FREE_TEXT, heading_required=False),
)  # fmt: skip

LINES = Target(
    "order_line",
    (
        ("order_id", "order_id"),
        ("line_number", "line_number"),
        ("product_name", "note"),
        ("quantity", "quantity"),
        ("unit_price", "price"),
        ("net_amount", "quantity * price"),
        ("lined_at", "ordered_at"),
    ),
)
CUSTOMERS = Target(
    "customer",
    (
        ("source_customer_key", "customer__token"),
        ("name_token", "customer__token"),
        ("name_mask", "customer__mask"),
        ("phone_token", "phone__token"),
        ("phone_mask", "phone__mask"),
    ),
    where="customer__token is not null",
    distinct_by=("customer__token",),
)


def invented_contract(**changes: Any) -> Contract:
    """Orders of an invented shop: one record per line, unit and key the order unless changed."""
    file = FileRule(FileFormat.CSV, re.compile(r".*\.csv"))
    contract = Contract(
        id="shop.orders", system="shop", export="orders", version="1.0.0", title="Orders", description="", owner="test",
        path="", file=file, columns=COLUMNS, targets=(LINES, CUSTOMERS),
        supersede=Supersede(SupersedeBy.KEY, unit=("order_id",)), phone_region="CN", time_zone="Asia/Shanghai",
        fingerprint="f1",
    )  # fmt: skip
    return replace(contract, **changes)


@dataclass
class Bench:
    """A home, its ledger and the contracts it reads by."""

    root: Path
    contracts: tuple[Contract, ...] = field(default_factory=lambda: (invented_contract(),))

    def __post_init__(self) -> None:
        self.home = Home(self.root).ensure()
        self.ledger: Engine = open_ledger(self.home)
        self.clock = NOW

    def drop(self, name: str, content: str | bytes, system: str = "shop") -> Path:
        """Put a file into the inbox."""
        path = self.home.inbox / system / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def ingest(self, entity_check: EntityCheck | None = None, **further: Any) -> IngestResult:
        """Take in what lies there, an hour later than the last time."""
        self.clock += dt.timedelta(hours=1)
        return ingest(
            self.home, self.ledger, ContractSet(self.contracts), KEYS, entity_check=entity_check, now=self.clock,
            run_id="test", **further,
        )  # fmt: skip

    def rows(self, entity: str, columns: str = "*", where: str = "true") -> list[tuple[Any, ...]]:
        """Rows of an entity in the lake, whatever became of their deliveries."""
        path = self.home.entity(entity) / "*.parquet"
        with duckdb.connect() as connection:
            return connection.execute(f"select {columns} from '{path}' where {where} order by all").fetchall()

    def current(self, entity: str, columns: str) -> list[tuple[Any, ...]]:
        """Rows of an entity that count: those of the winning active delivery of each unit."""
        active = [d.delivery_seq for d in self.deliveries() if d.state == "active"]
        lake = self.home.lake
        with duckdb.connect() as connection:
            return connection.execute(
                "with unit as ("
                "  select contract, unit, delivery_seq, max(version_at) as version_at, max(tie) as tie"
                f"  from '{lake}/delivery_unit/*.parquet' where list_contains({active}::bigint[], delivery_seq)"
                "  group by all"
                "), winner as (select * from unit qualify row_number() over (partition by contract, unit "
                "  order by version_at desc nulls last, tie desc, delivery_seq desc) = 1) "
                f"select {columns} from '{lake}/{entity}/*.parquet' as e join winner on e._contract = winner.contract "
                "and e._unit = winner.unit and e._delivery_seq = winner.delivery_seq order by all"
            ).fetchall()

    def deliveries(self) -> list[Delivery]:
        return list_deliveries(self.ledger)

    def parts(self) -> list[Part]:
        return parts_of(self.ledger, [d.delivery_seq for d in self.deliveries()])


def csv_text(*records: str, headings: tuple[str, ...] = HEADINGS) -> str:
    """Lines with the headings above."""
    return "\n".join([",".join(headings), *records]) + "\n"


__all__ = [
    "CUSTOMERS",
    "LINES",
    "Bench",
    "Coverage",
    "FileFormat",
    "FileRule",
    "Footer",
    "csv_text",
    "invented_contract",
]
