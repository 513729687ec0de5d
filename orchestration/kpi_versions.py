"""Versions of KPIs: a changed definition, threshold, window or setting is a new one, with its date, in the ledger.

Belongs here: noticing the change. Not here: what a declaration says (`kpi_declarations.py`), the rows
(`ingestion/ledger/kpis.py`), how the catalogue shows them (`kpi_catalogue`, from the lake's `kpi_version`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, date
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from ingestion.ledger import kpis
from orchestration.kpi_declarations import Declared, declared_kpis
from orchestration.session import RunSession


def record(session: RunSession, manifest: Path) -> list[kpis.KpiVersion]:
    """Store what is new since the last run of this home, dated by the run's clock; returns the new versions."""
    declared = declared_kpis(json.loads(manifest.read_text(encoding="utf-8")), session.settings.business)
    zone = ZoneInfo(session.settings.reporting_time_zone)
    return store_changes(session.ledger, declared, session.as_of.replace(tzinfo=UTC).astimezone(zone).date())


def store_changes(ledger: Engine, declared: Iterable[Declared], day: date) -> list[kpis.KpiVersion]:
    """Add a version for every KPI whose latest one says something else; the first one counts from its declared date."""
    latest = {version.kpi_id: version for version in kpis.latest_versions(ledger)}
    fresh = []
    for kpi in declared:
        known = latest.get(kpi.kpi_id)
        if known is None:
            fresh.append(_version(kpi, kpi.version, date.fromisoformat(kpi.valid_from)))
        elif known.fingerprint != kpi.fingerprint:
            fresh.append(_version(kpi, max(known.version + 1, kpi.version), max(day, known.valid_from)))
    kpis.add_versions(ledger, fresh)
    return fresh


def _version(kpi: Declared, number: int, valid_from: date) -> kpis.KpiVersion:
    return kpis.KpiVersion(
        kpi_id=kpi.kpi_id,
        version=number,
        valid_from=valid_from,
        fingerprint=kpi.fingerprint,
        name=kpi.name,
        name_zh=kpi.name_zh,
        domain=kpi.domain,
        unit=kpi.unit,
        direction=kpi.direction,
        definition=kpi.definition,
        formula="\n".join(kpi.formula),
        grains=", ".join(kpi.grains),
        dimensions=", ".join(kpi.dimensions),
        time_basis=kpi.time_basis,
        time_window=kpi.time_window,
        accumulates=kpi.accumulates,
        owner=kpi.owner,
        green_threshold=kpi.green_threshold,
        yellow_threshold=kpi.yellow_threshold,
        reference=kpi.reference,
        settings=kpi.settings_text,
    )
