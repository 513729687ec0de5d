"""Masks: what people may see of an identifier.

Belongs here: the masked form per identifier class. Not here: tokens (`tokens.py`).
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from ingestion.privacy.tokens import as_text, nfkc

HIDDEN = "***"


def mask(values: pa.Array | pa.ChunkedArray, identifier: str) -> pa.Array:
    """Masked `values` (text), computed on distinct values; null stays null. A mask is its own mask.

    - `phone`: 138****1234 for Chinese mobiles; else two digits of the country code and the last four, at least four
      digits hidden: +44****0018. Shorter numbers: the last two.
    - `email`: first letter and domain, a***@example.com; the domain alone where there is only one letter before it.
    - `name`: first character and two stars, whatever its length: 张**, J**.
    - `national_id`, `passport`, `bank_card`: ***** and the last four characters.
    - all others: ***.
    """
    encoded = as_text(values).dictionary_encode()
    return _mask_distinct(encoded.dictionary, identifier).take(encoded.indices)


def _mask_distinct(text: pa.Array, identifier: str) -> pa.Array:
    text = pc.utf8_trim_whitespace(nfkc(text))
    if identifier == "phone":
        digits = pc.replace_substring_regex(text, r"[^0-9+*]+", "")
        masked = pc.replace_substring_regex(digits, r"^(?:\+86)?(1[3-9][0-9])[0-9]{4}([0-9]{4})$", r"\1****\2")
        masked = pc.replace_substring_regex(masked, r"^(\+?[0-9]{2})[0-9]{4,}([0-9]{4})$", r"\1****\2")
        masked = pc.replace_substring_regex(masked, r"^\+?[0-9]*?([0-9]{0,2})$", r"****\1")
        return _keep(masked, r"\*{4}")
    if identifier == "email":
        masked = pc.replace_substring_regex(text, r"^([^@*])[^@]+@([^@]+)$", r"\1***@\2")
        masked = pc.replace_substring_regex(masked, r"^[^@*]@([^@]+)$", r"***@\1")
        return _keep(pc.utf8_lower(masked), r"^[^@]?\*{3}@[^@]+$")
    if identifier == "name":
        return pc.binary_join_element_wise(pc.utf8_slice_codeunits(text, 0, 1), "**", "")
    if identifier in ("national_id", "passport", "bank_card"):
        compact = pc.replace_substring_regex(text, r"[^0-9A-Za-z]+", "")
        long_enough = pc.greater_equal(pc.utf8_length(compact), 8)
        tail = pc.if_else(long_enough, pc.utf8_upper(pc.utf8_slice_codeunits(compact, -4)), pa.scalar(""))
        masked = pc.binary_join_element_wise("*****", tail, "")
        return pc.if_else(pc.match_substring_regex(text, r"^\*{5}"), text, masked)
    return pc.if_else(pc.is_valid(text), pa.scalar(HIDDEN), pa.scalar(None, pa.string()))


def _keep(masked: pa.Array, pattern: str) -> pa.Array:
    """The mask where it has the expected form, else stars: what no rule took must not show."""
    return pc.if_else(pc.match_substring_regex(masked, pattern), masked, pa.scalar(HIDDEN))
