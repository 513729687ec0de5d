"""Excel workbooks as tables of text: one part per sheet.

Belongs here: cells to text. Not here: headings (`layout.py`), meaning.

Workbooks are read whole, cell by cell: a sheet holds a million rows at most, and large exports come as text. A cell
merged over several rows is each row's; merged over columns it is the first one's. Formulas count by the value that was
stored with them.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
import zlib
from typing import BinaryIO

from ingestion.contracts.model import Contract
from ingestion.errors import MilepostError
from ingestion.readers.layout import DEPTH, Layout, best_row

#: A cell of a sheet's XML with a formula and no value stored with it.
_NEVER_COMPUTED = re.compile(rb"<f\b[^>]*(?:/>|>[^<]*</f>)\s*(?:<v\s*/>|<v></v>)?\s*</c>")


def sheets(stream: BinaryIO, contract: Contract, where: str) -> list[tuple[str, list[list[str]]]]:
    """Name and rows (cells as text, empty for none) of each sheet that the contract reads, empty sheets left out.

    Raises MilepostError where the file is no workbook, is damaged, needs a password, or holds formulas that no
    program has computed.
    """
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    content = stream.read()
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        wanted = [
            name
            for name in workbook.sheet_names
            if contract.file.sheet_pattern is None or re.search(contract.file.sheet_pattern, name)
        ]
        found = [(name, rows) for name in wanted if any(map(any, rows := _rows(workbook.get_sheet_by_name(name))))]
    except PasswordError:
        raise MilepostError("needs a password", where=where, remedy="Save it without one") from None
    except (CalamineError, OSError, ValueError, zlib.error, EOFError) as error:
        # the library's message may quote a cell
        raise MilepostError(
            f"is not a readable workbook ({type(error).__name__})", where=where, remedy="Export it again as .xlsx"
        ) from None
    if _has_uncomputed(content):
        raise MilepostError(
            "holds a formula whose value was never computed",
            where=where,
            remedy="Open it in a spreadsheet program and save it, or export the values",
        )
    return found


def layout(rows: list[list[str]], contract: Contract) -> Layout | None:
    """The heading row of a sheet, below a title line where there is one."""
    return best_row(rows[:DEPTH], contract)


def records(rows: list[list[str]], found: Layout) -> list[list[str]]:
    """Rows below the headings to the last that holds anything, each as wide as the headings.

    Empty rows between them stay, and are no records: so that a record's number leads to its row in the sheet.
    """
    width = len(found.headings)
    end = next((number for number in range(len(rows), found.skip, -1) if any(rows[number - 1])), found.skip)
    return [(row + [""] * width)[:width] for row in rows[found.skip : end]]


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


def _rows(sheet: object) -> list[list[str]]:
    """A calamine sheet's cells as text, merged ones in every row that they cover."""
    rows = [[as_text(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]  # type: ignore[attr-defined]
    for (top, left), (bottom, _) in sheet.merged_cell_ranges or ():  # type: ignore[attr-defined]
        for row in rows[top + 1 : bottom + 1]:
            if left < len(row) and not row[left]:
                row[left] = rows[top][left]
    return rows


def _has_uncomputed(content: bytes) -> bool:
    """Whether a sheet of a zipped workbook holds a formula without the value that belongs to it."""
    if not content.startswith(b"PK"):
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = [name for name in archive.namelist() if re.fullmatch(r"xl/worksheets/[^/]+\.xml", name)]
            return any(_NEVER_COMPUTED.search(archive.read(name)) for name in names)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError):
        return False  # what could be read was read
