"""The audit log of everything that reads personal data back or changes it: each line is chained to the one before.

Belongs here: writing a line, checking the chain. Not here: who may do what (`roles.py`), doing it.

`audit/audit.jsonl` in the home holds one JSON object a line: number, time, actor, role, action, purpose, details
(counts and pseudonymous ids, never a clear value), the hash of the line before, a seal and the line's own hash. The
seal is an HMAC under a key derived from the encryption key of the version named: without the keys no line can be made.
The ledger keeps the hash of every line as well, so that lines cut off at the end are missed too.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
import pwd
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Engine, insert, select

from ingestion.errors import MilepostError
from ingestion.home import Home
from ingestion.ledger.engine import writing
from ingestion.ledger.tables import audit_head
from ingestion.privacy.keys import Keys

FIRST = "0" * 64


@dataclass(frozen=True)
class AuditFault:
    """What is wrong with the log, and at which line (from 1)."""

    line: int
    what: str


def audit_file(home: Home) -> Path:
    """The log of a home."""
    return home.root / "audit" / "audit.jsonl"


def actor() -> str:
    """Who is acting, as the machine knows it: by the process's user, whatever the environment says."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # no such user in this container
        return f"uid {os.getuid()}"


def record(
    home: Home,
    ledger: Engine,
    keys: Keys,
    *,
    action: str,
    role: str,
    purpose: str,
    details: Mapping[str, Any],
    now: datetime,
) -> int:
    """Append a line, durably, before what it tells of is done; returns its number.

    MilepostError where the log is not whole: then nothing is read back until somebody has looked.
    """
    with _locked(home) as path:
        if faults := check(home, ledger, keys):
            raise MilepostError(
                f"the audit log is not whole: line {faults[0].line} {faults[0].what}",
                where=str(path),
                remedy="Restore the log before personal data are read back; `milepost audit` tells what is wrong",
            )
        lines, heads = _lines(path), _heads(ledger)
        if len(lines) == len(heads) + 1:  # a process ended between file and ledger: the line's seal is good
            _anchor(ledger, len(lines), lines[-1]["hash"], now)
        line: dict[str, Any] = {
            "number": len(lines) + 1,
            "at": now.isoformat(timespec="seconds"),
            "actor": actor(),
            "role": role,
            "action": action,
            "purpose": purpose,
            "details": dict(details),
            "key_version": keys.active_version,
            "previous": lines[-1]["hash"] if lines else FIRST,
        }
        line["seal"] = _seal(line, keys.active_key)
        line["hash"] = _hash(line)
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False, sort_keys=True) + "\n")
            file.flush()
            os.fsync(file.fileno())
        _anchor(ledger, line["number"], line["hash"], now)
        return int(line["number"])


def read(home: Home) -> list[dict[str, Any]]:
    """The log's lines, oldest first."""
    return _lines(audit_file(home))


def check(home: Home, ledger: Engine, keys: Keys | None) -> list[AuditFault]:
    """What is wrong with the log: lines altered, removed, exchanged or added, at the end as well.

    Without keys, or for lines of key versions that are no longer there, seals are not checked; the chain always is.
    """
    path = audit_file(home)
    heads = _heads(ledger)
    try:
        lines = _lines(path)
    except MilepostError as error:
        return [AuditFault(0, error.what)]
    faults = [AuditFault(place + 1, fault) for place in range(len(lines)) if (fault := _fault_of(lines, place, keys))]
    faults += [
        AuditFault(number, "is not the line that the ledger knows")
        for number, known in heads.items()
        if number <= len(lines) and lines[number - 1].get("hash") != known
    ]
    if len(lines) < len(heads):
        faults.append(AuditFault(len(lines) + 1, f"{len(heads) - len(lines)} lines are missing at the end"))
    if len(lines) > len(heads) + 1:
        faults.append(AuditFault(len(heads) + 1, "lines that the ledger does not know"))
    return faults


def _fault_of(lines: list[dict[str, Any]], place: int, keys: Keys | None) -> str | None:
    line = lines[place]
    if line.get("number") != place + 1 or line.get("previous") != (lines[place - 1].get("hash") if place else FIRST):
        return "does not follow the line before it"
    if line.get("hash") != _hash(line):
        return "was altered"
    version = line.get("key_version")
    if keys is None or not isinstance(version, int) or version not in keys.encryption_keys:
        return None
    is_sealed = hmac.compare_digest(str(line.get("seal")), _seal(line, keys.encryption_keys[version]))
    return None if is_sealed else "was not written with this home's key"


def _seal(line: Mapping[str, Any], key: bytes) -> str:
    own = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"milepost audit").derive(key)
    return hmac.digest(own, _content(line, ("seal", "hash")), "sha256").hex()


def _hash(line: Mapping[str, Any]) -> str:
    return hashlib.sha256(_content(line, ("hash",))).hexdigest()


def _content(line: Mapping[str, Any], without: tuple[str, ...]) -> bytes:
    kept = {name: value for name, value in line.items() if name not in without}
    return json.dumps(kept, ensure_ascii=False, sort_keys=True).encode()


def _lines(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    found = []
    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            line = json.loads(text)
            if not isinstance(line, dict):
                raise ValueError
        except ValueError:
            raise MilepostError(f"line {number} of the audit log cannot be read", where=str(path)) from None
        found.append(line)
    return found


def _heads(ledger: Engine) -> dict[int, str]:
    with ledger.connect() as connection:
        return dict(
            connection.execute(
                select(audit_head.c.audit_number, audit_head.c.record_hash).order_by(audit_head.c.audit_number)
            )
            .tuples()
            .all()
        )


def _anchor(ledger: Engine, number: int, line_hash: str, now: datetime) -> None:
    with writing(ledger) as connection:
        connection.execute(insert(audit_head).values(audit_number=number, record_hash=line_hash, written_at=now))


@contextmanager
def _locked(home: Home) -> Iterator[Path]:
    """One writer at a time; a run does not have to wait for it, nor it for a run."""
    path = audit_file(home)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield path
