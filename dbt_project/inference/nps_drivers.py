"""Drivers of the recommendation: regressions for each quarter and group of respondents.

Belongs here: which drivers a group has, which of its answers are taken, and the table of effects. Not here: the
estimate (`regression.py`).
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dbt_project.inference.regression import least_squares

#: What each group of respondents went through, as columns of the observations.
DRIVERS = {
    "callers": ("first_response_hours", "resolution_hours", "is_complaint"),
    "buyers": ("delivery_days", "is_refunded"),
}
#: A driver known of fewer of the answers is left out; answers that lack a driver taken are left out.
KNOWN_SHARE = 0.5

SCHEMA = pa.schema(
    [
        ("quarter_start_date", pa.date32()),
        ("respondents", pa.string()),
        ("driver", pa.string()),
        ("effect", pa.float64()),
        ("effect_lower", pa.float64()),
        ("effect_upper", pa.float64()),
        ("p_value", pa.float64()),
        ("respondent_count", pa.int64()),
    ]
)


def driver_table(observations: pa.Table, minimum: int) -> pa.Table:
    """Effects on the recommendation (points of 0 to 10, per unit of the driver) with intervals of 95%.

    `observations`: quarter_start_date, respondents, recommendation and the drivers, one row per answer. Quarters with
    fewer than `minimum` usable answers of a group have no rows.
    """
    rows: list[dict[str, object]] = []
    quarters = sorted(set(observations["quarter_start_date"].to_pylist()))
    for group, drivers in DRIVERS.items():
        for quarter in quarters:
            part = observations.filter((pc.field("respondents") == group) & (pc.field("quarter_start_date") == quarter))
            if part.num_rows < minimum:
                continue
            columns = {d: part[d].to_numpy(zero_copy_only=False).astype(np.float64) for d in drivers}
            names = [d for d, values in columns.items() if np.isfinite(values).mean() >= KNOWN_SHARE]
            if not names:
                continue
            values = np.column_stack([columns[name] for name in names])
            complete = np.isfinite(values).all(axis=1)
            if complete.sum() < minimum:
                continue
            outcome = part["recommendation"].to_numpy(zero_copy_only=False).astype(np.float64)[complete]
            for effect in least_squares(values[complete], outcome, names):
                rows.append(
                    {
                        "quarter_start_date": quarter, "respondents": group, "driver": effect.driver,
                        "effect": effect.effect, "effect_lower": effect.lower, "effect_upper": effect.upper,
                        "p_value": effect.p_value, "respondent_count": effect.observations,
                    }
                )  # fmt: skip
    return pa.Table.from_pylist(rows, schema=SCHEMA)
