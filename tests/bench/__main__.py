"""`make bench`: what the way through costs, as ratios within one run of this program.

Machines differ and are shared: the ratios are what to compare, not the seconds beside them. Every measured thing is a
whole process, so that start-up and memory count. Real exports are used where they are found (`MILEPOST_TEST_DATA`, else
`shared/data` beside the project); without them that part says so.

    python tests/bench [--size small|medium|large] [--only NAME ...] [--keep DIR]
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
MILEPOST = Path(sys.executable).with_name("milepost")
BENCH_KEY = "5f" * 32
COMMANDS = ("run", "status", "kpi", "query", "trace", "rejects", "deliveries", "versions", "contract", "ui", "doctor")


@dataclass(frozen=True)
class Cost:
    """Wall and processor seconds and peak memory (bytes, the largest single process) of one finished process tree."""

    wall: float
    cpu: float
    peak: int


def cost(arguments: list[str], home: Path | None = None, codes: tuple[int, ...] = (0,)) -> Cost:
    """Run a command to its end in a child of its own and return what it cost."""
    environment = {**os.environ, "MILEPOST_KEY": BENCH_KEY, "NO_COLOR": "1"}
    if home is not None:
        environment["MILEPOST_HOME"] = str(home)
    read, write = os.pipe()
    started = time.monotonic()
    child = os.fork()
    if child == 0:  # a child between, so that getrusage(RUSAGE_CHILDREN) is of this command alone
        with open(os.devnull, "w") as quiet:  # noqa: PTH123
            done = subprocess.run(
                arguments, env=environment, cwd=PROJECT, stdout=quiet, stderr=subprocess.PIPE, check=False
            )
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        answer = f"{done.returncode} {used.ru_utime + used.ru_stime} {used.ru_maxrss * 1024}"
        os.write(write, answer.encode())
        if done.returncode not in codes:
            sys.stderr.write(done.stderr.decode(errors="replace")[-2000:])
        os._exit(0)
    os.waitpid(child, 0)
    wall = time.monotonic() - started
    code, cpu, peak = os.read(read, 200).decode().split()
    os.close(read)
    os.close(write)
    if int(code) not in codes:
        raise SystemExit(f"{' '.join(arguments[:4])} ended with {code}")
    return Cost(wall, float(cpu), int(peak))


def line(name: str, measured: Cost, yardstick: Cost | None = None, against: str = "") -> None:
    ratio = "" if yardstick is None else f"  {measured.wall / yardstick.wall:6.2f} x {against} ({yardstick.wall:.1f} s)"
    print(f"{name:<44} {measured.wall:7.1f} s  {measured.peak / 2**20:7.0f} MiB{ratio}", flush=True)


def sample_run(work: Path, size: str) -> None:
    """The sample company's run against merely reading the same files as text and writing Parquet."""
    home = work / f"sample-{size}"
    line(f"sample company written ({size})", cost([sys.executable, str(HERE / "sample.py"), str(home), size]))
    plain = cost([sys.executable, str(HERE / "read_as_text.py"), str(home / "inbox"), str(work / "text")])
    as_of = (home / "as_of").read_text(encoding="utf-8")
    full = cost([str(MILEPOST), "run", "--as-of", as_of], home, codes=(0, 4))
    line(f"milepost run ({size})", full, plain, "DuckDB reading the same files as text")
    idle = cost([str(MILEPOST), "run", "--as-of", as_of], home, codes=(0, 4))
    line("milepost run, nothing new", idle, full, "the full run")


#: Systems whose order exports are the measure of ingestion.
SHOPS = ("shopify", "taobao", "tmall", "jd")


def orders(work: Path, size: str) -> None:
    """Order exports to the clean lake, with every rule, token and mask, against merely reading them as text."""
    made, home = work / f"orders-{size}", work / f"orders-{size}-home"
    cost([sys.executable, str(HERE / "sample.py"), str(made), size])
    for system in SHOPS:
        shutil.copytree(made / "inbox" / system, home / "inbox" / system)
    as_of = (made / "as_of").read_text(encoding="utf-8")
    shutil.rmtree(made)
    plain = cost([sys.executable, str(HERE / "read_as_text.py"), str(home / "inbox"), str(work / "orders-text")])
    stages = work / f"orders-{size}.txt"
    arguments = [sys.executable, str(HERE / "ingest_only.py"), str(home), as_of, str(stages)]
    line(f"ingestion of order exports ({size})", cost(arguments, home), plain, "reading them as text")
    for text in stages.read_text(encoding="utf-8").splitlines():
        print(f"  {text}", flush=True)


def online_retail(work: Path) -> None:
    """Online Retail's 305 daily files to published marts against dlt merely loading them into DuckDB."""
    folder = Path(os.environ.get("MILEPOST_TEST_DATA", PROJECT.parent / "shared" / "data")) / "online_retail" / "by-day"
    if not folder.is_dir():
        print("online retail: skipped, no real exports found (set MILEPOST_TEST_DATA)")
        return
    home = work / "online-retail"
    shutil.copytree(folder, home / "inbox" / "online_retail")
    (home / "milepost.yml").write_text("business:\n  reporting_currency: GBP\n", encoding="utf-8")
    loading = cost([sys.executable, str(HERE / "load_with_dlt.py"), str(folder), str(work / "dlt")])
    line(
        "milepost run (online retail, 305 files)",
        cost([str(MILEPOST), "run", "--as-of", "2011-12-10"], home),
        loading,
        "dlt loading them into DuckDB",
    )


def addresses(work: Path) -> None:
    """Distinct Chinese addresses a second of one core."""
    del work
    done = subprocess.run(
        [sys.executable, str(HERE / "addresses.py")], capture_output=True, text=True, cwd=PROJECT, check=False
    )
    print(f"{'addresses to divisions':<44} {done.stdout.strip() or done.stderr[-500:]}", flush=True)


def compaction(work: Path) -> None:
    """Files that a year of small deliveries leaves in the lake, and what merging them costs."""
    del work
    done = subprocess.run(
        [sys.executable, str(HERE / "compaction.py")], capture_output=True, text=True, cwd=PROJECT, check=False
    )
    for text in (done.stdout.strip() or done.stderr[-500:]).splitlines():
        print(f"{'files in the lake':<44} {text}", flush=True)


def imports(work: Path) -> None:
    """Processor seconds until each command could begin."""
    del work
    for command in ("", *COMMANDS):
        arguments = [str(MILEPOST), *([command] if command else []), "--help"]
        runs = sorted(cost(arguments).cpu for _ in range(3))
        print(f"{'milepost ' + command:<44} {runs[1]:7.2f} s of processor time to its help", flush=True)


def main() -> None:
    parts = {"imports": imports, "addresses": addresses, "compaction": compaction, "online_retail": online_retail}
    sized = {"orders": orders, "sample": sample_run}
    parser = argparse.ArgumentParser(description="Milepost's benchmark: ratios within one run.")
    parser.add_argument("--size", default="medium", choices=("small", "medium", "large"))
    parser.add_argument("--only", nargs="*", choices=[*parts, *sized], default=[*parts, *sized])
    parser.add_argument("--keep", type=Path, help="work here and keep what was made")
    options = parser.parse_args()
    work = options.keep or Path(tempfile.mkdtemp(prefix="milepost-bench-"))
    work.mkdir(parents=True, exist_ok=True)
    try:
        for name, part in parts.items():
            if name in options.only:
                part(work)
        for name, sized_part in sized.items():
            if name in options.only:
                sized_part(work, options.size)
    finally:
        if options.keep is None:
            shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
