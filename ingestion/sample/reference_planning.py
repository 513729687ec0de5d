"""Sheets of planning and marketing: calendar events, stores, channels, offline events, audience sizes.

Belongs here: the promotions and holidays that shape demand (`demand.py`), written down as people would. Not here: goals
and budgets (`reference.py`), reviews (`reference_reviews.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import groupby

from ingestion.sample import workdays
from ingestion.sample.channels import CAMPAIGNS
from ingestion.sample.demand import History
from ingestion.sample.operations import Cell, write_sheet
from ingestion.sample.outbox import Outbox, comma_separated
from ingestion.sample.random_streams import stream
from ingestion.sample.stores import STORES

CALENDAR = comma_separated("类型,名称,大区,行业,渠道,开始日期,结束日期,说明")
STORE = comma_separated(
    "门店编号,门店名称,大区,省份,城市,区县,营业面积（平方米）,纬度,经度,辐射半径（公里）,辐射人口,店长工号,开业日期"
)
CHANNEL = comma_separated("Channel,Name,Group,Online,Tier")
OFFLINE = comma_separated(
    "活动编号,活动名称,类型,营销活动编号,大区,城市,负责人工号,日期,费用,币种,发放数量,扫码数,到场人数,活动码"
)
AUDIENCE = comma_separated("Platform,Campaign ID,Date,Audience size,People reached")
CHANNELS = (
    ("web_shop", "官网商城", "direct", "yes", "core"), ("tmall", "天猫淘宝", "marketplace", "yes", "core"),
    ("direct_sales", "直销团队", "direct", "no", "core"), ("distributor", "分销商", "distributor", "no", "secondary"),
    ("store", "门店", "store", "no", "potential"),
)  # fmt: skip
#: Kind, name, region, city, cost of a day, handed out, share that gives the code: one is below 5%.
OFFLINE_KINDS = (
    ("展会", "家居博览会", "华东", "上海市", 68_000.0, 4_200, 0.11),
    ("传单", "地铁传单", "华北", "北京市", 9_000.0, 8_000, 0.021),
    ("沙龙", "咖啡沙龙", "西南", "成都市", 6_500.0, 160, 0.34),
    ("海报", "商圈海报", "华南", "深圳市", 12_000.0, 1_500, 0.062),
)  # fmt: skip
_POLICIES = (("以旧换新补贴", 260, 80), ("绿色家电补贴", 560, 120))  # name, days before the end, days
_WEATHER = (("台风", "华南", 66, 3), ("高温预警", "华东", 52, 9), ("寒潮", "华北", 270, 5))


def write(outbox: Outbox, history: History, seed: int) -> dict[str, object]:
    """Write the five sheets; the answer is what was planted."""
    last = history.end_date
    stamp = f"{last:%Y-%m-%d}"
    events = calendar_rows(history)
    offline = _offline(history, seed)
    stores: list[Sequence[Cell]] = [
        (s[0], s[1], s[2], f"{s[3]}市" if s[3] in ("上海", "北京") else f"{s[3]}省", s[4], s[5], s[6], s[7], s[8], 3.0,
         s[9], "E010" if s[2] == "华东" else "E001", f"202{n}-05-01") for n, s in enumerate(STORES)
    ]  # fmt: skip
    for export, name, sheet, headings, rows, title in (
        ("calendar_events", "日历事件", "日历", CALENDAR, events, "营销与节假日日历"),
        ("stores", "门店信息", "门店", STORE, stores, None),
        ("channels", "channels", "Channels", CHANNEL, [*CHANNELS], None),
        ("offline_events", "线下活动", "线下活动", OFFLINE, offline, "线下活动台账"),
        ("audience_sizes", "audience_sizes", "Audiences", AUDIENCE, _audiences(history, seed), None),
    ):
        write_sheet(outbox, "reference", export, f"{name}_{stamp}.xlsx", sheet, headings, rows, last, title=title)
    below = [f"{kind[1]} {kind[6]:.1%}" for kind in OFFLINE_KINDS if kind[6] < 0.05]
    return {"calendar_events": len(events), "offline_below_5_percent": below}


def calendar_rows(history: History) -> list[Sequence[Cell]]:
    """Promotions and holidays of the history's days, days worked instead, policies and weather."""
    first, last = history.start_date, history.end_date
    days = [first + timedelta(n) for n in range((last - first).days + 1)]
    rows: list[Sequence[Cell]] = []
    for channel, is_market in (("web_shop", False), ("tmall", True)):
        for name, start, end in _spans(days, [history.promotion(d, is_market)[0] for d in days]):
            rows.append(("促销", f"{name}{start:%Y}", None, None, channel, _word(start), _word(end), None))
    off = workdays.china()
    names = [_holiday(off.get(d, "")) for d in days]
    for name, start, end in _spans(days, names):
        rows.append(("节假日", name, None, None, None, _word(start), _word(end), None))
    rows += [
        ("调休上班", f"调休{d:%m%d}", None, None, None, _word(d), _word(d), None)
        for d in workdays.make_up_days()
        if d in days
    ]
    for name, ago, length in _POLICIES:
        start = last - timedelta(ago)
        if start >= first:
            rows.append(
                ("政策", name, None, None, None, _word(start), _word(start + timedelta(length)), "地方财政补贴")
            )
    for name, region, ago, length in _WEATHER:
        start = last - timedelta(ago)
        if start >= first:
            rows.append(("天气", name, region, None, None, _word(start), _word(start + timedelta(length - 1)), None))
    return rows


def _holiday(name: str) -> str:
    """The name of a day off; days substituted for another belong to the holiday around them."""
    if not name:
        return ""
    words = {"New Year": "元旦", "Spring Festival": "春节", "Chinese New Year": "春节", "Tomb": "清明节",
             "Labor": "劳动节", "Dragon": "端午节", "Mid-Autumn": "中秋节", "National": "国庆节"}  # fmt: skip
    found = [word for key, word in words.items() if key in name and (key != "New Year" or "Chinese" not in name)]
    return found[0] if found else "调休放假"


def _spans(days: Sequence[date], names: Sequence[str]) -> list[tuple[str, date, date]]:
    """Runs of days with the same name, those without one left out."""
    runs = []
    for name, run in groupby(zip(days, names, strict=True), key=lambda pair: pair[1]):
        members = [day for day, _ in run]
        if name:
            runs.append((name, members[0], members[-1]))
    return runs


def _word(day: date) -> str:
    return f"{day:%Y年}{day.month}月{day.day}日" if day.day % 2 else str(day)


def _offline(history: History, seed: int) -> list[Sequence[Cell]]:
    """Each kind of `OFFLINE_KINDS` in turn, every second month, two days each; and trade shows abroad."""
    rng = stream(seed, "offline events")
    rows: list[Sequence[Cell]] = []
    for month in range(0, history.month_count, 2):
        kind, name, region, city, cost, count, share = OFFLINE_KINDS[(month // 2) % len(OFFLINE_KINDS)]
        first = history.months[month] + timedelta(int(rng.integers(4, 24)))
        key = f"HD{first:%Y%m}"
        for day in (first, first + timedelta(1)):
            handed = int(count * rng.uniform(0.8, 1.2))
            responses = int(rng.binomial(handed, share))
            paid = f"¥{cost * rng.uniform(0.9, 1.1):,.2f}"
            there = responses * 2 if kind in ("展会", "沙龙") else None
            rows.append((key, f"{first.year}{name}", kind, None, region, city, "E060", str(day), paid, "CNY", handed,
                         responses, there, f"CY{first:%y%m}"))  # fmt: skip
    return rows + _trade_shows(history, seed)


def _trade_shows(history: History, seed: int) -> list[Sequence[Cell]]:
    """One abroad each quarter, under the campaign and the code that the CRM's campaign members name."""
    rng = stream(seed, "trade shows")
    rows: list[Sequence[Cell]] = []
    for month in history.months:
        day = month + timedelta(int(rng.integers(8, 20)))
        if month.month % 3 != 1:
            continue
        quarter = f"{month.year}{(month.month + 2) // 3}"
        handed = int(rng.integers(500, 900))
        responses = int(rng.binomial(handed, 0.09))
        campaign = f"7015g0000{quarter}1IAM"
        cost = f"¥{rng.uniform(22_000, 34_000):,.2f}"
        rows.append((f"TS{quarter}", f"Trade Show {month.year} Q{quarter[-1]}", "展会", campaign, "海外", None, "E060",
                     str(day), cost, "CNY", handed, responses, responses * 2, f"TS{quarter}"))  # fmt: skip
    return rows


def _audiences(history: History, seed: int) -> list[Sequence[Cell]]:
    """At each month's end, the audience of every campaign and how many of it were reached in the month."""
    rng = stream(seed, "audiences")
    rows: list[Sequence[Cell]] = []
    for month in range(history.month_count):
        day = history.days(month)[-1]
        for campaign in CAMPAIGNS:
            size = int(40_000 * (1 + 6 * campaign.share) * (1 + 0.01 * month))
            rows.append((campaign.platform, campaign.campaign_id, str(day), size, int(size * rng.uniform(0.2, 0.55))))
    return rows
