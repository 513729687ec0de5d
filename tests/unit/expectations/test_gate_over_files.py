"""Clear personal data in a file that runs write closes the gate, whatever the marts hold."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from expectations.personal_data import PersonalDataScan
from expectations.runner import judge
from ingestion.privacy.keys import Keys
from ingestion.privacy.places import scan_places
from ingestion.privacy.tokens import tokenise
from ingestion.privacy.vault import Vault
from publishing.publish import GateClosedError, publish
from tests.invented_warehouse import AS_OF, build_now, invented_home
from tests.unit.expectations.test_gate import write_suites

KEYS = Keys(token_key=b"t" * 32, encryption_keys={1: b"e" * 32})


@pytest.mark.parametrize(
    ("text", "is_passed"),
    [
        ("rows 7, order 20260301-1381234567890", True),
        ("could not cast 13812345678 to DATE", False),
        ("no such member: ann@example.com", False),
        ("customer 张晓明 has no key", True),  # a name may be a word: doctor tells
    ],
)
def test_a_log_line_and_the_gate(tmp_path: Path, text: str, is_passed: bool) -> None:
    home, ledger = invented_home(tmp_path / "home")
    vault = Vault(home.vault, KEYS)
    name = pa.array(["张晓明"])
    vault.stage("b", "name", tokenise(name, "name", KEYS), name)
    (home.dbt_target / "dbt.log").write_text(text + "\n", encoding="utf-8")
    build = build_now(home, ledger)
    scan = PersonalDataScan(KEYS, vault)
    result = judge(
        home, ledger, build.build_id, scan=scan, now=AS_OF, suites=write_suites(tmp_path / "suites"),
        further_results=scan.run_places(home),
    )  # fmt: skip
    assert result.is_passed is is_passed, result.reason
    if is_passed:
        publish(home, ledger, build.build_id, now=AS_OF)
        found = scan_places(home, KEYS, vault, ["dbt"])
        assert ("张晓明" in text) == any(one.identifier == "name" for one in found)
    else:
        assert "dbt/dbt.log" in str(result.reason) and "138" not in str(result.reason)
        with pytest.raises(GateClosedError):
            publish(home, ledger, build.build_id, now=AS_OF)
