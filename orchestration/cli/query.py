"""`milepost query`: SQL against the published marts.

Belongs here: reading a published version, and nothing but reading. Not here: named figures (`kpi.py`).
"""

from __future__ import annotations

from typing import Annotated

import typer

from ingestion.errors import UsageError
from orchestration.cli import common


def query(
    sql: Annotated[str, typer.Argument(help='One SELECT statement, e.g. "select * from kpi.kpi_values limit 5".')],
    form: common.FormatOption = common.Format.TABLE,
    home: common.HomeOption = None,
) -> None:
    """Ask the published marts."""
    import duckdb

    place = common.the_home(home)
    with common.the_catalog(place) as connection:
        try:
            statements = connection.extract_statements(sql)
            if len(statements) != 1 or statements[0].type not in (
                duckdb.StatementType.SELECT,
                duckdb.StatementType.EXPLAIN,
            ):
                raise UsageError("one SELECT statement is expected", remedy="The published marts are only read")
            result = connection.execute(statements[0])
            columns = [column[0] for column in result.description]
            rows = result.fetchall()
        except (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException) as error:
            # these three speak of names and syntax; other messages of the engine quote values
            raise UsageError(str(error).strip(), remedy='`milepost query "show all tables"` lists the marts') from None
        except duckdb.Error as error:
            raise UsageError(
                f"the query failed while it ran ({type(error).__name__})",
                remedy="A value does not fit what the query does with it: use try_cast",
            ) from None
    common.emit(columns, rows, form)
