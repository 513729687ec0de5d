"""The canonical entities, as declared under `entities/`.

Belongs here: reading that declaration and its types in the engine's words. Not here: what fills the entities.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

DECLARATION = Path(__file__).parent / "entities"

#: Declared type -> DuckDB type. The same Parquet types are read by Spark.
ENGINE_TYPES = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "money": "DECIMAL(18,4)",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
}


@dataclass(frozen=True)
class EntityColumn:
    name: str
    type: str
    description: str
    privacy: str = "business"  # business, token, mask, coarse, scrubbed
    is_imputable: bool = False  # a contract may have missing values filled in the transformation

    @property
    def engine_type(self) -> str:
        return ENGINE_TYPES[self.type]


@dataclass(frozen=True)
class Entity:
    name: str
    description: str
    key: tuple[str, ...]
    columns: tuple[EntityColumn, ...]  # without lineage
    lineage: tuple[EntityColumn, ...]  # empty for operational entities

    @property
    def all_columns(self) -> tuple[EntityColumn, ...]:
        """Columns in the order in which the lake's files hold them."""
        return self.columns + self.lineage

    @property
    def is_operational(self) -> bool:
        return not self.lineage


def _columns(declared: dict[str, dict[str, Any]]) -> tuple[EntityColumn, ...]:
    return tuple(
        EntityColumn(
            name, column["type"], column["description"], column.get("class", "business"), column.get("imputable", False)
        )
        for name, column in declared.items()
    )


def _read(path: Path) -> dict[str, Any]:
    # the C loader where there is one: ten times as fast
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return dict(yaml.load(path.read_text(encoding="utf-8"), Loader=loader))


@cache
def load_entities(folder: Path = DECLARATION) -> dict[str, Entity]:
    """All entities by name, by file and then in declared order, the operational ones last.

    Raises ValueError where two files declare one entity.
    """
    lineage = _columns(_read(folder / "lineage.yml"))
    operational = folder / "operational.yml"
    business = sorted(path for path in folder.glob("*.yml") if path.name not in ("lineage.yml", operational.name))
    entities: dict[str, Entity] = {}
    for path in [*business, operational]:
        for name, entity in _read(path).items():
            if name in entities:
                raise ValueError(f"{path.name} declares the entity {name} a second time")
            entities[name] = Entity(
                name=name,
                description=entity["description"],
                key=tuple(entity["key"]),
                columns=_columns(entity["columns"]),
                lineage=() if path == operational else lineage,
            )
    return entities
