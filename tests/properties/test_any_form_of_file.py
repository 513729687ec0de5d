"""However a file is written, its records are the same; whatever is broken in it, every record is accounted for."""

from __future__ import annotations

import csv
import gzip
import io
import re
import tempfile
import zipfile
from pathlib import Path

import duckdb
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.contracts.model import ContractSet, FileFormat, FileRule
from ingestion.rejects import show_rejects
from tests.ingestion_bench import HEADINGS, KEYS, Bench, invented_contract

_NOTES = st.lists(
    st.sampled_from(["", "plain", "a;b,c\td", 'say "hi"', "two\nlines", "订单请尽快发货", "= 1", "'x", "back\\slash"]),
    min_size=1,
    max_size=8,
)
_ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-32", "gb18030")
_PREAMBLES = ("", "Orders of the shop\n", 'as of "today\n\n', "\n\n# made by nobody\n", "a,b,c\n1,2,3\n")
#: Clear values that must stay within the vault, the archive and the encrypted rejects.
_PERSON, _PHONE = "上官飞云鹤", "13987650123"


@st.composite
def forms(draw: st.DrawFn) -> dict[str, object]:
    """How a file is written, in everything that makes no difference."""
    return {
        "encoding": draw(st.sampled_from(_ENCODINGS)),
        "delimiter": draw(st.sampled_from([",", ";", "\t", "|"])),
        "is_doubled": draw(st.booleans()),
        "quoting": draw(st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL])),  # escapes stand between quotes only
        "line_end": draw(st.sampled_from(["\n", "\r\n"])),
        "preamble": draw(st.sampled_from(_PREAMBLES)),
        "padding": draw(st.sampled_from(["", " ", "\t", "　"])),
        "packing": draw(st.sampled_from(["", "", ".gz", ".zip"])),
        "order": draw(st.permutations(range(len(HEADINGS)))),
        "has_last_line_end": draw(st.booleans()),
        "blank_lines": draw(st.integers(0, 2)),
    }


def written(notes: list[str], form: dict[str, object]) -> bytes:
    """The records in that form, unpacked."""
    text = io.StringIO()
    writer = csv.writer(
        text, delimiter=str(form["delimiter"]), lineterminator=str(form["line_end"]),
        quoting=form["quoting"] if form["is_doubled"] else csv.QUOTE_ALL, doublequote=bool(form["is_doubled"]),
        escapechar=None if form["is_doubled"] else "\\",
    )  # fmt: skip
    order = list(form["order"])  # type: ignore[call-overload]
    writer.writerow([HEADINGS[place] + str(form["padding"]) for place in order])
    for number, note in enumerate(notes):
        record = [f"A{number}", _PERSON, _PHONE, str(number + 1), "1.50", "2026-02-01", note]
        writer.writerow([record[place] for place in order])
    content = str(form["preamble"]) + text.getvalue()
    content += str(form["line_end"]) * int(form["blank_lines"])  # type: ignore[call-overload]
    if not form["has_last_line_end"]:
        content = content.rstrip("\r\n")
    return content.encode(str(form["encoding"]))


def packed(content: bytes, form: dict[str, object]) -> tuple[str, bytes]:
    if form["packing"] == ".gz":
        return "a.csv.gz", gzip.compress(content, 1)
    if form["packing"] == ".zip":
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w") as archive:
            archive.writestr("a.csv", content)
        return "a.csv.zip", target.getvalue()
    return "a.csv", content


def bench_for(folder: str, form: dict[str, object]) -> Bench:
    escape = '"' if form["is_doubled"] else "\\"
    rule = FileRule(FileFormat.CSV, re.compile(r".*\.csv"), delimiter=str(form["delimiter"]), escape=escape)
    return Bench(Path(folder) / "home", (invented_contract(file=rule, held_rejected_share=1.0),))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_NOTES, forms())
def test_the_form_of_a_file_makes_no_difference(notes: list[str], form: dict[str, object]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        bench = bench_for(folder, form)
        bench.drop(*packed(written(notes, form), form))
        result = bench.ingest()
        assert [(d.state, d.state_reason) for d in result.deliveries] == [("active", None)]
        assert (result.received_rows, result.accepted_rows) == (len(notes), len(notes))
        expected = [(f"A{n}", n + 1, " ".join(note.split()) or None) for n, note in enumerate(notes)]
        assert bench.rows("order_line", "order_id, quantity, product_name") == sorted(expected)


_FAULTS = st.lists(
    st.tuples(
        st.sampled_from(["cut", "byte", "quote", "delimiter", "line end", "lost", "twice", "nul"]), st.floats(0, 1)
    ),
    min_size=1,
    max_size=4,
)


def broken(content: bytes, faults: list[tuple[str, float]], delimiter: bytes) -> bytes:
    inserted = {"byte": b"\xff", "quote": b'"', "delimiter": delimiter, "line end": b"\n", "nul": b"\0"}
    for fault, place in faults:
        at = int(place * len(content))
        if fault == "cut":
            content = content[:at]
        elif fault == "lost":
            content = content[:at] + content[at + 1 :]
        elif fault == "twice":
            content = content[:at] + content[max(at - 40, 0) :]
        else:
            content = content[:at] + inserted[fault] + content[at:]
    return content


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_NOTES, forms(), _FAULTS, st.booleans())
def test_any_mix_of_faults_is_accounted_for_and_nothing_personal_gets_out(
    notes: list[str], form: dict[str, object], faults: list[tuple[str, float]], is_packing_broken: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        bench = bench_for(folder, form)
        delimiter = str(form["delimiter"]).encode()
        content = written(notes, form)
        if is_packing_broken:
            name, content = packed(content, form)
            content = broken(content, faults, delimiter)
        else:
            name, content = packed(broken(content, faults, delimiter), form)
        bench.drop(name, content)
        result = bench.ingest()
        deliveries = bench.deliveries()
        assert len(deliveries) == 1 and deliveries[0].state in ("active", "held", "unrecognised")
        for part in bench.parts():
            assert part.received_rows == part.accepted_rows + part.superseded_rows + part.rejected_rows
        contracts = ContractSet(bench.contracts)
        shown = show_rejects(bench.home, bench.ledger, contracts, KEYS, limit=1000)
        assert len(shown) == result.rejected_rows
        said = f"{result.issues} {bench.parts()} {deliveries}"
        for path in bench.home.rejects.glob("*.parquet"):
            said += str(duckdb.sql(f"select * exclude content from '{path}'").fetchall())
        said += bench.home.ledger.read_bytes().decode("utf-8", "ignore")
        assert _PERSON not in said and _PHONE not in said
        assert not list(bench.home.scratch.iterdir())
