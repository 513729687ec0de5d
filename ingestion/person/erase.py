"""Erasing one person from everything that ingestion keeps: vault, clean lake, rejects, archive, identity links.

Belongs here: the plan of an erasure, carrying it out, taking up one that was broken off. Not here: what becomes of
which column (`substitute.py`), published versions and builds (`publishing/erase.py`, handed in), the second scan
(`verify.py`).

The plan (what is replaced by what) is stored encrypted with the erasure before anything is changed, and goes when it is
complete; the person's tokens go on the list of erased persons at the same moment. Lake, rejects and vault are
exchanged in one transaction; every other step finds nothing to do when it is repeated. So an erasure that was killed is
completed by running it again. The caller holds the home's lock.
"""

from __future__ import annotations

import base64
import json
import secrets
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from sqlalchemy import Connection, Engine, insert, select, update

from ingestion.batch.write import REJECTS, VAULT, StagedFile
from ingestion.commit import staging_folder
from ingestion.contracts.model import ContractSet
from ingestion.entity import load_entities
from ingestion.errors import MilepostError
from ingestion.home import Home
from ingestion.identity.records import link_file
from ingestion.ledger import tables
from ingestion.ledger.deliveries import LakePart, list_lake_parts
from ingestion.ledger.engine import writing
from ingestion.parts import archives, clean_parts, exchange, file_sha256, rewrite_part, rewrite_rejects
from ingestion.person.archive import CannotRewriteError, Cleaner, Needles, rewrite_archived
from ingestion.person.erased import (
    SUBJECT,
    ErasedToken,
    add_erased,
    changed_units,
    count_hits,
    rewrite_in_place,
    rule_of,
)
from ingestion.person.find import KEY, Person, glob_sql, has_files, subject
from ingestion.person.substitute import Substitution, anonymous_key, random_letters
from ingestion.privacy.crypt import decrypt_values, encrypt_values
from ingestion.privacy.keys import Keys
from ingestion.privacy.tokens import TOKEN_LENGTH, tokenise
from ingestion.privacy.vault import Vault
from ingestion.snapshots import drop_snapshots, take_snapshot

#: Classes whose values are any text, so that an anonymous key has a token of the class itself.
_KEY_CLASSES = frozenset({"customer_key", "account", "open_id"})

#: Erases from builds and published versions: gets the substitution and returns counts; records what it replaced.
ErasePublished = Callable[[Substitution, str], dict[str, int]]


@dataclass
class Plan:
    """What is replaced by what. Holds clear values: it is stored encrypted only, and as long as it is needed."""

    erasure_id: str
    customer_id: str | None
    new_customer_id: str
    keys: list[tuple[str, str, str]]  # system, key as in the lake, anonymous key as in the lake
    written_keys: dict[str, str]  # keys as exports write them -> anonymous keys
    tokens: list[str]  # tokens of this person alone, whose vault rows go
    shared: list[str]  # tokens that others have, too: their vault rows stay
    values: dict[str, str]  # strong token -> other token
    clear: list[tuple[str, str]]  # (class, clear value) of strong tokens
    subjects: list[str]
    leads: list[tuple[str, str, str]] = field(default_factory=list)
    units: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def substitution(self) -> Substitution:
        values = dict(self.values)
        if self.customer_id is not None:
            values[self.customer_id] = self.new_customer_id
        return Substitution(
            {(system, key): new for system, key, new in self.keys},
            values,
            {(system, lead): new for system, lead, new in self.leads},
            {(contract, unit): new for contract, unit, new in self.units},
        )

    @property
    def needles(self) -> Needles:
        return Needles(self.written_keys, self.clear)


def begin(home: Home, ledger: Engine, vault: Vault, keys: Keys, person: Person, purpose: str, now: datetime) -> Plan:
    """Store the plan of an erasure and put the person on the list of erased persons, in one transaction."""
    plan = make_plan(home, vault, keys, person)
    fingerprint = keys.fingerprint
    entries = [
        ErasedToken(token, fingerprint, SUBJECT, new)
        for (_, _, new), token in zip(
            plan.keys,
            tokenise(pa.array([subject(s, k) for s, k, _ in plan.keys], pa.string()), SUBJECT, keys).to_pylist(),
            strict=True,
        )
    ]
    classes = {token.token: token.identifier for token in person.tokens}
    entries += [ErasedToken(old, fingerprint, classes[old], new) for old, new in plan.values.items()]
    with writing(ledger) as connection:
        connection.execute(
            insert(tables.erasure).values(
                erasure_id=plan.erasure_id, requested_at=now, purpose=purpose, plan=_sealed(plan, keys)
            )
        )
        add_erased(connection, plan.erasure_id, entries)
    return plan


def unfinished(ledger: Engine, keys: Keys) -> list[Plan]:
    """Plans of erasures that were broken off, in the order of their requests."""
    query = (
        select(tables.erasure).where(tables.erasure.c.completed_at.is_(None)).order_by(tables.erasure.c.requested_at)
    )
    with ledger.connect() as connection:
        rows = connection.execute(query).mappings().all()
    return [_opened(row["erasure_id"], row["plan"], keys) for row in rows]


def carry_out(
    home: Home,
    ledger: Engine,
    vault: Vault,
    keys: Keys,
    contracts: ContractSet,
    plan: Plan,
    now: datetime,
    published: ErasePublished,
    tell: Callable[[str], None] = lambda _: None,
) -> dict[str, int]:
    """Carry out a plan from wherever it stands; returns counts by place. `complete` ends it after the second scan."""
    tell("clean lake, rejects and vault")
    report = _lake(home, ledger, vault, keys, contracts, plan, now)
    tell("identity links")
    report["links"] = _links(home, plan)
    drop_snapshots(home, now, keep_current=False)
    take_snapshot(home, ledger)
    tell("archive")
    report |= _archive(home, ledger, keys, contracts, plan, now)
    tell("builds and published versions")
    report |= published(plan.substitution, plan.erasure_id)
    report["warehouse_removed"] = int(_remove_warehouse(home))
    return report


def complete(ledger: Engine, plan: Plan, report: dict[str, Any], now: datetime) -> None:
    """The second scan found nothing: the plan goes, the report stays."""
    with writing(ledger) as connection:
        connection.execute(
            update(tables.erasure)
            .where(tables.erasure.c.erasure_id == plan.erasure_id)
            .values(completed_at=now, report=report, plan=None)
        )


def make_plan(home: Home, vault: Vault, keys: Keys, person: Person) -> Plan:
    """Anonymous keys and tokens for everything that is the person's alone."""
    clear = {token: (identifier, value) for identifier, token, value in vault.values(t.token for t in person.tokens)}
    keys_new: list[tuple[str, str, str]] = []
    written: dict[str, str] = {}
    values: dict[str, str] = {}
    for system, key in (*person.records, *person.own_keys):
        new = anonymous_key()
        if key in clear:  # the key is an identifier itself: in the lake its token stands, in exports its value
            identifier, value = clear[key]
            (token,) = tokenise(pa.array([new]), identifier, keys).to_pylist()
            written[value] = new
            values[key] = token if token is not None and identifier in _KEY_CLASSES else random_letters(TOKEN_LENGTH)
            keys_new.append((system, key, values[key]))
        else:
            keys_new.append((system, key, new))
            written[key] = new
    for one in person.tokens:
        if one.is_strong:
            values.setdefault(one.token, random_letters(TOKEN_LENGTH))
    return Plan(
        erasure_id=f"e-{secrets.token_hex(6)}",
        customer_id=person.customer_id,
        new_customer_id=f"c_{random_letters(20)}",
        keys=keys_new,
        written_keys=written,
        tokens=[one.token for one in person.tokens if not one.is_shared],
        shared=[one.token for one in person.tokens if one.is_shared],
        values=values,
        clear=[clear[one.token] for one in person.tokens if one.is_strong and one.token in clear],
        subjects=person.subjects,
        leads=_leads(home, keys_new),
    )


def record_replaced(
    connection: Connection, reason: str, path: str, former_path: str, former: str, sha256: str | None, now: datetime
) -> None:
    """Note that a file was written anew: the hash before and after."""
    connection.execute(
        insert(tables.replaced_file).values(
            reason=reason, path=path, former_path=former_path, former_sha256=former, sha256=sha256, replaced_at=now
        )
    )


def _leads(home: Home, keys: Sequence[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """Leads that are their own customer: their id is the person's key."""
    if not has_files(home, "lead"):
        return []
    with duckdb.connect() as connection:
        rows = connection.execute(
            f"select distinct source_system, lead_id from {glob_sql(home, 'lead')} where lead_id = {KEY}"
        ).fetchall()
    new_of = {(system, key): new for system, key, new in keys}
    return [(system, lead, new_of[system, lead]) for system, lead in rows if (system, lead) in new_of]


def _lake(
    home: Home, ledger: Engine, vault: Vault, keys: Keys, contracts: ContractSet, plan: Plan, now: datetime
) -> dict[str, int]:
    batch_id = f"{plan.erasure_id[2:]}{secrets.token_hex(2)}"
    folder = staging_folder(home, batch_id)
    removed: list[LakePart] = []
    staged: list[StagedFile] = []
    rows = rejects = 0
    parts = clean_parts(ledger)
    clean = [part for part in parts if part.entity in load_entities()]
    with duckdb.connect(config={"threads": 2}) as connection:
        connection.execute("set preserve_insertion_order = true")
        substitution = plan.substitution
        substitution.install(connection)
        for part in clean:
            if not load_entities()[part.entity].is_operational:
                substitution.units |= changed_units(connection, home.root / part.path, part.entity)[0]
        substitution.install(connection)
        for number, part in enumerate(clean):
            rule = rule_of(connection, home.root / part.path, part.entity)
            if rule is None:
                continue
            rows += count_hits(connection, home.root / part.path, rule)
            new = rewrite_part(connection, home, part, folder, f"{batch_id}-{number}", replace=rule.replace)
            removed.append(part)
            staged += [new] if new is not None else []
    known = {contract.id: contract for contract in contracts.contracts}
    for number, part in enumerate(part for part in parts if part.entity == REJECTS):
        contract = known.get(part.contract or "")
        cleaner = Cleaner(contract, plan.needles) if contract is not None else None
        count = 0

        def change(_: list[str], cells: list[str | None], cleaner: Cleaner | None = cleaner) -> list[str | None]:
            nonlocal count
            if cleaner is not None and any(cell and cleaner.suspicious.search(cell) for cell in cells):
                count += 1
                return [None] * len(cells)
            return cells

        new = rewrite_rejects(home, part, keys, folder, f"{batch_id}-r{number}", change)
        if count and new is not None:
            removed.append(part)
            staged.append(new)
            rejects += count
        elif new is not None:
            new.path.unlink()
    gone, kept, values = _vault(home, ledger, vault, plan, batch_id)
    removed += gone
    staged += kept

    def also(connection: Connection) -> None:
        for part in removed:
            former = part.sha256 or file_sha256(home.root / part.path)
            record_replaced(connection, plan.erasure_id, part.path, part.path, former, None, now)

    if removed or staged:
        exchange(home, ledger, removed, staged, batch_id, now, also)
    shutil.rmtree(folder, ignore_errors=True)
    return {"lake_files": len(staged), "lake_rows": rows, "rejected_records": rejects, "vault_values": values}


def _vault(
    home: Home, ledger: Engine, vault: Vault, plan: Plan, batch_id: str
) -> tuple[list[LakePart], list[StagedFile], int]:
    """Parts of the vault without the person's values: (parts that go, new ones, values taken out)."""
    counting = {part.path: part for part in list_lake_parts(ledger) if part.entity == VAULT}
    tokens, subjects = pa.array(plan.tokens, pa.string()), pa.array(plan.subjects, pa.string())
    gone: list[LakePart] = []
    kept: list[StagedFile] = []
    count = 0
    for path in vault.parts():
        part = counting.get(str(path.relative_to(home.root)))
        table = pq.read_table(path)
        is_persons = pc.is_in(table["token"], value_set=tokens)
        if "subject" in table.column_names:
            own = pc.fill_null(pc.is_in(table["subject"].cast(pa.string()), value_set=subjects), False)
            is_persons = pc.or_(is_persons, pc.and_(pc.is_valid(table["subject"]), own))
        hits = pc.sum(is_persons).as_py() or 0
        if part is None or not hits:
            continue
        count += hits
        gone.append(part)
        rest = table.filter(pc.invert(is_persons))
        if rest.num_rows:
            new = vault.write(batch_id, rest["identifier"][0].as_py(), rest)
            kept.append(StagedFile(new, VAULT, "", rest.num_rows))
    return gone, kept, count


def _links(home: Home, plan: Plan) -> int:
    changed = 0
    with duckdb.connect(config={"threads": 2}) as connection:
        plan.substitution.install(connection)
        for path in (link_file(home), home.vault / "identity_events.parquet"):
            if path.exists():
                changed += rewrite_in_place(connection, path, "customer_link")
    return changed


def _archive(
    home: Home, ledger: Engine, keys: Keys, contracts: ContractSet, plan: Plan, now: datetime
) -> dict[str, int]:
    known = {contract.id: contract for contract in contracts.contracts}
    files = records = removed = 0
    for path, deliveries in archives(home, ledger):
        former = file_sha256(path)
        contract = next((known[d.contract] for d in deliveries if d.contract in known), None)
        sha256: str | None = None
        try:
            if contract is None:
                raise CannotRewriteError("its contract is no longer there")
            count = rewrite_archived(path, deliveries[0], contract, plan.needles, keys)
            if not count:
                continue
            files, records = files + 1, records + count
            sha256 = file_sha256(path)
        except CannotRewriteError:
            path.unlink()
            removed += 1
        name = str(path.relative_to(home.root))
        with writing(ledger) as connection:
            record_replaced(connection, plan.erasure_id, name, name, former, sha256, now)
            if sha256 is None:
                archived_as = str(path.relative_to(home.archive))
                connection.execute(
                    update(tables.delivery)
                    .where(tables.delivery.c.archived_as == archived_as)
                    .values(archive_removed_at=now)
                )
    return {"archive_files": files, "archive_records": records, "archive_files_removed": removed}


def _remove_warehouse(home: Home) -> bool:
    """The warehouse keeps deleted rows in its free pages: it goes, and the next run builds it from the lake."""
    is_there = home.warehouse.exists()
    for path in (home.warehouse, home.warehouse.with_name(home.warehouse.name + ".wal")):
        path.unlink(missing_ok=True)
    return is_there


def _sealed(plan: Plan, keys: Keys) -> str:
    content = json.dumps(asdict(plan), ensure_ascii=False)
    sealed = encrypt_values(pa.array([content]), pa.array([plan.erasure_id]), keys)[0].as_py()
    return base64.b64encode(sealed).decode()


def _opened(erasure_id: str, sealed: str | None, keys: Keys) -> Plan:
    if sealed is None:
        raise MilepostError("the plan of an erasure is missing", where=erasure_id, remedy="Restore the ledger")
    data = pa.array([base64.b64decode(sealed)], pa.binary())
    content = json.loads(decrypt_values(data, pa.array([erasure_id]), keys, where=erasure_id)[0].as_py())
    for name in ("keys", "clear", "leads", "units"):
        content[name] = [tuple(one) for one in content[name]]
    return Plan(**content)
