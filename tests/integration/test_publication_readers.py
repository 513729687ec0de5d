"""A reader that queries in a loop while versions are published sees no error and no mixed version."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from publishing.publish import publish
from publishing.versions import retain
from tests.invented_warehouse import AS_OF, build_now, invented_home, store_verdict, write_warehouse

READER = """
import json, sys, time
from pathlib import Path
import duckdb

home, stop = Path(sys.argv[1]), Path(sys.argv[2])
seen = []
print("ready", flush=True)
while not stop.exists():
    with duckdb.connect(str(home / "published/current/marts.duckdb"), read_only=True) as connection:
        # four queries on one connection: what it has opened it keeps whole
        orders = connection.execute("select count(*), sum(net_amount)::double from core.fct_orders").fetchone()
        time.sleep(0.02)
        revenue = connection.execute("select value from kpi.kpi_values").fetchone()[0]
        known = connection.execute("select count(customer_id) from core.fct_orders").fetchone()[0]
        customers = connection.execute("select count(*) from core.dim_customer").fetchone()[0]
    seen.append([orders[0], orders[1], revenue, known, customers])
print(json.dumps(seen))
"""


def test_no_error_and_no_mixed_version_while_twenty_are_published(tmp_path: Path) -> None:
    home, ledger = invented_home(tmp_path)

    def publish_next(number: int) -> None:
        write_warehouse(home, orders=80 + number, customers=10 + number)
        now = AS_OF + timedelta(days=number)
        build = build_now(home, ledger, now=now)
        store_verdict(home, ledger, build)
        publish(home, ledger, build.build_id, now=now)
        retain(home, ledger, keep=2, minimum_age=timedelta(days=5), now=now)

    publish_next(0)
    stop = tmp_path / "stop"
    reader = subprocess.Popen(
        [sys.executable, "-c", READER, str(home.root), str(stop)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert reader.stdout is not None
    assert reader.stdout.readline() == b"ready\n"
    for number in range(1, 21):
        publish_next(number)
    stop.touch()
    output, errors = reader.communicate(timeout=60)

    assert reader.returncode == 0, errors.decode()
    seen = json.loads(output)
    for orders, amount, revenue, known, customers in seen:
        number = orders - 80
        assert amount == revenue == sum(10 + i for i in range(orders))
        # links name customers by the count of the same version
        assert (known, customers) == (orders, 10 + number)
    versions_seen = {row[0] for row in seen}
    assert len(versions_seen) >= 5, "the reader has to have run beside the publications"
    assert [row[0] for row in seen] == sorted(row[0] for row in seen)
