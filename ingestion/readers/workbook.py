"""Excel workbooks as tables of text: one part per sheet.

Belongs here: cells to text. Not here: headings (`layout.py`), meaning.

Workbooks are read whole, cell by cell: a sheet holds a million rows at most, and large exports come as text.
"""

from __future__ import annotations

import datetime as dt
import io
import re
from typing import BinaryIO

from ingestion.contracts.model import Contract
from ingestion.errors import MilepostError
from ingestion.readers.layout import DEPTH, Layout, best_row


def sheets(stream: BinaryIO, contract: Contract, where: str) -> list[tuple[str, list[list[str]]]]:
    """Name and rows (cells as text, empty for none) of each sheet that the contract reads, empty sheets left out.

    Raises MilepostError where the file is no workbook or is damaged.
    """
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(stream.read()))
        wanted = [
            name
            for name in workbook.sheet_names
            if contract.file.sheet_pattern is None or re.search(contract.file.sheet_pattern, name)
        ]
        found = []
        for name in wanted:
            rows = workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
            texts = [[as_text(cell) for cell in row] for row in rows]
            if any(any(row) for row in texts):
                found.append((name, texts))
    except (CalamineError, OSError, ValueError) as error:
        # the library's message may quote a cell
        raise MilepostError(
            f"is not a readable workbook ({type(error).__name__})", where=where, remedy="Export it again as .xlsx"
        ) from None
    return found


def layout(rows: list[list[str]], contract: Contract) -> Layout | None:
    """The heading row of a sheet, below a title line where there is one."""
    return best_row(rows[:DEPTH], contract)


def records(rows: list[list[str]], found: Layout) -> list[list[str]]:
    """Rows below the headings, without empty ones, each as wide as the headings."""
    width = len(found.headings)
    return [(row + [""] * width)[:width] for row in rows[found.skip :] if any(row)]


def as_text(cell: object) -> str:
    """A cell as an export in text would write it: whole numbers without a fraction, dates as ISO 8601."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, dt.datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, dt.timedelta):
        seconds = int(cell.total_seconds())
        return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return str(cell)  # date, time, int
