"""Staged files of a batch: entity rows, units and rejected records.

Belongs here: the statements that write Parquet, and what is done when an expression of a contract fails on a record.
Not here: where the files finally lie (`ingestion/commit.py`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from ingestion.batch.settle import rejected_rows
from ingestion.batch.staging import Staged
from ingestion.contracts.expressions import ITEM
from ingestion.contracts.model import Contract, Target
from ingestion.engine import quote, quote_name, quote_path
from ingestion.entity import Entity, load_entities
from ingestion.errors import MilepostError
from ingestion.privacy.crypt import encrypt_values
from ingestion.privacy.keys import Keys

EXPRESSION_FAILED = "expression_failed"
REJECTS = "rejects"
VAULT = "vault"
UNITS = "delivery_unit"

REJECT_SCHEMA = pa.schema(
    [
        pa.field("contract", pa.string()),
        pa.field("delivery_seq", pa.int64()),
        pa.field("part", pa.string()),
        pa.field("record_number", pa.int64()),
        pa.field("column_name", pa.string()),
        pa.field("reason", pa.string()),
        pa.field("headings", pa.string()),  # JSON list
        pa.field("content", pa.binary()),  # encrypted JSON list of the cells, in the headings' order
    ]
)


@dataclass(frozen=True)
class StagedFile:
    """A file of the batch in the staging folder, and what it is."""

    path: Path
    entity: str
    contract: str
    row_count: int


def write_entities(connection: Any, staged: Staged, folder: Path, stem: str) -> list[StagedFile]:
    """One Parquet file per target, and one of units, below `folder`; empty ones are left out.

    Raises duckdb.Error where an expression fails on a record: see `reject_failing`. The error quotes values: it must
    not be shown.
    """
    files = []
    for number, target in enumerate(staged.contract.targets):
        path = folder / f"{stem}-{number}-{target.entity}.parquet"
        files.append(_copy(connection, target_sql(staged.contract, target), path, target.entity, staged.contract))
    path = folder / f"{stem}-{UNITS}.parquet"
    files.append(_copy(connection, _units_sql(staged.contract), path, UNITS, staged.contract))
    return [file for file in files if file is not None]


def target_sql(contract: Contract, target: Target) -> str:
    """SQL of an entity's rows over `record`, in the entity's columns and types, lineage last."""
    entity = load_entities()[target.entity]
    given = dict(target.columns)
    columns = [
        f"cast({given.get(column.name, 'null')} as {column.engine_type}) as {quote_name(column.name)}"
        for column in entity.columns
    ]
    where = f"({target.where})" if target.where else "true"
    if target.distinct_by:
        by = ", ".join(quote_name(name) for name in target.distinct_by)
        where += f" and _row in (select min(_row) from record where {where} group by delivery_seq, _unit, {by})"
    return f"select {', '.join([*columns, *_lineage(contract, entity)])} from {_records(target)} where {where}"


def _records(target: Target) -> str:
    """The records a target's rows are made of, once for each item where it asks for that."""
    if target.for_each is None:
        return "record"
    return f"record, lateral (select unnest({target.for_each}) as {quote_name(ITEM)})"


def reject_failing(connection: Any, staged: Staged) -> int:
    """Reject the records on which an expression of a target fails; returns how many.

    Only called after a failure, on rows staged with their cells: each expression is evaluated by itself.
    """
    rejected = 0
    for target in staged.contract.targets:
        entity = load_entities()[target.entity]
        types = {column.name: column.engine_type for column in entity.columns}
        conditions = [
            (f"{target.entity}.{name}", f"cast({expression} as {types[name]})") for name, expression in target.columns
        ]
        if target.where:
            conditions.append((f"{target.entity}.where", f"({target.where})"))
        if target.for_each is not None:
            rejected += _reject(connection, staged, f"{target.entity}.forEach", target.for_each, "record")
        for name, expression in conditions:
            rejected += _reject(connection, staged, name, expression, _records(target))
    return rejected


def _reject(connection: Any, staged: Staged, name: str, expression: str, records: str) -> int:
    """Reject the records on which the expression fails; returns how many."""
    found = connection.execute(
        f"select distinct _row from {records} where try(struct_pack(value := {expression})) is null"
    ).fetchnumpy()["_row"]
    if not len(found):
        return 0
    code = staged.reasons.code(name, EXPRESSION_FAILED)
    connection.register("failing", pa.table({"_row": pa.array(found, pa.int64())}))
    connection.execute(f"update staging set _reason = {code} where rowid in (select _row from failing)")
    connection.unregister("failing")
    return len(found)


def write_rejects(connection: Any, staged: Staged, keys: Keys, folder: Path, stem: str) -> StagedFile | None:
    """Rejected records with number and reason, their content encrypted; None where there are none."""
    query = (
        "select _source, delivery_seq, part, staging.rowid - first_row + 1 as record_number, _reason, "
        "cast(to_json(_cells) as varchar) as content "
        f"from staging join part using (_source) where {rejected_rows()} order by staging.rowid"
    )
    path = folder / f"{stem}-{REJECTS}.parquet"
    headings = [json.dumps(source.layout.shown, ensure_ascii=False) for source in staged.sources]
    count = 0
    with pq.ParquetWriter(path, REJECT_SCHEMA, compression="zstd") as writer:
        path.chmod(0o600)
        for batch in connection.execute(query).to_arrow_reader(20_000):
            reasons = [staged.reasons.of(code) for code in batch["_reason"].to_pylist()]
            place = reject_places(batch["delivery_seq"], batch["part"], batch["record_number"])
            writer.write_table(
                pa.table(
                    [
                        pa.array([staged.contract.id] * len(batch), pa.string()),
                        batch["delivery_seq"],
                        batch["part"],
                        batch["record_number"],
                        pa.array([column for column, _ in reasons], pa.string()),
                        pa.array([reason for _, reason in reasons], pa.string()),
                        pa.array([headings[source] for source in batch["_source"].to_pylist()], pa.string()),
                        encrypt_values(batch["content"], place, keys),
                    ],
                    schema=REJECT_SCHEMA,
                )
            )
            count += len(batch)
    if not count:
        path.unlink()
        return None
    return StagedFile(path, REJECTS, staged.contract.id, count)


def reject_places(seqs: pa.Array, parts: pa.Array, numbers: pa.Array) -> pa.Array:
    """What each encrypted content is bound to: delivery, part and record number."""
    columns = (seqs.to_pylist(), parts.to_pylist(), numbers.to_pylist())
    return pa.array([f"{seq}/{part}/{number}" for seq, part, number in zip(*columns, strict=True)], pa.string())


def expression_error(contract: Contract, error: duckdb.Error, *, tells: bool) -> MilepostError:
    """An engine's error without what it quotes; `tells`: it was raised before data was read, so it quotes none."""
    what = str(error).splitlines()[0] if tells else type(error).__name__
    return MilepostError(
        f"an expression of the contract cannot be computed ({what})",
        where=contract.id,
        remedy="Check the contract: milepost contract check",
    )


def _copy(connection: Any, select: str, path: Path, entity: str, contract: Contract) -> StagedFile | None:
    count = connection.execute(
        f"copy ({select}) to '{quote_path(path)}' (format parquet, compression snappy)"
    ).fetchone()[0]
    if not count:
        path.unlink()
        return None
    return StagedFile(path, entity, contract.id, count)


def _lineage(contract: Contract, entity: Entity) -> list[str]:
    deleted = f"coalesce({quote_name(contract.deleted_flag)}, false)" if contract.deleted_flag else "false"
    expressions = {
        "source_system": quote(contract.system),
        "_contract": quote(contract.id),
        "_delivery_seq": "delivery_seq",
        "_part": "part",
        "_record_number": "record_number",
        "_unit": "_unit",
        "_version_at": "_version_at",
        "_tie": "_tie",
        "_is_deleted": deleted,
    }
    return [
        f"cast({expressions[column.name]} as {column.engine_type}) as {quote_name(column.name)}"
        for column in entity.lineage
    ]


def _units_sql(contract: Contract) -> str:
    entity = load_entities()[UNITS]
    expressions = {
        "contract": quote(contract.id),
        "delivery_seq": "delivery_seq",
        "part": "part",
        "unit": "_unit",
        "version_at": "max(_version_at)",
        "tie": "max(_tie)",
        "record_count": "count(*)",
    }
    columns = ", ".join(
        f"cast({expressions[column.name]} as {column.engine_type}) as {quote_name(column.name)}"
        for column in entity.columns
    )
    return f"select {columns} from record group by delivery_seq, part, _unit"
