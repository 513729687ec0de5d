"""Nightly: real exports damaged by the thousand, taken in; every one ends in accounted records or a clear error.

Belongs here: shards, processes that end or hang, the summary. Not here: damage, trials.

    python -m tests.fuzz --count 10000 --seed 1 --shards 2 --summary docs/fuzz.md

The same seed and count give the same inputs, however many shards. An input that ends a process, hangs, raises anything
but a MilepostError or shows a planted value is kept below `--keep`, named by its number.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

from tests.fuzz import mutations, seeds, trial

TOGETHER = 50
SECONDS = 600.0


def damaged(number: int, seed: int, pieces: list[seeds.Seed]) -> tuple[seeds.Seed, tuple[str, ...]]:
    """Input of that number: its file and its faults."""
    random_ = random.Random(f"{seed}/{number}")
    piece = random_.choice(pieces)
    content, name, faults = mutations.damage(piece.content, piece.name, random_)
    return seeds.Seed(piece.system, f"{number:06d}/{name}", content), faults


def shard(arguments: argparse.Namespace) -> None:
    """Trials of one shard's inputs; one line of JSON for each trial."""
    known = seeds.contracts()
    pieces = seeds.seeds(known)
    numbers = arguments.numbers or _own(arguments, arguments.shard)
    ends_at = time.monotonic() + arguments.seconds if arguments.seconds else None
    with tempfile.TemporaryDirectory(prefix="milepost-fuzz-") as folder:
        template, home = Path(folder, "template"), Path(folder, "home")
        trial.prepare(template)
        for start in range(arguments.start, len(numbers), arguments.together):
            if ends_at is not None and time.monotonic() > ends_at:
                break
            batch = numbers[start : start + arguments.together]
            print(json.dumps({"begin": start}), flush=True)
            inputs = [damaged(number, arguments.seed, pieces) for number in batch]
            faulthandler.dump_traceback_later(SECONDS, exit=True)
            try:
                found = trial.run(template, home, [one for one, _ in inputs], known)
                answer = {
                    "outcomes": found.outcomes, "records": found.records, "problems": found.problems,
                    "shifted": found.shifted,
                }  # fmt: skip
            except Exception as error:  # noqa: BLE001 (any error is a find)
                # only the kind and the place: a message may quote a record
                place = traceback.extract_tb(error.__traceback__)[-1]
                answer = {"problems": [f"{type(error).__name__} in {Path(place.filename).name}:{place.lineno}"]}
            faulthandler.cancel_dump_traceback_later()
            faults = Counter(fault for _, own in inputs for fault in own)
            print(json.dumps({"end": start, "inputs": len(batch), "faults": faults, **answer}), flush=True)


def main() -> int:
    """Run all shards, try the inputs of trials with problems one by one, write the summary."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Damage real exports and take them in.")
    parser.add_argument("--count", type=int, default=10_000, help="how many inputs")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--shards", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seconds", type=float, help="stop beginning new trials after so long")
    parser.add_argument("--part", default="1/1", help="one of so many equal parts, as in 3/10")
    parser.add_argument("--tally", type=Path, help="add the counts to those of other parts in this file")
    parser.add_argument("--summary", type=Path, help="write the summary there as Markdown")
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir(), "milepost-fuzz-found"))
    parser.add_argument("--shard", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--start", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--numbers", type=int, nargs="*", help="try these inputs alone, one by one")
    parser.add_argument("--together", type=int, default=TOGETHER, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if not (seeds.data_folder() / "README.md").is_file():
        print(f"no real exports at {seeds.data_folder()}: set MILEPOST_TEST_DATA", file=sys.stderr)
        return 2
    if arguments.shard is not None or arguments.numbers:
        shard(arguments)
        return 0
    started = time.monotonic()
    total = _Total(arguments.tally)
    running = [(number, _start(arguments, number, 0)) for number in range(arguments.shards)]
    suspects: list[int] = []
    while running:
        number, process = running.pop(0)
        own = list(_own(arguments, number))
        begun = _take(process, total, suspects, own)
        if begun is not None:  # the process ended or hung within a trial
            suspects += own[begun : begun + arguments.together]
            running.append((number, _start(arguments, number, begun + arguments.together)))
    _alone(sorted(set(suspects)), arguments, total)
    total.seconds += time.monotonic() - started
    if arguments.tally:
        arguments.tally.write_text(json.dumps(vars(total)), encoding="utf-8")
    text = total.summary(arguments)
    print(text)
    if arguments.summary:
        arguments.summary.write_text(text, encoding="utf-8")
    return 1 if total.found else 0


class _Total:
    """Counts of all trials."""

    def __init__(self, tally: Path | None) -> None:
        self.seconds = 0.0
        self.inputs = 0
        self.shifted = 0
        self.outcomes: Counter[str] = Counter()
        self.records: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.found: list[str] = []
        if tally and tally.exists():
            for name, value in json.loads(tally.read_text(encoding="utf-8")).items():
                setattr(self, name, Counter(value) if isinstance(value, dict) else value)

    def add(self, answer: dict) -> None:
        self.inputs += answer["inputs"]
        self.shifted += answer.get("shifted", 0)
        self.outcomes.update(answer.get("outcomes", {}))
        self.records.update(answer.get("records", {}))
        self.faults.update(answer["faults"])

    def summary(self, arguments: argparse.Namespace) -> str:
        lines = [
            "# Fuzzing",
            "",
            "Small pieces of real exports, with invented persons planted in personal columns, are damaged (bits, cuts,",
            "repeats, encodings, quotes, delimiters, line ends, packing) and taken in. Every input has to end in a",
            "delivery with received = accepted + superseded + rejected, or in a clear error; no crash, no hang, no",
            "planted value in output, ledger, rejects, archive or the vault's temporary folder.",
            "",
            "```",
            f"make fuzz COUNT={arguments.count} SEED={arguments.seed}",
            "```",
            "",
            f"Last run: {self.inputs:,} inputs, seed {arguments.seed}, {self.seconds / 60:.0f} minutes, "
            f"{len(self.found)} problems.",
            "",
            "| outcome | inputs |",
            "|---|---:|",
            *(f"| {name} | {count:,} |" for name, count in self.outcomes.most_common()),
            "",
            "| records | |",
            "|---|---:|",
            *(f"| {name} | {count:,} |" for name, count in self.records.items()),
            "",
            "| fault | times |",
            "|---|---:|",
            *(f"| {name.replace('_', ' ')} | {count:,} |" for name, count in self.faults.most_common()),
            "",
            f"Files of the lake in which damage had moved a planted value into a business column: {self.shifted}.",
            "Such a record has the right number of cells and passes as text; the scan that closes the gate finds it.",
        ]
        if self.found:
            lines += ["", "Problems:", "", *(f"- {one}" for one in self.found)]
        return "\n".join(lines) + "\n"


def _own(arguments: argparse.Namespace, shard_number: int) -> range:
    """Numbers of a shard's inputs."""
    part, parts = map(int, arguments.part.split("/"))
    return range(part - 1 + parts * shard_number, arguments.count, parts * arguments.shards)


def _start(arguments: argparse.Namespace, number: int, start: int) -> subprocess.Popen[str]:
    command = [
        sys.executable, "-m", "tests.fuzz", "--count", str(arguments.count), "--seed", str(arguments.seed),
        "--shards", str(arguments.shards), "--shard", str(number), "--start", str(start),
        "--together", str(arguments.together), "--part", arguments.part,
    ]  # fmt: skip
    if arguments.seconds:
        command += ["--seconds", str(arguments.seconds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=seeds.PROJECT)


def _take(process: subprocess.Popen[str], total: _Total, suspects: list[int], own: list[int]) -> int | None:
    """Add a shard's trials up; where its process ended within one, that trial's place."""
    begun = None
    assert process.stdout is not None
    for line in process.stdout:
        answer = json.loads(line)
        if "begin" in answer:
            begun = answer["begin"]
            continue
        begun = None
        if answer["problems"]:
            suspects += own[answer["end"] : answer["end"] + answer["inputs"]]
        else:
            total.add(answer)
    process.wait()
    return begun


def _alone(numbers: list[int], arguments: argparse.Namespace, total: _Total) -> None:
    """Inputs of trials with problems, one by one: what is wrong with which."""
    pieces = seeds.seeds(seeds.contracts()) if numbers else []
    while numbers:
        command = [sys.executable, "-m", "tests.fuzz", "--seed", str(arguments.seed), "--together", "1", "--numbers"]
        done = subprocess.run(
            [*command, *map(str, numbers)], stdout=subprocess.PIPE, text=True, cwd=seeds.PROJECT, check=False
        )
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        ended = {answer["end"]: answer for answer in answers if "end" in answer}
        begun = [answer["begin"] for answer in answers if "begin" in answer]
        for place in begun:
            answer = ended.get(
                place, {"inputs": 1, "faults": {}, "problems": [f"the process ended: {done.returncode}"]}
            )
            total.add(answer)
            if answer["problems"]:
                one, faults = damaged(numbers[place], arguments.seed, pieces)
                arguments.keep.mkdir(parents=True, exist_ok=True)
                kept = arguments.keep / f"{numbers[place]}-{one.system}-{Path(one.name).name}"
                kept.write_bytes(one.content)
                problems = "; ".join(sorted(set(answer["problems"])))
                total.found.append(f"input {numbers[place]} ({one.system}, {', '.join(faults)}): {problems}")
        numbers = numbers[len(begun) :] if begun else []


if __name__ == "__main__":
    sys.exit(main())
