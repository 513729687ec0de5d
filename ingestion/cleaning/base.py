"""What a kind of column gives: SQL for the cleaned value, and the reasons why it may fail.

Belongs here: the shape, and the steps that all kinds share (outer spaces, words for missing, mapped words, ranges).
Not here: what one kind does (its own module).

Every expression is total: forms that answer null in place of raising, because an engine's error would quote the value.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ingestion.contracts.model import Column, Contract
from ingestion.engine import quote

#: Characters taken off both ends of a cell: spaces of all widths, line ends, byte order mark, zero-width space.
OUTER = " \t\r\n\u00a0\u3000\ufeff\u200b"

MISSING_VALUE = "missing_value"
UNKNOWN_WORD = "unknown_word"
BELOW_MINIMUM = "below_minimum"
ABOVE_MAXIMUM = "above_maximum"


@dataclass(frozen=True)
class Setting:
    """What a kind may look at beside the column: the contract and the time of the run (naive UTC)."""

    contract: Contract
    now: datetime

    def time_zone(self, column: Column) -> str:
        return column.time_zone or self.contract.time_zone

    def date_forms(self, column: Column) -> tuple[str, ...]:
        return column.date_forms or self.contract.date_forms

    def decimal_mark(self, column: Column) -> str:
        return column.decimal_mark or self.contract.decimal_mark

    def thousands_mark(self, column: Column) -> str | None:
        return column.thousands_mark or self.contract.thousands_mark


@dataclass(frozen=True)
class Failure:
    """`condition` is SQL over the prepared text and the value; where it holds, the value fails for `reason`."""

    reason: str
    condition: str


@dataclass(frozen=True)
class Cleaning:
    """`value` is SQL over the prepared text, of the kind's engine type; `failures` are tried in order; `changes` say
    where a value that was read differs from the text in more than form; `extras` are further cleaned columns
    `<name>__<suffix>` as SQL over the value. `fast` is a function that gives SQL over the cell
    as it is: the same value where the cell is written plainly, else null. Only what it leaves is prepared and read."""

    value: str
    failures: tuple[Failure, ...] = ()
    extras: tuple[tuple[str, str], ...] = field(default_factory=tuple)
    fast: Callable[[str], str] | None = None
    changes: tuple[Failure, ...] = ()


def unreadable(text: str, value: str, reason: str) -> Failure:
    """The text is there and the kind could not read it."""
    return Failure(reason, f"{text} is not null and {value} is null")


#: Characters that NFKC leaves alone, as ranges of a regular expression: ASCII, accented Latin, Cyrillic and Chinese
#: letters, and the marks common with them. Texts of these alone are not looked at further.
NORMAL = (
    r"\x00-\x7f\x{b7}\x{c0}-\x{131}\x{134}-\x{13e}\x{141}-\x{148}\x{14a}-\x{17e}\x{410}-\x{44f}\x{2013}\x{2014}"
    r"\x{2018}-\x{201d}\x{3001}-\x{3003}\x{3008}-\x{3011}\x{3400}-\x{4dbf}\x{4e00}-\x{9fff}"
)


def tight(cell: str) -> str:
    """SQL: the cell where it is printable ASCII without outer and double spaces, as nearly all are; else null."""
    return f"case when regexp_full_match({cell}, '[!-~]+(?: [!-~]+)*') then {cell} end"


def has_plain_null_words(column: Column, contract: Contract) -> bool:
    """Only an empty cell means missing: no word has to be looked for."""
    words = contract.null_words if column.null_words is None else column.null_words
    return not {word.strip() for word in words} - {""}


def plain(text: str) -> str:
    """SQL: compatibility characters (full-width letters and digits, ligatures, ...) as ordinary ones (NFKC)."""
    return f"case when regexp_matches({text}, '[^{NORMAL}]') then nfkc({text}) else {text} end"


def collapsed(text: str) -> str:
    """SQL: `plain`, and runs of spaces, tabs and line ends as one space; null where nothing is left."""
    spaced = f"regexp_replace({plain(text)}, '[\\s\\x{{00a0}}\\x{{3000}}]+', ' ', 'g')"
    # most cells are printable ASCII with single spaces: one look tells
    return f"case when regexp_matches({text}, '[^ -~]|  ') then nullif(trim({spaced}), '') else {text} end"


def joined_name(first: str, others: Sequence[str]) -> str:
    """SQL: a name whose parts stand in several cells, the given name first; in Chinese characters the other way."""
    written = [f"nullif(trim({cell}, {quote(OUTER)}), '')" for cell in (first, *others)]
    is_chinese = f"regexp_matches(concat({', '.join((first, *others))}), '\\p{{Han}}')"
    return (
        f"coalesce(case when {is_chinese} then concat({', '.join(reversed(written))}) "
        f"else concat_ws(' ', {', '.join(written)}) end, '')"
    )


def prepared(raw: str, column: Column, contract: Contract) -> str:
    """SQL: the cell without outer spaces, spreadsheet text marks and words for missing; null where nothing is left."""
    text = f"trim({raw}, {quote(OUTER)})"
    if contract.file.strip_excel_text:
        text = (
            f"case when {text} like '=\"%\"' then {text}[3:-2] "
            f"when starts_with({text}, '''') then {text}[2:] else {text} end"
        )
    words = contract.null_words if column.null_words is None else column.null_words
    missing = sorted({"", *(word.strip() for word in words)})
    if missing == [""]:
        return f"nullif({text}, '')"
    return f"case when {text} in ({', '.join(quote(word) for word in missing)}) then null else {text} end"


def mapped(text: str, column: Column) -> str:
    """SQL: the canonical word of the source's word; null where there is none and the contract names no other word.

    Words are compared after NFKC, trimming and lower-casing.
    """
    folded = f"lower({plain(text)})"
    cases = " ".join(
        f"when {quote(_folded(word))} then nullif({quote(canonical)}, '')" for word, canonical in column.values
    )
    other = "null" if not column.other_value else f"case when {text} is not null then {quote(column.other_value)} end"
    return f"case {folded} {cases} else {other} end"


def unknown_word(text: str, column: Column) -> Failure:
    """A word that the contract does not map, where it names no other word."""
    return Failure(UNKNOWN_WORD, f"{text} is not null and not {mapped_words(text, column)}")


def mapped_words(text: str, column: Column) -> str:
    """SQL condition: the contract maps the word."""
    words = ", ".join(quote(_folded(word)) for word, _ in column.values)
    return f"lower({plain(text)}) in ({words})"


def range_failures(
    value: str, column: Column, default: tuple[float | None, float | None] = (None, None)
) -> tuple[Failure, ...]:
    """Failures of numbers outside the contract's range, or the kind's where the contract names none."""
    minimum, maximum = column.minimum, column.maximum
    if minimum is None and maximum is None:
        minimum, maximum = default
    failures = []
    if minimum is not None:
        sign = "<=" if column.minimum_exclusive else "<"
        failures.append(Failure(BELOW_MINIMUM, f"{value} {sign} {minimum!r}"))
    if maximum is not None:
        failures.append(Failure(ABOVE_MAXIMUM, f"{value} > {maximum!r}"))
    return tuple(failures)


def _folded(word: str) -> str:
    import unicodedata

    return unicodedata.normalize("NFKC", word).strip().lower()
