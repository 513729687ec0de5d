"""Files of the clean lake written straight from rows, for tests of what reads it. Not here: reading exports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ingestion.entity import load_entities
from ingestion.home import Home

_TYPES = {
    "text": pa.string(),
    "integer": pa.int64(),
    "money": pa.decimal128(18, 4),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
}


def write_entity(home: Home, entity: str, rows: Sequence[Mapping[str, object]], *, delivery_seq: int) -> Path:
    """Write rows of one delivery as a file of the entity; columns not named are null, lineage has plain defaults."""
    columns = load_entities()[entity].all_columns
    schema = pa.schema([(column.name, _TYPES[column.type]) for column in columns])
    lineage = {"_delivery_seq": delivery_seq, "_part": "", "_tie": 0, "_is_deleted": False}
    full = [
        {name: {**lineage, "_record_number": number, **row}.get(name) for name in schema.names}
        for number, row in enumerate(rows, start=1)
    ]
    path = home.entity(entity) / f"d{delivery_seq}-{entity}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(full, schema), path)
    return path
