"""Orders of the web shop, its stores and the marketplace, month by month, as arrays.

Belongs here: who orders what and when, at which price, what is refunded, what really caused it.
Not here: how a system writes it down (`export_shopify.py`, `export_taobao.py`). Times are seconds since 1970 in UTC;
money is in cents of the order's currency (whole numbers, so that sums are exact).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np

from ingestion.sample import products
from ingestion.sample.channels import CAUSES, INDEX
from ingestion.sample.constants import (
    COUPON_SHARE,
    DEVOTED_LINES_SHARES,
    LINES_SHARES,
    PARTIAL_REFUND_SHARE,
    QUANTITY_SHARES,
    REFUND_DAYS,
    REFUND_SHARE,
    UNPAID_SHARE,
)
from ingestion.sample.demand import History
from ingestion.sample.persons import IN_MARKET, IN_SHOP, MARKETS, Persons
from ingestion.sample.random_streams import Bools, Floats, Ints, pick, split_total, stream
from ingestion.sample.stores import store_of_orders

SHANGHAI = timedelta(hours=8)
_HOURS_MARKET = np.array([2, 1, 0.6, 0.4, 0.3, 0.4, 1, 2, 3, 4, 5, 5, 5, 4.5, 4.5, 4.5, 4.5, 4.5, 5, 6, 8, 9, 8, 5])
_HOURS_SHOP = np.array([5, 5, 5, 5, 4.5, 4, 4, 4, 4, 5, 5, 5, 5, 4, 3, 3, 3, 3, 3, 3, 4, 4, 5, 5])
_FREIGHT_CNY, _FREIGHT_USD = 1200, 695  # below the free limit
_FREE_CNY, _FREE_USD = 19900, 4900


@dataclass(frozen=True)
class MonthOrders:
    """Orders of one month in order of time, and their lines in order of order; `line_order` indexes the orders."""

    month: int
    number: Ints  # running number of the order over the whole history, per system
    person: Ints
    is_first: Bools
    system: Ints  # IN_SHOP or IN_MARKET
    store: Ints  # index into STORES of an order placed in a store, else -1
    is_usd: Bools
    uses_second: Bools
    created: Ints
    paid: Ints  # 0: never paid
    has_coupon: Bools
    promotion: Ints  # index into the names of the month's promotions
    promotion_names: tuple[str, ...]
    goods: Ints  # cents; before the order's discount on the web shop, after all discounts on the marketplace
    discount: Ints
    freight: Ints
    tax: Ints
    refund: Ints
    refunded: Ints  # time of the refund, 0 without
    cause: Ints
    line_order: Ints
    line_number: Ints
    product: Ints
    quantity: Ints
    price: Ints
    platform_coupon: Ints  # part of the payment that the marketplace pays, cents

    @property
    def count(self) -> int:
        return len(self.person)

    @property
    def net(self) -> Ints:
        """Goods after discount, without freight and tax, cents."""
        return self.goods - self.discount

    @property
    def total(self) -> Ints:
        """What the customer owes in all, cents."""
        return self.net + self.freight + self.tax

    @property
    def is_closed_by_refund(self) -> Bools:
        return (self.refund > 0) & (self.refund == self.total)


def month_order_counts(history: History, total: int) -> Ints:
    """Orders of each month; they sum to `total`."""
    shop, market = history.month_weights(is_market=False), history.month_weights(is_market=True)
    return split_total(total, 0.4 * shop / shop.sum() + 0.6 * market / market.sum())


def _second_of_day(rng: np.random.Generator, is_market: Bools) -> Ints:
    hours = np.where(is_market, pick(rng, _HOURS_MARKET, len(is_market)), pick(rng, _HOURS_SHOP, len(is_market)))
    return hours * 3600 + rng.integers(0, 3600, len(is_market))


def _buyers(rng: np.random.Generator, persons: Persons, month: int, count: int) -> tuple[Ints, Bools]:
    low, high = persons.first_of(month)
    new = np.arange(low, high)
    repeats = count - len(new)
    alive = np.flatnonzero((persons.acquired_month[:high] <= month) & (persons.last_month[:high] >= month))
    again = alive[pick(rng, persons.weight[alive], repeats)] if repeats > 0 else new[:0]
    is_first = np.concatenate([np.ones(len(new), bool), np.zeros(len(again), bool)])
    return np.concatenate([new, again]), is_first


def _promotions(history: History, month: int, day: Ints, is_market: Bools) -> tuple[Ints, tuple[str, ...]]:
    """The promotion of each order (0: none) and the names of the month's promotions."""
    pairs = [(history.promotion(d, False)[0], history.promotion(d, True)[0]) for d in history.days(month)]
    names = tuple(dict.fromkeys(["", *(name for pair in pairs for name in pair)]))
    lookup = np.array([[names.index(shop), names.index(market)] for shop, market in pairs])
    return lookup[day, is_market.astype(np.int64)], names


def _line_products(rng: np.random.Generator, taste: Floats) -> Ints:
    """A product per line; who buys dear gets the dearer ones more often."""
    table = products.arrays()
    result = np.zeros(len(taste), np.int64)
    level = np.digitize(taste, (0.85, 1.25))
    for number, power in enumerate((-0.35, 0.0, 0.45)):
        mask = level == number
        weights = table["weight"] * (table["list_price"] / 200.0) ** power
        result[mask] = pick(rng, weights, int(mask.sum()))
    return result


def _causes(rng: np.random.Generator, system: Ints, is_usd: Bools, is_first: Bools) -> Ints:
    result = np.zeros(len(system), np.int64)
    for name, mask in (
        ("market", system == IN_MARKET),
        ("foreign_first", is_usd & is_first),
        ("foreign_again", is_usd & ~is_first),
        ("chinese_first", (system == IN_SHOP) & ~is_usd & is_first),
        ("chinese_again", (system == IN_SHOP) & ~is_usd & ~is_first),
    ):
        result[mask] = pick(rng, np.array(CAUSES[name]), int(mask.sum()))
    return result


def make_month(
    seed: int, history: History, persons: Persons, month: int, count: int, numbers: tuple[int, int]
) -> MonthOrders:
    """The orders of one month; `numbers` are the first running numbers of web shop and marketplace."""
    rng = stream(seed, "orders", month)
    person, is_first = _buyers(rng, persons, month, count)
    system = persons.systems[person]
    system = np.where(system == IN_SHOP + IN_MARKET, np.where(rng.random(count) < 0.5, IN_SHOP, IN_MARKET), system)
    is_market = system == IN_MARKET
    is_usd = persons.is_foreign[person]
    day = np.where(
        is_market,
        pick(rng, history.day_weights(month, is_market=True), count),
        pick(rng, history.day_weights(month, is_market=False), count),
    )
    first = history.months[month]
    midnight = int((datetime(first.year, first.month, 1, tzinfo=UTC) - SHANGHAI).timestamp())
    created = midnight + day * 86400 + _second_of_day(rng, is_market)
    order = np.lexsort((person, created))
    person, system, day, created = person[order], system[order], day[order], created[order]
    is_first, is_market, is_usd = is_first[order], is_market[order], is_usd[order]
    number = np.where(is_market, numbers[1] + np.cumsum(is_market) - 1, numbers[0] + np.cumsum(~is_market) - 1)

    large = pick(rng, np.array(DEVOTED_LINES_SHARES), count)
    line_count = 1 + np.where(persons.is_devoted[person], large, pick(rng, np.array(LINES_SHARES), count))
    line_order = np.repeat(np.arange(count), line_count)
    starts = np.concatenate([[0], np.cumsum(line_count)[:-1]]) if count else line_count
    line_number = np.arange(len(line_order)) - np.repeat(starts, line_count) + 1
    product = _line_products(rng, persons.taste[person][line_order])
    quantity = 1 + pick(rng, np.array(QUANTITY_SHARES), len(line_order))
    promotion, names = _promotions(history, month, day, is_market)
    has_coupon = rng.random(count) < COUPON_SHARE
    rate = np.where(promotion > 0, 0.10, 0.0) + np.where(has_coupon, 0.08, 0.0)
    table = products.arrays()
    price_cny, price_usd = np.rint(table["list_price"] * 100), np.rint(table["usd_price"] * 100)
    price = np.where(is_usd[line_order], price_usd[product], price_cny[product])
    # the marketplace writes prices after discounts, the web shop states the discount of the order
    price = np.where(is_market[line_order], np.rint(price * (1.0 - rate[line_order])), price).astype(np.int64)
    goods = np.bincount(line_order, weights=price * quantity, minlength=count).astype(np.int64)
    discount = np.where(is_market, 0, np.rint(goods * rate)).astype(np.int64)
    net = goods - discount
    free = np.where(is_usd, _FREE_USD, _FREE_CNY)
    freight = np.where(net >= free, 0, np.where(is_usd, _FREIGHT_USD, _FREIGHT_CNY))
    tax = np.where(is_usd, np.rint(net * 0.06), 0).astype(np.int64)

    paid = created + np.rint(rng.exponential(np.where(is_market, 180.0, 45.0))).astype(np.int64)
    is_unpaid = (rng.random(count) < UNPAID_SHARE) & ~is_first
    paid = np.where(is_unpaid, 0, paid)
    total = net + freight + tax
    refund, refunded = _refunds(
        rng, history, history.days(month), day, paid, total, line_order, line_number, product, price * quantity
    )
    # JD's export tells of a refund only where the whole order was taken back
    on_jd = is_market & (persons.market[person] == MARKETS.index("jd"))
    store = store_of_orders(seed, month, persons.city[person], (system == IN_SHOP) & ~is_usd)
    is_untold = on_jd & (refund != total)
    refund, refunded = np.where(is_untold, 0, refund), np.where(is_untold, 0, refunded)
    return MonthOrders(
        month=month,
        number=number,
        person=person,
        is_first=is_first,
        system=system,
        store=store,
        is_usd=is_usd,
        uses_second=persons.has_second[person] & (rng.random(count) < 0.4),
        created=created,
        paid=paid,
        has_coupon=has_coupon,
        promotion=promotion,
        promotion_names=names,
        goods=goods,
        discount=discount,
        freight=freight,
        tax=tax,
        refund=refund,
        refunded=refunded,
        cause=np.where(store >= 0, INDEX["direct"], _causes(rng, system, is_usd, is_first)),
        line_order=line_order,
        line_number=line_number,
        product=product,
        quantity=quantity,
        price=price,
        platform_coupon=np.where(
            is_market & ~on_jd & (rng.random(count) < 0.1) & (refund == 0) & (paid > 0) & (net > 2000), 500, 0
        ),
    )


def _refunds(
    rng: np.random.Generator,
    history: History,
    days: list[date],
    day: Ints,
    paid: Ints,
    total: Ints,
    line_order: Ints,
    line_number: Ints,
    product: Ints,
    line_goods: Ints,
) -> tuple[Ints, Ints]:
    """Amount and time of each order's refund: all that was paid, or a part of its first line."""
    batch = [p.sku for p in products.products()].index("CF-1003")
    has_batch = np.zeros(len(day), bool)
    has_batch[line_order[product == batch]] = True
    factor = np.array([history.factor("bad_batch", d) for d in days])[day]
    share = np.where(has_batch, np.minimum(REFUND_SHARE * factor * np.where(factor > 1, 2.0, 1.0), 0.8), REFUND_SHARE)
    is_refunded = (rng.random(len(day)) < share) & (paid > 0)
    in_part = rng.random(len(day)) < PARTIAL_REFUND_SHARE
    first_line = line_goods[line_number == 1]
    amount = np.where(in_part, np.rint(first_line * 0.6).astype(np.int64), total)
    refund = np.where(is_refunded, amount, 0)
    wait = np.rint(86400 * (0.5 + rng.gamma(2.0, 1.1, len(day))).clip(0, REFUND_DAYS)).astype(np.int64)
    refunded = np.where(is_refunded, paid + wait, 0)
    end = int(
        (
            datetime(history.end_date.year, history.end_date.month, history.end_date.day, tzinfo=UTC)
            + timedelta(days=1)
            - SHANGHAI
        ).timestamp()
    )
    is_seen = refunded < end  # refunds after the end of history are not known yet
    return np.where(is_seen, refund, 0), np.where(is_seen, refunded, 0)
