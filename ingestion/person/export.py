"""Everything held about one person, readable, with where it came from.

Belongs here: gathering and writing it. Not here: who may ask for it and the audit record (`orchestration`).
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Engine

from ingestion.batch.write import REJECTS, reject_places
from ingestion.contracts.model import ContractSet
from ingestion.engine import quote_name
from ingestion.entity import Entity, load_entities
from ingestion.home import Home
from ingestion.ledger.deliveries import list_deliveries, list_lake_parts
from ingestion.parts import archives
from ingestion.person.archive import Cleaner, Needles, holds
from ingestion.person.erase import make_plan
from ingestion.person.find import KEY, Person, glob_sql, has_files, system_sql, with_customers
from ingestion.privacy.crypt import decrypt_values
from ingestion.privacy.keys import Keys
from ingestion.privacy.vault import Vault

#: Documents whose further rows (lines, payments, messages) name them and no customer.
_DOCUMENTS = {"order": "order_id", "ticket": "ticket_id", "conversation": "conversation_id"}
_HIDDEN = ("_unit", "_version_at", "_tie", "_contract", "_part")


def export_person(
    home: Home, ledger: Engine, vault: Vault, keys: Keys, contracts: ContractSet, person: Person, now: datetime
) -> dict[str, Any]:
    """What is held about a person: identifiers from the vault, records by entity with their sources, rejected records,
    and the received files in the archive that hold something of the person."""
    needles = make_plan(home, vault, keys, person).needles
    files = {d.delivery_seq: d for d in list_deliveries(ledger)}
    shared = {token.token for token in person.tokens if token.is_shared}
    return {
        "exported_at": now.isoformat(timespec="seconds"),
        "customer_id": person.customer_id,
        "source_records": [{"source_system": system, "source_customer_key": key} for system, key in person.records],
        "identifiers": [
            {"class": identifier, "value": value, "also_on_other_records": token in shared}
            for identifier, token, value in vault.values(token.token for token in person.tokens)
        ]
        + [
            {"class": identifier, "value": value, "source_record": name}
            for identifier, name, value in vault.quasi_values(person.subjects)
        ],
        "records": {entity: [_sourced(row, files) for row in rows] for entity, rows in _records(home, person) if rows},
        "rejected_records": list(_rejected(home, ledger, keys, contracts, needles, files)),
        "received_files": list(_received(home, ledger, keys, contracts, needles)),
    }


def as_json(document: Mapping[str, Any]) -> str:
    """The export as JSON."""
    return json.dumps(document, ensure_ascii=False, indent=2, default=_plain) + "\n"


def as_html(document: Mapping[str, Any]) -> str:
    """The export as one page that needs nothing else."""
    parts = [
        "<!doctype html><meta charset='utf-8'><title>Personal data</title>",
        "<style>body{font:15px/1.5 sans-serif;margin:2rem;max-width:80rem}",
        "table{border-collapse:collapse;margin:.5rem 0}",
        "td,th{border:1px solid #ccc;padding:.2rem .5rem;text-align:left;vertical-align:top}th{background:#f3f3f3}"
        "</style>",
        f"<h1>Personal data held</h1><p>As of {_cell(document['exported_at'])} UTC, "
        f"customer {_cell(document['customer_id'])}</p>",
    ]
    for title, rows in (
        ("Source records", document["source_records"]),
        ("Identifiers", document["identifiers"]),
        *((name.replace("_", " ").capitalize(), rows) for name, rows in document["records"].items()),
        ("Rejected records", document["rejected_records"]),
        ("Received files that hold something of this person", document["received_files"]),
    ):
        parts.append(f"<h2>{html.escape(title)} ({len(rows)})</h2>{_table(rows)}")
    return "\n".join(parts) + "\n"


def _records(home: Home, person: Person) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    with duckdb.connect(config={"threads": 2}) as connection:
        connection.execute("create temp table person_record (source_system varchar, customer_key varchar)")
        connection.executemany("insert into person_record values (?, ?)", list(person.records))
        documents: dict[str, set[tuple[str, str]]] = {column: set() for column in _DOCUMENTS.values()}
        for entity in with_customers(home):
            rows = _rows(
                connection, home, entity,
                f"join person_record as p on p.customer_key = e.{KEY} "
                f"and p.source_system = {_of_row(entity)}", [],
            )  # fmt: skip
            column = _DOCUMENTS.get(entity.name)
            if column is not None:
                documents[column] |= {(row["source_system"], row[column]) for row in rows if row.get(column)}
            yield entity.name, rows
        for entity in _without_customers(home):
            names = {column.name for column in entity.columns}
            for column, known in documents.items():
                if column in names and known:
                    condition = f"where list_contains($1, e.source_system || chr(31) || e.{quote_name(column)})"
                    keys = sorted("\x1f".join(pair) for pair in known)
                    yield entity.name, _rows(connection, home, entity, condition, [keys])
                    break


def _without_customers(home: Home) -> Iterator[Entity]:
    named = {entity.name for entity in with_customers(home)}
    for entity in load_entities().values():
        if not entity.is_operational and entity.name not in named and has_files(home, entity.name):
            yield entity


def _of_row(entity: Entity) -> str:
    names = [column.name for column in entity.columns]
    return system_sql([*names, "source_system"]).replace("source_system", "e.source_system").replace(
        "customer_system", "e.customer_system"
    )  # fmt: skip


def _rows(
    connection: Any, home: Home, entity: Entity, condition: str, parameters: Sequence[Any]
) -> list[dict[str, Any]]:
    hidden = ", ".join([*_HIDDEN, *(c.name for c in entity.columns if c.privacy == "token")])
    cursor = connection.execute(
        f"select e.* exclude ({hidden}) from {glob_sql(home, entity.name)} as e {condition} "
        "order by e._delivery_seq, e._record_number",
        parameters,
    )
    names = [column[0] for column in cursor.description]
    return [
        {name: value for name, value in zip(names, row, strict=True) if value is not None} for row in cursor.fetchall()
    ]


def _sourced(row: dict[str, Any], files: Mapping[int, Any]) -> dict[str, Any]:
    """A row with the delivery and the place in it instead of their numbers."""
    delivery = files.get(row.pop("_delivery_seq", -1))
    number = row.pop("_record_number", None)
    row.pop("_is_deleted", None)
    if delivery is not None:
        row["received_in"] = f"{delivery.source_system}/{delivery.file_name}"
        row["received_at"] = delivery.received_at
        row["record_number"] = number
    return row


def _rejected(
    home: Home, ledger: Engine, keys: Keys, contracts: ContractSet, needles: Needles, files: Mapping[int, Any]
) -> Iterator[dict[str, Any]]:
    known = {contract.id: contract for contract in contracts.contracts}
    for part in list_lake_parts(ledger, [REJECTS]):
        if part.contract not in known:
            continue
        cleaner = Cleaner(known[part.contract], needles)
        table = pq.read_table(home.root / part.path)
        places = reject_places(table["delivery_seq"], table["part"], table["record_number"])
        contents = decrypt_values(table["content"], places, keys, where="rejects").cast(pa.string()).to_pylist()
        for row, content in zip(table.drop_columns(["content"]).to_pylist(), contents, strict=True):
            headings, cells = json.loads(row["headings"]), json.loads(content) if content else []
            if cleaner.is_persons(cleaner.columns(headings), cells):
                delivery = files.get(row["delivery_seq"])
                yield {
                    **{heading: cell for heading, cell in zip(headings, cells, strict=False) if cell},
                    "rejected_because": f"{row['column_name']} {row['reason']}".strip(),
                    "received_in": f"{delivery.source_system}/{delivery.file_name}" if delivery else None,
                    "record_number": row["record_number"],
                }


def _received(
    home: Home, ledger: Engine, keys: Keys, contracts: ContractSet, needles: Needles
) -> Iterator[dict[str, Any]]:
    known = {contract.id: contract for contract in contracts.contracts}
    for path, deliveries in archives(home, ledger):
        contract = next((known[d.contract] for d in deliveries if d.contract in known), None)
        if contract is None:
            continue
        count = holds(path, deliveries[0], contract, needles, keys)
        if count:
            yield {
                "file": f"{deliveries[0].source_system}/{deliveries[0].file_name}",
                "received_at": deliveries[0].received_at,
                "records": count,
            }


def _table(rows: Sequence[Mapping[str, Any]]) -> str:
    if not rows:
        return "<p>None.</p>"
    names = list(dict.fromkeys(name for row in rows for name in row))
    head = "".join(f"<th>{html.escape(name.replace('_', ' '))}</th>" for name in names)
    body = "".join("<tr>" + "".join(f"<td>{_cell(row.get(name))}</td>" for name in names) + "</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"


def _cell(value: Any) -> str:
    return "" if value is None else html.escape(str(_plain(value)))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    return str(value) if not isinstance(value, str | int | float | bool) else value
