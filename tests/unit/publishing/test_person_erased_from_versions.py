"""A person erased from every build and version that is kept; sums stay, the gate's word stays, hashes are recorded."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest
from sqlalchemy import Engine

from ingestion.home import Home
from ingestion.ledger import tables
from ingestion.ledger.manifest import MANIFEST_NAME, read_manifest
from ingestion.person.substitute import Substitution
from publishing import erase
from publishing.build import file_sha256
from publishing.erase import erase_published
from publishing.publish import checked_build, publish, version_folders
from tests.invented_warehouse import AS_OF, build_now, invented_home, store_verdict, write_warehouse

ERASED = Substitution(
    keys={("shop", "k3"): "erased-aaaa", ("shop", "k13"): "erased-bbbb", ("other", "k4"): "erased-cccc"},
    values={"c3": "c_nobody"},
)
QUESTIONS = (
    "select count(*), sum(net_amount), count(distinct customer_id), count(distinct source_customer_key) "
    "from core.fct_orders",
    "select count(*), count(distinct customer_id) from core.dim_customer",
    "select value from kpi.kpi_values",
)


@pytest.fixture
def published(tmp_path: Path) -> tuple[Home, Engine]:
    """A home with two versions that share most partitions."""
    home, ledger = invented_home(tmp_path)
    for orders in (80, 90):
        write_warehouse(home, orders=orders)
        build = build_now(home, ledger)
        store_verdict(home, ledger, build)
        publish(home, ledger, build.build_id, now=AS_OF)
    return home, ledger


def answers(home: Home) -> list[list[tuple[object, ...]]]:
    found = []
    for version in version_folders(home):
        with duckdb.connect(str(home.published / version / "marts.duckdb"), read_only=True) as connection:
            found += [connection.execute(question).fetchall() for question in QUESTIONS]
    return found


def traces(home: Home) -> list[str]:
    """Files of builds in which the person's keys or id still stand, beside the rows of one without any."""
    found = []
    for path in sorted((home.builds / "parts").glob("*/*.parquet")):
        with duckdb.connect() as connection:
            text = connection.execute(f"select string_agg(t::varchar, ' ') from '{path}' as t").fetchone()
        words = set(str(text).replace(",", " ").replace("'", " ").replace("}", " ").split())
        if words & {"k3", "k13", "c3"}:
            found.append(path.name)
    return found


def test_every_version_answers_as_before_without_the_person(published: tuple[Home, Engine]) -> None:
    home, ledger = published
    before = answers(home)
    assert traces(home)
    report = erase_published(home, ledger, ERASED, "e-1", AS_OF)
    assert report["versions"] == 2 and report["builds"] == 2 and report["partitions"] > 3
    assert traces(home) == []
    assert answers(home) == before
    with duckdb.connect(str(home.current / "marts.duckdb"), read_only=True) as connection:
        row = connection.execute("select name_mask from core.dim_customer where customer_id = 'c_nobody'").fetchone()
        keys = connection.execute("select source_customer_key from core.fct_orders where customer_id = 'c_nobody'")
        assert row == (None,) and {key for (key,) in keys.fetchall()} == {"erased-aaaa", "erased-bbbb"}


def test_hashes_and_verdicts_follow(published: tuple[Home, Engine]) -> None:
    home, ledger = published
    erase_published(home, ledger, ERASED, "e-1", AS_OF)
    for version in version_folders(home):
        manifest = read_manifest(home.published / version / MANIFEST_NAME)
        assert checked_build(home, ledger, manifest.build_id).sha256 == manifest.sha256
        for mart in manifest.marts:
            for file in mart.files:
                assert file_sha256(home.root / file.path) == file.sha256
    with ledger.connect() as connection:
        rows = connection.execute(tables.replaced_file.select()).all()
    assert {row.reason for row in rows} == {"e-1"}
    parts = [row for row in rows if row.former_path.startswith("builds/parts/")]
    assert parts and all(row.sha256 and row.sha256 != row.former_sha256 for row in parts)
    assert not any((home.root / row.former_path).exists() for row in parts)


@pytest.mark.parametrize("place", ["_change_build", "write_manifest", "write_durably", "_change_version", "_remove"])
def test_killed_half_way_and_run_again_completes(
    published: tuple[Home, Engine], place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, ledger = published
    before = answers(home)

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(erase, place, killed)
        with pytest.raises(KeyboardInterrupt):
            erase_published(home, ledger, ERASED, "e-1", AS_OF)
    erase_published(home, ledger, ERASED, "e-1", AS_OF)
    assert traces(home) == [] and answers(home) == before
    for version in version_folders(home):
        checked_build(home, ledger, json.loads((home.published / version / MANIFEST_NAME).read_text())["build_id"])


def test_a_person_that_no_version_knows_changes_nothing(published: tuple[Home, Engine]) -> None:
    home, ledger = published
    before = {path: path.stat().st_mtime_ns for path in home.root.rglob("*") if path.is_file()}
    report = erase_published(home, ledger, Substitution({("shop", "k999"): "erased-x"}), "e-2", AS_OF)
    assert set(report.values()) == {0}
    after = {path: path.stat().st_mtime_ns for path in home.builds.rglob("*") if path.is_file()}
    assert all(before[path] == stamp for path, stamp in after.items())
