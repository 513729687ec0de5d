"""A contract proposed for an export of the sample company reads it, by a vocabulary that never saw its system."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from ingestion.contracts.loader import load_contracts
from ingestion.contracts.model import ContractSet
from ingestion.home import Home
from ingestion.propose.propose import propose_contract
from ingestion.receive import files_in_inbox, recognise
from ingestion.sample import write_sample

NOW = datetime(2026, 10, 1)
#: A part of the contracts, the same each time: all of them take minutes.
SHARE = 4
#: How many entities have to be found by headings that no contract of the system taught.
FOUND = 0.5


@pytest.mark.slow
def test_each_export_is_read_by_a_contract_that_knows_nothing_of_its_system(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    write_sample(home, "tiny", 3)
    contracts = load_contracts()
    firsts: dict[str, Path] = {}
    for system, _, path in files_in_inbox(home.inbox):
        contract, _ = recognise(system, path, contracts)
        if contract is not None:
            firsts.setdefault(contract.id, path)
    chosen = sorted(firsts)[::SHARE]
    assert len(chosen) >= 10
    hits, rejected = [], {}
    for contract_id in chosen:
        known = contracts.by_id(contract_id)
        others = ContractSet(tuple(c for c in contracts.contracts if c.system != known.system))
        found = propose_contract(firsts[contract_id], "new", None, others, NOW)
        if not found.check.is_clean:
            rejected[contract_id] = [(i.column_name, i.reason) for i in found.check.issues if i.effect == "rejected"]
        entity = found.text.split("- entity: ")[1].split("\n")[0]
        hits.append((contract_id, entity, entity in {target.entity for target in known.targets}))
    assert rejected == {}
    share = sum(hit for _, _, hit in hits) / len(hits)
    assert share >= FOUND, [hit for hit in hits if not hit[2]]
