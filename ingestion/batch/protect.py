"""Tokens, masks and scrubbed texts of a batch, computed on distinct values and joined back by the engine.

Belongs here: which columns are replaced by what. Not here: tokens, masks and scrubbing themselves
(`ingestion/privacy`).

Clear values are in the engine's memory (spilled encrypted) and in the vault's parts, nowhere else; they are never part
of a statement's text.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from ingestion.batch.staging import Staged
from ingestion.contracts.model import ADDRESS_PARTS, Column, Contract, PersonalData
from ingestion.engine import quote_name
from ingestion.privacy.keys import Keys
from ingestion.privacy.masks import mask
from ingestion.privacy.scrub import needs_scrub_sql, scrub
from ingestion.privacy.tokens import tokenise
from ingestion.privacy.vault import Vault

_IDENTIFIERS = (PersonalData.DIRECT, PersonalData.SENSITIVE)


@dataclass
class Protection:
    """How the records' personal columns are read: joins, and one expression list per column."""

    joins: str = ""
    aliases: dict[str, str] = field(default_factory=dict)  # column -> alias of its join

    def select(self, column: Column) -> str:
        """SQL of the column's public names over the staged row `s` and the joins."""
        name, alias = column.name, self.aliases.get(column.name)
        parts = []
        if column.personal_data in _IDENTIFIERS:
            parts = [
                f"{alias}.token as {quote_name(f'{name}__token')}",
                f"{alias}.mask as {quote_name(f'{name}__mask')}",
            ]
        elif column.personal_data is PersonalData.FREE_TEXT and alias:
            own = f"s.{quote_name(name)}"
            parts = [f"case when {alias}.clear is null then {own} else {alias}.scrubbed end as {quote_name(name)}"]
        elif column.personal_data is not PersonalData.QUASI:
            parts = [f"s.{quote_name(name)}"]
        extras = [f"s.{quote_name(extra)}" for extra in extra_columns(column)]
        return ", ".join([*parts, *extras])


def extra_columns(column: Column) -> list[str]:
    """Names of the further columns that a column's kind and heading give."""
    suffixes = {"address": ADDRESS_PARTS, "birth_date": ("year",), "postcode": ("area",)}
    names = [f"{column.name}__{suffix}" for suffix in suffixes.get(column.kind, ())]
    names += [f"{column.name}__refund"] if column.refund_within else []
    return [*names, f"{column.name}__unit"] if column.unit_from_heading is not None else names


def public_columns(column: Column) -> list[str]:
    """Names under which a column is known once it is protected."""
    if column.personal_data in _IDENTIFIERS:
        return [f"{column.name}__token", f"{column.name}__mask", *extra_columns(column)]
    if column.personal_data is PersonalData.QUASI:
        return extra_columns(column)
    return [column.name, *extra_columns(column)]


def protect(connection: Any, staged: Staged, keys: Keys, vault: Vault | None, batch_id: str) -> Protection:
    """Write new identifiers to the vault (None: nowhere) and make the tables of tokens, masks and scrubbed texts.

    Identifiers of rejected records are left out: such records are kept encrypted as a whole.
    """
    protection = Protection()
    contract = staged.contract
    by_identifier: dict[str, list[Column]] = defaultdict(list)
    for column in contract.columns:
        if column.personal_data in _IDENTIFIERS:
            by_identifier[_identifier(column)].append(column)
    for identifier, columns in by_identifier.items():
        clear = _distinct(connection, columns)
        tokens = tokenise(clear, identifier, keys)
        if vault is not None:
            vault.stage(batch_id, identifier, tokens, clear)
        table = f"token_{identifier}"
        _make_table(connection, table, {"clear": clear, "token": tokens, "mask": mask(clear, identifier)})
        for column in columns:
            _join(protection, column, table)
    for column in contract.columns:
        if column.personal_data is PersonalData.FREE_TEXT:
            _scrub(connection, protection, column, contract)
    return protection


def _scrub(connection: Any, protection: Protection, column: Column, contract: Contract) -> None:
    """Replace identifiers in one column of free text; a join only where a text needs it."""
    table = f"scrubbed_{column.name}"
    connection.execute(f"drop table if exists {quote_name(table)}")
    names = _known_names(connection, contract)
    texts = _distinct(connection, [column], needs_scrub_sql("value", has_names=bool(names)))
    if not len(texts):
        return
    scrubbed = scrub(texts, names, region=contract.phone_region)
    _make_table(connection, table, {"clear": texts, "scrubbed": scrubbed})
    _join(protection, column, table)


def _known_names(connection: Any, contract: Contract) -> list[str]:
    """Names of persons in the same delivery: they are looked for in its free texts."""
    columns = [c for c in contract.columns if c.personal_data in _IDENTIFIERS and _identifier(c) == "name"]
    return _distinct(connection, columns).to_pylist() if columns else []


def _identifier(column: Column) -> str:
    return column.identifier or column.kind


def _distinct(connection: Any, columns: list[Column], condition: str = "true") -> pa.Array:
    """Distinct values of the columns in accepted records."""
    union = " union all ".join(
        f"select {quote_name(column.name)} as value from staging where _reason is null" for column in columns
    )
    found = connection.execute(
        f"select distinct value from ({union}) where value is not null and {condition}"
    ).to_arrow_table()
    values = found["value"]
    return (pa.concat_arrays(values.chunks) if values.num_chunks else pa.array([], pa.string())).cast(pa.string())


def _make_table(connection: Any, name: str, columns: dict[str, pa.Array]) -> None:
    connection.register("protected_rows", pa.table(columns))
    connection.execute(f"create or replace temp table {quote_name(name)} as select * from protected_rows")
    connection.unregister("protected_rows")


def _join(protection: Protection, column: Column, table: str) -> None:
    alias = f"j{len(protection.aliases)}"
    protection.aliases[column.name] = alias
    protection.joins += f" left join {quote_name(table)} as {alias} on {alias}.clear = s.{quote_name(column.name)}"
