"""The stages of the way through, each a thin call into the room that does it.

Belongs here: which room is called with what, what of its answer goes into the run's summary. Not here: how a stage does
its work (the rooms), Dagster (`assets.py`). Every function takes an open session, and imports its room when called: the
command line starts without them.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingestion.ledger import runs
from orchestration import prepare
from orchestration.session import GateClosed, RunSession
from orchestration.settings import PROJECT_DIR, describe

if TYPE_CHECKING:
    from expectations.result import GateResult

STAGES = (
    "receive",
    "ingest",
    "identity",
    "operational",
    "transform staging",
    "transform marts",
    "build",
    "gate",
    "publish",
)


def receive(session: RunSession) -> int:
    """Take what has come to rest in the inbox into the ledger and the archive; returns how many deliveries."""
    from ingestion.contracts.loader import load_contracts
    from ingestion.receive import receive_inbox

    with session.stage("receive") as report:
        received = receive_inbox(
            session.home,
            session.ledger,
            load_contracts(),
            session.keys,
            now=session.now,
            inbox=session.request.inbox,
            rest_seconds=session.settings.technical.inbox_rest_seconds,
            keep=session.settings.technical.keep_in_inbox,
            run_id=session.run_id,
        )
        report.row_count = len(received)
        report.note = f"{len(received)} files"
        session.summary["files"] = len(received)
        return len(received)
