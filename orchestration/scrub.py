"""What may be said about an exception without quoting a record.

Belongs here: turning any exception into a text that is safe in logs, Dagster events and on the screen. Engines quote
values in their messages; our own errors do not. Not here: deciding what to do about an error.
"""

from __future__ import annotations

import json
import re
import traceback
from pathlib import Path

from ingestion.errors import MilepostError, of_storage

PROJECT_DIR = Path(__file__).resolve().parents[1]

#: An engine's error on data and its text with the statement it quotes, to the next log line or blank line. What is
#: about the catalogue or the statement quotes no data; the other words are dbt's own headings.
_ENGINE_MESSAGE = re.compile(
    r"\b((?!(?:Catalog|Binder|Parser|Syntax|Runtime|Database|Compilation|Dependency|Validation|Parsing|Env|IO|Internal|"
    r"Encountered an)\b)(?:[A-Z][A-Za-z\-]+ )+Error): .*?"
    r"(?:\n\s*LINE \d[^\n]*(?:\n\s*\^)?|(?=\n\s*\n(?!\s*LINE \d)|\n\x1b?\[?\d*m?\d\d:\d\d:\d\d|\Z))",
    re.DOTALL,
)
_JSON_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"')


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


def without_values(text: str) -> str:
    """A text of dbt or the engine without what engine errors quote; errors about the statement itself stay."""
    return _ENGINE_MESSAGE.sub(lambda match: f"{match[1]} (its text may quote a value: left out)", text)


def scrub_artifacts(target: Path) -> int:
    """Take what engine errors quote out of dbt's artifacts and logs of a run; returns how many files were changed.

    `dbt retry` and the pages of dbt need the artifacts' structure: only messages change.
    """
    changed = 0
    for path in sorted([*target.glob("*.json"), *target.glob("dbt.log*")]):
        text = path.read_text(encoding="utf-8", errors="replace")
        if "Error" not in text:
            continue
        fresh = _JSON_TEXT.sub(_scrubbed_json, text) if path.suffix == ".json" else without_values(text)
        if fresh != text:
            temporary = path.with_name(f".{path.name}.scrubbed")
            temporary.write_text(fresh, encoding="utf-8")
            temporary.replace(path)
            changed += 1
    return changed


def _scrubbed_json(match: re.Match[str]) -> str:
    if "Error: " not in match[0]:
        return match[0]
    text = json.loads(match[0])
    return json.dumps(without_values(text), ensure_ascii=False) if _ENGINE_MESSAGE.search(text) else match[0]


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
