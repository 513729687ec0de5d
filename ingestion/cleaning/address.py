"""Kind address: an address line; `__province`, `__city` and `__district` of Chinese ones, null where not to be read.

The province is its short name (浙江, 内蒙古), the city is without 市, the district as written.
"""

from __future__ import annotations

from ingestion.cleaning.base import Cleaning, Setting, collapsed, tight
from ingestion.contracts.model import Column
from ingestion.engine import quote

PROVINCES = (
    "北京", "天津", "上海", "重庆", "河北", "山西", "辽宁", "吉林", "黑龙江", "江苏", "浙江", "安徽", "福建", "江西",
    "山东", "河南", "湖北", "湖南", "广东", "海南", "四川", "贵州", "云南", "陕西", "甘肃", "青海", "台湾", "内蒙古",
    "广西", "西藏", "宁夏", "新疆", "香港", "澳门",
)  # fmt: skip
_MUNICIPALITIES = "北京|天津|上海|重庆|香港|澳门"
_PATTERN = (
    rf"^(?:中国)?\s*({'|'.join(PROVINCES)})(?:省|市|(?:壮族|回族|维吾尔)?自治区|特别行政区)?[\s,]*"
    r"((?:市辖区|[^省市区县\s]{2,10}?(?:市|自治州|地区|盟))?)[\s,]*"
    r"((?:[^市区县旗\s0-9]{1,10}(?:区|县|旗|市))?)"
)


def clean(text: str, value: str, column: Column, setting: Setting) -> Cleaning:
    """Any text is taken."""
    found = f"regexp_extract({value}, {quote(_PATTERN)}, ['province', 'city', 'district'])"
    province = f"nullif(({found}).province, '')"
    is_municipality = f"regexp_full_match(({found}).province, '{_MUNICIPALITIES}')"
    named = f"nullif(regexp_replace(({found}).city, '市$', ''), '')"
    city = f"case when {is_municipality} then ({found}).province else {named} end"
    district = f"nullif(({found}).district, '')"
    return Cleaning(
        collapsed(text), extras=(("province", province), ("city", city), ("district", district)), fast=tight
    )
