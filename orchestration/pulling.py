"""Pulling the sources that a home declares, for the command line and for Dagster.

Belongs here: which sources, with which contracts and keys. Not here: pulling itself (`ingestion/pull`), the schedule
(`schedules.py`). What is pulled waits in the ledger; the next run ingests it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from ingestion.errors import UsageError
from ingestion.home import Home
from orchestration.settings import load_settings

if TYPE_CHECKING:
    from ingestion.pull.pull import Pulled


def due_sources(home: Home, now: datetime) -> list[str]:
    """Names of the declared sources whose time has come. `now` is the wall clock, naive UTC."""
    sources = load_settings(home).technical.sources
    if not sources:
        return []
    from ingestion.ledger.engine import open_ledger
    from ingestion.ledger.pulls import pull_states
    from ingestion.pull.pull import due

    if not home.ledger.exists():
        return list(sources)
    ledger = open_ledger(home)
    try:
        return due(sources, pull_states(ledger), now)
    finally:
        ledger.dispose()


def pull(
    home: Home,
    *,
    now: datetime,
    received_at: datetime | None = None,
    names: Sequence[str] | None = None,
    run_id: str | None = None,
    tell: Callable[[str], None] | None = None,
) -> list[Pulled]:
    """Pull the sources of these names (None: all that are declared); nothing where none is declared.

    A source that fails is told in its answer and in the ledger. UsageError for a name that is not declared.
    """
    sources = load_settings(home).technical.sources
    if unknown := [name for name in names or () if name not in sources]:
        known = ", ".join(sources) or "none"
        raise UsageError(f"no source {', '.join(unknown)}", remedy=f"Declared in {home.settings_file}: {known}")
    chosen = {name: source for name, source in sources.items() if names is None or name in names}
    if not chosen:
        return []
    from ingestion.contracts.loader import contracts_of
    from ingestion.ledger.engine import open_ledger
    from ingestion.pull.pull import pull_sources
    from orchestration.session import load_home_keys

    keys = load_home_keys(home)
    contracts = contracts_of(home)
    ledger = open_ledger(home)
    try:
        return pull_sources(
            home, ledger, contracts, keys, chosen, os.environ,
            now=now, received_at=received_at, run_id=run_id, tell=tell,
        )  # fmt: skip
    finally:
        ledger.dispose()
