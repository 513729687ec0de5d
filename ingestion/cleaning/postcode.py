"""Kind postcode: upper case, padded where the contract says so; `__area` is what may leave where it is personal."""

from __future__ import annotations

from ingestion.cleaning.base import Cleaning, Setting, collapsed
from ingestion.cleaning.text import padded
from ingestion.contracts.model import Column


def clean(text: str, value: str, column: Column, setting: Setting) -> Cleaning:
    """Any text is taken. The area is what stands before the space (or hyphen), else all but the last three characters
    (two at least), which in most countries' codes tell single streets."""
    area = (
        f"case when contains({value}, ' ') then split_part({value}, ' ', 1) "
        f"when contains({value}, '-') then split_part({value}, '-', 1) "
        f"when length({value}) > 4 then {value}[1:length({value}) - 3] else {value}[1:2] end"
    )
    return Cleaning(f"upper({padded(collapsed(text), column)})", extras=(("area", area),))
