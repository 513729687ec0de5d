"""Which source records and tokens are one person's.

Belongs here: from a customer id, a source key or an identifier to the person's records in the clean lake. Not here:
what is done with them (`export.py`, `erase.py`).

A person is the set of source customer records behind one customer id. Tokens of these records are the person's; a token
that stands on another person's records too (a common name, a household's address) is shared. Names and addresses never
tell who somebody is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from ingestion.engine import quote, quote_name
from ingestion.entity import Entity, load_entities
from ingestion.errors import MilepostError
from ingestion.home import Home
from ingestion.privacy.keys import Keys
from ingestion.privacy.tokens import TOKEN_PATTERN, tokenise
from ingestion.privacy.vault import Vault

KEY = "source_customer_key"
#: Classes that many persons share.
WEAK_CLASSES = frozenset({"name", "address"})
#: Entities whose rows say who a customer is; tokens are looked for on them, and on any other row of the person's keys.
STATES = ("customer", "lead")


@dataclass(frozen=True)
class PersonToken:
    """A token on the person's records; `is_shared` with others' records."""

    token: str
    identifier: str
    is_shared: bool

    @property
    def is_strong(self) -> bool:
        """Tells by itself whose record it stands on."""
        return not self.is_shared and self.identifier not in WEAK_CLASSES


@dataclass(frozen=True)
class Person:
    """One person: resolved id (None where the records were never resolved), source records, and tokens."""

    customer_id: str | None
    records: tuple[tuple[str, str], ...]  # (source_system, source_customer_key)
    tokens: tuple[PersonToken, ...]
    own_keys: tuple[tuple[str, str], ...] = ()  # (source_system, own_key) where it is none of the records' keys

    @property
    def subjects(self) -> list[str]:
        """Subjects in the vault: where full values of quasi identifiers are found."""
        return [subject(system, key) for system, key in self.records]


def subject(system: str, key: str) -> str:
    """The vault's name of a source customer record."""
    return f"{system}|{key}"


def find_by_id(home: Home, vault: Vault, customer_id: str) -> Person:
    """The person of a resolved customer id; MilepostError where there is none."""
    with duckdb.connect() as connection:
        records = [] if not has_files(home, "customer_link") else connection.execute(
            f"select source_system, source_customer_key from {glob_sql(home, 'customer_link')} "
            "where customer_id = $id order by all", {"id": customer_id},
        ).fetchall()  # fmt: skip
        if not records:
            raise MilepostError(
                "no such customer", where=customer_id, remedy="`milepost query` on core.dim_customer lists customer_id"
            )
        return _person(connection, home, vault, customer_id, records)


def find_by_key(home: Home, vault: Vault, system: str, key: str) -> Person:
    """The person of a source customer record."""
    return _of_records(home, vault, [(system, key)])


def find_by_identifier(home: Home, vault: Vault, keys: Keys, value: str) -> list[Person]:
    """Persons on whose records the identifier (a phone number, an e-mail address, ...) stands; any class is tried.

    A name may be several persons': the caller asks which is meant.
    """
    tokens: set[str] = set()
    for identifier in vault.identifiers():
        (token,) = tokenise(pa.array([value]), identifier, keys).to_pylist()
        if token is not None:
            tokens.add(token)
    with duckdb.connect() as connection:
        records: set[tuple[str, str]] = set()
        for entity in with_customers(home):
            columns = [c.name for c in entity.columns if c.privacy == "token" or c.name == KEY]
            condition = " or ".join(f"list_contains($tokens, {quote_name(c)})" for c in columns)
            records |= set(
                connection.execute(
                    f"select distinct source_system, {KEY} from {glob_sql(home, entity.name)} "
                    f"where {KEY} is not null and ({condition})",
                    {"tokens": sorted(tokens)},
                ).fetchall()
            )
    persons: dict[tuple[tuple[str, str], ...], Person] = {}
    for record in sorted(records):
        if not any(record in person.records for person in persons.values()):
            person = _of_records(home, vault, [record])
            persons[person.records] = person
    return list(persons.values())


def with_customers(home: Home) -> list[Entity]:
    """Entities with rows whose records name a customer of their own system."""
    found = []
    for entity in load_entities().values():
        names = {column.name for column in entity.columns}
        if not entity.is_operational and KEY in names and has_files(home, entity.name):
            found.append(entity)
    return found


def has_files(home: Home, entity: str) -> bool:
    """Whether the lake holds any file of the entity."""
    return any(home.entity(entity).glob("*.parquet"))


def glob_sql(home: Home, entity: str) -> str:
    """SQL relation of an entity's files."""
    return f"read_parquet({quote(str(home.entity(entity) / '*.parquet'))}, union_by_name = true)"


def system_sql(names: Sequence[str]) -> str:
    """SQL of the system whose key a row's source_customer_key is."""
    if "customer_system" in names:
        return "coalesce(customer_system, source_system)" if "source_system" in names else "customer_system"
    return "source_system" if "source_system" in names else "null"


def _of_records(home: Home, vault: Vault, records: list[tuple[str, str]]) -> Person:
    with duckdb.connect() as connection:
        customer_id = None
        if has_files(home, "customer_link"):
            row = connection.execute(
                f"select customer_id from {glob_sql(home, 'customer_link')} "
                "where source_system = $system and source_customer_key = $key",
                {"system": records[0][0], "key": records[0][1]},
            ).fetchone()
            customer_id = row[0] if row else None
        if customer_id is not None:
            records = connection.execute(
                f"select source_system, source_customer_key from {glob_sql(home, 'customer_link')} "
                "where customer_id = $id order by all",
                {"id": customer_id},
            ).fetchall()
        return _person(connection, home, vault, customer_id, records)


def _person(
    connection: Any, home: Home, vault: Vault, customer_id: str | None, records: Sequence[tuple[str, str]]
) -> Person:
    connection.execute("create or replace temp table person_record (source_system varchar, customer_key varchar)")
    connection.executemany("insert into person_record values (?, ?)", list(records))
    own: set[str] = {key for _, key in records if _is_token(key)}
    parts: list[str] = []
    for entity in with_customers(home):
        names = [column.name for column in entity.columns]
        system = system_sql([*names, "source_system"])
        for column in (c.name for c in entity.columns if c.privacy == "token"):
            parts.append(
                f"select {quote_name(column)} as token, {system} as source_system, {KEY} as customer_key "
                f"from {glob_sql(home, entity.name)} where {quote_name(column)} is not null and {KEY} is not null"
            )
    if not parts:
        return Person(customer_id, tuple(records), ())
    union = " union all ".join(parts)
    own |= {
        row[0]
        for row in connection.execute(
            f"select distinct token from ({union}) semi join person_record using (source_system, customer_key)"
        ).fetchall()
    }
    shared = {
        row[0]
        for row in connection.execute(
            f"select distinct token from ({union}) anti join person_record using (source_system, customer_key) "
            "where list_contains($tokens, token)",
            {"tokens": sorted(own)},
        ).fetchall()
    }
    own_keys = _own_keys(connection, home, set(records))
    own |= {key for _, key in own_keys if _is_token(key)}
    classes = {token: identifier for identifier, token, _ in vault.values(own)}
    tokens = tuple(PersonToken(token, classes.get(token, "unknown"), token in shared) for token in sorted(own))
    return Person(customer_id, tuple(sorted(records)), tokens, tuple(sorted(own_keys)))


def _own_keys(connection: Any, home: Home, records: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Keys by which the sources say who is one customer, as far as no other customer has them."""
    if not has_files(home, "customer"):
        return set()
    rows = connection.execute(
        "select c.source_system, own_key, bool_and(p.customer_key is not null) "
        f"from {glob_sql(home, 'customer')} as c left join person_record as p "
        f"on p.source_system = c.source_system and p.customer_key = c.{KEY} "
        "where c.own_key is not null group by c.source_system, c.own_key"
    ).fetchall()
    return {(system, key) for system, key, is_own in rows if is_own} - records


def _is_token(value: str) -> bool:
    import re

    return re.match(TOKEN_PATTERN, value) is not None
