"""Clear values of customers, read back from the vault.

Belongs here: which values belong to which customer ids. Not here: who may see them and the audit record
(`orchestration`): callers have written that before they call.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from ingestion.engine import quote_name
from ingestion.home import Home
from ingestion.person.find import KEY, glob_sql, has_files, subject, system_sql, with_customers
from ingestion.privacy.keys import Keys
from ingestion.privacy.tokens import tokenise
from ingestion.privacy.vault import Vault

#: Token of day and month of birth: the same day has the same token, for audiences of birthdays.
BIRTHDAY = "birthday_token"


@dataclass(frozen=True)
class Revealed:
    """One value of a customer; `identifier` is its class."""

    customer_id: str
    identifier: str
    value: str


def reveal(
    home: Home, vault: Vault, keys: Keys, customer_ids: Sequence[str], classes: Sequence[str] | None = None
) -> list[Revealed]:
    """Values of the customers by id and class; `classes` None: all. Customers that are not there give nothing."""
    if not customer_ids or not has_files(home, "customer_link"):
        return []
    with duckdb.connect(config={"threads": 2}) as connection:
        connection.register("wanted", pa.table({"customer_id": pa.array(sorted(set(customer_ids)), pa.string())}))
        connection.execute(
            "create temp table asked as select customer_id, source_system, source_customer_key as customer_key "
            f"from {glob_sql(home, 'customer_link')} semi join wanted using (customer_id)"
        )
        of_token: dict[str, set[str]] = {}
        for entity in with_customers(home):
            names = [column.name for column in entity.columns]
            columns = [column.name for column in entity.columns if column.privacy == "token"]
            for column in dict.fromkeys([*columns, KEY]):
                rows = connection.execute(
                    f"select distinct asked.customer_id, e.{quote_name(column)} from (select *, "
                    f"{system_sql([*names, 'source_system'])} as key_system from {glob_sql(home, entity.name)}) as e "
                    f"join asked on asked.source_system = e.key_system and asked.customer_key = e.{KEY} "
                    f"where e.{quote_name(column)} is not null"
                ).fetchall()
                for customer_id, token in rows:
                    of_token.setdefault(token, set()).add(customer_id)
        records = connection.execute("select customer_id, source_system, customer_key from asked").fetchall()
    found = {
        Revealed(customer_id, identifier, value)
        for identifier, token, value in vault.values(of_token)
        for customer_id in of_token[token]
        if classes is None or identifier in classes
    }
    of_subject = {subject(system, key): customer_id for customer_id, system, key in records}
    for identifier, name, value in vault.quasi_values(of_subject):
        if classes is None or identifier in classes:
            found.add(Revealed(of_subject[name], identifier, value))
        if identifier == "birth_date" and (classes is None or BIRTHDAY in classes):
            found.add(Revealed(of_subject[name], BIRTHDAY, birthday_token(value, keys)))
    return sorted(found, key=lambda one: (one.customer_id, one.identifier, one.value))


def birthday_token(birth_date: str, keys: Keys) -> str:
    """Token of the day and month of an ISO date of birth."""
    (token,) = tokenise(pa.array([birth_date[5:10]]), "birthday", keys).to_pylist()
    assert token is not None
    return str(token)
