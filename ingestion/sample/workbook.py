"""Excel workbooks, written without a library: the same bytes for the same rows, fast for a hundred thousand of them.

Belongs here: the file format (SpreadsheetML, one part per sheet). Not here: what the sheets hold. Rows come as a
DuckDB query; text columns become inline strings, numbers numeric cells, missing values empty cells.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

import duckdb

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_STYLES = (
    f'{_HEAD}<styleSheet xmlns="{_MAIN}"><fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="1"><fill><patternFill patternType="none"/></fill></fills><borders count="1"><border/></borders>'
    '<cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="1"><xf/></cellXfs></styleSheet>'
)


NUMBER = "#number:"  # a text that begins so becomes a numeric cell: columns that mix texts and numbers


@dataclass(frozen=True)
class Sheet:
    """One sheet: a title line in a merged cell (or none), headings, and the query of its rows."""

    name: str
    headings: tuple[str, ...]
    sql: str
    title: str | None = None


def _letter(column: int) -> str:
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _text_row(number: int, cells: Sequence[str]) -> str:
    body = "".join(
        f'<c r="{_letter(i)}{number}" t="inlineStr"><is><t xml:space="preserve">{escape(c)}</t></is></c>'
        for i, c in enumerate(cells)
    )
    return f'<row r="{number}">{body}</row>'


def _cell_sql(column: str, kind: str, index: int, first_row: int) -> str:
    place = f"'<c r=\"{_letter(index)}' || (sheet_row + {first_row - 1})::varchar || '\"'"
    name = '"' + column.replace('"', '""') + '"'
    if kind == "VARCHAR":
        safe = f"replace(replace(replace({name}, '&', '&amp;'), '<', '&lt;'), '>', '&gt;')"
        text = f"' t=\"inlineStr\"><is><t xml:space=\"preserve\">' || {safe} || '</t></is></c>'"
        number = f"'><v>' || {name}[{len(NUMBER) + 1}:] || '</v></c>'"
        filled = f"{place} || CASE WHEN starts_with({name}, '{NUMBER}') THEN {number} ELSE {text} END"
    else:
        filled = f"{place} || '><v>' || {name}::varchar || '</v></c>'"
    return f"coalesce({filled}, '')"


def _sheet_xml(con: duckdb.DuckDBPyConnection, sheet: Sheet) -> tuple[str, int]:
    lines = [] if sheet.title is None else [_text_row(1, [sheet.title])]
    lines.append(_text_row(len(lines) + 1, sheet.headings))
    first_row = len(lines) + 1
    relation = con.sql(sheet.sql)
    cells = " || ".join(
        _cell_sql(c, str(t), i, first_row)
        for i, (c, t) in enumerate(zip(relation.columns, relation.types, strict=True))
    )
    rows = con.execute(
        f"WITH numbered AS (SELECT row_number() OVER () AS sheet_row, q.* FROM ({sheet.sql}) q) "
        f"SELECT '<row r=\"' || (sheet_row + {first_row - 1})::varchar || '\">' || {cells} || '</row>' "
        "FROM numbered ORDER BY sheet_row"
    ).fetch_arrow_table()
    lines += rows.column(0).to_pylist()
    merged = ""
    if sheet.title is not None:
        merged = f'<mergeCells count="1"><mergeCell ref="A1:{_letter(len(sheet.headings) - 1)}1"/></mergeCells>'
    xml = f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetData>{"".join(lines)}</sheetData>{merged}</worksheet>'
    return xml, rows.num_rows


def workbook(con: duckdb.DuckDBPyConnection, sheets: Sequence[Sheet]) -> tuple[bytes, int]:
    """The bytes of a workbook with these sheets, and the number of its data rows."""
    parts: dict[str, str] = {}
    total = 0
    for number, sheet in enumerate(sheets, 1):
        parts[f"xl/worksheets/sheet{number}.xml"], rows = _sheet_xml(con, sheet)
        total += rows
    numbers = range(1, len(sheets) + 1)
    types = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" '
        'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
        for n in numbers
    )
    head = {
        "[Content_Types].xml": f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        '<Override PartName="/xl/workbook.xml" '
        'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
        '<Override PartName="/xl/styles.xml" '
        f'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/>{types}</Types>',
        "_rels/.rels": f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets>'
        + "".join(
            f'<sheet name="{escape(s.name)}" sheetId="{n}" r:id="rId{n}"/>'
            for n, s in zip(numbers, sheets, strict=True)
        )
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">'
        + "".join(
            f'<Relationship Id="rId{n}" Type="{_RELATIONS}/worksheet" Target="worksheets/sheet{n}.xml"/>'
            for n in numbers
        )
        + f'<Relationship Id="rId{len(sheets) + 1}" Type="{_RELATIONS}/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": _STYLES,
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
        for name, text in (head | parts).items():
            # a fixed time: the same rows give the same bytes
            archive.writestr(zipfile.ZipInfo(name, (2000, 1, 1, 0, 0, 0)), text.encode(), zipfile.ZIP_DEFLATED, 3)
    return out.getvalue(), total
