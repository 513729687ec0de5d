"""dbt sees the project through a folder in the home, so that the parse of set-up serves every home."""

from __future__ import annotations

from pathlib import Path

from ingestion.home import Home
from orchestration.prepare import HOME_FROM_PROJECT, link_project
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
