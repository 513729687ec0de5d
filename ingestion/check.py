"""Checking one file against its contract without taking it in: what would be rejected, and why.

Belongs here: the trial. Not here: showing it (`milepost contract check`), taking files in (`ingestion/ingest.py`).
Nothing is written: neither the ledger nor the lake nor the vault learns of the file.
"""

from __future__ import annotations

import secrets
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from ingestion.batch.account import Account, count, refuse
from ingestion.batch.protect import protect
from ingestion.batch.settle import make_records, number_parts, settle
from ingestion.batch.sources import open_sources, stamp
from ingestion.batch.staging import FIRST_SPECIAL, Staged, stage
from ingestion.batch.write import expression_error, reject_failing, write_entities
from ingestion.cleaning.base import Setting
from ingestion.cleaning.kinds import register_functions
from ingestion.contracts.model import Contract, ContractSet, OnFail
from ingestion.engine import open_engine, quote_name
from ingestion.errors import MilepostError
from ingestion.home import Home
from ingestion.ledger.deliveries import RECEIVED, Delivery, Issue, Part
from ingestion.privacy.keys import KEY_BYTES, Keys
from ingestion.readers.encoding import Scan, scan
from ingestion.readers.probe import best_contract, layouts, possible


@dataclass(frozen=True)
class FileCheck:
    """What taking the file in would give; the rules that records break are its issues."""

    contract: str
    encoding: str | None
    parts: tuple[Part, ...]
    issues: tuple[Issue, ...]  # column, reason, effect, rows
    entity_rows: tuple[tuple[str, int], ...]
    held: tuple[str, ...]  # reasons why the delivery would be held
    examples: tuple[tuple[str, str, tuple[str, ...]], ...] = ()  # column, reason, shapes of values: never a value

    @property
    def is_clean(self) -> bool:
        """No record is rejected and nothing holds the delivery."""
        return not self.held and not any(issue.effect == "rejected" for issue in self.issues)


def check_file(
    contracts: ContractSet, path: Path, system: str, now: datetime, contract_id: str | None = None
) -> FileCheck:
    """Read and clean a file as ingestion would, and count what comes of it; keys are not needed.

    `contract_id` says which contract to use; else it is recognised by system, name and headings. `now` is naive UTC.
    Raises MilepostError where the file is not recognised or an expression of the contract cannot be computed.
    """
    with path.open("rb") as file:
        found = scan(file)
    contract, encoding = _recognised(contracts, path, system, contract_id, found)
    delivery = Delivery(
        delivery_seq=1, delivery_id="check", source_system="", contract=contract.id,
        contract_version=contract.version, contract_fingerprint=contract.fingerprint, file_name=path.name,
        sha256=found.sha256, byte_count=found.byte_count, encoding=encoding, state=RECEIVED, state_reason=None,
        is_confirmed=False, received_at=now, state_at=now, archived_as=None, duplicate_of_seq=None,
        inbox_stamp=stamp(path), run_id=None,
    )  # fmt: skip
    account = Account()
    # tokens of a key that nobody keeps: the file's identifiers go nowhere
    keys = Keys(secrets.token_bytes(KEY_BYTES), {1: secrets.token_bytes(KEY_BYTES)}, 1)
    with tempfile.TemporaryDirectory() as folder, open_engine(Path(folder)) as connection:
        home = Home(Path(folder)).ensure()
        register_functions(connection)
        with open_sources(home, [delivery], contract, keys, path.parent) as (sources, refusals):
            staged = stage(connection, contract, sources, Setting(contract, now), keep_cells=True)
        examples = _examples(connection, staged) if staged.sources else ()
        refuse(account, [*refusals, *staged.refusals])
        if staged.sources:
            try:
                while True:
                    number_parts(connection, staged)
                    has_losers = settle(connection, staged)
                    protection = protect(connection, staged, keys, None, "check")
                    make_records(connection, staged, protection, has_losers=has_losers)
                    if not reject_failing(connection, staged):
                        break
                files = write_entities(connection, staged, Path(folder), "check")
                count(connection, staged, files, account)
            except duckdb.Error as error:
                raise expression_error(contract, error, tells=isinstance(error, duckdb.BinderException)) from None
    rows: dict[str, int] = {}
    for _, _, entity, number in account.entities:
        rows[entity] = rows.get(entity, 0) + number
    return FileCheck(
        contract.id, encoding, tuple(account.parts), tuple(account.issues), tuple(rows.items()),
        tuple(account.held.get(1, [])), examples,
    )  # fmt: skip


def _examples(connection: Any, staged: Staged) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    """For each column and reason up to three shapes of the cells that fail, the commonest first."""
    positions = dict(staged.sources[0].layout.match.positions)
    may_miss = [column.name for column in staged.contract.columns if column.on_fail is OnFail.MISSING]
    found = []
    for code in map(quote_name, ["_reason", *(f"_missing_{name}" for name in may_miss)]):
        numbers = connection.execute(
            f"select distinct {code} from staging where {code} between 1 and {FIRST_SPECIAL - 1}"
        ).fetchall()
        for (number,) in numbers:
            column, reason = staged.reasons.of(number)
            if column not in positions:
                continue
            shape = shape_sql(f"_cells[{positions[column] + 1}]")
            rows = connection.execute(
                f"select {shape} as s from staging where {code} = {number} and _cells is not null "
                "group by s order by count(*) desc, s limit 3"
            ).fetchall()
            found.append((column, reason, tuple(str(row[0]) for row in rows)))
    return tuple(found)


def shape_sql(cell: str) -> str:
    """SQL: the shape of a text: digits as 9, letters as x, Chinese characters as 字; what stands between stays."""
    steps = cell
    for pattern, sign in (("[0-9]", "9"), ("[a-z]", "x"), ("[A-Z]", "X"), (r"\p{Han}", "字"), (r"[^\x00-\x7F字]", "x")):
        steps = f"regexp_replace({steps}, '{pattern}', '{sign}', 'g')"
    return f"case when length({cell}) > 30 then left({steps}, 30) || '…' else {steps} end"


def _recognised(
    contracts: ContractSet, path: Path, system: str, contract_id: str | None, found: Scan
) -> tuple[Contract, str | None]:
    """The file's contract and encoding."""
    if contract_id:
        allowed: tuple[Contract, ...] = (contracts.by_id(contract_id),)
    else:
        allowed = possible(contracts, system, lambda: path.open("rb"), path.name)
    if not allowed:
        raise MilepostError(
            "its name is none that a contract of the system reads",
            where=f"{system}/{path.name}",
            remedy="Name the contract, or see the names that are read: milepost contract list",
        )
    by_contract, encoding = layouts(lambda: path.open("rb"), found, allowed, path.name)
    best, reason = best_contract(by_contract)
    if best is None:
        raise MilepostError(reason, where=f"{system}/{path.name}")
    return contracts.by_id(best), encoding
