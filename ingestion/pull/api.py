"""REST APIs: the records of all pages, with a guard against pages that repeat and cursors that go in circles.

Belongs here: from page to page. Not here: one request (`web.py`), where the records go (`land.py`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

from ingestion.errors import MilepostError
from ingestion.pull.cursor import Cursor
from ingestion.pull.declared import ApiSource
from ingestion.pull.web import Answer, Client

Record = Mapping[str, Any]


def pages_of(client: Client, source: ApiSource, since: Cursor | None) -> Iterator[list[Record]]:
    """The records, page by page, from the cursor `since` on.

    MilepostError where an answer is not as declared, or paging does not come to an end.
    """
    seen: set[str] = set()  # hashes of pages
    been: set[str] = set()  # cursors and addresses
    url = source.url
    params: dict[str, Any] = dict(source.params)
    if since is not None and source.since_param:
        params[source.since_param] = since.text
    paging = source.pages
    if paging is None:
        yield _records(client.get(url, params), source, client.place(url))
        return
    if paging.size_param is not None:
        params[paging.size_param] = paging.size
    position = paging.first if paging.by == "page" else 0
    for _ in range(paging.most):
        if paging.by in ("page", "offset"):
            params[str(paging.param)] = position
        answer, records = _new_page(client, source, url, params, seen)
        yield records
        if paging.by in ("page", "offset"):
            if not records:
                return
            position += 1 if paging.by == "page" else len(records)
            continue
        following = _following(answer, source)
        if following is None:
            return
        if following in been:
            raise MilepostError("goes in circles: a cursor came that was there before", where=client.place(url))
        been.add(following)
        if paging.by == "cursor":
            params[str(paging.param)] = following
        else:
            url, params = _same_origin(source, url, following, client), {}
    raise MilepostError(f"has more than {paging.most} pages", where=client.place(url), remedy="Raise pages.most if so")


def _new_page(
    client: Client, source: ApiSource, url: str, params: Mapping[str, Any], seen: set[str]
) -> tuple[Answer, list[Record]]:
    """A page that was not there before; a repeated one is asked for again."""
    attempt = 0
    while True:
        answer = client.get(url, params)
        records = _records(answer, source, client.place(url))
        if not records:
            return answer, records
        digest = hashlib.sha256(json.dumps(records, sort_keys=True).encode()).hexdigest()
        if digest not in seen:
            seen.add(digest)
            return answer, records
        attempt += 1
        client.again(attempt, "gives a page that it gave before", url)


def _records(answer: Answer, source: ApiSource, where: str) -> list[Record]:
    found = at_place(answer.content, source.records)
    if not isinstance(found, list):
        place = source.records or "the top"
        raise MilepostError(f"has no list of records at {place}", where=where, remedy="Look at records")
    if any(not isinstance(record, dict) for record in found):
        raise MilepostError("has records that are no objects", where=where)
    return found


def _following(answer: Answer, source: ApiSource) -> str | None:
    paging = source.pages
    assert paging is not None
    if paging.by == "link" and not paging.next:
        return answer.next_link
    found = at_place(answer.content, paging.next or "")
    if found in (None, "", False):
        return None
    if isinstance(found, str | int):
        return str(found)
    raise MilepostError(f"has no cursor at {paging.next}, but something nested")


def _same_origin(source: ApiSource, url: str, following: str, client: Client) -> str:
    """The next address; it has to be of the same server, which gets the credentials."""
    address = urljoin(url, following)
    own, other = urlsplit(source.url), urlsplit(address)
    if (own.scheme, own.hostname, own.port) != (other.scheme, other.hostname, other.port):
        raise MilepostError("names a next page on another server", where=client.place(url))
    return address


def at_place(content: Any, place: str) -> Any:
    """What stands at a dotted place of nested objects; None where nothing does."""
    for step in filter(None, place.split(".")):
        if not isinstance(content, dict):
            return None
        content = content.get(step)
    return content
