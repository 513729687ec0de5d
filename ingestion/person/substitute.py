"""Replacing a person in rows: keys and tokens by anonymous ones, what is personal by nothing, amounts as they are.

Belongs here: which columns of the person's rows become what, for files of the lake and of builds alike. Not here: which
files there are and how they are exchanged.

The same source key becomes the same anonymous key everywhere, and the same token the same other one, so that sums,
counts of customers and what is joined by them stay as they were; nobody can tell from them who it was.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ingestion.engine import quote, quote_name
from ingestion.person.find import KEY, system_sql

SEPARATOR = "\x1f"
#: Columns that hold a customer's source key.
KEY_COLUMNS = (KEY, "source_key", "own_key", "customer_key")
#: Of those, the ones by which a row is the customer's own.
OWN_COLUMNS = (KEY, "source_key", "own_key")
#: Columns of a person's rows that say more of the person than a figure needs, whatever their declared class.
PERSONAL_COLUMNS = frozenset(
    {"birth_year", "age_band", "gender", "city", "district", "postcode_area", "ip_address"}
    | {"title", "comment", "notes", "words", "reason", "description", "subject", "content", "text"}
    | {"opportunity_name", "landing_page"}
)
_BLANK_CLASSES = ("mask", "coarse", "scrubbed")


@dataclass
class Substitution:
    """What takes the place of what.

    `keys`: (source_system, source_customer_key) -> anonymous key; `values`: tokens and customer ids, which are the
    person's wherever they stand -> others; `leads`: (source_system, lead_id) -> anonymous key, of leads that are their
    own customer; `units`: (contract, unit) -> unit.
    """

    keys: dict[tuple[str, str], str] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    leads: dict[tuple[str, str], str] = field(default_factory=dict)
    units: dict[tuple[str, str], str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.keys or self.values)

    def install(self, connection: Any) -> None:
        """Give the engine the substitution as variables, for the SQL of this module."""
        composed = {
            f"{system}:{key}": f"{system}:{new}" for (system, key), new in [*self.keys.items(), *self.leads.items()]
        }
        for name, pairs in (
            ("person_key", {SEPARATOR.join(pair): new for pair, new in self.keys.items()}),
            ("person_value", {**composed, **self.values}),
            ("person_own", self.values),
            ("person_lead", {SEPARATOR.join(pair): new for pair, new in self.leads.items()}),
            ("person_unit", {SEPARATOR.join(pair): new for pair, new in self.units.items()}),
        ):
            entries = ", ".join(f"{quote(old)}: {quote(new)}" for old, new in pairs.items())
            empty = "map([]::varchar[], []::varchar[])"
            connection.execute(f"set variable {name} = {f'map {{{entries}}}' if entries else empty}")


def anonymous_key() -> str:
    """A key that nobody can tell anything from."""
    return f"erased-{random_letters(16)}"


def random_letters(count: int) -> str:
    """Letters a to p, as tokens are written."""
    octets = np.frombuffer(secrets.token_bytes(count), dtype=np.uint8)
    return "".join(chr(ord("a") + octet % 16) for octet in octets)


@dataclass(frozen=True)
class RowRule:
    """SQL over a relation: `hit` tells the rows of the person or with a value of theirs; `replace` is what stands
    within `select * replace (...)` to rewrite all rows."""

    hit: str
    replace: str


def rule(columns: Sequence[tuple[str, str]], classes: Mapping[str, str]) -> RowRule | None:
    """The rule for a relation of (name, type) columns; `classes`: privacy class by column, where declared.

    Rows are the person's where their key, a strong token or the customer id is. None where no column could hold any.
    """
    names = [name for name, _ in columns]
    if not any(kind == "VARCHAR" for _, kind in columns):
        return None
    system = system_sql(names)
    is_own = own_sql(names, classes)
    touched = [is_own]
    replaced = []
    for name, kind in columns:
        column = quote_name(name)
        if _is_blank(name, classes):
            if is_own != "false":
                replaced.append(f"case when {is_own} then null else {column} end as {column}")
        elif kind != "VARCHAR":
            continue
        elif name == "_unit" or (name == "unit" and "contract" in names):
            replaced.append(f"{_unit(name, names, is_own)} as {column}")
            if name == "unit":
                touched.append("getvariable('person_unit')[contract || chr(31) || unit] is not null")
        else:
            new, found = _text(name, system, classes, is_own)
            replaced.append(f"{new} as {column}")
            touched.append(found)
    hit = " or ".join(f"coalesce({one}, false)" for one in touched)
    return RowRule(f"({hit})", ", ".join(replaced))


def _text(name: str, system: str, classes: Mapping[str, str], is_own: str) -> tuple[str, str]:
    """SQL of a text's new value, and of whether it holds something of the person by itself."""
    column = quote_name(name)
    value = f"getvariable('person_value')[{column}]"
    if classes.get(name) == "token" or name.endswith("_token"):
        # a token of the person's row that is shared with others says who it was as well
        return f"case when {is_own} then {value} else coalesce({value}, {column}) end", f"{value} is not null"
    if system != "null" and (name in KEY_COLUMNS or name.endswith("_customer_key")):
        key = f"getvariable('person_key')[{system} || chr(31) || {column}]"
        return f"coalesce({value}, {key}, {column})", f"({value} is not null or {key} is not null)"
    if system != "null" and name == "lead_id":
        lead = f"getvariable('person_lead')[{system} || chr(31) || {column}]"
        return f"coalesce({value}, {lead}, {column})", f"({value} is not null or {lead} is not null)"
    return f"coalesce({value}, {column})", f"{value} is not null"


def _unit(name: str, names: Sequence[str], is_own: str) -> str:
    """SQL of a unit whose elements are the person's key or tokens."""
    contract = "_contract" if name == "_unit" else "contract"
    known = f"getvariable('person_unit')[{contract} || chr(31) || {quote_name(name)}]"
    if name == "unit":
        return f"coalesce({known}, {quote_name(name)})"
    return f"case when {is_own} then {new_unit_sql(system_sql(names))} else coalesce({known}, _unit) end"


def new_unit_sql(system: str) -> str:
    """SQL of the unit of a row of the person: each of its parts that is the person's key or token is replaced."""
    key = f"getvariable('person_key')[{system} || chr(31) || part]"
    return (
        "array_to_string(list_transform(string_split(_unit, '|'), "
        f"lambda part: coalesce(getvariable('person_value')[part], {key}, part)), '|')"
    )


def own_sql(names: Sequence[str], classes: Mapping[str, str]) -> str:
    """SQL predicate: the row is the person's."""
    system = system_sql(names)
    conditions = [
        f"getvariable('person_key')[{system} || chr(31) || {quote_name(n)}] is not null"
        for n in names
        if n in OWN_COLUMNS and system != "null"
    ]
    conditions += [
        f"getvariable('person_own')[{quote_name(n)}] is not null"
        for n in names
        if classes.get(n) == "token" or n.endswith("_token") or n == "customer_id" or n in OWN_COLUMNS
    ]
    return f"coalesce({' or '.join(conditions)}, false)" if conditions else "false"


def _is_blank(name: str, classes: Mapping[str, str]) -> bool:
    return classes.get(name) in _BLANK_CLASSES or name.endswith("_mask") or name in PERSONAL_COLUMNS
