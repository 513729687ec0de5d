"""The command line: what it says of wrong use, what it costs to ask for help."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from ingestion.errors import MilepostError, TransientError, UsageError
from orchestration.cli import common
from orchestration.cli.main import main, tell
from publishing.publish import GateClosedError

COMMANDS = (
    "demo",
    "run",
    "status",
    "kpi",
    "query",
    "trace",
    "rejects",
    "deliveries",
    "versions",
    "contract",
    "ui",
    "doctor",
)
SLOW = {"dagster", "dbt", "great_expectations", "pandas", "duckdb", "sqlalchemy", "pydantic", "numpy", "pyarrow"}


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    for command in COMMANDS:
        assert f"  {command} " in shown


def test_help_imports_nothing_slow_and_takes_less_than_half_a_second() -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    code = (
        "import sys, json; from orchestration.cli.main import main; main(['--help']);"
        "sys.stderr.write(json.dumps(sorted({m.split('.')[0] for m in sys.modules})))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert not SLOW & set(json.loads(done.stderr))
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert seconds < 0.5


@pytest.mark.parametrize("arguments", [["nonsense"], ["run", "--nonsense"], ["kpi"], ["run", "--as-of", "soon"]])
def test_wrong_use_ends_with_two(arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILEPOST_HOME", str(tmp_path))
    assert main(arguments) == 2


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (MilepostError("x"), 1),
        (TransientError("x"), 1),
        (UsageError("x"), 2),
        (GateClosedError("x"), 3),
    ],
)
def test_each_kind_of_error_has_its_exit_code(
    error: MilepostError, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    error.where, error.remedy = "file f, row 3", "correct it"
    assert tell(error) == code
    assert capsys.readouterr().err == "error: x\nwhere: file f, row 3\nremedy: correct it\n"


def test_a_run_without_a_key_stops_before_it_reads_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("MILEPOST_KEY", raising=False)
    monkeypatch.delenv("MILEPOST_KEY_FILE", raising=False)
    monkeypatch.setenv("MILEPOST_HOME", str(tmp_path))
    dropped = tmp_path / "inbox" / "olist" / "a.csv"
    dropped.parent.mkdir(parents=True)
    dropped.write_text("x")
    assert main(["run"]) == 1
    assert "no key" in capsys.readouterr().err
    assert dropped.exists()


def test_commands_without_a_home_say_what_makes_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MILEPOST_HOME", str(tmp_path / "nothing"))
    assert main(["status"]) == 2
    assert "milepost demo" in capsys.readouterr().err
    assert not (tmp_path / "nothing").exists()
    assert main(["query", "select 1"]) == 1
    assert "nothing is published yet" in capsys.readouterr().err


def test_rows_print_as_csv_and_json_alike(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [["a,b", 1, None], ["中文", 2.5, True]]
    common.emit(["text", "number", "flag"], rows, common.Format.CSV)
    assert capsys.readouterr().out == 'text,number,flag\n"a,b",1,\n中文,2.5,true\n'
    common.emit(["text", "number", "flag"], rows, common.Format.JSON)
    assert json.loads(capsys.readouterr().out) == [
        {"text": "a,b", "number": 1, "flag": None},
        {"text": "中文", "number": 2.5, "flag": True},
    ]


def test_the_environment_of_the_project_file_does_not_replace_what_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MILEPOST_HOME", str(tmp_path / "mine"))
    main(["status"])
    assert os.environ["MILEPOST_HOME"] == str(tmp_path / "mine")
