"""The people who buy: who they are, where they live, under which identities each system knows them.

Belongs here: the table of persons and their truth. Not here: what they buy (`orders.py`), business customers
(`business.py`). One person may have a web shop identity, a marketplace identity, or both; what links the two
(phone, e-mail, nothing) is drawn at the known shares of `constants.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.sample import words
from ingestion.sample.constants import (
    BAD_PHONE_SHARE,
    BOTH_SHARE,
    DEVOTED_SHARE,
    FOREIGN_SHARE,
    JD_EVERY,
    LINK_SHARES,
    MONTHLY_SURVIVAL,
    ONE_TIME_SHARE,
    SECOND_ACCOUNT_SHARE,
    SHOP_ONLY_SHARE,
    TMALL_EVERY,
)
from ingestion.sample.random_streams import Bools, Floats, Ints, pick, split_total, stream
from ingestion.sample.random_streams import words as take

IN_SHOP, IN_MARKET = 1, 2
MARKETS = ("taobao", "tmall", "jd")  # where a marketplace customer buys
LINKS = ("single", "phone", "email", "none")
_CN_PREFIXES = ("198", "199", "166", "191", "193", "195", "147", "178")


@dataclass(frozen=True)
class Persons:
    """Persons in the order in which they were acquired; all arrays have one value per person."""

    acquired_month: Ints
    last_month: Ints  # last month in which the person may buy
    weight: Floats  # how often the person buys
    taste: Floats  # how dear the person buys, about 1
    is_devoted: Bools
    systems: Ints  # bits: IN_SHOP, IN_MARKET
    is_foreign: Bools
    link: Ints  # index into LINKS
    market: Ints  # index into MARKETS
    city: Ints  # of words.CITIES, or of words.FOREIGN_CITIES
    has_second: Bools
    table: pa.Table  # person_id and the texts, as the exports need them

    @property
    def count(self) -> int:
        return len(self.acquired_month)

    def first_of(self, month: int) -> tuple[int, int]:
        """Range of the persons acquired in the month."""
        low, high = np.searchsorted(self.acquired_month, [month, month + 1])
        return int(low), int(high)


def _join(*parts: pa.Array | str) -> pa.Array:
    return pc.binary_join_element_wise(*parts, "")


def _choose(condition: Bools, yes: pa.Array, no: pa.Array) -> pa.Array:
    return pc.if_else(pa.array(condition), yes, no)


def _digits(values: Ints, width: int) -> pa.Array:
    return pc.utf8_lpad(pa.array(values).cast(pa.string()), width=width, padding="0")


def _acquisitions(count: int, month_orders: Ints) -> Ints:
    months = np.arange(len(month_orders))
    return split_total(count, month_orders * (0.22 + 0.55 * np.exp(-months / 5.0)))


def _markets(has_second: Bools) -> Ints:
    """The marketplace of each person; who has a second account has both on Taobao."""
    number = np.arange(len(has_second))
    market = np.where(number % JD_EVERY == 1, 2, np.where(number % TMALL_EVERY == 2, 1, 0))
    return np.where(has_second, 0, market)


def make_persons(seed: int, count: int, month_orders: Ints) -> Persons:
    """`count` persons, acquired in step with the orders of the months; at most half of a month's orders are first ones
    beyond the opening months."""
    rng = stream(seed, "persons")
    acquired = np.repeat(np.arange(len(month_orders)), np.minimum(_acquisitions(count, month_orders), month_orders))
    count = len(acquired)
    kind = rng.random(count)
    is_devoted = kind < DEVOTED_SHARE
    is_one_time = kind > 1.0 - ONE_TIME_SHARE
    life = np.where(is_devoted, 4, 1) * rng.geometric(1.0 - MONTHLY_SURVIVAL, count)
    is_foreign = rng.random(count) < FOREIGN_SHARE
    home = rng.random(count)
    systems = np.where(home < SHOP_ONLY_SHARE, IN_SHOP, np.where(home < SHOP_ONLY_SHARE + BOTH_SHARE, 3, IN_MARKET))
    systems = np.where(is_foreign, IN_SHOP, systems)
    link = np.where(systems == 3, 1 + pick(rng, np.array(list(LINK_SHARES.values())), count), 0)
    city_cn = pick(rng, np.array([c[4] for c in words.CITIES]), count)
    city_foreign = pick(rng, np.array([c[6] for c in words.FOREIGN_CITIES]), count)
    city = np.where(is_foreign, city_foreign, city_cn)
    has_second = (rng.random(count) < SECOND_ACCOUNT_SHARE) & (systems != 3) & ~is_foreign
    has_bad_phone = (rng.random(count) < BAD_PHONE_SHARE / 0.8) & (systems != 3) & ~has_second
    table = _texts(rng, seed, count, is_foreign, systems, link, city_cn, city_foreign, has_second, has_bad_phone)
    return Persons(
        acquired_month=acquired,
        last_month=acquired + life,
        weight=np.where(is_one_time, 0.0, np.where(is_devoted, 3.5, 0.0) + rng.gamma(0.8, 1.0, count) + 0.03),
        taste=np.exp(rng.normal(np.where(is_devoted, 0.65, -0.05), 0.35, count)),
        is_devoted=is_devoted,
        systems=systems,
        is_foreign=is_foreign,
        link=link,
        market=_markets(has_second),
        city=city,
        has_second=has_second,
        table=table,
    )


def _texts(
    rng: np.random.Generator,
    seed: int,
    count: int,
    is_foreign: Bools,
    systems: Ints,
    link: Ints,
    city_cn: Ints,
    city_foreign: Ints,
    has_second: Bools,
    has_bad_phone: Bools,
) -> pa.Table:
    number = np.arange(count)
    surname, given = rng.integers(0, len(words.SURNAMES), count), rng.integers(0, len(words.GIVEN_NAMES), count)
    first, last = rng.integers(0, len(words.FIRST_NAMES), count), rng.integers(0, len(words.LAST_NAMES), count)
    name_cn = _join(take([s[0] for s in words.SURNAMES], surname), take([g[0] for g in words.GIVEN_NAMES], given))
    name_en = _join(take(words.FIRST_NAMES, first), " ", take(words.LAST_NAMES, last))
    local_cn = _join(take([g[1] for g in words.GIVEN_NAMES], given), ".", take([s[1] for s in words.SURNAMES], surname))
    local_en = pc.utf8_lower(_join(take(words.FIRST_NAMES, first), ".", take(words.LAST_NAMES, last)))
    local = _choose(is_foreign, local_en, local_cn)
    tail = pa.array(number).cast(pa.string())
    domain = take(("@example.com", "@example.org", "@example.net"), rng.integers(0, 3, count))
    email = _join(local, tail, domain)
    # a multiplication modulo a power of ten by a number prime to it: no two persons share a phone number
    offset = int(stream(seed, "phones").integers(0, 10**8))
    suffix = _digits((number * 48_271 + offset) % 10**8, 8)
    prefix = take(_CN_PREFIXES, number % len(_CN_PREFIXES))
    other = _digits((number * 48_271 + offset + 50_000_000) % 10**8, 8)
    area = take([c[5] for c in words.FOREIGN_CITIES], city_foreign)
    nanp = _join("+1 ", area, "-555-", _digits((number * 7_919 + offset) % 10_000, 4))
    bad = take(("12345", "1380013", "00000000000", "没有"), number % 4)
    phone_cn = _choose(has_bad_phone, bad, _join(prefix, suffix))
    no_text = pa.nulls(count, pa.string())
    # outside China a shared 555 number could fall to two persons: those share no phone, the field stays empty
    foreign_unique = np.zeros(count, bool)
    pairs = np.where(is_foreign, city_foreign * 10_000 + (number * 7_919 + offset) % 10_000, -1 - number)
    foreign_unique[np.unique(pairs, return_index=True)[1]] = True
    has_area = np.array([bool(c[5]) for c in words.FOREIGN_CITIES])[city_foreign]
    phone_foreign = _choose(foreign_unique & has_area, nanp, no_text)
    # the marketplace identity: the same phone unless the link is the e-mail or nothing
    shares_phone = np.isin(link, (0, 1))
    market_phone = _choose(shares_phone, phone_cn, _join("158", other))
    hides_phone = rng.random(count) < 0.12
    shop_phone = _choose(is_foreign, phone_foreign, _choose(hides_phone & (link == 0) & ~has_second, no_text, phone_cn))
    alipay_own = _join(local, tail, ".pay@example.org")
    alipay = _choose(link == 2, email, _choose(rng.random(count) < 0.5, alipay_own, market_phone))
    account_word = take(("小鱼", "阳光", "咖啡", "tb", "云朵", "猫咪"), rng.integers(0, 6, count))
    account = _join(account_word, _digits((number * 7_368_787 + 1_234_567) % 10**8, 8))
    code = take([c[3] for c in words.CITIES], city_cn)
    return pa.table(
        {
            "person": pa.array(number),
            "person_id": _join("P", _digits(number, 7)),
            "name": _choose(is_foreign, name_en, name_cn),
            "email": email,
            "second_email": _choose(has_second, _join(local, tail, ".second", domain), no_text),
            "shop_phone": shop_phone,
            "market_phone": market_phone,
            "alipay": alipay,
            "account": account,
            "second_account": _choose(has_second, _join("新", account), no_text),
            "systems": pa.array(systems),
            "link": take(LINKS, link),
            "is_foreign": pa.array(is_foreign),
            "country": _choose(
                is_foreign, take([c[0] for c in words.FOREIGN_CITIES], city_foreign), take(("CN",), number * 0)
            ),
            "province": take([c[0] for c in words.CITIES], city_cn),
            "province_full": take([c[1] for c in words.CITIES], city_cn),
            "city": _choose(
                is_foreign,
                take([c[3] for c in words.FOREIGN_CITIES], city_foreign),
                take([c[2] for c in words.CITIES], city_cn),
            ),
            "district": _districts(rng, city_cn),
            "state_code": take([c[1] for c in words.FOREIGN_CITIES], city_foreign),
            "state": take([c[2] for c in words.FOREIGN_CITIES], city_foreign),
            "postcode": _choose(is_foreign, take([c[4] for c in words.FOREIGN_CITIES], city_foreign), code),
            "street": _choose(
                is_foreign,
                _join(pa.array(rng.integers(10, 990, count)).cast(pa.string()), " ", take(words.STREETS, number % 6)),
                _join(
                    take(words.ROADS, rng.integers(0, len(words.ROADS), count)),
                    pa.array(rng.integers(1, 400, count)).cast(pa.string()),
                    "号",
                    pa.array(rng.integers(1, 30, count)).cast(pa.string()),
                    "幢",
                    pa.array(rng.integers(101, 2400, count)).cast(pa.string()),
                    "室",
                ),
            ),
            "accepts_marketing": pa.array(rng.random(count) < 0.45),
        }
    )


def _districts(rng: np.random.Generator, city: Ints) -> pa.Array:
    flat = [d for c in words.CITIES for d in c[5]]
    counts = np.array([len(c[5]) for c in words.CITIES])
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    chosen = starts[city] + (rng.random(len(city)) * counts[city]).astype(np.int64)
    return take(flat, chosen)
