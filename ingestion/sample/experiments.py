"""Experiments of the web shop, with a planted uplift: the sheet of experiments and the log of exposures.

Belongs here: who saw which variant and what came of it. Not here: other marketing sheets (`reference_planning.py`).
Three are planted: one with a real uplift, one without, one whose split went wrong (not the planned shares).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from ingestion.sample.demand import History
from ingestion.sample.operations import Cell, second_of, utc, write_sheet
from ingestion.sample.outbox import Outbox, comma_separated, next_day
from ingestion.sample.persons import IN_SHOP
from ingestion.sample.random_streams import stream

EXPERIMENTS = comma_separated(
    "Experiment ID,Name,Variant,Control,Planned share,Metric,Unit,Hypothesis,Marketing channel,Owner,Start,End"
)
EXPOSURES = comma_separated(
    "Exposure ID,Experiment ID,Variant,Visitor ID,Email,Exposed at,Converted,Outcome value,Outcome at,Updated at"
)


@dataclass(frozen=True)
class Experiment:
    """An experiment as it really is; `ago` is the first day, counted back from the end of the history."""

    key: str
    name: str
    unit: str
    metric: str
    channel: str
    hypothesis: str
    ago: int
    days: int
    control_rate: float
    treatment_rate: float
    treatment_share: float  # of the exposures that really saw the treatment; planned is one half


PLANTED = (
    Experiment("EXP-001", "Landing page with reviews", "visitor", "order", "paid_search",
               "Reviews above the fold bring more orders", 170, 30, 0.060, 0.084, 0.5),
    Experiment("EXP-002", "Subject line with first name", "customer", "order", "email",
               "A personal subject line brings more orders", 120, 21, 0.110, 0.110, 0.5),
    Experiment("EXP-003", "Free shipping banner", "visitor", "order", "direct",
               "A banner brings more orders", 60, 28, 0.050, 0.053, 0.42),
)  # fmt: skip


def write(outbox: Outbox, history: History, seed: int, exposures: int) -> list[dict[str, object]]:
    """Write the sheet and `exposures` exposures of each experiment; the answer is what was planted and what came."""
    last = history.end_date
    rows: list[tuple[Cell, ...]] = []
    parts: list[pa.Table] = []
    planted: list[dict[str, object]] = []
    emails = outbox.con.execute(f"SELECT lower(email) AS e FROM person WHERE systems & {IN_SHOP} > 0 ORDER BY person")
    known = emails.fetch_arrow_table().column(0).combine_chunks()
    for number, plan in enumerate(PLANTED):
        start = last - timedelta(plan.ago)
        end = start + timedelta(plan.days - 1)
        for variant in ("control", "treatment"):
            rows.append(
                (plan.key, plan.name, variant, "yes" if variant == "control" else "no", "50%", plan.metric, plan.unit,
                 plan.hypothesis, plan.channel, "E060", str(start), f"{end:%Y/%m/%d}")
            )  # fmt: skip
        count = min(exposures, len(known)) if plan.unit == "customer" else exposures
        table, figures = _exposures(seed, number, plan, start, count, known)
        parts.append(table)
        planted.append(figures)
    write_sheet(
        outbox, "reference", "experiments", f"experiments_{last:%Y-%m-%d}.xlsx", "Experiments", EXPERIMENTS, rows, last
    )
    outbox.register("exposure_arrow", pa.concat_tables(parts))
    _write_exposures(outbox, last)
    outbox.con.unregister("exposure_arrow")
    return planted


def _exposures(
    seed: int, number: int, plan: Experiment, start: date, count: int, known: pa.StringArray
) -> tuple[pa.Table, dict[str, object]]:
    rng = stream(seed, "experiment", number)
    is_treated = rng.random(count) < plan.treatment_share
    exposed = np.sort(second_of(start) + rng.integers(0, plan.days * 86400, count))
    rate = np.where(is_treated, plan.treatment_rate, plan.control_rate)
    is_converted = rng.random(count) < rate
    outcome = np.where(is_converted, exposed + rng.integers(120, 2 * 86400, count), 0)
    value = np.where(is_converted, np.round(rng.gamma(2.0, 160.0, count) + 30, 2), 0.0)
    visitor = 1_000_000_000 + (number * 10**8 + rng.integers(0, 10**8, count))
    email = pa.nulls(count, pa.string())
    if plan.unit == "customer":
        email = known.take(pa.array(rng.permutation(len(known))[:count]))
    table = pa.table(
        {
            "experiment": pa.array([plan.key] * count, pa.string()), "number": np.arange(count) + number * 1_000_000,
            "is_treated": is_treated, "exposed": exposed, "is_converted": is_converted, "outcome": outcome,
            "value": value, "visitor": visitor, "email": email,
        }
    )  # fmt: skip
    arms = {
        name: {"exposed": int(mask.sum()), "converted": int((mask & is_converted).sum())}
        for name, mask in (("control", ~is_treated), ("treatment", is_treated))
    }
    return table, {
        "experiment": plan.key, "control_rate": plan.control_rate, "treatment_rate": plan.treatment_rate,
        "uplift": round(plan.treatment_rate / plan.control_rate - 1, 4),
        "is_split_as_planned": plan.treatment_share == 0.5, "counts": arms,
    }  # fmt: skip


def _write_exposures(outbox: Outbox, last: date) -> None:
    """One file for all; a conversion that came the day after is in the same record."""
    seen = second_of(last) + 10 * 86400
    sql = f"""
        SELECT 'X' || lpad(number::varchar, 8, '0'), experiment,
            CASE WHEN is_treated THEN 'treatment' ELSE 'control' END,
            CASE WHEN email IS NULL THEN visitor::varchar || '.' || (1600000000 + visitor % 99999999)::varchar END,
            email,
            {utc("exposed", seen)}, CASE WHEN is_converted THEN 'true' ELSE 'false' END,
            CASE WHEN is_converted THEN format('{{:.2f}}', value) END, {utc("outcome", seen)},
            coalesce({utc("outcome", seen)}, {utc("exposed", seen)})
        FROM exposure_arrow ORDER BY number
    """
    sql = f"SELECT * FROM ({sql}) q({', '.join(f'c{i}' for i in range(len(EXPOSURES)))})"
    name = f"experiment_exposures_{last:%Y-%m-%d}.csv"
    outbox.write_csv("reference", "experiment_exposures", name, EXPOSURES, sql, next_day(last))
