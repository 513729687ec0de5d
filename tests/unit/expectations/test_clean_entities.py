"""Staged rows of a delivery, judged before it becomes active."""

from __future__ import annotations

from pathlib import Path

from expectations.clean import check_clean_entities, clean_entity_check
from tests.invented_warehouse import stage_entity


def test_good_rows_have_no_findings(tmp_path: Path) -> None:
    order = {"source_system": "shop", "_contract": "shop.orders", "order_id": "1", "status": "paid", "currency": "CNY"}
    paths = {"order": [stage_entity(tmp_path, "order", "a", {**order, "_delivery_seq": 1})], "payment": []}
    assert check_clean_entities(paths, scratch=tmp_path / "scratch") == []
    assert not list((tmp_path / "scratch").iterdir())


def test_bad_rows_name_their_deliveries_and_no_others(tmp_path: Path) -> None:
    good = {"source_system": "shop", "order_id": "1", "status": "paid", "currency": "CNY"}
    paths = {
        "order": [
            stage_entity(tmp_path, "order", "a", {**good, "_delivery_seq": 1}),
            stage_entity(tmp_path, "order", "b", {**good, "order_id": "2", "status": "verloren", "_delivery_seq": 2}),
        ],
        "ad_performance": [
            stage_entity(
                tmp_path,
                "ad_performance",
                "a",
                {"platform": "meta", "report_date": "2026-01-01", "spend": -5, "_delivery_seq": 3},
            )
        ],
    }
    findings = clean_entity_check(tmp_path / "scratch")(paths)

    assert [(f.entity, f.expectation, f.severity, f.delivery_seqs, f.row_count) for f in findings] == [
        ("order", "status_is_known", "critical", (2,), 1),
        ("ad_performance", "spend_is_in_range", "critical", (3,), 1),
    ]
    assert "verloren" not in str(findings)
    assert findings[0].detail == "Orders are in one of the six states: 1 of 2 rows"
