"""Salesforce exports in Windows-1252, and two public sets of social posts, one of them with neither id nor date."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from tests.support import MilepostHome


@pytest.fixture(scope="module")
def published(make_home: Callable[[str], MilepostHome], exports: Path) -> MilepostHome:
    home = make_home("crm-social")
    home.settings("business:\n  reporting_currency: USD\n")
    home.drop("salesforce", sorted((exports / "salesforce").glob("*.csv")))
    home.drop("facebook_page", sorted((exports / "facebook_posts").glob("*.csv")))
    # the loader's logs are no exports: kept, reported, and said by the exit code
    home.milepost("run", "--as-of", "2018-07-01", expect=4)
    return home


def test_opportunities_and_their_amounts(published: MilepostHome) -> None:
    rows = published.one(
        "select count(*), sum(amount), count(*) filter (where is_won), sum(amount) filter (where is_won)"
        " from core.fct_opportunities"
    )
    assert rows == (38, Decimal("6270000"), 8, Decimal("2200000"))


def test_every_opportunity_matches_an_account(published: MilepostHome) -> None:
    assert published.one("select count(*) from core.fct_opportunities join core.dim_customer using (customer_id)") == 38


def test_accented_names_are_intact(published: MilepostHome) -> None:
    lake = published.root / "lake" / "customer" / "*.parquet"
    rows = published.one(
        f"select count(*), count(*) filter (where name_mask like '%\ufffd%'),"
        f" count(*) filter (where regexp_matches(name_mask, '[à-ÿÀ-Þ]')) from '{lake}'"
    )
    assert rows[0] == 423
    assert rows[1] == 0
    assert rows[2] > 0


def test_the_loaders_logs_are_not_recognised(published: MilepostHome) -> None:
    output = published.milepost("deliveries", "list").output
    assert "error0413060133.csv" in output
    assert "unrecognised" in output


def test_sums_of_the_posts_without_id_and_date(published: MilepostHome) -> None:
    lake = published.root / "lake" / "social_post" / "*.parquet"
    rows = published.one(
        f"select count(*), sum(comments), sum(likes), sum(shares) from '{lake}' where posted_at is null"
    )
    assert rows == (500, 3741, 88795, 13524)


def test_posts_by_id_with_duplicates_counted(published: MilepostHome) -> None:
    rows = published.one(
        "select count(*), sum(likes), sum(comments), sum(shares) from core.fct_social_posts where posted_at is not null"
    )
    assert rows == (6997, 1573989, 1578621, 281769)
    accounting = published.one(
        "select received_rows, accepted_rows, superseded_rows, exact_duplicate_rows"
        " from data.delivery_accounting where file_name like '%Live.csv'"
    )
    assert accounting == (7050, 6997, 53, 51)


def test_ids_with_conflicting_rows_are_reported(published: MilepostHome) -> None:
    deliveries = published.milepost("deliveries", "list", "--format", "json").output
    assert "Live.csv" in deliveries
    seq = published.one("select delivery_id from data.delivery_accounting where file_name like '%Live.csv'")
    shown = published.milepost("deliveries", "show", str(seq)).output
    assert "conflicting" in shown
    assert "2" in shown
