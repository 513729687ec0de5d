"""Dagster resources: the open run of a home, and dbt.

Belongs here: how an op gets at the home and at dbt. Not here: what a run does (`session.py`, `pipeline.py`).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from functools import cached_property
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
from dagster_dbt import DbtCliResource
from packaging import version
from pydantic import PrivateAttr

from ingestion.errors import MilepostError
from orchestration.guard import FAILURES
from orchestration.session import RunRequest, RunSession, open_session, utc_now
from orchestration.settings import DBT_PROJECT_DIR, resolve_home

if TYPE_CHECKING:
    from dagster import InitResourceContext


class HomeRun(dg.ConfigurableResource):
    """The run that is open in the home: one for all ops of a Dagster run, under the home's lock.

    Built for executors that run all ops in one process; with one process per op, each op would open a run of its own.
    """

    home: str | None = None  # None: MILEPOST_HOME, else var/ in the project
    as_of: str | None = None  # ISO time, UTC; None: the time of the launch
    full_refresh: bool = False
    inbox: str | None = None  # another folder than the home's own inbox
    launched_by: str = "ui"

    _session: RunSession | None = PrivateAttr(default=None)

    @contextmanager
    def yield_for_execution(self, context: InitResourceContext) -> Iterator[HomeRun]:
        request = RunRequest(
            home=resolve_home(Path(self.home) if self.home else None),
            as_of=datetime.fromisoformat(self.as_of) if self.as_of else None,
            full_refresh=self.full_refresh,
            inbox=Path(self.inbox) if self.inbox else None,
            launched_by=self.launched_by,
        )
        assert context.run_id is not None
        with ExitStack() as stack:
            try:
                self._session = stack.enter_context(open_session(request, context.run_id, now=utc_now()))
            except MilepostError as error:
                FAILURES.append(error)
                raise
            try:
                yield self
            finally:
                self._session = None

    @property
    def session(self) -> RunSession:
        """The open run; only within an op."""
        assert self._session is not None, "the run is opened by Dagster when an op starts"
        return self._session


class ProjectDbt(DbtCliResource):
    """dbt of this environment on this project.

    What dagster-dbt does beside starting dbt is left out: a process that asks dbt for its version, and an adapter in
    this process, which would hold the warehouse open (row counts and lineage come from `lineage.py`).
    """

    @cached_property
    def _cli_version(self) -> version.Version:
        return version.parse(installed_version("dbt-core"))

    def _initialize_dbt_core_adapter(self, args: Sequence[str]) -> Any:
        return None


def dbt_resource() -> ProjectDbt:
    """dbt as installed beside this Python, whatever PATH says."""
    return ProjectDbt(
        project_dir=str(DBT_PROJECT_DIR),
        profiles_dir=str(DBT_PROJECT_DIR),
        dbt_executable=str(Path(sys.executable).with_name("dbt")),
        global_config_flags=[
            "--no-use-colors",
            "--no-send-anonymous-usage-stats",
            # at its default level the log holds every statement and takes longer to write than some models to run
            "--log-level-file",
            "warn",
            "--log-format-file",
            "text",
        ],
    )
