"""dbt sees the project through a folder in the home, so that the parse of set-up serves every home."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingestion.home import Home
from orchestration import prepare
from orchestration.prepare import HOME_FROM_PROJECT, keep_parse, link_project, take_parse
from orchestration.settings import DBT_PROJECT_DIR


def test_the_linked_project_sees_the_home_by_the_path_that_set_up_parsed(tmp_path: Path) -> None:
    home = Home(tmp_path / "home").ensure()
    folder = link_project(home)
    assert (folder / HOME_FROM_PROJECT).resolve() == home.root.resolve()
    assert (folder / "dbt_project.yml").samefile(DBT_PROJECT_DIR / "dbt_project.yml")
    assert (folder / "models" / "sources.yml").samefile(DBT_PROJECT_DIR / "models" / "sources.yml")
    # Python models import the package from the folder above
    assert (folder.parent / "dbt_project" / "inference" / "__init__.py").exists()


def test_links_follow_a_project_that_was_moved(tmp_path: Path) -> None:
    home = Home(tmp_path / "home").ensure()
    folder = link_project(home)
    (folder / "models").unlink()
    (folder / "models").symlink_to(tmp_path / "former")
    assert link_project(home) == folder
    assert (folder / "models").samefile(DBT_PROJECT_DIR / "models")


def test_a_parse_serves_homes_with_the_same_business_numbers_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepare, "TARGET", tmp_path / "target")
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / prepare.PARSED).write_text("shipped")
    first, second, other = (tmp_path / name for name in ("first", "second", "other"))
    take_parse(first, {"reporting_currency": "BRL"})
    assert (first / prepare.PARSED).read_text() == "shipped"
    (first / prepare.PARSED).write_text("parsed with BRL")
    keep_parse(first, {"reporting_currency": "BRL"})
    take_parse(second, {"reporting_currency": "BRL"})
    take_parse(other, {"reporting_currency": "USD"})
    assert (second / prepare.PARSED).read_text() == "parsed with BRL"
    assert (other / prepare.PARSED).read_text() == "shipped"


def test_only_the_newest_parses_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepare, "TARGET", tmp_path / "target")
    home = tmp_path / "home"
    for folder in (tmp_path / "target", home):
        folder.mkdir()
    (home / prepare.PARSED).write_text("parsed")
    for number in range(prepare.KEPT_PARSES + 3):
        keep_parse(home, {"trailing_months": number})
    assert len(list((tmp_path / "target" / "parses").iterdir())) == prepare.KEPT_PARSES
