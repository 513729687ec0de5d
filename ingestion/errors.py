"""Errors that people read: what is wrong, where, and what to do.

A message never quotes a value of a record: values may be personal data.
"""

from __future__ import annotations

import errno

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
#: What engines say of a full disk; they give no number.
_FULL_WORDS = ("No space left", "disk is full", "File too large", "Disk quota exceeded")


class MilepostError(Exception):
    """An error with its place and remedy; printed as it is, without a traceback."""

    def __init__(self, what: str, *, where: str | None = None, remedy: str | None = None) -> None:
        self.what = what
        self.where = where
        self.remedy = remedy
        super().__init__(str(self))

    def __str__(self) -> str:
        text = self.what if self.where is None else f"{self.where}: {self.what}"
        return text if self.remedy is None else f"{text}. {self.remedy}"


class UsageError(MilepostError):
    """Wrong use of a command: exit code 2."""


class TransientError(MilepostError):
    """May pass when tried again (a lock, a connection): the only kind that a scheduled run retries."""


def of_storage(error: BaseException) -> MilepostError | None:
    """What a disk, or the rights on it, are at fault for, as an error with its remedy; None for any other error.

    Nothing is half-done then: what was not committed is swept at the next start.
    """
    if isinstance(error, OSError):
        number, where = error.errno, None if error.filename is None else str(error.filename)
        if number in _FULL:
            return MilepostError("no space is left on the disk", where=where, remedy=_AGAIN)
        if number == errno.EROFS:
            return MilepostError("the disk cannot be written", where=where, remedy=_AGAIN)
        if isinstance(error, PermissionError):
            remedy = "Give the user that runs Milepost the right to it, and run again"
            return MilepostError("permission denied", where=where, remedy=remedy)
        return None
    is_engine = type(error).__module__.split(".")[0] in ("duckdb", "_duckdb", "sqlalchemy", "sqlite3")
    if is_engine and any(words in str(error) for words in _FULL_WORDS):
        return MilepostError("no space is left on the disk", remedy=_AGAIN)
    return None


_AGAIN = "See to it, and run again: nothing was half-done"
