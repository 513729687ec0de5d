"""The second scan: is anything of an erased person left anywhere?

Belongs here: reading every place again, after the erasure, with the plan's tokens and values. Not here: erasing.

Nothing of what erasing remembered of its own work is believed: every file is opened. Findings are counts by place.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from sqlalchemy import Engine

from ingestion.batch.write import REJECTS, reject_places
from ingestion.contracts.model import ContractSet
from ingestion.home import Home
from ingestion.ledger.deliveries import list_lake_parts
from ingestion.parts import archives
from ingestion.person.archive import Cleaner, holds
from ingestion.person.erase import Plan
from ingestion.person.erased import count_hits, rule_of
from ingestion.privacy.crypt import decrypt_values
from ingestion.privacy.keys import Keys
from ingestion.privacy.vault import Vault

#: Folders of the home with texts about runs: their files are searched as they are.
_TEXTS = ("dagster", "dbt", "data_docs")
_BLOCK = 2**22
_OVERLAP = 200


def remains(home: Home, ledger: Engine, vault: Vault, keys: Keys, contracts: ContractSet, plan: Plan) -> dict[str, int]:
    """What is left of the person, by place: rows, values, records or files. Empty where nothing is."""
    found = {
        "vault values": _in_vault(vault, plan),
        **_in_parquet(home, plan),
        "rejected records": _in_rejects(home, ledger, keys, contracts, plan),
        "archived records": _in_archive(home, ledger, keys, contracts, plan),
        "files about runs": sum(_holds_text(path, plan) for path in _text_files(home)),
        # the ledger's list of erased persons holds their tokens: values must not be there
        "ledger": sum(_holds_text(path, plan, tokens=False) for path in home.root.glob(f"{home.ledger.name}*")),
        "warehouse": _in_warehouse(home, plan),
    }
    return {place: count for place, count in found.items() if count}


def _in_vault(vault: Vault, plan: Plan) -> int:
    tokens, subjects = pa.array(plan.tokens, pa.string()), pa.array(plan.subjects, pa.string())
    count = 0
    for path in vault.parts():
        table = pq.read_table(path)
        count += pc.sum(pc.is_in(table["token"], value_set=tokens)).as_py() or 0
        if "subject" in table.column_names and len(subjects):
            count += pc.sum(pc.is_in(table["subject"].cast(pa.string()), value_set=subjects)).as_py() or 0
    return count


def _in_parquet(home: Home, plan: Plan) -> dict[str, int]:
    """Rows of the clean lake, of identity, and of builds and published versions."""
    found = {"lake rows": 0, "rows of builds": 0}
    with duckdb.connect(config={"threads": 2}) as connection:
        plan.substitution.install(connection)
        for path in sorted([*home.lake.glob("*/*.parquet"), *home.lake.glob("_snapshots/*/*/*.parquet")]):
            if (rule := rule_of(connection, path, path.parent.name)) is not None:
                found["lake rows"] += count_hits(connection, path, rule)
        events = home.vault / "identity_events.parquet"
        if events.exists() and (rule := rule_of(connection, events, "")) is not None:
            found["lake rows"] += count_hits(connection, events, rule)
        for path in sorted((home.builds / "parts").glob("*/*.parquet")):
            if (rule := rule_of(connection, path, "")) is not None:
                found["rows of builds"] += count_hits(connection, path, rule)
    return found


def _in_rejects(home: Home, ledger: Engine, keys: Keys, contracts: ContractSet, plan: Plan) -> int:
    known = {contract.id: contract for contract in contracts.contracts}
    count = 0
    for part in list_lake_parts(ledger, [REJECTS]):
        contract = known.get(part.contract or "")
        if contract is None:
            continue
        cleaner = Cleaner(contract, plan.needles)
        table = pq.read_table(home.root / part.path)
        places = reject_places(table["delivery_seq"], table["part"], table["record_number"])
        for content in decrypt_values(table["content"], places, keys, where="rejects").cast(pa.string()).to_pylist():
            cells = json.loads(content) if content else []
            count += any(cell and cleaner.suspicious.search(cell) for cell in cells)
    return count


def _in_archive(home: Home, ledger: Engine, keys: Keys, contracts: ContractSet, plan: Plan) -> int:
    known = {contract.id: contract for contract in contracts.contracts}
    count = 0
    for path, deliveries in archives(home, ledger):
        contract = next((known[d.contract] for d in deliveries if d.contract in known), None)
        count += 1 if contract is None else holds(path, deliveries[0], contract, plan.needles, keys)
    return count


def _in_warehouse(home: Home, plan: Plan) -> int:
    if not home.warehouse.exists():
        return 0
    return int(_holds_text(home.warehouse, plan))


def _text_files(home: Home) -> Iterator[Path]:
    for folder in _TEXTS:
        yield from (path for path in sorted((home.root / folder).rglob("*")) if path.is_file())


def _holds_text(path: Path, plan: Plan, *, tokens: bool = True) -> bool:
    """Whether a file of any form holds one of the person's identifiers in clear, or one of the tokens."""
    wanted = [value.encode() for _, value in plan.clear if len(value) >= 6]
    wanted += [token.encode() for token in plan.values] if tokens else []
    rest = b""
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            content = rest + block
            if any(one in content for one in wanted):
                return True
            rest = content[-_OVERLAP:]
    return False
