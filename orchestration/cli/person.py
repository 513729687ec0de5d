"""`milepost export-person` and `milepost erase`: what is held about one person, and its end.

Belongs here: the commands and choosing the person. Not here: exporting and erasing (`ingestion/person`,
`publishing/erase.py`). An identifier is read from standard input only: arguments stand in the shell's history and in
the list of processes.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ingestion.errors import MilepostError, UsageError
from ingestion.home import Home
from orchestration.cli import common
from orchestration.cli.reveal import PurposeOption, RoleOption

if TYPE_CHECKING:
    from ingestion.person.find import Person
    from ingestion.privacy.keys import Keys
    from ingestion.privacy.vault import Vault

CustomerArgument = Annotated[str | None, typer.Argument(help="Resolved customer id.")]
StdinOption = Annotated[
    bool, typer.Option("--identifier", help="Read a phone number, e-mail address, id or name from standard input.")
]
SourceOption = Annotated[
    str | None, typer.Option("--source", help="Source record as SYSTEM:KEY.", metavar="SYSTEM:KEY")
]


def export_person(
    to: Annotated[Path, typer.Option("--to", help="New file to write: .json or .html.", metavar="FILE")],
    customer_id: CustomerArgument = None,
    is_identifier: StdinOption = False,
    source: SourceOption = None,
    role: RoleOption = None,
    purpose: PurposeOption = None,
    home: common.HomeOption = None,
) -> None:
    """Write everything held about one person, with its sources, to a file that only you can read."""
    from ingestion.contracts.loader import contracts_of
    from ingestion.person.export import as_html, as_json
    from ingestion.person.export import export_person as gather
    from ingestion.privacy.vault import Vault
    from orchestration import audit
    from orchestration.roles import checked_role
    from orchestration.session import load_home_keys, utc_now
    from orchestration.settings import PROJECT_DIR, load_settings

    place = common.existing_home(home)
    checked_role(load_settings(place), role, purpose, is_whole_person=True)
    if to.suffix not in (".json", ".html"):
        raise UsageError("the file to write is neither .json nor .html", where=str(to))
    if to.exists():
        raise UsageError("exists already", where=str(to), remedy="Name a new file")
    if any(to.resolve().is_relative_to(folder) for folder in (place.root, PROJECT_DIR)):
        raise UsageError("lies in the home or the project", where=str(to), remedy="Name a file elsewhere")
    keys = load_home_keys(place)
    with common.the_ledger(place) as ledger, common.locked(place):
        vault = Vault(place.vault, keys)
        person = _chosen(place, vault, keys, customer_id, is_identifier, source)
        audit.record(
            place, ledger, keys, action="export person", role=str(role), purpose=str(purpose), now=utc_now(),
            details={"customer_id": person.customer_id, "source_records": len(person.records)},
        )  # fmt: skip
        document = gather(place, ledger, vault, keys, contracts_of(place), person, utc_now())
    to.touch(mode=0o600)
    to.write_text(as_html(document) if to.suffix == ".html" else as_json(document), encoding="utf-8")
    records = sum(len(rows) for rows in document["records"].values())
    common.say(f"{to}: {len(document['identifiers'])} identifiers, {records} records")


def erase(
    customer_id: CustomerArgument = None,
    is_identifier: StdinOption = False,
    source: SourceOption = None,
    role: RoleOption = None,
    purpose: PurposeOption = None,
    is_sure: Annotated[
        bool, typer.Option("--yes", help="Do it. Without this, only what would be erased is told.")
    ] = False,
    is_resuming: Annotated[bool, typer.Option("--resume", help="Complete erasures that were broken off.")] = False,
    form: common.FormatOption = common.Format.TABLE,
    home: common.HomeOption = None,
) -> int:
    """Erase one person everywhere: vault, lake, rejects, archive, warehouse, all versions; a second scan confirms."""
    from ingestion.person import erase as erasing
    from ingestion.privacy.vault import Vault
    from orchestration import audit
    from orchestration.roles import checked_role
    from orchestration.session import load_home_keys, utc_now
    from orchestration.settings import load_settings

    place = common.existing_home(home)
    checked_role(load_settings(place), role, purpose, is_whole_person=True)
    keys = load_home_keys(place)
    with common.the_ledger(place) as ledger, common.locked(place):
        vault = Vault(place.vault, keys)
        waiting = erasing.unfinished(ledger, keys)
        reports = [_carry_out(place, ledger, vault, keys, plan) for plan in waiting]
        if not is_resuming:
            person = _chosen(place, vault, keys, customer_id, is_identifier, source)
            if not is_sure:
                common.field_list(_told(person))
                common.say("nothing was erased: repeat with --yes to erase this person for good")
                return common.DONE
            audit.record(
                place, ledger, keys, action="erase person", role=str(role), purpose=str(purpose), now=utc_now(),
                details={"customer_id": person.customer_id, "source_records": len(person.records)},
            )  # fmt: skip
            plan = erasing.begin(place, ledger, vault, keys, person, str(purpose), utc_now())
            reports.append(_carry_out(place, ledger, vault, keys, plan))
    rows = [(report["erasure_id"], what, count) for report in reports for what, count in report["counts"].items()]
    common.emit(["erasure", "what", "count"], rows, form, title="erased")
    left = {what: count for report in reports for what, count in report["left"].items()}
    if left:
        raise MilepostError(
            "the second scan still finds something: " + ", ".join(f"{n} {what}" for what, n in left.items()),
            remedy="Run `milepost erase --resume` again; if it stays, report it",
        )
    if form is common.Format.TABLE:
        common.say(
            "the second scan finds nothing; `milepost run` builds the warehouse anew"
            if reports
            else "nothing to resume"
        )
    return common.DONE


def _carry_out(place: Home, ledger: Any, vault: Vault, keys: Keys, plan: Any) -> dict[str, Any]:
    """Carry out a plan and scan a second time; completed only where nothing is left."""
    from ingestion.contracts.loader import contracts_of
    from ingestion.person import erase as erasing
    from ingestion.person.verify import remains
    from orchestration.session import utc_now
    from publishing.erase import erase_published

    now, contracts = utc_now(), contracts_of(place)
    counts = erasing.carry_out(
        place, ledger, vault, keys, contracts, plan, now,
        lambda substitution, reason: erase_published(place, ledger, substitution, reason, now),
    )  # fmt: skip
    left = remains(place, ledger, vault, keys, contracts, plan)
    report = {"erasure_id": plan.erasure_id, "counts": {**counts, "shared_kept": len(plan.shared)}, "left": left}
    if not left:
        erasing.complete(ledger, plan, report, utc_now())
    return report


def _chosen(
    place: Home, vault: Vault, keys: Keys, customer_id: str | None, is_identifier: bool, source: str | None
) -> Person:
    """The one person that is meant; UsageError where none or several are."""
    from ingestion.person.find import find_by_id, find_by_identifier, find_by_key

    if sum((customer_id is not None, is_identifier, source is not None)) != 1:
        raise UsageError("name the person: a customer id, --source SYSTEM:KEY, or --identifier and standard input")
    if customer_id is not None:
        return find_by_id(place, vault, customer_id)
    if source is not None:
        system, _, key = source.partition(":")
        if not key:
            raise UsageError("--source is not SYSTEM:KEY")
        person = find_by_key(place, vault, system, key)
        if person.customer_id is None:
            raise UsageError("there is no such source record", where=source)
        return person
    if sys.stdin.isatty():
        import getpass

        value = getpass.getpass("identifier: ")
    else:
        value = sys.stdin.readline()
    found = find_by_identifier(place, vault, keys, value.strip())
    if not found:
        raise UsageError("nobody is held under this identifier")
    if len(found) > 1:
        ids = ", ".join(str(person.customer_id) for person in found[:20])
        raise UsageError(f"{len(found)} persons have this identifier: {ids}", remedy="Name one by its customer id")
    return found[0]


def _told(person: Person) -> dict[str, Any]:
    return {
        "customer_id": person.customer_id,
        "source records": ", ".join(sorted({system for system, _ in person.records})) + f" ({len(person.records)})",
        "identifiers": len(person.tokens),
        "shared with others (kept for them)": sum(token.is_shared for token in person.tokens),
    }
