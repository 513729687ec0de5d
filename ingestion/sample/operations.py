"""Service, operations, people and reference systems of the sample company: one place that hands each exporter its part.

Belongs here: the orders that those systems know of (a share of all, so that the exports stay small at every size), the
periods of their exports, and small sheets that people keep. Not here: what an export looks like (`export_*.py`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date

import numpy as np
import pyarrow as pa

from ingestion.sample.business import REGION_OF
from ingestion.sample.constants import Size
from ingestion.sample.demand import History
from ingestion.sample.export_shopify import order_name, shop_key
from ingestion.sample.export_taobao import account_key, order_id
from ingestion.sample.orders import SHANGHAI
from ingestion.sample.outbox import Outbox, Written, next_day
from ingestion.sample.persons import IN_SHOP
from ingestion.sample.sessions import month_start
from ingestion.sample.truth import Truth
from ingestion.sample.workbook import NUMBER, Sheet, workbook

#: Orders that the service desk, the devices and the member programme may know of, at most.
PICKED_ORDERS = 6_000
#: A cell of a sheet: numbers become numeric cells, dates and words text.
Cell = str | float | int | date | None


def roll(salt: str, *keys: str) -> str:
    """SQL of a number in [0, 1) that depends on the keys alone."""
    return f"((hash('{salt}', {', '.join(keys)}) % 1000000) / 1000000.0)"


def wait(salt: str, mean: str, *keys: str) -> str:
    """SQL of an exponential time in whole seconds with that mean."""
    return f"(-ln(1.0 - {roll(salt, *keys)}) * ({mean}))::bigint"


def local(seconds: str, seen: int, form: str = "%Y-%m-%d %H:%M:%S") -> str:
    """SQL of a time in Shanghai as text; nothing before it happened."""
    text = f"strftime(make_timestamp(({seconds} + 28800) * 1000000), '{form}')"
    return f"CASE WHEN {seconds} > 0 AND {seconds} < {seen} THEN {text} END"


def utc(seconds: str, seen: int) -> str:
    """SQL of a time as ISO 8601 in UTC; nothing before it happened."""
    text = f"strftime(make_timestamp({seconds} * 1000000), '%Y-%m-%dT%H:%M:%SZ')"
    return f"CASE WHEN {seconds} > 0 AND {seconds} < {seen} THEN {text} END"


def half_years(history: History) -> Iterator[tuple[date, int, int]]:
    """Last day, first second and end second of the periods of these exports, as both CRM systems have them."""
    begin = 0
    for month in range(history.month_count):
        last = history.days(month)[-1]
        if last.month in (3, 9) or month == history.month_count - 1:
            low = month_start(history, begin) if begin > 0 else 0
            yield last, low, month_start(history, month + 1)
            begin = month + 1


def second_of(day: date) -> int:
    """First second of a day in Shanghai, as seconds since 1970 in UTC."""
    return (day - date(1970, 1, 1)).days * 86400 - int(SHANGHAI.total_seconds())


def write_sheet(
    outbox: Outbox, system: str, export: str, name: str, sheet: str, headings: Sequence[str],
    rows: Sequence[Sequence[Cell]], exported: date, *, title: str | None = None,
    rejected: dict[str, int] | None = None,
) -> Written:  # fmt: skip
    """A workbook that people keep: one sheet of these rows."""
    columns = {}
    for place in range(len(headings)):
        cells = [row[place] for row in rows]
        texts = [None if c is None else f"{NUMBER}{c}" if isinstance(c, int | float) else str(c) for c in cells]
        columns[f"c{place}"] = pa.array(texts, pa.string())
    outbox.register("sheet_arrow", pa.table(columns))
    content, count = workbook(outbox.con, [Sheet(sheet, tuple(headings), "SELECT * FROM sheet_arrow", title)])
    outbox.con.unregister("sheet_arrow")
    return outbox.write_bytes(system, export, name, content, count, next_day(exported), rejected)


class Operations:
    """What these systems know of the company, collected month by month; then all their exports."""

    def __init__(self, outbox: Outbox, history: History, seed: int, size: Size) -> None:
        self.outbox, self.history, self.seed, self.size = outbox, history, seed, size
        self.share = min(0.4, PICKED_ORDERS / size.orders)
        regions = " ".join(f"WHEN '{province}' THEN '{region}'" for province, region in REGION_OF.items())
        self.region = f"CASE WHEN is_foreign THEN 'Overseas' ELSE CASE province {regions} END END"
        self._is_made = False

    def take_month(self) -> None:
        """Keep the share of the month in the tables `month_order` and `month_line`."""
        head = "INSERT INTO picked" if self._is_made else "CREATE OR REPLACE TABLE picked AS"
        is_shop = f"system = {IN_SHOP}"
        self.outbox.con.execute(
            f"""
            {head}
            SELECT CASE WHEN {is_shop} THEN 'shopify' ELSE 'taobao' END AS source,
                CASE WHEN {is_shop} THEN {order_name("number")} ELSE {order_id("number")} END AS order_id,
                CASE WHEN NOT ({is_shop}) THEN {account_key()} END AS buyer_account,
                CASE WHEN {is_shop} THEN lower({shop_key()}) END AS email,
                o.name, CASE WHEN {is_shop} THEN shop_phone ELSE market_phone END AS phone, person, is_foreign,
                {self.region} AS region, CASE WHEN is_foreign THEN state ELSE province END AS province, city,
                created, paid, refund, refunded, total, l.sku, l.line, l.product_name, l.device_sku, l.device_name
            FROM month_order o JOIN (
                SELECT "row", arg_min(p.sku, line_number) AS sku, arg_min(p.line, line_number) AS line,
                    arg_min(p.name_zh, line_number) AS product_name,
                    min(p.sku) FILTER (p.sku IN ('CF-1003', 'AW-1001') OR (p.line = 'Smart Home')) AS device_sku,
                    arg_min(p.name, p.sku) FILTER (p.sku IN ('CF-1003', 'AW-1001') OR (p.line = 'Smart Home'))
                        AS device_name
                FROM month_line JOIN product p USING (product) GROUP BY "row"
            ) l USING ("row")
            WHERE platform IN ('shopify', 'taobao')
                AND {roll("picked", "system", "number", "created")} < {self.share}
            ORDER BY created, order_id
            """
        )
        self._is_made = True

    def write(self, truth: Truth, spend: dict[tuple[str, int], float], sessions: int) -> None:
        """Write every export of these systems, and `planted.json` beside the truth. `spend`: CNY by channel, month."""
        from ingestion.sample import (
            experiments,
            export_crm_cn_work,
            export_erp,
            export_hr,
            export_iot,
            export_oa,
            export_service_desk,
            export_stores,
            reference_market,
            reference_planning,
            reference_reviews,
            service,
        )

        outbox, history, seed, end = self.outbox, self.history, self.seed, month_start(self.history, len(self))
        planted: dict[str, object] = {}
        planted["service"] = service.make(outbox.con, history, end)
        planted["funnel"] = export_crm_cn_work.funnel_truth(outbox.con, end)
        planted["surveys"] = export_service_desk.write(outbox, history, seed)
        planted["agreements"] = export_oa.write(outbox, history, seed)
        planted["finance"] = export_erp.write(outbox, history, seed, spend, truth.revenue.sum(axis=(1, 2, 3)))
        planted["devices"] = export_iot.write(outbox, history)
        planted["stores"] = export_stores.write(outbox, history, seed, truth)
        planted["people"] = export_hr.write(outbox, history, seed)
        planted["experiments"] = experiments.write(outbox, history, seed, min(3_000, sessions // 20))
        planted["market"] = reference_market.write(outbox, history, seed, truth)
        planted["calendar"] = reference_planning.write(outbox, history, seed)
        planted["reviews"] = reference_reviews.write(outbox, history, seed)
        text = json.dumps(planted, ensure_ascii=False, indent=2, default=_plain)
        (truth.folder / "planted.json").write_text(text + "\n", encoding="utf-8")

    def __len__(self) -> int:
        return self.history.month_count


def _plain(value: object) -> object:
    if isinstance(value, np.generic):
        return value.item()
    return str(value)
