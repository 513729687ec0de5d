"""The one seam between Great Expectations and DuckDB.

Belongs here: everything that Great Expectations 1.24 or SQLAlchemy 2.1 need to be told so that expectations are
computed in DuckDB. Not here: suites, results. Great Expectations has no DuckDB datasource of its own; through
`duckdb-engine` three things stand in the way:

1. It gives its connection back between a query and its fetch, except for dialects that it counts among those whose
   connection persists (`_PERSISTED_CONNECTION_DIALECTS`, private). DuckDB is added to them.
2. Its regular expressions know a fixed list of dialects. DuckDB's `regexp_matches` is added (its `~`, which the
   PostgreSQL form would give, means a match of the whole value).
3. `duckdb-engine` reads columns through PostgreSQL catalogues that DuckDB does not have (`pg_collation`, which
   SQLAlchemy 2.1 joins). A dialect of our own reads them from `duckdb_columns()`, and keeps statements apart.

`tests/unit/expectations/test_duckdb_dialect.py` fails when a new version of either changes one of them.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any


def url(path: Path) -> str:
    """Connection string of a DuckDB file. A file, not memory: Great Expectations opens it by two engines."""
    return f"duckdb+gate:///{path}"


class _PersistedDialect(str):
    """Name of a dialect in the form of Great Expectations' own enumeration: a string with `value`."""

    __slots__ = ()

    @property
    def value(self) -> str:
        return str(self)


def install() -> None:
    """Make Great Expectations work with `url`; harmless when called again."""
    from great_expectations.execution_engine import sqlalchemy_execution_engine as engine_module

    persisted = engine_module._PERSISTED_CONNECTION_DIALECTS
    if "duckdb" not in persisted:
        engine_module._PERSISTED_CONNECTION_DIALECTS = (  # type: ignore[assignment]
            *persisted,
            _PersistedDialect("duckdb"),
        )
    _register_dialect()
    _install_regular_expressions()


def _install_regular_expressions() -> None:
    import great_expectations.expectations.core  # noqa: F401 (imports every module that uses the function)
    from great_expectations.expectations.metrics import util

    original = util.get_dialect_regex_expression
    if getattr(original, "knows_duckdb", False):
        return

    def with_duckdb(column: Any, regex: str, dialect: Any, positive: bool = True) -> Any:
        expression = original(column, regex, dialect, positive)
        # no module is known for DuckDB's dialect: the dialect itself is handed over, or nothing
        if expression is not None or getattr(dialect, "name", "duckdb") != "duckdb":
            return expression
        from sqlalchemy import func, literal, not_

        matches = func.regexp_matches(column, literal(regex))
        return matches if positive else not_(matches)

    with_duckdb.knows_duckdb = True  # type: ignore[attr-defined]
    for name, module in list(sys.modules.items()):
        if name.startswith("great_expectations.") and (
            getattr(module, "get_dialect_regex_expression", None) is original
        ):
            module.get_dialect_regex_expression = with_duckdb  # type: ignore[attr-defined]


def _register_dialect() -> None:
    from sqlalchemy.dialects import registry

    registry.register("duckdb.gate", __name__, "GateDialect")


def __getattr__(name: str) -> Any:
    """`GateDialect`, made when SQLAlchemy asks for it: its base is imported only where the gate runs."""
    if name != "GateDialect":
        raise AttributeError(name)
    import duckdb_engine
    import sqlalchemy as sa

    types = {
        "VARCHAR": sa.String(),
        "BOOLEAN": sa.Boolean(),
        "DATE": sa.Date(),
        "TIME": sa.Time(),
        "DOUBLE": sa.Double(),
        "FLOAT": sa.Float(),
        "BLOB": sa.LargeBinary(),
    }

    def column_type(name: str) -> Any:
        if name.startswith("TIMESTAMP"):
            return sa.DateTime()
        if name.startswith("DECIMAL("):
            precision, scale = name[len("DECIMAL(") : -1].split(",")
            return sa.Numeric(int(precision), int(scale))
        if name.endswith(("INT", "INTEGER")):
            return sa.BigInteger()
        return types.get(name, sa.types.NullType())

    class GateDialect(duckdb_engine.Dialect):
        """DuckDB with columns read from its own catalogue."""

        supports_statement_cache = True

        # every statement stands alone: in a transaction, one that fails would take all later ones with it
        def do_begin(self, connection: Any) -> None:
            pass

        def do_commit(self, connection: Any) -> None:
            pass

        def do_rollback(self, connection: Any) -> None:
            pass

        def get_columns(  # type: ignore[override]
            self, connection: Any, table_name: str, schema: str | None = None, **_: Any
        ) -> list[dict[str, Any]]:
            rows = connection.execute(
                sa.text(
                    "select column_name, data_type, is_nullable, column_default from duckdb_columns() "
                    "where table_name = :table_name and schema_name = :schema_name "
                    "and database_name = current_database() order by column_index"
                ),
                {"table_name": str(table_name), "schema_name": schema or "main"},
            ).fetchall()
            if not rows:
                raise sa.exc.NoSuchTableError(table_name)
            return [
                {
                    "name": row[0],
                    "type": column_type(row[1]),
                    "nullable": row[2],
                    "default": row[3],
                    "autoincrement": False,
                    "comment": None,
                }
                for row in rows
            ]

        def get_pk_constraint(self, *_: Any, **__: Any) -> dict[str, Any]:  # type: ignore[override]
            return {"constrained_columns": [], "name": None}  # views have none

    globals()["GateDialect"] = GateDialect
    return GateDialect
