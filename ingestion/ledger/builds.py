"""Queries on builds, verdicts, their results and publications.

Belongs here: what the gate and publishing store in the ledger and read back. Not here: files of a build
(`manifest.py`), deciding whether one may be published (`publishing/publish.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Row, delete, insert, select, update

from ingestion.ledger import tables


@dataclass(frozen=True)
class BuildRow:
    build_id: str
    created_at: datetime
    as_of: datetime
    run_id: str | None
    code_version: str
    manifest_sha256: str
    content_hash: str


@dataclass(frozen=True)
class VerdictRow:
    build_id: str
    is_passed: bool
    judged_at: datetime
    suites_hash: str
    manifest_sha256: str
    reason: str | None


@dataclass(frozen=True)
class QualityRow:
    """Result of one expectation; `observed` holds counts, never values."""

    build_id: str
    suite: str
    expectation: str
    severity: str
    is_success: bool
    has_raised: bool
    observed: str | None
    delivery_seqs: tuple[int, ...]
    judged_at: datetime


@dataclass(frozen=True)
class PublicationRow:
    publication_number: int
    version: str
    build_id: str
    published_at: datetime
    kind: str  # publish, rollback
    run_id: str | None
    removed_at: datetime | None


def record_build(engine: Engine, build: BuildRow) -> None:
    """Store a build. One that is made again is the latest again, and keeps its verdict if its manifest is the same."""
    with engine.begin() as connection:
        known = connection.execute(
            select(tables.build.c.manifest_sha256).where(tables.build.c.build_id == build.build_id)
        ).scalar()
        if known is None:
            connection.execute(insert(tables.build).values(**vars(build)))
            return
        if known != build.manifest_sha256:  # what was judged before was another file
            connection.execute(delete(tables.verdict).where(tables.verdict.c.build_id == build.build_id))
        connection.execute(update(tables.build).where(tables.build.c.build_id == build.build_id).values(**vars(build)))


def find_build(engine: Engine, build_id: str) -> BuildRow | None:
    """The build of that id, or None."""
    return _build(engine, tables.build.c.build_id == build_id)


def latest_build(engine: Engine) -> BuildRow | None:
    """The build made last, or None."""
    with engine.connect() as connection:
        row = connection.execute(select(tables.build).order_by(tables.build.c.created_at.desc()).limit(1)).first()
    return None if row is None else BuildRow(**row._mapping)


def builds(engine: Engine) -> list[BuildRow]:
    """All builds, latest first."""
    with engine.connect() as connection:
        rows = connection.execute(select(tables.build).order_by(tables.build.c.created_at.desc())).all()
    return [BuildRow(**row._mapping) for row in rows]


def _build(engine: Engine, condition: Any) -> BuildRow | None:
    with engine.connect() as connection:
        row = connection.execute(select(tables.build).where(condition)).first()
    return None if row is None else BuildRow(**row._mapping)


def record_verdict(engine: Engine, verdict: VerdictRow, results: Iterable[QualityRow]) -> None:
    """Store a verdict with its results in one transaction, in place of an earlier one of the same build."""
    rows = [{**vars(result), "delivery_seqs": list(result.delivery_seqs)} for result in results]
    with engine.begin() as connection:
        connection.execute(delete(tables.quality_result).where(tables.quality_result.c.build_id == verdict.build_id))
        connection.execute(delete(tables.verdict).where(tables.verdict.c.build_id == verdict.build_id))
        connection.execute(insert(tables.verdict).values(**vars(verdict)))
        if rows:
            connection.execute(insert(tables.quality_result), rows)


def find_verdict(engine: Engine, build_id: str) -> VerdictRow | None:
    """The verdict on a build, or None where it was not judged."""
    with engine.connect() as connection:
        row = connection.execute(select(tables.verdict).where(tables.verdict.c.build_id == build_id)).first()
    return None if row is None else VerdictRow(**row._mapping)


def quality_results(engine: Engine, build_id: str | None = None, failed_only: bool = False) -> list[QualityRow]:
    """Results of one build, or of all builds in the order in which they were judged."""
    query = select(tables.quality_result).order_by(
        tables.quality_result.c.judged_at, tables.quality_result.c.suite, tables.quality_result.c.expectation
    )
    if build_id is not None:
        query = query.where(tables.quality_result.c.build_id == build_id)
    if failed_only:
        query = query.where(tables.quality_result.c.is_success.is_(False))
    with engine.connect() as connection:
        return [_quality(row) for row in connection.execute(query)]


def _quality(row: Row[Any]) -> QualityRow:
    values = dict(row._mapping)
    return QualityRow(**{**values, "delivery_seqs": tuple(values["delivery_seqs"] or ())})


def record_publication(
    engine: Engine, version: str, build_id: str, published_at: datetime, kind: str, run_id: str | None
) -> PublicationRow:
    """Store that a version became current; `kind` is publish or rollback."""
    values = {
        "version": version,
        "build_id": build_id,
        "published_at": published_at,
        "kind": kind,
        "run_id": run_id,
    }
    with engine.begin() as connection:
        number = connection.execute(insert(tables.publication).values(**values)).inserted_primary_key
    assert number is not None
    return PublicationRow(publication_number=number[0], removed_at=None, **values)  # type: ignore[arg-type]


def publications(engine: Engine) -> list[PublicationRow]:
    """All publications and roll-backs, latest first."""
    query = select(tables.publication).order_by(tables.publication.c.publication_number.desc())
    with engine.connect() as connection:
        return [PublicationRow(**row._mapping) for row in connection.execute(query)]


def latest_publication(engine: Engine) -> PublicationRow | None:
    """What the ledger holds to be current, or None."""
    found = publications(engine)
    return found[0] if found else None


def mark_removed(engine: Engine, versions: Sequence[str], removed_at: datetime) -> None:
    """Note that the folders of these versions were removed."""
    if not versions:
        return
    with engine.begin() as connection:
        connection.execute(
            update(tables.publication)
            .where(tables.publication.c.version.in_(list(versions)), tables.publication.c.removed_at.is_(None))
            .values(removed_at=removed_at)
        )
