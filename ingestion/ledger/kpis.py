"""Versions of KPIs in the ledger: what each KPI meant since when.

Belongs here: reading and adding rows of `kpi_version`. Not here: noticing a change (`orchestration/kpi_versions.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Engine, and_, func, insert, select

from ingestion.ledger import tables


@dataclass(frozen=True)
class KpiVersion:
    """A row of `kpi_version`: a KPI as it was declared from `valid_from` on. `fingerprint`: of what
    makes it a version."""

    kpi_id: str
    version: int
    valid_from: date
    fingerprint: str
    name: str
    name_zh: str
    domain: str
    unit: str
    direction: str
    definition: str
    formula: str
    grains: str
    dimensions: str
    time_basis: str
    time_window: str
    accumulates: bool
    owner: str
    green_threshold: float | None
    yellow_threshold: float | None
    reference: str | None
    settings: str


def latest_versions(ledger: Engine) -> list[KpiVersion]:
    """The latest version of every KPI that was ever declared in this home."""
    table = tables.kpi_version
    newest = select(table.c.kpi_id, func.max(table.c.version).label("version")).group_by(table.c.kpi_id).subquery()
    query = select(table).join(newest, and_(table.c.kpi_id == newest.c.kpi_id, table.c.version == newest.c.version))
    with ledger.connect() as connection:
        return [KpiVersion(**row._mapping) for row in connection.execute(query.order_by(table.c.kpi_id))]


def add_versions(ledger: Engine, versions: Sequence[KpiVersion]) -> None:
    """Add versions in one transaction."""
    if not versions:
        return
    with ledger.begin() as connection:
        connection.execute(insert(tables.kpi_version), [vars(version) for version in versions])
