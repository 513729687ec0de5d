"""What a deployment can set, and where it lives: one place that hands plain values to the rooms.

Belongs here: the order of settings (shipped defaults, then the home's `milepost.yml`, then the environment), checking
their names and types, finding the home. Not here: what a number means (`dbt_project/dbt_project.yml` describes the
business ones, `TechnicalSettings` the others), keys (`ingestion/privacy/keys.py`).
"""

from __future__ import annotations

import difflib
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from ingestion.errors import MilepostError, UsageError
from ingestion.home import Home
from ingestion.pull.declared import Source

PROJECT_DIR = Path(__file__).resolve().parents[1]
DBT_PROJECT_DIR = PROJECT_DIR / "dbt_project"
ENVIRONMENT_PREFIX = "MILEPOST_"


class RetentionSettings(BaseModel):
    """Ages after which something is removed at the end of a run; empty: never."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    withdrawn_days: float | None = Field(90.0, ge=0, description="rows and archived files of withdrawn deliveries")
    superseded_days: float | None = Field(
        None, ge=0, description="rows of deliveries of which nothing counts any more; their archived files stay"
    )
    archive_days: float | None = Field(None, ge=0, description="archived files of active deliveries")
    run_days: float | None = Field(400.0, ge=0, description="runs in the ledger, with their timings")
    dagster_days: float | None = Field(60.0, ge=0, description="runs and events in Dagster's own history")
    data_docs_days: float | None = Field(60.0, ge=0, description="pages of the gate, but for the latest")
    snapshot_hours: float = Field(6.0, ge=0, description="how long readers of the lake keep a snapshot's files")


class CompactionSettings(BaseModel):
    """When small files of the lake are merged."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    fan_in: int = Field(8, ge=2, description="so many files of about the same size become one")
    target_mb: int = Field(128, ge=1, description="files of this size (MiB) are left alone")


class Role(BaseModel):
    """Who may read which clear values back, and what for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    users: tuple[str, ...] = Field((), description="accounts of the machine; empty: whoever has the key")
    purposes: tuple[str, ...] = Field((), description="purposes that may be given")
    classes: tuple[str, ...] = Field((), description="classes that are shown: name, phone, email, ..., birthday_token")
    lists: bool = Field(False, description="may read back many customers at once")
    persons: bool = Field(False, description="may export and erase persons, and rotate keys")


class PrivacySettings(BaseModel):
    """Who may read personal data back."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    roles: dict[str, Role] = Field(
        default_factory=lambda: {
            "data_protection": Role(
                purposes=("access_request", "erasure_request", "incident", "key_rotation"), classes=("*",), persons=True
            ),
            "service": Role(purposes=("service_case",), classes=("name", "phone", "email", "address")),
            "marketing": Role(purposes=("campaign",), classes=("email", "phone", "birthday_token"), lists=True),
        },
        description="roles by name; what is set here replaces the shipped ones",
    )


class TechnicalSettings(BaseModel):
    """Numbers of the machine and its keeping, not of the business."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    inbox_rest_seconds: float = Field(2.0, ge=0, description="a file counts as whole when unchanged for so long")
    keep_in_inbox: bool = Field(False, description="leave received files in the inbox")
    lock_wait_seconds: float = Field(900.0, ge=0, description="how long a run waits for another one to end")
    keep_versions: int = Field(10, ge=1, description="published versions kept at least")
    keep_days: float = Field(7.0, ge=0, description="minimum age in days of a version before it is removed")
    engine_threads: int | None = Field(None, ge=1, description="threads of the engine; empty: all cores")
    engine_memory: str | None = Field(None, description="memory limit of the engine, e.g. 4GB; empty: its own rule")
    key_command: str | None = Field(None, description="command that prints the key, where no key is in the environment")
    privacy: PrivacySettings = Field(default_factory=PrivacySettings)
    ui_host: str = Field("127.0.0.1", description="address on which the Dagster UI listens")
    ui_port: int = Field(3000, ge=1, le=65535, description="port of the Dagster UI")
    sources: dict[str, Source] = Field(
        default_factory=dict, description="databases and APIs that are pulled, by name (docs/adding-a-source.md)"
    )

    @field_validator("sources")
    @classmethod
    def _sources_have_names(cls, sources: dict[str, Source]) -> dict[str, Source]:
        if wrong := [name for name in sources if not re.fullmatch(r"[a-z][a-z0-9_]{0,59}", name)]:
            raise ValueError(f"{', '.join(wrong)}: a source's name is lower-case letters, digits and underscores")
        return sources

    retention: RetentionSettings = Field(RetentionSettings(), description="what is removed at the end of a run")
    compaction: CompactionSettings = Field(CompactionSettings(), description="when small files are merged")


@dataclass(frozen=True)
class Settings:
    """Settings as they hold for one home.

    `business`: the numbers of the business rules by their names, complete, as dbt takes them as `vars`;
    `set_here`: names that the home or the environment set, with where.
    """

    business: Mapping[str, Any]
    technical: TechnicalSettings
    set_here: Mapping[str, str] = field(default_factory=dict)

    @property
    def reporting_currency(self) -> str:
        return str(self.business["reporting_currency"])

    @property
    def reporting_time_zone(self) -> str:
        return str(self.business["reporting_time_zone"])

    @property
    def overrides(self) -> dict[str, Any]:
        """Business numbers that differ from the shipped ones: what dbt is given beside `as_of`."""
        shipped = shipped_business()
        return {name: value for name, value in self.business.items() if shipped.get(name) != value}


def resolve_home(given: Path | None = None) -> Home:
    """The home: as given, else `MILEPOST_HOME`, else `var/` in the project."""
    root = given or os.environ.get("MILEPOST_HOME") or PROJECT_DIR / "var"
    return Home(Path(root).expanduser().resolve())


def shipped_business(project_file: Path = DBT_PROJECT_DIR / "dbt_project.yml") -> dict[str, Any]:
    """Business numbers with their shipped defaults, from the dbt project's `vars`."""
    declared = yaml.safe_load(project_file.read_text(encoding="utf-8")).get("vars") or {}
    return {name: value for name, value in declared.items() if name not in RUN_VARIABLES}


#: `vars` of the dbt project that a run gives, not a deployment.
RUN_VARIABLES = frozenset({"as_of", "home", "lake", "now", "changed_since"})


def load_settings(home: Home, environment: Mapping[str, str] | None = None) -> Settings:
    """Settings of a home: shipped defaults, overlaid by `milepost.yml`, overlaid by `MILEPOST_<NAME>`.

    `milepost.yml` has two sections, `business` and `technical`. Every unknown name and wrong type is listed at once in
    a UsageError.
    """
    environment = os.environ if environment is None else environment
    business = shipped_business()
    technical: dict[str, Any] = {}
    set_here: dict[str, str] = {}
    problems: list[str] = []

    given = _read(home.settings_file)
    for section, values in given.items():
        if section not in ("business", "technical"):
            problems.append(_unknown(str(section), ["business", "technical"], business))
            continue
        for name, value in (values or {}).items():
            known = business if section == "business" else TechnicalSettings.model_fields
            if name not in known:
                problems.append(f"{section}.{_unknown(str(name), known, business)}")
                continue
            if section == "business":
                business[name] = _overlay(f"business.{name}", business[name], value, problems)
            else:
                technical[name] = value
            set_here[name] = str(home.settings_file)

    for name, text in _from_environment(environment, business, problems):
        variable = ENVIRONMENT_PREFIX + name.upper()
        value = yaml.safe_load(text)
        if name in business:
            business[name] = _overlay(variable, business[name], value, problems)
        else:
            technical[name] = value
        set_here[name] = variable

    checked = TechnicalSettings()
    try:
        checked = TechnicalSettings(**technical)
    except ValidationError as error:
        problems += [f"technical.{'.'.join(map(str, e['loc']))}: {e['msg'].lower()}" for e in error.errors()]
    if "reporting_time_zone" in business and not _is_time_zone(str(business["reporting_time_zone"])):
        problems.append("business.reporting_time_zone: not a time zone of the IANA list, such as Asia/Shanghai")
    if problems:
        raise UsageError(
            "; ".join(problems),
            where=str(home.settings_file) if home.settings_file.exists() else "environment",
            remedy="Names and shipped values stand in dbt_project/dbt_project.yml (vars) and in docs/operating.md",
        )
    return Settings(business=business, technical=checked, set_here=set_here)


def parse_as_of(text: str, time_zone: str) -> datetime:
    """`--as-of`: a date means the end of that day in the reporting time zone; a time is UTC unless it has an offset.

    Returns naive UTC.
    """
    try:
        if len(text) <= 10:
            end = datetime.combine(date.fromisoformat(text) + timedelta(days=1), time(), ZoneInfo(time_zone))
            return (end - timedelta(seconds=1)).astimezone(UTC).replace(tzinfo=None)
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            "--as-of is neither a date nor a time", remedy="Write 2026-03-31 or 2026-03-31T18:00:00Z"
        ) from None
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)


def _read(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{path}, line {mark.line + 1}" if mark else str(path)
        raise UsageError("not valid YAML", where=place, remedy="Correct the file") from None
    sections = [given.get(name) for name in ("business", "technical")] if isinstance(given, dict) else [given]
    if not all(isinstance(section, dict | None) for section in sections):
        raise UsageError(
            "the settings are not two sections with names and values",
            where=str(path),
            remedy="Write `business:` and `technical:`, and the settings indented below",
        )
    return given


def _from_environment(
    environment: Mapping[str, str], business: Mapping[str, Any], problems: list[str]
) -> Iterator[tuple[str, str]]:
    known = [*business, *TechnicalSettings.model_fields]
    for variable, text in sorted(environment.items()):
        if not variable.startswith(ENVIRONMENT_PREFIX):
            continue
        name = variable.removeprefix(ENVIRONMENT_PREFIX).lower()
        if name == "key_command":  # read with the other keys, as it stands
            continue
        if name in known:
            yield name, text
        elif difflib.get_close_matches(name, known, n=1, cutoff=0.85):
            # other MILEPOST_ variables are not settings (the home, keys, test data): only a near miss is a mistake
            problems.append(f"{variable} is no setting" + _hint(name, known, lambda n: ENVIRONMENT_PREFIX + n.upper()))


def _overlay(path: str, shipped: Any, given: Any, problems: list[str]) -> Any:
    """The given value over the shipped one; a mapping is overlaid name by name."""
    if isinstance(shipped, Mapping) and shipped:
        if not isinstance(given, Mapping):
            problems.append(f"{path}: names with values expected")
            return shipped
        merged = dict(shipped)
        for name, value in given.items():
            if name not in shipped and _has_fixed_names(shipped):
                problems.append(f"{path}.{_unknown(str(name), shipped, {})}")
            else:
                merged[name] = _overlay(f"{path}.{name}", shipped.get(name), value, problems)
        return merged
    expected = _kind(shipped)
    if expected is not None and _kind(given) != expected:
        problems.append(f"{path}: {expected} expected")
        return shipped
    return given


def _has_fixed_names(shipped: Mapping[str, Any]) -> bool:
    """A mapping of settings has fixed names; one from members to values (weights by region) may gain members."""
    return all(isinstance(name, str) and name.isidentifier() and name.isascii() for name in shipped)


def _kind(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str | date):
        return "a text"
    if isinstance(value, list):
        return "a list"
    return None


def _unknown(name: str, known: Any, business: Mapping[str, Any]) -> str:
    if name in business:
        return f"{name} is no section: it stands under business"
    if name in TechnicalSettings.model_fields:
        return f"{name} is not known here: it stands under technical"
    return f"{name} is not known" + _hint(name, list(known))


def _hint(name: str, known: list[str], write: Any = str) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f" (did you mean {write(near[0])}?)" if near else ""


def _is_time_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def describe(settings: Settings) -> str:
    """Settings that differ from the shipped ones, for people and for the fingerprint of a run."""
    # how sources are reached changes no result: what they bring does
    technical = settings.technical.model_dump(exclude_defaults=True, exclude={"sources"})
    return json.dumps(
        {"business": settings.overrides, "technical": technical},
        sort_keys=True,
        default=str,
        ensure_ascii=False,
    )


def check_home(home: Home) -> None:
    """MilepostError when the home cannot be one (a file), or is being restored."""
    if home.root.exists() and not home.root.is_dir():
        raise MilepostError("the home is not a folder", where=str(home.root), remedy="Name a folder with --home")
    if home.restoring_file.exists():
        raise MilepostError(
            "a restore into this home was broken off",
            where=str(home.root),
            remedy="Run the same `milepost restore` again; it ends with a home that was found whole",
        )
