"""Which dbt models are published, and how: read from dbt's manifest.json.

Belongs here: `MartSpec` and reading it. Not here: exporting tables (`build.py`); dbt itself is never imported.

A published model says so in its YAML:

    config:
      meta:
        milepost:
          schema: core               # published schema
          partition_by: ordered_date # a date or timestamp column; left out: one file
          order_by: [order_id]       # order of rows within a file
          late_customer_id: true     # customer_id is added when the mart is read, by
          customer_system_column: customer_system   # this column (left out: source_system)
          customer_key_column: source_customer_key  # and this one (the default)
          has_run_facts: true        # holds clock times or run ids: left out of the build's content hash
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingestion.errors import MilepostError
from ingestion.ledger.manifest import LateCustomer

#: Endings of columns that hold ids, tokens, masks, numbers of things or names of files: no pattern is looked for.
ID_ENDINGS = ("_id", "_key", "_token", "_mask", "_number", "file_name")
#: Of those, ids of things of the business; and columns of free text, which may hold anybody's name.
BUSINESS_ID_ENDINGS = (
    "employee_id",
    "campaign_id",
    "product_id",
    "partner_id",
    "store_id",
    "kpi_id",
    "delivery_id",
    "file_name",
)
FREE_TEXT = {"title", "comment", "reason", "notes", "words", "opportunity_name", "name_mask", "landing_page"}
KNOWN_SETTINGS = {
    "schema",
    "partition_by",
    "order_by",
    "late_customer_id",
    "customer_system_column",
    "customer_key_column",
    "has_run_facts",
}


@dataclass(frozen=True)
class ColumnSpec:
    """`is_id`: no patterns are looked for; `is_business`: its words may read like a customer's name."""

    name: str
    description: str
    is_id: bool
    is_business: bool


@dataclass(frozen=True)
class MartSpec:
    """A model to publish: `relation` is its quoted name in the warehouse."""

    schema: str
    name: str
    relation: str
    description: str
    columns: tuple[ColumnSpec, ...]
    partition_by: str | None = None
    order_by: tuple[str, ...] = ()
    late_customer: LateCustomer | None = None
    has_run_facts: bool = False

    @property
    def full_name(self) -> str:
        return f"{self.schema}.{self.name}"


def read_mart_specs(manifest_path: Path) -> list[MartSpec]:
    """Models of dbt's manifest with `config.meta.milepost`, by published name; every mistake listed at once."""
    try:
        nodes = json.loads(manifest_path.read_text(encoding="utf-8"))["nodes"]
    except (OSError, ValueError, KeyError) as error:
        raise MilepostError(
            "cannot read dbt's manifest", where=str(manifest_path), remedy="Parse the dbt project first"
        ) from error
    specs, mistakes = [], []
    for node in nodes.values():
        meta = node.get("config", {}).get("meta", {}).get("milepost")
        if node.get("resource_type") != "model" or meta is None:
            continue
        found = _mistakes(node["name"], meta, node.get("columns", {}))
        mistakes += found
        if not found:
            specs.append(_spec(node, meta))
    names = [spec.full_name for spec in specs]
    mistakes += [f"{name}: published by two models" for name in sorted({n for n in names if names.count(n) > 1})]
    if mistakes:
        raise MilepostError(
            "models cannot be published: " + "; ".join(mistakes),
            where=str(manifest_path),
            remedy="Correct config.meta.milepost in the models' YAML",
        )
    return sorted(specs, key=lambda spec: spec.full_name)


def _mistakes(model: str, meta: Any, columns: Collection[str]) -> list[str]:
    if not isinstance(meta, dict):
        return [f"{model}: meta.milepost is not a mapping"]
    mistakes = [f"{model}: unknown setting {name}" for name in sorted(set(meta) - KNOWN_SETTINGS)]
    if not isinstance(meta.get("schema"), str):
        mistakes.append(f"{model}: schema is missing")
    order_by = meta.get("order_by") or []
    if not isinstance(order_by, str | list):
        mistakes.append(f"{model}: order_by is neither a column nor a list of columns")
    if meta.get("late_customer_id") and "customer_system" in columns and not meta.get("customer_system_column"):
        mistakes.append(f"{model}: has a customer_system that customer_system_column does not name")
    return mistakes


def _spec(node: dict[str, Any], meta: dict[str, Any]) -> MartSpec:
    columns = tuple(
        ColumnSpec(
            name, " ".join((column.get("description") or "").split()), _is_id(name, column), _is_business(name, column)
        )
        for name, column in node.get("columns", {}).items()
    )
    order_by = meta.get("order_by") or ()
    name = node.get("alias") or node["name"]
    return MartSpec(
        schema=meta["schema"],
        name=name,
        relation=".".join('"' + part.replace('"', '""') + '"' for part in (node["schema"], name)),
        description=" ".join((node.get("description") or "").split()),
        columns=columns,
        partition_by=meta.get("partition_by"),
        order_by=(order_by,) if isinstance(order_by, str) else tuple(order_by),
        late_customer=_late_customer(meta),
        has_run_facts=bool(meta.get("has_run_facts", False)),
    )


def _declared(column: dict[str, Any], name: str) -> bool | None:
    value = {**(column.get("meta") or {}), **(column.get("config", {}).get("meta") or {})}.get(name)
    return None if value is None else bool(value)


def _is_id(name: str, column: dict[str, Any]) -> bool:
    """As the column's `meta.is_id` says, else by its ending."""
    declared = _declared(column, "is_id")
    return name.endswith(ID_ENDINGS) if declared is None else declared


def _is_business(name: str, column: dict[str, Any]) -> bool:
    """As the column's `meta.is_business` says, else neither free text nor the id of a customer or a document."""
    declared = _declared(column, "is_business")
    if declared is not None:
        return declared
    return name not in FREE_TEXT and (not name.endswith(ID_ENDINGS) or name.endswith(BUSINESS_ID_ENDINGS))


def _late_customer(meta: dict[str, Any]) -> LateCustomer | None:
    if not meta.get("late_customer_id"):
        return None
    return LateCustomer(
        meta.get("customer_system_column") or "source_system", meta.get("customer_key_column") or "source_customer_key"
    )
