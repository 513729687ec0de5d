"""The clean lake's folders: empty files that carry the schema, and the operational entities written from the ledger.

Belongs here: what makes the lake readable by itself. Not here: entity rows (`ingestion/batch/write.py`), customer
links (`ingestion/identity`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Engine, select

from ingestion.contracts.model import ContractSet
from ingestion.entity import Entity, load_entities
from ingestion.home import Home
from ingestion.ledger import tables
from ingestion.ledger.deliveries import ACTIVE, RECEIVED
from ingestion.recovery import EMPTY_FILE

_TYPES = {
    "text": pa.string(),
    "integer": pa.int64(),
    "money": pa.decimal128(18, 4),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
}
#: Operational entities that this module writes as one file each, replaced as a whole.
WRITTEN = (
    "delivery", "delivery_part", "delivery_entity", "delivery_issue", "source_check", "imputation_rule",
    "quality_result", "kpi_version", "access_event",
)  # fmt: skip


def arrow_schema(entity: Entity) -> pa.Schema:
    """Columns of the entity's files, in order, with their Arrow types."""
    return pa.schema([pa.field(column.name, _TYPES[column.type]) for column in entity.all_columns])


def ensure_schemas(home: Home) -> None:
    """Give every entity's folder a file without rows, so that reading `*.parquet` always answers, with the types."""
    for entity in load_entities().values():
        folder = home.entity(entity.name)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / EMPTY_FILE
        schema = arrow_schema(entity)
        if path.exists() and pq.read_schema(path).equals(schema):
            continue
        _write(path, pa.Table.from_pylist([], schema))


def write_operational(home: Home, ledger: Engine, as_of: datetime, contracts: ContractSet | None = None) -> None:
    """Write the operational entities from the ledger and the contracts (default: the home's), each as one file by
    temporary file and rename.

    Needs the home's lock. Deliveries that are received but not ingested yet are left out; `as_of` leaves out what was
    received later.
    """
    ensure_schemas(home)
    for name in WRITTEN:
        entity = load_entities()[name]
        if name == "imputation_rule":
            rows = _rules(home, contracts)
        else:
            rows = _accesses(home, as_of) if name == "access_event" else list(_rows(ledger, name, as_of))
        schema = arrow_schema(entity)
        table = pa.Table.from_pylist([{field.name: row.get(field.name) for field in schema} for row in rows], schema)
        _write(home.entity(name) / f"{name}.parquet", table)


def lake_paths_of(home: Home, entity: str) -> str:
    """Glob of an entity's files, for an engine."""
    return str(home.entity(entity) / "*.parquet")


def _rows(ledger: Engine, name: str, as_of: datetime) -> Sequence[Mapping[str, Any]]:
    delivery = tables.delivery
    counted = (delivery.c.state != RECEIVED) & (delivery.c.received_at <= as_of)
    with ledger.connect() as connection:
        if name == "delivery":
            found = connection.execute(select(delivery).where(counted).order_by(delivery.c.delivery_seq)).mappings()
            return [{**row, "is_active": row["state"] == ACTIVE} for row in found]
        if name in ("delivery_part", "delivery_entity", "delivery_issue"):
            table = tables.metadata.tables[name]
            query = select(table).join(delivery).where(counted).order_by(*table.primary_key.columns)
            found = connection.execute(query).mappings()
            return [
                {**row, "declared_sums": json.dumps(row["declared_sums"]) if row.get("declared_sums") else None}
                for row in found
            ]
        table = tables.metadata.tables[name]
        found = connection.execute(select(table).order_by(*table.primary_key.columns)).mappings()
        return [dict(row) for row in found]


def _rules(home: Home, contracts: ContractSet | None) -> Sequence[Mapping[str, Any]]:
    from ingestion.contracts.imputation import rules_of
    from ingestion.contracts.loader import contracts_of

    found = contracts if contracts is not None else contracts_of(home)
    return [vars(rule) for contract in found.contracts for rule in rules_of(contract, load_entities())]


def _accesses(home: Home, as_of: datetime) -> Sequence[Mapping[str, Any]]:
    """Lines of the audit log up to `as_of`, without what they say of single customers."""
    path = home.root / "audit" / "audit.jsonl"
    if not path.exists():
        return []
    rows = []
    for text in path.read_text(encoding="utf-8").splitlines():
        line = json.loads(text)
        accessed_at = datetime.fromisoformat(line["at"]).replace(tzinfo=None)
        details = line["details"]
        if accessed_at <= as_of.replace(tzinfo=None):
            rows.append({
                "audit_number": line["number"], "accessed_at": accessed_at, "actor": line["actor"],
                "role": line["role"], "action": line["action"], "purpose": line["purpose"],
                "customer_count": details.get("customers"), "is_refused": bool(details.get("refused", False)),
            })  # fmt: skip
    return rows


def _write(path: Path, table: pa.Table) -> None:
    unfinished = path.with_name(f".{path.name}.unfinished")
    pq.write_table(table, unfinished, compression="zstd")
    unfinished.replace(path)
