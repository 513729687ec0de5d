"""Which staged records count, and what each is part of: the relation `records` that targets are written from.

Belongs here: supersession within a delivery, units, versions, ties, numbers of lines and of equal records. Not here:
supersession between deliveries (decided on reading, in dbt), tokens (`protect.py`).

Tables made: `part` (one row per source), `loser` (staged rows that another record of the same delivery replaces),
`record` (a view or table: accepted records with public columns, `_row`, `record_number`, `file_name`, `_unit`,
`_version_at`, `_tie`, and `occurrence`, `line_number` where the contract's expressions use them).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from ingestion.batch.protect import Protection, public_columns
from ingestion.batch.staging import FIRST_SPECIAL, Staged
from ingestion.contracts.model import Contract, Coverage, SupersedeBy
from ingestion.engine import quote_name
from ingestion.errors import MilepostError

#: Unit of a contract whose exports are full: all of it.
WHOLE = "all"


def number_parts(connection: Any, staged: Staged) -> None:
    """Make `part`: delivery, part, file and first row of each source."""
    table = pa.table(
        {
            "_source": pa.array(range(len(staged.sources)), pa.int32()),
            "delivery_seq": pa.array([s.delivery.delivery_seq for s in staged.sources], pa.int64()),
            "delivery_id": pa.array([s.delivery.delivery_id for s in staged.sources], pa.string()),
            "part": pa.array([s.part for s in staged.sources], pa.string()),
            "file_name": pa.array([s.delivery.file_name for s in staged.sources], pa.string()),
        }
    )
    connection.register("part_rows", table)
    connection.execute(
        "create or replace temp table part as select p.*, coalesce(f.first_row, 0) as first_row, "
        "coalesce(f.is_together, true) as is_together from part_rows as p left join ("
        "  select _source, min(rowid) as first_row, max(rowid) - min(rowid) + 1 = count(*) as is_together"
        "  from staging group by _source) as f using (_source)"
    )
    connection.unregister("part_rows")
    apart = connection.execute("select file_name from part where not is_together limit 1").fetchone()
    if apart is not None:
        raise MilepostError(
            "its records did not keep their order, so that their numbers would be wrong",
            where=apart[0],
            remedy="A join in a check of the contract may be why: use none",
        )


def settle(connection: Any, staged: Staged) -> bool:
    """Make `loser`; True where there is any.

    Of the records of one delivery with the same key, the one with the greatest version counts, of those the last.
    """
    contract = staged.contract
    connection.execute("create or replace temp table loser (_row bigint, is_other boolean)")
    rule = contract.supersede
    if not rule.key:
        return False
    keys = ", ".join(quote_name(_own_name(contract, name)) for name in rule.key)
    connection.execute(
        "create or replace temp table repeated as "
        f"select delivery_seq, hash({keys}) as key_hash from staging join part using (_source) "
        "where _reason is null group by 1, 2 having count(*) > 1"
    )
    if not connection.execute("select count(*) from repeated").fetchone()[0]:
        return False
    version = f"{quote_name(rule.version)} desc nulls last, " if rule.version else ""
    connection.execute(
        "insert into loser select _row, _same <> winner from ("
        "  select _row, _same, row_number() over same_key as place, first_value(_same) over same_key as winner"
        f"  from (select staging.rowid as _row, staging.*, delivery_seq, hash({keys}) as key_hash"
        "        from staging join part using (_source) where _reason is null)"
        "  semi join repeated using (delivery_seq, key_hash)"
        f"  window same_key as (partition by delivery_seq, {keys} order by {version}_row desc)"
        ") where place > 1"
    )
    return bool(connection.execute("select count(*) from loser").fetchone()[0])


def make_records(connection: Any, staged: Staged, protection: Protection, *, has_losers: bool) -> None:
    """Make `record`; `protection` says which joins give tokens, masks and scrubbed texts."""
    contract = staged.contract
    public = ", ".join(protection.select(column) for column in contract.columns)
    without = " anti join (select _row from loser) as l on s.rowid = l._row" if has_losers else ""
    base = (
        "select s.rowid as _row, s._source, s._same, p.delivery_seq, p.delivery_id, p.part, p.file_name, "
        f"s.rowid - p.first_row + 1 as record_number, {public} "
        f"from staging as s{without} join part as p on s._source = p._source {protection.joins} where s._reason is null"
    )
    windows = []
    used = set(re.findall(r"\w+", " ".join(_expressions(contract))))
    unit = unit_expression(contract)
    if "occurrence" in used:
        windows.append("row_number() over (partition by delivery_seq, _same order by _row) as occurrence")
    if "line_number" in used:
        lines = ", ".join(quote_name(name) for name in contract.supersede.lines) or unit
        windows.append(f"row_number() over (partition by delivery_seq, {lines} order by _row) as line_number")
    numbered = f"select *{''.join(', ' + window for window in windows)}, {unit} as _unit from ({base})"
    versioned, is_windowed = _versioned(contract, numbered)
    is_table = bool(windows or is_windowed or protection.joins or has_losers)
    connection.execute("drop view if exists record")
    connection.execute("drop table if exists record_rows")
    if is_table:
        connection.execute(f"create temp table record_rows as {versioned}")
        connection.execute("create temp view record as select * from record_rows")
    else:
        connection.execute(f"create temp view record as {versioned}")


def unit_expression(contract: Contract) -> str:
    """SQL of `_unit` over the public columns: what a later delivery replaces as a whole."""
    rule = contract.supersede
    if contract.coverage is Coverage.FULL:
        return f"'{WHOLE}'"
    if rule.by is SupersedeBy.FILE_NAME:
        return "file_name"
    if rule.by is SupersedeBy.PERIOD:
        return _joined(rule.period)
    if rule.by is SupersedeBy.KEY:
        return _joined(tuple(quote_name(name) for name in rule.unit or rule.key))
    return "delivery_id"


def _versioned(contract: Contract, relation: str) -> tuple[str, bool]:
    """The relation with `_version_at` and `_tie` of each record's unit, and whether that takes a window."""
    rule = contract.supersede
    if rule.version is None or rule.by is not SupersedeBy.KEY or contract.coverage is Coverage.FULL:
        return f"select *, cast(null as timestamp) as _version_at, cast(0 as bigint) as _tie from ({relation})", False
    content = ", ".join(
        f"coalesce(cast({quote_name(name)} as varchar), chr(30))"
        for column in contract.columns
        for name in public_columns(column)
    )
    # MD5 because it stays the same over versions of the engine; 63 bits of it fit the lake's integer
    tie = f"cast(md5_number_lower(concat_ws(chr(31), {content})) >> 1 as bigint)"
    version = f"cast({quote_name(rule.version)} as timestamp)"
    inner = f"select *, {version} as _own_version, {tie} as _own_tie from ({relation})"
    if set(rule.key) == set(rule.unit or rule.key) and rule.key:
        return f"select * rename (_own_version as _version_at, _own_tie as _tie) from ({inner})", False
    modulus = "9223372036854775807"
    return (
        "select * exclude (_own_version, _own_tie), max(_own_version) over whole as _version_at, "
        f"cast(sum(cast(_own_tie as hugeint)) over whole % {modulus} as bigint) as _tie from ({inner}) "
        "window whole as (partition by delivery_seq, _unit)"
    ), True


def rejected_rows() -> str:
    """SQL condition of staged rows that are rejected records (neither accepted nor footers)."""
    return f"_reason is not null and _reason < {FIRST_SPECIAL}"


def _joined(expressions: tuple[str, ...]) -> str:
    texts = ", ".join(f"coalesce(cast({expression} as varchar), '')" for expression in expressions)
    return texts if len(expressions) == 1 else f"concat_ws('|', {texts})"


def _own_name(contract: Contract, name: str) -> str:
    """Staged column of a public name: a key that is an identifier is compared in clear, in memory."""
    own = {column.name for column in contract.columns}
    stem = name.removesuffix("__token")
    return stem if name not in own and stem in own else name


def _expressions(contract: Contract) -> Iterator[str]:
    for target in contract.targets:
        yield from (expression for _, expression in target.columns)
        yield target.where or ""
        yield from target.distinct_by
    yield from contract.supersede.period
