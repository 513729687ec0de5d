"""Full values of quasi identifiers on their way to the vault, under their record's customer key.

Belongs here: which customer a birth date or postcode belongs to. Not here: what leaves ingestion of it (year, area:
`protect.py`), the vault. A value of a record that names no customer is kept nowhere in full.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from ingestion.batch.staging import Staged
from ingestion.contracts.model import Contract, PersonalData
from ingestion.engine import quote, quote_name
from ingestion.privacy.vault import QUASI_CLASSES, Vault

KEY = "source_customer_key"
#: Entities that say who a customer is come first.
_FIRST = {"customer": 0, "lead": 1}


def keep_quasi(connection: Any, staged: Staged, vault: Vault, batch_id: str) -> int:
    """Stage full values of the batch's records in the vault; returns how many distinct ones were looked at.

    Needs `record` (see `settle.py`). The subject is `<source_system>|<source_customer_key>`.
    """
    contract = staged.contract
    subject = _subject(contract)
    looked_at = 0
    for column in contract.columns:
        if column.personal_data is not PersonalData.QUASI or subject is None or column.kind not in QUASI_CLASSES:
            continue
        found = connection.execute(
            f"select distinct {quote(contract.system + '|')} || cast({subject} as varchar) as subject, "
            f"cast(s.{quote_name(column.name)} as varchar) as clear "
            f"from record join (select rowid as _row, {quote_name(column.name)} from staging) as s using (_row) "
            f"where s.{quote_name(column.name)} is not null and {subject} is not null"
        ).to_arrow_table()
        if found.num_rows:
            looked_at += found.num_rows
            vault.stage_quasi(batch_id, column.kind, _text(found["subject"]), _text(found["clear"]))
    return looked_at


def _subject(contract: Contract) -> str | None:
    """SQL over `record` of the customer's key, from the target that says most of the customer."""
    targets = sorted(contract.targets, key=lambda target: _FIRST.get(target.entity, 2))
    expressions = [dict(target.columns).get(KEY) for target in targets]
    return next((f"({expression})" for expression in expressions if expression), None)


def _text(values: pa.ChunkedArray) -> pa.Array:
    return (pa.concat_arrays(values.chunks) if values.num_chunks else pa.array([], pa.string())).cast(pa.string())
