"""Phone numbers in E.164.

Belongs here: reading phone numbers by a numbering plan, and the SQL for the regular forms. Not here: masks and tokens.
"""

from __future__ import annotations

import re
import unicodedata

import pyarrow as pa
import pyarrow.compute as pc

from ingestion.privacy.tokens import as_text, nfkc

#: Why a value has no E.164 form.
REASON_NO_NUMBER = "phone_unreadable"  # no number, or no country known
REASON_INVALID = "phone_invalid"  # no number of that country's plan
#: What a cell says beside the number that was read from it.
EXTENSION = "phone_extension_cut"
SEVERAL = "first_of_several_phones"
REMARK = "phone_remark_cut"
NOTES = (EXTENSION, SEVERAL, REMARK)

_SEPARATORS = r"[\s\-().·]+"
_CHINESE_MOBILE = r"^(?:\+86|0086|86)?(1[3-9][0-9]{9})$"
_CHINESE_MOBILE_WITH_CODE = r"^(?:\+86|0086)(1[3-9][0-9]{9})$"
#: Traces of spreadsheets: a leading apostrophe, a trailing decimal.
_SPREADSHEET = r"^'|\.0$"
_LABEL = re.compile(
    r"^(?:(?:联系|收货人?|客户|办公|公司|家庭|座机)?(?:电话|手机|号码)号?码?|座机|固话|tel|phone|mobile|mob|cell)\s*[.:：]*\s*",
    re.IGNORECASE,
)
_SEVERAL = re.compile(r"[/,;、|\n]|或者?|\bor\b|\band\b", re.IGNORECASE)
_EXTENSION = re.compile(r"[\s,(-]*(?:转接?|分机号?|内线|ext(?:ension)?|x|#)[\s.:：)-]*\d{1,6}\s*\)?\s*$", re.IGNORECASE)
#: 021-62345678-801: a Chinese landline with an extension behind a dash.
_DASHED = re.compile(r"(\(?0\d{2,3}\)?[\s-]?\d{7,8})\s*-\s*\d{1,6}")
_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?E\+?\d{1,2}", re.IGNORECASE)
#: Words beside a number: (微信同号), a person's name.
_REMARK = re.compile(r"\([^()\d]*\)|[^\x00-\x7f]+")
#: Fewer digits are an extension or the end of another number, not a number.
_LEAST_DIGITS = 7


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
        number, note = read_phone(value, region)
        numbers.append(number)
        reasons.append(note if number is None else None)
    irregular = pc.invert(is_regular)
    number_column = pc.replace_with_mask(regular, irregular, pa.array(numbers, pa.string()))
    reason_column = pc.replace_with_mask(
        pa.nulls(len(distinct), pa.string()), irregular, pa.array(reasons, pa.string())
    )
    return pa.table({"value": distinct, "e164": number_column, "reason": reason_column})


def read_phone(value: str, region: str | None) -> tuple[str | None, str | None]:
    """(E.164, note) of one cell. Without a number the note is the reason; with one it says what of the cell the number
    does not hold: one of NOTES, or nothing.

    A cell may hold a label, several numbers (the first valid one counts) and extensions (E.164 has none).
    """
    text = _LABEL.sub("", unicodedata.normalize("NFKC", value)).strip()
    if _SCIENTIFIC.fullmatch(text) and "E" in text.upper():
        text = _digits_of(text)
    parts = [part for part in (part.strip() for part in _SEVERAL.split(text)) if part]
    found, note, reason = None, None, REASON_NO_NUMBER
    numbers = 0
    for part in parts:
        bare = _EXTENSION.sub("", part)
        number, why = _by_plan(bare, region)
        if number is None and (dashed := _DASHED.fullmatch(part)) is not None:
            bare = dashed[1]
            number, why = _by_plan(bare, region)
        said = _REMARK.sub(" ", bare).strip()
        if number is None and said and said != bare:
            number, why = _by_plan(said, region)
        numbers += sum(map(str.isdigit, bare)) >= _LEAST_DIGITS
        if number is not None and found is None:
            found, note = number, EXTENSION if bare != part else REMARK if said != bare else None
        elif number is None and why == REASON_INVALID:
            reason = REASON_INVALID
    if found is None:
        return None, reason
    return found, SEVERAL if numbers > 1 else note


def _digits_of(text: str) -> str:
    """The digits of a number that a spreadsheet wrote as 1.38E+10; nothing where it lost some of them."""
    mantissa, _, exponent = text.upper().partition("E")
    digits = mantissa.replace(".", "")
    return digits if len(digits) == int(exponent.lstrip("+")) + 1 else ""


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
