"""Full exports that shrank: held until a person confirms that so much is really gone.

Belongs here: comparing a full export with the one before it. Not here: the other reasons to hold (`account.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from sqlalchemy import Engine

from ingestion.batch.run import Batch
from ingestion.contracts.model import Coverage
from ingestion.ledger.deliveries import ACTIVE, Issue, Part, list_deliveries, parts_of

SHRUNK_FULL_EXPORT = "shrunk_full_export"


def hold_shrunk(ledger: Engine, batches: Sequence[Batch]) -> None:
    """Hold full exports with fewer records than the contract's share of those in the full export before.

    What is absent from a full export is gone: half an export would remove the other half. The export before is the
    last one that counts, of this run or an earlier one; a held one is none.
    """
    full = [batch for batch in batches if batch.contract.coverage is Coverage.FULL]
    if not full:
        return
    active = list_deliveries(ledger, states=[ACTIVE])
    for batch in full:
        own = {delivery.delivery_seq for delivery in batch.deliveries}
        known = [d.delivery_seq for d in active if d.contract == batch.contract.id and d.delivery_seq not in own]
        records = _accepted(parts_of(ledger, known)) | _accepted(batch.account.parts)
        counting = set(known)
        for seq in sorted(own):
            former = max((other for other in counting if other < seq), default=None)
            before, now = records.get(former or 0, 0), records.get(seq, 0)
            if seq in records and now < batch.contract.held_shrunk_share * before:
                batch.account.hold(seq, f"a full export of {now} records, the one before had {before}")
                detail = f"{now} of {before} ({now / before:.1%}), limit {batch.contract.held_shrunk_share:.1%}"
                batch.account.issues.append(Issue(seq, "", "", SHRUNK_FULL_EXPORT, "held", before - now, None, detail))
            if batch.account.state(seq)[0] == ACTIVE:
                counting.add(seq)


def _accepted(parts: Iterable[Part]) -> dict[int, int]:
    """Accepted records by delivery."""
    records: dict[int, int] = defaultdict(int)
    for part in parts:
        records[part.delivery_seq] += part.accepted_rows
    return dict(records)
