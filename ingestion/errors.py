"""Errors that people read: what is wrong, where, and what to do.

A message never quotes a value of a record: values may be personal data.
"""

from __future__ import annotations


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
