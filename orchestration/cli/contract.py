"""`milepost contract`: what exports are recognised, whether contracts and files are right, and contracts for new files.

Belongs here: the commands. Not here: reading contracts (`ingestion/contracts`), proposing one (`ingestion/propose`).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ingestion.errors import MilepostError, UsageError
from orchestration.cli import common

if TYPE_CHECKING:
    from ingestion.check import FileCheck
    from ingestion.contracts.model import ContractSet

app = typer.Typer(no_args_is_help=True, help="Contracts: which exports are read, and how.")

COLUMNS = ("file", "column", "rule", "effect", "rows", "examples")


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
        list[Path] | None, typer.Argument(help="Files to check, each in a folder named like its system.")
    ] = None,
    system: Annotated[str | None, typer.Option("--system", help="System of the files; else by their folder.")] = None,
    contract: Annotated[
        str | None, typer.Option("--contract", help="Read the files by this contract, whatever their names.")
    ] = None,
    form: common.FormatOption = common.Format.TABLE,
    home: common.HomeOption = None,
) -> int:
    """Check all contracts, every mistake listed at once; or files: which rule how many of their records break.

    Nothing is taken in and no key is needed. Examples show the shape of values (9 for a digit, x for a letter), never a
    value. Ends with 4 when a file is not recognised, a record would be rejected, or the delivery held.
    """
    from ingestion.contracts.loader import contracts_of

    contracts = contracts_of(common.the_home(home))
    if not files:
        common.say(f"{len(contracts.contracts)} contracts, no mistake")
        return common.DONE
    if contract is not None and contract not in {one.id for one in contracts.contracts}:
        raise UsageError(f"no contract {contract}", remedy="See: milepost contract list")
    rows: list[list[Any]] = []
    said: list[str] = []
    is_clean = True
    for path in files:
        if not path.is_file():
            raise UsageError("no such file", where=str(path))
        found, line = _checked(contracts, path, system or path.resolve().parent.name, contract)
        said.append(line)
        is_clean = is_clean and found is not None and found.is_clean
        if found is not None:
            rows += _broken_rules(path, found)
    if rows or form is not common.Format.TABLE:
        common.emit(list(COLUMNS), rows, form)
    if form is common.Format.TABLE:
        for line in said:
            common.say(line)
    return common.DONE if is_clean else common.HELD


def _checked(contracts: ContractSet, path: Path, system: str, contract: str | None) -> tuple[FileCheck | None, str]:
    """What checking a file gave, and a line about it; None where no contract reads it."""
    from ingestion.check import check_file
    from orchestration.session import utc_now

    try:
        found = check_file(contracts, path, system, utc_now(), contract)
    except MilepostError as error:
        return None, f"{path.name}: not read: {error}"
    received = sum(part.received_rows for part in found.parts)
    accepted = sum(part.accepted_rows for part in found.parts)
    superseded = sum(part.superseded_rows for part in found.parts)
    rejected = sum(part.rejected_rows for part in found.parts)
    line = (
        f"{path.name}: {found.contract}{f' ({found.encoding})' if found.encoding else ''}: {received:,} records = "
        f"{accepted:,} accepted + {superseded:,} superseded + {rejected:,} rejected"
    )
    return found, line + "".join(f"; would be held: {reason}" for reason in found.held)


def _broken_rules(path: Path, found: FileCheck) -> list[list[Any]]:
    """One row per column and rule that records break."""
    shapes = {(column, reason): examples for column, reason, examples in found.examples}
    return [
        [
            path.name,
            issue.column_name or None,
            issue.reason,
            issue.effect,
            issue.row_count,
            "  ".join(shapes.get((issue.column_name, issue.reason), ())) or issue.detail,
        ]
        for issue in found.issues
    ]


@app.command("new")
def new(
    file: Annotated[
        Path, typer.Argument(help="A file of the new source: delimited, Excel, JSON lines, Parquet, packed.")
    ],
    system: Annotated[
        str | None, typer.Option("--system", help="Name of the system; else that of the file's folder.")
    ] = None,
    export: Annotated[str | None, typer.Option("--export", help="Name of the export; else by the file's name.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write there, or to <folder>/<system>/<export>.yml.")
    ] = None,
    home: common.HomeOption = None,
) -> int:
    """Profile a file and propose a commented contract for it, checked on that file. Without -o it is printed.

    Nothing of the file is kept or shown. Ends with 4 where records would be rejected by the proposal.
    """
    import re

    from ingestion.contracts.loader import contracts_of
    from ingestion.propose.propose import propose_contract
    from orchestration.session import utc_now

    if not file.is_file():
        raise UsageError("no such file", where=str(file))
    place = common.the_home(home)
    name = system or _slug(file.resolve().parent.name)
    for word in (name, export or "x"):
        if not re.fullmatch(r"[a-z][a-z0-9_]*", word):
            raise UsageError(
                f"{word} is no name", remedy="Lower-case letters, digits and underscores: --system, --export"
            )
    found = propose_contract(file, name, export, contracts_of(place), utc_now())
    received = sum(part.received_rows for part in found.check.parts)
    rejected = sum(part.rejected_rows for part in found.check.parts)
    if output is None:
        typer.echo(found.text, nl=False)
    else:
        target = output
        if output.is_dir() or not output.suffix:
            target = output / name / f"{found.contract_id.split('.')[1]}.yml"
        if target.exists():
            raise UsageError("is there already", where=str(target), remedy="Name another file, or remove it")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(found.text, encoding="utf-8")
        typer.echo(f"written to {target}", err=True)
    typer.echo(f"checked on the file: {received:,} records, {rejected:,} rejected", err=True)
    typer.echo(f"it holds from {place.contracts}/{found.contract_id.replace('.', '/')}.yml on", err=True)
    return common.HELD if rejected else common.DONE


def _slug(text: str) -> str:
    import re

    name = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
    return name if re.match(r"[a-z]", name) else f"system_{name}".rstrip("_")
