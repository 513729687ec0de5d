"""Patterns of personal data in text, as DuckDB SQL: bounded, and with check digits where the identifier has them.

Belongs here: what a phone number, e-mail address, national id and bank card look like inside other text. Not here:
what is done about a find (`scan.py` counts, `scrub.py` replaces).

Real exports are full of long ids: two thirds of numeric post ids contain eleven digits that could be a mobile number,
a tenth pass Luhn. So a number counts only where it stands by itself: not beside a digit or ASCII letter, nor joined to
one by what joins the parts of ids, codes, paths and decimals (`_ - . / = # & %`). A word for telephone before it
overrides the left side (`tel-138...`, `?mobile=138...`). Chinese text beside a number does not hide it.
"""

from __future__ import annotations

from dataclasses import dataclass

#: Full-width digits, +, -, @, full stop (of Chinese input methods) and what they mean.
_FULL_WIDTH = "\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19\uff0b\uff0d\uff20\uff0e"
_HALF_WIDTH = "0123456789+-@."

_PHONE_WORD = (
    r"(?i:\b(?:tel|telephone|phone|mobile|mob|cell|call|whatsapp|wechat|weixin|wx|vx|contact)[_ ]?"
    r"(?:no|number|num)?[\"']?[ .:=_\-/#]{0,3})"
)
_LEFT = r"(?:^|[^0-9A-Za-z_\-./=#&%*+]|[^0-9A-Za-z_\-./=#&%*+][\-./=]|" + _PHONE_WORD + ")"
_RIGHT = r"(?:\.0)?(?:$|[^0-9A-Za-z_\-./=#%*]|[\-./=#](?:$|[^0-9A-Za-z]))"

_MOBILE_CN = r"(?:(?:\+|00)?86[\- ]?)?1[3-9][0-9][\- ]?[0-9]{4}[\- ]?[0-9]{4}"
_INTERNATIONAL = r"\+[1-9][0-9]{0,3}(?:[ \-.]?\(?[0-9]{1,4}\)?){2,6}"
_NATIONAL_ID = r"[1-9][0-9]{5}(?:18|19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9Xx]"
_BANK_CARD = (
    r"(?:62[0-9]{2}|4[0-9]{3}|5[1-5][0-9]{2}|2(?:22[1-9]|2[3-9][0-9]|[3-6][0-9]{2}|7[01][0-9]|720)|35[2-8][0-9])"
    r"(?:[ \-]?[0-9]{4}){3}(?:[ \-]?[0-9]{1,3})?"
)
_EMAIL = r"[A-Za-z0-9._%+\-]+@[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)*\.[A-Za-z]{2,24}"

_SHARED_BOUND = "([,;|\uff0c\uff1b\u3001\"'\t\r\n])"
_TWICE = r"\1\1"
_PROVINCES = "(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3])"
#: File names such as logo@2x.png look like addresses.
_NOT_DOMAINS = "(?i)\\.(?:png|jpe?g|gif|svg|webp|ico|css|js|json|html?|csv|parquet)$"


_ANY_DIGIT = "[0-9\uff10-\uff19]"
_SUSPICIOUS = f"{_ANY_DIGIT}(?:[ \\-().]*{_ANY_DIGIT}){{9}}|[@\uff20]"
#: A whole value that `masks.mask` writes.
MASK_PATTERN = r"^(?:\+?[0-9]{0,3}\*{4}[0-9]{0,4}|[^*]?\*{2,3}|[^@*]?\*{3}@[^@\s]+|\*{5}[0-9A-Z]{0,4})$"


@dataclass(frozen=True)
class Pattern:
    """One kind of identifier in text.

    `candidate` is a regular expression (RE2 and Python alike) whose first group is the identifier; `check` is an SQL
    predicate over `candidate`, the group's text without `separators`. What `needs_plan` finds is a phone number only
    if it belongs to its country's numbering plan, which SQL cannot tell.
    """

    identifier: str
    prefilter: str  # cheap regular expression; only texts that match it are looked at closely
    candidate: str
    check: str | None = None
    separators: str = r"[ \-]"
    needs_plan: bool = False


def _iso_7064(x: str) -> str:
    """SQL: `x` (18 characters) ends in its ISO 7064 MOD 11-2 check character and begins with a province."""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = " + ".join(
        f"{weight} * (ascii(substr({x}, {place}, 1)) - 48)" for place, weight in enumerate(weights, start=1)
    )
    return (
        f"substr('10X98765432', (({total}) % 11) + 1, 1) = upper(substr({x}, 18, 1)) "
        f"and regexp_matches({x}, '^{_PROVINCES}')"
    )


def _luhn(x: str) -> str:
    """SQL: the digits `x` (16 to 19) pass Luhn, and 16 where the issuer's prefix asks for it."""
    terms = []
    for back in range(19):  # place counted from the right
        digit = f"(ascii(substr({x}, len({x}) - {back}, 1)) - 48)"
        value = f"({digit} * 2 - case when {digit} > 4 then 9 else 0 end)" if back % 2 else digit
        terms.append(f"case when len({x}) > {back} then {value} else 0 end")
    return f"({' + '.join(terms)}) % 10 = 0 and (len({x}) = 16 or {x}[1:2] = '62') and len({x}) between 16 and 19"


PATTERNS: tuple[Pattern, ...] = (
    Pattern("phone", r"1[ \-]*[3-9](?:[ \-]*[0-9]){9}", f"{_LEFT}({_MOBILE_CN}){_RIGHT}"),
    Pattern(
        "phone",
        r"\+[1-9][0-9 \-.()]{8,}",
        f"(?:^|[^0-9A-Za-z+*])({_INTERNATIONAL}){_RIGHT}",
        "len(candidate) between 11 and 16",
        separators=r"[^0-9+]",
        needs_plan=True,
    ),
    Pattern("national_id", r"[0-9]{17}[0-9Xx]", f"{_LEFT}({_NATIONAL_ID}){_RIGHT}", _iso_7064("candidate")),
    Pattern("bank_card", r"[0-9](?:[ \-]*[0-9]){15}", f"{_LEFT}({_BANK_CARD}){_RIGHT}", _luhn("candidate")),
    Pattern(
        "email",
        "@",
        f"(?:^|[^A-Za-z0-9._%+\\-*@])({_EMAIL})(?:$|[^A-Za-z0-9\\-])",
        f"not regexp_matches(candidate, '{_NOT_DOMAINS}')",
        separators=" ",
    ),
)


def quoted(text: str) -> str:
    """An SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def half_width_sql(column: str) -> str:
    """SQL: full-width digits and the signs of identifiers made half-width."""
    wide = f"translate({column}, {quoted(_FULL_WIDTH)}, {quoted(_HALF_WIDTH)})"
    # most text is ASCII, where there is nothing to translate
    return f"case when strlen({column}) = len({column}) then {column} else {wide} end"


def prefilter_sql(column: str) -> str:
    """SQL predicate, cheap: the text may hold something that a pattern finds."""
    return f"regexp_matches({column}, {quoted(_SUSPICIOUS)})"


def candidates_sql(pattern: Pattern, column: str) -> str:
    """SQL expression (VARCHAR[]): what the pattern finds in `column` and its check confirms, without separators."""
    # a separator between two identifiers bounds both: it stands twice, so that the first find does not consume it
    text = f"regexp_replace({half_width_sql(column)}, {quoted(_SHARED_BOUND)}, {quoted(_TWICE)}, 'g')"
    found = (
        f"list_transform(regexp_extract_all({text}, {quoted(pattern.candidate)}, 1), "
        f"lambda candidate: regexp_replace(candidate, '{pattern.separators}', '', 'g'))"
    )
    if pattern.check is None:
        return found
    return f"list_filter({found}, lambda candidate: {pattern.check})"


def prefilter_of(pattern: Pattern, column: str) -> str:
    """SQL predicate: the pattern may find something in `column`."""
    return f"regexp_matches({half_width_sql(column)}, {quoted(pattern.prefilter)})"
