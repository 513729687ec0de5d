"""Sheets about the market: sizes, competitors' prices and moves, indicators, benchmarks, outlets.

Belongs here: an invented market around the company: its sizes follow from the company's own revenue and a planted
share, so that shares come out. Not here: the company's own plans (`reference_planning.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

import numpy as np

from ingestion.sample.business import REGION_OF
from ingestion.sample.demand import History
from ingestion.sample.operations import Cell, write_sheet
from ingestion.sample.outbox import Outbox, comma_separated
from ingestion.sample.products import product_lines, products
from ingestion.sample.random_streams import stream
from ingestion.sample.stores import STORES
from ingestion.sample.truth import REGIONS, Truth
from ingestion.sample.words import CITIES

MARKET = comma_separated("Measure,Platform,Brand,Region,Product line,Price band,From,To,Value,Currency,Source")
PRICES = comma_separated("品牌,竞品名称,对应SKU,产品线,大区,平台,价格带,到手价,币种,销量,日期")
MOVES = comma_separated(
    "Event ID,Brand,Kind,Product line,Region,Platform,Description,Started,Seen,Answered,Answer,Owner"
)
MACRO = comma_separated("Indicator,Region,Period start,Grain,Value,Unit,Year on year,Source")
BENCHMARKS = comma_separated("KPI,Kind,Dimension,Member,From,To,Value,Source")
OUTLETS = comma_separated("网点编号,网点名称,类型,大区,省份,城市,品牌,是否铺货,月份")
OWN_BRAND = "澄远"
#: Brand -> share of the market's revenue, price against the company's own.
BRANDS = {
    OWN_BRAND: (0.087, 1.0),
    "沐野": (0.16, 1.06),
    "光屿": (0.11, 0.93),
    "禾木家居": (0.07, 0.82),
    "净澜": (0.05, 1.22),
}
#: The company's planted share of the market by region: it is strong in the east and hardly known in the northwest.
REGION_SHARES = dict(zip(REGIONS, (0.10, 0.07, 0.14, 0.08, 0.11, 0.06, 0.03, 0.05), strict=True))
PRICE_CUT = ("光屿", 75, 0.85)  # brand, days before the end, factor on its prices since
CARRIED = {OWN_BRAND: 0.42, "沐野": 0.80, "光屿": 0.61, "禾木家居": 0.38, "净澜": 0.22}
_BANDS = (("0-200", 0.0, 200.0), ("200-500", 200.0, 500.0), ("500+", 500.0, 1e9))
_INDICATORS = (("gdp_growth", 5.0, 0.6, "percent"), ("retail_sales", 4.2, 1.4, "percent"),
               ("infrastructure", 70.0, 9.0, "score"), ("policy", 65.0, 8.0, "score"),
               ("competition", 60.0, 12.0, "score"))  # fmt: skip
_KPIS = (("repurchase_rate", "industry", 0.426), ("retention_rate", "industry", 0.68),
         ("contract_approval_days", "industry", 3.8), ("lead_conversion_rate", "industry", 0.183),
         ("sales_cycle_days", "industry", 35.0), ("brand_awareness", "competitor", 0.782),
         ("visit_conversion_rate", "industry", 0.087), ("net_promoter_score", "industry", 38.0))  # fmt: skip


def write(outbox: Outbox, history: History, seed: int, truth: Truth) -> dict[str, object]:
    """Write the six sheets; the answer is what was planted."""
    last = history.end_date
    stamp = f"{last:%Y-%m-%d}"
    for export, name, sheet, headings, rows in (
        ("market_observations", "market_observations", "Market", MARKET, _market(history, seed, truth)),
        ("competitor_prices", "竞品价格", "竞品价格", PRICES, _prices(history, seed)),
        ("competitor_events", "competitor_events", "Competitors", MOVES, _moves(history, seed)),
        ("macro_indicators", "macro_indicators", "Macro", MACRO, _macro(history, seed)),
        ("benchmarks", "benchmarks", "Benchmarks", BENCHMARKS, _benchmarks(history, truth)),
        ("outlets", "网点铺货", "网点", OUTLETS, _outlets(history, seed)),
    ):
        write_sheet(outbox, "reference", export, f"{name}_{stamp}.xlsx", sheet, headings, rows, last)
    cut_day = last - timedelta(PRICE_CUT[1])
    return {
        "brand_shares": {brand: share for brand, (share, _) in BRANDS.items()},
        "price_cut": {"brand": PRICE_CUT[0], "since": str(cut_day), "factor": PRICE_CUT[2]},
        "region_shares": REGION_SHARES,
        "outlets_carrying": CARRIED,
    }  # fmt: skip


def _quarters(history: History) -> list[tuple[int, int]]:
    """First and last month number of each calendar quarter that the history holds as a whole."""
    numbers = range(history.month_count - 2)
    return [(n, n + 2) for n in numbers if history.months[n].month % 3 == 1]


def _market(history: History, seed: int, truth: Truth) -> list[Sequence[Cell]]:
    """Size by quarter and product line, revenue and units by brand: own revenue over its planted share."""
    rng = stream(seed, "market")
    rows: list[Sequence[Cell]] = []
    for first, last_month in _quarters(history):
        start, end = history.months[first], history.days(last_month)[-1]
        span: tuple[Cell, ...] = (f"{start:%Y-%m-%d}", f"{end:%Y-%m-%d}")
        own = truth.revenue[first : last_month + 1].sum(axis=(0, 1, 2))
        for line, revenue in zip(product_lines(), own, strict=True):
            size = float(round(revenue / BRANDS[OWN_BRAND][0] * rng.normal(1.0, 0.02), -2))
            rows.append(("segment_size", None, None, None, line, None, *span, size, "CNY", "Industry association"))
            for brand, (share, _) in BRANDS.items():
                value = float(round(size * share * rng.normal(1.0, 0.03), -2))
                rows.append(("brand_revenue", None, brand, None, line, None, *span, value, "CNY", "Panel"))
            units = size / 240.0
            for brand, (share, level) in BRANDS.items():
                weights = np.array([1.4 - level, 0.5, level - 0.5]).clip(0.05)
                for (band, _, _), weight in zip(_BANDS, weights / weights.sum(), strict=True):
                    count = float(round(units * share * weight))
                    rows.append(("units", None, brand, None, line, band, *span, count, None, "Panel"))
        placed = truth.revenue[first : last_month + 1].sum(axis=(0, 2))
        for region, by_line in zip(REGIONS, placed, strict=True):
            for line, revenue in zip(product_lines(), by_line, strict=True):
                # the company sells nothing there: somebody does
                size = float(round(max(revenue / REGION_SHARES[region], 20_000.0), -2))
                rows.append(
                    ("segment_size", None, None, region, line, None, *span, size, "CNY", "Industry association")
                )
        total = float(round(own.sum() / BRANDS[OWN_BRAND][0], -3))
        rows.append(("market_size", None, None, None, None, None, *span, total, "CNY", "Industry association"))
    return rows


def _band(price: float) -> str:
    return next(name for name, low, high in _BANDS if low <= price < high)


def _prices(history: History, seed: int) -> list[Sequence[Cell]]:
    """Once a month, two products of each line per brand."""
    rng = stream(seed, "competitor prices")
    watched = [p for line in product_lines() for p in [q for q in products() if q.line == line][:2]]
    cut_day = history.end_date - timedelta(PRICE_CUT[1])
    rows: list[Sequence[Cell]] = []
    for month in range(history.month_count):
        day = min(history.months[month] + timedelta(14), history.end_date)
        for brand, (share, level) in list(BRANDS.items())[1:]:
            factor = level * (PRICE_CUT[2] if brand == PRICE_CUT[0] and day >= cut_day else 1.0)
            for product in watched:
                price = round(float(product.list_price * factor * rng.normal(1.0, 0.02)), 1)
                units = int(rng.poisson(4000 * share))
                text = f"¥{price:,.2f}" if len(rows) % 7 == 0 else price  # people type it either way
                rows.append((brand, f"{brand}{product.name_zh}", product.sku, product.line, None, "京东", _band(price),
                             text, "CNY", units, f"{day:%Y/%m/%d}"))  # fmt: skip
    return rows


def _moves(history: History, seed: int) -> list[Sequence[Cell]]:
    """About one move a month; most are answered within two days, some never."""
    rng = stream(seed, "competitor moves")
    kinds = (("ad", "Outdoor campaign seen"), ("promotion", "Member week with coupons"), ("launch", "New model shown"),
             ("price_move", "List price lowered"))  # fmt: skip
    rows: list[Sequence[Cell]] = []
    brands = list(BRANDS)[1:]
    for month in range(history.month_count):
        kind, text = kinds[int(rng.integers(0, 4))]
        start = history.months[month] + timedelta(int(rng.integers(0, 24)))
        rows.append(_move(len(rows), brands[int(rng.integers(0, 4))], kind, text, start, int(rng.integers(4, 60)), rng))
    cut_day = history.end_date - timedelta(PRICE_CUT[1])
    rows.append(_move(len(rows), PRICE_CUT[0], "price_move", "Prices cut by 15 percent", cut_day, 20, rng))
    return rows


def _move(
    number: int, brand: str, kind: str, text: str, start: date, hours: int, rng: np.random.Generator
) -> tuple[Cell, ...]:
    seen = datetime.combine(start, time(10)) + timedelta(1)
    stamp = f"{seen + timedelta(hours=hours):%Y-%m-%d %H:%M}" if number % 6 else None
    line = product_lines()[number % len(product_lines())]
    answer = ("Price matched in the web shop", "Own campaign brought forward")[int(rng.integers(0, 2))]
    return (f"CE-{number + 1:04d}", brand, kind, line, None, ("tmall", "jd", "offline")[number % 3], text,
            f"{start:%Y-%m-%d} 09:00", f"{seen:%Y-%m-%d %H:%M}", stamp, None if stamp is None else answer,
            "E060")  # fmt: skip


def _macro(history: History, seed: int) -> list[Sequence[Cell]]:
    rng = stream(seed, "macro")
    rows: list[Sequence[Cell]] = []
    provinces = list(dict.fromkeys(city[0] for city in CITIES))
    for year in sorted({m.year for m in history.months}):
        for province in provinces:
            for indicator, level, spread, unit in _INDICATORS:
                value, change = round(float(rng.normal(level, spread)), 1), round(float(rng.normal(2.0, 3.0)), 1)
                rows.append(
                    (indicator, province, f"{year}-01-01", "year", value, unit, f"{change}%", "Statistics office")
                )
    for month in history.months:
        for indicator, level, spread, unit in (
            ("consumer_prices", 0.6, 0.3, "percent"),
            ("purchasing_managers", 50.3, 0.6, "index"),
        ):
            value, change = round(float(rng.normal(level, spread)), 1), round(float(rng.normal(0.2, 0.4)), 1)
            rows.append(
                (
                    indicator,
                    None,
                    f"{month:%Y年}{month.month}月{month.day}日",
                    "month",
                    value,
                    unit,
                    f"{change}%",
                    "Statistics office",
                )
            )
    return rows


def _benchmarks(history: History, truth: Truth) -> list[Sequence[Cell]]:
    """By year; that of the stores is what a square metre of all four sells in a month, so that some lie below it."""
    rows: list[Sequence[Cell]] = []
    months = history.month_count
    area = sum(store[6] for store in STORES)
    by_square_metre = round(float(truth.stores[:months].sum()) / months / area, 2)
    for year in sorted({m.year for m in history.months}):
        for kpi, kind, value in (*_KPIS, ("store_sales_per_square_metre", "best_practice", by_square_metre)):
            rows.append((kpi, kind, None, None, f"{year}-01-01", f"{year}-12-31", value, "Industry report"))
        rows.append(
            (
                "market_share",
                "competitor",
                "brand",
                "沐野",
                f"{year}-01-01",
                f"{year}-12-31",
                BRANDS["沐野"][0],
                "Panel",
            )
        )
    return rows


def _outlets(history: History, seed: int) -> list[Sequence[Cell]]:
    """Thirty outlets and four platforms, looked at each quarter; the own brand is carried by more of them over time."""
    rng = stream(seed, "outlets")
    kinds = ("门店", "经销商", "商超")
    places = [CITIES[int(n)] for n in rng.integers(0, len(CITIES), 30)]
    liking = rng.random((34, len(BRANDS)))
    rows: list[Sequence[Cell]] = []
    quarters = range(0, history.month_count, 3)
    for step, month in enumerate(quarters):
        for outlet in range(34):
            if outlet < 30:
                city = places[outlet]
                place: tuple[Cell, ...] = (f"{city[2]}{kinds[outlet % 3]}{outlet:02d}", kinds[outlet % 3],
                                           REGION_OF[city[0]], city[1], city[2])  # fmt: skip
            else:
                place = (("天猫", "京东", "抖音", "小红书")[outlet - 30], "平台", None, None, None)
            for number, brand in enumerate(BRANDS):
                growth = 0.01 * step if brand == OWN_BRAND else 0.0
                carried = liking[outlet, number] < CARRIED[brand] + growth
                rows.append((f"WD{outlet + 1:04d}", *place, brand, "是" if carried else "否",
                             f"{history.months[month]:%Y年%m月}"))  # fmt: skip
    return rows
