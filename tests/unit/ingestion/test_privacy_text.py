"""Phone numbers, free text, and the scan for clear personal data."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from ingestion.privacy import patterns, phones, scan
from ingestion.privacy.keys import Keys
from ingestion.privacy.masks import mask
from ingestion.privacy.scan import ScanFinding, scan_files, scan_relation
from ingestion.privacy.scrub import needs_scrub_sql, scrub
from ingestion.privacy.tokens import tokenise
from ingestion.privacy.vault import Vault

KEYS = Keys(b"t" * 32, {1: b"1" * 32})
NATIONAL_ID = "11010519491231002X"  # the standard's own example
CARD = "4111111111111111"  # a card network's test number


@pytest.mark.parametrize(
    ("value", "region", "number", "reason"),
    [
        ("138 1234-1234", "CN", "+8613812341234", None),
        ("8613812341234", "CN", "+8613812341234", None),
        ("13812341234.0", "CN", "+8613812341234", None),
        ("'13812341234", "CN", "+8613812341234", None),
        ("021-62345678", "CN", "+862162345678", None),
        ("+44 20 7946 0018", "CN", "+442079460018", None),
        ("0044 20 7946 0018", None, "+442079460018", None),
        ("(11) 91234-5678", "BR", "+5511912345678", None),
        ("13812341234", None, None, phones.REASON_NO_NUMBER),
        ("12812341234", "CN", None, phones.REASON_INVALID),
        ("138****1234", "CN", None, phones.REASON_INVALID),
        ("1.38E+10", "CN", None, phones.REASON_NO_NUMBER),
        ("none", "CN", None, phones.REASON_NO_NUMBER),
    ],
)
def test_e164(value: str, region: str | None, number: str | None, reason: str | None) -> None:
    table = phones.e164(pa.array([value, value, None]), region)
    assert table.num_rows == 1
    row = table.to_pylist()[0]
    assert row == {"value": value, "e164": number, "reason": reason}


def test_fast_path_reads_what_the_numbering_plan_reads() -> None:
    values = [
        "138 1234 1234",
        "+86-13812341234",
        "0086 13812341234",
        "8613812341234",
        "1381234123",
        "21-62345678",
        None,
    ]
    for region in ("CN", None):
        with duckdb.connect() as con:
            con.register("given", pa.table({"value": pa.array(values, pa.string())}))
            fast = dict(con.sql(f"select value, {phones.sql_fast_path('value', region)} from given").fetchall())
        slow = {row["value"]: row["e164"] for row in phones.e164(pa.array(values), region).to_pylist()}
        assert {v: n for v, n in fast.items() if n} == {v: n for v, n in slow.items() if n and n.startswith("+861")}
    assert fast["138 1234 1234"] is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("请打13812341234找我", "请打[phone]找我"),
        ("电话 138 1234 1234,微信号:zhang_san88", "电话 [phone],微信号:[account]"),
        ("加微信 zhangsan88 谢谢", "加微信 [account] 谢谢"),
        ("QQ:12345678", "QQ:[account]"),
        ("mail Ann.Lee@example.com or bob@example.com", "mail [email] or [email]"),
        (f"身份证{NATIONAL_ID}", "身份证[national_id]"),
        (f"card {CARD},{CARD}", "card [bank_card],[bank_card]"),
        ("call +44 20 7946 0018 please", "call [phone] please"),
        ("座机021-62345678", "座机[phone]"),
        ("\uff11\uff13\uff18\uff11\uff12\uff13\uff14\uff11\uff12\uff13\uff14", "[phone]"),
        ("送给张三丰先生", "送给[name]先生"),
        ("张三 and José da Silva came", "[name] and [name] came"),
        ("order 2024-03-05 of 12 items, 39.90 each", "order 2024-03-05 of 12 items, 39.90 each"),
        ("Rose liked it", "Rose liked it"),
        (None, None),
    ],
)
def test_scrub(text: str | None, expected: str | None) -> None:
    names = ["张三", "张三丰", "josé da silva", "Rose", "", "李"]
    assert scrub(pa.array([text, text], pa.string()), names).to_pylist() == [expected, expected]
    if text is not None and expected != text:
        with duckdb.connect() as con:
            predicate = needs_scrub_sql("value", has_names="[name]" in str(expected))
            assert con.execute(f"select {predicate} from (select ? as value)", [text]).fetchone() == (True,)


FOUND = [
    ("phone", "蓝色连衣裙13812345678"),
    ("phone", "Widget 13812345678"),
    ("phone", "13812345678"),
    ("phone", "13812345678.0"),
    ("phone", "tel:13812345678"),
    ("phone", "Tel.138-1234-5678"),
    ("phone", "wx13812345678 a"),
    ("phone", "/pay?mobile=13812345678&x=1"),
    ("phone", "电话/13812345678"),
    ("phone", "+86 138 1234 5678"),
    ("phone", "8613812345678"),
    ("phone", "手机\uff11\uff13\uff18\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18"),
    ("phone", "call +1 202-555-0143 now"),
    ("phone", "+442079460018 x"),
    ("national_id", f"id {NATIONAL_ID}"),
    ("national_id", NATIONAL_ID.lower()),
    ("bank_card", f"卡{CARD}"),
    ("bank_card", "4111 1111 1111 1111"),
    ("bank_card", f"4111111111111112,{CARD}"),
    ("email", "mail ann.lee@example.com"),
    ("email", "x:ann@example.com."),
]

NOT_FOUND = [
    "550e8400-e29b-41d4-a716-446655440000",
    "246675545449582_1649696485147474",
    "A13812345678",
    "SKU-13812345678",
    "13812345678-01",
    "2013812345678",
    "138123456789",
    "/p/13812345678",
    "utm=13812345678",
    "#13812345678",
    "13812345678.25",
    "00000138-1234-5678-aaaa-446655440000",
    "2026-11-21T17:58:03.13812345678Z",
    "138****1234",
    "a***@example.com",
    "logo@2x.png",
    "@brand",
    "4111111111111112",
    "11010519491231002" + "1",
    "99010519491231002X",
    "+100 000",
    "+99912345678901",
]


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    vault = Vault(tmp_path / "vault", KEYS)
    for identifier, values in {
        "phone": ["+8613812345678", "+5511912345678"],
        "email": ["ann@example.com"],
        "name": ["张三", "John Smith", "北京"],
        "customer_key": ["zhang-01"],
        "account": ["tb_nick"],
        "national_id": [NATIONAL_ID],
    }.items():
        clear = pa.array(values)
        vault.stage("b", identifier, tokenise(clear, identifier, KEYS), clear)
    return vault


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        yield con


def _scan(
    con: duckdb.DuckDBPyConnection, vault: Vault, values: list[str | None], **options: object
) -> list[ScanFinding]:
    con.register("mart", pa.table({"item name": pa.array(values, pa.string())}))
    exempt = options.pop("exempt", set())
    return scan_relation(con, "mart", ["item name"], exempt, KEYS, vault, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(("identifier", "text"), FOUND)
def test_pattern_finds(con: duckdb.DuckDBPyConnection, tmp_path: Path, identifier: str, text: str) -> None:
    empty = Vault(tmp_path, KEYS)
    assert _scan(con, empty, ["harmless", None, text, text]) == [ScanFinding("item name", "pattern", identifier, 2, 1)]
    assert _scan(con, empty, [text], exempt={"item name"}) == []


@pytest.mark.parametrize("text", NOT_FOUND)
def test_pattern_lets_pass(con: duckdb.DuckDBPyConnection, tmp_path: Path, text: str) -> None:
    assert _scan(con, Vault(tmp_path, KEYS), [text]) == []


def test_check_digits_against_a_plain_reckoning(con: duckdb.DuckDBPyConnection) -> None:
    by_identifier = {pattern.identifier: pattern for pattern in patterns.PATTERNS}
    stem = NATIONAL_ID[:14]
    ids = [f"{stem}{n:03d}{last}" for n in range(0, 999, 37) for last in "0123456789X"]
    weights = [2 ** (17 - place) % 11 for place in range(17)]
    valid_ids = {
        i
        for i in ids
        if (sum(int(d) * w for d, w in zip(i, weights, strict=False)) + (10 if i[17] == "X" else int(i[17]))) % 11 == 1
    }
    cards = [f"62220200{n:08d}" for n in range(0, 99_999_999, 777_777)] + [f"62220200{n:011d}" for n in range(50)]

    def luhn(number: str) -> bool:
        digits = [int(d) for d in reversed(number)]
        return (sum(digits[0::2]) + sum(sum(divmod(2 * d, 10)) for d in digits[1::2])) % 10 == 0

    for identifier, given, valid in (
        ("national_id", ids, valid_ids),
        ("bank_card", cards, {c for c in cards if luhn(c)}),
    ):
        con.register("given", pa.table({"value": given}))
        sql = patterns.candidates_sql(by_identifier[identifier], "value")
        assert {v for (v,) in con.sql(f"select value from given where len({sql}) = 1").fetchall()} == valid
        assert valid


@pytest.mark.parametrize(
    ("identifier", "text"),
    [
        ("phone", "13812345678"),
        ("phone", "138-1234-5678"),
        ("phone", "+86 13812345678"),
        ("email", " ANN@example.com "),
        ("name", "张三"),
        ("name", "john  SMITH"),
        ("customer_key", "zhang-01"),
        ("account", "tb_nick"),
        ("national_id", NATIONAL_ID.lower()),
    ],
)
def test_exact_comparison_finds_also_in_id_columns(
    con: duckdb.DuckDBPyConnection, vault: Vault, identifier: str, text: str
) -> None:
    found = _scan(con, vault, ["harmless", text, text, None], exempt={"item name"})
    assert found == [ScanFinding("item name", "exact", identifier, 2, 1)]


def test_national_form_needs_its_region(con: duckdb.DuckDBPyConnection, vault: Vault) -> None:
    assert _scan(con, vault, ["(11) 91234-5678"]) == []
    found = _scan(con, vault, ["(11) 91234-5678"], phone_regions=["CN", "BR"])
    assert found == [ScanFinding("item name", "exact", "phone", 1, 1)]


def test_business_words_may_read_like_a_customers_name_but_not_like_a_number(
    con: duckdb.DuckDBPyConnection, vault: Vault
) -> None:
    cities = ["北京", "上海", "tb_nick"]
    assert {f.identifier for f in _scan(con, vault, cities)} == {"name", "account"}
    assert _scan(con, vault, cities, business_columns={"item name"}) == []
    found = _scan(con, vault, [*cities, "ann@example.com"], business_columns={"item name"})
    assert {f.identifier for f in found} == {"email"}


def test_columns_of_a_relation_keep_their_own_rules(
    con: duckdb.DuckDBPyConnection, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    con.execute(
        "create table mart as select '13987654321' as order_id, '13987654321' as note, '张三' as city, "
        "'张三' as title, case n when 0 then 'ann@example.com' else n::varchar end as \"it's\" from range(4) r(n)"
    )
    columns = ["order_id", "note", "city", "title", "it's"]
    options: dict[str, Any] = {"business_columns": {"city"}}
    expected = [
        ScanFinding("note", "pattern", "phone", 4, 1),
        ScanFinding("title", "exact", "name", 4, 1),
        ScanFinding("it's", "exact", "email", 1, 1),
        ScanFinding("it's", "pattern", "email", 1, 1),
    ]
    assert scan_relation(con, "mart", columns, {"order_id"}, KEYS, vault, **options) == expected
    monkeypatch.setattr(scan, "_GROUP_VALUES", 0)  # every column by itself
    assert scan_relation(con, "(from mart)", columns, {"order_id"}, KEYS, vault, **options) == expected
    assert scan_relation(con, "mart", [], set(), KEYS, vault) == []


def test_tokens_and_masks_pass_but_not_text_beside_a_mask(con: duckdb.DuckDBPyConnection, vault: Vault) -> None:
    fine = [
        *tokenise(pa.array(["张三"]), "name", KEYS).to_pylist(),
        *mask(pa.array(["张三", "John"]), "name").to_pylist(),
        *mask(pa.array(["13812345678", "+442079460018", "12345"]), "phone").to_pylist(),
        *mask(pa.array(["ann@example.com", "a@example.com"]), "email").to_pylist(),
        *mask(pa.array([NATIONAL_ID]), "national_id").to_pylist(),
    ]
    assert _scan(con, vault, fine) == []
    found = _scan(con, vault, ["张** 13812345678"])
    assert [(f.kind, f.identifier) for f in found] == [("pattern", "phone")]


def test_findings_hold_no_value(con: duckdb.DuckDBPyConnection, vault: Vault) -> None:
    found = _scan(con, vault, ["13812345678", "张三", "ann@example.com"])
    assert found and not any(value in repr(found) for value in ("13812345678", "张三", "ann@"))


def test_files(vault: Vault, tmp_path: Path) -> None:
    clean = tmp_path / "run.log"
    clean.write_text(
        "2026-11-21 17:58:03,138 INFO 541909 rows, sha 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd\n"
    )
    log = tmp_path / "error.log"
    log.write_text("could not convert '13812345678'\nname: 张三,收到\n<td>John Smith</td> key=zhang-01;\n" * 3)
    found = scan_files([clean, log], KEYS, vault)
    assert {(f.column, f.kind, f.identifier) for f in found} == {
        (str(log), "pattern", "phone"),
        (str(log), "exact", "phone"),
        (str(log), "exact", "name"),
        (str(log), "exact", "customer_key"),
    }
