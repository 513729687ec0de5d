"""Take an inbox into the clean lake and nothing more; seconds and records a second of each stage go to a file.

python ingest_only.py HOME AS_OF STAGES
"""

from __future__ import annotations

import os
import sys
import time
from datetime import datetime
from pathlib import Path

from expectations.clean import clean_entity_check
from ingestion.contracts.loader import contracts_of
from ingestion.home import Home
from ingestion.ingest import ingest
from ingestion.ledger.engine import open_ledger
from ingestion.privacy.keys import load_keys
from ingestion.receive import receive


def main(root: Path, as_of: datetime, stages: Path) -> None:
    home = Home(root).ensure()
    keys = load_keys(os.environ, None, forbidden=[])
    contracts = contracts_of(home)
    ledger = open_ledger(home)
    started = time.perf_counter()
    receive(home, ledger, contracts, keys, as_of, inbox=home.inbox, run_id="bench", rest_seconds=0)
    received = time.perf_counter()
    check = clean_entity_check(home.scratch)
    result = ingest(home, ledger, contracts, keys, entity_check=check, now=as_of, run_id="bench", inbox=home.inbox)
    done = time.perf_counter()
    lines = [
        f"{stage} {seconds:.1f} s, {result.received_rows / seconds:,.0f} records/s"
        for stage, seconds in (("receive", received - started), ("ingest", done - received))
    ]
    lines.append(f"{result.received_rows:,} records, {result.rejected_rows:,} rejected, {len(result.held)} held")
    stages.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), datetime.fromisoformat(sys.argv[2]), Path(sys.argv[3]))
