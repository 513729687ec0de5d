"""Who may read personal data back: by role and purpose, as `milepost.yml` says.

Belongs here: checking a request against the roles. Not here: the roles' shape (`settings.py`), the audit log.
"""

from __future__ import annotations

from collections.abc import Collection

from ingestion.errors import UsageError
from orchestration import audit
from orchestration.settings import Role, Settings

EVERY_CLASS = "*"


def checked_role(
    settings: Settings,
    role: str | None,
    purpose: str | None,
    *,
    classes: Collection[str] = (),
    is_list: bool = False,
    is_whole_person: bool = False,
) -> Role:
    """The role, where it may do what is asked for that purpose; UsageError says what it may not."""
    roles = settings.technical.privacy.roles
    if not role or role not in roles:
        known = ", ".join(sorted(roles)) or "none"
        raise UsageError(
            "no role is given" if not role else f"there is no role {role}", remedy=f"Name one with --role: {known}"
        )
    found = roles[role]
    if not purpose or not purpose.strip():
        raise UsageError("no purpose is given", where=f"role {role}", remedy=_purposes(found))
    if found.purposes and purpose not in found.purposes:
        raise UsageError(f"{purpose} is no purpose of this role", where=f"role {role}", remedy=_purposes(found))
    if found.users and audit.actor() not in found.users:
        raise UsageError(f"{audit.actor()} does not have this role", where=f"role {role}")
    refused = sorted(set(classes) - set(found.classes)) if EVERY_CLASS not in found.classes else []
    if refused:
        raise UsageError(
            f"may not see {', '.join(refused)}",
            where=f"role {role}",
            remedy=f"Ask for: {', '.join(found.classes) or 'nothing'}",
        )
    if is_list and not found.lists:
        raise UsageError("may read back one customer at a time, no list", where=f"role {role}")
    if is_whole_person and not found.persons:
        raise UsageError("may not export or erase persons, nor rotate keys", where=f"role {role}")
    return found


def _purposes(role: Role) -> str:
    return (
        f"Say what for with --purpose: {', '.join(role.purposes)}" if role.purposes else "Say what for with --purpose"
    )
