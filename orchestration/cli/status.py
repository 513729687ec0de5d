"""`milepost status`: how things stand, from the ledger.

Belongs here: what a person in charge wants to know first. Not here: business alerts (they read published marts).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ingestion.home import Home
from orchestration.cli import common, sources

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from ingestion.ledger.runs import RunRecord

#: Deliveries named beside a broken expectation; `deliveries list` has them all.
SHOWN_AT_FAULT = 5


def status(
    timing: Annotated[bool, typer.Option("--timing", help="Also the stages of the last runs.")] = False,
    form: common.FormatOption = common.Format.TABLE,
    home: common.HomeOption = None,
) -> None:
    """Sources with their freshness, last runs, gate, published version, rejected rows."""
    place = common.existing_home(home)
    found = collect(place)
    if form is common.Format.JSON:
        import json
        import sys

        sys.stdout.write(json.dumps(found, ensure_ascii=False, indent=2, default=str) + "\n")
        return
    if form is common.Format.CSV:
        common.emit(list(SOURCE_COLUMNS), found["sources"], form)
        return
    _show(place, found)
    if timing:
        _show_timing(found["runs"])


SOURCE_COLUMNS = ("source", "deliveries", "held", "last_received", "minutes_ago", "last_looked_at", "rejected_rows")


def collect(home: Home) -> dict[str, Any]:
    """What `status` tells, as plain values: sources, deliveries that need attention, runs, gate, version."""
    from sqlalchemy import Integer, func, select

    from ingestion.ledger import builds, runs
    from ingestion.ledger.tables import delivery, delivery_part, source_check
    from orchestration.session import utc_now

    with common.the_ledger(home) as ledger:
        with ledger.connect() as connection:
            rejected: dict[str, int] = {
                system: int(count or 0)
                for system, count in connection.execute(
                    select(delivery.c.source_system, func.sum(delivery_part.c.rejected_rows))
                    .join(delivery_part, delivery_part.c.delivery_seq == delivery.c.delivery_seq)
                    .where(delivery.c.state == "active")
                    .group_by(delivery.c.source_system)
                ).tuples()
            }
            looked: dict[str, Any] = dict(
                connection.execute(
                    select(source_check.c.source_system, func.max(source_check.c.checked_at)).group_by(
                        source_check.c.source_system
                    )
                )
                .tuples()
                .all()
            )
            per_source: Sequence[Any] = connection.execute(
                select(
                    delivery.c.source_system,
                    func.count(),
                    func.sum((delivery.c.state == "held").cast(Integer())),
                    func.max(delivery.c.received_at),
                )
                .group_by(delivery.c.source_system)
                .order_by(delivery.c.source_system)
            ).all()
            attention = connection.execute(
                select(
                    delivery.c.delivery_id,
                    delivery.c.state,
                    delivery.c.source_system,
                    delivery.c.file_name,
                    delivery.c.state_reason,
                )
                .where(delivery.c.state.in_(["held", "failed", "unrecognised"]))
                .order_by(delivery.c.delivery_seq)
            ).all()
            ids: dict[int, str] = dict(
                connection.execute(select(delivery.c.delivery_seq, delivery.c.delivery_id)).tuples().all()
            )
        latest = builds.latest_build(ledger)
        verdict = builds.find_verdict(ledger, latest.build_id) if latest else None
        failed = builds.quality_results(ledger, latest.build_id, failed_only=True) if latest else []
        publication = builds.latest_publication(ledger)
        last = runs.last_runs(ledger, 5)
    now = home_clock(utc_now(), last[0] if last else None)
    return {
        "home": str(home.root),
        "sources": [
            [
                system,
                count,
                held or 0,
                common.moment(received),
                int((now - received).total_seconds() // 60) if received else None,
                common.moment(looked.get(system)),
                rejected.get(system, 0),
            ]
            for system, count, held, received in per_source
        ],
        "pulled": [dict(zip(sources.COLUMNS, row, strict=True)) for row in sources.states(home)],
        "attention": [list(row) for row in attention],
        "gate": closed_before_a_build(last)
        or {
            "build_id": latest.build_id if latest else None,
            "is_passed": verdict.is_passed if verdict else None,
            "judged_at": common.moment(verdict.judged_at) if verdict else None,
            "reason": verdict.reason if verdict else None,
            "failed": [
                {
                    "suite": r.suite,
                    "expectation": r.expectation,
                    "severity": r.severity,
                    "observed": r.observed,
                    "has_raised": r.has_raised,
                    "deliveries": [ids.get(seq, str(seq)) for seq in r.delivery_seqs],
                }
                for r in failed
            ],
        },
        "version": {
            "version": publication.version if publication else None,
            "published_at": common.moment(publication.published_at) if publication else None,
            "kind": publication.kind if publication else None,
        },
        "runs": last,
    }


def closed_before_a_build(last: Sequence[RunRecord]) -> dict[str, Any] | None:
    """The gate as the last run that ended left it, where dbt tests closed it before there was a build to judge."""
    ended = next((record for record in last if record.outcome is not None), None)
    if ended is None or not ended.summary.get("failed_tests"):
        return None
    return {
        "build_id": None,
        "is_passed": False,
        "judged_at": common.moment(ended.ended_at),
        "reason": ended.summary.get("error"),
        "failed": [
            {
                "suite": "dbt_tests",
                "expectation": test["test"],
                "severity": "critical",
                "observed": None if test["row_count"] is None else f"{test['row_count']} rows",
                "has_raised": False,
                "deliveries": test["deliveries"] or ended.summary.get("suspects", []),
            }
            for test in ended.summary["failed_tests"]
        ],
    }


def home_clock(wall: datetime, last: RunRecord | None) -> datetime:
    """Now on the home's clock: that of the last run (`--as-of`), and the time since."""
    return wall if last is None or last.as_of is None else last.as_of + (wall - last.started_at)


def _show(home: Home, found: dict[str, Any]) -> None:
    common.field_list({"home": found["home"], "published": _version(found["version"]), "gate": _gate(found["gate"])})
    for failure in found["gate"]["failed"]:
        at_fault = _some(failure["deliveries"])
        common.say(
            f"  {failure['severity']}: {failure['suite']} / {failure['expectation']}"
            + (f" ({failure['observed']})" if failure["observed"] else "")
            + (" raised an error" if failure["has_raised"] else "")
        )
        if at_fault:
            common.say(f"    deliveries at fault: {at_fault}")
    if found["gate"]["is_passed"] is False:
        common.say(
            "  way out: `milepost deliveries show ID`, then `withdraw ID` or correct and deliver again; then"
            " `milepost run`." + (f" Pages: {home.data_docs}" if found["gate"]["build_id"] else "")
        )
    common.emit(list(SOURCE_COLUMNS), found["sources"], common.Format.TABLE, title="sources (times UTC)")
    if found["pulled"]:
        rows = [list(row.values()) for row in found["pulled"]]
        common.emit(list(sources.COLUMNS), rows, common.Format.TABLE, title="databases and APIs (times UTC)")
    if found["attention"]:
        common.emit(
            ["delivery", "state", "source", "file", "reason"],
            found["attention"],
            common.Format.TABLE,
            title="deliveries that need attention",
        )
    rows = [
        [
            common.moment(r.started_at),
            r.outcome or "under way",
            r.launched_by,
            None if r.ended_at is None else round((r.ended_at - r.started_at).total_seconds(), 1),
            r.summary.get("received_rows"),
            r.summary.get("rejected_rows"),
            r.summary.get("version"),
            r.summary.get("error"),
        ]
        for r in found["runs"]
    ]
    columns = ["started", "outcome", "by", "seconds", "rows_in", "rejected", "version", "error"]
    common.emit(columns, rows, common.Format.TABLE, title="last runs (times UTC)")


def _some(deliveries: list[str]) -> str:
    """The first few ids, and how many more there are."""
    more = len(deliveries) - SHOWN_AT_FAULT
    return ", ".join(deliveries[:SHOWN_AT_FAULT]) + (f" and {more} more" if more > 0 else "")


def _version(version: dict[str, Any]) -> str:
    if version["version"] is None:
        return "nothing yet"
    how = "rolled back to" if version["kind"] == "rollback" else "since"
    return f"{version['version']}, {how} {version['published_at']} UTC"


def _gate(gate: dict[str, Any]) -> str:
    if gate["build_id"] is None and gate["is_passed"] is None:
        return "nothing judged yet"
    if gate["build_id"] is None:
        return f"closed before a build was made, {gate['judged_at']} UTC"
    if gate["is_passed"] is None:
        return f"build {gate['build_id']} was not judged"
    state = "passed" if gate["is_passed"] else "closed"
    return f"{state}, build {gate['build_id']}, {gate['judged_at']} UTC" + (
        f": {gate['reason']}" if gate["reason"] and not gate["is_passed"] else ""
    )


def _show_timing(last: list[Any]) -> None:
    from orchestration.pipeline import STAGES

    shown = [r for r in last if r.stages]
    names = [s for s in STAGES if any(t.stage == s for r in shown for t in r.stages)]
    names += sorted({t.stage for r in shown for t in r.stages} - set(names))
    rows = []
    for name in names:
        row: list[Any] = [name]
        for record in shown:
            seconds = next((t.wall_seconds for t in record.stages if t.stage == name), None)
            row.append(None if seconds is None else round(seconds, 2))
        rows.append(row)
    rows.append(["total", *(round(sum(t.wall_seconds for t in r.stages), 2) for r in shown)])
    common.emit(
        ["stage (seconds)", *(common.moment(r.started_at) or "" for r in shown)],
        rows,
        common.Format.TABLE,
        title="stages of the last runs",
    )
