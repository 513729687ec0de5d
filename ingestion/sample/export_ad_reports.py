"""Further advertising reports: Google's ads and search terms, Ocean Engine, Tencent Ads, LinkedIn.

Belongs here: the forms of these reports, and how a campaign's day falls into ads, hours, regions, devices and words:
always so that the parts sum to the campaign's day to the cent, but for what a platform hides. Not here: the figures
themselves and the two older reports (`spend.py`). All read the table `figure` that `spend.load_figures` fills.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from ingestion.sample.outbox import Outbox, comma_separated, next_day

GOOGLE_AD = comma_separated(
    "Ad status,Campaign,Campaign ID,Ad group,Ad ID,Headline,Account,Day,Currency code,Cost,Impr.,Clicks,CTR,"
    "Conversions,Conv. value"
)
GOOGLE_TERM = comma_separated(
    "Search term,Match type,Campaign,Campaign ID,Ad group,Account,Day,Currency code,Cost,Impr.,Clicks,CTR,Conversions,"
    "Conv. value"
)
OCEAN = comma_separated("日期,广告主ID,计划ID,计划名称,消耗,展示数,点击数,点击率,转化数,成交金额")
TENCENT = comma_separated(
    "日期,账户ID,推广计划ID,推广计划名称,花费(元),曝光次数,曝光人数,点击次数,点击率,目标转化量,下单金额(元)"
)
LINKEDIN = comma_separated(
    "Start Date (in UTC),Account Name,Currency,Campaign Group ID,Campaign Group Name,Campaign ID,Campaign Name,"
    "Campaign Type,Campaign Status,Total Spent,Impressions,Clicks,Click Through Rate,Average CPC,Reactions,Conversions,"
    "Total Conversion Value,Reach"
)
OCEAN_ACCOUNT, TENCENT_ACCOUNT = "1700000000012345", "20260012"

# member -> share of the campaign's day, in percent; what is missing to 100 the platform hides
_HOURS = tuple(
    (f"{h:02d}", s) for h, s in enumerate([2, 1, 1, 1, 1, 1, 2, 3, 4, 5, 5, 5, 6, 5, 4, 4, 4, 5, 6, 7, 9, 9, 7, 3])
)
_REGIONS = (("广东", 24), ("浙江", 18), ("上海", 16), ("北京", 15), ("四川", 12), ("其他", 15))
_DEVICES = (("Android", 52), ("iOS", 41), ("PC", 7))
_WORDS = (("手冲咖啡壶", 26), ("磨豆机", 22), ("护眼台灯", 18), ("净水壶", 12), ("智能门锁", 8))
_ADS = (("A", 60), ("B", 40))
_TERMS = (("coffee grinder", 35), ("air purifier for home", 25), ("澄远 官网", 20))
#: Kind of breakdown -> heading, word in the file's name, members.
BREAKDOWNS: dict[str, tuple[str, str, tuple[tuple[str, int], ...]]] = {
    "hour": ("小时", "分时", _HOURS),
    "region": ("省份", "地域", _REGIONS),
    "device": ("设备", "设备", _DEVICES),
    "keyword": ("关键词", "关键词", _WORDS),
}


def _parts(platform: str, first: date, last: date, members: Sequence[tuple[str, int]], only: str = "true") -> str:
    """SQL: the platform's figures of the days, each campaign's day once per member, in parts that sum up."""
    rows, low = [], 0
    for number, (member, share) in enumerate(members):
        rows.append(f"({number}, '{member}', {low}, {low + share})")
        low += share

    def part(column: str) -> str:
        return f"({column} * high // 100 - {column} * low // 100) AS {column}"

    columns = ", ".join(part(c) for c in ("cost", "impressions", "clicks", "value"))
    return (
        f"(SELECT campaign, day, campaign_id, name, k, member, {columns}, "
        "round(conversions * (high - low) / 100, 2) AS conversions FROM figure JOIN ad_campaign USING (campaign), "
        f"(VALUES {', '.join(rows)}) m(k, member, low, high) "
        f"WHERE platform = '{platform}' AND day BETWEEN DATE '{first}' AND DATE '{last}' AND {only})"
    )


def _amount(cents: str) -> str:
    return f"format('{{:,.2f}}', ({cents})::decimal(18, 0) / 100)"


_CTR = "CASE WHEN impressions > 0 THEN format('{:.2f}%', 100.0 * clicks / impressions) ELSE '{none}' END"


def _sums(outbox: Outbox, source: str) -> tuple[str, str, str]:
    row = outbox.con.execute(
        f"SELECT {_amount('coalesce(sum(cost), 0)')}, coalesce(sum(impressions), 0)::bigint::varchar, "
        f"coalesce(sum(clicks), 0)::bigint::varchar FROM {source}"
    ).fetchone()
    assert row is not None
    return row[0], row[1], row[2]


def write_google(outbox: Outbox, first: date, last: date) -> None:
    """Ads, and the terms of the search campaigns; what stays below the threshold is in `Total: Account` only."""
    period = f'"{first:%B} {first.day}, {first:%Y} - {last:%B} {last.day}, {last:%Y}"'
    quarter = f"{last:%Y}-Q{(last.month + 2) // 3}"
    ctr = _CTR.replace("{none}", " --")
    figures = (
        f"'Chengyuan Home', day::varchar, 'CNY', {_amount('cost')}, format('{{:,d}}', impressions), "
        f"format('{{:,d}}', clicks), {ctr}, format('{{:.2f}}', conversions), {_amount('value')}"
    )
    ads = _parts("google_ads", first, last, _ADS)
    cost, impressions, clicks = _sums(outbox, ads)
    written = outbox.write_csv(
        "google_ads", "ad_report", f"{last:%Y}/Ad report {quarter}.csv", GOOGLE_AD,
        "SELECT 'Enabled', name, campaign_id, name || ' group', (70100000000 + campaign * 10 + k)::varchar, "
        f"name || ' ad ' || member, {figures} FROM {ads} ORDER BY day, campaign, k",
        next_day(last), preamble=("Ad performance report", period),
        footer=[f',,,,,,,{total},CNY,"{cost}",{impressions},{clicks}, --, --, --'
                for total in ("Total: Ads", "Total: Account")],
    )  # fmt: skip
    written.declared = {"cost": cost, "impressions": impressions, "clicks": clicks}
    terms = _parts("google_ads", first, last, _TERMS, "name LIKE 'G-Search%'")
    cost, impressions, clicks = _sums(outbox, terms)
    account = _sums(outbox, ads)
    written = outbox.write_csv(
        "google_ads", "search_term_report", f"{last:%Y}/Search terms report {quarter}.csv", GOOGLE_TERM,
        "SELECT member, ['Exact match', 'Phrase match', 'Broad match'][1 + k % 3], name, campaign_id, "
        f"name || ' group', {figures} FROM {terms} ORDER BY day, campaign, k",
        next_day(last), preamble=("Search terms report", period),
        footer=[f',,,,,,Total: Search terms,CNY,"{cost}",{impressions},{clicks}, --, --, --',
                f',,,,,,Total: Account,CNY,"{account[0]}",{account[1]},{account[2]}, --, --, --'],
    )  # fmt: skip
    written.declared = {"cost": cost, "impressions": impressions, "clicks": clicks}


def write_ocean(outbox: Outbox, first: date, last: date) -> None:
    """计划日报 of Ocean Engine: a byte order mark, a row 总计 at the end, and one record of 30 February."""
    source = _parts("ocean_engine", first, last, (("", 100),))
    cost, impressions, clicks = _sums(outbox, source)
    ctr = _CTR.replace("{none}", "-")
    columns = (
        f"'{OCEAN_ACCOUNT}', campaign_id, name, {_amount('cost')}, impressions::varchar, clicks::varchar, {ctr}, "
        f"format('{{:.2f}}', conversions), {_amount('value')}"
    )
    written = outbox.write_csv(
        "ocean_engine", "campaign_daily", f"{last:%Y}/巨量引擎_计划日报_{first:%Y%m%d}-{last:%Y%m%d}.csv", OCEAN,
        f"SELECT day::varchar, {columns} FROM (SELECT * FROM {source} ORDER BY day, campaign) UNION ALL "
        f"SELECT '{last.year}-02-30', '{OCEAN_ACCOUNT}', '0', '测试', '0.00', '0', '0', '-', '0', '0.00'",
        next_day(last), byte_order_mark=True, rejected={"not_a_date": 1},
        footer=[f'总计,,,,"{cost}",{impressions},{clicks},-,-,-'],
    )  # fmt: skip
    written.declared = {"spend": cost, "impressions": impressions, "clicks": clicks}


def write_tencent(outbox: Outbox, first: date, last: date) -> None:
    """计划日报 of Tencent Ads: GB18030, ids with a tab, one record whose account was lost."""
    ctr = _CTR.replace("{none}", "-")
    figures = (
        f"campaign_id || chr(9), name, {_amount('cost')}, impressions::varchar, (impressions * 7 // 10)::varchar, "
        f"clicks::varchar, {ctr}, format('{{:.2f}}', conversions), {_amount('value')}"
    )
    source = _parts("tencent_ads", first, last, (("", 100),))
    cost, impressions, clicks = _sums(outbox, source)
    written = outbox.write_csv(
        "tencent_ads", "campaign_daily", f"{last:%Y}/腾讯广告_推广计划日报_{last:%Y-%m-%d}.csv", TENCENT,
        f"SELECT strftime(day, '%Y/%m/%d'), '{TENCENT_ACCOUNT}' || chr(9), {figures} "
        f"FROM (SELECT * FROM {source} ORDER BY day, campaign) UNION ALL "
        f"SELECT '{last:%Y/%m/%d}', '', '0', '测试', '0.00', '0', '0', '0', '-', '0', '0.00'",
        next_day(last), encoding="gb18030", rejected={"missing_value": 1},
        footer=[f'合计,,,,"{cost}",{impressions},-,{clicks},-,-,-'],
    )  # fmt: skip
    written.declared = {"spend": cost, "impressions": impressions, "clicks": clicks}


def write_breakdowns(outbox: Outbox, platform: str, first: date, last: date) -> None:
    """The platform's breakdowns of the days: the same spend again, by hour, region, device and word."""
    is_ocean = platform == "ocean_engine"
    account = OCEAN_ACCOUNT if is_ocean else TENCENT_ACCOUNT
    for kind, (heading, word, members) in BREAKDOWNS.items():
        begin = last.replace(day=1) if kind == "hour" else first
        source = _parts(platform, begin, last, members)
        member = "member || ':00 - ' || member || ':59'" if kind == "hour" else "member"
        headings = (
            ("日期", "广告主ID", "计划ID", "计划名称", heading, "消耗", "展示数", "点击数", "转化数")
            if is_ocean
            else (
                "日期",
                "账户ID",
                "推广计划ID",
                "推广计划名称",
                heading,
                "花费(元)",
                "曝光次数",
                "点击次数",
                "目标转化量",
            )
        )
        cost, impressions, clicks = _sums(outbox, source)
        written = outbox.write_csv(
            platform, f"campaign_by_{kind}",
            f"{last:%Y}/{'巨量引擎' if is_ocean else '腾讯广告'}_{word}报告_{last:%Y-%m-%d}.csv", headings,
            f"SELECT day::varchar, '{account}', campaign_id, name, {member}, {_amount('cost')}, impressions::varchar, "
            f"clicks::varchar, format('{{:.2f}}', conversions) FROM {source} ORDER BY day, campaign, k",
            next_day(last), encoding="utf-8" if is_ocean else "gb18030", byte_order_mark=is_ocean,
            footer=[f'{"总计" if is_ocean else "合计"},,,,,"{cost}",{impressions},{clicks},-'],
        )  # fmt: skip
        written.declared = {"spend": cost, "impressions": impressions, "clicks": clicks}


def write_linkedin(outbox: Outbox, first: date, last: date) -> None:
    """Campaign performance: UTF-16 with tabs, five lines above the headings (the last of them empty), US dates."""
    source = _parts("linkedin", first, last, (("", 100),))
    outbox.write_csv(
        "linkedin", "campaign_performance",
        f"{last:%Y}/account_508000001_campaign_performance_report_{last:%Y}-Q{(last.month + 2) // 3}.csv", LINKEDIN,
        "SELECT strftime(day, '%-m/%-d/%Y'), 'Chengyuan Home', 'USD', '601000001', 'Business', campaign_id, name, "
        f"'Sponsored Content', 'Active', {_amount('cost')}, impressions::varchar, clicks::varchar, "
        f"{_CTR.replace('{none}', '-')}, CASE WHEN clicks > 0 THEN format('{{:.2f}}', cost / 100.0 / clicks) ELSE '-' "
        f"END, (clicks // 4)::varchar, format('{{:.2f}}', conversions), {_amount('value')}, "
        f"(impressions * 8 // 10)::varchar FROM {source} ORDER BY day, campaign",
        next_day(last), encoding="utf-16-le", delimiter="\t", byte_order_mark=True,
        preamble=("Campaign Performance Report (in UTC)", f"Report Start: {first:%B} {first.day}, {first:%Y}, 12:00 AM",
                  f"Report End: {last:%B} {last.day}, {last:%Y}, 11:59 PM",
                  f"Date Generated: {next_day(last):%B} {next_day(last).day}, {next_day(last):%Y}, 9:00 AM", ""),
    )  # fmt: skip
