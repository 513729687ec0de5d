"""What the columns of an unknown file are: kinds by trying them, dates only where one form alone fits.

Belongs here: deciding kind, class and key from the file's values. Not here: the file's form (`opening.py`), entities
(`targets.py`). Kinds are tried with the statements that ingestion itself cleans by, so what is proposed reads the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from ingestion.cleaning import kinds
from ingestion.cleaning.base import Setting, prepared
from ingestion.contracts.model import Column, Contract, OnFail, PersonalData
from ingestion.engine import quote, quote_name
from ingestion.privacy.patterns import PATTERNS, candidates_sql, prefilter_sql
from ingestion.propose import words
from ingestion.propose.words import Hint, Vocabulary

#: Share of distinct values that a kind may fail on and still be proposed.
TOLERATED = 0.02
DAY_FORMS = (
    "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y.%m.%d", "%d %b %Y", "%b %d, %Y",
    "%d/%m/%y", "%m/%d/%y", "%y-%m-%d", "%d-%b-%y", "%d-%b-%Y",
)  # fmt: skip
_TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
#: Kinds whose values are so often wrong that a record is not rejected for them.
_MAY_FAIL = ("phone", "email", "national_id", "birth_date", "country")
_KINDS_OF_CLASSES = {"phone": "phone", "email": "email", "national_id": "national_id"}
_DIRECT = (PersonalData.DIRECT, PersonalData.SENSITIVE)


@dataclass(frozen=True)
class Facts:
    """What a look at one column's values gave; never a value."""

    filled: int
    distinct: int
    longest: int
    mean_length: float
    has_sign: bool  # a currency sign
    percent: float  # shares of distinct values
    zero_led: float
    digits: float
    dated: float
    with_time: float
    comma_decimals: float
    point_decimals: float
    grouped: float  # 1,234: thousands or three decimals
    spaced: float


@dataclass
class Proposed:
    """A column as proposed, with the reasons in words."""

    column: Column
    facts: Facts
    notes: list[str] = field(default_factory=list)
    choices: list[str] = field(default_factory=list)  # lines to choose from, written as comments
    version_like: bool = False

    @property
    def is_direct(self) -> bool:
        return self.column.personal_data in _DIRECT


def look_at(connection: Any, name: str) -> Facts:
    """Facts of a column of the table `staging`."""
    x = quote_name(name)
    row = connection.execute(
        f"with v as (select {x} as x, count(*) as n from staging where {x} is not null group by 1) "
        "select coalesce(sum(n), 0), count(*), coalesce(max(length(x)), 0), coalesce(avg(length(x)), 0), "
        "coalesce(bool_or(regexp_matches(x, '[¥$€£￥]|^(CNY|USD|EUR|GBP) ?[0-9]')), false), "
        + ", ".join(
            f"coalesce(avg(case when {condition} then 1.0 else 0 end), 0)"
            for condition in (
                "regexp_matches(x, '^[<>]? ?-?[0-9.,]+ ?[%％]$')",
                "regexp_matches(x, '^0[0-9]')",
                "regexp_full_match(x, '[0-9]+')",
                "regexp_matches(x, '[0-9]{1,4}[-/.年][0-9]{1,2}[-/.月][0-9]{1,4}|[0-9]{1,2}[- ][A-Za-z]{3}[- ,]')",
                "regexp_matches(x, '[0-9]{1,2}[:时][0-9]{2}')",
                "regexp_full_match(x, '-?[0-9]{1,3}([. ]?[0-9]{3})*,([0-9]{1,2}|[0-9]{4,})')",
                "regexp_full_match(x, '-?[0-9]+([,][0-9]{3})*[.][0-9]+')",
                "regexp_full_match(x, '-?[0-9]{1,3}(,[0-9]{3})+')",
                "regexp_matches(x, '\\S\\s+\\S')",
            )
        )
        + " from v"
    ).fetchone()
    return Facts(int(row[0]), int(row[1]), int(row[2]), float(row[3]), bool(row[4]), *map(float, row[5:]))


class Judge:
    """Decides on columns, one by one."""

    def __init__(self, connection: Any, contract: Contract, vocabulary: Vocabulary, now: datetime) -> None:
        self._connection, self._contract, self._vocabulary = connection, contract, vocabulary
        self._setting = Setting(contract, now)

    def propose(self, column: Column) -> Proposed:
        """The column with its kind and class."""
        facts, heading = look_at(self._connection, column.name), column.headings[0]
        found = Proposed(column, facts, version_like=words.is_version(heading))
        hint = self._vocabulary.hint(heading)
        if not facts.filled:
            if hint is not None:
                return self._personal(found, hint, "by its heading")
            kind = "timestamp" if words.is_time(heading) else "money" if words.is_money(heading) else "text"
            if words.is_id(heading):
                kind = "text"
            found.notes.append("empty in this file" + (": its kind is by its heading" if kind != "text" else ""))
            return replace(found, column=replace(column, kind=kind))
        if hint is not None and self._fits_hint(found, hint):
            return self._personal(found, hint, "by its heading")
        by_value = self._hint_of_values(column, facts)
        if by_value is not None:
            return self._personal(found, by_value, "by its values")
        for attempt in (self._flag, self._time, self._number):
            done = attempt(found)
            if done is not None:
                return done
        if facts.mean_length > 60 and facts.spaced > 0.5:
            return self._personal(found, Hint("free_text", PersonalData.FREE_TEXT), "long text")
        return found

    def failing(self, column: Column) -> tuple[int, int]:
        """(distinct values, those that fail) of a column tried as declared."""
        cleaning = kinds.clean("t", "v", column, self._setting)
        fails = " or ".join(f"({failure.condition})" for failure in cleaning.failures) or "false"
        row = self._connection.execute(
            f"with r as (select distinct {quote_name(column.name)} as raw from staging), "
            f"p as (select {prepared('raw', column, self._contract)} as t from r), "
            f"c as (select t, cast({cleaning.value} as {kinds.engine_type(column)}) as v from p where t is not null) "
            f"select count(*), count(*) filter (where {fails}) from c"
        ).fetchone()
        return int(row[0]), int(row[1])

    def _fits(self, found: Proposed, column: Column, tolerated: float = TOLERATED) -> Proposed | None:
        """The proposal with this column where nearly all values are of its kind."""
        total, bad = self.failing(column)
        if bad > tolerated * total:
            return None
        result = replace(found, column=column, notes=list(found.notes))
        if bad:
            result.column = replace(column, on_fail=OnFail.MISSING)
            result.notes.append(f"{bad:,} of {total:,} different values are none: they count as missing, with a reason")
        return result

    def _fits_hint(self, found: Proposed, hint: Hint) -> bool:
        if hint.kind in ("name", "address", "account", "postcode", "free_text"):
            # what is a number or a moment is none of these, whatever it is called
            facts = found.facts
            is_value = facts.point_decimals > 0.5 or facts.dated > 0.9
            return not is_value and not (hint.kind in ("name", "free_text") and facts.digits > 0.9)
        total, bad = self.failing(replace(found.column, kind=hint.kind))
        return bad <= 0.4 * total

    def _personal(self, found: Proposed, hint: Hint, why: str) -> Proposed:
        column = replace(
            found.column, kind=hint.kind, personal_data=hint.personal_data, identifier=hint.identifier,
            on_fail=OnFail.MISSING if hint.kind in _MAY_FAIL else OnFail.REJECT,
        )  # fmt: skip
        notes = [*found.notes]
        if hint.personal_data is not PersonalData.BUSINESS:
            notes.append(f"personal data {why}; business only if it names no person")
        total, bad = self.failing(column)
        if bad:
            notes.append(f"{bad:,} of {total:,} different values are none: they count as missing, with a reason")
        return replace(found, column=column, notes=notes)

    def _hint_of_values(self, column: Column, facts: Facts) -> Hint | None:
        """Personal data that shows in the values, whatever the heading says."""
        x = quote_name(column.name)
        for pattern in PATTERNS:
            if pattern.needs_plan:
                continue
            matches, whole = self._connection.execute(
                f"with v as (select distinct {x} as x from staging where {x} is not null and {prefilter_sql(x)}), "
                f"c as (select x, {candidates_sql(pattern, 'x')} as found from v) "
                "select count(*) filter (where len(found) > 0), "
                "count(*) filter (where len(found) > 0 and length(found[1]) >= 0.8 * length(x)) from c"
            ).fetchone()
            if not matches or (words.is_id(column.headings[0]) and pattern.identifier != "email"):
                continue
            if whole >= 0.5 * facts.distinct:
                is_hard = pattern.identifier in ("national_id", "bank_card")
                kind = {"phone": "phone", "email": "email", "national_id": "national_id"}.get(
                    pattern.identifier, "account"
                )
                personal = PersonalData.SENSITIVE if is_hard else PersonalData.DIRECT
                return Hint(kind, personal, pattern.identifier)
            if matches - whole > 0 or matches >= 0.01 * facts.distinct:
                return Hint("free_text", PersonalData.FREE_TEXT)
        return None

    def _flag(self, found: Proposed) -> Proposed | None:
        if found.facts.distinct > 2:
            return None
        if found.facts.digits == 1 and not words.is_flag(found.column.headings[0]):
            return None
        return self._fits(found, replace(found.column, kind="boolean"), 0)

    def _time(self, found: Proposed) -> Proposed | None:
        facts, heading = found.facts, found.column.headings[0]
        is_compact = facts.digits > 0.98 and facts.longest == 8 and words.is_time(heading)
        if facts.dated < 0.9 and not is_compact:
            return None
        kind = "timestamp" if facts.with_time > 0.5 else "date"
        plain = replace(found.column, kind=kind)
        if (fitting := self._fits(found, plain)) is not None:
            return fitting
        forms = [form + time for form in DAY_FORMS for time in (_TIMES if kind == "timestamp" else ("",))]
        tried = []
        for form in forms:
            total, bad = self._misread(found.column, form)
            if bad <= TOLERATED * total:
                tried.append((bad, form))
        best = min((bad for bad, _ in tried), default=0)
        fits = [form for bad, form in tried if bad == best]
        if self._differ(found.column, fits):
            result = replace(found, notes=[*found.notes])
            result.notes.append("dates whose form this file does not tell: choose one, and the kind")
            result.choices += [f"- {{property: kind, value: {kind}}}"]
            result.choices += [f"- {{property: dateForms, value: ['{form}']}}" for form in fits]
            return result
        if fits:
            return self._fits(found, replace(plain, date_forms=(fits[0],)))
        return None

    def _misread(self, column: Column, form: str) -> tuple[int, int]:
        """(distinct values, those that the form alone does not read)."""
        x = quote_name(column.name)
        row = self._connection.execute(
            f"with v as (select distinct {x} as x from staging where {x} is not null) "
            f"select count(*), count(*) filter (where try_strptime(x, {quote(form)}) is null "
            f"or year(try_strptime(x, {quote(form)})) not between 1900 and 2199) from v"
        ).fetchone()
        return int(row[0]), int(row[1])

    def _differ(self, column: Column, forms: Sequence[str]) -> bool:
        """Whether forms that all fit read some value differently."""
        if len(forms) < 2:
            return False
        x = quote_name(column.name)
        first = f"try_strptime({x}, {quote(forms[0])})"
        others = " or ".join(f"{first} is distinct from try_strptime({x}, {quote(form)})" for form in forms[1:])
        row = self._connection.execute(f"select count(*) from staging where {x} is not null and ({others})").fetchone()
        return bool(row[0])

    def _number(self, found: Proposed) -> Proposed | None:
        facts, heading = found.facts, found.column.headings[0]
        if facts.zero_led > 0 or (words.is_id(heading) and not facts.point_decimals):
            return None
        column = found.column
        if facts.percent > 0.5:
            return self._fits(found, replace(column, kind="percent"))
        notes: list[str] = []
        if facts.comma_decimals > 0 and facts.point_decimals == 0:
            column = replace(column, decimal_mark=",", thousands_mark=".")
        elif facts.grouped > 0 and not (facts.point_decimals or facts.comma_decimals):
            notes.append("1,234 is read as 1234; if commas are decimal marks: decimalMark ',' and thousandsMark '.'")
        is_money = facts.has_sign or words.is_money(heading)
        order = ("money",) if is_money and facts.digits < 1 else ("integer", "money" if is_money else "decimal")
        for kind in order:
            done = self._fits(found, replace(column, kind=kind), 0 if kind == "integer" else TOLERATED)
            if done is not None:
                done.notes += notes
                return done
        return None
