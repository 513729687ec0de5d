"""`milepost reveal` and `milepost audit`: clear values by role and purpose, and who has read what.

Belongs here: the commands. Not here: roles (`orchestration/roles.py`), the log (`orchestration/audit.py`), reading
(`ingestion/person/reveal.py`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ingestion.errors import UsageError
from orchestration.cli import common

RoleOption = Annotated[str | None, typer.Option("--role", help="Role of milepost.yml in which you ask.")]
PurposeOption = Annotated[str | None, typer.Option("--purpose", help="What for: one of the role's purposes.")]


def reveal(
    customer_id: Annotated[str | None, typer.Argument(help="Resolved customer id.")] = None,
    customers: Annotated[
        Path | None, typer.Option("--list", help="File with a customer id on each line.", metavar="FILE")
    ] = None,
    role: RoleOption = None,
    purpose: PurposeOption = None,
    classes: Annotated[
        list[str] | None, typer.Option("--class", help="Only this class (name, phone, ...); may be repeated.")
    ] = None,
    form: common.FormatOption = common.Format.TABLE,
    home: common.HomeOption = None,
) -> None:
    """Read back clear values of one customer or a list; every call is entered into the audit log first."""
    from ingestion.person.reveal import reveal as read_back
    from ingestion.privacy.vault import Vault
    from orchestration import audit
    from orchestration.roles import EVERY_CLASS, checked_role
    from orchestration.session import load_home_keys, utc_now
    from orchestration.settings import load_settings

    if (customer_id is None) == (customers is None):
        raise UsageError("name one customer, or a file with --list")
    place = common.existing_home(home)
    settings = load_settings(place)
    asked = checked_role(settings, role, purpose, classes=classes or (), is_list=customers is not None)
    wanted = classes or (None if EVERY_CLASS in asked.classes else list(asked.classes))
    ids = [customer_id] if customer_id is not None else _ids(customers)
    keys = load_home_keys(place)
    with common.the_ledger(place) as ledger:
        vault = Vault(place.vault, keys)
        audit.record(
            place, ledger, keys, action="reveal", role=str(role), purpose=str(purpose), now=utc_now(),
            details={"customers": len(ids), "classes": wanted or ["*"], "ids": ids[:1000]},
        )  # fmt: skip
        found = read_back(place, vault, keys, [one for one in ids if one], wanted)
    common.emit(["customer_id", "class", "value"], [(f.customer_id, f.identifier, f.value) for f in found], form)


def log(
    last: Annotated[int, typer.Option("--last", min=1, help="Lines shown at most.")] = 50,
    form: common.FormatOption = common.Format.TABLE,
    home: common.HomeOption = None,
) -> int:
    """Who has read back, exported or erased what, and whether the log is whole; ends with 1 when it is not."""
    from orchestration import audit
    from orchestration.session import load_home_keys

    place = common.existing_home(home)
    with common.the_ledger(place) as ledger:
        faults = audit.check(place, ledger, load_home_keys(place))
        lines = audit.read(place)[-last:] if not any(fault.line == 0 for fault in faults) else []
    rows = [
        (line["number"], line["at"], line["actor"], line["role"], line["action"], line["purpose"],
         line["details"] if form is common.Format.JSON else _told(line["details"]))
        for line in lines
    ]  # fmt: skip
    common.emit(["number", "at", "actor", "role", "action", "purpose", "details"], rows, form, title="audit log")
    for fault in faults:
        common.console(stderr=True).print(f"line {fault.line}: {fault.what}", markup=False)
    return common.FAILED if faults else common.DONE


def _told(details: dict[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in details.items() if name != "ids")


def _ids(path: Path | None) -> list[str]:
    assert path is not None
    try:
        lines = path.read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the list cannot be read ({type(error).__name__})", where=str(path)) from None
    if not lines:
        raise UsageError("the list is empty", where=str(path))
    return lines
