"""The keys of an installation: reading, deriving and making them.

Belongs here: where keys come from and what is derived from them. Not here: their use (`tokens.py`, `crypt.py`).

A key comes from the environment, from a file outside the project and the home, or from a command that prints it:

- `MILEPOST_KEY`: 32 bytes as base64 or hex; token key and encryption key (version 1) are derived from it by HKDF.
- `MILEPOST_KEY_FILE`: a text file holding the same, or a JSON file
  `{"token_key": "<base64>", "encryption_keys": {"1": "<base64>"}, "active_version": 1}`, the form that can hold
  several versions of the encryption key while one is replaced by the next. `next_token_key` stands there while the
  token key is replaced; `former_token_keys` are kept for the list of erased persons.
- `MILEPOST_KEY_COMMAND`: a command (no shell) that prints either of these, such as a password manager's.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import os
import secrets
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ingestion.errors import MilepostError

KEY_VARIABLE = "MILEPOST_KEY"
KEY_FILE_VARIABLE = "MILEPOST_KEY_FILE"
KEY_COMMAND_VARIABLE = "MILEPOST_KEY_COMMAND"
COMMAND_SECONDS = 60.0
KEY_BYTES = 32
MAXIMUM_VERSION = 255  # one byte in every ciphertext

_REMEDY = (
    f"Set {KEY_VARIABLE} to 32 random bytes as base64 or hex (for example from `openssl rand -base64 32`), "
    f"{KEY_FILE_VARIABLE} to a key file outside the project and the home, or {KEY_COMMAND_VARIABLE} to a command that "
    "prints it; keep a copy: without it nothing is readable"
)


@dataclass(frozen=True)
class Keys:
    """Token key and encryption keys by version; new values are encrypted with the active version."""

    token_key: bytes = field(repr=False)
    encryption_keys: Mapping[int, bytes] = field(repr=False)
    active_version: int = 1
    next_token_key: bytes | None = field(default=None, repr=False)
    former_token_keys: tuple[bytes, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        given = [self.token_key, *self.encryption_keys.values(), *self.former_token_keys]
        given += [self.next_token_key] if self.next_token_key is not None else []
        if any(len(key) != KEY_BYTES for key in given):
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
        return fingerprint_of(self.token_key)

    @property
    def next_fingerprint(self) -> str | None:
        """Fingerprint of the token key that is to come, where there is one."""
        return None if self.next_token_key is None else fingerprint_of(self.next_token_key)

    def with_next_tokens(self) -> Keys:
        """The keys once tokens are made with the next token key; the present one is a former one then."""
        if self.next_token_key is None:
            raise MilepostError(
                "there is no next token key", where="keys", remedy="`milepost keys new --tokens` makes one"
            )
        former = tuple(dict.fromkeys((*self.former_token_keys, self.token_key)))
        return replace(self, token_key=self.next_token_key, next_token_key=None, former_token_keys=former)

    def with_token_key(self, fingerprint: str) -> Keys | None:
        """The keys with the token key of that fingerprint in use, or None where it is not among them."""
        if fingerprint == self.fingerprint:
            return self
        if fingerprint == self.next_fingerprint:
            return self.with_next_tokens()
        for key in self.former_token_keys:
            if fingerprint_of(key) == fingerprint:
                return replace(self, token_key=key, next_token_key=None)
        return None

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


def fingerprint_of(token_key: bytes) -> str:
    """Tells whether two token keys are the same without telling the key (16 hex digits)."""
    return hmac.digest(token_key, b"milepost key fingerprint", "sha256").hex()[:16]


def load_keys(
    environ: Mapping[str, str],
    key_file: Path | None = None,
    *,
    forbidden: Sequence[Path] = (),
    key_command: str | None = None,
) -> Keys:
    """The keys of this installation; raises MilepostError with the remedy where there is no usable one.

    `key_file`, where given, is used instead of the environment (the sample company brings its own); `key_command`
    (a setting) where the environment names no key. `forbidden` names folders in which a key file must not lie: the
    project and the home, which are backed up and shared together with what the key protects.
    """
    if key_file is not None:
        return _from_file(key_file, "key file", forbidden)
    names = (KEY_VARIABLE, KEY_FILE_VARIABLE, KEY_COMMAND_VARIABLE)
    given = {name: environ.get(name, "").strip() for name in names if environ.get(name, "").strip()}
    if len(given) > 1:
        raise MilepostError(f"both {' and '.join(given)} are set", remedy="Set one of them")
    if KEY_VARIABLE in given:
        return _from_root(given[KEY_VARIABLE], KEY_VARIABLE)
    if KEY_FILE_VARIABLE in given:
        return _from_file(Path(given[KEY_FILE_VARIABLE]).expanduser(), KEY_FILE_VARIABLE, forbidden)
    if command := given.get(KEY_COMMAND_VARIABLE) or (key_command or "").strip():
        return _from_command(command, KEY_COMMAND_VARIABLE if given else "setting key_command")
    raise MilepostError("no key for personal data", remedy=_REMEDY)


def generate_key_file(path: Path) -> Keys:
    """Write a new key file (mode 0600) with fresh random keys; refuses to replace a file that exists."""
    keys = Keys(secrets.token_bytes(KEY_BYTES), {1: secrets.token_bytes(KEY_BYTES)}, 1)
    write_key_file(path, keys)
    return keys


def with_new_version(keys: Keys) -> Keys:
    """The keys with one more version of the encryption key, random and active."""
    version = max(keys.encryption_keys) + 1
    return replace(
        keys,
        encryption_keys={**keys.encryption_keys, version: secrets.token_bytes(KEY_BYTES)},
        active_version=version,
    )


def with_new_token_key(keys: Keys) -> Keys:
    """The keys with a random token key to come."""
    if keys.next_token_key is not None:
        raise MilepostError(
            "there is a next token key already", where="keys", remedy="`milepost keys rotate --tokens` puts it into use"
        )
    return replace(keys, next_token_key=secrets.token_bytes(KEY_BYTES))


def write_key_file(path: Path, keys: Keys, *, replace_file: bool = False) -> None:
    """Write the keys as a JSON key file (mode 0600), durably; a file that exists is only replaced where told so."""

    def encode(key: bytes) -> str:
        return base64.b64encode(key).decode()

    content: dict[str, Any] = {
        "token_key": encode(keys.token_key),
        "encryption_keys": {str(version): encode(key) for version, key in sorted(keys.encryption_keys.items())},
        "active_version": keys.active_version,
    }
    if keys.next_token_key is not None:
        content["next_token_key"] = encode(keys.next_token_key)
    if keys.former_token_keys:
        content["former_token_keys"] = [encode(key) for key in keys.former_token_keys]
    if replace_file:
        unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}.unfinished")
        try:
            _write_new(unfinished, content)
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
    else:
        _write_new(path, content)


def _write_new(path: Path, content: Mapping[str, Any]) -> None:
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
    return _from_text(text, place)


def _from_command(command: str, where: str) -> Keys:
    """The keys that a command prints; its words are told nowhere, since they may hold a secret themselves."""
    try:
        words = shlex.split(command)
        done = subprocess.run(words, capture_output=True, timeout=COMMAND_SECONDS, check=False)
        printed = done.stdout.decode("ascii").strip()
    except (OSError, ValueError, IndexError, subprocess.TimeoutExpired) as error:
        raise MilepostError(f"the command failed ({type(error).__name__})", where=where, remedy=_REMEDY) from None
    if done.returncode != 0:
        raise MilepostError(f"the command ended with {done.returncode}", where=where, remedy=_REMEDY)
    return _from_text(printed, where)


def _from_text(text: str, place: str) -> Keys:
    if not text.startswith("{"):
        return _from_root(text, place)
    try:
        content = json.loads(text)
        versions = {int(version): _decode(key, place) for version, key in dict(content["encryption_keys"]).items()}
        active = int(content.get("active_version", max(versions)))
        coming = content.get("next_token_key")
        return Keys(
            _decode(content["token_key"], place),
            versions,
            active,
            None if coming is None else _decode(coming, place),
            tuple(_decode(key, place) for key in content.get("former_token_keys", [])),
        )
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
