"""The truth about the sample company: what really is, beside what the exports say.

Belongs here: collecting it while the company is made, and writing it below the home's `truth/`, never into the inbox.
Files: `orders.parquet`, `leads.parquet`, `identities.parquet`, `revenue_by_month.csv`, `spend_by_month.csv`,
`anomalies.json`, `mentions.parquet` (written by `export_listening.py`), `files.csv`, `rejected.csv`, `totals.json`.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ingestion.sample.crm_keys import CONTACT_ID, CUSTOMER, DEAL, HUB_TWIN, LEAD, PROSPECT
from ingestion.sample.demand import History
from ingestion.sample.export_hubspot import IS_TWIN, TWIN_EMAIL, TWIN_KNOWN
from ingestion.sample.export_jd import jd_order_id
from ingestion.sample.export_shopify import _roll, order_name
from ingestion.sample.export_taobao import order_id
from ingestion.sample.orders import MonthOrders
from ingestion.sample.outbox import Written
from ingestion.sample.persons import IN_SHOP, MARKETS, Persons
from ingestion.sample.products import arrays, product_lines
from ingestion.sample.random_streams import Floats
from ingestion.sample.stores import STORES
from ingestion.sample.words import CITIES

REGIONS = ("North China", "Northeast China", "East China", "Central China", "South China", "Southwest China",
           "Northwest China", "Overseas")  # fmt: skip
_REGION_OF = {
    "北京": 0, "天津": 0, "辽宁": 1, "上海": 2, "浙江": 2, "江苏": 2, "福建": 2, "山东": 2, "河南": 3, "湖北": 3,
    "湖南": 3, "广东": 4, "重庆": 5, "四川": 5, "陕西": 6,
}  # fmt: skip
REGION_WORDS = {"华北": 0, "东北": 1, "华东": 2, "华中": 3, "华南": 4, "西南": 5, "西北": 6, "Overseas": 7}
CHANNELS = ("shopify", "tmall", "deals", "jd", "store")  # Taobao and Tmall are one channel
_MONTH = "strftime(make_timestamp(({0} + 28800) * 1000000), '%Y-%m')"


class Truth:
    """Collects the truth month by month; `revenue` is in CNY by month, region, channel and product line (goods after
    discount of paid orders, before refunds)."""

    def __init__(
        self, folder: Path, con: duckdb.DuckDBPyConnection, history: History, persons: Persons, usd: Floats
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.con, self.history, self.persons = folder, con, history, persons
        self.usd = usd  # CNY of a dollar by day, from ten days before the history on
        lines = len(product_lines())
        self.revenue = np.zeros((history.month_count + 1, len(REGIONS), len(CHANNELS), lines))
        self.stores = np.zeros((history.month_count + 1, len(STORES)))  # revenue of each store, CNY
        self.store_orders = np.zeros((history.month_count + 1, len(STORES)), np.int64)
        self.refunds = np.zeros(history.month_count + 1)
        self.cost = np.zeros(history.month_count + 1)
        self.order_counts = np.zeros(history.month_count + 1, np.int64)
        self.seen = {name: np.zeros(persons.count, bool) for name in ("shop", "market", "second")}
        self._writer: pq.ParquetWriter | None = None
        self._starts = np.array([self._second(m) for m in range(history.month_count + 1)])
        con.execute(
            "CREATE OR REPLACE TABLE truth_money "
            "(system VARCHAR, month VARCHAR, currency VARCHAR, what VARCHAR, cents HUGEINT)"
        )

    def _second(self, month: int) -> int:
        from ingestion.sample.sessions import month_start

        return month_start(self.history, month)

    def add_month(self, orders: MonthOrders) -> None:
        """Take the month in table `month_order` and its arrays."""
        self._append_orders()
        self._count_money()
        system = orders.system
        seen = {
            "shop": (system == IN_SHOP) & ~orders.uses_second,
            "market": (system != IN_SHOP) & ~orders.uses_second,
            "second": orders.uses_second,
        }
        for name, mask in seen.items():
            self.seen[name][orders.person[mask]] = True
        paid = orders.paid > 0
        day = np.clip((orders.paid + 28800) // 86400 - (self._starts[0] + 28800) // 86400 + 10, 0, len(self.usd) - 1)
        rate = np.where(orders.is_usd, self.usd[day], 1.0)
        month = np.searchsorted(self._starts, orders.paid, side="right") - 1
        city_region = np.array([_REGION_OF[c[0]] for c in CITIES])
        city = np.where(orders.is_usd, 0, self.persons.city[orders.person])
        region = np.where(orders.is_usd, len(REGIONS) - 1, city_region[city])
        keep = orders.net / np.maximum(orders.goods, 1)
        line = orders.line_order
        on_jd = self.persons.market[orders.person] == MARKETS.index("jd")
        channel = np.where(orders.store >= 0, 4, np.where(system == IN_SHOP, 0, np.where(on_jd, 3, 1)))
        value = orders.price * orders.quantity * (keep * rate * paid)[line] / 100.0
        place = (
            month[line].clip(0),
            region[line],
            channel[line],
            arrays()["line"][orders.product],
        )
        np.add.at(self.revenue, place, value)
        cost = arrays()["unit_cost"][orders.product] * orders.quantity * paid[line]
        np.add.at(self.cost, month[line].clip(0), cost)
        np.add.at(self.order_counts, month[paid], 1)
        sold = paid & (orders.store >= 0)
        np.add.at(self.stores, (month[sold], orders.store[sold]), orders.net[sold] / 100.0)
        np.add.at(self.store_orders, (month[sold], orders.store[sold]), 1)
        refund_month = np.searchsorted(self._starts, orders.refunded, side="right") - 1
        np.add.at(self.refunds, refund_month.clip(0), orders.refund * rate / 100.0)

    def _append_orders(self) -> None:
        table = self.con.execute(
            f"""
            SELECT platform AS source_system,
                CASE platform WHEN 'shopify' THEN {order_name("number")} WHEN 'jd' THEN {jd_order_id("number")}
                    ELSE {order_id("number")} END AS order_id,
                person_id, cause AS marketing_channel, CASE WHEN is_usd THEN 'USD' ELSE 'CNY' END AS currency,
                (goods - discount)::bigint AS net_cents, refund AS refund_cents,
                CASE WHEN paid > 0 THEN make_timestamp(paid * 1000000) END AS paid_at,
                CASE WHEN refunded > 0 THEN make_timestamp(refunded * 1000000) END AS refunded_at
            FROM month_order ORDER BY "row"
            """
        ).fetch_arrow_table()
        if self._writer is None:
            self._writer = pq.ParquetWriter(self.folder / "orders.parquet", table.schema, compression="zstd")
        self._writer.write_table(table)

    def _count_money(self) -> None:
        stated = (
            f"CASE WHEN system = {IN_SHOP} AND refund = total AND {_roll('cancel')} < 0.5 THEN refunded ELSE paid END"
        )
        head = "SELECT platform, {0}, CASE WHEN is_usd THEN 'USD' ELSE 'CNY' END"
        for what, moment, value in (
            ("net", "paid", "goods - discount"),
            ("orders", "paid", "1"),
            ("refund", "refunded", "refund"),
            ("refund_as_stated", stated, "refund"),
        ):
            mask = "paid > 0" if what in ("net", "orders") else "refund > 0"
            self.con.execute(
                f"INSERT INTO truth_money {head.format(_MONTH.format(moment))}, '{what}', sum({value}) "
                f"FROM month_order WHERE {mask} GROUP BY ALL"
            )

    def add_deals(self, end: int) -> None:
        """Take the deals won before the end second."""
        self.con.execute(
            "INSERT INTO truth_money SELECT crm, "
            f"CASE WHEN crm <> 'salesforce' THEN {_MONTH.format('deal_closed')} "
            # Salesforce states the day only, in UTC
            "ELSE strftime(make_timestamp(deal_closed * 1000000), '%Y-%m') END, "
            "CASE WHEN deal_is_cn THEN 'CNY' ELSE 'USD' END, u.what, "
            "sum(CASE u.what WHEN 'net' THEN amount ELSE 1 END) "
            f"FROM deal, (VALUES ('net'), ('deals_won')) u(what) WHERE deal_is_won AND deal_closed < {end} GROUP BY ALL"
        )
        rows = self.con.execute(
            "SELECT deal_closed, amount, cost, region, line, deal_is_cn FROM deal "
            f"WHERE deal_is_won AND deal_closed < {end} ORDER BY d"
        ).fetchall()
        lines = product_lines()
        for closed, amount, cost, region, line, is_cn in rows:
            month = int(np.searchsorted(self._starts, closed, side="right")) - 1
            day = min((closed + 28800) // 86400 - (int(self._starts[0]) + 28800) // 86400 + 10, len(self.usd) - 1)
            rate = 1.0 if is_cn else float(self.usd[day])
            self.revenue[month, REGION_WORDS[region], 2, lines.index(line)] += amount * rate / 100.0
            self.cost[month] += cost * rate / 100.0

    def finish(
        self, files: list[Written], spend: dict[tuple[str, str, str], int], end: int, sessions: int
    ) -> dict[str, Any]:
        """Write all that is left and return the totals."""
        if self._writer is not None:
            self._writer.close()
        self._write_leads(end)
        self._write_identities(end)
        self._copy_csv(
            "revenue_by_month.csv",
            "SELECT system AS source_system, month, currency, what, "
            "(total::decimal(24, 0) / CASE WHEN what IN ('orders', 'deals_won') THEN 1 ELSE 100 END)::decimal(24, 2) "
            "AS amount FROM (SELECT system, month, currency, what, sum(cents) AS total FROM truth_money GROUP BY ALL) "
            "ORDER BY ALL",
        )
        _write_rows(
            self.folder / "spend_by_month.csv",
            ("source_system", "month", "currency", "spend"),
            [(*key, f"{value / 100:.2f}") for key, value in sorted(spend.items())],
        )
        _write_rows(
            self.folder / "files.csv",
            ("path", "source_system", "export", "rows", "rejected", "expected_state"),
            [(f.path, f.system, f.export, f.row_count, sum(f.rejected.values()), f.expected_state) for f in files],
        )
        _write_rows(
            self.folder / "rejected.csv",
            ("path", "reason", "rows"),
            [(f.path, reason, count) for f in files for reason, count in sorted(f.rejected.items())],
        )
        _write_json(self.folder / "anomalies.json", self.history.anomaly_rows())
        totals = self._totals(files, sessions, end)
        _write_json(self.folder / "totals.json", totals)
        return totals

    def _totals(self, files: list[Written], sessions: int, end: int) -> dict[str, Any]:
        by_system = self.con.execute(
            "SELECT system, what, currency, sum(cents)::bigint FROM truth_money GROUP BY ALL ORDER BY ALL"
        ).fetchall()
        leads = self.con.execute(
            "SELECT crm AS s, count(*), "
            f"count(*) FILTER (converted > 0 AND converted < {end}) "
            f"FROM lead WHERE created < {end} GROUP BY s ORDER BY s"
        ).fetchall()
        return {
            "start_date": str(self.history.start_date),
            "end_date": str(self.history.end_date),
            "seed": self.history.seed,
            "orders_paid": {s: int(v) for s, what, _, v in _summed(by_system) if what == "orders"},
            "deals_won": {s: int(v) for s, what, _, v in _summed(by_system) if what == "deals_won"},
            "net_amount": {f"{s} {c}": f"{v / 100:.2f}" for s, what, c, v in by_system if what == "net"},
            "refund_amount": {f"{s} {c}": f"{v / 100:.2f}" for s, what, c, v in by_system if what == "refund"},
            "leads": {s: n for s, n, _ in leads},
            "leads_converted": {s: n for s, _, n in leads},
            "sessions": sessions,
            "files": len(files),
            "rows": sum(f.row_count for f in files),
            "rejected_rows_of_active_files": sum(
                sum(f.rejected.values()) for f in files if f.expected_state == "active"
            ),
            "held_files": [f.path for f in files if f.expected_state == "held"],
            "unrecognised_files": [f.path for f in files if f.expected_state == "unrecognised"],
        }

    def _write_leads(self, end: int) -> None:
        self._copy_parquet(
            "leads.parquet",
            f"""
            SELECT crm AS source_system, {LEAD} AS lead_id, true_channel AS marketing_channel,
                stated_source, is_valid, make_timestamp(created * 1000000) AS created_at,
                CASE WHEN converted > 0 AND converted < {end} THEN make_timestamp(converted * 1000000) END
                    AS converted_at,
                CASE WHEN f.d IS NULL OR converted >= {end} THEN NULL ELSE {DEAL} END AS opportunity_id,
                coalesce(f.deal_is_won AND f.deal_closed < {end}, false) AS is_won
            FROM lead
            LEFT JOIN (SELECT lead AS n, d, deal_is_won, deal_closed FROM deal WHERE NOT is_repeat) f USING (n)
            WHERE created < {end} ORDER BY n
            """,
        )

    def _write_identities(self, end: int) -> None:
        seen = pa.table(
            {"person": pa.array(np.arange(self.persons.count)), **{f"seen_{k}": v for k, v in self.seen.items()}}
        )
        self.con.register("seen_arrow", seen)
        known = f"converted > 0 AND converted < {end}"
        person_id = "coalesce(p.person_id, 'B' || lpad(n::varchar, 7, '0'))"
        persons_own = f"CASE WHEN shopper >= 0 THEN 'email' WHEN {known} THEN 'phone' ELSE 'single' END"
        leads = f"FROM lead l LEFT JOIN person p ON p.person = l.shopper WHERE created < {end}"
        self._copy_parquet(
            "identities.parquet",
            f"""
            SELECT * FROM (
                SELECT person_id, 'shopify' AS source_system, 'person' AS customer_type, 'email' AS key_kind,
                    lower(email) AS source_key, shop_phone AS phone, email, link AS linked_by
                FROM person JOIN seen_arrow USING (person) WHERE seen_shop
                UNION ALL SELECT person_id, 'shopify', 'person', 'email', lower(second_email), shop_phone,
                    second_email, 'phone'
                FROM person JOIN seen_arrow USING (person)
                WHERE seen_second AND second_email IS NOT NULL AND systems = {IN_SHOP}
                UNION ALL SELECT person_id, market, 'person', 'account', account, market_phone, NULL, link
                FROM person JOIN seen_arrow USING (person) WHERE seen_market
                UNION ALL SELECT person_id, 'taobao', 'person', 'account', second_account, market_phone, NULL, 'phone'
                FROM person JOIN seen_arrow USING (person)
                WHERE seen_second AND second_account IS NOT NULL AND systems <> {IN_SHOP}
                UNION ALL SELECT {person_id}, crm, 'organisation', 'id',
                    CASE WHEN {known} THEN {CUSTOMER} ELSE {LEAD} END,
                    phone, l.email, CASE WHEN shopper < 0 THEN 'single' ELSE 'phone' END
                {leads} AND is_cn
                UNION ALL SELECT {person_id}, crm, 'organisation', 'id', {CUSTOMER}, phone, NULL, 'phone'
                {leads} AND NOT is_cn AND {known}
                UNION ALL SELECT {person_id}, crm, 'person', 'id',
                    CASE WHEN crm = 'salesforce' AND {known} THEN {CONTACT_ID} ELSE {PROSPECT} END, phone, l.email,
                    {persons_own}
                {leads} AND NOT is_cn
                UNION ALL SELECT {person_id}, crm, 'person', 'id', 'contact:' || {HUB_TWIN}, NULL, {TWIN_EMAIL},
                    'own_key'
                {leads} AND {IS_TWIN} AND {TWIN_KNOWN.format(end=end)}
            ) ORDER BY person_id, source_system, source_key
            """,
        )
        self.con.unregister("seen_arrow")

    def _copy_parquet(self, name: str, sql: str) -> None:
        pq.write_table(self.con.execute(sql).fetch_arrow_table(), self.folder / name, compression="zstd")

    def _copy_csv(self, name: str, sql: str) -> None:
        self.con.execute(
            f"COPY ({sql}) TO '{str(self.folder / name).replace(chr(39), chr(39) * 2)}' (FORMAT csv, HEADER true)"
        )


def _summed(rows: list[tuple[str, str, str, int]]) -> list[tuple[str, str, str, int]]:
    """Rows with the currencies of a system added up (for counts)."""
    result: dict[tuple[str, str], int] = {}
    for system, what, _, value in rows:
        result[system, what] = result.get((system, what), 0) + value
    return [(system, what, "", value) for (system, what), value in result.items()]


def _write_rows(path: Path, headings: tuple[str, ...], rows: list[tuple[object, ...]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(headings)
        writer.writerows(rows)


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True) + "\n", encoding="utf-8")
