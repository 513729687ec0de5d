"""`milepost contract`: what exports are recognised, and whether contracts and files are right.

Belongs here: the commands. Not here: reading contracts (`ingestion/contracts`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ingestion.errors import UsageError
from orchestration.cli import common

app = typer.Typer(no_args_is_help=True, help="Contracts: which exports are read, and how.")


@app.command("list")
def list_(
    system: Annotated[str | None, typer.Argument(help="Only this system's.")] = None,
    form: common.FormatOption = common.Format.TABLE,
    home: common.HomeOption = None,
) -> None:
    """Exports that are recognised: where to drop them and under which names."""
    from ingestion.contracts.loader import contracts_of

    contracts = contracts_of(common.the_home(home))
    chosen = contracts.of_system(system) if system else contracts.contracts
    if not chosen:
        known = ", ".join(sorted({c.system for c in contracts.contracts}))
        raise UsageError(f"no contract of a system {system}", remedy=f"Systems: {known}")
    columns = ["contract", "title", "file_name", "replaced_by", "entities"]
    rows = [
        [
            c.id,
            c.title,
            c.file.name_pattern.pattern,
            f"{c.supersede.by}, {c.coverage}",
            ", ".join(dict.fromkeys(t.entity for t in c.targets)),
        ]
        for c in chosen
    ]
    common.emit(columns, rows, form)
    if form is common.Format.TABLE:
        common.say("drop a file into inbox/<system>/[any folders/]; the system is the contract's first word")


@app.command("check")
def check(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Files to recognise, each in a folder named like its system.")
    ] = None,
    system: Annotated[str | None, typer.Option("--system", help="System of the files; else by their folder.")] = None,
    form: common.FormatOption = common.Format.TABLE,
    home: common.HomeOption = None,
) -> int:
    """Check all contracts, every mistake listed at once; or which contract reads each file, and why none does.

    Ends with 4 when a file is not recognised.
    """
    from ingestion.contracts.loader import contracts_of
    from ingestion.receive import recognise

    contracts = contracts_of(common.the_home(home))
    if not files:
        common.say(f"{len(contracts.contracts)} contracts, no mistake")
        return common.DONE
    rows = []
    for path in files:
        if not path.is_file():
            raise UsageError("no such file", where=str(path))
        found, reason = recognise(system or path.resolve().parent.name, path, contracts)
        rows.append([str(path), found.id if found else None, reason])
    common.emit(["file", "contract", "reason"], rows, form)
    return common.DONE if all(row[1] for row in rows) else common.HELD
