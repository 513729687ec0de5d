"""What a home says about a source that is pulled: the declaration and its checks.

Belongs here: names and types under `technical: sources:` of milepost.yml. Not here: pulling. A declaration holds no
secret: addresses of databases and headers with credentials come from environment variables that it names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Literal
from urllib.parse import parse_qsl, urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from ingestion.contracts.model import Contract, Coverage, FileFormat, SupersedeBy
from ingestion.errors import MilepostError

_DURATION = re.compile(r"([0-9]+)\s*(s|m|h|d)")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_SECRET_WORDS = re.compile(r"(?i)token|secret|passw|api.?key|access.?key|auth|signature|credential")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")

#: Seconds between two pulls where the declaration says nothing.
EVERY = "5m"


def seconds(text: str) -> int:
    """Seconds of a duration as in 90s, 15m, 2h, 3d; ValueError for anything else."""
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        raise ValueError("a duration as in 90s, 15m, 2h or 3d is expected")
    return int(found[1]) * _UNITS[found[2]]


class _Source(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    contract: str = Field(description="id of the contract that reads what is pulled")
    cursor: str | None = Field(None, description="column whose greatest value is where the next pull goes on")
    window: str | int | None = Field(
        None, description="how far before the cursor is read again, for late records: 2h, 3d, or a number for numbers"
    )
    since: str | int | None = Field(None, description="where the first pull begins; empty: at the beginning")
    every: str = Field(EVERY, description="least time between two pulls: 90s, 15m, 2h, 1d")
    whole_units: bool = Field(
        False, description="every pull gives all records of a unit or period of which it gives one"
    )

    @field_validator("every")
    @classmethod
    def _every_is_a_duration(cls, value: str) -> str:
        seconds(value)
        return value

    @field_validator("window")
    @classmethod
    def _window_is_a_duration_or_number(cls, value: str | int | None) -> str | int | None:
        if isinstance(value, str):
            seconds(value)
        if isinstance(value, int) and value < 0:
            raise ValueError("may not be negative")
        return value

    @property
    def every_seconds(self) -> int:
        return seconds(self.every)

    @property
    def window_size(self) -> timedelta | int | None:
        """A stretch of time or of numbers; None: none."""
        return timedelta(seconds=seconds(self.window)) if isinstance(self.window, str) else self.window


class DatabaseSource(_Source):
    """A table or query of a database, read through SQLAlchemy."""

    kind: Literal["database"]
    url_env: str = Field(description="environment variable that holds the database's address (SQLAlchemy URL)")
    table: str | None = Field(None, description="table, as in schema.table")
    query: str | None = Field(None, description="a SELECT in place of a table")
    columns: tuple[str, ...] = Field((), description="columns read; empty: all")
    batch_rows: int = Field(20_000, ge=1, description="rows held in memory at once")
    timeout: str = Field("1h", description="longest time of one statement, where the database can be told")

    @model_validator(mode="after")
    def _reads_one_thing(self) -> DatabaseSource:
        if (self.table is None) == (self.query is None):
            raise ValueError("name a table or a query, and not both")
        if self.query is not None and self.columns:
            raise ValueError("columns are for tables: name them in the query")
        if self.query is not None and not re.match(r"(?is)\s*(select|with)\b", self.query):
            raise ValueError("query has to be a SELECT")
        if self.columns and self.cursor and self.cursor not in self.columns:
            raise ValueError("columns have to hold the cursor")
        seconds(self.timeout)
        _check_variable(self.url_env)
        return self


class Pages(BaseModel):
    """How an API hands out its records page by page."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    by: Literal["page", "offset", "cursor", "link"]
    param: str | None = Field(None, description="request parameter that takes the page, the offset or the cursor")
    first: int = Field(1, ge=0, description="number of the first page")
    next: str | None = Field(
        None, description="place in the answer of the next cursor or address; link: empty for the Link header"
    )
    size_param: str | None = None
    size: int | None = Field(None, ge=1)
    most: int = Field(10_000, ge=1, description="pages after which something must be wrong")

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> Pages:
        if self.by != "link" and not self.param:
            raise ValueError(f"pages by {self.by} need param")
        if self.by == "cursor" and not self.next:
            raise ValueError("pages by cursor need next, the place of the cursor in the answer")
        if (self.size is None) != (self.size_param is None):
            raise ValueError("size and size_param go together")
        return self


class ApiSource(_Source):
    """Records that a REST API answers as JSON."""

    kind: Literal["api"]
    url: str
    headers_env: Mapping[str, str] = Field(
        default_factory=dict, description="header -> environment variable that holds its whole value"
    )
    params: Mapping[str, str | int | bool] = Field(default_factory=dict, description="parameters of every request")
    records: str = Field("", description="place of the list in the answer, as in data.items; empty: the answer itself")
    pages: Pages | None = None
    since_param: str | None = Field(None, description="request parameter that takes the cursor's value")
    requests_per_second: float = Field(5.0, gt=0, le=1000)
    timeout_seconds: float = Field(30.0, gt=0, le=600)
    attempts: int = Field(5, ge=1, le=20, description="how often one page is asked for before the pull fails")
    longest_wait_seconds: float = Field(120.0, ge=0, description="longest wait that the API may ask for")

    @model_validator(mode="after")
    def _is_safe_and_whole(self) -> ApiSource:
        address = urlsplit(self.url)
        if address.scheme not in ("http", "https") or not address.hostname:
            raise ValueError("url has to be an address as in https://api.example.com/v1/orders")
        if address.scheme == "http" and not is_loopback(address.hostname):
            raise ValueError("url has to be https: only this machine itself may be asked without")
        if address.username or address.password:
            raise ValueError("url holds credentials: name the header's variable under headers_env")
        names = [*self.params, *(name for name, _ in parse_qsl(address.query))]
        if secret := next((name for name in names if _SECRET_WORDS.search(name)), None):
            raise ValueError(
                f"parameter {secret} looks like a credential: name its header's variable under headers_env"
            )
        for variable in self.headers_env.values():
            _check_variable(variable)
        if self.since_param and not self.cursor:
            raise ValueError("since_param needs cursor")
        return self


def is_loopback(host: str | None) -> bool:
    """This machine itself."""
    return host in (None, "", "localhost", "127.0.0.1", "::1")


Source = Annotated[DatabaseSource | ApiSource, Field(discriminator="kind")]


def check_contract(source: DatabaseSource | ApiSource, contract: Contract) -> None:
    """MilepostError where records pulled so would be counted twice or lost by the contract's own rules."""
    allowed = (FileFormat.PARQUET, FileFormat.CSV) if isinstance(source, DatabaseSource) else (FileFormat.JSONL,)
    if contract.file.format not in allowed:
        formats = " or ".join(allowed)
        raise MilepostError(
            f"reads {contract.file.format}: a contract for a {source.kind} has the format {formats}", where=contract.id
        )
    if contract.file.format is FileFormat.CSV and not (contract.file.quote == contract.file.escape == '"'):
        raise MilepostError("is of another form than double quotes, doubled within quotes", where=contract.id)
    if source.cursor is None:
        if source.window is not None or source.since is not None:
            raise MilepostError("window and since need a cursor", where=contract.id)
        if contract.supersede.by is SupersedeBy.NONE:
            raise MilepostError(
                "counts every record: without a cursor each pull would count all of them again",
                where=contract.id,
                remedy="Name the cursor, or let records replace earlier ones by their key",
            )
        return
    if contract.coverage is Coverage.FULL:
        raise MilepostError(
            "takes each delivery for the whole: with a cursor all that did not change would be gone",
            where=contract.id,
            remedy="Leave the cursor out, or say coverage delta",
        )
    rule = contract.supersede
    if rule.by is SupersedeBy.FILE_NAME:
        raise MilepostError("replaces files by name: a source with a cursor needs by key", where=contract.id)
    if rule.by is SupersedeBy.NONE and source.window not in (None, 0, "0s"):
        raise MilepostError(
            "counts every record: what the window reads again would count twice",
            where=contract.id,
            remedy="Leave the window out, or let records replace earlier ones by their key",
        )
    is_partial = rule.by is SupersedeBy.PERIOD or (rule.by is SupersedeBy.KEY and set(rule.unit) != set(rule.key))
    if is_partial and not source.whole_units:
        raise MilepostError(
            "replaces units of several records: a pull that gives some records of a unit would lose the others",
            where=contract.id,
            remedy="Write a query that gives all records of every unit that changed, and say whole_units: true",
        )


def _check_variable(name: str) -> None:
    if not _VARIABLE.fullmatch(name):
        raise ValueError("the name of an environment variable is expected (capitals), never the value itself")
