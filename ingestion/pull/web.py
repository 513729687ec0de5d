"""Asking an API for one page: waiting, trying again, and telling what went wrong without what was sent.

Belongs here: one request and its retries. Not here: pages and records (`api.py`). Parameters and headers are never
shown: they may hold credentials or a person's data; the address is shown without its query.
"""

from __future__ import annotations

import email.utils
import json
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from ingestion.errors import MilepostError, TransientError
from ingestion.pull.declared import ApiSource

#: Answers that may be others when asked again.
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
_FIRST_WAIT, _LONGEST_BACK_OFF = 0.5, 60.0
_MOST_BYTES = 256 * 2**20


@dataclass(frozen=True)
class Answer:
    """A page as parsed, and the address of the next one where a Link header names it."""

    content: Any
    next_link: str | None


class Client:
    """Asks one API, at its pace. `sleep` and `chance` are given for tests."""

    def __init__(
        self,
        source: ApiSource,
        environment: Mapping[str, str],
        name: str,
        sleep: Callable[[float], None] = time.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        import urllib3

        self._source, self._name, self._sleep, self._chance = source, name, sleep, chance
        self._headers = {"Accept": "application/json", "User-Agent": "milepost", **_headers(source, environment, name)}
        timeout = urllib3.Timeout(connect=min(source.timeout_seconds, 15.0), read=source.timeout_seconds)
        self._pool = urllib3.PoolManager(timeout=timeout, retries=False)
        self._last = 0.0
        self.requests = 0
        self.retries = 0

    def close(self) -> None:
        self._pool.clear()

    def get(self, url: str, params: Mapping[str, Any]) -> Answer:
        """The answer to one request, asked for again where that may help.

        MilepostError where it will not; TransientError where it was asked for as often as declared.
        """
        for attempt in range(1, self._source.attempts + 1):
            self._keep_pace()
            answer, problem, wait = self._ask(url, params)
            if answer is not None:
                return answer
            if attempt == self._source.attempts:
                break
            self._wait(attempt, wait, problem)
            self.retries += 1
        raise TransientError(f"{problem}, {attempt} times", where=self.place(url), remedy="It is tried again later")

    def again(self, attempt: int, problem: str, url: str) -> None:
        """Wait before a page is asked for again that came, but was wrong; TransientError after the last attempt."""
        if attempt >= self._source.attempts:
            raise TransientError(f"{problem}, {attempt} times", where=self.place(url), remedy="It is tried again later")
        self._wait(attempt, None, problem)
        self.retries += 1

    def place(self, url: str) -> str:
        """The address as it may be shown."""
        parts = urlsplit(url)
        return f"{self._name} ({parts.hostname}{parts.path})"

    def _ask(self, url: str, params: Mapping[str, Any]) -> tuple[Answer | None, str, float | None]:
        """(answer, or what went wrong, how long the API asks to wait)."""
        import urllib3

        self.requests += 1
        try:
            response = self._pool.request(
                "GET", with_params(url, params), headers=self._headers, redirect=False, preload_content=False
            )
            try:
                body = response.read(_MOST_BYTES + 1, decode_content=True)
            finally:
                response.release_conn()
        except (urllib3.exceptions.TimeoutError, TimeoutError):
            return None, "no answer in time", None
        except urllib3.exceptions.SSLError:
            raise MilepostError("the certificate is not trusted", where=self.place(url)) from None
        except (urllib3.exceptions.HTTPError, OSError) as error:
            return None, f"the connection broke ({type(error).__name__})", None
        if response.status in _PASSING:
            return None, f"answered {response.status}", _asked_wait(response.headers.get("Retry-After"))
        if response.status in (401, 403):
            variables = ", ".join(sorted(self._source.headers_env.values())) or "headers_env"
            raise MilepostError(
                f"answered {response.status}: the credentials are not accepted",
                where=self.place(url),
                remedy=f"Look at the variables: {variables}",
            )
        if 300 <= response.status < 400:
            raise MilepostError(
                f"answered {response.status}, another address",
                where=self.place(url),
                remedy="Declare that address as url: credentials are not sent on",
            )
        if response.status != 200:
            raise MilepostError(f"answered {response.status}", where=self.place(url))
        if len(body) > _MOST_BYTES:
            raise MilepostError("a page is larger than 256 MB", where=self.place(url), remedy="Ask for smaller pages")
        try:
            content = json.loads(body)
        except ValueError:  # the message quotes the page
            return None, "the answer is no whole JSON", None
        return Answer(content, _next_link(response.headers.get("Link"))), "", None

    def _keep_pace(self) -> None:
        now = time.monotonic()
        wait = self._last + 1 / self._source.requests_per_second - now
        if self._last and wait > 0:
            self._sleep(wait)
        self._last = time.monotonic()

    def _wait(self, attempt: int, asked: float | None, problem: str) -> None:
        longest = self._source.longest_wait_seconds
        if asked is not None and asked > longest:
            raise TransientError(
                f"{problem} and asks to wait {asked:.0f} seconds, longer than {longest:.0f}",
                where=self._name,
                remedy="It is tried again later",
            )
        back_off = min(_FIRST_WAIT * 2 ** (attempt - 1), _LONGEST_BACK_OFF, longest)
        # half of it by chance, so that many clients do not come back at once
        self._sleep(asked if asked is not None else back_off * (0.5 + self._chance() / 2))


def with_params(url: str, params: Mapping[str, Any]) -> str:
    """The address with parameters, which take the place of those of the same name."""
    parts = urlsplit(url)
    kept = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name not in params]
    added = [(name, str(value).lower() if isinstance(value, bool) else str(value)) for name, value in params.items()]
    return urlunsplit(parts._replace(query=urlencode([*kept, *added])))


def _headers(source: ApiSource, environment: Mapping[str, str], name: str) -> dict[str, str]:
    headers = {}
    for header, variable in source.headers_env.items():
        value = environment.get(variable, "").strip()
        if not value:
            raise MilepostError(f"the environment variable {variable} is not set", where=name)
        if not value.isprintable():
            raise MilepostError(f"the environment variable {variable} is no header's value", where=name)
        headers[header] = value
    return headers


def _asked_wait(text: str | None) -> float | None:
    """Seconds that a Retry-After header asks for; None where it says nothing that can be read."""
    if text is None:
        return None
    if text.strip().isdigit():
        return float(text)
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())  # the header speaks of the wall clock


def _next_link(header: str | None) -> str | None:
    """The address that a Link header calls next."""
    for part in (header or "").split(","):
        address, *parameters = part.split(";")
        if any(p.strip().replace('"', "").casefold() == "rel=next" for p in parameters):
            return address.strip().strip("<>")
    return None
