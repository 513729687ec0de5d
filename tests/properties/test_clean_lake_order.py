"""What the clean lake holds depends on what was delivered, not on how: where a version column decides or every record
counts, not on order or repetition; elsewhere on the order of receipt, and not on how it is split into runs. Reading
files again, whatever the contract has become, keeps every record accounted for."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.accounting import check
from ingestion.compact import CompactionRule, compact
from ingestion.contracts.model import Contract, ContractSet, Supersede, SupersedeBy
from ingestion.ledger.deliveries import HELD, confirm
from ingestion.rejects import show_rejects
from ingestion.reprocess import LEFT, UNCHANGED, replay, reprocess
from tests.ingestion_bench import KEYS, Bench, csv_text, invented_contract

_RECORD = st.builds(
    "{},Zhang {},{},{},{},{},".format,
    st.sampled_from(["A1", "A2", "A3", ""]),
    st.sampled_from(["Wei", "San"]),
    st.sampled_from(["", "13812345678", "x"]),
    st.sampled_from(["1", "2", "2", "0", "1.5"]),
    st.sampled_from(["1", "5"]),
    st.sampled_from(["2026-02-01", "2026-02-02", "2026-02-30", ""]),
)
_FILES = st.lists(st.lists(_RECORD, max_size=5).map(lambda records: csv_text(*records)), min_size=1, max_size=3)
_VERSIONED = (
    Supersede(SupersedeBy.KEY, key=("order_id",), version="ordered_at"),
    Supersede(SupersedeBy.KEY, key=("order_id", "quantity"), unit=("order_id",), version="ordered_at"),
)
_EVERY_RECORD = Supersede(SupersedeBy.NONE)
_BY_RECEIPT = (
    Supersede(SupersedeBy.KEY, unit=("order_id",)),
    Supersede(SupersedeBy.KEY, key=("order_id",)),
    Supersede(SupersedeBy.FILE_NAME),
    Supersede(SupersedeBy.PERIOD, period=("cast(ordered_at as date)",)),
)
_SLOW = [HealthCheck.too_slow]


def mended(contract: Contract) -> Contract:
    """The contract with quantities that may be fractions or nothing."""
    columns = tuple(
        replace(column, kind="decimal", minimum_exclusive=False) if column.name == "quantity" else column
        for column in contract.columns
    )
    return replace(contract, columns=columns, fingerprint="mended")


def deliver(folder: str, rule: Supersede, runs: Sequence[Sequence[tuple[str, str]]]) -> Bench:
    """Take in files (name, content), run by run; what is held for its rejected records is let in."""
    bench = Bench(Path(folder) / "home", (invented_contract(supersede=rule),))
    for files in runs:
        for name, content in files:
            bench.drop(name, content)
        bench.ingest()
    for delivery in bench.deliveries():
        if delivery.state == HELD:
            confirm(bench.ledger, delivery.delivery_id, bench.clock)
    return bench


def lines(bench: Bench) -> list[tuple]:
    return bench.current("order_line", "order_id, quantity, unit_price, lined_at")


@settings(max_examples=10, deadline=None, suppress_health_check=_SLOW)
@given(_FILES, st.sampled_from(_VERSIONED), st.randoms(use_true_random=False))
def test_where_a_version_decides_order_and_repetition_do_not(files: list[str], rule: Supersede, random: object) -> None:
    named = [(f"{number}.csv", content) for number, content in enumerate(files)]
    shuffled = [*named, *named[:1]]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    again = [[(f"{turn}-{name}", content)] for turn, (name, content) in enumerate(shuffled)]
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        assert lines(deliver(first, rule, [named])) == lines(deliver(second, rule, again))


@settings(max_examples=10, deadline=None, suppress_health_check=_SLOW)
@given(_FILES, st.randoms(use_true_random=False))
def test_where_every_record_counts_order_and_repetition_do_not(files: list[str], random: object) -> None:
    named = [(f"{number}.csv", content) for number, content in enumerate(files)]
    shuffled = [*named, *named]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    again = [[(f"{turn}-{name}", content)] for turn, (name, content) in enumerate(shuffled)]
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        assert lines(deliver(first, _EVERY_RECORD, [named])) == lines(deliver(second, _EVERY_RECORD, again))


@settings(max_examples=10, deadline=None, suppress_health_check=_SLOW)
@given(_FILES, st.sampled_from(_BY_RECEIPT), st.sets(st.integers(1, 2)))
def test_where_receipt_decides_the_split_into_runs_does_not(files: list[str], rule: Supersede, cuts: set[int]) -> None:
    named = [(f"{number}.csv", content) for number, content in enumerate(files)]
    runs: list[list[tuple[str, str]]] = [[]]
    for number, file in enumerate(named):
        if number in cuts:
            runs.append([])
        runs[-1].append(file)
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        together, apart = deliver(first, rule, [named]), deliver(second, rule, runs)
        assert lines(together) == lines(apart)
        assert [(d.file_name, d.state) for d in together.deliveries()] == [
            (d.file_name, d.state) for d in apart.deliveries()
        ]


@settings(max_examples=10, deadline=None, suppress_health_check=_SLOW)
@given(_FILES, st.sampled_from([*_VERSIONED, *_BY_RECEIPT, _EVERY_RECORD]), st.booleans(), st.booleans())
def test_reading_again_keeps_the_accounting_and_gives_what_a_first_reading_gives(
    files: list[str], rule: Supersede, is_replay: bool, is_compacted: bool
) -> None:
    named = [(f"{number}.csv", content) for number, content in enumerate(files)]
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        bench = deliver(first, rule, [[file] for file in named])
        if is_compacted:
            compact(bench.home, bench.ledger, CompactionRule(fan_in=2), bench.clock)
        bench.contracts = (mended(bench.contracts[0]),)
        contracts = ContractSet(bench.contracts)
        arguments = (bench.home, bench.ledger, contracts, KEYS, bench.clock)
        done = (replay if is_replay else reprocess)(*arguments)
        assert LEFT not in {one.outcome for one in done}, "a contract that allows more rejects nothing new"
        assert check(bench.home, bench.ledger) == []
        shown = show_rejects(bench.home, bench.ledger, contracts, KEYS, limit=1000)
        assert len(shown) == sum(part.rejected_rows for part in bench.parts())
        # what was read again stays; what had nothing to replay is of the former contract still, and loses nothing
        taken = {one.delivery.delivery_seq for one in done}
        for one in reprocess(*arguments):
            assert one.outcome == UNCHANGED or one.delivery.delivery_seq not in taken
            assert (one.accepted, one.rejected) == (one.accepted_before, one.rejected_before)
        if is_replay:
            return
        fresh = Bench(Path(second) / "home", bench.contracts)
        for name, content in named:
            fresh.drop(name, content)
            fresh.ingest()
        for delivery in fresh.deliveries():
            if delivery.state == HELD:
                confirm(fresh.ledger, delivery.delivery_id, fresh.clock)
        assert bench.rows("order_line") == fresh.rows("order_line")
        assert bench.rows("delivery_unit") == fresh.rows("delivery_unit")
        assert bench.parts() == fresh.parts()
