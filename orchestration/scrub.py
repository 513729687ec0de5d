"""What may be said about an exception without quoting a record.

Belongs here: turning any exception into a text that is safe in logs, Dagster events and on the screen. Engines quote
values in their messages; our own errors do not. Not here: deciding what to do about an error.
"""

from __future__ import annotations

import traceback
from pathlib import Path

from ingestion.errors import MilepostError, of_storage

PROJECT_DIR = Path(__file__).resolve().parents[1]


def brief(error: BaseException) -> str:
    """One line: our own message as it is; of any other exception its type and where in this project it came up."""
    if isinstance(error, MilepostError):
        return str(error)
    if (known := of_storage(error)) is not None:
        return str(known)
    places = own_frames(error)
    at = f" at {places[-1]}" if places else ""
    return f"{type(error).__module__}.{type(error).__qualname__}{at}".removeprefix("builtins.")


def own_frames(error: BaseException) -> list[str]:
    """`file:line in function` of the frames that lie in this project, outermost first."""
    found = []
    for frame in traceback.extract_tb(error.__traceback__):
        path = Path(frame.filename)
        if path.is_relative_to(PROJECT_DIR) and ".venv" not in path.parts:
            found.append(f"{path.relative_to(PROJECT_DIR)}:{frame.lineno} in {frame.name}")
    return found


def safe_report(error: BaseException) -> str:
    """Several lines for a log file: each exception of the chain with its frames, without messages that quote values."""
    lines = []
    link: BaseException | None = error
    while link is not None:
        lines.append(brief(link))
        lines += [
            f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in traceback.extract_tb(link.__traceback__)
        ]
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return "\n".join(lines)
