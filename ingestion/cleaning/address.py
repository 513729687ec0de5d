"""Kind address: an address line; of Chinese ones also `__province`, `__city`, `__district` and `__division_code`.

The province is its short name (浙江, 内蒙古), the city is without 市, the district has its name of today, the code is
that of the smallest division known (GB/T 2260, `ingestion/cleaning/divisions`). What cannot be told is null, and why is
`__division_reason`, which the accounting counts. Addresses of other countries give nothing here: their region and city
come in columns of their own.
"""

from __future__ import annotations

from ingestion.cleaning.base import Cleaning, Setting, collapsed, tight
from ingestion.contracts.model import ADDRESS_PARTS, Column

#: The engine's function that finds a division: its parts in this order, each ended by a bar.
FUNCTION = "chinese_division"
_HAS_CHINESE = r"[\x{4e00}-\x{9fff}]"


def clean(text: str, value: str, column: Column, setting: Setting) -> Cleaning:
    """Any text is taken."""
    found = f"case when regexp_matches({value}, '{_HAS_CHINESE}') then {FUNCTION}({value}) end"
    extras = tuple(
        (part, f"nullif(split_part({found}, '|', {place}), '')") for place, part in enumerate(ADDRESS_PARTS, start=1)
    )
    return Cleaning(collapsed(text), extras=extras, fast=tight)
