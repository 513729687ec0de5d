"""Nothing is lost: whatever an export holds, received = accepted + superseded + rejected, and no fault stops a run."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.contracts.model import ContractSet, Supersede, SupersedeBy
from ingestion.rejects import show_rejects
from tests.ingestion_bench import HEADINGS, KEYS, Bench, invented_contract

_WORD = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"), max_size=12)
_CELLS = (
    st.sampled_from(["A1", "A2", "A3", "A4", "", " "]),
    _WORD,
    st.sampled_from(["", "13812345678", "+44 20 7946 0018", "x"]),
    st.one_of(st.integers(-3, 20).map(str), st.sampled_from(["1,000", "1.5", "", "1.2万", "9" * 30])),
    st.one_of(st.decimals(-5, 10**6, places=2).map(str), st.sampled_from(["", "¥3", "abc", "1e400", "nan"])),
    st.sampled_from(["2026-02-01", "2026-02-01T10:00:00Z", "2026-02-30", "", "45000", "infinity", "2026年2月1日"]),
    _WORD,
)
_RULES = (
    Supersede(SupersedeBy.KEY, unit=("order_id",)),
    Supersede(SupersedeBy.KEY, key=("order_id",)),
    Supersede(SupersedeBy.KEY, key=("order_id", "quantity"), unit=("order_id",), version="ordered_at"),
    Supersede(SupersedeBy.FILE_NAME),
    Supersede(SupersedeBy.PERIOD, period=("cast(ordered_at as date)",)),
    Supersede(SupersedeBy.NONE),
)


@st.composite
def exports(draw: st.DrawFn) -> tuple[bytes, int | None]:
    """A file, and how many records it has where that is certain (None: a fault may have joined or cut some)."""
    records = draw(st.lists(st.tuples(*_CELLS).map(list), max_size=12))
    is_certain = True
    for number in draw(st.sets(st.integers(0, 11), max_size=2)):
        if number < len(records):  # a ragged record
            records[number] = (
                records[number][: draw(st.integers(1, 6))] if draw(st.booleans()) else [*records[number], "x"]
            )
    text = io.StringIO()
    writer = csv.writer(text, lineterminator=draw(st.sampled_from(["\n", "\r\n"])), quoting=csv.QUOTE_ALL)
    writer.writerow(HEADINGS)
    writer.writerows(records)
    content = text.getvalue().encode(draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16"])))
    fault = draw(st.sampled_from(["none", "none", "cut", "byte", "quote"]))
    if fault == "cut" and content:
        content, is_certain = content[: draw(st.integers(0, len(content)))], False
    elif fault == "byte":
        place = draw(st.integers(0, len(content)))
        content, is_certain = content[:place] + b"\xff" + content[place:], False
    elif fault == "quote":
        place = draw(st.integers(0, len(content)))
        content, is_certain = content[:place] + b'"' + content[place:], False
    # records without anything in them are none
    empty = sum(not "".join(record).strip() for record in records)
    return content, len(records) - empty if is_certain else None


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(exports(), min_size=1, max_size=3), st.sampled_from(_RULES))
def test_received_is_accepted_superseded_and_rejected(files: list[tuple[bytes, int | None]], rule: Supersede) -> None:
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder) / "home", (invented_contract(supersede=rule),))
        for number, (content, _) in enumerate(files):
            bench.drop(f"{number}.csv", content)
        bench.ingest()
        names = {d.delivery_seq: int(d.file_name.removesuffix(".csv")) for d in bench.deliveries()}
        states = {d.state for d in bench.deliveries()}
        assert states <= {"active", "held", "duplicate", "unrecognised"}
        units = dict(bench.rows("delivery_unit", "delivery_seq, sum(record_count)", "true group by 1"))
        for part in bench.parts():
            assert part.received_rows == part.accepted_rows + part.superseded_rows + part.rejected_rows
            assert units.get(part.delivery_seq, 0) == part.accepted_rows
            written = len(bench.rows("order_line", "_record_number", f"_delivery_seq = {part.delivery_seq}"))
            assert written == part.accepted_rows
            expected = files[names[part.delivery_seq]][1]
            if expected is not None:
                assert part.received_rows == expected
        rejected = sum(part.rejected_rows for part in bench.parts())
        assert len(show_rejects(bench.home, bench.ledger, ContractSet(bench.contracts), KEYS, limit=1000)) == rejected
