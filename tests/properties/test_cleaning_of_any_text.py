"""Addresses, phones and names of organisations: no text is too odd, and what is read twice reads alike."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.cleaning.company import company_core
from ingestion.cleaning.divisions.find import REASONS, find_division, packed_division
from ingestion.cleaning.divisions.table import load_table, short_name
from ingestion.privacy.phones import NOTES, read_phone

_PIECES = st.sampled_from(
    [
        "浙江省", "浙江", "杭州市", "杭州", "西湖区", "西湖", "鼓楼区",
        "上海市", "上海路", "北京", "闸北区", "巢湖市", "无为县", "省",
        "市", "区", "县", "路", " ", "，", "1号",
        "中山", "吉林", "朝阳区", "市辖区", "收货地址：", "臺灣", "Ａ",
    ]
)  # fmt: skip
_ADDRESSES = st.lists(_PIECES, max_size=12).map("".join) | st.text(max_size=150)
_PHONES = st.text(alphabet="0123456789+-() .转ext#/、；;,|E\n微信", max_size=40) | st.text(max_size=60)


@settings(max_examples=400, deadline=None)
@given(_ADDRESSES)
def test_a_division_is_whole_or_missing_with_a_reason(address: str) -> None:
    found = find_division(address)
    assert found.reason in (None, *REASONS)
    assert (found.province is None) == (found.code is None)
    assert found.district is None or (found.city is not None and found.reason is None)
    assert found.province is not None or (found.city is None and found.reason is not None)
    if found.code is not None and found.code < "700000":
        provinces = {place.code: short_name(place.name) for place in load_table().places if place.above is None}
        assert provinces[found.code[:2] + "0000"] == found.province
    assert packed_division(address) == "".join(f"{part or ''}|" for part in found)


@settings(max_examples=400, deadline=None)
@given(_PHONES, st.sampled_from(["CN", "GB", "BR", None]))
def test_a_phone_is_a_number_that_reads_back_or_missing_with_a_reason(cell: str, region: str | None) -> None:
    number, note = read_phone(cell, region)
    if number is None:
        assert note is not None and note not in NOTES
        return
    assert note in (None, *NOTES)
    assert read_phone(number, None) == (number, None)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=80))
def test_a_comparable_name_compares_like_itself(name: str) -> None:
    core = company_core(name)
    assert core is None or (core == core.strip() and core)
    assert company_core(name + " ") == core
