"""dbt's data tests that failed: which, on how many rows, and the deliveries whose rows broke them.

Belongs here: from dbt's artifacts to what a person is told. Not here: that a failing test closes the gate
(`transform.py`), how deliveries are found from rows (`expectations/faults.py`). A row's values are never kept.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from orchestration import prepare
from orchestration.session import RunSession


@dataclass(frozen=True)
class FailedTest:
    """A data test that failed; `deliveries` are ids, empty where the rows name none."""

    test: str
    description: str
    row_count: int | None
    deliveries: tuple[str, ...]


def tell(session: RunSession, target: Path) -> None:
    """Put what failed, and the deliveries at fault, into the run's summary; where none can be named, the new ones."""
    failed = find(session, target)
    if not failed:
        return
    session.summary["gate"] = "closed"
    session.summary["failed_tests"] = [asdict(test) for test in failed]
    at_fault = {delivery: None for test in failed for delivery in test.deliveries}
    session.summary["suspects"] = list(at_fault) or _new_deliveries(session)


def find(session: RunSession, target: Path) -> list[FailedTest]:
    """The failed tests of dbt's last call; dbt must have left the warehouse."""
    import duckdb

    from expectations.faults import deliveries_of_rows
    from ingestion.ledger.deliveries import list_deliveries

    results = json.loads((target / "run_results.json").read_text(encoding="utf-8"))["results"]
    failed = [r for r in results if r["status"] == "fail" and r["unique_id"].startswith("test.")]
    if not failed:
        return []
    nodes = json.loads((target / "manifest.json").read_text(encoding="utf-8"))["nodes"]
    ids = {d.delivery_seq: d.delivery_id for d in list_deliveries(session.ledger)}
    # views name the lake as dbt saw it
    paths: dict[str, str | bool | int | float | list[str]] = {
        "file_search_path": str(prepare.linked_project(session.home))
    }
    with duckdb.connect(str(session.home.warehouse), read_only=True, config=paths) as connection:
        return [
            FailedTest(
                test=nodes[r["unique_id"]]["name"],
                description=nodes[r["unique_id"]].get("description") or nodes[r["unique_id"]]["name"],
                row_count=r.get("failures"),
                deliveries=tuple(
                    ids[seq]
                    for seq in deliveries_of_rows(connection, r["compiled_code"], tested(nodes, r["unique_id"]))
                    if seq in ids
                ),
            )
            for r in failed
            if r.get("compiled_code")
        ]


def tested(nodes: Mapping[str, Any], unique_id: str) -> list[str]:
    """Relations that a test reads, as the warehouse names them, the model it is declared on first."""
    node = nodes[unique_id]
    names = [node.get("attached_node"), *node["depends_on"]["nodes"]]
    relations = [nodes[name]["relation_name"] for name in dict.fromkeys(names) if name in nodes]
    return [relation for relation in relations if relation]


def _new_deliveries(session: RunSession) -> list[str]:
    """Active deliveries that the published version does not have."""
    from ingestion.ledger.builds import latest_publication
    from ingestion.ledger.deliveries import ACTIVE, list_deliveries
    from ingestion.ledger.manifest import MANIFEST_NAME, read_manifest

    published = latest_publication(session.ledger)
    path = session.home.published / published.version / MANIFEST_NAME if published else None
    before = set(read_manifest(path).inputs) if path is not None and path.exists() else set()
    return [d.delivery_id for d in list_deliveries(session.ledger, states=[ACTIVE]) if d.delivery_id not in before]
