"""Contracts of advertising, social media, the web and what is heard: small files in the layout that the tools write."""

from __future__ import annotations

import io
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from ingestion.contracts.loader import load_contracts
from ingestion.contracts.model import Contract, ContractSet
from ingestion.contracts.recognise import candidates
from tests.ingestion_bench import Bench


@pytest.fixture(scope="module")
def shipped() -> tuple[Contract, ...]:
    return load_contracts().contracts


@pytest.fixture
def bench(tmp_path: Path, shipped: tuple[Contract, ...]) -> Bench:
    return Bench(tmp_path / "home", shipped)


def lines(*rows: str) -> str:
    return "\n".join(rows) + "\n"


def sheet(*rows: tuple[object, ...]) -> bytes:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    for row in rows:
        page.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def take(bench: Bench, system: str, name: str, content: str | bytes) -> list[tuple[int, int, int, int]]:
    """Drop and ingest one file; received, accepted, superseded, rejected of its part. It has to be recognised."""
    bench.drop(name, content, system)
    result = bench.ingest()
    assert not result.receipt.unrecognised
    return [(p.received_rows, p.accepted_rows, p.superseded_rows, p.rejected_rows) for p in result.parts]


def reasons(bench: Bench, system: str, name: str, content: str | bytes) -> dict[tuple[str, str], int]:
    """Column and reason of the records rejected from one more file."""
    bench.drop(name, content, system)
    issues = bench.ingest().issues
    return {(i.column_name, i.reason): i.row_count for i in issues if i.effect == "rejected"}


@pytest.mark.parametrize(
    ("system", "file_name", "contract"),
    [
        ("google_ads", "Ad report (2).csv", "ad_report"),
        ("google_ads", "Search terms report.csv", "search_term_report"),
        ("ocean_engine", "巨量引擎_计划日报_20260101-20260331.csv", "campaign_daily"),
        ("ocean_engine", "计划分时报告.csv", "campaign_by_hour"),
        ("tencent_ads", "腾讯广告_推广计划日报_2026-03-31.csv", "campaign_daily"),
        ("tencent_ads", "地域报告_2026-03-31.csv", "campaign_by_region"),
        ("tencent_ads", "设备报告.csv", "campaign_by_device"),
        ("tencent_ads", "关键词明细.csv", "campaign_by_keyword"),
        ("linkedin", "account_508000001_campaign_performance_report.csv", "campaign_performance"),
        ("linkedin", "page_statistics_2026-Q1.csv", "page_statistics"),
        ("facebook_page", "Page Insights 2026-03.csv", "page_insights"),
        ("weibo", "微博数据_2026-03-31.csv", "posts"),
        ("weibo", "微博提及_2026-03.csv", "mentions"),
        ("wechat", "图文分析_2026-03-31.xlsx", "articles"),
        ("wechat", "用户分析_2026-03.csv", "followers"),
        ("xiaohongshu", "笔记列表明细表.xlsx", "notes"),
        ("media_monitor", "媒体监测明细_2026-Q1.xlsx", "mentions"),
        ("wecom", "客户列表_2026-03-31.xlsx", "customers"),
        ("wecom", "社群活跃明细_2026-03.csv", "community_activity"),
        ("search_index", "百度指数_2026-03.csv", "baidu_index"),
        ("search_index", "multiTimeline (1).csv", "google_trends"),
        ("email_platform", "email_events_2026-03.csv", "message_events"),
        ("web_analytics", "page_views_2026-03.csv", "page_views"),
        ("web_analytics", "来源报告_2026-03.csv", "baidu_sources"),
        ("web_analytics", "神策_事件明细_2026-03.csv", "sensors_events"),
    ],
)
def test_a_file_name_has_its_contract(
    shipped: tuple[Contract, ...], system: str, file_name: str, contract: str
) -> None:
    assert [c.id for c in candidates(ContractSet(shipped), system, file_name)] == [f"{system}.{contract}"]


GOOGLE_AD = (
    "Ad performance report",
    '"January 1, 2026 - January 2, 2026"',
    "Ad status,Campaign,Campaign ID,Ad group,Ad ID,Headline,Account,Day,Currency code,Cost,Impr.,Clicks,CTR,"
    "Conversions,Conv. value",
    'Enabled,Brand,201,Words,70,Buy beans,Shop,2026-01-01,CNY,"1,234.50","4,000",40,1.00%,2.50,"2,000.00"',
    "Paused,Brand,201,Words,71,Buy now,Shop,2026-01-01,CNY,0.00,0,0, --,0.00,0.00",
)


def test_google_ads_stand_beside_their_campaigns_and_totals_are_checked(bench: Bench) -> None:
    total = ',,,,,,,Total: Ads,CNY,"1,234.50","4,000",40, --, --, --'
    assert take(bench, "google_ads", "Ad report.csv", lines(*GOOGLE_AD, total)) == [(2, 2, 0, 0)]
    columns = "level, account_id, campaign_id, ad_group, ad, report_date, spend, impressions, clicks, conversions"
    day = date(2026, 1, 1)
    assert bench.rows("ad_performance", columns) == [
        ("ad", "Shop", "201", "Words", "70", day, Decimal("1234.5000"), 4000, 40, 2.5),
        ("ad", "Shop", "201", "Words", "71", day, Decimal("0.0000"), 0, 0, 0.0),
    ]


def test_a_later_google_report_replaces_the_ads_of_its_days(bench: Bench) -> None:
    take(bench, "google_ads", "Ad report 1.csv", lines(*GOOGLE_AD))
    later = [row.replace("2.50,", "3.00,") for row in GOOGLE_AD[:4]]
    take(bench, "google_ads", "Ad report 2.csv", lines(*later))
    assert bench.current("ad_performance", "ad, conversions") == [("70", 3.0), ("71", 0.0)]


def test_what_people_type_into_search_fields_is_scrubbed(bench: Bench) -> None:
    head = "Search term,Match type,Campaign,Campaign ID,Ad group,Account,Day,Currency code,Cost,Impr.,Clicks"
    content = lines(
        "Search terms report", '"January 1, 2026 - January 1, 2026"', head,
        "burr grinder,Exact match,Brand,201,Words,Shop,2026-01-01,CNY,10.00,100,4",
        "li na 13812345678,Broad match,Brand,201,Words,Shop,2026-01-01,CNY,5.00,20,1",
        ",,,,,,Total: Search terms,CNY,15.00,120,5",
        ",,,,,,Total: Account,CNY,40.00,900,12",
    )  # fmt: skip
    assert take(bench, "google_ads", "Search terms report.csv", content) == [(2, 2, 0, 0)]
    assert bench.rows("ad_performance", "level, member, spend") == [
        ("search_term", "burr grinder", Decimal("10.0000")),
        ("search_term", "li na [phone]", Decimal("5.0000")),
    ]


def test_ocean_engine_plans_and_their_breakdown_by_hour(bench: Bench) -> None:
    plans = lines(
        "\ufeff日期,广告主ID,计划ID,计划名称,消耗,展示数,点击数,点击率,转化数",
        '2026-03-01,1700,7301,咖啡,"1,580.00",1.2万,120,1.00%,6',
        "2026-02-30,1700,7301,咖啡,1.00,1,1,1.00%,0",
        *(f"2026-03-{day:02d},1700,7302,直播,-,0,0,-,0" for day in range(2, 25)),
        "总计,,,,1580.00,12000,120,-,-",
    )
    assert take(bench, "ocean_engine", "计划日报.csv", plans.replace(",-,0,0,-,0", ",0,0,0,-,0")) == [(25, 24, 0, 1)]
    hours = lines(
        "日期,广告主ID,计划ID,计划名称,小时,消耗,展示数,点击数,转化数",
        "2026-03-01,1700,7301,咖啡,09:00 - 09:59,580.00,5000,50,2",
        "2026-03-01,1700,7301,咖啡,23,1000.00,7000,70,4",
    )
    assert take(bench, "ocean_engine", "分时报告.csv", hours) == [(2, 2, 0, 0)]
    columns = "level, member, report_hour, spend, impressions, currency"
    assert bench.rows("ad_performance", columns, "campaign_id = '7301'") == [
        ("campaign", None, None, Decimal("1580.0000"), 12000, "CNY"),
        ("hour", "09", 9, Decimal("580.0000"), 5000, "CNY"),
        ("hour", "23", 23, Decimal("1000.0000"), 7000, "CNY"),
    ]
    wrong = hours.replace("09:00 - 09:59", "24:10")
    assert reasons(bench, "ocean_engine", "分时报告 2.csv", wrong) == {("hour", "unknown_word"): 1}


def test_tencent_plans_come_in_gb18030_with_tabs_after_ids_and_tell_whom_they_reached(bench: Bench) -> None:
    content = lines(
        "日期,账户ID,推广计划ID,推广计划名称,花费(元),曝光次数,曝光人数,点击次数,点击率,目标转化量",
        '2026/03/01,20260012\t,555\t,朋友圈,"2,000.50",8000,5600,96,1.20%,3',
    ).encode("gb18030")
    assert take(bench, "tencent_ads", "推广计划日报.csv", content) == [(1, 1, 0, 0)]
    assert bench.rows("ad_performance", "account_id, campaign_id, report_date, spend") == [
        ("20260012", "555", date(2026, 3, 1), Decimal("2000.5000"))
    ]
    assert bench.rows("audience_reach", "platform, campaign_id, report_date, reached_people, audience_size") == [
        ("tencent_ads", "555", date(2026, 3, 1), 5600, None)
    ]


@pytest.mark.parametrize(
    ("name", "heading", "level", "member"),
    [
        ("地域报告.csv", "省份", "region", "广东"),
        ("设备报告.csv", "设备", "device", "iOS"),
        ("关键词报告.csv", "关键词", "keyword", "手冲咖啡壶"),
    ],
)
@pytest.mark.parametrize("system", ["ocean_engine", "tencent_ads"])
def test_breakdowns_have_a_level_and_a_member(bench: Bench, system: str, name: str, heading: str, level: str,
                                              member: str) -> None:  # fmt: skip
    content = lines(
        f"日期,广告主ID,计划ID,计划名称,{heading},消耗,展示数,点击数,转化数",
        f"2026年3月1日,1,2,计划,{member},10.00,100,5,1",
    )
    assert take(bench, system, name, content) == [(1, 1, 0, 0)]
    assert bench.rows("ad_performance", "platform, level, member, report_date, report_hour") == [
        (system, level, member, date(2026, 3, 1), None)
    ]


def utf16(*rows: str) -> bytes:
    return b"\xff\xfe" + lines(*rows).encode("utf-16-le")


LINKEDIN_TOP = ("Campaign Performance Report (in UTC)", "Report Start: March 1, 2026, 12:00 AM",
                "Report End: March 2, 2026, 11:59 PM", "Date Generated: March 3, 2026, 9:00 AM", "")  # fmt: skip


def test_linkedin_campaigns_come_in_utf_16_with_tabs_below_five_lines(bench: Bench) -> None:
    headings = ("Start Date (in UTC)", "Account Name", "Currency", "Campaign ID", "Campaign Name", "Total Spent",
                "Impressions", "Clicks", "Click Through Rate", "Conversions", "Reach")  # fmt: skip
    row = ("3/1/2026", "Shop", "USD", "301", "Büro, Kaffee", "1,234.56", "9,800", "44", "0.45%", "2", "7,100")
    content = utf16(*LINKEDIN_TOP, "\t".join(headings), "\t".join(row))
    assert take(bench, "linkedin", "campaign_performance_report.csv", content) == [(1, 1, 0, 0)]
    columns = "platform, level, campaign_name, report_date, spend, currency, impressions, clicks"
    assert bench.rows("ad_performance", columns) == [
        ("linkedin", "campaign", "Büro, Kaffee", date(2026, 3, 1), Decimal("1234.5600"), "USD", 9800, 44)
    ]
    assert bench.rows("audience_reach", "reached_people") == [(7100,)]


def test_linkedin_page_statistics_are_a_day_of_an_account(bench: Bench) -> None:
    headings = (
        "Date\tPage Name\tTotal followers to date\tTotal followers\tTotal page views (total)\tImpressions (total)"
    )
    content = utf16(*LINKEDIN_TOP, headings, "03/01/2026\tShop\t1,204\t6\t80\t2,400")
    assert take(bench, "linkedin", "page_statistics.csv", content) == [(1, 1, 0, 0)]
    columns = "platform, account, snapshot_date, followers, new_followers, page_visits, impressions"
    assert bench.rows("social_account", columns) == [("linkedin", "Shop", date(2026, 3, 1), 1204, 6, 80, 2400)]


def test_facebook_insights_leave_the_row_of_explanations_out(bench: Bench) -> None:
    content = lines(
        "Date,Page,Lifetime Total Likes,Daily New Likes,Daily Unlikes,Daily Total Impressions",
        ",,Lifetime: the number of people who like the page,Daily: new likes,Daily: unlikes,Daily: impressions",
        "2026-03-01,Shop,12400,15,4,2300",
    )
    assert take(bench, "facebook_page", "Page Insights.csv", content) == [(1, 1, 0, 0)]
    assert bench.rows("social_account", "platform, followers, new_followers, lost_followers") == [
        ("facebook", 12400, 15, 4)
    ]


def test_weibo_posts_have_the_counts_of_the_day_in_the_name(bench: Bench) -> None:
    head = "微博内容,发布时间,微博类型,阅读数,转发数,评论数,赞数"
    first = lines("\ufeff" + head, "新品上市 抽奖找小编 13812345678,2026-03-01 18:00,视频,1.2万,30,12,400")
    take(bench, "weibo", "微博数据_2026-03-31.csv", first)
    take(bench, "weibo", "微博数据_2026-03-31.csv", first.replace("1.2万", "1.3万"))
    columns = "platform, title, content_type, posted_at, snapshot_date, impressions, shares, likes"
    assert bench.current("social_post", columns) == [
        ("weibo", "新品上市 抽奖找小编 [phone]", "video", datetime(2026, 3, 1, 10), date(2026, 3, 31), 13000, 30, 400)
    ]


def test_weibo_mentions_hide_who_wrote_and_what_they_gave_away(bench: Bench) -> None:
    head = "微博ID,用户ID,昵称,粉丝数,IP属地,微博内容,品牌词,话题,发布时间,原微博ID,阅读数,转发数,评论数,赞数,情感"
    content = lines(
        head,
        '"=""4900001""",1700553490,爱喝咖啡的鱼,2.7万,上海,退款没到账，电话13812345678 邮箱a.b@example.com,澄远,售后,'
        "2026-03-01 09:30:00,,486,2,7,6,负面",
        '"=""4900002""",1700553491,阳光,120,北京,转发,澄远,,2026-03-01 10:00:00,"=""4900001""",20,0,0,1,正面',
    )
    assert take(bench, "weibo", "微博提及_2026-03.csv", content) == [(2, 2, 0, 0)]
    rows = bench.rows("mention", "mention_id, content, reshare_of_id, content_type, author_followers, sentiment, topic")
    assert rows == [
        ("4900001", "退款没到账,电话[phone] 邮箱[email]", None, "post", 27000, -1.0, "售后"),
        ("4900002", "转发", "4900001", "repost", 120, 1.0, None),
    ]
    ((token, mask),) = bench.rows("mention", "author_token, author_mask", "mention_id = '4900001'")
    assert "1700553490" not in token and "爱喝咖啡" not in mask
    for path in bench.home.root.rglob("*"):
        assert not path.is_file() or "爱喝咖啡的鱼".encode() not in path.read_bytes(), path
    assert reasons(
        bench, "weibo", "微博提及_2.csv", lines(head, content.splitlines()[2].replace("03-01", "02-30"))
    ) == {("published_at", "not_a_timestamp"): 1}


def test_wechat_articles_are_a_sheet_and_followers_have_to_add_up(bench: Bench) -> None:
    headings = ("日期", "图文标题", "阅读次数", "阅读人数", "分享次数", "分享人数", "收藏次数")
    book = sheet(headings, ("2026-03-02", "手冲三招", 5200, 4100, 60, 55, 31))
    assert take(bench, "wechat", "图文分析_2026-03-31.xlsx", book) == [(1, 1, 0, 0)]
    assert bench.rows("social_post", "platform, title, impressions, reach, shares, saves, snapshot_date") == [
        ("wechat", "手冲三招", 5200, 4100, 60, 31, date(2026, 3, 31))
    ]
    head = "时间,新关注人数,取消关注人数,净增关注人数,累积关注人数"
    days = [f"2026-03-{day:02d},30,10,20,{8000 + 20 * day}" for day in range(1, 31)]
    content = lines(head, *days, "2026-03-31,30,10,25,8620").encode("gb18030")
    assert take(bench, "wechat", "用户分析.csv", content) == [(31, 30, 0, 1)]
    assert bench.rows("social_account", "followers, new_followers, lost_followers", "snapshot_date = '2026-03-30'") == [
        (8600, 30, 10)
    ]


def test_xiaohongshu_notes_stand_below_a_line_of_advice(bench: Bench) -> None:
    headings = (
        "笔记标题",
        "首次发布时间",
        "体裁",
        "曝光",
        "观看量",
        "封面点击率",
        "点赞",
        "评论",
        "收藏",
        "涨粉",
        "分享",
    )
    book = sheet(
        ("最多导出排序后前1000条笔记",), headings,
        ("租房改造", "2026年03月05日20时30分15秒", "视频", 12000, 2000, "16.7%", 90, 8, 40, -2, 12),
    )  # fmt: skip
    assert take(bench, "xiaohongshu", "笔记列表明细表_2026-03-31.xlsx", book) == [(1, 1, 0, 0)]
    columns = "title, content_type, posted_at, impressions, plays, saves, new_followers"
    assert bench.rows("social_post", columns) == [
        ("租房改造", "video", datetime(2026, 3, 5, 12, 30, 15), 12000, 2000, 40, -2)
    ]


def test_the_media_monitor_lists_a_text_once_per_brand(bench: Bench) -> None:
    headings = (
        "标题",
        "正文",
        "媒体类型",
        "作者",
        "发布时间",
        "链接",
        "转载自",
        "品牌",
        "是否本品",
        "情感属性",
        "阅读数",
        "首次回应时间",
    )
    url, other = "https://media.example.com/1", "https://media.example.com/0"
    same = ("对比", "两家都漏水，联系13812345678", "论坛", "楼主", "2026/03/01 08:00", url, other)
    book = sheet(
        ("媒体监测明细",), headings, (*same, "澄远", "是", "负面", "1.2万", "2026/03/01 10:30"),
        (*same, "沐野", "否", "负面", "1.2万", None),
    )  # fmt: skip
    assert take(bench, "media_monitor", "媒体监测明细.xlsx", book) == [(2, 2, 0, 0)]
    columns = "platform, brand, is_own_brand, content, reach, sentiment, answered_at, content_type"
    assert bench.rows("mention", columns) == [
        ("forum", "沐野", False, "对比 | 两家都漏水,联系[phone]", 12000, -1.0, None, "repost"),
        ("forum", "澄远", True, "对比 | 两家都漏水,联系[phone]", 12000, -1.0, datetime(2026, 3, 1, 2, 30), "repost"),
    ]


def test_a_wecom_contact_of_two_employees_is_one_customer(bench: Bench) -> None:
    headings = ("客户名称", "外部联系人ID", "unionid", "手机号", "性别", "添加人", "添加人账号", "添加时间", "来源")
    contact = ("李娜", "wmAAA1", "oUnion1", "138 1234 5678", "女")
    book = sheet(
        ("客户列表",), headings, (*contact, "销售甲", "E011", "2026-03-01 09:00", "扫描二维码"),
        (*contact, "销售乙", "E012", "2026-03-01 10:00", "群聊"),
        ("小鱼", "wmAAA2", None, "没有", "未知", "销售甲", "E011", "2026-03-02 09:00", "群聊"),
    )  # fmt: skip
    assert take(bench, "wecom", "客户列表.xlsx", book) == [(3, 3, 0, 0)]
    columns = "name_mask, phone_mask, owner_employee_id, gender, acquired_channel"
    assert bench.rows("customer", columns) == [
        ("小**", None, "E011", None, "群聊"),
        ("李**", "138****5678", "E011", "female", "扫描二维码"),
    ]
    assert bench.rows("customer", "count(DISTINCT source_customer_key), count(open_id_token)") == [(2, 1)]
    activity = lines(
        "日期,群ID,群名称,群主账号,成员ID,成员昵称,成员类型,入群时间,发送消息数,互动数",
        "2026-03-05,wr1,咖啡群,E060,wmAAA1,李娜,客户,2026-03-02 10:00,4,2",
        "2026-03-05,wr1,咖啡群,E060,E060,群主,员工,2026-01-02 10:00,9,0",
    )
    assert take(bench, "wecom", "社群活跃明细.csv", activity) == [(2, 2, 0, 0)]
    (row,) = bench.rows("community_activity", "source_customer_key, customer_system, message_count, reaction_count")
    assert row[1:] == ("wecom", 4, 2)
    assert (row[0],) in bench.rows("customer", "source_customer_key")


def test_the_baidu_index_is_a_market_observation(bench: Bench) -> None:
    content = lines("关键词,日期,地域,搜索指数", "澄远,2026-03-01,全国,912", "澄远,2026-03-01,广东,160")
    assert take(bench, "search_index", "百度指数.csv", content) == [(2, 2, 0, 0)]
    assert bench.rows("market_observation", "measure, platform, brand, region, observed_value, period_end") == [
        ("search_index", "baidu", "澄远", "广东", 160.0, date(2026, 3, 1)),
        ("search_index", "baidu", "澄远", None, 912.0, date(2026, 3, 1)),
    ]


def test_google_trends_have_a_term_per_column(bench: Bench) -> None:
    content = lines(
        "Category: All categories", "", "Week,澄远: (中国),沐野: (中国)", "2026-03-01,100,<1", "2026-03-08,62,40"
    )
    assert take(bench, "search_index", "multiTimeline.csv", content) == [(2, 2, 0, 0)]
    assert bench.rows("market_observation", "brand, region, period_start, period_end, observed_value") == [
        ("沐野", "中国", date(2026, 3, 8), date(2026, 3, 14), 40.0),
        ("澄远", "中国", date(2026, 3, 1), date(2026, 3, 7), 100.0),
        ("澄远", "中国", date(2026, 3, 8), date(2026, 3, 14), 62.0),
    ]


def test_mail_events_all_count_and_no_address_stays_in_links(bench: Bench) -> None:
    content = lines(
        "Event ID,Message ID,Campaign name,Automation,Recipient,Event,Bounce type,URL,Machine open,Timestamp",
        "1,m1,Weekly,,Li.Na@example.com,delivered,,,,2026-03-01T01:00:00Z",
        "2,m1,Weekly,,li.na@example.com,open,,,true,2026-03-01T09:05:00+08:00",
        "3,m1,Weekly,,li.na@example.com,open,,,false,2026-03-01T01:06:00Z",
        "4,m1,Weekly,,li.na@example.com,click,,https://shop.example.com/coffee?mail=li.na@example.com,,2026-03-01T01:07:00Z",
        "5,m2,Welcome,welcome,x@example.org,soft bounce,soft,,,2026-03-01T02:00:00Z",
    )
    assert take(bench, "email_platform", "email_events.csv", content) == [(5, 5, 0, 0)]
    columns = "event_id, event_type, trigger, bounce_type, link_path, is_machine, event_at"
    at = datetime(2026, 3, 1, 1)
    assert bench.rows("email_event", columns) == [
        ("1", "delivered", None, None, None, None, at),
        ("2", "opened", None, None, None, True, at.replace(minute=5)),
        ("3", "opened", None, None, None, False, at.replace(minute=6)),
        ("4", "clicked", None, None, "/coffee", None, at.replace(minute=7)),
        ("5", "bounced", "welcome", "soft", None, None, at.replace(hour=2)),
    ]
    assert bench.rows("email_event", "count(DISTINCT source_customer_key)") == [(2,)]
    unknown = content.replace("delivered", "deferred")
    assert reasons(bench, "email_platform", "email_events 2.csv", unknown) == {("event_type", "unknown_word"): 1}


def test_page_views_end_at_the_query_and_know_the_page_after(bench: Bench) -> None:
    content = lines(
        "# ---", "# Pages and screens", "# 20260301-20260331", "# ---",
        "Session ID,View number,Client ID,User ID,Event time,Page path,Page title,Next page path,Is exit,Time on page,"
        "Percent scrolled,Device category",
        "S1,1,11.22,li.na@example.com,2026-03-01 09:00:00,/?m=li.na@example.com,Shop,/cart,false,00:01:23,75%,mobile",
        "S1,2,11.22,li.na@example.com,2026-03-01 09:01:23,/cart,Cart,,true,00:00:10,100%,mobile",
    )  # fmt: skip
    assert take(bench, "web_analytics", "page_views_2026-03.csv", content) == [(2, 2, 0, 0)]
    columns = "view_id, session_id, page, next_page, is_exit, viewed_at, seconds, scroll_share, device, customer_system"
    assert bench.rows("page_view", columns) == [
        ("S1-1", "S1", "/", "/cart", False, datetime(2026, 3, 1, 1), 83.0, 0.75, "mobile", "shopify"),
        ("S1-2", "S1", "/cart", None, True, datetime(2026, 3, 1, 1, 1, 23), 10.0, 1.0, "mobile", "shopify"),
    ]


def test_baidu_sources_keep_sums_not_rates(bench: Bench) -> None:
    content = lines(
        "日期,站点,来源类型,来源,浏览量(PV),访问次数,访客数(UV),新访客数,IP数,跳出率,平均访问时长,平均访问页数,转化次数",
        "2026/03/01,shop,搜索引擎,百度,1200,400,380,200,350,47.25%,00:01:23,3.00,5",
        "合计,,,,1200,400,,,,,,,",
    ).encode("gb18030")
    assert take(bench, "web_analytics", "来源报告.csv", content) == [(1, 1, 0, 0)]
    columns = "source_type, source, page_views, visits, visitors, bounced_visits, visit_seconds, conversions"
    assert bench.rows("web_traffic", columns) == [("search", "百度", 1200, 400, 380, 189, 33200.0, 5)]


def test_of_sensors_events_views_become_page_views(bench: Bench) -> None:
    content = lines(
        "event,distinct_id,time,$track_id,$event_session_id,$url_path,$title,event_duration,浏览进度,$device_type",
        "$pageview,13812345678,2026-03-01 09:00:00,881,mp-1,/pages/index,商城,00:00:42,45.5%,手机",
        "$WebClick,13812345678,2026-03-01 09:00:20,882,mp-1,/pages/index,商城,,,手机",
    )
    assert take(bench, "web_analytics", "神策_事件明细.csv", content) == [(2, 2, 0, 0)]
    columns = "view_id, session_id, page, seconds, scroll_share, device, length(visitor_token)"
    assert bench.rows("page_view", columns) == [("881", "mp-1", "/pages/index", 42.0, 0.455, "mobile", 32)]
