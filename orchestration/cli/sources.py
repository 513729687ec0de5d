"""`milepost sources`: databases and APIs that this home pulls.

Belongs here: the commands. Not here: pulling (`ingestion/pull`), files that people drop.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ingestion.errors import UsageError
from ingestion.home import Home
from orchestration.cli import common

app = typer.Typer(no_args_is_help=True, help="Databases and APIs that are pulled, as milepost.yml declares them.")

COLUMNS = ("name", "kind", "contract", "every", "last_pulled", "rows", "read_up_to", "failing_since", "problem")


@app.command("list")
def list_(form: common.FormatOption = common.Format.TABLE, home: common.HomeOption = None) -> None:
    """Declared sources, how far each was read, and what is wrong with those that fail."""
    place = common.the_home(home)
    rows = states(place)
    common.emit(list(COLUMNS), rows, form)
    if not rows and form is common.Format.TABLE:
        common.say(f"none is declared: `technical: sources:` in {place.settings_file} (docs/adding-a-source.md)")


@app.command("pull")
def pull(
    names: Annotated[list[str] | None, typer.Argument(help="Only these.")] = None,
    home: common.HomeOption = None,
) -> int:
    """Read sources now, due or not; what comes waits for the next run. Ends with 4 where one fails."""
    from orchestration import pulling
    from orchestration.session import utc_now

    done = pulling.pull(common.the_home(home), now=utc_now(), names=names or None)
    for one in done:
        common.say(one.line)
    return common.HELD if any(one.failure for one in done) else common.DONE


@app.command("reset")
def reset(name: Annotated[str, typer.Argument(help="The source.")], home: common.HomeOption = None) -> None:
    """Read a source from the beginning next time; records that are there already are superseded by their key."""
    from ingestion.ledger.engine import writing
    from ingestion.ledger.pulls import reset_cursor

    place = common.existing_home(home)
    with common.the_ledger(place) as ledger, writing(ledger) as connection:
        is_known = reset_cursor(connection, name)
    if not is_known:
        raise UsageError(f"the source {name} was never pulled", remedy="See: milepost sources list")
    common.say(f"{name} is read from the beginning next time")


def states(home: Home) -> list[list[Any]]:
    """One row per declared source, in the order of `COLUMNS`."""
    from orchestration.settings import load_settings

    sources = load_settings(home).technical.sources
    if not sources:
        return []
    from ingestion.ledger.pulls import PullState, pull_states

    found: dict[str, PullState] = {}
    if home.ledger.exists():
        with common.the_ledger(home) as ledger:
            found = pull_states(ledger)
    rows = []
    for name, source in sources.items():
        state = found.get(name) or PullState(name, source.contract)
        # a cursor that is text may be anything, also a person's
        is_shown = state.cursor_kind != "text" or (state.cursor_text or "")[:4].isdigit()
        rows.append(
            [
                name, source.kind, source.contract, source.every, common.moment(state.succeeded_at), state.last_rows,
                state.cursor_text if is_shown else None, common.moment(state.failing_since),
                state.failure or state.note,
            ]
        )  # fmt: skip
    return rows
