"""`milepost keys`: which keys a home needs, making new ones, putting them into use.

Belongs here: the commands. Not here: keys (`ingestion/privacy/keys.py`), rotating (`ingestion/rotation.py`). No key is
ever printed.
"""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ingestion.errors import UsageError
from ingestion.home import Home
from orchestration.cli import common
from orchestration.cli.reveal import PurposeOption, RoleOption

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from ingestion.privacy.keys import Keys

#: Files that are re-encrypted before a waiting run gets the lock.
FILES_AT_ONCE = 50

app = typer.Typer(no_args_is_help=True, help="Keys for personal data: what is in use, new ones, rotation.")


@app.command("status")
def status(form: common.FormatOption = common.Format.TABLE, home: common.HomeOption = None) -> int:
    """Which keys are given and which files need which version; ends with 1 where a version is missing."""
    from ingestion.privacy.rotate import is_rotating, versions_in_use
    from orchestration.session import load_home_keys

    place = common.existing_home(home)
    keys = load_home_keys(place)
    used = versions_in_use(place)
    rows = [
        ("token key", keys.fingerprint, "in use", None),
        *([("token key", keys.next_fingerprint, "to come", None)] if keys.next_fingerprint else []),
        *(
            ("encryption key", str(version), _state(version, keys.active_version, version in keys.encryption_keys),
             used.get(version, 0))
            for version in sorted({*keys.encryption_keys, *used})
        ),
    ]  # fmt: skip
    common.emit(["key", "name", "state", "files"], rows, form)
    if is_rotating(place):
        common.say("a rotation of the token key was broken off: `milepost keys rotate --tokens` completes it")
    return common.FAILED if set(used) - set(keys.encryption_keys) else common.DONE


@app.command("new")
def new(
    is_token: Annotated[bool, typer.Option("--tokens", help="A next token key, not a next encryption key.")] = False,
    to: Annotated[
        Path | None, typer.Option("--to", help="New key file (else MILEPOST_KEY_FILE is replaced).", metavar="FILE")
    ] = None,
    home: common.HomeOption = None,
) -> None:
    """Add a random key to the key file, to be put into use by `milepost keys rotate`. Keep a copy of the file."""
    from ingestion.privacy.keys import with_new_token_key, with_new_version, write_key_file
    from orchestration.session import load_home_keys

    place = common.the_home(home)
    keys = load_home_keys(place)
    changed = with_new_token_key(keys) if is_token else with_new_version(keys)
    target = to or _key_file(place)
    if target is None:
        raise UsageError(
            "the key does not come from a key file that could be replaced",
            remedy="Name a new one with --to FILE, then set MILEPOST_KEY_FILE to it (or hand it to your key store)",
        )
    _outside(place.root, target)
    write_key_file(target, changed, replace_file=to is None)
    common.say(f"{target}: {'a next token key' if is_token else f'encryption key {changed.active_version}'} was added")
    if to is not None:
        common.say("set MILEPOST_KEY_FILE to it (and no other key), then run `milepost keys rotate`")


@app.command("rotate")
def rotate(
    is_token: Annotated[bool, typer.Option("--tokens", help="Put the next token key into use.")] = False,
    role: RoleOption = None,
    purpose: PurposeOption = None,
    form: common.FormatOption = common.Format.TABLE,
    home: common.HomeOption = None,
) -> None:
    """Re-encrypt everything with the active key, or (--tokens) make all tokens anew. Killed, repeat it: it goes on."""
    from orchestration import audit
    from orchestration.roles import checked_role
    from orchestration.session import load_home_keys, utc_now
    from orchestration.settings import load_settings

    place = common.existing_home(home)
    checked_role(load_settings(place), role, purpose, is_whole_person=True)
    keys = load_home_keys(place)
    if is_token and keys.next_token_key is None:
        raise UsageError("there is no next token key", remedy="`milepost keys new --tokens` makes one")
    with common.the_ledger(place) as ledger:
        now = utc_now()
        audit.record(
            place, ledger, keys, action="rotate keys", role=str(role), purpose=str(purpose), now=now,
            details={"kind": "token" if is_token else "encryption"},
        )  # fmt: skip
        rows = _tokens(place, ledger, keys, now) if is_token else [("files re-encrypted", _files(place, ledger, keys))]
    common.emit(["what", "count"], rows, form, title="rotated")
    if is_token and form is common.Format.TABLE:
        common.say("the former token key stays in the key file: the list of erased persons is compared under it")


def _files(place: Home, ledger: Engine, keys: Keys) -> int:
    """Re-encrypt a few files at a time: between them a waiting run gets the lock."""
    from ingestion.rotation import rotate_encryption
    from orchestration.session import utc_now

    count = 0
    while True:
        with common.locked(place):
            done = rotate_encryption(place, ledger, keys, utc_now(), limit=FILES_AT_ONCE)
        count += done
        if done < FILES_AT_ONCE:
            return count


def _tokens(place: Home, ledger: Engine, keys: Keys, now: datetime) -> list[tuple[str, int]]:
    from ingestion.privacy.keys import write_key_file
    from ingestion.rotation import rotate_tokens
    from publishing.erase import rewrite_published

    reason = f"tokens {keys.next_fingerprint}"
    with common.locked(place):
        after, report = rotate_tokens(
            place, ledger, keys, now, lambda rewrite: rewrite_published(place, ledger, rewrite, reason, now)
        )
    target = _key_file(place)
    if target is not None:
        write_key_file(target, after, replace_file=True)
    return [(what.replace("_", " "), count) for what, count in report.items()]


def _state(version: int, active: int, is_given: bool) -> str:
    if not is_given:
        return "missing"
    return "active" if version == active else "former"


def _key_file(place: Home) -> Path | None:
    """The key file in use, where it is one that holds JSON and so may hold several keys."""
    from ingestion.privacy.keys import KEY_FILE_VARIABLE
    from orchestration import demo_home

    marker = demo_home.read_marker(place)
    named = marker.key_file if marker is not None else os.environ.get(KEY_FILE_VARIABLE, "").strip()
    path = Path(named).expanduser() if named else None
    return path if path is not None and path.read_text(encoding="ascii").lstrip().startswith("{") else None


def _outside(root: Path, target: Path) -> None:
    from orchestration.settings import PROJECT_DIR

    if any(target.resolve().is_relative_to(folder.resolve()) for folder in (root, PROJECT_DIR)):
        raise UsageError("lies beside what the key protects", where=str(target), remedy="Name a file elsewhere")
