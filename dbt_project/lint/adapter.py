"""Stand-in for dbt's `adapter` while sqlfluff renders the models: it parses no project and opens no database.

Belongs here: what a dispatched macro looks like to the linter. Not here: what it
does (`macros/adapters`, `macros/lake`).
"""

from __future__ import annotations

from collections.abc import Callable

#: Dispatched macros that stand for a table; all others stand for an expression: their first argument.
TABLES = {
    "lake": "(select 1 as one)",
    "day_series": "(select cast('2024-01-01' as date) as date_day)",
}


def dispatch(macro_name: str, macro_namespace: str | None = None) -> Callable[..., str]:
    """What `adapter.dispatch(...)` answers in the linter: a macro that renders a name in its place."""

    def rendered(*arguments: object, **_: object) -> str:
        return TABLES.get(macro_name) or (str(arguments[0]) if arguments else "null")

    return rendered
