"""Matchers: which pairs of customer records are one customer, and by which rule.

Belongs here: the interface of a matcher and the deterministic one. Not here: clusters and ids (`links.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import pyarrow as pa

EDGE_SCHEMA = pa.schema(
    [
        pa.field("a", pa.int64(), nullable=False),  # record number
        pa.field("b", pa.int64(), nullable=False),
        pa.field("rule", pa.string(), nullable=False),
        pa.field("probability", pa.float64(), nullable=False),
    ]
)

ALONE = "alone"
#: Strongest first: a record that several rules link is said to be linked by the first of them.
DETERMINISTIC_RULES = ("own_key", "national_id", "open_id", "phone", "email")
DEFAULT_MAXIMUM_OWNERS = 10


@dataclass(frozen=True)
class UnusedIdentifier:
    """Identifiers of one rule that too many customers share to say who is who: how many, over how many records."""

    rule: str
    identifier_count: int
    record_count: int


@dataclass(frozen=True)
class Matches:
    """Edges between record numbers (EDGE_SCHEMA), and what was not used to make them."""

    edges: pa.Table
    unused: tuple[UnusedIdentifier, ...] = ()


class Matcher(Protocol):
    """Finds pairs of records that are one customer.

    `states` names a relation on `connection`, one row per record and distinct state of it: record (from 0),
    source_system, source_customer_key, own_key, customer_type, and the columns of the entity `customer` that `columns`
    asks for. Edges need not be transitive: clusters are their connected components.
    """

    @property
    def version(self) -> str:
        """Changes whenever the same records may give other edges."""
        ...

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the entity `customer` that the matcher compares."""
        ...

    def match(self, connection: Any, states: str) -> Matches:
        """Edges between the records of `states`."""
        ...


@dataclass(frozen=True)
class DeterministicMatcher:
    """Equal keys and tokens make one customer.

    The source's own key links within its system; national ids, open ids, phone numbers and e-mail addresses link
    everywhere. `keep_types_apart`: a phone number or e-mail address does not link a person with an organisation (whose
    contact that person may be); by default it does, so that what a contact buys elsewhere is seen. A number or address
    that more than `maximum_owners` customers (distinct own keys of a system)
    share belongs to nobody in particular - a call centre, a placeholder - and is not used; the same holds for open ids.
    """

    maximum_owners: int = DEFAULT_MAXIMUM_OWNERS
    keep_types_apart: bool = False

    @property
    def version(self) -> str:
        return f"deterministic 1, {self}"

    @property
    def columns(self) -> tuple[str, ...]:
        return ("national_id_token", "open_id_token", "phone_token", "email_token")

    def match(self, connection: Any, states: str) -> Matches:
        """Each group of equal values becomes a star around its first record."""
        parts, unused = [], []
        for rule, group in self._groups().items():
            value = group[-1]
            names = ", ".join(group)
            limit = "9223372036854775807" if rule in ("own_key", "national_id") else str(self.maximum_owners)
            connection.execute(
                f"""
                create or replace temp table shared_identifier as
                with keyed as (
                    select distinct record, own_system_key, {names}
                    from (select *, source_system || chr(31) || own_key as own_system_key from {states})
                    where {value} is not null
                )
                select
                    {names},
                    min(record) as first_record,
                    count(distinct record) as record_count,
                    count(distinct own_system_key) <= {limit} as is_used
                from keyed group by {names} having count(distinct record) > 1
                """
            )
            parts.append(
                connection.execute(
                    f"""
                    select distinct first_record as a, record as b, '{rule}' as rule, 1.0::double as probability
                    from {states} join shared_identifier using ({names})
                    where is_used and record <> first_record
                    """
                )
                .to_arrow_table()
                .cast(EDGE_SCHEMA)
            )
            count, records = connection.execute(
                "select count(*), coalesce(sum(record_count), 0)::bigint from shared_identifier where not is_used"
            ).fetchone()
            if count:
                unused.append(UnusedIdentifier(rule, count, records))
        connection.execute("drop table if exists shared_identifier")
        return Matches(pa.concat_tables(parts), tuple(unused))

    def _groups(self) -> Mapping[str, tuple[str, ...]]:
        """Columns that have to be equal, by rule; the last is the identifier."""
        kind = ("customer_type",) if self.keep_types_apart else ()
        return {
            "own_key": ("source_system", "own_key"),
            "national_id": ("national_id_token",),
            "open_id": ("open_id_token",),
            "phone": (*kind, "phone_token"),
            "email": (*kind, "email_token"),
        }
