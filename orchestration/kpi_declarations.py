"""KPIs as the dbt project declares them: read from its manifest, in plain values.

Belongs here: what a declaration says and what it rests on (formula, measures, models upstream, settings they read).
Not here: SQL (`dbt_project/macros/kpi`), keeping versions (`kpi_versions.py`), pages (`dictionary.py`).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

GRAINS = ("day", "week", "month", "quarter", "year")
SUMS = ("sum", "count", "sum_boolean", "count_distinct")
#: Declared settings that change what a KPI is, beside its formula: a change makes a new version.
MEANING = (
    "unit", "direction", "time_basis", "window", "thresholds", "grains", "dimensions", "denominator",
    "denominator_by_dimension", "metric_by_dimension", "metric_by_grain", "total", "future",
)  # fmt: skip


@dataclass(frozen=True)
class Declared:
    """One KPI's declaration, as a row of the catalogue and what it is made of.

    `formula`: the metrics and measures it is computed from, in words; `settings`: business numbers that its models
    read, by name, with their values; `models`: models upstream, nearest first.
    """

    kpi_id: str
    version: int
    valid_from: str
    name: str
    name_zh: str
    domain: str
    unit: str
    direction: str
    definition: str
    grains: tuple[str, ...]
    dimensions: tuple[str, ...]
    time_basis: str
    time_window: str
    accumulates: bool
    owner: str
    green_threshold: float | None
    yellow_threshold: float | None
    reference: str | None
    formula: tuple[str, ...]
    settings: Mapping[str, Any]
    models: tuple[str, ...]
    meaning: Mapping[str, Any]

    @property
    def fingerprint(self) -> str:
        """SHA-256 over what makes it this version: definition, formula, windows, thresholds, settings; no names."""
        said = {
            "declared": self.version,
            "definition": self.definition,
            "formula": self.formula,
            "settings": self.settings,
            "meaning": self.meaning,
        }
        return hashlib.sha256(json.dumps(said, sort_keys=True, default=str, ensure_ascii=False).encode()).hexdigest()

    @property
    def settings_text(self) -> str:
        """Settings as the catalogue shows them: `name = value`, separated by semicolons."""
        return "; ".join(f"{name} = {value}" for name, value in self.settings.items())

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def declared_kpis(manifest: Mapping[str, Any], business: Mapping[str, Any]) -> list[Declared]:
    """All KPIs of a dbt manifest, by id; `business`: the business numbers as they hold for the home."""
    reader = _Reader(manifest, business)
    metrics = [metric for metric in manifest["metrics"].values() if metric["config"].get("meta", {}).get("kpi")]
    return [reader.declared(metric) for metric in sorted(metrics, key=lambda metric: metric["name"])]


class _Reader:
    """Looks into one manifest; remembers what it has followed."""

    def __init__(self, manifest: Mapping[str, Any], business: Mapping[str, Any]) -> None:
        self._nodes: Mapping[str, Any] = manifest["nodes"]
        self._macros: Mapping[str, Any] = manifest["macros"]
        self._parents: Mapping[str, list[str]] = manifest["parent_map"]
        self._business = business
        self._metrics = {metric["name"]: metric for metric in manifest["metrics"].values()}
        self._measures = {
            measure["name"]: (model, measure)
            for model in manifest["semantic_models"].values()
            for measure in model["measures"]
        }
        self._settings_of_macro: dict[str, frozenset[str]] = {}

    def declared(self, metric: Mapping[str, Any]) -> Declared:
        meta = metric["config"]["meta"]
        thresholds = meta.get("thresholds") or {}
        substitutes = [*(meta.get("metric_by_dimension") or {}).values(), *(meta.get("metric_by_grain") or {}).values()]
        measures = list(
            dict.fromkeys(name for each in [metric["name"], *substitutes] for name in self._measures_of(each))
        )
        models = self._upstream(measures)
        return Declared(
            kpi_id=metric["name"],
            version=int(meta.get("version", 1)),
            valid_from=str(meta["valid_from"]),
            name=metric["label"],
            name_zh=meta["name_zh"],
            domain=meta["domain"],
            unit=meta["unit"],
            direction=meta["direction"],
            definition=metric["description"].strip(),
            grains=tuple(meta.get("grains") or GRAINS),
            dimensions=tuple(meta.get("dimensions") or ()),
            time_basis=meta["time_basis"],
            time_window=meta.get("window", "the period"),
            accumulates=metric["type"] == "simple"
            and not meta.get("largest")
            and self._measures[measures[0]][1]["agg"] in SUMS,
            owner=meta["owner"],
            green_threshold=_number(thresholds.get("green")),
            yellow_threshold=_number(thresholds.get("yellow")),
            reference=meta.get("reference"),
            formula=tuple(line for name in [metric["name"], *substitutes] for line in self._formula(name)),
            settings=self._settings(models),
            models=tuple(self._nodes[node]["name"] for node in models if node in self._nodes),
            meaning={key: meta[key] for key in MEANING if key in meta},
        )

    def _measures_of(self, name: str) -> list[str]:
        metric = self._metrics[name]
        given = metric["type_params"].get("input_measures") or []
        return [measure["name"] for measure in given]

    def _formula(self, name: str, seen: frozenset[str] = frozenset()) -> Iterator[str]:
        """Lines `name = how it is computed`, the KPI first, then what it names."""
        if name in seen:
            return
        metric = self._metrics[name]
        params = metric["type_params"]
        named: list[str] = []
        if metric["type"] == "ratio":
            named = [params["numerator"]["name"], params["denominator"]["name"]]
            yield f"{name} = {named[0]} / {named[1]}"
        elif metric["type"] == "derived":
            named = [each["name"] for each in params["metrics"]]
            yield f"{name} = {params['expr']}"
        else:
            model, measure = self._measures[params["measure"]["name"]]
            use = _use(metric)
            expression = " ".join(str(measure.get("expr") or measure["name"]).split())
            where = _condition(measure)
            yield f"{name} = {measure['agg']}({expression}) of {model['name']}{where}{use}"
        for each in dict.fromkeys(named):
            yield from self._formula(each, seen | {name})

    def _upstream(self, measures: list[str]) -> list[str]:
        """Models and seeds above the measures, nearest first."""
        found: dict[str, None] = {}
        level = [node for name in measures for node in self._measures[name][0]["depends_on"]["nodes"]]
        while level:
            fresh = [node for node in dict.fromkeys(level) if node not in found]
            found.update(dict.fromkeys(fresh))
            level = [parent for node in fresh for parent in self._parents.get(node, [])]
        return list(found)

    def _settings(self, models: list[str]) -> dict[str, Any]:
        names: set[str] = set()
        for node in models:
            if node in self._nodes:
                names |= _read_settings(self._nodes[node].get("raw_code") or "")
                for macro in self._nodes[node]["depends_on"].get("macros", []):
                    names |= self._macro_settings(macro)
        return {name: self._business[name] for name in sorted(names) if name in self._business}

    def _macro_settings(self, macro: str) -> frozenset[str]:
        if macro not in self._settings_of_macro:
            self._settings_of_macro[macro] = frozenset()  # a macro may call itself
            said = self._macros.get(macro)
            if said is not None and said["package_name"] == "milepost":
                names = set(_read_settings(said["macro_sql"]))
                for called in said["depends_on"]["macros"]:
                    names |= self._macro_settings(called)
                self._settings_of_macro[macro] = frozenset(names)
        return self._settings_of_macro[macro]


def _read_settings(code: str) -> set[str]:
    return set(re.findall(r"var\(\s*['\"](\w+)['\"]", code))


def _use(metric: Mapping[str, Any]) -> str:
    """How a simple or cumulative metric uses its measure, in words."""
    meta = metric["config"].get("meta") or {}
    own = metric["type_params"].get("cumulative_type_params") or {}
    window = own.get("window")
    words = []
    if largest := meta.get("largest"):
        share = f"{largest['share']:.0%} of the" if "share" in largest else str(largest["count"])
        words.append(f"of the largest {share} {largest['of']}")
    if metric["type"] == "cumulative" and window:
        words.append(f"trailing {window['count']} {window['granularity']}s to the period's end")
    elif metric["type"] == "cumulative" and meta.get("state") == "opening":
        words.append("all up to the period's start")
    elif metric["type"] == "cumulative":
        words.append(
            "mean over the period's days" if own.get("period_agg") == "average" else "all up to the period's end"
        )
    return "".join(f", {word}" for word in words)


def _condition(measure: Mapping[str, Any]) -> str:
    meta = (measure.get("config") or {}).get("meta") or {}
    if "by_period_end" in meta:
        return f", {meta['by_period_end']} up to the period's end"
    return f", {meta['same_period_as']} in the same period" if "same_period_as" in meta else ""


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
