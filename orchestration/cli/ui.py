"""`milepost ui`: the Dagster UI and its daemon, with sensors and schedules on.

Belongs here: starting both for a home. Not here: definitions.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from ingestion.errors import MilepostError
from orchestration.cli import common


def ui(
    host: Annotated[str | None, typer.Option("--host", help="Address to listen on; else the setting ui_host.")] = None,
    port: Annotated[int | None, typer.Option("--port", help="Port; else the setting ui_port.")] = None,
    home: common.HomeOption = None,
) -> int:
    """Start the Dagster UI and daemon; stop them with Ctrl-C."""
    from orchestration import prepare
    from orchestration.instance import ensure_instance
    from orchestration.session import load_home_keys
    from orchestration.settings import PROJECT_DIR, load_settings

    place = common.the_home(home)
    settings = load_settings(place)
    load_home_keys(place)  # every run would stop without one: say so now
    place.ensure()
    prepare.ensure_manifest()
    ensure_instance(place)
    address = host or settings.technical.ui_host
    listening = port or settings.technical.ui_port
    common.say(f"Dagster UI on http://{address}:{listening} (Ctrl-C stops it)")
    common.say(f"sensor and schedules are on: files in {place.inbox} are taken through within fifteen minutes")
    arguments = [
        str(Path(sys.executable).with_name("dagster")),
        "dev",
        "--module-name",
        "orchestration.definitions",
        "--host",
        address,
        "--port",
        str(listening),
        "--log-level",
        "warning",
    ]
    log = place.dagster / "ui.log"
    common.say(f"what it prints goes to {log}")
    stopped = False

    def stop(_signal: int, _frame: object) -> None:
        nonlocal stopped
        stopped = True

    # set before the process starts: where signals are ignored (a job in the background of a script), it would inherit
    # that, and could not be stopped
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    with log.open("a", encoding="utf-8") as sink:
        process = subprocess.Popen(
            arguments,
            cwd=PROJECT_DIR,
            env=dict(os.environ),
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches it through us alone
        )
        while not stopped and process.poll() is None:
            time.sleep(0.5)
        if stopped:
            process.terminate()
        code = process.wait()
    if code and not stopped:
        raise MilepostError(f"the Dagster UI ended with {code}", where=str(log), remedy="Its last lines say why")
    return common.DONE
