"""A line per stage while a run goes on, and what it came to.

Belongs here: what people see of a run. Not here: the run.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

from orchestration.cli import common

if TYPE_CHECKING:
    from ingestion.ledger import runs
    from orchestration.session import StageReport


#: Opens a stage that is none of a run (making exports), shown as one.
Show = Callable[[str], AbstractContextManager["StageReport"]]


@contextmanager
def progress() -> Iterator[Show]:
    """Show each stage with its time: a moving line on a terminal, one line at its end elsewhere."""
    from rich.console import Console

    from orchestration.session import LISTENERS, StageReport

    # ops run with standard output sent to a log: write to a copy of the real one
    with os.fdopen(os.dup(sys.stderr.fileno()), "w", encoding="utf-8") as stream:
        out = Console(file=stream, highlight=False)
        status = out.status("") if out.is_terminal else None

        def listen(report: StageReport, is_over: bool) -> None:
            if not is_over:
                if status is not None:
                    status.update(f"{report.stage} ...")
                    status.start()
                return
            if status is not None:
                status.stop()
            note = report.note or ("" if report.row_count is None else f"{report.row_count:,} rows")
            out.print(f"  {report.stage:<20} {report.wall_seconds:7.1f} s  {note}", markup=False)
            stream.flush()

        @contextmanager
        def show(stage: str) -> Iterator[StageReport]:
            report = StageReport(stage)
            started = time.perf_counter()
            listen(report, False)
            try:
                yield report
            finally:
                report.wall_seconds = time.perf_counter() - started
                listen(report, True)

        LISTENERS.append(listen)
        try:
            yield show
        finally:
            if status is not None:
                status.stop()
            LISTENERS.remove(listen)


def conclude(record: runs.RunRecord) -> None:
    """Print what a run came to: rows in, accepted, superseded, rejected, gate, version, and what needs attention."""
    summary: dict[str, Any] = dict(record.summary)
    common.field_list(
        {
            "files": summary.get("files"),
            "rows in": summary.get("received_rows"),
            "accepted": summary.get("accepted_rows"),
            "superseded": summary.get("superseded_rows"),
            "rejected": summary.get("rejected_rows"),
            "gate": summary.get("gate"),
            "version": summary.get("version"),
        }
    )
    for step, told in summary.get("housekeeping", {}).items():
        if told.startswith("not "):  # done or made: the run itself is as it says
            common.say(f"housekeeping, {step}: {told}")
    for held in summary.get("held", []):
        common.say(f"held: {held}")
    for name in summary.get("unrecognised", []):
        common.say(f"not recognised: {name}")
    if summary.get("held"):
        common.say("`milepost deliveries show ID` says why; `confirm ID` lets one in, `withdraw ID` takes it out")
    if summary.get("unrecognised"):
        common.say("`milepost contract list` shows what is recognised; such a file stays in the inbox")
