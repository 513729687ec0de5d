"""REST APIs pulled into deliveries, from a local server that fails on purpose."""

from __future__ import annotations

import datetime as dt
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import ValidationError

from ingestion.contracts.model import ContractSet, FileFormat, FileRule, Supersede, SupersedeBy
from ingestion.ledger import pulls
from ingestion.pull.declared import ApiSource
from ingestion.pull.pull import Pulled, Waits, pull_sources
from tests.ingestion_bench import KEYS, Bench, invented_contract

LINES_FILE = FileRule(FileFormat.JSONL, re.compile(r".*\.jsonl"))
BY_ORDER = invented_contract(
    file=LINES_FILE, supersede=Supersede(SupersedeBy.KEY, unit=("order_id",), key=("order_id",)), time_zone="UTC"
)
SECRET = "Bearer s3cret-t0ken"


@dataclass
class Api:
    """An API with orders, and what it does wrong: `faults` are taken one per request."""

    port: int = 0
    records: list[dict[str, Any]] = field(default_factory=list)
    faults: list[Callable[[BaseHTTPRequestHandler], bool]] = field(default_factory=list)
    asked: list[dict[str, str]] = field(default_factory=list)
    style: str = "page"
    waits: list[float] = field(default_factory=list)
    size: int = 3

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(request.path)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.asked.append(asked)
        if request.headers.get("Authorization") != SECRET:
            return send(request, 401, {"message": "no"})
        if self.faults and self.faults.pop(0)(request):
            return None
        found = [r for r in self.records if r["Ordered"] >= asked.get("updated_since", "")]
        if self.style == "offset":
            start = int(asked.get("offset", 0))
            return send(request, 200, {"data": {"items": found[start : start + self.size]}})
        if self.style == "cursor":
            start = int(asked.get("after", "c0")[1:])
            more = f"c{start + self.size}" if start + self.size < len(found) else None
            return send(request, 200, {"items": found[start : start + self.size], "meta": {"next": more}})
        if self.style == "link":
            start = int(asked.get("at", 0))
            link = f'<{parts.path}?at={start + self.size}>; rel="next"' if start + self.size < len(found) else ""
            return send(request, 200, found[start : start + self.size], {"Link": link} if link else {})
        page = int(asked.get("page", 1))
        return send(request, 200, {"items": found[(page - 1) * self.size : page * self.size]})

    def order(self, *records: tuple[str, int, str]) -> None:
        self.records += [
            {"Order": order, "Customer": "Li Na", "Quantity": quantity, "Price": "1.50", "Ordered": ordered}
            for order, quantity, ordered in records
        ]


def send(request: BaseHTTPRequestHandler, status: int, content: Any, headers: dict[str, str] | None = None) -> None:
    body = json.dumps(content).encode()
    request.send_response(status)
    for name, value in (headers or {}).items():
        request.send_header(name, value)
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)


def status(code: int, headers: dict[str, str] | None = None) -> Callable[[BaseHTTPRequestHandler], bool]:
    """A fault: an answer with that status."""

    def fault(request: BaseHTTPRequestHandler) -> bool:
        send(request, code, {"message": "Li Na has no such order"}, headers)
        return True

    return fault


def half_a_body(request: BaseHTTPRequestHandler) -> bool:
    request.send_response(200)
    request.send_header("Content-Length", "5000")
    request.end_headers()
    request.wfile.write(b'{"items": [{"Order": "A1"')
    request.wfile.flush()
    request.connection.close()
    return True


def half_a_body_without_a_length(request: BaseHTTPRequestHandler) -> bool:
    request.send_response(200)
    request.send_header("Connection", "close")
    request.end_headers()
    request.wfile.write(b'{"items": [{"Order": "A1"')
    return True


def silence(request: BaseHTTPRequestHandler) -> bool:
    time.sleep(1.0)
    return True


def hang_up(request: BaseHTTPRequestHandler) -> bool:
    request.connection.close()
    return True


def fine(request: BaseHTTPRequestHandler) -> bool:
    return False


@pytest.fixture
def api() -> Iterator[Api]:
    served = Api()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            served.answer(self)

        def log_message(self, *_: Any) -> None:
            pass

        def handle_one_request(self) -> None:
            try:
                super().handle_one_request()
            except (OSError, ValueError):  # we hung up on purpose
                self.close_connection = True

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    served.port = server.server_address[1]
    yield served
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "home", (BY_ORDER,))


PAGES: dict[str, dict[str, Any] | None] = {
    "page": {"by": "page", "param": "page"},
    "offset": {"by": "offset", "param": "offset"},
    "cursor": {"by": "cursor", "param": "after", "next": "meta.next"},
    "link": {"by": "link"},
}
RECORDS = {"page": "items", "offset": "data.items", "cursor": "items", "link": ""}


def source(api: Api, **changes: Any) -> ApiSource:
    values = {
        "kind": "api", "contract": "shop.orders", "url": f"http://127.0.0.1:{api.port}/v1/orders?shop=1",
        "headers_env": {"Authorization": "SHOP_API_AUTH"}, "records": RECORDS[api.style], "pages": PAGES[api.style],
        "cursor": "Ordered", "since_param": "updated_since", "window": "1h", "requests_per_second": 1000,
        "timeout_seconds": 0.3,
    } | changes  # fmt: skip
    return ApiSource(**{name: value for name, value in values.items() if value is not None})


def pull(bench: Bench, api: Api, declared: ApiSource | None = None, secret: str = SECRET) -> Pulled:
    bench.clock += dt.timedelta(minutes=5)
    waits = Waits(sleep=api.waits.append, chance=lambda: 1.0)
    (one,) = pull_sources(
        bench.home, bench.ledger, ContractSet(bench.contracts), KEYS, {"orders": declared or source(api)},
        {"SHOP_API_AUTH": secret}, now=bench.clock, waits=waits,
    )  # fmt: skip
    return one


def orders(bench: Bench) -> list[tuple[str, float]]:
    return [(order, float(quantity)) for order, quantity in bench.current("order_line", "order_id, quantity")]


@pytest.mark.parametrize("style", ["page", "offset", "cursor", "link"])
def test_all_pages_come_in_every_style(bench: Bench, api: Api, style: str) -> None:
    api.style = style
    api.order(*((f"A{n}", n, f"2026-02-01T10:0{n}:00Z") for n in range(1, 9)))
    assert pull(bench, api).rows == 8
    assert bench.ingest().accepted_rows == 8
    assert orders(bench) == [(f"A{n}", float(n)) for n in range(1, 9)]


def test_the_next_pull_goes_on_from_the_cursor_and_reads_the_window_again(bench: Bench, api: Api) -> None:
    api.order(("A1", 1, "2026-02-01T10:00:00Z"), ("A2", 2, "2026-02-01T12:00:00Z"))
    pull(bench, api)
    bench.ingest()
    assert "updated_since" not in api.asked[0]
    api.asked.clear()
    api.order(("A3", 3, "2026-02-01T11:30:00Z"), ("A4", 4, "2026-02-01T12:30:00Z"))
    assert pull(bench, api).rows == 3, "one late, one at the cursor, one new"
    assert {asked["updated_since"] for asked in api.asked} == {"2026-02-01T11:00:00Z"}
    assert {asked["shop"] for asked in api.asked} == {"1"}
    bench.ingest()
    assert [order for order, _ in orders(bench)] == ["A1", "A2", "A3", "A4"]
    assert pulls.pull_states(bench.ledger)["orders"].cursor_text == "2026-02-01T12:30:00Z"


def test_where_every_record_counts_the_one_at_the_cursor_comes_once(bench: Bench, api: Api) -> None:
    bench.contracts = (replace(BY_ORDER, supersede=Supersede(SupersedeBy.NONE)),)
    declared = source(api, window=None)
    api.order(("A1", 1, "2026-02-01T10:00:00Z"), ("A2", 2, "2026-02-01T12:00:00Z"))
    pull(bench, api, declared)
    bench.ingest()
    api.order(("A3", 3, "2026-02-01T12:30:00Z"))
    assert pull(bench, api, declared).rows == 1
    bench.ingest()
    assert [row[0] for row in bench.rows("order_line", "order_id")] == ["A1", "A2", "A3"]


@pytest.mark.parametrize(
    "fault", [status(500), status(503), half_a_body, half_a_body_without_a_length, silence, hang_up],
    ids=["500", "503", "half a body", "half a body without a length", "timeout", "hang up"],
)  # fmt: skip
def test_what_passes_is_asked_for_again(bench: Bench, api: Api, fault: Any) -> None:
    api.order(*((f"A{n}", n, f"2026-02-01T10:0{n}:00Z") for n in range(1, 8)))
    api.faults = [fine, fault, fault, fine]
    one = pull(bench, api)
    assert (one.failure, one.rows, one.note) == (None, 7, "2 of 6 requests were asked again")
    assert [wait for wait in api.waits if wait >= 0.5] == [0.5, 1.0], "the second wait is twice the first"
    bench.ingest()
    assert len(orders(bench)) == 7


def test_what_does_not_pass_fails_and_nothing_lands(bench: Bench, api: Api) -> None:
    api.order(*((f"A{n}", n, f"2026-02-01T10:0{n}:00Z") for n in range(1, 8)))
    api.faults = [fine, *[status(502)] * 5]
    one = pull(bench, api)
    assert one.failure == "orders (127.0.0.1/v1/orders): answered 502, 5 times. It is tried again later"
    assert bench.deliveries() == [] and not list(bench.home.archive.rglob("*.mpf"))
    assert pull(bench, api).rows == 7, "the next pull begins again"
    assert pulls.pull_states(bench.ledger)["orders"].failure is None


def test_too_many_requests_wait_as_long_as_is_asked(bench: Bench, api: Api) -> None:
    api.order(("A1", 1, "2026-02-01T10:00:00Z"))
    api.faults = [status(429, {"Retry-After": "7"})]
    assert pull(bench, api).rows == 1
    assert 7.0 in api.waits
    later = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=20)
    api.order(("A2", 1, "2026-02-01T10:30:00Z"))
    bench.ingest()
    api.waits.clear()
    api.faults = [status(429, {"Retry-After": later.strftime("%a, %d %b %Y %H:%M:%S GMT")})]
    assert pull(bench, api).rows == 2
    assert any(17 <= wait <= 20 for wait in api.waits)
    bench.ingest()
    api.faults = [status(429, {"Retry-After": "3600"})]
    one = pull(bench, api)
    assert one.failure is not None and "asks to wait 3600 seconds" in one.failure


def test_requests_keep_their_pace(bench: Bench, api: Api) -> None:
    api.order(*((f"A{n}", n, f"2026-02-01T10:0{n}:00Z") for n in range(1, 7)))
    pull(bench, api, source(api, requests_per_second=0.5))
    assert len(api.asked) == 3 and len(api.waits) == 2 and all(1.5 < wait <= 2.0 for wait in api.waits)


def test_a_page_that_repeats_is_asked_for_again_and_never_taken_twice(bench: Bench, api: Api) -> None:
    api.order(*((f"A{n}", n, f"2026-02-01T10:0{n}:00Z") for n in range(1, 6)))

    def first_page_again(request: BaseHTTPRequestHandler) -> bool:
        send(request, 200, {"items": api.records[:3]})
        return True

    api.faults = [fine, first_page_again]
    assert pull(bench, api).rows == 5
    bench.ingest()
    assert len(orders(bench)) == 5
    api.records.append(api.records[0] | {"Order": "A9", "Ordered": "2026-02-01T11:00:00Z"})
    api.faults = [fine, *[first_page_again] * 3, *[lambda request: first_page_again(request)] * 9]
    declared = source(api, window="1d")
    one = pull(bench, api, declared)
    assert one.failure is not None and "gives a page that it gave before" in one.failure


def test_a_cursor_that_goes_in_circles_ends(bench: Bench, api: Api) -> None:
    api.style = "cursor"
    answers = iter(range(1000))

    def circle(request: BaseHTTPRequestHandler) -> bool:
        number = next(answers)
        record = {"Order": f"A{number}", "Quantity": 1, "Price": 1, "Customer": "x", "Ordered": "2026-02-01T10:00:00Z"}
        send(request, 200, {"items": [record], "meta": {"next": f"c{number % 3}"}})
        return True

    api.faults = [circle] * 50
    one = pull(bench, api)
    assert one.failure is not None and "goes in circles" in one.failure
    assert len(api.asked) < 10


def test_pages_without_end_stop(bench: Bench, api: Api) -> None:
    api.order(*((f"A{n}", n, f"2026-02-01T10:0{n}:00Z") for n in range(1, 9)))
    one = pull(bench, api, source(api, pages={"by": "page", "param": "page", "most": 2}))
    assert one.failure is not None and "has more than 2 pages" in one.failure


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (status(404), "answered 404"),
        (status(302, {"Location": "http://127.0.0.1:1/elsewhere"}), "credentials are not sent on"),
    ],
)
def test_what_cannot_pass_is_not_asked_for_again(bench: Bench, api: Api, fault: Any, says: str) -> None:
    api.faults = [fault]
    one = pull(bench, api)
    assert one.failure is not None and says in one.failure and len(api.asked) == 1


def test_secrets_and_records_are_in_no_message(bench: Bench, api: Api) -> None:
    one = pull(bench, api, secret="Bearer wr0ng")
    assert one.failure is not None and "SHOP_API_AUTH" in one.failure
    api.faults = [status(400)]
    other = pull(bench, api)
    for text in (one.failure, str(other.failure)):
        for secret in ("wr0ng", "s3cret", "Li Na", "shop=1"):
            assert secret not in text


def test_a_next_page_on_another_server_is_not_asked(bench: Bench, api: Api) -> None:
    api.style = "link"
    api.order(("A1", 1, "2026-02-01T10:00:00Z"))

    def away(request: BaseHTTPRequestHandler) -> bool:
        send(request, 200, api.records, {"Link": '<http://elsewhere.example.com/v1>; rel="next"'})
        return True

    api.faults = [away]
    one = pull(bench, api)
    assert one.failure is not None and "on another server" in one.failure


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"url": "http://api.example.com/v1"}, "has to be https"),
        ({"url": "https://user:word@api.example.com/v1"}, "holds credentials"),
        ({"url": "https://api.example.com/v1?api_key=1"}, "looks like a credential"),
        ({"params": {"access_token": "x"}}, "looks like a credential"),
        ({"headers_env": {"Authorization": "Bearer abc"}}, "name of an environment variable"),
        ({"pages": {"by": "cursor", "param": "after"}}, "need next"),
        ({"pages": {"by": "page"}}, "need param"),
    ],
)
def test_a_declaration_with_a_secret_or_a_gap_is_refused(api: Api, changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        source(api, **changes)
