"""Which models are published, and what a build of them is."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from ingestion.errors import MilepostError
from ingestion.ledger import builds as ledger_builds
from ingestion.ledger.manifest import MANIFEST_NAME, LateCustomer, read_manifest
from publishing.build import parts_folder
from publishing.marts import read_mart_specs
from tests.invented_warehouse import (
    AS_OF,
    SETTINGS,
    build_now,
    change_warehouse,
    invented_home,
    write_dbt_manifest,
    write_warehouse,
)


def test_only_models_that_say_so_are_published(tmp_path: Path) -> None:
    specs = {spec.full_name: spec for spec in read_mart_specs(write_dbt_manifest(tmp_path / "manifest.json"))}

    assert sorted(specs) == [
        "core.customer_links",
        "core.dim_customer",
        "core.fct_orders",
        "data.quality_results",
        "kpi.kpi_values",
        "sales.opportunities",
    ]
    orders = specs["core.fct_orders"]
    assert orders.relation == '"main_marts"."fct_orders"'
    assert orders.partition_by == "ordered_date"
    assert orders.late_customer == LateCustomer("source_system", "source_customer_key")
    assert orders.description == "What fct_orders holds."
    assert {column.name: column.is_id for column in orders.columns} == {
        "source_customer_key": True,
        "source_system": False,
        "status": False,
    }


def test_every_mistake_in_the_settings_is_listed(tmp_path: Path) -> None:
    settings = {"fct_orders": {"schema": "core", "partitioned": "x"}, "kpi_values": {"order_by": 5}}
    with pytest.raises(MilepostError) as raised:
        read_mart_specs(write_dbt_manifest(tmp_path / "manifest.json", settings))
    for mistake in ("unknown setting partitioned", "kpi_values: schema is missing", "order_by is neither"):
        assert mistake in str(raised.value)


def test_a_customer_is_not_looked_up_by_the_system_of_the_record_when_another_is_named(tmp_path: Path) -> None:
    late = {"schema": "core", "late_customer_id": True}
    path = write_dbt_manifest(tmp_path / "manifest.json", {"fct_orders": late})
    manifest = json.loads(path.read_text(encoding="utf-8"))
    manifest["nodes"]["model.milepost.fct_orders"]["columns"]["customer_system"] = {"description": "System of the key."}
    path.write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(MilepostError, match="customer_system that customer_system_column does not name"):
        read_mart_specs(path)

    manifest["nodes"]["model.milepost.fct_orders"]["config"]["meta"]["milepost"]["customer_system_column"] = (
        "customer_system"
    )
    path.write_text(json.dumps(manifest), encoding="utf-8")
    assert read_mart_specs(path)[0].late_customer == LateCustomer("customer_system", "source_customer_key")


def test_build_partitions_by_month_and_states_what_it_wrote(tmp_path: Path) -> None:
    home, ledger = invented_home(tmp_path)
    change_warehouse(home, "update main_marts.fct_orders set ordered_date = null where order_id = 'o3'")
    build = build_now(home, ledger)

    orders = build.manifest.mart("core.fct_orders")
    assert orders is not None
    assert [(file.partition, file.rows) for file in orders.files] == [
        ("2026-01", 26),
        ("2026-02", 28),
        ("2026-03", 25),
        ("undated", 1),
    ]
    for file in orders.files:
        content = (home.root / file.path).read_bytes()
        assert len(content) == file.bytes
        assert hashlib.sha256(content).hexdigest() == file.sha256
        assert duckdb.sql(f"select count(*) from '{home.root / file.path}'").fetchall() == [(file.rows,)]
    empty = build.manifest.mart("sales.opportunities")
    assert empty is not None
    assert empty.files == ()
    assert [(column.name, column.type) for column in empty.columns] == [
        ("opportunity_id", "VARCHAR"),
        ("amount", "DECIMAL(18,4)"),
    ]
    row = ledger_builds.find_build(ledger, build.build_id)
    assert row is not None
    assert row.manifest_sha256 == hashlib.sha256((build.folder / MANIFEST_NAME).read_bytes()).hexdigest()
    assert build.manifest.inputs == ("shop-1",)


def test_same_rows_in_another_order_are_the_same_build(tmp_path: Path) -> None:
    home, ledger = invented_home(tmp_path)
    first = build_now(home, ledger)
    write_warehouse(home, reverse=True)
    second = build_now(home, ledger, now=AS_OF + timedelta(hours=1))

    assert second.build_id == first.build_id
    assert not second.is_new
    assert second.written_files == 0


def test_a_build_made_again_is_the_latest_again(tmp_path: Path) -> None:
    home, ledger = invented_home(tmp_path)
    first = build_now(home, ledger, now=AS_OF)
    write_warehouse(home, orders=81)
    build_now(home, ledger, now=AS_OF + timedelta(hours=1))
    write_warehouse(home)
    build_now(home, ledger, now=AS_OF + timedelta(hours=2))

    latest = ledger_builds.latest_build(ledger)
    assert latest is not None
    assert latest.build_id == first.build_id


def test_last_bits_of_a_sum_are_no_change_but_a_cent_is(tmp_path: Path) -> None:
    home, ledger = invented_home(tmp_path)
    value = "update main_marts.kpi_values set value = {}::double"
    change_warehouse(home, value.format("1234567890.12"))
    first = build_now(home, ledger)
    change_warehouse(home, value.format("1234567890.1200001"))
    assert build_now(home, ledger).manifest.content_hash == first.manifest.content_hash
    change_warehouse(home, value.format("1234567890.13"))
    assert build_now(home, ledger).manifest.content_hash != first.manifest.content_hash


def test_only_changed_partitions_are_written(tmp_path: Path) -> None:
    home, ledger = invented_home(tmp_path)
    first = build_now(home, ledger)
    change_warehouse(home, "update main_marts.fct_orders set status = 'paid' where order_id = 'o27'")
    second = build_now(home, ledger)

    assert second.written_files == 1
    before, after = (build.manifest.mart("core.fct_orders") for build in (first, second))
    assert before is not None
    assert after is not None
    changed = [b.partition for a, b in zip(before.files, after.files, strict=True) if a != b]
    assert changed == ["2026-02"]
    assert first.manifest.content_hash != second.manifest.content_hash


def test_swapping_two_values_between_rows_is_a_change(tmp_path: Path) -> None:
    home, ledger = invented_home(tmp_path)
    first = build_now(home, ledger)
    change_warehouse(
        home,
        """update main_marts.fct_orders set net_amount = case order_id when 'o1' then 12 else 11 end
        where order_id in ('o1', 'o2')""",
    )
    assert build_now(home, ledger).written_files == 1
    assert build_now(home, ledger).manifest.content_hash != first.manifest.content_hash


def test_run_facts_leave_the_content_hash_alone(tmp_path: Path) -> None:
    home, ledger = invented_home(tmp_path)
    first = build_now(home, ledger)
    write_warehouse(home, runs=2)
    second = build_now(home, ledger)

    assert second.build_id != first.build_id
    assert second.manifest.content_hash == first.manifest.content_hash


def test_a_broken_off_build_leaves_no_half_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home, ledger = invented_home(tmp_path)
    undisturbed = build_now(home, ledger)
    for path in parts_folder(home).glob("core.fct_orders/*"):
        path.unlink()
    (undisturbed.folder / MANIFEST_NAME).unlink()
    replaced = Path.replace

    def breaks(self: Path, target: Path) -> Path:
        if "2026-02" in self.name:
            raise KeyboardInterrupt
        return replaced(self, target)

    monkeypatch.setattr(Path, "replace", breaks)
    with pytest.raises(KeyboardInterrupt):
        build_now(home, ledger)
    monkeypatch.undo()
    assert not (undisturbed.folder / MANIFEST_NAME).exists()

    again = build_now(home, ledger)
    assert again.build_id == undisturbed.build_id
    assert again.written_files == 2  # January was there
    assert again.manifest.paths == undisturbed.manifest.paths
    assert read_manifest(again.folder / MANIFEST_NAME).sha256 == again.manifest.sha256


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        ("drop table main_marts.kpi_values", "the warehouse has no table"),
        ("alter table main_marts.fct_orders drop column ordered_date", "no column ordered_date"),
        ("alter table main_marts.fct_orders add column customer_id text", "customer_id is stored"),
        ("alter table main_marts.dim_customer add column total hugeint", "which Parquet cannot hold"),
    ],
)
def test_what_cannot_be_built_is_refused_with_a_remedy(tmp_path: Path, spoil: str, message: str) -> None:
    home, ledger = invented_home(tmp_path)
    change_warehouse(home, spoil)
    with pytest.raises(MilepostError, match=message) as raised:
        build_now(home, ledger)
    assert raised.value.remedy


def test_late_customer_without_links_is_refused(tmp_path: Path) -> None:
    home, ledger = invented_home(tmp_path)
    from ingestion.ledger.manifest import mart_sql
    from publishing.build import create_build

    settings = {name: value for name, value in SETTINGS.items() if name != "customer_links"}
    specs = read_mart_specs(write_dbt_manifest(tmp_path / "m.json", settings))
    build = create_build(home, ledger, specs, as_of=AS_OF, code_version="test", inputs=[], now=AS_OF)
    orders = build.manifest.mart("core.fct_orders")
    assert orders is not None
    with pytest.raises(MilepostError, match=r"no core\.customer_links"):
        mart_sql(build.manifest, orders, home.root)
