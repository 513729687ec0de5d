"""Brings the dbt project up to the declared entities: `python dbt_project/stage_entities.py`.

Writes `models/sources.yml` anew, and a staging model with its description and key test for each entity that has none.
Belongs here: what follows from an entity's declaration alone. Not here: what a staging model decides beyond it (a
column renamed, text repaired): those models are kept by hand, and never overwritten.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent
sys.path.insert(0, str(PROJECT.parent))

from ingestion.entity import Entity, load_entities  # noqa: E402

#: Declared type -> type as dbt's contracts and both engines spell it.
TYPES = {
    "text": "string",
    "integer": "bigint",
    "money": "decimal(18,4)",
    "number": "double",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
}
#: Lineage columns that staging hands on: what `milepost trace` follows back.
TRACED = ("_contract", "_delivery_seq", "_part", "_record_number")

SOURCES_HEAD = """version: 2

# The clean lake as ingestion/entities/ declares it; written by stage_entities.py (a test compares the two).
sources:
  - name: lake
    description: "Clean lake: one folder of Parquet files per entity, masked, keyed and typed."
    schema: lake
    config:
      meta:
        external_location: "read_parquet('{{ env_var('MILEPOST_DBT_HOME', '') or env_var('MILEPOST_HOME', '.') }}/lake/{name}/*.parquet', union_by_name=true)"
    tables:
"""  # noqa: E501


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def sources() -> str:
    """Text of `models/sources.yml`."""
    lines = []
    for entity in load_entities().values():
        lines += [
            f"      - name: {entity.name}",
            f"        description: {quoted(entity.description)}",
            "        columns:",
        ]
        for column in entity.all_columns:
            described = f"data_type: {quoted(TYPES[column.type])}, description: {quoted(column.description)}"
            lines.append(f"          - {{name: {column.name}, {described}}}")
    return SOURCES_HEAD + "\n".join(lines) + "\n"


def staging_sql(entity: Entity) -> str:
    """The entity's staging model: the records that count, currencies spelt alike."""
    key = ", ".join(f"'{name}'" for name in entity.key)
    call = f"{{{{ current_records('{entity.name}', key=[{key}]) }}}}"
    if len(call) > 100:
        call = call.replace("key=[", "key=[\n        ").replace("]) }}", "\n    ]) }}")
        call = call.replace(", '", ",\n        '").replace(f"('{entity.name}',\n        ", f"('{entity.name}', ")
    columns = ["source_system"]
    columns += [
        f"upper(trim({column.name})) as {column.name}" if column.name.endswith("currency") else column.name
        for column in entity.columns
    ]
    selected = ",\n        ".join([*columns, *TRACED])
    return f"""-- {entity.description}
-- One row per record that counts: of active deliveries, not superseded, not deleted.
with

records as (
    select * from {call}
),

final as (
    select
        {selected}
    from records
)

select * from final
"""


def staging_yml(entity: Entity) -> str:
    """Description and key test of the entity's staging model."""
    key = ", ".join(["source_system", *entity.key])
    lines = [
        "version: 2",
        "",
        "models:",
        f"  - name: stg_{entity.name}",
        f"    description: {quoted(entity.description + ' Records that count, one per key.')}",
        "    data_tests:",
        "      - unique_combination:",
        f"          name: stg_{entity.name}__one_row_per_key",
        f'          description: "Every {entity.name.replace("_", " ")} is there once per source system."',
        f"          arguments: {{columns: [{key}]}}",
        "    columns:",
        "      - {name: source_system, description: '{{ doc(\"col_source_system\") }}'}",
    ]
    lines += [
        f"      - {{name: {column.name}, description: {quoted(column.description)}}}" for column in entity.columns
    ]
    lines += [f"      - {{name: {name}, description: '{{{{ doc(\"col{name}\") }}}}'}}" for name in TRACED]
    return "\n".join(lines) + "\n"


def main() -> None:
    (PROJECT / "models" / "sources.yml").write_text(sources(), encoding="utf-8")
    for entity in load_entities().values():
        model = PROJECT / "models" / "staging" / f"stg_{entity.name}.sql"
        if entity.is_operational or model.exists():
            continue
        model.write_text(staging_sql(entity), encoding="utf-8")
        model.with_suffix(".yml").write_text(staging_yml(entity), encoding="utf-8")
        print(f"wrote models/staging/{model.name}")


if __name__ == "__main__":
    main()
