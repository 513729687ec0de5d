"""Makes the sample company: its exports into a home's inbox, its truth beside.

Belongs here: the order of the work, a month at a time, so that the largest size needs no more memory than its persons
and two months of orders. Not here: what anything looks like.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from ingestion.errors import UsageError
from ingestion.home import Home
from ingestion.sample import (
    export_accounts,
    export_ad_reports,
    export_crm_cn,
    export_crm_cn_work,
    export_hubspot,
    export_listening,
    export_mailings,
    export_pages,
    export_salesforce,
    export_salesforce_work,
    export_shopify_lists,
    export_social,
    export_web,
    export_wecom,
    planted_text,
    reference,
    spend,
)
from ingestion.sample.business import make_business
from ingestion.sample.channels import CAMPAIGNS
from ingestion.sample.constants import DEFAULT_END, SIZES, Size, SizeName
from ingestion.sample.demand import History
from ingestion.sample.export_jd import JdExport
from ingestion.sample.export_shopify import ShopifyExport
from ingestion.sample.export_taobao import TaobaoExport
from ingestion.sample.goals import make_goals
from ingestion.sample.operations import Operations
from ingestion.sample.orders import make_month, month_order_counts
from ingestion.sample.outbox import Outbox
from ingestion.sample.persons import IN_SHOP, Persons, make_persons
from ingestion.sample.random_streams import Ints, split_total
from ingestion.sample.seller_goals import make_seller_goals
from ingestion.sample.sessions import Journeys, idle_sessions, journeys_of, merged, month_start
from ingestion.sample.tables import load_month, load_persons, load_products
from ingestion.sample.truth import Truth

#: Months up to the end that the exports cover which people began to take late (page views, mailings, search terms).
RECENT_MONTHS = 12
#: What is exported each half-year.
CRM_EXPORTS = (export_crm_cn, export_crm_cn_work, export_salesforce, export_salesforce_work, export_hubspot)
Progress = Callable[[str, int, int], None]  # what is being made, steps done, steps in all


@dataclass(frozen=True)
class SampleSummary:
    """What was written; `totals` is the content of `truth/totals.json`."""

    size: str
    seed: int
    start_date: date
    end_date: date
    file_count: int
    row_count: int
    byte_count: int
    totals: dict[str, Any] = field(default_factory=dict)


def write_sample(
    home: Home, size: SizeName = "small", seed: int = 7, end_date: date = DEFAULT_END, progress: Progress | None = None
) -> SampleSummary:
    """Write the exports of the sample company into `home.inbox` and its truth into `home.truth`.

    The same arguments give the same bytes. Raises UsageError for an unknown size or an end date that is not the last
    day of a month (monthly exports would be cut).
    """
    if size not in SIZES:
        raise UsageError(f"there is no size {size}", remedy=f"Choose one of {', '.join(SIZES)}")
    if (end_date + timedelta(days=1)).day != 1:
        raise UsageError(
            "the sample company ends with a month", where=str(end_date), remedy="Give the last day of a month"
        )
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        con.execute("SET enable_progress_bar = false")
        return _Company(home, SIZES[size], size, seed, end_date, con, progress).write()


class _Company:
    def __init__(
        self, home: Home, size: Size, size_name: str, seed: int, end_date: date, con: duckdb.DuckDBPyConnection,
        progress: Progress | None,
    ) -> None:  # fmt: skip
        self.size, self.size_name, self.seed, self.con, self.progress = size, size_name, seed, con, progress
        self.history = History(seed, end_date, size.months)
        self.outbox = Outbox(home.inbox, con)
        self.month_orders = month_order_counts(self.history, size.orders)
        self.persons: Persons = make_persons(seed, size.customers, self.month_orders)
        load_persons(con, self.persons)
        load_products(con)
        export_web.register_lookups(self.outbox)
        planted_text.start(con)
        self.operations = Operations(self.outbox, self.history, seed, size)
        self.end = month_start(self.history, size.months)
        rates = reference.carried(reference.usd_rates(seed, self.history)["USD"], reference.rate_days(self.history))
        self.truth = Truth(home.truth, con, self.history, self.persons, rates)
        shop = self.history.month_weights(is_market=False)
        self.month_sessions: Ints = split_total(size.sessions, shop)
        self.journeys = Journeys()
        self.session_count = 0
        self.figures: list[pa.Table] = []
        self.spend_cents: dict[tuple[str, str, str], int] = {}
        self.spend_cny: dict[tuple[str, int], float] = {}

    def write(self) -> SampleSummary:
        self._report("business customers", 0)
        make_business(self.con, self.seed, self.history, self.persons, self.size.leads)
        export_social.make_posts(self.outbox, self.seed, self.history, self.size.posts)
        export_accounts.make_followers(self.outbox, self.seed, self.history)
        export_wecom.make_contacts(self.outbox, self.seed, self.history, self.persons)
        export_pages.make_events(self.outbox, self.seed, self.history, self.persons, 5 * self.size.posts)
        export_listening.make_mentions(self.outbox, self.seed, self.history, self.persons, 5 * self.size.posts)
        self._write_orders()
        self.truth.add_deals(self.end)
        self._write_reference()
        self.operations.write(self.truth, self.spend_cny, self.size.sessions)
        files = self.outbox.files
        export_mailings.write_trends(self.outbox, self.seed, self.history)
        planted_text.write_truth(self.con, self.truth.folder)
        export_listening.write_truth(self.con, self.truth.folder)
        totals = self.truth.finish(files, self.spend_cents, self.end, self.session_count)
        export_wecom.add_identities(self.con, self.truth.folder)
        self._report("done", self.size.months)
        return SampleSummary(
            size=self.size_name,
            seed=self.seed,
            start_date=self.history.start_date,
            end_date=self.history.end_date,
            file_count=len(files),
            row_count=sum(f.row_count for f in files),
            byte_count=sum((self.outbox.inbox / f.path).stat().st_size for f in files),
            totals=totals,
        )

    def _report(self, what: str, done: int) -> None:
        if self.progress is not None:
            self.progress(what, done, self.size.months)

    def _write_orders(self) -> None:
        shops = (
            ShopifyExport(self.outbox, self.history),
            TaobaoExport(self.outbox, self.history),
            TaobaoExport(self.outbox, self.history, "tmall"),
            JdExport(self.outbox, self.history),
        )
        numbers = (0, 0)
        for month in range(self.size.months):
            self._report(f"{self.history.months[month]:%Y-%m}", month)
            orders = make_month(self.seed, self.history, self.persons, month, int(self.month_orders[month]), numbers)
            shop_count = int((orders.system == IN_SHOP).sum())
            numbers = (numbers[0] + shop_count, numbers[1] + orders.count - shop_count)
            load_month(self.con, orders)
            self.operations.take_month()
            for shop in shops:
                shop.write(orders)
            self.truth.add_month(orders)
            self.journeys.parts.append(journeys_of(self.seed, orders, self.persons))
            if month > 0:
                self._write_sessions(month - 1)
            self._count_spend(spend.month_figures(self.seed, self.history, orders), month)
            self._write_marketing(month)
        self._write_sessions(self.size.months - 1)

    def _write_sessions(self, month: int) -> None:
        """The month's visits; called once the orders of the next month are known."""
        ready = self.journeys.take_until(month_start(self.history, month + 1))
        inside = ready["started"] >= month_start(self.history, month)
        ready = {name: values[inside] for name, values in ready.items()}
        idle = max(int(self.month_sessions[month]) - len(ready["started"]), 0)
        sessions = merged([ready, idle_sessions(self.seed, self.history, month, idle)])
        self.session_count += len(sessions["started"])
        is_recent = month >= self.size.months - RECENT_MONTHS
        export_web.write_sessions(self.outbox, month, self.history.days(month)[-1], sessions, with_pages=is_recent)

    def _count_spend(self, figures: pa.Table, month: int) -> None:
        self.figures = [*self.figures[-3:], figures]
        campaign, cost = figures["campaign"].to_numpy(), figures["cost"].to_numpy()
        for number, entry in enumerate(CAMPAIGNS):
            cents = cost[campaign == number]
            is_meta = entry.platform == "meta_ads"
            stated = int((cents * 60 // 100 + cents * 40 // 100).sum()) if is_meta else int(cents.sum())
            key = (entry.platform, f"{self.history.months[month]:%Y-%m}", "USD" if entry.is_usd else "CNY")
            self.spend_cents[key] = self.spend_cents.get(key, 0) + stated
            cny = stated / 100 * (spend.USD_CNY if entry.is_usd else 1.0)
            self.spend_cny[entry.channel, month] = self.spend_cny.get((entry.channel, month), 0.0) + cny

    def _write_marketing(self, month: int) -> None:
        """What is exported by quarter (ads, social) and by half-year (both CRM systems), at the end of each."""
        last = self.history.days(month)[-1]
        is_end = month == self.size.months - 1
        is_recent = month >= self.size.months - RECENT_MONTHS
        month_span = (month_start(self.history, month), month_start(self.history, month + 1))
        export_listening.write_weibo(self.outbox, last, *month_span)
        if is_recent:
            count = 5 * self.size.posts // RECENT_MONTHS
            export_mailings.write_events(self.outbox, self.seed, month, self.history.months[month], last, count)
            export_wecom.write_activity(self.outbox, self.seed, last, month_span[1], count)
        if month >= self.size.months - 3:
            export_pages.write_sensors(self.outbox, last, *month_span)
        if last.month % 3 == 0 or is_end:
            begin = self._period_begin(month, 3)
            opening = self.history.months[begin]
            figures = self.figures[-(month - begin + 1) :]
            spend.write_meta(self.outbox, figures, opening, last)
            late = opening - timedelta(days=spend.LATE_DAYS) if begin > 0 else opening
            spend.write_google(self.outbox, self.figures, late, last)
            export_social.write_quarter(
                self.outbox, last, month_start(self.history, begin), month_start(self.history, month + 1)
            )
            quarter_span = (month_start(self.history, begin), month_start(self.history, month + 1))
            export_listening.write_monitor(self.outbox, last, *quarter_span)
            self._write_ad_reports(figures, opening, last, is_recent=is_recent, is_end=is_end)
            export_accounts.write_quarter(self.outbox, opening, last, *quarter_span)
            export_wecom.write_customers(self.outbox, last, *quarter_span)
            if is_recent:
                export_mailings.write_baidu_index(self.outbox, self.seed, opening, last)
            if is_end:
                spend.write_meta(self.outbox, figures, opening, last, is_bad=True)
        if last.month in (3, 9) or is_end:
            begin = self._period_begin(month, 6)
            low = month_start(self.history, begin) if begin > 0 else 0
            for crm in CRM_EXPORTS:
                crm.write_period(self.outbox, last, low, month_start(self.history, month + 1))
        if last.month == 12 or is_end:
            export_shopify_lists.write_year(self.outbox, last, self.truth.seen["shop"])

    def _write_ad_reports(
        self, figures: list[pa.Table], first: date, last: date, *, is_recent: bool, is_end: bool
    ) -> None:
        """Plans of every quarter; ads and search terms of the last year; breakdowns of the last quarter."""
        spend.load_figures(self.outbox, figures)
        export_ad_reports.write_ocean(self.outbox, first, last)
        export_ad_reports.write_tencent(self.outbox, first, last)
        export_ad_reports.write_linkedin(self.outbox, first, last)
        if is_recent:
            export_ad_reports.write_google(self.outbox, first, last)
        if is_end:
            export_ad_reports.write_breakdowns(self.outbox, "ocean_engine", first, last)
            export_ad_reports.write_breakdowns(self.outbox, "tencent_ads", first, last)

    def _period_begin(self, month: int, length: int) -> int:
        """First month of the period that ends with the month: quarters, or half-years from April and October."""
        opening = {1, 4, 7, 10} if length == 3 else {4, 10}
        begin = month
        while begin > 0 and self.history.months[begin].month not in opening:
            begin -= 1
        return begin

    def _write_reference(self) -> None:
        export_salesforce.write_loader_log(self.outbox, self.history.end_date)
        reference.write_rates(self.outbox, self.seed, self.history)
        reference.write_products(self.outbox, self.history)
        reference.write_employees(self.outbox, self.history)
        reference.write_budgets(self.outbox, self.history, self.spend_cny)
        starts = np.array([month_start(self.history, m) for m in range(self.size.months + 1)])
        created = np.asarray(self.con.execute("SELECT created FROM lead ORDER BY n").fetchnumpy()["created"])
        leads = np.histogram(created, starts)[0]
        first_orders = np.bincount(self.persons.acquired_month, minlength=self.size.months)[: self.size.months]
        goals = make_goals(self.history, self.truth, leads, first_orders)
        reference.write_goals(self.outbox, self.history, goals + make_seller_goals(self.history, self.truth))
