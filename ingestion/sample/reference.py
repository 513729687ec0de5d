"""What people keep by hand: products, employees, exchange rates, budgets and goals.

Belongs here: the reference sheets and the course of the exchange rates. Not here: the figures that goals are set
against (`truth.py` collects them while the orders are made).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from ingestion.sample import words
from ingestion.sample.demand import History
from ingestion.sample.outbox import Outbox, next_day
from ingestion.sample.random_streams import Floats, stream
from ingestion.sample.workbook import Sheet, workbook

PRODUCT = ("Product ID", "Product name", "Product line", "Product type", "Life cycle stage", "Launch date",
            "High margin", "Star", "Unit cost", "List price", "Currency")  # fmt: skip
EMPLOYEE = ("Employee ID", "Name", "Team", "Region", "Role", "Manager ID", "CRM user ID", "Hired", "Left", "Valid from")
GOAL = ("KPI", "Grain", "Period start", "Region", "Product line", "Channel", "Team", "Employee ID", "Target", "Owner",
         "Definition", "Version")  # fmt: skip
BUDGET = ("营销渠道", "开始日期", "结束日期", "计划金额", "预留金额", "币种")
RATE = ("Base currency", "Quote currency", "Date", "Rate")
_RATES = (("USD", 7.16), ("EUR", 7.72), ("GBP", 9.02))


def usd_rates(seed: int, history: History) -> dict[str, Floats]:
    """Rates in CNY of one unit of each currency, a value per day from ten days before the history on.

    Days without a fixing (weekends) carry the last one, as a reader of the exported rates has to.
    """
    count = (history.end_date - history.start_date).days + 11
    result = {}
    for name, level in _RATES:
        rng = stream(seed, f"rate {name}")
        steps = rng.normal(0.0, 0.0016, count)
        path = np.empty(count)
        value = 0.0
        for i, step in enumerate(steps):  # days, not records: it pulls back to its level
            value = 0.995 * value + step
            path[i] = value
        result[name] = np.round(level * np.exp(path), 4)
    return result


def rate_days(history: History) -> list[date]:
    """The days of `usd_rates`."""
    first = history.start_date - timedelta(10)
    return [first + timedelta(n) for n in range((history.end_date - first).days + 1)]


def carried(rates: Floats, days: Sequence[date]) -> Floats:
    """Rates with weekends at Friday's rate."""
    result = rates.copy()
    for i in range(1, len(days)):
        if days[i].weekday() >= 5:
            result[i] = result[i - 1]
    return result


def write_rates(outbox: Outbox, seed: int, history: History) -> None:
    """The daily rates as one file, working days of the week only."""
    days = rate_days(history)
    parts = [
        pa.table({"base": [name] * len(days), "day": days, "rate": values})
        for name, values in usd_rates(seed, history).items()
    ]
    outbox.register("rate_arrow", pa.concat_tables(parts))
    last = history.end_date
    outbox.write_csv(
        "reference", "exchange_rates", f"exchange_rates_{last:%Y-%m}.csv", RATE,
        "SELECT base, 'CNY', day::varchar, format('{:.4f}', rate) FROM rate_arrow "
        "WHERE isodow(day) < 6 ORDER BY base, day",
        next_day(last),
    )  # fmt: skip
    outbox.con.unregister("rate_arrow")


def write_products(outbox: Outbox, history: History) -> None:
    """The product list of each year's end and of today; the last one replaces the others, earlier costs were lower."""
    years = sorted({m.year for m in history.months})
    for year in years:
        last = min(date(year, 12, 31), history.end_date)
        share = 1.0 - 0.02 * (years[-1] - year)
        outbox.write_csv(
            "reference", "products", f"products_{last:%Y-%m-%d}.csv", PRODUCT,
            "SELECT sku, name, line, kind, stage, launched, CASE WHEN is_high_margin THEN 'yes' ELSE 'no' END, "
            "CASE WHEN is_star THEN 'yes' ELSE 'no' END, "
            f"format('{{:.2f}}', unit_cost * {share}), format('{{:.2f}}', list_price), 'CNY' "
            "FROM product ORDER BY product",
            next_day(last),
        )  # fmt: skip


def write_employees(outbox: Outbox, history: History) -> None:
    """The staff list, English headings; leavers stay in it with their last day."""
    rows = words.EMPLOYEES
    columns: dict[str, list[str | None]] = {
        "id": [e[0] for e in rows], "name": [e[1] for e in rows], "team": [e[2] for e in rows],
        "region": [e[3] or None for e in rows], "role": [e[4] for e in rows], "manager": [e[5] or None for e in rows],
        "user": [e[8] or None for e in rows], "hired": [e[6] for e in rows], "left_day": [e[7] or None for e in rows],
    }  # fmt: skip
    outbox.register("employee_arrow", pa.table({k: pa.array(v, pa.string()) for k, v in columns.items()}))
    sql = (
        'SELECT id, name, team, region, role, manager, "user", hired, left_day, NULL::varchar AS valid_from '
        "FROM employee_arrow ORDER BY id"
    )
    last = history.end_date
    content, count = workbook(outbox.con, [Sheet("Employees", EMPLOYEE, sql)])
    outbox.write_bytes("reference", "employees", f"employees_{last:%Y-%m-%d}.xlsx", content, count, next_day(last))
    outbox.con.unregister("employee_arrow")


def write_budgets(outbox: Outbox, history: History, spend: Mapping[tuple[str, int], float]) -> None:
    """Monthly budgets of the paid channels (CNY), 5% of each a reserve; `spend` by channel and month number is what
    was spent, the plan was made before and so is off by up to a sixth."""
    channels = sorted({channel for channel, _ in spend})
    rows: list[tuple[str, str, str, float, float]] = []
    for number, channel in enumerate(channels):
        for month, first in enumerate(history.months):
            # the plan: the mean of the neighbouring months' spend, in whole thousands
            around = [
                spend.get((channel, m), 0.0) for m in range(max(month - 1, 0), min(month + 2, history.month_count))
            ]
            planned = max(round(float(np.mean(around)) * (1.06 - 0.05 * number) / 100) * 100.0, 100.0)
            last = (first.replace(day=28) + timedelta(4)).replace(day=1) - timedelta(1)
            rows.append(
                (channel, str(first), f"{last:%Y年}{last.month}月{last.day}日", planned, round(planned * 0.05, 2))
            )
    table = pa.table({f"c{i}": [row[i] for row in rows] for i in range(5)})
    outbox.register("budget_arrow", table)
    last_day = history.end_date
    sheet = Sheet(
        "预算", BUDGET, "SELECT c0, c1, c2, c3, c4, 'CNY' AS c5 FROM budget_arrow ORDER BY c1, c0", "年度营销预算"
    )
    content, count = workbook(outbox.con, [sheet])
    outbox.write_bytes("reference", "budgets", f"budgets_{last_day:%Y}.xlsx", content, count, next_day(last_day))
    outbox.con.unregister("budget_arrow")


def write_goals(outbox: Outbox, history: History, goals: Sequence[tuple[str | float | int | None, ...]]) -> None:
    """The goal sheet; `goals` are rows of KPI, grain, period start, region, product line, channel, target, owner,
    definition; those of a seller name the seller last."""
    names = ("kpi", "grain", "period", "region", "line", "channel", "target", "owner", "definition", "employee")
    table = pa.table(
        {
            name: pa.array(
                [goal[i] if i < len(goal) else None for goal in goals],
                pa.float64() if name == "target" else pa.string(),
            )
            for i, name in enumerate(names)
        }
    )
    outbox.register("goal_arrow", table)
    sql = (
        "SELECT kpi, grain, period, region, line, channel, NULL::varchar AS team, employee, "
        "target, owner, definition, 1 AS version FROM goal_arrow"
    )
    last = history.end_date
    content, count = workbook(outbox.con, [Sheet("Goals", GOAL, sql)])
    outbox.write_bytes("reference", "goals", f"goals_{last:%Y}.xlsx", content, count, next_day(last))
    outbox.con.unregister("goal_arrow")
