"""Business customers: leads, the deals they become, their people and companies, for the three CRM systems.

Belongs here: the table `lead` and the table `deal` with all their times, and what really brought each lead. Not here:
the forms of the exports (`export_crm_cn.py`, `export_salesforce.py`, `export_hubspot.py`) and what is done for leads
and deals (`export_crm_cn_work.py`, `export_salesforce_work.py`). Times are seconds since 1970 in UTC, 0 for never.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa

from ingestion.sample import words
from ingestion.sample.constants import (
    CONTACT_IS_SHOPPER_SHARE,
    CRM_CN_SHARE,
    HUBSPOT_EVERY,
    LEAD_OPPORTUNITY_SHARE,
    LEAD_VALID_SHARE,
    WIN_SHARE,
)
from ingestion.sample.demand import History
from ingestion.sample.persons import Persons
from ingestion.sample.products import product_lines
from ingestion.sample.random_streams import Floats, Ints, pick, split_total, stream
from ingestion.sample.random_streams import words as take
from ingestion.sample.sessions import month_start
from ingestion.sample.training_plan import win_factors

# source's word, marketing channel behind it, weight
SOURCES_CN = (("官网", "direct", 0.22), ("百度推广", "paid_search", 0.24), ("抖音", "organic_social", 0.10),
              ("老客户转介绍", "referral", 0.16), ("展会", "event", 0.14), ("陌生拜访", "outbound", 0.08),
              ("邮件", "email", 0.06))  # fmt: skip
SOURCES_EN = (("Website", "direct", 0.22), ("Google Ads", "paid_search", 0.26), ("LinkedIn", "organic_social", 0.14),
              ("Customer Referral", "referral", 0.14), ("Trade Show", "event", 0.12), ("Cold Call", "outbound", 0.06),
              ("Email", "email", 0.06))  # fmt: skip
REGION_OF = {
    "北京": "华北", "天津": "华北", "山东": "华东", "上海": "华东", "浙江": "华东", "江苏": "华东", "福建": "华东",
    "广东": "华南", "河南": "华中", "湖北": "华中", "湖南": "华中", "四川": "西南", "重庆": "西南",
    "陕西": "西北", "辽宁": "东北",
}  # fmt: skip
SELLERS = {  # region -> sellers who get its leads
    "华东": ("E011", "E012"), "华南": ("E021", "E022"), "华北": ("E031", "E032"), "东北": ("E031",), "华中": ("E042",),
    "西南": ("E041",), "西北": ("E041",), "Overseas": ("E051", "E052", "E053"),
}  # fmt: skip
_HOUR, _DAY = 3600.0, 86400.0
ONE_OFF_CENTS = 60_000_000  # one deal far beyond all others, planted: 600,000 CNY


@dataclass(frozen=True)
class BusinessSummary:
    lead_count: int
    deal_count: int


def _after(rng: np.random.Generator, start: Ints, shape: float, scale: float) -> Ints:
    return start + np.rint(rng.gamma(shape, scale, len(start))).astype(np.int64)


def _created(rng: np.random.Generator, history: History, count: int) -> Ints:
    weights = [history.business_day_weights(m) for m in range(history.month_count)]
    per_month = split_total(count, np.array([w.sum() for w in weights]))
    parts = []
    for month, number in enumerate(per_month):
        day = pick(rng, weights[month], int(number))
        parts.append(month_start(history, month) + day * 86400 + 9 * 3600 + rng.integers(0, 9 * 3600, int(number)))
    return np.sort(np.concatenate(parts))


def make_business(
    con: duckdb.DuckDBPyConnection, seed: int, history: History, persons: Persons, count: int
) -> BusinessSummary:
    """Create tables `lead` and `deal`; about `count` leads (those lost to the broken form are never known)."""
    rng = stream(seed, "business")
    created = _created(rng, history, count)
    is_cn = rng.random(count) < CRM_CN_SHARE
    source = np.where(
        is_cn,
        pick(rng, np.array([s[2] for s in SOURCES_CN]), count),
        pick(rng, np.array([s[2] for s in SOURCES_EN]), count),
    )
    broken = _broken_form(history, created) & is_cn & (source == 0) & (rng.random(count) > 0.25)
    keep = ~broken
    created, is_cn, source = created[keep], is_cn[keep], source[keep]
    count = len(created)
    times, facts = _lead_course(rng, history, created)
    texts = _lead_texts(rng, persons, count, is_cn, source, facts)
    number = np.arange(count)
    is_hub = ~is_cn & (number % HUBSPOT_EVERY == 1)
    crm = take(("salesforce", "crm_cn", "hubspot"), np.where(is_cn, 1, np.where(is_hub, 2, 0)))
    lead = pa.table({"n": number, "is_cn": is_cn, "crm": crm, "created": created, **times, **facts, **texts})
    con.register("lead_arrow", lead)
    con.execute("CREATE OR REPLACE TABLE lead AS SELECT * FROM lead_arrow ORDER BY n")
    con.unregister("lead_arrow")
    deals = _deals(rng, con, history)
    return BusinessSummary(count, deals)


def _broken_form(history: History, created: Ints) -> np.ndarray:
    result = np.zeros(len(created), bool)
    for anomaly in history.anomalies:
        if anomaly.anomaly_id == "lead_form_broken":
            low = np.datetime64(anomaly.first_day).astype("datetime64[s]").astype(np.int64) - 8 * 3600
            high = np.datetime64(anomaly.last_day).astype("datetime64[s]").astype(np.int64) + 16 * 3600
            result = (created >= low) & (created < high)
    return result


def _lead_course(
    rng: np.random.Generator, history: History, created: Ints
) -> tuple[dict[str, Ints], dict[str, np.ndarray]]:
    """Times and facts of the leads; times after the end of the history are cut when a state is written."""
    count = len(created)
    size = np.rint(np.exp(rng.normal(4.4, 1.1, count))).astype(np.int64).clip(3, 20000)
    has_budget, is_decider = rng.random(count) < 0.42, rng.random(count) < 0.48
    months = rng.choice(np.array([1, 2, 3, 4, 6, 9, 12, 18]), count)
    trade = rng.integers(0, 1 << 20, count)
    on_list = trade % 8 < 4
    score = 3 * (size >= 100) + 2 * on_list + 3 * has_budget + 1 * is_decider + 1 * (months <= 6)
    is_valid = rng.random(count) < LEAD_VALID_SHARE
    chance = LEAD_OPPORTUNITY_SHARE * (0.35 + 0.13 * score)
    is_converted = is_valid & (rng.random(count) < chance)
    assigned = _after(rng, created, 1.0, 3.0 * _HOUR)
    contacted = _after(rng, assigned, 1.0, 2.6 * _HOUR)
    graded = _after(rng, contacted, 1.0, 7.0 * _HOUR)
    followed = _after(rng, graded, 1.2, 22.0 * _HOUR)
    closed = np.where(is_valid, 0, _after(rng, graded, 1.5, 1.5 * _DAY))
    converted = np.where(is_converted, _after(rng, followed, 2.0, 2.2 * _DAY), 0)
    # a few leads are never contacted
    never = (rng.random(count) < 0.03) & ~is_converted & is_valid
    times = {
        "assigned": assigned, "contacted": np.where(never, 0, contacted), "graded": np.where(never, 0, graded),
        "followed": np.where(never, 0, followed), "closed": closed, "converted": converted,
    }  # fmt: skip
    facts = {
        "size": size, "has_budget": has_budget, "is_decider": is_decider, "months": months, "score": score,
        "is_valid": is_valid, "trade": trade,
    }  # fmt: skip
    return times, facts


def _lead_texts(
    rng: np.random.Generator,
    persons: Persons,
    count: int,
    is_cn: np.ndarray,
    source: Ints,
    facts: dict[str, np.ndarray],
) -> dict[str, pa.Array]:
    import pyarrow.compute as pc

    from ingestion.sample.persons import _choose, _digits, _join

    number = np.arange(count)
    trade = facts["trade"]
    city = np.array(words.COMPANY_CITIES)[rng.integers(0, len(words.COMPANY_CITIES), count)]
    place = pick(rng, np.array([c[6] for c in words.FOREIGN_CITIES]), count)
    stem = rng.permutation(count)  # a pair of stems per company: no two are called the same below 12,000 leads
    stems, stems_en = len(words.COMPANY_STEMS), len(words.COMPANY_STEMS_EN)
    company_cn = _join(
        pc.utf8_slice_codeunits(take([c[2] for c in words.CITIES], city), 0, 2),
        take(words.COMPANY_STEMS, stem % stems),
        take(words.COMPANY_STEMS, (stem // stems) % stems),
        take([t[0] for t in words.COMPANY_TRADES], trade % 8),
        "有限公司",
    )
    company_en = _join(
        take(words.COMPANY_STEMS_EN, stem % stems_en),
        " ",
        take(words.COMPANY_STEMS_EN, (stem // stems_en) % stems_en),
        " ",
        take([t[0] for t in words.COMPANY_TRADES_EN], trade % 6),
        take((" Inc", " LLC", " Société", " Ltd"), rng.integers(0, 4, count)),
    )
    surname, given = rng.integers(0, len(words.SURNAMES), count), rng.integers(0, len(words.GIVEN_NAMES), count)
    first, last = rng.integers(0, len(words.FIRST_NAMES), count), rng.integers(0, len(words.LAST_NAMES), count)
    name = _choose(
        is_cn,
        _join(take([s[0] for s in words.SURNAMES], surname), take([g[0] for g in words.GIVEN_NAMES], given)),
        _join(take(words.FIRST_NAMES, first), " ", take(words.LAST_NAMES, last)),
    )
    local = _choose(
        is_cn,
        _join(take([g[1] for g in words.GIVEN_NAMES], given), take([s[1] for s in words.SURNAMES], surname)),
        pc.utf8_lower(_join(take(words.FIRST_NAMES, first), "_", take(words.LAST_NAMES, last))),
    )
    email = _join(local, ".b", pa.array(number).cast(pa.string()), "@example.com")
    areas = take(("646", "415", "213", "617"), (number // 10_000) % 4)
    phone = _choose(
        is_cn,
        _join("186", _digits((number * 48_271 + 12_345_678) % 10**8, 8)),
        _join("+1 ", areas, "-555-", _digits(number % 10_000, 4)),
    )
    # contacts who buy in a shop themselves: Chinese ones under the same phone, foreign ones under the same e-mail
    wanted = rng.random(count) < CONTACT_IS_SHOPPER_SHARE
    bad = pc.fill_null(pc.less(pc.utf8_length(persons.table["market_phone"]), 11), True).to_numpy(zero_copy_only=False)
    chinese = np.flatnonzero((persons.systems >= 2) & (persons.link <= 1) & ~bad)
    foreign = np.flatnonzero(persons.is_foreign)
    shopper = np.full(count, -1)
    for pool, mask in ((chinese, wanted & is_cn), (foreign, wanted & ~is_cn)):
        chosen = np.flatnonzero(mask)[: len(pool)]
        shopper[chosen] = rng.permutation(pool)[: len(chosen)]
    index = pa.array(np.maximum(shopper, 0))
    is_shopper = shopper >= 0
    table = persons.table
    name = _choose(is_shopper, table["name"].combine_chunks().take(index), name)
    phone = _choose(is_shopper & is_cn, table["market_phone"].combine_chunks().take(index), phone)
    email = _choose(is_shopper & ~is_cn, table["email"].combine_chunks().take(index), email)
    is_missing = rng.random(count) < 0.04
    is_misstated = rng.random(count) < 0.06
    stated = np.where(is_misstated, 0, source)
    word = _choose(is_cn, take([s[0] for s in SOURCES_CN], stated), take([s[0] for s in SOURCES_EN], stated))
    region = _choose(is_cn, take([REGION_OF[c[0]] for c in words.CITIES], city), take(("Overseas",), number * 0))
    sellers = [(r, s) for r, names in SELLERS.items() for s in names]
    by_region = {r: [i for i, (rr, _) in enumerate(sellers) if rr == r] for r in SELLERS}
    region_list = region.to_pylist()
    options = [by_region[r] for r in dict.fromkeys(region_list)]
    lookup = dict(zip(dict.fromkeys(region_list), options, strict=True))
    pick_seller = rng.integers(0, 1 << 20, count)
    owner = np.array([lookup[r][k % len(lookup[r])] for r, k in zip(region_list, pick_seller.tolist(), strict=True)])
    return {
        "company": _choose(is_cn, company_cn, company_en),
        "industry": _choose(
            is_cn,
            take([t[1] for t in words.COMPANY_TRADES], trade % 8),
            take([t[1] for t in words.COMPANY_TRADES_EN], trade % 6),
        ),
        "contact": name, "phone": phone, "email": email, "shopper": pa.array(shopper),
        "stated_source": _choose(is_missing, pa.nulls(count, pa.string()), word),
        "true_channel": _choose(
            is_cn, take([s[1] for s in SOURCES_CN], source), take([s[1] for s in SOURCES_EN], source)
        ),
        "province": take([c[0] for c in words.CITIES], city),
        "city": _choose(
            is_cn, take([c[2] for c in words.CITIES], city), take([c[3] for c in words.FOREIGN_CITIES], place)
        ),
        "country": take([c[0] for c in words.FOREIGN_CITIES], place),
        "state": take([c[1] for c in words.FOREIGN_CITIES], place),
        "region": region, "owner": take([s for _, s in sellers], owner),
    }  # fmt: skip


def _course(rng: np.random.Generator, start: Ints, factor: Floats | None = None) -> dict[str, np.ndarray]:
    """Stages of deals that began at `start`: times, whether and where they were lost; `factor` times the chance to win.

    `is_won_anyway` is what would have been without the factor: what hangs on it does not move with what is planted.
    """
    count = len(start)
    needs = _after(rng, start, 2.4, 3.6 * _DAY)
    proposal = _after(rng, needs, 2.0, 2.6 * _DAY)
    closed = _after(rng, proposal, 2.4, 7.0 * _DAY)
    chance = rng.random(count)
    is_won_anyway = chance < WIN_SHARE
    is_won = is_won_anyway if factor is None else chance < WIN_SHARE * factor
    lost_at = np.where(
        is_won, 3, pick(rng, np.array([0.2, 0.3, 0.5]), count)
    )  # 0 qualified, 1 needs, 2 proposal, 3 won
    closed = np.where(
        lost_at == 0,
        _after(rng, start, 2.0, 5.0 * _DAY),
        np.where(lost_at == 1, _after(rng, needs, 2.0, 5.0 * _DAY), closed),
    )
    return {
        "needs": np.where(lost_at >= 1, needs, 0), "proposal": np.where(lost_at >= 2, proposal, 0), "closed": closed,
        "is_won": is_won, "is_won_anyway": is_won_anyway, "lost_at": lost_at,
        "after_sales": np.where(is_won, closed + 20 * 86400, 0),
    }  # fmt: skip


def _amounts(rng: np.random.Generator, is_cn: np.ndarray) -> tuple[Ints, Ints]:
    """Amount and cost in cents of the system's currency; rounded to 100 units as sellers do."""
    base: Floats = np.exp(rng.normal(9.45, 0.75, len(is_cn)))
    amount = np.where(is_cn, base, base / 6.5)
    amount = np.maximum(np.rint(amount / 100), 5).astype(np.int64) * 10_000
    cost = np.rint(amount * rng.normal(0.62, 0.05, len(is_cn)).clip(0.45, 0.8) / 10_000).astype(np.int64) * 10_000
    return amount, cost


def _deals(rng: np.random.Generator, con: duckdb.DuckDBPyConnection, history: History) -> int:
    """Table `deal`: one per converted lead, and later ones of customers who were won."""
    first = con.execute(
        "SELECT n, converted, created, owner, is_cn FROM lead WHERE converted > 0 ORDER BY n"
    ).fetchnumpy()
    lead, start, is_cn = np.asarray(first["n"]), np.asarray(first["converted"]), np.asarray(first["is_cn"])
    course = _course(rng, start, win_factors(history, np.asarray(first["owner"]), np.asarray(first["created"])))
    again = course["is_won_anyway"] & (rng.random(len(lead)) < 0.35)
    start_again = _after(rng, course["closed"][again], 3.0, 40.0 * _DAY)
    second = _course(rng, start_again)
    columns = {name: np.concatenate([course[name], second[name]]) for name in course}
    is_cn = np.concatenate([is_cn, is_cn[again]])
    lead = np.concatenate([lead, lead[again]])
    start = np.concatenate([start, start_again])
    is_repeat = np.arange(len(lead)) >= len(first["n"])
    amount, cost = _amounts(rng, is_cn)
    end = month_start(history, history.month_count)
    big = np.flatnonzero(columns["is_won_anyway"] & is_cn & (columns["closed"] < end - 60 * 86400) & ~is_repeat)
    if len(big):
        amount[big[len(big) // 2]], cost[big[len(big) // 2]] = ONE_OFF_CENTS, int(ONE_OFF_CENTS * 0.66)
    order = np.lexsort((lead, start))
    lines = product_lines()
    table = pa.table(
        {
            "d": np.arange(len(order)), "lead": lead[order], "start": start[order], "is_repeat": is_repeat[order],
            "deal_is_cn": is_cn[order], "amount": amount[order], "cost": cost[order],
            "line": take(lines, pick(rng, np.array([0.34, 0.2, 0.12, 0.2, 0.06, 0.08]), len(order))),
            "through": take(("直销", "分销"), pick(rng, np.array([0.7, 0.3]), len(order))),
            "loss_reason": pick(rng, np.array([0.45, 0.2, 0.2, 0.15]), len(order)),
            "has_cost": rng.random(len(order)) < 0.85,
            **{f"deal_{name}": values[order] for name, values in columns.items()},
        }
    )  # fmt: skip
    con.register("deal_arrow", table)
    con.execute(
        "CREATE OR REPLACE TABLE deal AS SELECT d.*, l.* FROM deal_arrow d JOIN lead l ON l.n = d.lead ORDER BY d.d"
    )
    con.unregister("deal_arrow")
    return table.num_rows
