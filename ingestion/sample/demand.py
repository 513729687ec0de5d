"""When people buy: trend, season, weekdays, Chinese holidays, promotions and the planted anomalies.

Belongs here: weights per day and the list of planted anomalies. Not here: who buys (`persons.py`), what (`orders.py`).
"""

from __future__ import annotations

import calendar
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from functools import cached_property

import holidays
import numpy as np

from ingestion.sample.constants import YEARLY_GROWTH
from ingestion.sample.random_streams import Floats, stream

# months January to December
_SEASON_SHOP = (0.96, 0.86, 0.97, 0.96, 1.00, 1.05, 0.97, 0.96, 1.00, 1.03, 1.22, 1.14)
_SEASON_MARKET = (1.00, 0.80, 0.98, 0.97, 1.02, 1.12, 0.95, 0.96, 1.01, 1.02, 1.20, 1.08)
_WEEK_SHOP = (1.02, 1.00, 0.98, 0.97, 0.98, 1.02, 1.06)  # Monday first
_WEEK_MARKET = (0.95, 0.94, 0.95, 0.97, 1.02, 1.10, 1.12)


@dataclass(frozen=True)
class Anomaly:
    """A disturbance planted on purpose; `factor` multiplies what it touches from `first_day` to `last_day`."""

    anomaly_id: str
    kpi_id: str
    subject: str
    first_day: str
    last_day: str
    factor: float
    cause: str


# id, KPI, subject, days before the end date (first, last), factor, cause
_PLANTED: tuple[tuple[str, str, str, int, int, float, str], ...] = (
    ("shop_outage", "orders", "channel=shopify", 139, 139, 0.15, "The web shop was down for most of the day"),
    ("bad_batch", "refund_rate", "product=CF-1003", 96, 83, 6.0, "A batch of espresso machines leaked"),
    ("click_fraud", "spend", "campaign=G-Display-Prospecting", 58, 56, 3.5, "Bought clicks on the display campaign"),
    ("bot_traffic", "visit_conversion_rate", "marketing_channel=referral", 34, 33, 2.2, "Bots: sessions of one event"),
    ("lead_form_broken", "leads", "lead_source=官网", 75, 62, 0.25, "The lead form of the web site failed"),
    ("viral_video", "orders", "channel=taobao", 18, 16, 2.0, "A short video went round"),
)


@dataclass(frozen=True)
class History:
    """The days of the company's history and their weights; months are numbered from 0."""

    seed: int
    end_date: date
    month_count: int

    @cached_property
    def months(self) -> tuple[date, ...]:
        """First days of the months, oldest first."""
        last = self.end_date.year * 12 + self.end_date.month - 1
        return tuple(date(n // 12, n % 12 + 1, 1) for n in range(last - self.month_count + 1, last + 1))

    @property
    def start_date(self) -> date:
        return self.months[0]

    def days(self, month: int) -> list[date]:
        """The days of a month up to the end date."""
        first = self.months[month]
        count = calendar.monthrange(first.year, first.month)[1]
        return [d for d in (first + timedelta(n) for n in range(count)) if d <= self.end_date]

    @cached_property
    def anomalies(self) -> tuple[Anomaly, ...]:
        """What was planted, as far as the history reaches."""
        planted = []
        for anomaly_id, kpi, subject, first, last, factor, cause in _PLANTED:
            first_day, last_day = self.end_date - timedelta(first), self.end_date - timedelta(last)
            if first_day >= self.start_date:
                planted.append(Anomaly(anomaly_id, kpi, subject, str(first_day), str(last_day), factor, cause))
        return tuple(planted)

    def anomaly_rows(self) -> list[dict[str, object]]:
        return [asdict(a) for a in self.anomalies]

    def factor(self, anomaly_id: str, day: date) -> float:
        """The planted factor of that anomaly on the day, else 1."""
        for anomaly in self.anomalies:
            if anomaly.anomaly_id == anomaly_id and anomaly.first_day <= str(day) <= anomaly.last_day:
                return anomaly.factor
        return 1.0

    @cached_property
    def spring_festivals(self) -> tuple[date, ...]:
        """First days of the Chinese New Years that touch the history."""
        years = range(self.start_date.year - 1, self.end_date.year + 2)
        china = holidays.country_holidays("CN", years=years, language="en_US")
        found = {
            d.year: d
            for d, name in sorted(china.items(), reverse=True)
            if "Chinese New Year" in name and "Eve" not in name
        }
        return tuple(sorted(found.values()))

    def _growth(self, day: date) -> float:
        return float((1.0 + YEARLY_GROWTH) ** ((day - self.start_date).days / 365.25))

    def _festival(self, day: date, is_market: bool) -> float:
        for first in self.spring_festivals:
            distance = (day - first).days
            if -18 <= distance <= -6:
                return 1.25 if is_market else 1.05
            if -2 <= distance <= 7:
                return 0.40 if is_market else 0.85
        if (day.month, day.day) >= (10, 1) and (day.month, day.day) <= (10, 7):
            return 0.88 if is_market else 0.97
        return 1.0

    def promotion(self, day: date, is_market: bool) -> tuple[str, float]:
        """Name and demand factor of the promotion of a day; an empty name and 1 without one."""
        month_day = (day.month, day.day)
        if (6, 1) <= month_day <= (6, 18):
            peak = month_day in ((6, 1), (6, 18))
            return "618", (2.6 if peak else 1.35) if is_market else (1.5 if peak else 1.12)
        if (10, 24) <= month_day <= (11, 11):
            peak = month_day in ((11, 1), (11, 11))
            return "双11", (3.4 if peak else 1.35) if is_market else (1.6 if peak else 1.10)
        if (12, 10) <= month_day <= (12, 12):
            return "双12", 1.9 if is_market else 1.2
        thanksgiving = 22 + (3 - date(day.year, 11, 1).weekday()) % 7
        if not is_market and day.month == 11 and thanksgiving + 1 <= day.day <= thanksgiving + 4:
            return "BLACKFRIDAY", 2.2
        return "", 1.0

    def day_weights(self, month: int, is_market: bool) -> Floats:
        """Demand weight of each day of a month, for the marketplace or the web shop."""
        rng = stream(self.seed, "day noise market" if is_market else "day noise shop", month)
        season, week = (_SEASON_MARKET, _WEEK_MARKET) if is_market else (_SEASON_SHOP, _WEEK_SHOP)
        weights = []
        for day in self.days(month):
            weight = self._growth(day) * season[day.month - 1] * week[day.weekday()]
            weight *= self._festival(day, is_market) * self.promotion(day, is_market)[1]
            weight *= self.factor("viral_video" if is_market else "shop_outage", day)
            weights.append(weight)
        return np.array(weights) * rng.normal(1.0, 0.05, len(weights)).clip(0.8, 1.2)

    def month_weights(self, is_market: bool) -> Floats:
        """Demand weight of each month."""
        return np.array([self.day_weights(m, is_market).sum() for m in range(self.month_count)])

    def business_day_weights(self, month: int) -> Floats:
        """Weight of each day of a month for business customers: working days of the Chinese calendar."""
        years = {d.year for d in self.days(month)}
        china = holidays.country_holidays("CN", years=years, language="en_US")
        weights = []
        for day in self.days(month):
            working = day.weekday() < 5 and day not in china
            weights.append(self._growth(day) * (1.0 if working else 0.06))
        return np.array(weights)
