"""The accounting of a batch: what became of every record, what was found, and which deliveries are held.

Belongs here: counts, sums that a file declares, findings, the decision. Not here: storing them (`ingestion/commit.py`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ingestion.batch.notes import CHANGED, REPLACED, count_notes, count_replaced
from ingestion.batch.sources import Refusal, Source
from ingestion.batch.staging import CUT_OFF, FIRST_SPECIAL, FOOTER, Staged, footer_position
from ingestion.batch.write import StagedFile
from ingestion.contracts.model import Column, Coverage
from ingestion.engine import quote, quote_name, quote_path
from ingestion.errors import MilepostError
from ingestion.ledger.deliveries import ACTIVE, HELD, Issue, Part

TOO_MANY_REJECTED = "too_many_rejected"
SUM_MISMATCH = "sum_mismatch"
FOOTER_ABSENT = "footer_absent"
EMPTY_FULL_EXPORT = "empty_full_export"
UNKNOWN_COLUMNS = "unknown_columns"
REPEATED_COLUMNS = "repeated_columns"
UNREAD_MEMBERS = "unread_members"
CONFLICTING_RECORDS = "conflicting_records"


@dataclass
class Account:
    """Everything the ledger keeps about a batch's deliveries."""

    parts: list[Part] = field(default_factory=list)
    entities: list[tuple[int, str, str, int]] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
    held: dict[int, list[str]] = field(default_factory=dict)  # delivery -> reasons in words
    confirmed: frozenset[int] = frozenset()

    def hold(self, delivery_seq: int, reason: str) -> None:
        """Hold a delivery for one more reason."""
        self.held.setdefault(delivery_seq, []).append(reason)

    def state(self, delivery_seq: int) -> tuple[str, str | None]:
        """State of a delivery and its reason."""
        reasons = self.held.get(delivery_seq)
        if not reasons:
            return ACTIVE, None
        state = ACTIVE if delivery_seq in self.confirmed else HELD
        return state, "; ".join(dict.fromkeys(reasons))


def refuse(account: Account, refusals: Sequence[Refusal]) -> None:
    """Hold deliveries of which nothing can be read."""
    for refusal in refusals:
        seq = refusal.delivery.delivery_seq
        account.hold(seq, refusal.detail)
        account.issues.append(Issue(seq, refusal.part, "", refusal.reason, "held", 0, None, refusal.detail))


def count(connection: Any, staged: Staged, files: Sequence[StagedFile], account: Account) -> None:
    """Count what became of the records, and hold the deliveries that must not become active by themselves.

    Raises MilepostError where received is not accepted + superseded + rejected: nothing of the batch is committed then.
    """
    counts = _counts(connection)
    sums = _declared_sums(connection, staged, account)
    contract = staged.contract
    received_of: dict[int, int] = {}
    rejected_of: dict[int, int] = {}
    for number, source in enumerate(staged.sources):
        seq = source.delivery.delivery_seq
        received, accepted, superseded, rejected, duplicates = counts.get(number, (0, 0, 0, 0, 0))
        if received != accepted + superseded + rejected:
            raise MilepostError(
                f"{received} records received, but {accepted} accepted, {superseded} superseded, {rejected} rejected",
                where=f"{source.delivery.source_system}/{source.delivery.file_name}",
            )
        unknown = list(source.layout.match.unknown)
        account.parts.append(
            Part(
                seq,
                source.part,
                received,
                accepted,
                superseded,
                rejected,
                duplicates,
                sums.get(number),
                unknown or None,
                source.layout.skip if source.rows is not None else None,
            )
        )
        received_of[seq] = received_of.get(seq, 0) + received
        rejected_of[seq] = rejected_of.get(seq, 0) + rejected
        if source.unread_members:
            detail = "members of the archive whose names the contract does not read"
            account.issues.append(Issue(seq, "", "", UNREAD_MEMBERS, "reported", source.unread_members, None, detail))
        if contract.extra_columns_reported:
            account.issues += _unknown_columns(connection, number, source, received)
        _report_headings(account, seq, source.part, list(source.layout.match.repeated), REPEATED_COLUMNS)
    _issues(connection, staged, account)
    for seq, received in received_of.items():
        share = rejected_of[seq] / received if received else 0.0
        if share > contract.held_rejected_share:
            account.hold(seq, f"{rejected_of[seq]} of {received} records rejected ({share:.1%})")
            detail = f"limit {contract.held_rejected_share:.1%}"
            account.issues.append(Issue(seq, "", "", TOO_MANY_REJECTED, "held", rejected_of[seq], None, detail))
        if contract.coverage is Coverage.FULL and received == rejected_of[seq]:
            account.hold(seq, "a full export without a record would remove everything")
            account.issues.append(Issue(seq, "", "", EMPTY_FULL_EXPORT, "held", received))
    account.entities += _entity_rows(connection, files)


def _counts(connection: Any) -> dict[int, tuple[int, int, int, int, int]]:
    """received, accepted, superseded, rejected and exact duplicates by source. Accepted are those in `record`."""
    rows = connection.execute(
        "with staged as ("
        f"  select _source, count(*) as received, count(_reason) as rejected, count(*) - count(distinct _same) as same"
        f"  from staging where _reason is null or _reason < {FIRST_SPECIAL} group by _source"
        "), accepted as (select _source, count(*) as accepted from record group by _source"
        "), superseded as (select _source, count(*) as superseded from loser "
        "  join (select rowid as _row, _source from staging) using (_row) group by _source) "
        "select _source, received, coalesce(accepted, 0), coalesce(superseded, 0), rejected, same "
        "from staged left join accepted using (_source) left join superseded using (_source)"
    ).fetchall()
    return {row[0]: (row[1], row[2], row[3], row[4], row[5]) for row in rows}


def _issues(connection: Any, staged: Staged, account: Account) -> None:
    """Grouped findings: rejected records, values set missing or changed, records cut off, keys with unlike records."""
    seqs = [(source.delivery.delivery_seq, source.part) for source in staged.sources]
    for number, code, effect, rows, first in count_notes(connection, staged.contract, FIRST_SPECIAL):
        seq, part = seqs[number]
        column, reason = staged.reasons.of(code)
        account.issues.append(Issue(seq, part, column, reason, effect, rows, first))
        if reason == CUT_OFF:
            account.hold(seq, "the file ends in the middle of a record")
    for number, column, rows, first in count_replaced(connection, staged.contract):
        account.issues.append(Issue(*seqs[number], column, REPLACED, CHANGED, rows, first))
    conflicts = connection.execute(
        "select _source, count(*), min(staging.rowid - first_row + 1) from loser "
        "join staging on staging.rowid = loser._row join part using (_source) where is_other group by 1 order by 1"
    ).fetchall()
    for number, rows, first in conflicts:
        seq, part = seqs[number]
        detail = "records with the key of a later one, but other content"
        account.issues.append(Issue(seq, part, "", CONFLICTING_RECORDS, "reported", rows, first, detail))


def _declared_sums(connection: Any, staged: Staged, account: Account) -> dict[int, dict[str, Any]]:
    """Sums that footers declare beside those of the records, by source; a mismatch holds the delivery."""
    footer = staged.contract.file.footer
    if footer is None or not footer.sums:
        return {}
    columns = [staged.contract.column(name) for name in footer.sums]
    declared: dict[int, dict[str, Any]] = {}
    for number, source in enumerate(staged.sources):
        seq = source.delivery.delivery_seq
        position = footer_position(staged.contract, source)
        names = ", ".join(quote_name(column.name) for column in columns)
        total = None
        if position is not None:
            pattern = quote(footer.total_pattern or footer.pattern)
            total = connection.execute(
                f"select {names} from staging where _source = {number} and _reason = {FOOTER} "
                f"and regexp_matches(trim(_cells[{position + 1}]), {pattern}) order by rowid limit 1"
            ).fetchone()
        if total is None:
            account.issues.append(Issue(seq, source.part, "", FOOTER_ABSENT, "reported", 0, None, "no row of totals"))
            continue
        sums = connection.execute(
            f"select count(*), {', '.join(f'sum({quote_name(c.name)})' for c in columns)} from staging "
            f"where _source = {number} and (_reason is null or _reason < {FIRST_SPECIAL})"
        ).fetchone()
        declared[number] = {}
        for column, stated, found in zip(columns, total, sums[1:], strict=True):
            if stated is None:
                continue
            is_equal = abs(float(stated) - float(found or 0)) <= _tolerance(column, sums[0], stated)
            declared[number][column.name] = {
                "declared": str(stated), "found": str(found or 0), "is_equal": is_equal,
            }  # fmt: skip
            if not is_equal:
                account.hold(seq, f"the sum of {column.name} is not what the file declares")
                account.issues.append(Issue(seq, source.part, column.name, SUM_MISMATCH, "held", sums[0]))
    return declared


def _tolerance(column: Column, rows: int, stated: Any) -> float:
    """How far a declared sum may be off: platforms add up finer amounts than the cents they print, so that the
    rounding of n records may differ by some standard deviations of n roundings (0.003 each). Counts are exact."""
    if column.kind == "integer":
        return 0.0
    return (0.01 + 0.02 * math.sqrt(rows)) * max(1.0, column.scale) + 1e-9 * abs(float(stated))


def _unknown_columns(connection: Any, number: int, source: Source, received: int) -> Iterator[Issue]:
    """A new column is named with the number of records that fill it; what it holds stays in the encrypted archive, from
    where `milepost reprocess` reads it once the contract names it."""
    match = source.layout.match
    if not match.unknown:
        return
    counts = ", ".join(f"count(*) filter (_unknown[{place}])" for place in range(1, len(match.unknown) + 1))
    filled = connection.execute(
        f"select {counts} from staging where _source = {number} and (_reason is null or _reason < {FIRST_SPECIAL})"
    ).fetchone()
    near = dict(match.suggested)
    words = [
        f"{heading} (filled in {count} of {received}{f'; did you mean {near[heading]}?' if heading in near else ''})"
        for heading, count in zip(match.unknown, filled, strict=True)
    ]
    seq = source.delivery.delivery_seq
    yield Issue(seq, source.part, "", UNKNOWN_COLUMNS, "reported", len(words), None, ", ".join(words))


def _report_headings(account: Account, seq: int, part: str, headings: list[str], reason: str) -> None:
    if headings:
        detail = ", ".join(headings)
        account.issues.append(Issue(seq, part, "", reason, "reported", len(headings), None, detail))


def _entity_rows(connection: Any, files: Sequence[StagedFile]) -> list[tuple[int, str, str, int]]:
    """Rows by delivery, part and entity, counted in the files as they were written."""
    totals: dict[tuple[int, str, str], int] = {}
    for file in files:
        if file.entity in ("delivery_unit", "rejects", "vault"):
            continue
        rows = connection.execute(
            f"select _delivery_seq, _part, count(*) from read_parquet('{quote_path(file.path)}') group by 1, 2"
        ).fetchall()
        for seq, part, number in rows:
            totals[seq, part, file.entity] = totals.get((seq, part, file.entity), 0) + number
    return [(*key, number) for key, number in sorted(totals.items())]
