"""`milepost`: the commands, and how they end.

Belongs here: the list of commands, exit codes, what people see of an error. Not here: what a command does (one module
each). No command imports an engine, dbt, Dagster or Great Expectations before it runs.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from ingestion.errors import MilepostError, UsageError, of_storage
from orchestration.cli import (
    backup,
    common,
    contract,
    deliveries,
    demo,
    doctor,
    keys,
    kpi,
    person,
    query,
    rejects,
    reprocess,
    reveal,
    score,
    sources,
    status,
    trace,
    ui,
    versions,
)
from orchestration.cli import run as run_command

app = typer.Typer(
    name="milepost",
    help="Exports in, trusted KPIs out: takes what is new through to published marts that passed the gate.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def main_options(
    home: Annotated[
        Path | None,
        typer.Option("--home", help="Where everything lives (else MILEPOST_HOME, else var/ in the project)."),
    ] = None,
) -> None:
    common.give_home(home)


app.command("demo")(demo.demo)
app.command("run")(run_command.run)
app.command("status")(status.status)
app.command("kpi")(kpi.kpi)
app.command("query")(query.query)
app.command("trace")(trace.trace)
app.add_typer(rejects.app, name="rejects")
app.command("reprocess")(reprocess.reprocess)
app.add_typer(deliveries.app, name="deliveries")
app.add_typer(versions.app, name="versions")
app.add_typer(contract.app, name="contract")
app.add_typer(sources.app, name="sources")
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.command("reveal")(reveal.reveal)
app.command("export-person")(person.export_person)
app.command("erase")(person.erase)
app.command("audit")(reveal.log)
app.add_typer(score.app, name="score")
app.add_typer(keys.app, name="keys")
app.command("ui")(ui.ui)
app.command("doctor")(doctor.doctor)


def main(arguments: list[str] | None = None) -> int:
    """Run a command line and return its exit code; errors are told on standard error, without a traceback."""
    from typer._click.exceptions import ClickException

    _read_env_file()
    try:
        code = app(sys.argv[1:] if arguments is None else arguments, prog_name="milepost", standalone_mode=False)
        return code if isinstance(code, int) else common.DONE
    except ClickException as error:
        error.show()
        return error.exit_code
    except (typer.Abort, KeyboardInterrupt):
        sys.stderr.write("stopped\n")
        return common.FAILED
    except BrokenPipeError:
        # the reader of our output has gone (| head): nothing is wrong; keep Python from complaining at exit
        sys.stderr.close()
        return common.DONE
    except MilepostError as error:
        return tell(error)
    except Exception as error:  # noqa: BLE001 (told by type and place, kept in full in the log, and exit code 1)
        known = of_storage(error)
        return _tell_unexpected(error) if known is None else tell(known)


def tell(error: MilepostError) -> int:
    """Print an error as what, where, remedy, and return the exit code of its kind."""
    from publishing.publish import GateClosedError

    lines = [f"error: {error.what}"]
    if error.where:
        lines.append(f"where: {error.where}")
    if error.remedy:
        lines.append(f"remedy: {error.remedy}")
    sys.stderr.write("\n".join(lines) + "\n")
    if isinstance(error, UsageError):
        return common.WRONG_USE
    return common.GATE_CLOSED if isinstance(error, GateClosedError) else common.FAILED


def _tell_unexpected(error: Exception) -> int:
    """A bug or a broken machine: its type and place on the screen, its frames without values in a log."""
    import tempfile

    from orchestration.scrub import brief, safe_report
    from orchestration.settings import resolve_home

    folder = resolve_home(common.given_home()).dagster
    if not folder.is_dir():
        folder = Path(tempfile.gettempdir())
    path = folder / "milepost-error.log"
    path.write_text(safe_report(error) + "\n", encoding="utf-8")
    sys.stderr.write(
        f"error: {brief(error)}\nwhere: {path}\nremedy: run `milepost doctor`; if it finds nothing, "
        "this is a fault of Milepost: report it with that file\n"
    )
    return common.FAILED


def _read_env_file() -> None:
    path = Path(__file__).resolve().parents[2] / ".env"
    if path.is_file():
        from dotenv import dotenv_values

        for name, value in dotenv_values(path).items():
            if value:  # an empty line of the example sets nothing
                os.environ.setdefault(name, value)


def run() -> None:
    """Entry point of the `milepost` script."""
    sys.exit(main())
