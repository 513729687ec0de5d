"""Numbers and dates as people and systems write them, as tables of examples, and round trips of everything readable."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.cleaning import kinds
from ingestion.cleaning.base import Setting, prepared
from ingestion.contracts.model import KINDS, Column
from ingestion.engine import open_engine
from tests.ingestion_bench import NOW, invented_contract

at = dt.datetime
SHANGHAI = {"time_zone": "Asia/Shanghai"}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with open_engine(tmp_path_factory.mktemp("engine")) as connection:
        kinds.register_functions(connection)
        yield connection


def read(engine: Any, cell: str, kind: str, column: dict[str, Any] | None = None, **contract: Any) -> Any:
    """Value of a cell (with what else it gives), or the reason why it has none, on the paths that ingestion takes."""
    declared = Column("a", ("a",), kind=kind, **(column or {}))
    given_ = invented_contract(**{"phone_region": None, "time_zone": "UTC", **contract})
    cleaning = kinds.clean("p", "v", declared, Setting(given_, NOW))
    value = f"cast({cleaning.value} as {KINDS[kind]})"
    if cleaning.fast is not None:
        value = f"case when q is not null then q else {value} end"
    fast = f"cast({cleaning.fast('cell')} as {KINDS[kind]})" if cleaning.fast else "null"
    cases = " ".join(f"when {failure.condition} then '{failure.reason}'" for failure in cleaning.failures)
    extras = ", ".join(sql for _, sql in cleaning.extras) or "null"
    found = engine.execute(
        f"select v, case {cases} end, {extras} from (select *, {value} as v from (select *, case when q is null then "
        f"{prepared('cell', declared, given_)} end as p from (select *, {fast} as q from (select ? as cell))))",
        [cell],
    ).fetchone()
    if found[1] is not None:
        return found[1]
    return (found[0], found[2]) if cleaning.extras else found[0]


@pytest.mark.parametrize(
    ("cell", "marks", "value"),
    [
        ("1.2万", {}, 12_000.0), ("3.5亿", {}, 350_000_000.0), ("2.1w", {}, 21_000.0), ("8百万", {}, 8_000_000.0),
        ("1.580,00", {"decimal_mark": ",", "thousands_mark": "."}, 1580.0),
        ("1 580,00", {"decimal_mark": ",", "thousands_mark": " "}, 1580.0),
        ("1'580.00", {"thousands_mark": "'"}, 1580.0), ("1.580,00", {}, "not_a_number"), ("(120)", {}, -120.0),
        ("120-", {}, -120.0), ("−5", {}, -5.0), ("１，５８０．５", {}, 1580.5), ("00:01:23", {}, 83.0),
        ("100:00:01", {}, 360_001.0), ("00:61:00", {}, "not_a_number"), ("1,58", {}, "not_a_number"),
        ("12.5%", {}, "not_a_number"), ("1e3", {}, 1000.0), ("--", {}, "not_a_number"), ("1.2.3", {}, "not_a_number"),
        ("万", {}, "not_a_number"), ("", {}, None),
    ],
)  # fmt: skip
def test_numbers_as_people_write_them(engine: Any, cell: str, marks: dict[str, str], value: object) -> None:
    assert read(engine, cell, "decimal", marks) == value


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("131.77(已退款89.84)", ("131.77", "89.84")), ("131.77", ("131.77", None)), ("¥1,580.00", ("1580.00", None)),
        ("¥1,580.00（已退款 ¥80.00）", ("1580.00", "80.00")), ("20.00(已全额退款)", ("20.00", "20.00")),
        ("20.00 (refunded: 5)", ("20.00", "5")), ("20.00(已退款21.00)", "refund_above_amount"),
        ("20.00(已退款x9)", "not_an_amount"), ("20.00(券后)", "not_an_amount"), ("", (None, None)),
    ],
)  # fmt: skip
def test_an_amount_with_what_was_given_back_of_it(engine: Any, cell: str, value: Any) -> None:
    expected = value if isinstance(value, str) else tuple(None if part is None else Decimal(part) for part in value)
    assert read(engine, cell, "money", {"refund_within": True}) == expected


def test_an_amount_with_a_refund_is_no_amount_unless_the_contract_says_so(engine: Any) -> None:
    assert read(engine, "131.77(已退款89.84)", "money") == "not_an_amount"


@pytest.mark.parametrize(
    ("cell", "forms", "value"),
    [
        ("2024年3月5日", (), dt.date(2024, 3, 5)), ("2018-01-01 星期五", (), dt.date(2018, 1, 1)),
        ("2018-01-01（周一）", (), dt.date(2018, 1, 1)), ("2018年1月1日 星期一", (), dt.date(2018, 1, 1)),
        ("2018-01-01 Monday", (), dt.date(2018, 1, 1)), ("2018-01-01 (Mon)", (), dt.date(2018, 1, 1)),
        ("43101", (), dt.date(2018, 1, 1)), ("43101", ("excel",), dt.date(2018, 1, 1)),
        ("1514736000", (), dt.date(2018, 1, 1)), ("1514736000000", (), dt.date(2018, 1, 1)),
        ("2018-02-29", (), "not_a_date"), ("2018年2月29日", (), "not_a_date"), ("20-10-16", (), "not_a_date"),
        ("20-10-16", ("%y-%m-%d",), dt.date(2020, 10, 16)), ("20-10-16", ("%d-%m-%y",), dt.date(2016, 10, 20)),
        ("03/04/2024", (), "not_a_date"), ("03/04/2024", ("%d/%m/%Y",), dt.date(2024, 4, 3)),
        ("31/04/2024", ("%d/%m/%Y",), "not_a_date"), ("epoch", (), "not_a_date"), ("today", (), "not_a_date"),
        ("星期五", (), "not_a_date"), ("2024-13-01", (), "not_a_date"), ("2024-03-05 (BC)", (), "impossible_date"),
    ],
)  # fmt: skip
def test_days_as_people_write_them(engine: Any, cell: str, forms: tuple[str, ...], value: object) -> None:
    assert read(engine, cell, "date", {"date_forms": forms}, **SHANGHAI) == value


@pytest.mark.parametrize(
    ("cell", "forms", "value"),
    [
        ("1514736000", (), at(2017, 12, 31, 16)), ("1514736000.5", (), at(2017, 12, 31, 16, 0, 0, 500_000)),
        ("1514736000123", (), at(2017, 12, 31, 16, 0, 0, 123_000)), ("915148800", (), "not_a_timestamp"),
        ("915148800", ("epoch",), at(1999, 1, 1)), ("915148800000", ("epoch_ms",), at(1999, 1, 1)),
        ("1514736000", ("%d%m%Y%H",), "not_a_timestamp"), ("2018010112", ("%Y%m%d%H",), at(2018, 1, 1, 4)),
        ("1503202410", ("%d%m%Y%H",), at(2024, 3, 15, 2)), ("2018010112", (), "not_a_timestamp"),
        ("2024年3月5日 8时30分", (), at(2024, 3, 5, 0, 30)), ("2024年3月5日 08:30:15", (), at(2024, 3, 5, 0, 30, 15)),
        ("2018-01-01 星期一 10:00", (), at(2018, 1, 1, 2)), ("2018-01-01T10:00+08", (), at(2018, 1, 1, 2)),
        ("2018-01-01T10:00:00Z", (), at(2018, 1, 1, 10)), ("2018-01-01 10:00:00 +0800", (), at(2018, 1, 1, 2)),
        ("2018-01-01 10:00:00.250", (), at(2018, 1, 1, 2, 0, 0, 250_000)), ("43101.5", (), at(2018, 1, 1, 4)),
        ("2018-02-29 10:00", (), "not_a_timestamp"), ("13812345678", (), "not_a_timestamp"),
    ],
)  # fmt: skip
def test_moments_as_systems_write_them(engine: Any, cell: str, forms: tuple[str, ...], value: object) -> None:
    assert read(engine, cell, "timestamp", {"date_forms": forms}, **SHANGHAI) == value


@pytest.mark.parametrize(
    ("zone", "cell", "value"),
    [
        ("Europe/London", "2024-10-27 01:30", at(2024, 10, 27, 1, 30)),  # happens twice: the later, in standard time
        ("America/New_York", "2024-11-03 01:30", at(2024, 11, 3, 6, 30)),
        ("America/Sao_Paulo", "2018-02-17 23:30", at(2018, 2, 18, 2, 30)),
        ("Europe/London", "2024-03-31 01:30", at(2024, 3, 31, 1, 30)),  # never shown: as without the change
        ("America/New_York", "2024-03-10 02:30", at(2024, 3, 10, 7, 30)),
        ("America/Sao_Paulo", "2017-10-15 00:30", at(2017, 10, 15, 3, 30)),
        ("Europe/London", "2024-10-27 01:30:00+01:00", at(2024, 10, 27, 0, 30)),  # an offset leaves nothing to decide
        ("Europe/London", "2024-07-01 12:00", at(2024, 7, 1, 11)),
        ("Asia/Shanghai", "1988-07-01 12:00", at(1988, 7, 1, 3)),
    ],
)  # fmt: skip
def test_where_clocks_change_standard_time_counts(engine: Any, zone: str, cell: str, value: dt.datetime) -> None:
    assert read(engine, cell, "timestamp", time_zone=zone) == value


_AMOUNTS = st.decimals(-(10**10), 10**10, places=2)
_DAYS = st.dates(dt.date(1927, 6, 1), dt.date(2150, 1, 1))
_MOMENTS = st.datetimes(at(2001, 9, 10), at(2030, 3, 1)).map(lambda moment: moment.replace(microsecond=0))


@settings(max_examples=60, deadline=None)
@given(_AMOUNTS)
def test_an_amount_reads_the_same_however_it_is_written(engine: Any, amount: Decimal) -> None:
    plus = abs(amount)
    written = [f"{amount:f}", f"{amount:,}", f"{amount:,} CNY"]
    written += [f"({plus:,})", f"-¥{plus:,}"] if amount < 0 else [f"¥{plus:,}", f"{plus}元"]
    for cell in written:
        assert read(engine, cell, "money", currency="CNY") == amount, cell
    european = f"{amount:,}".translate(str.maketrans(",.", ".,"))
    marks = {"decimal_mark": ",", "thousands_mark": "."}
    assert read(engine, european, "money", marks) == amount
    assert read(engine, f"{amount / 10_000:f}万", "money") == amount


@settings(max_examples=60, deadline=None)
@given(_DAYS)
def test_a_day_reads_the_same_however_it_is_written(engine: Any, day: dt.date) -> None:
    weekday = "一二三四五六日"[day.weekday()]
    serial = (day - dt.date(1899, 12, 30)).days
    for cell in (
        day.isoformat(), f"{day:%Y/%m/%d}", f"{day.year}-{day.month}-{day.day}", f"{day:%Y%m%d}", str(serial),
        f"{day.year}年{day.month}月{day.day}日", f"{day} 星期{weekday}",
    ):  # fmt: skip
        assert read(engine, cell, "date", **SHANGHAI) == day, cell


@settings(max_examples=60, deadline=None)
@given(_MOMENTS)
def test_a_moment_reads_the_same_however_it_is_written(engine: Any, moment: dt.datetime) -> None:
    seconds = int(moment.replace(tzinfo=dt.UTC).timestamp())
    local = moment + dt.timedelta(hours=8)
    for cell in (
        f"{moment}Z", f"{moment.isoformat()}+00:00", f"{local} +0800", str(local), f"{local:%Y/%m/%d %H:%M:%S}",
        f"{local:%Y年%m月%d日 %H:%M:%S}", f"{local:%Y年%m月%d日 %H时%M分%S秒}", str(seconds), str(seconds * 1000),
    ):  # fmt: skip
        assert read(engine, cell, "timestamp", **SHANGHAI) == moment, cell


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 999 * 3600))
def test_a_duration_is_its_seconds(engine: Any, seconds: int) -> None:
    cell = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    assert read(engine, cell, "integer") == seconds


@settings(max_examples=150, deadline=None)
@given(
    st.text(max_size=20), st.sampled_from(["integer", "decimal", "money", "percent", "date", "timestamp", "birth_date"])
)
def test_any_text_is_read_or_fails_with_a_reason(engine: Any, cell: str, kind: str) -> None:
    read(engine, cell.replace("\x00", ""), kind, {"date_forms": ("%d/%m/%Y", "iso")})
