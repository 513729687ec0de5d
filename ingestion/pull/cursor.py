"""Cursors: how far a source was read, kept as text with its type.

Belongs here: values to text and back, going back by the window. Not here: where cursors are kept
(`ingestion/ledger/pulls.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from ingestion.errors import MilepostError

#: Clocks east of UTC are ahead of it by so much at most: a later moment is a mistake in the source.
_EASTERNMOST = timedelta(hours=14)


@dataclass(frozen=True)
class Cursor:
    """A value of a cursor column: `kind` is timestamp, date, integer, number or text."""

    kind: str
    text: str

    @property
    def value(self) -> Any:
        """The value as drivers take it."""
        if self.kind == "timestamp":
            return datetime.fromisoformat(self.text)
        if self.kind == "date":
            return date.fromisoformat(self.text)
        if self.kind == "integer":
            return int(self.text)
        return Decimal(self.text) if self.kind == "number" else self.text

    def back(self, window: timedelta | int | None) -> Cursor:
        """The cursor that lies `window` before this one, written in the same form."""
        if not window:
            return self
        if self.kind in ("integer", "number") and isinstance(window, int):
            return cursor_of(self.value - window)
        if isinstance(window, timedelta):
            if self.kind == "timestamp":
                return cursor_of(self.value - window)
            if self.kind == "date":
                days = -(-window // timedelta(days=1))  # a part of a day reads the whole day
                return cursor_of(self.value - timedelta(days=days))
            moment = _moment(self.text)
            if moment is not None:
                return Cursor("text", _as(self.text, moment - window))
        raise MilepostError(
            f"the window does not go with a cursor of type {self.kind}",
            remedy="A window is a time (2h, 3d) for cursors that are times, a number for numbers",
        )


def cursor_of(value: Any) -> Cursor:
    """The cursor of a value as a driver or JSON gives it. MilepostError for a type that has no order."""
    if isinstance(value, bool) or not isinstance(value, datetime | date | int | float | Decimal | str):
        raise MilepostError(f"a value of type {type(value).__name__} cannot be a cursor")
    if isinstance(value, datetime):
        return Cursor("timestamp", value.isoformat())
    if isinstance(value, date):
        return Cursor("date", value.isoformat())
    if isinstance(value, int):
        return Cursor("integer", str(value))
    return Cursor("text", value) if isinstance(value, str) else Cursor("number", str(value))


def given_cursor(value: str | int, like: Cursor | None = None) -> Cursor:
    """A cursor as a person declares it (`since`): a time or date in ISO 8601, a number, or text."""
    if isinstance(value, int):
        return Cursor("integer", str(value))
    if like is None or like.kind == "text":
        return Cursor("text", value)
    return Cursor(like.kind, value)


class Furthest:
    """The greatest of the cursors seen, leaving out moments that lie in the future: a wrong clock in one record would
    otherwise hide everything that comes after it."""

    def __init__(self, now: datetime) -> None:
        self._latest = now + _EASTERNMOST
        self._best: tuple[Any, Any] | None = None
        self.in_future = 0
        self.missing = 0

    def take(self, values: Iterable[Any], *, is_ordered: bool = False) -> None:
        """Look at further values; null is counted and left out. `is_ordered`: they come in the source's own order,
        which for words is not ours."""
        for value in values:
            if value is None or value == "":
                self.missing += 1
                continue
            order = _order(value)
            if isinstance(order, datetime) and order > self._latest:
                self.in_future += 1
                continue
            try:
                if self._best is None or order > self._best[0] or (is_ordered and isinstance(order, str)):
                    self._best = (order, value)
            except TypeError:
                raise MilepostError("the cursor's values are of different types, which have no order") from None

    @property
    def cursor(self) -> Cursor | None:
        """The greatest value; None where there was none."""
        return None if self._best is None else cursor_of(self._best[1])


def later(one: Cursor | None, other: Cursor | None) -> Cursor | None:
    """The greater of two cursors; where they cannot be compared, the second."""
    if one is None or other is None:
        return other or one
    try:
        return one if _order(one.value) > _order(other.value) else other
    except TypeError:
        return other


def is_after(value: Any, cursor: Cursor | None) -> bool:
    """Whether a record's value lies beyond the cursor; one without a value does."""
    return value in (None, "") or cursor is None or bool(_order(value) > _order(cursor.value))


def _order(value: Any) -> Any:
    """What a value is ordered by: moments as naive UTC, also those written as text."""
    if isinstance(value, str):
        moment = _moment(value)
        return value if moment is None else _naive(moment)
    if isinstance(value, datetime):
        return _naive(value)
    if isinstance(value, date):
        return datetime.combine(value, time())
    if isinstance(value, float):
        try:
            return Decimal(str(value))
        except InvalidOperation:
            raise MilepostError("a cursor holds a number that is none") from None
    return value


def _naive(moment: datetime) -> datetime:
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)


def _moment(text: str) -> datetime | None:
    """The moment a text writes in ISO 8601; None where it writes none (a bare number is none)."""
    if len(text) < 10 or text[4:5] != "-":
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _as(form: str, moment: datetime) -> str:
    """The moment written as `form` is."""
    if len(form) == 10:
        return moment.date().isoformat()
    written = moment.isoformat(sep=form[10], timespec="auto" if "." in form else "seconds")
    return written.removesuffix("+00:00") + "Z" if form.endswith("Z") else written
