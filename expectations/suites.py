"""Suites as files: reading and checking them.

Belongs here: the form of a suite file. Not here: running one (`validation.py`), what it is about (the files).

A suite is a JSON file in Great Expectations' own form: `clean/<entity>.json`, `marts/<schema>.<mart>.json`.
Every expectation has a `description` in the users' words, and in `meta` a `name` (unique in its suite) and a
`severity`: critical closes the gate (holds the delivery), warning is reported.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from expectations.results import CRITICAL, WARNING
from ingestion.errors import MilepostError

SUITES = Path(__file__).parent / "suites"


@dataclass(frozen=True)
class Expectation:
    """One expectation: `type` and `kwargs` are Great Expectations' own."""

    name: str
    type: str
    kwargs: Mapping[str, Any]
    description: str
    severity: str


@dataclass(frozen=True)
class Suite:
    name: str
    expectations: tuple[Expectation, ...]


def read_suites(folder: Path) -> dict[str, Suite]:
    """All suites of a folder by name; MilepostError lists every mistake."""
    suites, mistakes = {}, []
    for path in sorted(folder.glob("*.json")):
        suite, found = _read(path)
        mistakes += found
        if suite is not None:
            suites[suite.name] = suite
    if mistakes:
        raise MilepostError("suites are not valid: " + "; ".join(mistakes), where=str(folder))
    return suites


def suites_hash(folder: Path) -> str:
    """SHA-256 over the names and contents of all suite files below a folder."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.json")):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _read(path: Path) -> tuple[Suite | None, list[str]]:
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        return None, [f"{path.name}: not JSON ({error})"]
    mistakes: list[str] = []
    if raw.get("name") != path.stem:
        mistakes.append(f"{path.name}: its name is {raw.get('name')}")
    expectations: list[Expectation] = []
    for position, item in enumerate(raw.get("expectations", []), start=1):
        meta = item.get("meta", {})
        name = meta.get("name") or f"number {position}"
        where = f"{path.name}, {name}"
        if not meta.get("name"):
            mistakes.append(f"{where}: no name")
        if not item.get("description"):
            mistakes.append(f"{where}: no description")
        if meta.get("severity") not in (CRITICAL, WARNING):
            mistakes.append(f"{where}: severity is neither {CRITICAL} nor {WARNING}")
        if name in {known.name for known in expectations}:
            mistakes.append(f"{where}: the name is there twice")
        expectations.append(
            Expectation(
                name,
                item.get("type", ""),
                item.get("kwargs", {}),
                item.get("description", ""),
                meta.get("severity", ""),
            )
        )
    if not expectations:
        mistakes.append(f"{path.name}: no expectation")
    return Suite(path.stem, tuple(expectations)), mistakes
