"""Own brands against the market: shares, prices, coverage, awareness, voice."""

from __future__ import annotations

import pandas as pd

from tests.integration.reconciled.frames import (
    Facts,
    counted,
    independent,
    period_start,
    ratio,
    share_of_total,
    summed,
)
from tests.integration.reconciled.orders import revenue_events

PERIODS = ["month", "quarter", "year"]
ALL = "(all)"
NEW_MONTHS = 12


def by_month(rows: pd.DataFrame, value: str) -> pd.DataFrame:
    """Observations spread evenly over the months that they cover: `month` and `part`."""
    first, last = period_start(rows["period_start"], "month"), period_start(rows["period_end"], "month")
    months = pd.Series(
        [list(pd.date_range(a, b, freq="MS")) for a, b in zip(first, last, strict=True)], index=rows.index, dtype=object
    )
    rows = rows.assign(month=months, part=rows[value] / months.map(len))
    return rows.explode("month").assign(month=lambda f: pd.to_datetime(f["month"]))


def with_brands(own: pd.DataFrame, of_all: pd.DataFrame) -> pd.DataFrame:
    """Own brands' figure, but by brand that of each brand."""
    return pd.concat([own[own["dimension"] != "brand"], of_all[of_all["dimension"] == "brand"]], ignore_index=True)


@independent("share_of_voice", "mentions")
def share_of_voice(facts: Facts) -> pd.DataFrame:
    rows = facts["core.fct_mentions"].assign(one=1, own=lambda f: f["is_own_brand"].astype(int))
    said = summed(rows, "mentioned_date", ["platform", "brand"], "one")
    return with_brands(
        ratio(summed(rows, "mentioned_date", ["platform", "brand"], "own"), said), share_of_total(said, said)
    )


@independent("channel_coverage", "observed outlets")
def channel_coverage(facts: Facts) -> pd.DataFrame:
    rows = facts["core.fct_outlets"].assign(one=1, carried=lambda f: f["is_carried"].astype(int))

    def coverage(of: pd.DataFrame) -> pd.DataFrame:
        by = ["region", "brand"]
        return ratio(
            summed(of, "observed_month", by, "carried", grains=PERIODS),
            summed(of, "observed_month", by, "one", grains=PERIODS),
        )

    return with_brands(coverage(rows[rows["is_own_brand"]]), coverage(rows))


def observations(facts: Facts, measure: str) -> pd.DataFrame:
    """One figure per brand, region, product line, price band and period: where several sources state it, their mean."""
    rows = facts["core.fct_market"]
    cell = ["brand", "is_own_brand", "region", "product_line", "price_band", "period_start", "period_end"]
    rows = rows[rows["measure"] == measure]
    return rows.groupby(cell, dropna=False)["reporting_value"].mean().reset_index()


@independent("price_band_share", "market observations of units")
def price_band_share(facts: Facts) -> pd.DataFrame:
    units = by_month(observations(facts, "units"), "reporting_value")
    units["product_line"] = units["product_line"].fillna(ALL)
    by = ["product_line", "brand", "price_band"]
    units["own"] = units["part"].where(units["is_own_brand"], 0.0)
    sold = summed(units, "month", by, "part", grains=PERIODS)
    return with_brands(ratio(summed(units, "month", by, "own", grains=PERIODS), sold), share_of_total(sold, sold))


def sizes(facts: Facts) -> dict[str, pd.DataFrame]:
    """Size of the market by month: of the whole, of regions and of product lines; stated, else the sum of its parts."""
    stated = by_month(observations(facts, "market_size"), "reporting_value")
    segments = by_month(observations(facts, "segment_size"), "reporting_value")
    rows = pd.concat([stated, segments])[["month", "region", "product_line", "part"]]
    rows = rows[rows["month"] <= pd.Timestamp(facts.as_of)]
    region, line = rows["region"].notna(), rows["product_line"].notna()

    def level(member: str | None, own: pd.Series, parts: pd.Series) -> pd.DataFrame:
        keys = ["month"] if member is None else ["month", member]
        said = rows[own].groupby(keys, as_index=False)["part"].sum()
        made = rows[parts].groupby(keys, as_index=False)["part"].sum()
        return pd.concat([said, made]).drop_duplicates(keys, keep="first")

    by_line = level("product_line", line & ~region, line & region)
    by_region = level("region", region & ~line, region & line)
    whole = level(None, ~region & ~line, region & ~line)
    lines = by_line.groupby("month", as_index=False)["part"].sum()
    whole = pd.concat([whole, lines]).drop_duplicates("month", keep="first")
    return {"total": whole, "region": by_region, "product_line": by_line}


@independent("market_share", "paid order lines, refunds, won deals, market observations")
def market_share(facts: Facts) -> pd.DataFrame:
    own = revenue_events(facts)
    own = own[own["day"].notna()].assign(month=lambda f: period_start(f["day"], "month"))
    parts = []
    for dimension, size in sizes(facts).items():
        keys = ["month"] if dimension == "total" else ["month", dimension]
        both = size.merge(own.groupby(keys, as_index=False)["amount"].sum(), on=keys, how="left").fillna(
            {"amount": 0.0}
        )
        by = [] if dimension == "total" else [dimension]
        share = ratio(
            summed(both, "month", by, "amount", grains=PERIODS), summed(both, "month", by, "part", grains=PERIODS)
        )
        parts.append(share[share["dimension"] == dimension])
    return pd.concat(parts, ignore_index=True)


@independent("competitor_price_index", "paid order lines, competitors' prices")
def competitor_price_index(facts: Facts) -> pd.DataFrame:
    prices = facts["core.fct_competitor_prices"]
    prices = prices[prices["matched_product_id"].notna()].assign(
        month=lambda f: period_start(f["observed_date"], "month")
    )
    lines = facts["core.fct_order_lines"]
    lines = lines[lines["is_sale"]].assign(month=lambda f: period_start(f["paid_date"], "month"))
    sold = pd.concat([lines, lines.assign(region=ALL)]).rename(columns={"product_id": "matched_product_id"})
    keys = ["month", "matched_product_id", "region"]
    sold = sold.groupby(keys, as_index=False)[["net_reporting_amount", "quantity"]].sum()
    both = prices.merge(sold, on=keys)
    both["own"] = both["net_reporting_amount"] / both["quantity"].where(both["quantity"] > 0)
    both = both[both["own"].notna() & (both["net_reporting_price"] > 0)]
    by = ["product_line", "brand", "region"]
    return ratio(
        summed(both, "observed_date", by, "own", grains=PERIODS),
        summed(both, "observed_date", by, "net_reporting_price", grains=PERIODS),
    )


@independent("brand_awareness", "survey answers on awareness")
def brand_awareness(facts: Facts) -> pd.DataFrame:
    rows = facts["core.fct_survey_responses"]
    rows = rows[(rows["question_kind"] == "awareness") & rows["score"].notna()]
    rows = rows.assign(one=1, named=lambda f: (f["score"] > 0).astype(int))
    brands = facts["core.fct_market"]
    own = set(brands.loc[brands["is_own_brand"], "brand"])

    def awareness(of: pd.DataFrame) -> pd.DataFrame:
        by = ["region", "brand"]
        return ratio(
            summed(of, "answered_date", by, "named", grains=PERIODS),
            summed(of, "answered_date", by, "one", grains=PERIODS),
        )

    return with_brands(awareness(rows[rows["brand"].isin(own)]), awareness(rows))


@independent("city_tier_penetration", "paid orders, customer links, regions")
def city_tier_penetration(facts: Facts) -> pd.DataFrame:
    """Cities are those of the order's province by name, with or without the word for city at its end."""
    cities = facts["core.dim_region"]
    cities = cities[(cities["region_level"] == "city") & (cities["country_code"] == "CN")]
    cities = pd.DataFrame(
        {
            "province_code": cities["region_code"].str[:2],
            "name": cities["city"].str.removesuffix("市"),
            "code": cities["region_code"],
            "city_tier": cities["city_tier"],
        }
    )
    orders = facts["core.fct_orders"]
    orders = orders[orders["is_paid_order"]].drop(columns="customer_id", errors="ignore")
    orders = orders.merge(facts.links, on=["source_system", "source_customer_key"])
    orders["province_code"], orders["name"] = orders["region_code"].str[:2], orders["city"].str.removesuffix("市")
    paid = orders.merge(cities, on=["province_code", "name"])
    months = pd.date_range(orders["paid_date"].min(), pd.Timestamp(facts.as_of), inclusive="both")
    months = pd.Index(period_start(pd.Series(months), "month").unique())
    every = cities.merge(pd.DataFrame({"month": months}), how="cross")
    return ratio(
        counted(paid, "paid_date", ["city_tier"], "code", grains=PERIODS),
        counted(every, "month", ["city_tier"], "code", grains=PERIODS),
    )


@independent("new_product_penetration", "paid order lines, refunds, products, market observations")
def new_product_penetration(facts: Facts) -> pd.DataFrame:
    """New in the months that begin within twelve months of the launch, from its day on; the segments are the product
    lines that have a new product in the month."""
    products = facts["core.dim_product"][["product_id", "product_line", "launch_date"]]
    products = products[products["launch_date"].notna()]
    products["launched"] = pd.to_datetime(products["launch_date"])
    products["first"] = period_start(products["launched"], "month")
    products["over"] = products["launched"] + pd.DateOffset(months=NEW_MONTHS)
    events = revenue_events(facts).merge(products[["product_id", "launched", "over"]], on="product_id")
    events = events[events["day"].notna()].assign(month=lambda f: period_start(f["day"], "month"))
    sold = events[(events["day"] >= events["launched"]) & (events["month"] < events["over"])]
    segments = by_month(observations(facts, "segment_size"), "reporting_value")
    segments = segments[segments["product_line"].notna() & (segments["month"] <= pd.Timestamp(facts.as_of))]
    stated = segments[segments["region"].isna()]
    of_regions = segments[segments["region"].notna()]
    made = of_regions.groupby(["month", "product_line"], as_index=False)["part"].sum()
    whole = pd.concat([stated, made]).drop_duplicates(["month", "product_line"], keep="first")
    parts = []
    for dimension, sizes_of in (("total", whole), ("region", of_regions)):
        by = [] if dimension == "total" else [dimension]
        new = sizes_of.merge(products[["product_line", "first", "over"]], on="product_line")
        new = new[(new["month"] >= new["first"]) & (new["month"] < new["over"])]
        new = new.drop_duplicates(["month", "product_line", *by])
        size = new.groupby(["month", *by])["part"].sum().reset_index()
        own = sold.groupby(["month", *by], as_index=False)["amount"].sum()
        both = size.merge(own, on=["month", *by], how="left").fillna({"amount": 0.0})
        share = ratio(
            summed(both, "month", by, "amount", grains=PERIODS), summed(both, "month", by, "part", grains=PERIODS)
        )
        parts.append(share[share["dimension"] == dimension])
    return pd.concat(parts, ignore_index=True)
