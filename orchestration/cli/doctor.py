"""`milepost doctor`: what is missing or wrong on this machine, with the remedy.

Belongs here: checks of the machine and the home that need no run. Not here: checks of data.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ingestion.errors import MilepostError, TransientError
from ingestion.home import Home
from orchestration.cli import common

LOW_DISK = 2 * 2**30


@dataclass(frozen=True)
class Finding:
    """`is_well` None: worth knowing, no fault."""

    what: str
    is_well: bool | None
    detail: str
    remedy: str = ""


def doctor(form: common.FormatOption = common.Format.TABLE, home: common.HomeOption = None) -> int:
    """Check this machine and the home; ends with 1 when something is wrong."""
    place = common.the_home(home)
    findings = [finding for check in CHECKS for finding in _run(check, place)]
    marks = {True: "ok", False: "wrong", None: "note"}
    rows = [[marks[f.is_well], f.what, f.detail, "" if f.is_well else f.remedy] for f in findings]
    common.emit(["", "what", "found", "remedy"], rows, form)
    return common.FAILED if any(f.is_well is False for f in findings) else common.DONE


def _run(check: Callable[[Home], Iterator[Finding]], home: Home) -> list[Finding]:
    try:
        return list(check(home))
    except MilepostError as error:
        return [
            Finding(check.__name__.strip("_"), False, f"{error.where or ''} {error.what}".strip(), error.remedy or "")
        ]
    except OSError as error:
        return [Finding(check.__name__.strip("_"), False, error.strerror or type(error).__name__, "Check permissions")]


def _python(_home: Home) -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("Python", sys.version_info >= (3, 11), version, "Install Python 3.11 or newer and run make again")


def _packages(_home: Home) -> Iterator[Finding]:
    from importlib import metadata

    from packaging.requirements import Requirement

    wrong = []
    requirements = metadata.requires("milepost") or []
    for text in requirements:
        requirement = Requirement(text)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            installed = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            wrong.append(f"{requirement.name} is missing")
            continue
        if not requirement.specifier.contains(installed, prereleases=True):
            wrong.append(f"{requirement.name} {installed} is not {requirement.specifier}")
    yield Finding("packages", not wrong, "; ".join(wrong) or f"{len(requirements)} as declared", "make setup")


def _settings(home: Home) -> Iterator[Finding]:
    from orchestration.settings import load_settings

    settings = load_settings(home)
    names = ", ".join(sorted(settings.set_here)) or "all as shipped"
    yield Finding("settings", True, names)


def _key(home: Home) -> Iterator[Finding]:
    from orchestration.session import load_home_keys

    keys = load_home_keys(home)
    yield Finding("key", True, f"fingerprint {keys.fingerprint}")


def _home(home: Home) -> Iterator[Finding]:
    if not home.root.exists():
        yield Finding("home", None, f"{home.root} is not there yet", "milepost demo or milepost run makes it")
        return
    is_writable = os.access(home.root, os.W_OK | os.X_OK)
    yield Finding("home", is_writable, str(home.root), "Give the user that runs Milepost write access")
    for path in (home.archive, home.rejects, home.vault):
        if path.exists() and path.stat().st_mode & 0o077:
            yield Finding("permissions", False, f"{path} can be read by others", f"chmod 700 {path}")


def _disk(home: Home) -> Iterator[Finding]:
    place = home.root
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    yield Finding("disk", free > LOW_DISK, f"{free / 2**30:.1f} GB free", "Free space, or lower keep_versions")


def _lock(home: Home) -> Iterator[Finding]:
    from ingestion.lock import holder, home_lock

    if not home.root.exists():
        return
    try:
        with home_lock(home, "milepost doctor"):
            yield Finding("lock", True, "free")
    except TransientError:
        yield Finding("lock", None, holder(home) or "held by another process", "wait for that run, or stop it")


def _dbt(_home: Home) -> Iterator[Finding]:
    from orchestration import prepare

    dbt = Path(sys.executable).with_name("dbt")
    yield Finding("dbt", dbt.exists(), str(dbt), "make setup")
    ready = prepare.is_prepared()
    yield Finding(
        "dbt manifest",
        ready or None,
        "parsed" if ready else "of another state of the project",
        "" if ready else "the next run parses it anew",
    )


def _ledger(home: Home) -> Iterator[Finding]:
    if home.ledger.exists():
        from ingestion.ledger.engine import schema_version

        with common.the_ledger(home) as ledger:
            yield Finding("ledger", True, f"schema {schema_version(ledger)}")


def _contracts(home: Home) -> Iterator[Finding]:
    from ingestion.contracts.loader import contracts_of

    yield Finding("contracts", True, f"{len(contracts_of(home).contracts)} valid")


def _catalog(home: Home) -> Iterator[Finding]:
    if not home.current.is_symlink():
        yield Finding("published", None, "nothing yet", "milepost run")
        return
    import duckdb

    try:
        with common.the_catalog(home) as connection:
            views = connection.execute(
                "select schema_name, view_name from duckdb_views() where not internal"
            ).fetchall()
            for schema, name in views:
                connection.execute(f'select * from "{schema}"."{name}" limit 0')
    except duckdb.Error:
        yield Finding(
            "published", False, f"{home.current.resolve()} cannot be read", "milepost versions relocate, or rollback"
        )
        return
    yield Finding("published", True, f"{home.current.resolve().name}, {len(views)} marts")


def _audit(home: Home) -> Iterator[Finding]:
    if not home.ledger.exists():
        return
    from orchestration import audit
    from orchestration.session import load_home_keys

    with common.the_ledger(home) as ledger:
        faults = audit.check(home, ledger, load_home_keys(home))
    for fault in faults[:5]:
        yield Finding("audit log", False, f"line {fault.line} {fault.what}", "Restore it, and find out who changed it")
    if not faults:
        yield Finding("audit log", True, f"{len(audit.read(home))} lines, whole")


def _privacy(home: Home) -> Iterator[Finding]:
    if not home.ledger.exists() or not home.vault.exists():
        return
    from ingestion.contracts.loader import contracts_of
    from ingestion.person.erase import unfinished
    from ingestion.privacy.places import DATA_PLACES, RUN_PLACES, scan_places
    from ingestion.privacy.rotate import is_rotating, versions_in_use
    from ingestion.privacy.vault import Vault
    from orchestration.pipeline import phone_regions
    from orchestration.session import load_home_keys

    keys = load_home_keys(home)
    with common.the_ledger(home) as ledger:
        waiting = len(unfinished(ledger, keys))
    if waiting:
        yield Finding("erasure", False, f"{waiting} broken off", "milepost erase --resume")
    if is_rotating(home):
        yield Finding("keys", False, "a rotation of the token key was broken off", "milepost keys rotate --tokens")
        return
    former = sum(count for version, count in versions_in_use(home).items() if version != keys.active_version)
    if former:
        yield Finding("keys", None, f"{former} files under former versions", "milepost keys rotate")
    places, regions = (*RUN_PLACES, *DATA_PLACES), phone_regions(contracts_of(home))
    found = scan_places(home, keys, Vault(home.vault, keys), places, phone_regions=regions)
    for finding in found[:10]:
        yield Finding("personal data", False, str(finding), "Remove the file, and report what wrote it")
    if len(found) > 10:
        yield Finding("personal data", False, f"{len(found) - 10} more files", "")
    if not found:
        yield Finding("personal data", True, "none in clear in any file since the last look")


CHECKS = (
    _python,
    _packages,
    _settings,
    _key,
    _home,
    _disk,
    _lock,
    _dbt,
    _ledger,
    _contracts,
    _catalog,
    _audit,
    _privacy,
)
