"""The source customer records that count, read from the clean lake.

Belongs here: which rows of the lake are the present state of a source customer. Not here: matching them.

A record is a (source_system, source_customer_key). It counts where an active delivery that is not superseded holds it:
in the entities `customer` and `lead`, or as the customer of a fact. The customer of a web session is left out: it may
be another system's key, and says nothing of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ingestion.engine import quote
from ingestion.entity import load_entities
from ingestion.home import Home

#: Entities whose customer is a record: of their own system, or of the one that their customer_system names.
FACTS = ("order", "opportunity", "survey_response")
CUSTOMER = "customer"
#: Entities whose rows say something of the customer. A lead that is a customer already carries that customer's key:
#: its e-mail address may be the only one there is.
STATES = (CUSTOMER, "lead")
UNITS = "delivery_unit"
ENTITIES = (*STATES, *FACTS)


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
    are_superseded = _superseded(connection, home)
    extra = "".join(f", {name}" for name in columns)
    states = " union all by name ".join(
        [_no_states(columns), *(_states(home, e, columns, are_superseded) for e in STATES if _has_files(home, e))]
    )
    connection.execute(
        f"""
        create or replace temp table customer_state as
        select
            source_system, source_customer_key, own_key, customer_type{extra},
            min(_delivery_seq) as since_delivery_seq,
            bool_or(is_current) as is_current
        from ({states})
        group by all
        """
    )
    connection.execute(
        """
        create or replace temp table known_record as
        select
            source_system, source_customer_key,
            coalesce(min(own_key) filter (is_current), source_customer_key) as own_key,
            min(since_delivery_seq) as since_delivery_seq
        from customer_state
        group by source_system, source_customer_key having bool_or(is_current)
        """
    )
    _customers_of_facts(connection, home, are_superseded)
    connection.execute(
        """
        create or replace temp table identity_record as
        select row_number() over (order by source_system, source_customer_key) - 1 as record, *
        from (from known_record union all from fact_record)
        """
    )
    connection.execute(
        f"""
        create or replace temp table identity_state as
        select
            r.record, r.source_system, r.source_customer_key, coalesce(s.own_key, r.own_key) as own_key,
            coalesce(s.customer_type, 'person') as customer_type{extra}
        from identity_record as r
        left join (from customer_state where is_current) as s using (source_system, source_customer_key)
        """
    )
    for table in ("customer_state", "known_record", "fact_record", "superseded_unit", "active_delivery"):
        connection.execute(f"drop table {table}")
    return int(connection.execute("select count(*) from identity_record").fetchone()[0])


def _no_states(columns: Sequence[str]) -> str:
    """SQL of no rows with the columns and types of states."""
    entity = load_entities()[CUSTOMER]
    types = {column.name: column.engine_type for column in entity.all_columns}
    names = ("source_system", "source_customer_key", "own_key", "customer_type", *columns, "_delivery_seq")
    typed = ", ".join(f"null::{types[name]} as {name}" for name in names)
    return f"select {typed}, null::boolean as is_current where false"


def _states(home: Home, entity: str, columns: Sequence[str], are_superseded: bool) -> str:
    """SQL of an entity's rows as states; what the entity does not have is left to be null."""
    has = {column.name for column in load_entities()[entity].all_columns}
    wanted = ("source_system", "source_customer_key", "own_key", "customer_type", *columns, "_delivery_seq")
    names = ", ".join(name for name in wanted if name in has)
    return f"select {names}, is_current from ({_rows(home, entity, are_superseded)})"


def _customers_of_facts(connection: Any, home: Home, are_superseded: bool) -> None:
    """Temp table `fact_record`: customers of facts that are no `known_record`."""
    connection.execute(
        """
        create or replace temp table fact_record (
            source_system varchar, source_customer_key varchar, own_key varchar, since_delivery_seq bigint
        )
        """
    )
    present = [entity for entity in FACTS if _has_files(home, entity)]
    if not present:
        return
    # nearly all customers of facts are known: which are not is found first, whether their facts count only for those
    keys = " union all ".join(
        f"select distinct source_system, source_customer_key from ({_rows(home, entity, False)})" for entity in present
    )
    connection.execute(
        f"""
        create or replace temp table unknown_key as
        select distinct source_system, source_customer_key from ({keys})
        anti join known_record using (source_system, source_customer_key)
        """
    )
    rows = " union all ".join(
        f"select source_system, source_customer_key, _delivery_seq, is_current "
        f"from ({_rows(home, entity, are_superseded, only='unknown_key')})"
        for entity in present
    )
    if connection.execute("select count(*) from unknown_key").fetchone()[0]:
        connection.execute(
            f"""
            insert into fact_record
            select source_system, source_customer_key, source_customer_key, min(_delivery_seq)
            from ({rows}) group by source_system, source_customer_key having bool_or(is_current)
            """
        )
    connection.execute("drop table unknown_key")


def _superseded(connection: Any, home: Home) -> bool:
    """Make the temp table of (contract, unit, delivery_seq) that lost against another; whether there are any."""
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
    return bool(connection.execute("select count(*) from superseded_unit").fetchone()[0])


def _rows(home: Home, entity: str, are_superseded: bool, only: str | None = None) -> str:
    """Rows of active deliveries that name a customer; `is_current` where no other delivery supersedes them.

    `only`: a table of the (source_system, source_customer_key) that are wanted.
    """
    replaced = ""
    if any(column.name == "customer_system" for column in load_entities()[entity].all_columns):
        replaced = "replace (coalesce(customer_system, source_system) as source_system) "
    source = (
        f"from (select * {replaced}from read_parquet({_glob(home, entity)}, union_by_name = true)) as entity_row "
        "semi join active_delivery on active_delivery.delivery_seq = entity_row._delivery_seq "
    )
    if only is not None:
        source += (
            f"semi join {only} on {only}.source_system = entity_row.source_system "
            f"and {only}.source_customer_key = entity_row.source_customer_key "
        )
    if not are_superseded:
        return f"select entity_row.*, true as is_current {source} where source_customer_key is not null"
    return (
        f"select entity_row.*, superseded_unit._unit is null as is_current {source} "
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
