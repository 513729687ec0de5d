"""`backup`, `restore`, `reprocess` and `rejects replay` at the command line: what they print and how they end."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from ingestion.home import Home
from orchestration.cli import common
from orchestration.cli.main import main
from tests.ingestion_bench import KEYS, Bench, csv_text

CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: shop.orders
name: Orders of an invented shop
version: 1.0.0
status: active
domain: sales
description: {purpose: Orders.}
team: {name: data-engineering}
customProperties:
  - {property: filePattern, value: '.*[.]csv'}
  - {property: format, value: csv}
  - {property: coverage, value: delta}
  - {property: supersede, value: {by: key, unit: [order_id], key: [order_id]}}
  - property: targets
    value:
      - entity: order_line
        columns: {order_id: order_id, line_number: '1', quantity: quantity}
schema:
  - name: orders
    logicalType: object
    dataGranularityDescription: One record per order.
    properties:
      - {name: order_id, physicalName: Order, logicalType: string, required: true, description: Order.}
      - name: quantity
        physicalName: Quantity
        logicalType: number
        required: true
        description: Pieces.
        customProperties:
          - {property: kind, value: KIND}
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home with one delivery, of which a record with a fraction was rejected, and a contract of its own."""
    keys = {
        "token_key": base64.b64encode(KEYS.token_key).decode(),
        "encryption_keys": {"1": base64.b64encode(KEYS.encryption_keys[1]).decode()},
        "active_version": 1,
    }
    (tmp_path / "key.json").write_text(json.dumps(keys), encoding="ascii")
    monkeypatch.delenv("MILEPOST_KEY", raising=False)
    monkeypatch.setenv("MILEPOST_KEY_FILE", str(tmp_path / "key.json"))
    monkeypatch.setenv("MILEPOST_HOME", str(tmp_path / "home"))
    monkeypatch.setitem(common._given, "home", None)
    home = Home(tmp_path / "home").ensure()
    write_contract(home, "integer")
    from ingestion.contracts.loader import contracts_of

    bench = Bench(home.root, contracts_of(home).contracts)
    rows = [f"B{number},1" for number in range(40)]
    bench.drop("a.csv", csv_text(*rows, "C1,1.5", headings=("Order", "Quantity")))
    bench.ingest()
    bench.ledger.dispose()
    return home


def write_contract(home: Home, kind: str) -> None:
    path = home.contracts / "shop" / "orders.yml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(CONTRACT.replace("KIND", kind), encoding="utf-8")


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = main(list(arguments))
    printed = capsys.readouterr()
    return code, printed.out + printed.err


def test_replay_says_what_went_through_and_a_second_one_that_nothing_changed(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    code, text = run(capsys, "rejects", "list", "--format", "csv")
    assert (code, text.splitlines()[1]) == (0, "shop.orders,quantity,not_an_integer,1,1")
    assert "nothing changed" in run(capsys, "rejects", "replay")[1]
    write_contract(home, "decimal")
    code, text = run(capsys, "rejects", "replay", "--contract", "shop.orders")
    assert code == 0
    assert "1 delivery changed; `milepost run` publishes" in text
    assert run(capsys, "rejects", "list", "--format", "csv")[1].splitlines()[1:] == []
    assert "there is nothing to read again" in run(capsys, "rejects", "replay")[1]


def test_reprocess_wants_to_know_which_and_tells_each_delivery(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    code, text = run(capsys, "reprocess")
    assert (code, "which deliveries?" in text) == (2, True)
    code, text = run(capsys, "reprocess", "--contract", "shop.nothing")
    assert (code, "no contract shop.nothing" in text) == (2, True)
    write_contract(home, "decimal")
    code, text = run(capsys, "reprocess", "1", "--format", "json")
    (row,) = json.loads(text)
    assert (code, row["outcome"], row["accepted"], row["rejected"]) == (0, "changed", 41, 0)


def test_a_delivery_that_cannot_be_read_again_ends_with_4_and_says_why(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    next(home.archive.rglob("*.mpf")).unlink()
    code, text = run(capsys, "reprocess", "--all")
    assert code == 4
    assert "its archived file is missing" in text


def test_backup_and_restore_tell_what_they_did_and_other_commands_wait_for_a_whole_home(
    home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    target, second = tmp_path / "backups", tmp_path / "second"
    code, text = run(capsys, "backup", str(target))
    assert (code, "the key is no part of it" in text) == (0, True)
    code, text = run(capsys, "restore", str(target))
    assert (code, "not empty" in text) == (2, True)
    monkeypatch.setenv("MILEPOST_KEY_FILE", str(tmp_path / "other.json"))
    code, text = run(capsys, "restore", str(target), "--home", str(second))
    assert code == 1
    code, text = run(capsys, "deliveries", "list", "--home", str(second))
    assert (code, "a restore into this home was broken off" in text) == (1, True)
    monkeypatch.setenv("MILEPOST_KEY_FILE", str(tmp_path / "key.json"))
    code, text = run(capsys, "restore", str(target), "--home", str(second))
    assert code == 0, text
    assert "every file and the accounting agree" in text
    code, text = run(capsys, "deliveries", "list", "--home", str(second), "--format", "csv")
    assert (code, len(text.splitlines())) == (0, 2)
    assert (second / "contracts" / "shop" / "orders.yml").exists()
