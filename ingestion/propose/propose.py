"""A contract for a file that none reads yet, proposed and tried on that very file.

Belongs here: the order of steps, and giving way where the trial rejects what is right. Not here: any single decision.
"""

from __future__ import annotations

import re
import secrets
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from ingestion.batch.sources import open_sources, stamp
from ingestion.batch.staging import stage
from ingestion.check import FileCheck, check_file
from ingestion.cleaning.base import Setting
from ingestion.cleaning.kinds import register_functions
from ingestion.contracts.loader import load_contracts
from ingestion.contracts.model import Column, Contract, ContractSet, OnFail
from ingestion.contracts.recognise import bare_name, normalise_heading
from ingestion.engine import open_engine, quote, quote_name
from ingestion.entity import load_entities
from ingestion.errors import MilepostError
from ingestion.home import Home
from ingestion.ledger.deliveries import RECEIVED, Delivery
from ingestion.privacy.keys import KEY_BYTES, Keys
from ingestion.propose import words
from ingestion.propose.columns import Judge, Proposed
from ingestion.propose.opening import Opened, draft, open_unknown
from ingestion.propose.targets import choose, find_superseding
from ingestion.propose.words import Vocabulary
from ingestion.propose.write import Plan, as_yaml
from ingestion.readers.encoding import scan

_NULL_WORDS = ("-", "--", "—", "/", "N/A", "n/a", "#N/A", "NULL", "null", "NaN", "nan", "None", "\\N", "暂无")
_TOTALS = r"(?i)^(grand )?totals?\b|^(合计|总计|小计|汇总)"
_TRIES = 4


@dataclass(frozen=True)
class Proposal:
    """The contract as text, and what checking the file by it gave."""

    contract_id: str
    text: str
    check: FileCheck


def propose_contract(path: Path, system: str, export: str | None, contracts: ContractSet, now: datetime) -> Proposal:
    """Profile a file of any kind and propose a contract that reads it. `now` is naive UTC.

    MilepostError where the file cannot be read by any contract (no headings, damaged).
    """
    opened = open_unknown(path)
    export = export or _export_name(opened.part.rsplit("/", 1)[-1] or path.name)
    entities = load_entities()
    vocabulary = Vocabulary(contracts, entities)
    columns, repeated = _columns(opened, vocabulary)
    notes = [f"the heading {heading} stands there twice: the first one is read" for heading in repeated]
    with tempfile.TemporaryDirectory() as folder, open_engine(Path(folder) / "scratch") as connection:
        register_functions(connection)
        home = Home(Path(folder)).ensure()
        contract = draft(opened.rule, columns, phone_region=_region(opened.headings))
        rows = _stage(connection, home, contract, path, opened, now)
        contract = _with_conventions(connection, contract)
        footer = _footer(connection, contract)
        if footer is not None:
            connection.execute(
                f"delete from staging where regexp_matches({quote_name(columns[0].name)}, {quote(footer[1])})"
            )
        if contract.null_words != ("",) or contract.file.strip_excel_text:
            _stage(connection, home, contract, path, opened, now)
        rows = int(connection.execute("select count(*) from staging").fetchone()[0]) if rows else 0
        judge = Judge(connection, contract, vocabulary, now)
        proposed = [judge.propose(column) for column in columns]
        superseding = find_superseding(connection, proposed, rows)
        mapped = choose(proposed, vocabulary, entities, path.name, superseding.key)
    needs_region = any(one.column.kind == "phone" for one in proposed)
    plan = Plan(
        system, export, _pattern(path, opened), opened, rows, proposed, superseding, mapped, contract.null_words,
        contract.phone_region if needs_region else None, contract.file.strip_excel_text, footer, notes=tuple(notes),
    )  # fmt: skip
    return _tried(plan, path, now)


def _tried(plan: Plan, path: Path, now: datetime) -> Proposal:
    """The plan as a contract that the file was checked by; a column that rejects records gives way."""
    contract_id = f"{plan.system}.{plan.export}"
    for _ in range(_TRIES):
        text = as_yaml(plan)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / plan.system / f"{plan.export}.yml"
            file.parent.mkdir()
            file.write_text(text, encoding="utf-8")
            check = check_file(load_contracts(Path(folder)), path, plan.system, now, contract_id)
        rejecting = {issue.column_name for issue in check.issues if issue.effect == "rejected" and issue.column_name}
        named = {name.removesuffix("__token") for name in plan.superseding.key}
        giving_way = [one for one in plan.columns if one.column.name in rejecting - named]
        if not giving_way:
            break
        plan = replace(plan, columns=[_given_way(one) if one in giving_way else one for one in plan.columns])
    notes = [
        f"{issue.row_count:,} records are rejected: {issue.column_name} {issue.reason}".replace(":  ", ": ")
        for issue in check.issues
        if issue.effect == "rejected"
    ]
    return Proposal(contract_id, as_yaml(replace(plan, notes=(*plan.notes, *notes))), check)


def _given_way(one: Proposed) -> Proposed:
    note = "some values are none of this kind: they count as missing, with a reason"
    return replace(one, column=replace(one.column, on_fail=OnFail.MISSING), notes=[*one.notes, note])


def _columns(opened: Opened, vocabulary: Vocabulary) -> tuple[list[Column], tuple[str, ...]]:
    taken: set[str] = set()
    seen: set[str] = set()
    columns, repeated = [], []
    for place, heading in enumerate(opened.headings):
        known = normalise_heading(heading)
        if not known:
            continue
        if known in seen:
            repeated.append(heading)
            continue
        seen.add(known)
        columns.append(Column(vocabulary.column_name(heading, place, taken), (heading,)))
    return columns, tuple(dict.fromkeys(repeated))


def _stage(connection: Any, home: Home, contract: Contract, path: Path, opened: Opened, now: datetime) -> int:
    """Read the file into the table `staging`, all columns as text; the number of records."""
    with path.open("rb") as file:
        found = scan(file)
    encoding = opened.encoding if not opened.part and not path.name.lower().endswith((".gz", ".zip")) else None
    delivery = Delivery(
        **{name: None for name in Delivery.__dataclass_fields__ if name not in _GIVEN},  # type: ignore[arg-type]
        delivery_seq=1, delivery_id="new", source_system="", contract=contract.id, file_name=path.name,
        sha256=found.sha256, byte_count=found.byte_count, encoding=encoding, state=RECEIVED, is_confirmed=False,
        received_at=now, state_at=now, inbox_stamp=stamp(path),
    )  # fmt: skip
    keys = Keys(secrets.token_bytes(KEY_BYTES), {1: secrets.token_bytes(KEY_BYTES)}, 1)
    with open_sources(home, [delivery], contract, keys, path.parent) as (sources, refusals):
        staged = stage(connection, contract, sources, Setting(contract, now), keep_cells=True)
    if not staged.sources:
        details = "; ".join(refusal.detail for refusal in [*refusals, *staged.refusals])
        raise MilepostError(details or "nothing in it can be read", where=path.name)
    connection.execute("delete from staging where _reason is not null")
    return int(connection.execute("select count(*) from staging").fetchone()[0])


_GIVEN = frozenset(
    {
        "delivery_seq", "delivery_id", "source_system", "contract", "file_name", "sha256", "byte_count", "encoding",
        "state", "is_confirmed", "received_at", "state_at", "inbox_stamp",
    }
)  # fmt: skip


def _with_conventions(connection: Any, contract: Contract) -> Contract:
    """The draft with the words for missing and the spreadsheet marks that its cells have."""
    found: set[str] = set()
    has_marks = False
    listed = ", ".join(quote(word) for word in _NULL_WORDS)
    for column in contract.columns:
        x = quote_name(column.name)
        rows = connection.execute(f"select distinct {x} from staging where {x} in ({listed})").fetchall()
        found |= {str(row[0]) for row in rows}
        marks = connection.execute(
            f"select count(*) filter (where {x} like '=\"%\"' or regexp_full_match({x}, '''[0-9]+')) from staging"
        ).fetchone()
        has_marks = has_marks or bool(marks[0])
    words_found = ("", *(word for word in _NULL_WORDS if word in found))
    return replace(contract, null_words=words_found, file=replace(contract.file, strip_excel_text=has_marks))


def _footer(connection: Any, contract: Contract) -> tuple[str, str] | None:
    """The heading and pattern of rows of totals at the end."""
    for column in contract.columns:
        x = quote_name(column.name)
        row = connection.execute(
            f"select count(*) from (select {x} as x from staging order by rowid desc limit 5) "
            f"where regexp_matches(x, {quote(_TOTALS)})"
        ).fetchone()
        if row[0]:
            return column.headings[0], _TOTALS
    return None


def _region(headings: Sequence[str]) -> str:
    return "CN" if any(re.search("[\u3400-\u9fff]", heading) for heading in headings) else "US"


def _pattern(path: Path, opened: Opened) -> str:
    """The file's name with any date or number in it."""
    name = bare_name(opened.part.rsplit("/", 1)[-1] if opened.part and path.suffix.lower() == ".zip" else path.name)
    stem, dot, suffix = name.rpartition(".")
    if not dot:
        stem, suffix = name, ""
    general = re.sub(r"[0-9]{2,}", r"\\d+", re.escape(stem).replace("\\ ", " ").replace("\\-", "-"))
    ending = f"\\.{suffix}" if suffix else ""
    return f"^{general}([-_ .(]*\\d[-_. \\d]*\\)?)?{ending}$"


def _export_name(file_name: str) -> str:
    name = re.sub(r"[^a-z0-9]+", "_", words.words_of(bare_name(file_name).rsplit(".", 1)[0])).strip("_")
    name = re.sub(r"(_?[0-9]{2,})+$", "", name)
    return name if re.match(r"[a-z]", name) else f"export_{name}".rstrip("_")
