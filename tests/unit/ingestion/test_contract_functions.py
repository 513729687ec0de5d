"""What the functions make that expressions of contracts may call."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from ingestion.cleaning import kinds
from ingestion.cleaning.functions import SIGNATURES, declare_functions, state_code
from ingestion.engine import open_engine


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with open_engine(tmp_path_factory.mktemp("engine")) as connection:
        kinds.register_functions(connection)
        yield connection


@pytest.mark.parametrize(
    ("country", "state", "written"),
    [
        ("CN", "ZJ", "浙江"), ("CN", "CN-ZJ", "浙江"), ("CN", "zhejiang", "浙江"), ("CN", "浙江省", "浙江"),
        ("CN", "内蒙古自治区", "内蒙古"), ("CN", "广西壮族自治区", "广西"), ("CN", "上海市", "上海"),
        ("CN", "SN", "陕西"),
        ("US", "CA", "US-CA"), ("US", "california", "US-CA"), ("US", "New  York", "US-NY"), ("US", "US-TX", "US-TX"),
        ("BR", "SP", "BR-SP"), ("BR", "Sao Paulo", "BR-SP"), ("BR", "São Paulo", "BR-SP"), ("GB", "England", "GB-ENG"),
        ("DE", "Bavaria", "DE-BY"), ("CA", "ON", "CA-ON"), ("AU", "NSW", "AU-NSW"), ("MX", "CDMX", "MX-CMX"),
        ("US", "Atlantis", "Atlantis"), ("FR", "75", "75"), (None, "CA", "CA"), ("US", None, None),
    ],
)  # fmt: skip
def test_provinces_and_states(engine: Any, country: str | None, state: str | None, written: str | None) -> None:
    assert engine.execute("select province_of(?, ?)", [country, state]).fetchone()[0] == written


def test_the_same_code_means_another_state_in_another_country() -> None:
    assert [state_code("SC", country) for country in ("US", "BR", "CN", "FR")] == ["US-SC", "BR-SC", "四川", None]


def test_divisions_of_columns(engine: Any) -> None:
    parts = engine.execute(
        "select division(a, 'division_code'), division(a, 'district'), division(a, 'division_reason') "
        "from (values ('浙江省 杭州市'), ('上海 闸北区'), (null)) as t (a)"
    ).fetchall()
    assert parts == [("330100", None, "no_district"), ("310106", "静安区", None), (None, None, None)]


def test_the_check_of_contracts_knows_every_function() -> None:
    connection = duckdb.connect(":memory:")
    declare_functions(connection)
    names = connection.execute("select function_name from duckdb_functions() where function_type = 'macro'").fetchall()
    assert set(SIGNATURES) <= {name for (name,) in names}
