"""Publication asks the gate, swaps once, and survives being broken off; versions can be gone back to and compared."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from sqlalchemy import Engine

from ingestion.errors import MilepostError, UsageError
from ingestion.home import Home
from ingestion.ledger import builds as ledger_builds
from ingestion.ledger.manifest import MANIFEST_NAME, VERDICT_NAME
from publishing import publish as publishing
from publishing import versions
from publishing.build import Build, create_build, parts_folder
from publishing.publish import GateClosedError, current_version, publish, version_folders
from tests.invented_warehouse import (
    AS_OF,
    build_now,
    change_warehouse,
    invented_home,
    invented_specs,
    store_verdict,
    write_warehouse,
)


def publish_now(home: Home, ledger: Engine, now: datetime = AS_OF) -> publishing.Publication:
    build = build_now(home, ledger, now=now)
    store_verdict(home, ledger, build)
    return publish(home, ledger, build.build_id, now=now, run_id="run")


def query(home: Home, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(home.current / "marts.duckdb"), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_published_catalog_answers_with_late_customers_and_comments(tmp_path: Path) -> None:
    home, ledger = invented_home(tmp_path)
    publication = publish_now(home, ledger)

    assert publication.version == "v000001"
    assert query(home, "select count(*), sum(net_amount) from core.fct_orders") == [(80, 3960)]
    assert query(home, "select customer_id from core.fct_orders where order_id = 'o13'") == [("c3",)]
    assert query(home, "select count(*) from sales.opportunities") == [(0,)]
    assert query(home, "select column_name, data_type from (describe sales.opportunities) t(column_name, data_type)")[
        1
    ] == ("amount", "DECIMAL(18,4)")
    assert query(home, "select comment from duckdb_views() where view_name = 'fct_orders'") == [
        ("What fct_orders holds.",)
    ]
    assert query(
        home, "select comment from duckdb_columns() where table_name = 'fct_orders' and column_name = 'status'"
    ) == [("State of it.",)]
    catalog = home.current / "marts.duckdb"
    assert catalog.stat().st_mode & 0o777 == 0o444
    assert not home.current.readlink().is_absolute()


def test_catalog_is_written_for_older_readers(tmp_path: Path) -> None:
    home, ledger = invented_home(tmp_path)
    publish_now(home, ledger)
    header = (home.current / "marts.duckdb").read_bytes()[:20]
    assert header[8:12] == b"DUCK"
    assert int.from_bytes(header[12:20], "little") == 64  # format of 0.10 to 1.1; the engine's own default is later


def test_catalog_means_the_same_when_attached_under_another_name(tmp_path: Path) -> None:
    home, ledger = invented_home(tmp_path)
    publish_now(home, ledger)
    with duckdb.connect() as connection:
        connection.execute(f"attach '{home.current / 'marts.duckdb'}' as bi (read_only)")
        assert connection.execute("select count(customer_id) from bi.core.fct_orders").fetchall() == [(80,)]


def no_verdict(home: Home, ledger: Engine, build: Build) -> None:
    del home, ledger, build


def failed(home: Home, ledger: Engine, build: Build) -> None:
    store_verdict(home, ledger, build, is_passed=False, reason="keys are not unique")


def only_in_the_file(home: Home, ledger: Engine, build: Build) -> None:
    del home, ledger
    stored = {"build_id": build.build_id, "is_passed": True, "manifest_sha256": build.manifest.sha256}
    (build.folder / VERDICT_NAME).write_text(json.dumps(stored), encoding="utf-8")


def only_in_the_ledger(home: Home, ledger: Engine, build: Build) -> None:
    store_verdict(home, ledger, build)
    (build.folder / VERDICT_NAME).unlink()


def file_says_no(home: Home, ledger: Engine, build: Build) -> None:
    store_verdict(home, ledger, build)
    path = build.folder / VERDICT_NAME
    path.write_text(path.read_text(encoding="utf-8").replace("true", "false"), encoding="utf-8")


def manifest_changed_after_judging(home: Home, ledger: Engine, build: Build) -> None:
    store_verdict(home, ledger, build)
    path = build.folder / MANIFEST_NAME
    path.write_text(path.read_text(encoding="utf-8").replace("State of it.", "Another word."), encoding="utf-8")


@pytest.mark.parametrize(
    ("verdict", "message"),
    [
        (no_verdict, "not judged"),
        (failed, "keys are not unique"),
        (only_in_the_file, "not judged"),
        (only_in_the_ledger, "not judged"),
        (file_says_no, "the gate is closed"),
        (manifest_changed_after_judging, "another manifest"),
    ],
)
def test_publication_is_refused_unless_this_build_passed(
    tmp_path: Path, verdict: Callable[[Home, Engine, Build], None], message: str
) -> None:
    home, ledger = invented_home(tmp_path)
    publish_now(home, ledger)
    write_warehouse(home, orders=81)
    build = build_now(home, ledger)
    verdict(home, ledger, build)

    with pytest.raises(GateClosedError, match=message):
        publish(home, ledger, build.build_id, now=AS_OF)
    assert current_version(home) == "v000001"
    assert query(home, "select count(*) from core.fct_orders") == [(80,)]


def test_a_damaged_part_file_is_not_published(tmp_path: Path) -> None:
    home, ledger = invented_home(tmp_path)
    build = build_now(home, ledger)
    store_verdict(home, ledger, build)
    path = home.root / sorted(build.manifest.paths)[0]
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(MilepostError, match="missing or damaged"):
        publish(home, ledger, build.build_id, now=AS_OF)
    assert current_version(home) is None


def test_identical_content_makes_no_new_version(tmp_path: Path) -> None:
    home, ledger = invented_home(tmp_path)
    first = publish_now(home, ledger)
    write_warehouse(home, runs=2, reverse=True)  # run facts only
    second = publish_now(home, ledger, now=AS_OF + timedelta(hours=1))

    assert (second.version, second.is_new) == (first.version, False)
    assert version_folders(home) == ["v000001"]
    assert len(ledger_builds.publications(ledger)) == 1


def test_another_delivery_is_published_even_where_it_changes_run_facts_only(tmp_path: Path) -> None:
    home, ledger = invented_home(tmp_path)
    publish_now(home, ledger)
    build = create_build(
        home, ledger, invented_specs(home), as_of=AS_OF, code_version="test", inputs=["shop-1", "shop-2"], now=AS_OF
    )
    store_verdict(home, ledger, build)
    assert publish(home, ledger, build.build_id, now=AS_OF).is_new


@pytest.mark.parametrize(
    ("module", "step"),
    [
        (publishing, "write_catalog"),
        (publishing, "write_durably"),
        (publishing, "point_to"),
        (ledger_builds, "record_publication"),
    ],
)
def test_publication_broken_off_at_any_step_is_completed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: object, step: str
) -> None:
    home, ledger = invented_home(tmp_path)
    publish_now(home, ledger)
    write_warehouse(home, orders=81)
    build = build_now(home, ledger)
    store_verdict(home, ledger, build)

    def breaks(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, step, breaks)
    with pytest.raises(KeyboardInterrupt):
        publish(home, ledger, build.build_id, now=AS_OF)
    monkeypatch.undo()
    # readers have one of the two versions, whole
    assert query(home, "select count(*) from core.fct_orders")[0][0] in (80, 81)

    publish(home, ledger, build.build_id, now=AS_OF)
    assert query(home, "select count(*) from core.fct_orders") == [(81,)]
    assert sorted(path.name for path in home.published.iterdir()) == ["current", "v000001", "v000002"]
    assert [row.version for row in ledger_builds.publications(ledger)] == ["v000002", "v000001"]


def test_leftovers_of_another_build_are_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home, ledger = invented_home(tmp_path)
    publish_now(home, ledger)
    write_warehouse(home, orders=81)
    build = build_now(home, ledger)
    store_verdict(home, ledger, build)
    with monkeypatch.context() as patched:
        patched.setattr(publishing, "point_to", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            publish(home, ledger, build.build_id, now=AS_OF)
    assert version_folders(home) == ["v000001", "v000002"]

    write_warehouse(home, orders=82)
    publish_now(home, ledger)
    assert query(home, "select count(*) from core.fct_orders") == [(82,)]
    assert version_folders(home) == ["v000001", "v000002"]  # the orphan went, its number is used again


def test_rollback_and_publishing_again(tmp_path: Path) -> None:
    home, ledger = invented_home(tmp_path)
    publish_now(home, ledger)
    write_warehouse(home, orders=81)
    second = publish_now(home, ledger)

    assert versions.rollback(home, ledger, None, now=AS_OF) == "v000001"
    assert query(home, "select count(*) from core.fct_orders") == [(80,)]
    again = publish(home, ledger, second.build_id, now=AS_OF)
    assert (again.version, again.is_new) == ("v000002", True)
    assert [(row.version, row.kind) for row in ledger_builds.publications(ledger)] == [
        ("v000002", "publish"),
        ("v000001", "rollback"),
        ("v000002", "publish"),
        ("v000001", "publish"),
    ]
    listed = versions.list_versions(home, ledger)
    assert [(version.version, version.is_current) for version in listed] == [("v000002", True), ("v000001", False)]
    with pytest.raises(UsageError, match="v000009"):
        versions.rollback(home, ledger, "v000009", now=AS_OF)


def test_rollback_to_a_version_whose_files_are_gone_is_refused(tmp_path: Path) -> None:
    home, ledger = invented_home(tmp_path)
    first = publish_now(home, ledger)
    write_warehouse(home, orders=81)
    second = publish_now(home, ledger)
    only = {p for p in _paths(first.folder) if p not in _paths(second.folder)}
    (home.root / only.pop()).unlink()
    with pytest.raises(MilepostError, match="files of the version are missing"):
        versions.rollback(home, ledger, "v000001", now=AS_OF)
    assert current_version(home) == "v000002"


def _paths(folder: Path) -> set[str]:
    from ingestion.ledger.manifest import read_manifest

    return read_manifest(folder / MANIFEST_NAME).paths


def test_difference_of_two_versions(tmp_path: Path) -> None:
    home, ledger = invented_home(tmp_path)
    publish_now(home, ledger)
    change_warehouse(
        home,
        "update main_marts.fct_orders set net_amount = 0 where order_id = 'o27'",
        "delete from main_marts.fct_orders where order_id = 'o28'",
        "update main_marts.kpi_values set value = 3885",
        "drop table main_marts.opportunities",
        "create table main_marts.opportunities as select 'x' as opportunity_id",
    )
    publish_now(home, ledger)
    difference = versions.diff(home, "v000001", "v000002")

    found = {mart.mart: mart for mart in difference.marts}
    assert sorted(found) == ["core.fct_orders", "kpi.kpi_values", "sales.opportunities"]
    orders = found["core.fct_orders"]
    assert (orders.change, orders.partitions, orders.rows_before, orders.rows_after) == ("rows", ("2026-02",), 80, 79)
    assert (orders.rows_removed, orders.rows_added) == (2, 1)
    assert (found["sales.opportunities"].change, found["sales.opportunities"].rows_added) == ("columns", None)
    assert [(kpi.kpi_id, kpi.grain, kpi.before, kpi.after) for kpi in difference.kpis] == [
        ("revenue", "year", 3960.0, 3885.0)
    ]
    assert versions.diff(home, "v000002", "v000002").marts == ()


def test_a_moved_home_is_relocated(tmp_path: Path) -> None:
    home, ledger = invented_home(tmp_path)
    publish_now(home, ledger)
    ledger.dispose()
    moved = Home(tmp_path / "elsewhere" / "house")
    moved.root.parent.mkdir()
    shutil.move(home.root, moved.root)

    with pytest.raises(duckdb.IOException):
        query(moved, "select count(*) from core.fct_orders")
    assert versions.relocate(moved) == ["v000001"]
    assert query(moved, "select count(*) from core.fct_orders") == [(80,)]
    assert (moved.current / "marts.duckdb").stat().st_mode & 0o777 == 0o444


def _age(home: Home, when: datetime) -> None:
    """Make every build and part look written at that time."""
    seconds = (when - datetime(1970, 1, 1)).total_seconds()
    for path in [*parts_folder(home).glob("*/*"), *home.builds.glob("*")]:
        os.utime(path, (seconds, seconds))


def test_retention_keeps_what_is_kept_young_or_under_way(tmp_path: Path) -> None:
    home, ledger = invented_home(tmp_path)
    for day, orders in enumerate((80, 81, 82, 83)):
        write_warehouse(home, orders=orders)
        publish_now(home, ledger, now=AS_OF + timedelta(days=day))
    write_warehouse(home, orders=84)
    build_now(home, ledger, now=AS_OF + timedelta(days=4))  # judged or not, it is the latest
    now = AS_OF + timedelta(days=30)

    nothing = versions.retain(home, ledger, keep=2, minimum_age=timedelta(days=365), now=now)
    assert (nothing.versions, nothing.builds, nothing.part_files) == ((), (), 0)

    _age(home, AS_OF)
    half_written = parts_folder(home) / "core.fct_orders" / ".2026-09-aa.parquet.tmp"
    half_written.write_bytes(b"")
    _age_one(half_written, now)
    removed = versions.retain(home, ledger, keep=2, minimum_age=timedelta(days=7), now=now)
    assert removed.versions == ("v000002", "v000001")
    assert len(removed.builds) == 2
    assert removed.part_files == 4  # March's orders and the KPIs of two versions
    assert half_written.exists()
    assert version_folders(home) == ["v000003", "v000004"]
    for version in ("v000003", "v000004"):
        assert all((home.root / path).exists() for path in _paths(home.published / version))
        with duckdb.connect(str(home.published / version / "marts.duckdb"), read_only=True) as connection:
            assert connection.execute("select count(customer_id) from core.fct_orders").fetchone()
    assert {row.version for row in ledger_builds.publications(ledger) if row.removed_at} == {"v000001", "v000002"}
    latest = ledger_builds.latest_build(ledger)
    assert latest is not None
    assert all((home.root / path).exists() for path in _paths(home.builds / latest.build_id))


def _age_one(path: Path, when: datetime) -> None:
    seconds = (when - datetime(1970, 1, 1)).total_seconds()
    os.utime(path, (seconds, seconds))


def test_a_version_replaced_a_moment_ago_is_not_removed(tmp_path: Path) -> None:
    home, ledger = invented_home(tmp_path)
    publish_now(home, ledger, now=AS_OF)
    write_warehouse(home, orders=81)
    publish_now(home, ledger, now=AS_OF + timedelta(days=60))
    removed = versions.retain(
        home, ledger, keep=1, minimum_age=timedelta(days=7), now=AS_OF + timedelta(days=60, minutes=1)
    )
    assert removed.versions == ()
