"""Goals of the sample company: set around what really came about, so that lights are green, yellow and red.

Belongs here: the rows of the goal sheet. Not here: its form (`reference.py`). A target is the true value times a factor
that differs from cell to cell; of the running year, the value expected by last year's season.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle

import numpy as np

from ingestion.sample.demand import History
from ingestion.sample.products import product_lines
from ingestion.sample.random_streams import Floats, Ints
from ingestion.sample.truth import REGIONS, Truth

Row = tuple[str | float | int | None, ...]
# below 1: reached (green); to 1.17: nearly (yellow); above: missed (red)
_FACTORS = (1.05, 0.97, 1.16, 0.99, 0.92, 1.09, 0.95, 1.24)
_DIRECTOR, _MARKETING, _OVERSEAS = "E001", "E060", "E050"
_REGION_OWNERS = dict(zip(REGIONS, ("E030", "E030", "E010", "E040", "E020", "E040", "E040", _OVERSEAS), strict=True))
_CHANNEL_WORDS = ("官网商城", "天猫")
# KPI, target of the first full year, change a year, owner
_RATIOS: tuple[tuple[str, float, float, str], ...] = (
    ("gross_margin", 0.385, 0.002, _DIRECTOR),
    ("refund_rate", 0.040, -0.001, _DIRECTOR),
    ("lead_conversion_rate", 0.150, 0.005, _DIRECTOR),
    ("win_rate", 0.440, 0.010, _DIRECTOR),
    ("repurchase_rate", 0.400, 0.010, _MARKETING),
    ("cost_per_lead", 215.0, -5.0, _MARKETING),
    ("visit_conversion_rate", 0.080, 0.002, _MARKETING),
    ("click_through_rate", 0.020, 0.0, _MARKETING),
    ("engagement_rate", 0.060, 0.001, _MARKETING),
    ("valid_lead_share", 0.75, 0.01, _MARKETING),
)


def _year_factor(history: History, values: Floats, year: int) -> float:
    """What the year's months so far have to be multiplied by to stand for the whole year."""
    months = [i for i, m in enumerate(history.months) if m.year == year]
    if len(months) == 12:
        return 1.0
    before = [i - 12 for i in range(months[0], months[0] + 12) if 0 <= i - 12 < history.month_count]
    if len(before) < 12 or values[before].sum() == 0:
        return 12.0 / len(months)
    seen = values[[i - 12 for i in months]].sum()
    return float(values[before].sum() / seen) if seen else 12.0 / len(months)


def _money_rows(history: History, kpi: str, values: Floats, cell: tuple[str | None, str | None, str | None], owner: str,
                factors: Iterator[float], grains: tuple[str, ...], definition: str) -> list[Row]:  # fmt: skip
    rows: list[Row] = []
    years = sorted({m.year for m in history.months})
    for year in years:
        months = [i for i, m in enumerate(history.months) if m.year == year]
        is_whole = history.months[months[0]].month == 1  # else the history holds the end of the year only
        total = float(values[months].sum()) * _year_factor(history, values, year) * next(factors)
        if "year" in grains and is_whole and total > 0:
            target = float(round(total, -2) if total > 10_000 else round(total))
            rows.append((kpi, "year", f"{year}-01-01", *cell, target, owner, definition))
        if "quarter" in grains:
            for quarter in range(4):
                part = [i for i in months if (history.months[i].month - 1) // 3 == quarter]
                target = float(round(float(values[part].sum()) * next(factors)))
                if len(part) == 3 and target > 0:
                    rows.append((kpi, "quarter", f"{year}-{quarter * 3 + 1:02d}-01", *cell, target, owner, definition))
        if "month" in grains:
            for i in months:
                rows.append(
                    (
                        kpi,
                        "month",
                        str(history.months[i]),
                        *cell,
                        float(round(values[i] * next(factors))),
                        owner,
                        definition,
                    )
                )
    return rows


def make_goals(history: History, truth: Truth, leads_by_month: Ints, first_orders_by_month: Ints) -> list[Row]:
    """Rows of the goal sheet: KPI, grain, period start, region, product line, channel, target, owner, definition."""
    factors = cycle(_FACTORS)
    months = history.month_count
    revenue = truth.revenue[:months]
    total = revenue.sum(axis=(1, 2, 3)) - truth.refunds[:months]
    everywhere: tuple[str | None, str | None, str | None] = (None, None, None)
    text = "Paid net amount minus refunds, plus won deals, CNY"
    rows = _money_rows(history, "revenue", total, everywhere, _DIRECTOR, factors, ("year", "quarter", "month"), text)
    for number, region in enumerate(REGIONS):
        values = revenue[:, number].sum(axis=(1, 2))
        rows += _money_rows(
            history, "revenue", values, (region, None, None), _REGION_OWNERS[region], factors, ("year", "quarter"), text
        )
    for number, line in enumerate(product_lines()):
        values = revenue[:, :, :, number].sum(axis=(1, 2))
        rows += _money_rows(history, "revenue", values, (None, line, None), _DIRECTOR, factors, ("year",), text)
    for number, word in enumerate(_CHANNEL_WORDS):
        values = revenue[:, :, number].sum(axis=(1, 2))
        rows += _money_rows(
            history, "revenue", values, (None, None, word), _MARKETING, factors, ("year", "quarter"), text
        )
    for number, region in enumerate(REGIONS[:5]):
        values = revenue[:, number, :, 0].sum(axis=1)
        rows += _money_rows(
            history,
            "revenue",
            values,
            (region, product_lines()[0], None),
            _REGION_OWNERS[region],
            factors,
            ("year",),
            text,
        )
    profit = total - truth.cost[:months]
    rows += _money_rows(
        history, "gross_profit", profit, everywhere, _DIRECTOR, factors, ("year",), "Revenue minus cost, CNY"
    )
    for kpi, values, owner in (
        ("orders", truth.order_counts[:months].astype(np.float64), _MARKETING),
        ("leads", leads_by_month.astype(np.float64), _MARKETING),
        ("new_customers", first_orders_by_month.astype(np.float64), _MARKETING),
    ):
        rows += _money_rows(history, kpi, values, everywhere, owner, factors, ("year", "quarter"), "")
    for kpi, base, step, owner in _RATIOS:
        for n, year in enumerate(sorted({m.year for m in history.months})):
            target = round(base + n * step, 4)
            present = [m.month for m in history.months if m.year == year]
            if present[0] == 1:
                rows.append((kpi, "year", f"{year}-01-01", *everywhere, target, owner, ""))
            quarters = [q for q in (1, 4, 7, 10) if {q, q + 1, q + 2} <= set(present)]
            rows += [(kpi, "quarter", f"{year}-{q:02d}-01", *everywhere, target, owner, "") for q in quarters]
    return rows
