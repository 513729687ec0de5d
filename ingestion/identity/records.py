"""The source customer records that count, read from the clean lake.

Belongs here: which rows of the lake are the present state of a source customer. Not here: matching them.

A record is a (source_system, source_customer_key). It counts where an active delivery that is not superseded holds it:
in the entity `customer`, or as the customer of a fact. The customer of a web session is left out: it may be another
system's key, and says nothing of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ingestion.engine import quote
from ingestion.home import Home

#: Entities whose source_customer_key is a key of their own system.
FACTS = ("order", "opportunity", "lead", "survey_response")
CUSTOMER = "customer"
UNITS = "delivery_unit"
ENTITIES = (CUSTOMER, *FACTS)


def read_records(connection: Any, home: Home, active: Sequence[int], columns: Sequence[str]) -> int:
    """Make the temp tables `identity_state` and `identity_record` on `connection`; returns the number of records.

    - `identity_state`: one row per record and distinct state: record, source_system, source_customer_key, own_key,
      customer_type (person where unknown), and `columns` of the entity customer. Records known from facts alone have
      one state without any identifier.
    - `identity_record`: one row per record (0, 1, ... in the order of system and key): source_system,
      source_customer_key, own_key (the smallest), since_delivery_seq.
    """
    seqs = ", ".join(f"({int(seq)})" for seq in active) or "(null)"
    connection.execute(
        "create or replace temp table active_delivery as "
        f"select seq::bigint as delivery_seq from (values {seqs}) as given (seq)"
    )
    _superseded(connection, home)
    extra = "".join(f", {name}" for name in columns)
    connection.execute(
        f"""
        create or replace temp table customer_state as
        select
            source_system, source_customer_key,
            coalesce(own_key, source_customer_key) as own_key,
            coalesce(customer_type, 'person') as customer_type{extra},
            min(_delivery_seq) as since_delivery_seq,
            bool_or(is_current) as is_current
        from ({_rows(home, CUSTOMER)})
        group by all
        """
        if _has_files(home, CUSTOMER)
        else f"""
        create or replace temp table customer_state as
        select
            null::varchar as source_system, null::varchar as source_customer_key, null::varchar as own_key,
            null::varchar as customer_type{"".join(f", null::varchar as {name}" for name in columns)},
            null::bigint as since_delivery_seq, null::boolean as is_current
        where false
        """
    )
    facts = [
        f"select source_system, source_customer_key, _delivery_seq, is_current from ({_rows(home, entity)})"
        for entity in FACTS
        if _has_files(home, entity)
    ]
    facts.insert(
        0,
        "select null::varchar as source_system, null::varchar as source_customer_key, "
        "null::bigint as _delivery_seq, null::boolean as is_current where false",
    )
    connection.execute(
        f"""
        create or replace temp table identity_record as
        with record as (
            select source_system, source_customer_key, min(own_key) filter (is_current) as own_key,
                min(since_delivery_seq) as since_delivery_seq
            from customer_state group by all having bool_or(is_current)
        ),
        fact as (
            select source_system, source_customer_key, source_customer_key as own_key,
                min(_delivery_seq) as since_delivery_seq
            from ({" union all ".join(facts)}) as fact_row
            anti join record using (source_system, source_customer_key)
            group by all having bool_or(is_current)
        )
        select
            row_number() over (order by source_system, source_customer_key) - 1 as record, *
        from (from record union all from fact)
        """
    )
    empty = "".join(f", null::varchar as {name}" for name in columns)
    connection.execute(
        f"""
        create or replace temp table identity_state as
        select r.record, s.source_system, s.source_customer_key, s.own_key, s.customer_type{extra}
        from customer_state as s join identity_record as r using (source_system, source_customer_key)
        where s.is_current
        union all
        select record, source_system, source_customer_key, own_key, 'person'{empty}
        from identity_record
        anti join (from customer_state where is_current) using (source_system, source_customer_key)
        """
    )
    for table in ("customer_state", "superseded_unit", "active_delivery"):
        connection.execute(f"drop table {table}")
    return int(connection.execute("select count(*) from identity_record").fetchone()[0])


def _superseded(connection: Any, home: Home) -> None:
    """Temp table of (contract, unit, delivery_seq) that lost against another active delivery."""
    columns = "contract, unit, delivery_seq, version_at, tie"
    files = _glob(home, UNITS) if _has_files(home, UNITS) else None
    source = (
        f"select {columns} from read_parquet({files}, union_by_name = true) "
        "semi join active_delivery using (delivery_seq)"
        if files
        else "select null::varchar as contract, null::varchar as unit, null::bigint as delivery_seq, "
        "null::timestamp as version_at, null::bigint as tie where false"
    )
    contracts = " union ".join(
        [f"select distinct _contract as contract from read_parquet({_glob(home, e)})" for e in _present(home)]
        or ["select null::varchar as contract"]
    )
    connection.execute(
        f"""
        create or replace temp table superseded_unit as
        with held as (
            select contract, unit, delivery_seq, max(version_at) as version_at, max(tie) as tie
            from ({source}) semi join ({contracts}) using (contract)
            group by all
        ),
        contested as (select contract, unit from held group by all having count(*) > 1)
        select contract as _contract, unit as _unit, delivery_seq as _delivery_seq
        from held semi join contested using (contract, unit)
        qualify row_number() over (
            partition by contract, unit order by version_at desc nulls last, tie desc nulls last, delivery_seq desc
        ) > 1
        """
    )


def _rows(home: Home, entity: str) -> str:
    """Rows of active deliveries that name a customer; `is_current` where no other delivery supersedes them."""
    return (
        "select entity_row.*, superseded_unit._unit is null as is_current "
        f"from read_parquet({_glob(home, entity)}, union_by_name = true) as entity_row "
        "semi join active_delivery on active_delivery.delivery_seq = entity_row._delivery_seq "
        "left join superseded_unit on superseded_unit._contract = entity_row._contract "
        "and superseded_unit._unit = entity_row._unit and superseded_unit._delivery_seq = entity_row._delivery_seq "
        "where source_customer_key is not null"
    )


def _present(home: Home) -> list[str]:
    return [entity for entity in ENTITIES if _has_files(home, entity)]


def _has_files(home: Home, entity: str) -> bool:
    return any(home.entity(entity).glob("*.parquet"))


def _glob(home: Home, entity: str) -> str:
    return quote(str(home.entity(entity) / "*.parquet"))


def link_file(home: Home) -> Path:
    """The snapshot of links."""
    return home.entity("customer_link") / "customer_link.parquet"
