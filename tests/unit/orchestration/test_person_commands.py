"""Reading back, exporting and erasing from the command line: by role and purpose, and never unseen."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from ingestion.contracts import loader
from ingestion.contracts.model import ContractSet
from ingestion.identity.resolve import resolve_customers
from ingestion.privacy.keys import write_key_file
from orchestration import audit
from orchestration.cli import common
from orchestration.cli.main import main
from tests.ingestion_bench import KEYS, NOW, Bench
from tests.unit.ingestion.test_person_erased import ANN, BOB, HEADINGS, contract

OFFICER = ("--role", "data_protection", "--purpose", "access_request")


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    bench = Bench(tmp_path / "home", (contract(),))
    bench.drop("a.csv", "\n".join([HEADINGS, ANN, BOB]) + "\n", "crm")
    bench.ingest()
    resolve_customers(bench.home, bench.ledger, KEYS, NOW)
    write_key_file(tmp_path / "key.json", KEYS)
    for name in ("MILEPOST_KEY", "MILEPOST_KEY_COMMAND"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MILEPOST_KEY_FILE", str(tmp_path / "key.json"))
    monkeypatch.setenv("MILEPOST_HOME", str(bench.home.root))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(loader, "contracts_of", lambda _: ContractSet(bench.contracts))
    return bench


def customer(bench: Bench, key: str = "K7") -> str:
    return str(bench.rows("customer_link", "customer_id", f"source_customer_key = '{key}'")[0][0])


def told(capsys: pytest.CaptureFixture[str]) -> str:
    caught = capsys.readouterr()
    return caught.out + caught.err


def test_reading_back_needs_role_and_purpose(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    ann = customer(bench)
    for arguments, complaint in (
        ((), "no role"),
        (("--role", "boss"), "no role boss"),
        (("--role", "data_protection"), "no purpose"),
        (("--role", "service", "--purpose", "campaign"), "no purpose of this role"),
        (("--role", "service", "--purpose", "service_case", "--class", "birth_date"), "may not see birth_date"),
    ):
        assert main(["reveal", ann, *arguments]) == common.WRONG_USE
        text = told(capsys)
        assert complaint in text and "13812345678" not in text
    assert audit.read(bench.home) == []


def test_one_customer_and_a_list(bench: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reveal", customer(bench), *OFFICER, "--format", "json"]) == 0
    shown = {(row["class"], row["value"]) for row in json.loads(told(capsys))}
    assert {("phone", "+8613812345678"), ("name", "Zhang Ann"), ("birth_date", "1990-05-06")} <= shown
    (tmp_path / "list").write_text(f"{customer(bench)}\n{customer(bench, 'K8')}\n", encoding="utf-8")
    birthdays = ("--list", str(tmp_path / "list"), "--role", "marketing", "--purpose", "campaign")
    assert main(["reveal", *birthdays, "--class", "birthday_token", "--format", "json"]) == 0
    rows = json.loads(told(capsys))
    assert len(rows) == 2 and all(len(row["value"]) == 32 for row in rows)
    refused = ("--list", str(tmp_path / "list"), "--role", "service", "--purpose", "service_case")
    assert main(["reveal", *refused]) == common.WRONG_USE
    lines = audit.read(bench.home)
    assert [(line["role"], line["details"]["customers"]) for line in lines] == [
        ("data_protection", 1),
        ("marketing", 2),
    ]
    assert "13812345678" not in audit.audit_file(bench.home).read_text(encoding="utf-8")


def test_a_person_is_exported_with_sources(bench: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    to = tmp_path / "ann.json"
    assert main(["export-person", customer(bench), "--to", str(to), *OFFICER]) == 0
    assert to.stat().st_mode & 0o777 == 0o600
    document = json.loads(to.read_text(encoding="utf-8"))
    values = {(one["class"], one["value"]) for one in document["identifiers"]}
    assert {("phone", "+8613812345678"), ("email", "ann@example.com"), ("postcode", "310012")} <= values
    assert document["records"]["order"][0]["total_amount"] == "120.5000"
    assert document["records"]["order"][0]["received_in"] == "crm/a.csv"
    assert document["received_files"][0]["records"] == 2
    assert main(["export-person", customer(bench), "--to", str(to), *OFFICER]) == common.WRONG_USE
    page = tmp_path / "ann.html"
    assert main(["export-person", "--source", "crm:K7", "--to", str(page), *OFFICER]) == 0
    assert "Zhang Ann" in page.read_text(encoding="utf-8") and "Li Bob" not in page.read_text(encoding="utf-8")
    inside = bench.home.root / "ann.json"
    assert main(["export-person", customer(bench), "--to", str(inside), *OFFICER]) == common.WRONG_USE


def test_erased_by_an_identifier_from_standard_input(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ann = customer(bench)
    officer = ("--role", "data_protection", "--purpose", "erasure_request")
    monkeypatch.setattr("sys.stdin", io.StringIO("138-1234-5678\n"))
    assert main(["erase", "--identifier", *officer]) == 0
    assert "nothing was erased" in told(capsys) and customer(bench) == ann
    monkeypatch.setattr("sys.stdin", io.StringIO("138-1234-5678\n"))
    assert main(["erase", "--identifier", "--yes", *officer]) == 0
    assert "the second scan finds nothing" in told(capsys)
    assert main(["reveal", ann, *OFFICER, "--format", "json"]) == 0
    assert json.loads(told(capsys)) == []
    monkeypatch.setattr("sys.stdin", io.StringIO("13812345678\n"))
    assert main(["erase", "--identifier", "--yes", *officer]) == common.WRONG_USE
    assert [line["action"] for line in audit.read(bench.home)] == ["erase person", "reveal"]


def _without_last(lines: list[str]) -> list[str]:
    return lines[:-1]


def _without_first(lines: list[str]) -> list[str]:
    return lines[1:]


def _altered(lines: list[str]) -> list[str]:
    return [lines[0], lines[1].replace("access_request", "incident"), *lines[2:]]


def _altered_with_hashes(lines: list[str]) -> list[str]:
    """Somebody who knows the chain but not the key."""
    changed = [json.loads(line) for line in lines]
    changed[1]["purpose"] = "incident"
    for place in range(1, len(changed)):
        changed[place]["previous"] = changed[place - 1]["hash"]
        changed[place]["hash"] = audit._hash(changed[place])
    return [json.dumps(line, ensure_ascii=False, sort_keys=True) for line in changed]


def _exchanged(lines: list[str]) -> list[str]:
    return [lines[1], lines[0], *lines[2:]]


def _gone(_: list[str]) -> list[str]:
    return []


@pytest.mark.parametrize("change", [_without_last, _without_first, _altered, _altered_with_hashes, _exchanged, _gone])
def test_an_altered_log_is_found_and_stops_reading_back(
    bench: Bench, change: object, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(3):
        assert main(["reveal", customer(bench), *OFFICER]) == 0
    assert main(["audit"]) == 0
    path = audit.audit_file(bench.home)
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(change(lines)) + "\n" if change(lines) else "", encoding="utf-8")  # type: ignore[operator]
    assert audit.check(bench.home, bench.ledger, KEYS)
    assert main(["audit"]) == common.FAILED
    capsys.readouterr()
    assert main(["reveal", customer(bench), *OFFICER]) == common.FAILED
    assert "13812345678" not in told(capsys)


def test_a_line_that_the_ledger_missed_is_taken_up(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(audit, "_anchor", killed)
        main(["reveal", customer(bench), *OFFICER])
    assert audit.check(bench.home, bench.ledger, KEYS) == []
    assert main(["reveal", customer(bench), *OFFICER]) == 0
    assert [line["number"] for line in audit.read(bench.home)] == [1, 2]
    assert audit.check(bench.home, bench.ledger, KEYS) == []


def test_keys_are_added_and_put_into_use(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    officer = ("--role", "data_protection", "--purpose", "key_rotation")
    assert main(["keys", "rotate", "--tokens", *officer]) == common.WRONG_USE
    assert main(["keys", "new"]) == 0
    assert main(["keys", "rotate", *officer]) == 0
    assert main(["keys", "new", "--tokens"]) == 0
    capsys.readouterr()
    assert main(["keys", "rotate", "--tokens", *officer]) == 0
    assert main(["keys", "status"]) == 0
    assert "former" in told(capsys)
    assert main(["reveal", customer(bench), *OFFICER]) == 0
    assert "+8613812345678" in told(capsys)
