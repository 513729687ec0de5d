"""Phone numbers in E.164.

Belongs here: reading phone numbers by a numbering plan, and the SQL for the regular forms. Not here: masks and tokens.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from ingestion.privacy.tokens import as_text, nfkc

#: Why a value has no E.164 form.
REASON_NO_NUMBER = "phone_unreadable"  # no number, or no country known
REASON_INVALID = "phone_invalid"  # no number of that country's plan

_SEPARATORS = r"[\s\-().·]+"
_CHINESE_MOBILE = r"^(?:\+86|0086|86)?(1[3-9][0-9]{9})$"
_CHINESE_MOBILE_WITH_CODE = r"^(?:\+86|0086)(1[3-9][0-9]{9})$"
#: Traces of spreadsheets: a leading apostrophe, a trailing decimal.
_SPREADSHEET = r"^'|\.0$"


def sql_fast_path(column: str, region: str | None) -> str:
    """SQL expression: E.164 of regular Chinese mobiles in `column` (a VARCHAR expression), else null.

    Null does not mean invalid: such values go through `e164`. What both can read they read alike.
    """
    pattern = _CHINESE_MOBILE if region == "CN" else _CHINESE_MOBILE_WITH_CODE
    bare = f"regexp_replace({column}, '{_SEPARATORS}', '', 'g')"
    return f"'+86' || nullif(regexp_extract({bare}, '{pattern}', 1), '')"


def e164(values: pa.Array | pa.ChunkedArray, region: str | None) -> pa.Table:
    """Table (value, e164, reason) of the distinct non-null `values`: exactly one of e164 and reason is set.

    `region` is the ISO 3166-1 alpha-2 code of numbers written without a country code; None: only numbers that name
    their country can be read. Blank values count as unreadable: leave them out before.
    """
    distinct = pc.unique(as_text(values)).drop_null()
    bare = pc.replace_substring_regex(pc.utf8_trim_whitespace(nfkc(distinct)), _SPREADSHEET, "")
    squeezed = pc.replace_substring_regex(bare, _SEPARATORS, "")
    pattern = _CHINESE_MOBILE if region == "CN" else _CHINESE_MOBILE_WITH_CODE
    is_regular = pc.match_substring_regex(squeezed, pattern)
    regular = pc.replace_substring_regex(squeezed, pattern, r"+86\1")
    numbers: list[str | None] = []
    reasons: list[str | None] = []
    for value in bare.filter(pc.invert(is_regular)).to_pylist():
        number, reason = _by_plan(value, region)
        numbers.append(number)
        reasons.append(reason)
    irregular = pc.invert(is_regular)
    number_column = pc.replace_with_mask(regular, irregular, pa.array(numbers, pa.string()))
    reason_column = pc.replace_with_mask(
        pa.nulls(len(distinct), pa.string()), irregular, pa.array(reasons, pa.string())
    )
    return pa.table({"value": distinct, "e164": number_column, "reason": reason_column})


def _by_plan(value: str, region: str | None) -> tuple[str | None, str | None]:
    import phonenumbers  # slow to import: only where numbers are irregular

    if value.startswith("00"):
        value = "+" + value[2:]
    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        return None, REASON_NO_NUMBER
    if not phonenumbers.is_valid_number(number):
        return None, REASON_INVALID
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)), None
