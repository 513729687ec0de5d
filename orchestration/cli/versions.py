"""`milepost versions`: published versions.

Belongs here: the commands. Not here: what is done to versions (`publishing/versions.py`).
"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from orchestration.cli import common

app = typer.Typer(no_args_is_help=True, help="Published versions.")


@app.command("list")
def list_(form: common.FormatOption = common.Format.TABLE, home: common.HomeOption = None) -> None:
    """Published versions that are kept, latest first."""
    from publishing.versions import list_versions

    place = common.existing_home(home)
    with common.the_ledger(place) as ledger:
        found = list_versions(place, ledger)
    columns = ["version", "current", "published_at", "as_of", "rows", "build_id"]
    rows = [
        [v.version, v.is_current, common.moment(v.published_at), common.moment(v.as_of), v.rows, v.build_id]
        for v in found
    ]
    common.emit(columns, rows, form)


@app.command("rollback")
def rollback(
    version: Annotated[str | None, typer.Argument(help="Version to go back to; else the one before.")] = None,
    home: common.HomeOption = None,
) -> None:
    """Make an earlier version current again."""
    from orchestration.session import utc_now
    from publishing.versions import rollback as roll_back

    place = common.existing_home(home)
    with common.locked(place), common.the_ledger(place) as ledger:
        current = roll_back(place, ledger, version, now=utc_now())
    common.say(f"{current} is current; the next run that passes the gate publishes a newer one")


@app.command("diff")
def diff(
    before: Annotated[str | None, typer.Argument(help="Earlier version; else the one before the later.")] = None,
    after: Annotated[str | None, typer.Argument(help="Later version; else the current one.")] = None,
    form: common.FormatOption = common.Format.TABLE,
    home: common.HomeOption = None,
) -> None:
    """What changed between two versions: marts, rows, totals of KPIs."""
    from ingestion.errors import UsageError
    from publishing.publish import current_version, version_folders
    from publishing.versions import diff as compare

    place = common.existing_home(home)
    names = version_folders(place)
    later = after or current_version(place)
    earlier = before or next((n for n in reversed(names) if later is not None and n < later), None)
    if later is None or earlier is None:
        raise UsageError("there are no two versions to compare", remedy="`milepost versions list` shows what is there")
    found = compare(place, earlier, later)
    rows: list[list[Any]] = [
        ["mart", m.mart, m.change, m.rows_before, m.rows_after, m.rows_removed, m.rows_added] for m in found.marts
    ]
    rows += [
        ["kpi", f"{k.kpi_id} {k.grain} {k.period_start}", "value", k.before, k.after, None, None] for k in found.kpis
    ]
    columns = ["what", "name", "change", "before", "after", "rows_removed", "rows_added"]
    common.emit(columns, rows, form, title=f"{found.before} -> {found.after}")


@app.command("relocate")
def relocate(home: common.HomeOption = None) -> None:
    """Rewrite the catalogs after the home was moved or renamed."""
    from publishing.versions import relocate as rewrite

    place = common.existing_home(home)
    with common.locked(place):
        versions = rewrite(place)
    common.say(f"{len(versions)} catalogs now point to {place.root}")
