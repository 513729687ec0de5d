"""Parsing the dbt project once, so that nothing is parsed when definitions are loaded.

Belongs here: making `dbt_project/target/manifest.json`, telling whether it is that of the project as it is now, and
giving a home the folder through which dbt takes that parse over.
Set-up calls `python -m orchestration.prepare`; the command line calls `ensure_manifest` before it loads definitions.
Not here: running dbt for a home (`transform.py`).
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from ingestion.errors import MilepostError
from ingestion.home import Home
from orchestration.settings import DBT_PROJECT_DIR

TARGET = DBT_PROJECT_DIR / "target"
MANIFEST = TARGET / "manifest.json"
FINGERPRINT = TARGET / "project.sha256"
#: A home as seen from the folder `dbt/dbt_project` in it, where runs have dbt work (`link_project`).
HOME_FROM_PROJECT = "../.."
#: What dbt keeps of a parse, and how many of them are kept for homes that set business numbers.
PARSED, KEPT_PARSES = "partial_parse.msgpack", 5
SOURCES = ("models", "macros", "seeds", "tests", "snapshots", "analyses")


@cache
def project_fingerprint(folder: Path = DBT_PROJECT_DIR) -> str:
    """SHA-256 over names and contents of everything that dbt parses."""
    digest = hashlib.sha256()
    files = [folder / "dbt_project.yml"]
    files += [path for source in SOURCES for path in sorted((folder / source).rglob("*")) if path.is_file()]
    for path in files:
        digest.update(str(path.relative_to(folder)).encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def is_prepared() -> bool:
    """Whether the manifest is that of the project as it is now."""
    return (
        MANIFEST.exists()
        and FINGERPRINT.exists()
        and FINGERPRINT.read_text(encoding="ascii").strip() == project_fingerprint()
    )


def ensure_manifest() -> Path:
    """The manifest, parsed anew where the project has changed since."""
    if not is_prepared():
        parse()
    return MANIFEST


def parse() -> None:
    """Parse the project; MilepostError with dbt's own words where it does not parse."""
    TARGET.mkdir(parents=True, exist_ok=True)
    fingerprint = project_fingerprint()
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("dbt")),
            "--quiet",
            "--no-use-colors",
            "--no-send-anonymous-usage-stats",
            "parse",
            "--project-dir",
            str(DBT_PROJECT_DIR),
            "--profiles-dir",
            str(DBT_PROJECT_DIR),
        ],
        env={
            **os.environ,
            # parsing opens no database; runs give the same relative path and take over the parse as it is
            "MILEPOST_DBT_HOME": HOME_FROM_PROJECT,
            "DBT_TARGET_PATH": str(TARGET),
            "DBT_LOG_PATH": str(TARGET),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise MilepostError(
            f"the dbt project does not parse:\n{(done.stdout + done.stderr).strip()}",
            where=str(DBT_PROJECT_DIR),
            remedy="Correct the file that dbt names",
        )
    FINGERPRINT.write_text(fingerprint + "\n", encoding="ascii")


def take_parse(target: Path, overrides: Mapping[str, Any]) -> None:
    """Give a home without one a parse of the project, so that its first run starts from it.

    dbt takes over only a parse that was made with the same variables: there is one for each set of business numbers
    that a home has run with, beside that of the shipped ones.
    """
    target.mkdir(parents=True, exist_ok=True)
    if (target / PARSED).exists():
        return
    for parsed in (_kept_parse(overrides), TARGET / PARSED):
        if parsed.exists():
            shutil.copyfile(parsed, target / PARSED)
            return


def keep_parse(target: Path, overrides: Mapping[str, Any]) -> None:
    """Keep a home's parse for other homes with the same business numbers; the newest few are kept."""
    kept, parsed = _kept_parse(overrides), target / PARSED
    if not overrides or kept.exists() or not parsed.exists() or not os.access(TARGET, os.W_OK):
        return
    kept.parent.mkdir(exist_ok=True)
    unfinished = kept.with_name(f".{kept.name}.{os.getpid()}")
    shutil.copyfile(parsed, unfinished)
    unfinished.replace(kept)
    by_age = sorted(kept.parent.glob("*.msgpack"), key=lambda path: path.stat().st_mtime)
    for path in by_age[:-KEPT_PARSES]:
        path.unlink(missing_ok=True)


def _kept_parse(overrides: Mapping[str, Any]) -> Path:
    text = json.dumps([project_fingerprint(), overrides], default=str, sort_keys=True)
    return TARGET / "parses" / f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.msgpack"


def link_project(home: Home) -> Path:
    """A folder in the home through which dbt sees its project: links to the project's files.

    From there every home has the same relative path. dbt parses a project anew where its profile has changed, and a
    path to the warehouse is part of the profile: with this folder the parse of set-up serves all homes.
    """
    folder = linked_project(home)
    folder.mkdir(parents=True, exist_ok=True)
    for path in DBT_PROJECT_DIR.iterdir():
        link = folder / path.name
        if path.name in SOURCES or path.name == "inference" or path.suffix == ".yml":
            if link.is_symlink() and link.readlink() != path:  # the project was moved
                link.unlink()
            if not link.is_symlink():
                link.symlink_to(path)
    return folder


def linked_project(home: Home) -> Path:
    # named as the original: Python models import it from the folder above
    return home.dbt_target / DBT_PROJECT_DIR.name


def main() -> int:
    """Set-up: parse where needed, say what was done."""
    if is_prepared():
        return 0
    try:
        parse()
    except MilepostError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write("dbt project parsed\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
