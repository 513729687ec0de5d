"""The Dagster instance of a home: its folder and `dagster.yaml`.

Belongs here: one run at a time, which runs are tried again, no telemetry. Not here: the definitions.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ingestion.home import Home

if TYPE_CHECKING:
    from dagster import DagsterInstance

DAGSTER_YAML = """\
# Written by milepost, and again when it differs: settings of a deployment belong in milepost.yml.
telemetry:
  enabled: false
nux:
  enabled: false
event_log_storage:
  module: orchestration.event_log
  class: KeptSqliteEventLogStorage
  config:
    base_dir: {dagster_home}/history/runs
# what ops print is dbt's progress, which dbt keeps itself; capturing it starts four processes per step
compute_logs:
  module: dagster._core.storage.noop_compute_log_manager
  class: NoOpComputeLogManager
concurrency:
  runs:
    max_concurrent_runs: 1
# a run whose process died is tried again; a closed gate or a failed op never is
run_retries:
  enabled: true
  max_retries: 2
  retry_on_asset_or_op_failure: false
run_monitoring:
  enabled: true
retention:
  schedule:
    purge_after_days: {{skipped: 2, success: 30}}
  sensor:
    purge_after_days: {{skipped: 2, success: 30}}
"""


def ensure_instance(home: Home) -> None:
    """Write the instance's configuration and say where it is to whatever this process starts."""
    home.dagster.mkdir(parents=True, exist_ok=True)
    path = home.dagster / "dagster.yaml"
    text = DAGSTER_YAML.format(dagster_home=home.dagster)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
    os.environ["DAGSTER_HOME"] = str(home.dagster)
    os.environ["MILEPOST_HOME"] = str(home.root)
    os.environ.setdefault("DO_NOT_TRACK", "1")
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")


def open_instance(home: Home) -> DagsterInstance:
    """The home's Dagster instance."""
    from dagster import DagsterInstance

    ensure_instance(home)
    return DagsterInstance.from_config(str(home.dagster))
