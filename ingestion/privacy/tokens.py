"""Keyed tokens: the same identifier always becomes the same 32 letters, and nobody without the key can tell which.

Belongs here: the form in which two identifiers are the same (`normal_form`) and the token of it. Not here: keeping
the clear value (`vault.py`), what people see of it (`masks.py`).

A token is the first 128 bits of HMAC-SHA-256 over the identifier's class and its normal form, written as letters a-p,
so that no token looks like a number. The class in the message keeps a phone number and an account name that read the
same apart.
"""

from __future__ import annotations

import re
from hashlib import sha256

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.privacy.keys import Keys

TOKEN_LENGTH = 32
TOKEN_PATTERN = "^[a-p]{32}$"
_BLOCK = 64  # of SHA-256, bytes
_CLASS = re.compile(r"[a-z][a-z0-9_]*")

#: Classes whose values are single words or lines of ordinary text, so that a business value may read the same.
TEXT_CLASSES = frozenset({"name", "address", "account"})


def tokenise(values: pa.Array | pa.ChunkedArray, identifier: str, keys: Keys) -> pa.Array:
    """Tokens of `values` (text) as identifiers of one class; null where the value is null or has no normal form.

    Hashes distinct values only. Applies `normal_form` itself: callers may pass cleaned or raw values.
    """
    encoded = as_text(values).dictionary_encode()
    forms = normal_form(encoded.dictionary, identifier)
    return hash_forms(forms, identifier, keys).take(encoded.indices)


def normal_form(values: pa.Array | pa.ChunkedArray, identifier: str) -> pa.Array:
    """The form in which values of a class are compared; null for null and for what has nothing left.

    - `phone`: E.164. Numbers already in E.164 stay; separators go; Chinese mobiles written without or with 86 or 0086
      get +86; a leading 00 becomes +. Other national forms need `phones.e164` with a region first.
    - `email`: NFKC, without outer spaces, lower case.
    - `name`, `address`: NFKC, spaces collapsed, case folded.
    - `national_id`, `passport`: NFKC, upper case, without spaces and hyphens. `bank_card`: digits only.
    - all others (`account`, `customer_key`, ...): without outer spaces, otherwise as they are.
    """
    text = as_text(values)
    if identifier == "phone":
        text = _phone_form(text)
    elif identifier == "email":
        text = pc.utf8_lower(pc.utf8_trim_whitespace(nfkc(text)))
    elif identifier in ("name", "address"):
        text = pc.utf8_trim_whitespace(pc.replace_substring_regex(nfkc(text), r"\s+", " "))
        text = _case_fold(text)
    elif identifier in ("national_id", "passport"):
        text = pc.utf8_upper(pc.replace_substring_regex(nfkc(text), r"[\s\-]+", ""))
    elif identifier == "bank_card":
        text = pc.replace_substring_regex(nfkc(text), r"[^0-9]+", "")
    else:
        text = pc.utf8_trim_whitespace(text)
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)


def is_token(values: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Whether each value has a token's form."""
    return pc.match_substring_regex(as_text(values), TOKEN_PATTERN)


def as_text(values: pa.Array | pa.ChunkedArray) -> pa.Array:
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
        if isinstance(values, pa.ChunkedArray):  # of no chunks, in some versions
            values = pa.concat_arrays(values.chunks) if values.num_chunks else pa.array([], pa.string())
    return values if values.type == pa.string() else values.cast(pa.string())


def nfkc(text: pa.Array) -> pa.Array:
    return pc.utf8_normalize(text, form="NFKC")


def _phone_form(text: pa.Array) -> pa.Array:
    digits = pc.replace_substring_regex(nfkc(text), r"[^0-9+]+", "")
    digits = pc.replace_substring_regex(digits, r"^(?:\+?86|0086)?(1[3-9][0-9]{9})$", r"+86\1")
    digits = pc.replace_substring_regex(digits, r"^00([1-9][0-9]{6,14})$", r"+\1")
    return pc.if_else(pc.match_substring_regex(digits, "[0-9]"), digits, pa.scalar("", pa.string()))


def _case_fold(text: pa.Array) -> pa.Array:
    folded = pc.utf8_lower(text)
    # lower case differs from the case fold in few letters (ß, ς, ...): only scripts that have such go through Python
    special = pc.fill_null(pc.match_substring_regex(folded, r"[^\x00-\x7f\x{2e80}-\x{10ffff}]"), False)
    if not pc.any(special).as_py():
        return folded
    exact = pa.array([value.casefold() for value in folded.filter(special).to_pylist()], pa.string())
    return pc.replace_with_mask(folded, special, exact)


def hash_forms(forms: pa.Array, identifier: str, keys: Keys) -> pa.Array:
    """Tokens of values that are in normal form and distinct already; null stays null."""
    if not _CLASS.fullmatch(identifier):
        raise ValueError(f"{identifier!r} is no identifier class: lower-case letters, digits and _")
    present = pc.is_valid(forms)
    block = keys.token_key.ljust(_BLOCK, b"\0")
    # HMAC with both key blocks and the class hashed once: three times as fast as a call per value
    inner = sha256(bytes(byte ^ 0x36 for byte in block) + identifier.encode() + b"\0")
    outer = sha256(bytes(byte ^ 0x5C for byte in block))
    digests = bytearray()
    count = 0
    for value in forms.filter(present).cast(pa.binary()).to_pylist():
        message = inner.copy()
        message.update(value)
        result = outer.copy()
        result.update(message.digest())
        digests += result.digest()[: TOKEN_LENGTH // 2]
        count += 1
    octets = np.frombuffer(bytes(digests), dtype=np.uint8)
    letters = np.empty(2 * len(octets), dtype=np.uint8)
    letters[0::2] = (octets >> 4) + ord("a")
    letters[1::2] = (octets & 15) + ord("a")
    offsets = np.arange(count + 1, dtype=np.int64) * TOKEN_LENGTH
    tokens = pa.LargeStringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(letters)).cast(pa.string())
    if count == len(forms):
        return tokens
    places = pc.cumulative_sum(present.cast(pa.int64()))
    indices = pc.if_else(present, pc.subtract(places, 1), pa.scalar(None, pa.int64()))
    return tokens.take(indices)
