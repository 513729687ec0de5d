"""What each kind of column makes of cells as people and systems write them."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from ingestion.cleaning import kinds
from ingestion.cleaning.base import NORMAL, Setting, mapped, prepared, unknown_word
from ingestion.contracts.model import KINDS, Column
from ingestion.engine import open_engine
from tests.ingestion_bench import NOW, invented_contract

at = dt.datetime


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with open_engine(tmp_path_factory.mktemp("engine")) as connection:
        kinds.register_functions(connection)
        yield connection


def read(engine: Any, cell: str, kind: str, column: dict[str, Any] | None = None, **contract: Any) -> Any:
    """Value of a cell, or the reason why it has none."""
    declared = Column("a", ("a",), kind=kind, **(column or {}))
    given = invented_contract(**{"phone_region": None, "time_zone": "UTC", **contract})
    text = "m" if declared.values else "p"
    cleaning = kinds.clean(text, "v", declared, Setting(given, NOW))
    failures = [*cleaning.failures]
    if declared.values and declared.other_value is None:
        failures.insert(0, unknown_word("p", declared))
    cases = " ".join(f"when {failure.condition} then '{failure.reason}'" for failure in failures)
    reason = f"case {cases} end" if cases else "null"
    map_step = mapped("p", declared) if declared.values else "p"
    extras = ", ".join(
        ["{" + ", ".join(f"'{n}': {sql}" for n, sql in cleaning.extras) + "}"] if cleaning.extras else ["null"]
    )
    value, why, extra = engine.execute(
        f"select v, {reason}, {extras} from (select *, cast({cleaning.value} as {KINDS[kind]}) as v from "
        f"(select *, {map_step} as m from (select {prepared('cell', declared, given)} as p from (select ? as cell))))",
        [cell],
    ).fetchone()
    if cleaning.fast is not None and not declared.values:  # plainly written cells read the same on their own path
        (fast,) = engine.execute(
            f"select cast({cleaning.fast('cell')} as {KINDS[kind]}) from (select ? as cell)", [cell]
        ).fetchone()
        assert fast is None or repr(fast) == repr(value) or text_of_missing(declared, cell)
    if why is not None:
        return why
    return (value, extra) if extra is not None else value


def text_of_missing(column: Column, cell: str) -> bool:
    """Cells that mean missing never take the fast path."""
    return column.null_words is not None and cell.strip() in column.null_words


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("1", 1), ("12.0", 12), ("1.5", "not_an_integer"), ("1,234", 1234), ("1,23", "not_an_integer"),
        ("1.2万", 12_000), ("3.5亿", 350_000_000), ("1.2w", 12_000), ("2千", 2000), ("(120)", -120), ("-5", -5),
        ("5-", -5), ("１２３", 123), ("00:01:23", 83), ("nan", "not_an_integer"), ("0x1F", "not_an_integer"),
        (" 7\u3000", 7), ("", None), ("百", "not_an_integer"), ("9223372036854775808", "not_an_integer"),
        ("007", 7), ("+3", 3), ("(120", "not_an_integer"), ("1 234", "not_an_integer"),
    ],
)  # fmt: skip
def test_integers(engine: Any, cell: str, value: object) -> None:
    assert read(engine, cell, "integer") == value


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("¥1,580.00", "1580.0000"), ("￥1580", "1580.0000"), ("CNY 12.5", "12.5000"), ("USD 3", None),
        ("12.34567", "12.3457"), ("(1,200.50)", "-1200.5000"), ("1.2万", "12000.0000"), ("12.5元", "12.5000"),
        ("-¥3", "-3.0000"), ("¥-3", "-3.0000"), ("99999999999999999999", None), ("42.90", "42.9000"), (".5", "0.5000"),
        ("1.580,00", None),
    ],
)  # fmt: skip
def test_amounts(engine: Any, cell: str, value: str | None) -> None:
    expected = "not_an_amount" if value is None else Decimal(value)
    assert read(engine, cell, "money", currency="CNY") == expected


def test_amounts_in_ten_thousands_are_exact(engine: Any) -> None:
    assert read(engine, "3.5", "money", {"scale": 10_000.0}) == Decimal("35000.0000")
    assert read(engine, "0.12345678", "money", {"scale": 10_000.0}) == Decimal("1234.5678")
    assert read(engine, "1.5", "integer", {"scale": 10_000.0}) == 15_000
    assert read(engine, "1.00005", "integer", {"scale": 10_000.0}) == "not_an_integer"


def test_a_decimal_comma_is_read_only_where_declared(engine: Any) -> None:
    marks = {"decimal_mark": ",", "thousands_mark": "."}
    assert read(engine, "1.234,56", "decimal", marks) == 1234.56
    assert read(engine, "1.5", "decimal", marks) == "not_a_number"
    assert read(engine, "1234,5", "decimal") == "not_a_number"
    assert read(engine, "nan", "decimal") == "not_a_number"
    assert read(engine, "inf", "decimal") == "not_a_number"


def test_ranges_and_percentages(engine: Any) -> None:
    assert read(engine, "0", "integer", {"minimum": 0, "minimum_exclusive": True}) == "below_minimum"
    assert read(engine, "11", "integer", {"maximum": 10}) == "above_maximum"
    assert read(engine, "1.16%", "percent") == 1.16
    assert read(engine, "５％", "percent") == 5.0
    assert read(engine, "< 10%", "percent") == "not_a_percentage"
    assert read(engine, "101%", "percent") == "above_maximum"
    assert read(engine, "101%", "percent", {"minimum": 0, "maximum": 200}) == 101.0


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("2024-03-05", dt.date(2024, 3, 5)), ("2024/3/5", dt.date(2024, 3, 5)), ("2024年3月5日", dt.date(2024, 3, 5)),
        ("45356", dt.date(2024, 3, 5)), ("20240305", dt.date(2024, 3, 5)), ("05/03/2024", "not_a_date"),
        ("2024-02-30", "not_a_date"), ("2024-01-01T23:00:00Z", dt.date(2024, 1, 2)), ("1800-01-01", "impossible_date"),
        ("infinity", "not_a_date"), ("１９９９-01-01", dt.date(1999, 1, 1)),
    ],
)  # fmt: skip
def test_dates(engine: Any, cell: str, value: object) -> None:
    assert read(engine, cell, "date", time_zone="Asia/Shanghai") == value


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("2024-03-05 10:00", at(2024, 3, 5, 2)), ("2024-03-05T10:00:00Z", at(2024, 3, 5, 10)),
        ("2025-03-20 05:20:57 -0700", at(2025, 3, 20, 12, 20, 57)), ("2024-03-05T10:00:00+02:00", at(2024, 3, 5, 8)),
        ("2024-03-05 10:00:00.500+0000", at(2024, 3, 5, 10, 0, 0, 500_000)), ("45356.5", at(2024, 3, 5, 4)),
        ("2024年3月5日 08:30", at(2024, 3, 5, 0, 30)), ("1988-07-01 09:00", at(1988, 7, 1)),
        ("20/03/2024 10:00", at(2024, 3, 20, 2)), ("2024-03-05 25:00", "not_a_timestamp"),
    ],
)  # fmt: skip
def test_moments_become_utc(engine: Any, cell: str, value: object) -> None:
    forms = {"date_forms": ("%d/%m/%Y %H:%M",)}
    assert read(engine, cell, "timestamp", forms, time_zone="Asia/Shanghai") == value


def test_summer_time_counts(engine: Any) -> None:
    assert read(engine, "2011-07-01 10:00", "timestamp", time_zone="Europe/London") == at(2011, 7, 1, 9)
    assert read(engine, "2010-12-01 10:00", "timestamp", time_zone="Europe/London") == at(2010, 12, 1, 10)


def test_an_age_is_0_to_120(engine: Any) -> None:
    assert read(engine, "1980-01-01", "birth_date") == (dt.date(1980, 1, 1), {"year": 1980})
    assert read(engine, "1905-01-01", "birth_date") == "impossible_age"
    assert read(engine, "2026-03-02", "birth_date") == "impossible_age"


def test_identifiers_take_one_form(engine: Any) -> None:
    assert read(engine, "138 1234-5678", "phone", phone_region="CN") == "+8613812345678"
    assert read(engine, "021-62345678", "phone", phone_region="CN") == "+862162345678"
    assert read(engine, "+44 20 7946 0018", "phone") == "+442079460018"
    assert read(engine, "123", "phone", phone_region="CN") == "not_a_phone_number"
    assert read(engine, " A@B.com ", "email") == "a@b.com"
    assert read(engine, "a@b.c, d@e.f", "email") == "not_an_email"
    assert read(engine, "11010519491231002x", "national_id") == "11010519491231002X"
    assert read(engine, "110105194912310021", "national_id") == "not_a_national_id"


@pytest.mark.parametrize(
    ("cell", "province", "city", "district", "division_code", "division_reason"),
    [
        ("浙江省杭州市西湖区文三路1号", "浙江", "杭州", "西湖区", "330106", None),
        ("上海市浦东新区世纪大道1号", "上海", "上海", "浦东新区", "310115", None),
        ("内蒙古自治区呼和浩特市新城区", "内蒙古", "呼和浩特", "新城区", "150102", None),
        ("江苏省昆山市花桥镇", "江苏", "苏州", "昆山市", "320583", None),
        ("鼓楼区中央路", None, None, None, None, "ambiguous_division"), ("Rua X 12", None, None, None, None, None),
    ],
)  # fmt: skip
def test_chinese_addresses(
    engine: Any, cell: str, province: str, city: str, district: str, division_code: str, division_reason: str
) -> None:
    assert read(engine, cell, "address")[1] == {
        "province": province, "city": city, "district": district, "division_code": division_code,
        "division_reason": division_reason,
    }  # fmt: skip


def test_ages_and_genders(engine: Any) -> None:
    assert [read(engine, cell, "age") for cell in ("35", "35岁", "４１ 周岁", "0", "120", "30 years old")] == [
        35, 35, 41, 0, 120, 30,
    ]  # fmt: skip
    assert read(engine, "121", "age") == "above_maximum"
    assert read(engine, "-1", "age") == "below_minimum"
    assert read(engine, "35.5", "age") == "not_an_age"
    assert read(engine, "130", "age", {"maximum": 150}) == 130
    assert [read(engine, cell, "gender") for cell in ("女", "F", "先生", "Male", "Ｍ", "diverse")] == [
        "female", "female", "male", "male", "male", "other",
    ]  # fmt: skip
    assert read(engine, "1", "gender") == "not_a_gender"
    assert read(engine, "1", "gender", {"values": (("1", "male"), ("2", "female"))}) == "male"


def test_countries_words_and_texts(engine: Any) -> None:
    for word in ("China", "cn", "CHN", "中国"):
        assert read(engine, word, "country") == "CN"
    assert read(engine, "Narnia", "country") == "not_a_country"
    values = {"values": (("已付款", "paid"), ("Closed", "closed"))}
    assert read(engine, "ＣＬＯＳＥＤ", "text", values) == "closed"
    assert read(engine, "open", "text", values) == "unknown_word"
    assert read(engine, "open", "text", values | {"other_value": "other"}) == "other"
    assert read(engine, "open", "text", values | {"other_value": ""}) is None
    assert read(engine, "Ａ  b\r\n c", "text") == "A b c"
    assert read(engine, "1234.0", "text", {"pad_to": 5}) == "01234"
    assert read(engine, "123456", "text", {"pad_to": 5}) == "123456"
    assert read(engine, " -- ", "text", {"null_words": ("", "--")}) is None
    assert read(engine, "是", "boolean") is True
    assert read(engine, "maybe", "boolean") == "not_a_boolean"
    assert read(engine, "sw1a 1aa", "postcode") == ("SW1A 1AA", {"area": "SW1A"})


def test_characters_that_are_taken_as_normal_are() -> None:
    """Texts of these alone skip the normalising function."""
    pattern = re.compile("[" + re.sub(r"\\x\{([0-9a-f]+)\}", lambda m: f"\\u{int(m[1], 16):04x}", NORMAL) + "]")
    for code in range(0x10000):
        character = chr(code)
        if not 0xD800 <= code < 0xE000 and pattern.match(character):
            assert unicodedata.normalize("NFKC", character) == character, hex(code)
            assert not unicodedata.combining(character), hex(code)
