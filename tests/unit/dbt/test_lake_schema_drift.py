"""The dbt sources and the canonical entities describe one schema: this holds the two together."""

from __future__ import annotations

from pathlib import Path

import yaml

from ingestion.entity import load_entities

ROOT = Path(__file__).resolve().parents[3]
SOURCES = ROOT / "dbt_project" / "models" / "sources.yml"

#: Declared type of an entity's column -> type in the dbt sources.
TYPES = {
    "text": "string",
    "integer": "bigint",
    "money": "decimal(18,4)",
    "number": "double",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
}
LINEAGE_IN_FACTS = ["_contract", "_delivery_seq", "_part", "_record_number"]


def entity_columns() -> dict[str, list[tuple[str, str]]]:
    """Columns of every folder of the lake as ingestion declares them: entity -> (name, dbt type) in order."""
    return {
        name: [(column.name, TYPES[column.type]) for column in entity.all_columns]
        for name, entity in load_entities().items()
    }


def source_columns() -> dict[str, list[tuple[str, str]]]:
    """Columns of every source as dbt declares them."""
    sources = yaml.safe_load(SOURCES.read_text(encoding="utf-8"))["sources"]
    (lake,) = [source for source in sources if source["name"] == "lake"]
    return {
        table["name"]: [(column["name"], column["data_type"]) for column in table["columns"]]
        for table in lake["tables"]
    }


def differences(declared: dict[str, list[tuple[str, str]]], described: dict[str, list[tuple[str, str]]]) -> list[str]:
    """Every mismatch, one line each, in words that say what to do."""
    lines = [f"sources.yml lacks the entity {name}: add it" for name in declared if name not in described]
    lines += [
        f"sources.yml has {name}, which no entity declares: remove it" for name in described if name not in declared
    ]
    for name in declared:
        if name not in described:
            continue
        wanted, found = dict(declared[name]), dict(described[name])
        lines += [f"{name}: sources.yml lacks {column} ({wanted[column]})" for column in wanted if column not in found]
        lines += [
            f"{name}: sources.yml has {column}, which the entity lacks" for column in found if column not in wanted
        ]
        lines += [
            f"{name}.{column}: {found[column]} in sources.yml, {wanted[column]} in the entity"
            for column in wanted
            if column in found and found[column] != wanted[column]
        ]
        if wanted == found and declared[name] != described[name]:
            lines.append(f"{name}: the columns are in another order than in the entity")
    return lines


def test_sources_are_the_canonical_entities() -> None:
    found = differences(entity_columns(), source_columns())
    assert not found, (
        "dbt_project/models/sources.yml and ingestion/entities/ describe different lakes:\n  "
        + "\n  ".join(found)
        + "\nRemedy: the entities are binding; run python dbt_project/stage_entities.py."
    )


def test_differences_are_found() -> None:
    declared = {"order": [("order_id", "string"), ("paid_at", "timestamp")], "refund": [("order_id", "string")]}
    described = {"order": [("order_id", "bigint"), ("paid", "timestamp")], "coupon": [("code", "string")]}
    assert differences(declared, described) == [
        "sources.yml lacks the entity refund: add it",
        "sources.yml has coupon, which no entity declares: remove it",
        "order: sources.yml lacks paid_at (timestamp)",
        "order: sources.yml has paid, which the entity lacks",
        "order.order_id: bigint in sources.yml, string in the entity",
    ]
    assert differences(
        {"order": [("a", "string"), ("b", "string")]}, {"order": [("b", "string"), ("a", "string")]}
    ) == ["order: the columns are in another order than in the entity"]


def test_every_entity_is_staged_in_full() -> None:
    missing = []
    for name, columns in entity_columns().items():
        path = ROOT / "dbt_project" / "models" / "staging" / f"stg_{name}.yml"
        if not path.exists():
            missing.append(f"{name}: no model stg_{name}")
            continue
        (model,) = yaml.safe_load(path.read_text(encoding="utf-8"))["models"]
        staged = {column["name"] for column in model["columns"]}
        needed = [column for column, _ in columns if not column.startswith("_") or column in LINEAGE_IN_FACTS]
        missing += [f"stg_{name} lacks {column}" for column in needed if column not in staged]
    assert not missing, "entities and staging models differ:\n  " + "\n  ".join(missing)
