"""Distinct Chinese addresses whose division is found in a second of one core, over every form of writing them.

python tests/bench/addresses.py [COUNT]
"""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from ingestion.cleaning.divisions.find import find_division
from tests.address_forms import labelled

#: What a core has to reach (rules.md, Cleaning, addresses).
WANTED = 20_000


def main(count: int) -> None:
    """Print the rate; end with 1 where it is below what is wanted."""
    distinct: dict[str, None] = {}
    seed = 0
    while len(distinct) < count:
        distinct |= dict.fromkeys(one.address for one in labelled(seed))
        seed += 1
    addresses = list(distinct)
    random.Random(0).shuffle(addresses)
    addresses = addresses[:count]
    find_division(addresses[0])  # the table is read once
    started = time.process_time()
    for address in addresses:
        find_division(address)
    rate = len(addresses) / (time.process_time() - started)
    print(f"{rate:,.0f} distinct addresses a second of one core ({len(addresses):,} addresses; wanted {WANTED:,})")
    sys.exit(0 if rate >= WANTED else 1)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
