"""The keys of an installation: reading, deriving and making them.

Belongs here: where keys come from and what is derived from them. Not here: their use (`tokens.py`, `crypt.py`).

A key comes from the environment or from a file outside the project and the home:

- `MILEPOST_KEY`: 32 bytes as base64 or hex; token key and encryption key (version 1) are derived from it by HKDF.
- `MILEPOST_KEY_FILE`: a text file holding the same, or a JSON file
  `{"token_key": "<base64>", "encryption_keys": {"1": "<base64>"}, "active_version": 1}`, the form that can hold
  several versions of the encryption key while one is replaced by the next.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ingestion.errors import MilepostError

KEY_VARIABLE = "MILEPOST_KEY"
KEY_FILE_VARIABLE = "MILEPOST_KEY_FILE"
KEY_BYTES = 32
MAXIMUM_VERSION = 255  # one byte in every ciphertext

_REMEDY = (
    f"Set {KEY_VARIABLE} to 32 random bytes as base64 or hex (for example from `openssl rand -base64 32`), or "
    f"{KEY_FILE_VARIABLE} to a key file outside the project and the home; keep a copy: without it nothing is readable"
)


@dataclass(frozen=True)
class Keys:
    """Token key and encryption keys by version; new values are encrypted with the active version."""

    token_key: bytes = field(repr=False)
    encryption_keys: Mapping[int, bytes] = field(repr=False)
    active_version: int = 1

    def __post_init__(self) -> None:
        if len(self.token_key) != KEY_BYTES or any(len(key) != KEY_BYTES for key in self.encryption_keys.values()):
            raise MilepostError(f"a key does not have {KEY_BYTES} bytes", where="keys", remedy=_REMEDY)
        if any(not 1 <= version <= MAXIMUM_VERSION for version in self.encryption_keys):
            raise MilepostError(f"key versions must be 1 to {MAXIMUM_VERSION}", where="keys")
        if self.active_version not in self.encryption_keys:
            raise MilepostError(f"no encryption key of the active version {self.active_version}", where="keys")

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    @property
    def active_key(self) -> bytes:
        return self.encryption_keys[self.active_version]

    @property
    def fingerprint(self) -> str:
        """Tells whether two token keys are the same without telling the key (16 hex digits)."""
        return hmac.digest(self.token_key, b"milepost key fingerprint", "sha256").hex()[:16]

    def encryption_key(self, version: int, where: str = "vault") -> bytes:
        """Key of that version; MilepostError where it is not known."""
        try:
            return self.encryption_keys[version]
        except KeyError:
            raise MilepostError(
                f"encrypted with key version {version}, which is not among the keys given",
                where=where,
                remedy="Add that version to the key file",
            ) from None

    def derive(self, purpose: str) -> bytes:
        """32 bytes for one further purpose, derived from the active encryption key (spill files, for example)."""
        return _derive(self.active_key, f"milepost {purpose}")


def load_keys(environ: Mapping[str, str], key_file: Path | None = None, *, forbidden: Sequence[Path] = ()) -> Keys:
    """The keys of this installation; raises MilepostError with the remedy where there is no usable one.

    `key_file`, where given, is used instead of the environment (the sample company brings its own). `forbidden` names
    folders in which a key file must not lie: the project and the home, which are backed up and shared together with
    what the key protects.
    """
    if key_file is not None:
        return _from_file(key_file, "key file", forbidden)
    inline, named = environ.get(KEY_VARIABLE, "").strip(), environ.get(KEY_FILE_VARIABLE, "").strip()
    if inline and named:
        raise MilepostError(f"both {KEY_VARIABLE} and {KEY_FILE_VARIABLE} are set", remedy="Set one of them")
    if inline:
        return _from_root(inline, KEY_VARIABLE)
    if named:
        return _from_file(Path(named).expanduser(), KEY_FILE_VARIABLE, forbidden)
    raise MilepostError("no key for personal data", remedy=_REMEDY)


def generate_key_file(path: Path) -> Keys:
    """Write a new key file (mode 0600) with fresh random keys; refuses to replace a file that exists."""
    content = {
        "token_key": base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode(),
        "encryption_keys": {"1": base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()},
        "active_version": 1,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise MilepostError(
            "a key file exists already", where=str(path), remedy="Use it, or move it away: what it protects needs it"
        ) from None
    with os.fdopen(descriptor, "w", encoding="ascii") as target:
        json.dump(content, target, indent=2)
        target.write("\n")
        target.flush()
        os.fsync(target.fileno())
    return _from_file(path, "key file", ())


def _from_file(path: Path, where: str, forbidden: Sequence[Path]) -> Keys:
    place = f"{where} {path}"
    resolved = path.resolve()
    for folder in forbidden:
        if resolved.is_relative_to(folder.resolve()):
            raise MilepostError(
                f"the key lies inside {folder}, beside what it protects", where=place, remedy="Move it elsewhere"
            )
    try:
        text = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise MilepostError(f"cannot be read ({type(error).__name__})", where=place, remedy=_REMEDY) from None
    if not text.startswith("{"):
        return _from_root(text, place)
    try:
        content = json.loads(text)
        versions = {int(version): _decode(key, place) for version, key in dict(content["encryption_keys"]).items()}
        active = int(content.get("active_version", max(versions)))
        return Keys(_decode(content["token_key"], place), versions, active)
    except (ValueError, KeyError, TypeError):
        # the parser's message would quote the file
        raise MilepostError(
            "is no key file: needs token_key, encryption_keys and active_version", where=place, remedy=_REMEDY
        ) from None


def _from_root(text: str, where: str) -> Keys:
    root = _decode(text, where)
    return Keys(_derive(root, "milepost tokens"), {1: _derive(root, "milepost encryption 1")}, 1)


def _decode(text: Any, where: str) -> bytes:
    """32 bytes from hex or base64 (standard or URL-safe alphabet)."""
    if isinstance(text, str):
        compact = "".join(text.split())
        try:
            if len(compact) == 2 * KEY_BYTES:
                return bytes.fromhex(compact)
            key = base64.b64decode(compact.replace("-", "+").replace("_", "/"), validate=True)
            if len(key) == KEY_BYTES:
                return key
        except (ValueError, binascii.Error):
            pass
    raise MilepostError(f"the key is not {KEY_BYTES} bytes as base64 or hex", where=where, remedy=_REMEDY)


def _derive(root: bytes, purpose: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose.encode()).derive(root)
