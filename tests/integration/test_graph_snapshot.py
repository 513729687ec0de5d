"""The graph as committed in `graph.txt`: assets, checks, jobs, sensors and schedules change in review only.

MILEPOST_UPDATE_GRAPH=1 python -m pytest tests/integration/test_graph_snapshot.py   # after a change that is meant
"""

from __future__ import annotations

import difflib
import os
from pathlib import Path

SNAPSHOT = Path(__file__).with_name("graph.txt")
UPDATE = "MILEPOST_UPDATE_GRAPH"


def graph_text() -> str:
    """One line per thing of the graph, sorted, so that a difference reads well."""
    from orchestration import prepare

    prepare.ensure_manifest()
    from orchestration.definitions import defs

    repository = defs().get_repository_def()
    graph = repository.asset_graph
    lines = []
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        if not node.is_materializable:
            lines.append(f"source {key.to_user_string()}")
            continue
        lines.append(
            f"asset {key.to_user_string()} | group {node.group_name} | owners {', '.join(sorted(node.owners))}"
            f" | kinds {', '.join(sorted(node.kinds))}"
        )
    for key in graph.asset_check_keys:
        # dbt's own tests stand beside their models; here are those that the graph itself adds
        if key.asset_key.path[0] in ("clean", "candidate_build"):
            blocking = "blocking" if graph.get_check_spec(key).blocking else "reported"
            lines.append(f"check {key.asset_key.to_user_string()} {key.name} | {blocking}")
    for job in repository.get_all_jobs():
        if not job.name.startswith("__"):
            ops = ", ".join(sorted(node.name for node in job.graph.nodes))
            lines.append(f"job {job.name} | {ops}")
    for sensor in repository.sensor_defs:
        lines.append(
            f"sensor {sensor.name} | every {sensor.minimum_interval_seconds} s | {sensor.default_status.value}"
            f" | {sensor.job_name}"
        )
    for schedule in repository.schedule_defs:
        lines.append(
            f"schedule {schedule.name} | {schedule.cron_schedule} {schedule.execution_timezone}"
            f" | {schedule.default_status.value} | {schedule.job_name}"
        )
    return "\n".join(sorted(lines)) + "\n"


def test_the_graph_is_the_one_that_was_reviewed() -> None:
    found = graph_text()
    if os.environ.get(UPDATE) == "1":
        SNAPSHOT.write_text(found, encoding="utf-8")
    committed = SNAPSHOT.read_text(encoding="utf-8") if SNAPSHOT.exists() else ""
    difference = "\n".join(
        difflib.unified_diff(committed.splitlines(), found.splitlines(), "committed", "now", lineterm="", n=0)
    )
    assert not difference, (
        f"the graph changed:\n{difference}\nIf that is meant, run this test with {UPDATE}=1 and commit graph.txt"
    )


def test_publication_waits_for_every_check_of_the_gate() -> None:
    """In one run, the op that publishes starts after the op that judges, and that after the op that builds."""
    from orchestration.definitions import defs

    job = defs().get_repository_def().get_job("refresh")
    upstream = {
        (node.alias or node.name): {
            dependency.node for definition in inputs.values() for dependency in definition.get_node_dependencies()
        }
        for node, inputs in job.dependencies.items()
    }
    assert "gate" in upstream["published_version"]
    assert "candidate_build" in upstream["gate"]
    assert "dbt_marts" in upstream["candidate_build"]
    assert "dbt_staging" in upstream["dbt_marts"]
