"""Rejected records: which there are, and what they say, without showing identifiers.

Belongs here: reading the encrypted rejects back for people. Not here: rejecting (`ingestion/batch`), replaying
(`reprocess.py`), writing their files anew (`parts.py`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
from sqlalchemy import Engine, func, select

from ingestion.batch.write import REJECTS, reject_places
from ingestion.contracts.model import Column, Contract, ContractSet, PersonalData
from ingestion.contracts.recognise import match_headings
from ingestion.home import Home
from ingestion.ledger.tables import delivery, delivery_issue, delivery_part, lake_part
from ingestion.privacy.crypt import decrypt_values
from ingestion.privacy.keys import Keys
from ingestion.privacy.masks import mask
from ingestion.privacy.scrub import scrub

HIDDEN = "***"
_OPEN_STATES = ("active", "held", "failed")


@dataclass(frozen=True)
class RejectGroup:
    """Rejected records of one contract that share column and reason."""

    contract: str
    column: str  # empty: the record as a whole
    reason: str
    record_count: int
    delivery_count: int


@dataclass(frozen=True)
class RejectedRecord:
    """One rejected record; `cells` are (heading, masked text) as far as they hold anything."""

    delivery_id: str
    file_name: str
    part: str
    record_number: int
    sheet_row: int | None  # row of the sheet as a spreadsheet program shows it; None where the record is no row of one
    column: str
    reason: str
    cells: tuple[tuple[str, str], ...]


def list_rejects(ledger: Engine, *, system: str | None = None, effect: str = "rejected") -> list[RejectGroup]:
    """Rejected records by contract, column and reason, most frequent first; withdrawn deliveries are left out.

    `effect`: `missing` counts values that were left out, `changed` those that differ in more than form.
    """
    query = (
        select(
            delivery.c.contract,
            delivery_issue.c.column_name,
            delivery_issue.c.reason,
            func.sum(delivery_issue.c.row_count).label("records"),
            func.count(delivery.c.delivery_seq.distinct()),
        )
        .join(delivery_issue, delivery_issue.c.delivery_seq == delivery.c.delivery_seq)
        .where(delivery_issue.c.effect == effect, delivery.c.state.in_(_OPEN_STATES))
        .group_by(delivery.c.contract, delivery_issue.c.column_name, delivery_issue.c.reason)
        .order_by(func.sum(delivery_issue.c.row_count).desc(), delivery.c.contract, delivery_issue.c.column_name)
    )
    if system is not None:
        query = query.where(delivery.c.source_system == system)
    with ledger.connect() as connection:
        return [RejectGroup(row[0], row[1], row[2], int(row[3]), int(row[4])) for row in connection.execute(query)]


def show_rejects(
    home: Home,
    ledger: Engine,
    contracts: ContractSet,
    keys: Keys,
    *,
    delivery_seq: int | None = None,
    contract: str | None = None,
    reason: str | None = None,
    limit: int = 50,
) -> list[RejectedRecord]:
    """Rejected records in the order of deliveries and record numbers, at most `limit`.

    Cells of personal columns are masked, free text is scrubbed; cells under headings that the contract does not know
    are hidden. Raises MilepostError where a record does not open with the keys given.
    """
    with ledger.connect() as connection:
        query = select(lake_part.c.path).where(lake_part.c.entity == REJECTS)
        paths = [home.root / str(row[0]) for row in connection.execute(query)]
        states = delivery.c.state.in_(_OPEN_STATES)
        names = {
            row.delivery_seq: (row.delivery_id, row.file_name)
            for row in connection.execute(
                select(delivery.c.delivery_seq, delivery.c.delivery_id, delivery.c.file_name).where(states)
            )
        }
        above = {
            (row.delivery_seq, row.part): int(row.rows_above)
            for row in connection.execute(
                select(delivery_part.c.delivery_seq, delivery_part.c.part, delivery_part.c.rows_above).where(
                    delivery_part.c.rows_above.is_not(None)
                )
            )
        }
    known = {one.id: one for one in contracts.contracts}
    table = _chosen([path for path in paths if path.exists()], set(names), delivery_seq, contract, reason, limit)
    place = reject_places(table["delivery_seq"], table["part"], table["record_number"])
    contents = decrypt_values(table["content"], place, keys, where="rejects").cast(pa.string()).to_pylist()
    found = []
    for row, content in zip(table.drop_columns(["content"]).to_pylist(), contents, strict=True):
        headings, cells = json.loads(row["headings"]), json.loads(content) if content else []
        delivery_id, file_name = names[row["delivery_seq"]]
        rows_above = above.get((row["delivery_seq"], row["part"]))
        found.append(
            RejectedRecord(
                delivery_id,
                file_name,
                row["part"],
                row["record_number"],
                None if rows_above is None else rows_above + row["record_number"],
                row["column_name"],
                row["reason"],
                tuple(_masked(known.get(row["contract"]), headings, cells or [])),
            )
        )
    return found


def _chosen(
    paths: Sequence[Path],
    seqs: set[int],
    delivery_seq: int | None,
    contract: str | None,
    reason: str | None,
    limit: int,
) -> pa.Table:
    from ingestion.batch.write import REJECT_SCHEMA

    wanted = {delivery_seq} & seqs if delivery_seq is not None else seqs
    condition: Any = ds.field("delivery_seq").isin(sorted(wanted))
    if contract is not None:
        condition &= ds.field("contract") == contract
    if reason is not None:
        condition &= ds.field("reason") == reason
    if not paths or not wanted:
        return REJECT_SCHEMA.empty_table()
    table = ds.dataset([str(path) for path in paths], schema=REJECT_SCHEMA).to_table(filter=condition)
    order = [("delivery_seq", "ascending"), ("part", "ascending"), ("record_number", "ascending")]
    return table.sort_by(order).slice(0, limit)


def _masked(
    contract: Contract | None, headings: Sequence[str], cells: Sequence[str | None]
) -> Iterator[tuple[str, str]]:
    columns: dict[int, Column] = {}
    if contract is not None:
        columns = {place: contract.column(name) for name, place in match_headings(contract, headings).positions}
    for place, cell in enumerate(cells):
        heading = headings[place] if place < len(headings) else f"cell {place + 1}"
        if cell:
            yield heading, _mask_cell(columns.get(place), cell)


def _mask_cell(column: Column | None, cell: str) -> str:
    """A cell as people may see it. A business cell in the wrong place may hold anything: identifiers in it go, too."""
    if column is None or column.personal_data is PersonalData.QUASI:
        return HIDDEN
    text = pa.array([cell], pa.string())
    if column.personal_data in (PersonalData.DIRECT, PersonalData.SENSITIVE):
        return str(mask(text, column.identifier or column.kind)[0].as_py())
    return str(scrub(text)[0].as_py())
