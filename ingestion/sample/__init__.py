"""The sample company: an invented company's exports in its systems' real formats, and the truth about it.

`write_sample` is what others call; see docs/sample-company.md.
"""

from ingestion.sample.constants import DEFAULT_END, SIZES, SizeName
from ingestion.sample.generate import SampleSummary, write_sample

__all__ = ["DEFAULT_END", "SIZES", "SampleSummary", "SizeName", "write_sample"]
