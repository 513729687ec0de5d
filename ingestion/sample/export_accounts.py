"""Own accounts on Weibo, WeChat, Xiaohongshu, LinkedIn and Facebook: posts with their counts, followers by day.

Belongs here: the forms of these exports. Not here: Douyin and the Facebook posts (`export_social.py`, which also makes
the posts of all platforms), what others say (`export_listening.py`).
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa

from ingestion.sample.demand import History
from ingestion.sample.outbox import Outbox, comma_separated, next_day
from ingestion.sample.random_streams import stream
from ingestion.sample.workbook import Sheet, workbook

WEIBO = comma_separated("微博内容,发布时间,微博类型,阅读数,转发数,评论数,赞数,微博链接")
ARTICLES = comma_separated("日期,图文标题,阅读次数,阅读人数,分享次数,分享人数,收藏次数")
FOLLOWERS = comma_separated("时间,新关注人数,取消关注人数,净增关注人数,累积关注人数")
NOTES = comma_separated("笔记标题,首次发布时间,体裁,曝光,观看量,封面点击率,点赞,评论,收藏,涨粉,分享,人均观看时长,弹幕")
LINKEDIN = comma_separated(
    "Date,Page Name,Total followers to date,Total followers,Total page views (total),Total unique visitors (total),"
    "Impressions (total),Engagement rate (total)"
)
FACEBOOK = comma_separated(
    "Date,Page,Lifetime Total Likes,Daily New Likes,Daily Unlikes,Daily Total Impressions,Daily Page Views"
)
#: Platform -> followers at the start, gained a day.
_ACCOUNTS = {"wechat": (8_200, 34.0), "linkedin": (1_150, 4.0), "facebook": (12_400, 15.0)}


def make_followers(outbox: Outbox, seed: int, history: History) -> None:
    """Table `follower_day`: by platform and day what was gained, lost, and the followers at the end of the day."""
    days = [day for month in range(history.month_count) for day in history.days(month)]
    parts = []
    for platform, (opening, rate) in _ACCOUNTS.items():
        rng = stream(seed, f"followers {platform}")
        growth = 1.0 + np.arange(len(days)) / max(len(days), 1)
        gained = rng.poisson(rate * growth)
        lost = rng.poisson(0.35 * rate * growth)
        parts.append(
            pa.table(
                {
                    "platform": [platform] * len(days),
                    "day": days,
                    "gained": gained,
                    "lost": lost,
                    "followers": opening + np.cumsum(gained - lost),
                    "seen": rng.poisson(opening * 0.12 * growth),
                }
            )
        )
    outbox.con.register("follower_arrow", pa.concat_tables(parts))
    outbox.con.execute("CREATE OR REPLACE TABLE follower_day AS SELECT * FROM follower_arrow")
    outbox.con.unregister("follower_arrow")


def _of_days(platform: str, first: date, last: date) -> str:
    return f"follower_day WHERE platform = '{platform}' AND day BETWEEN DATE '{first}' AND DATE '{last}' ORDER BY day"


def _posts(platform: str, low: int, seen: int) -> str:
    """SQL: posts of the period with the counts they had at `seen`: a quarter of the counts comes in a fortnight."""
    share = f"least(1.0, 0.75 + 0.25 * ({seen} - posted) / (14.0 * 86400))"
    counts = ", ".join(
        f"floor({c} * {share})::bigint AS {c}" for c in ("plays", "likes", "comments", "shares", "saves", "fans")
    )
    return f"(SELECT * REPLACE ({counts}) FROM {platform}_post WHERE posted >= {low} AND posted < {seen})"


def _local(form: str) -> str:
    return f"strftime(make_timestamp((posted + 28800) * 1000000), '{form}')"


def write_quarter(outbox: Outbox, first: date, last: date, low: int, seen: int) -> None:
    """All exports of the quarter from `first` to `last`; counts are those of its last day."""
    when = next_day(last)
    title = "topic || ' 第' || (n + 1)::varchar || '期'"
    outbox.write_csv(
        "weibo", "posts", f"{last:%Y}/微博数据_{last:%Y-%m-%d}.csv", WEIBO,
        f"SELECT '#好物分享# ' || {title} || '，转发抽奖', {_local('%Y-%m-%d %H:%M')}, "
        "CASE kind WHEN 'photo' THEN '图文' WHEN 'video' THEN '视频' WHEN 'link' THEN '文章' ELSE '原创' END, "
        "CASE WHEN plays >= 10000 THEN format('{:.1f}万', plays / 10000.0) ELSE plays::varchar END, shares::varchar, "
        "comments::varchar, likes::varchar, 'https://weibo.example.com/own/' || n::varchar "
        f"FROM {_posts('weibo', low, seen)} ORDER BY n DESC",
        when, byte_order_mark=True,
    )  # fmt: skip
    articles = Sheet(
        "图文分析", ARTICLES,
        f"SELECT {_local('%Y-%m-%d')} AS day, {title} AS title, plays AS reads, plays * 4 // 5 AS readers, shares, "
        f"shares * 9 // 10 AS sharers, saves FROM {_posts('wechat', low, seen)} ORDER BY n",
    )  # fmt: skip
    content, rows = workbook(outbox.con, [articles])
    outbox.write_bytes("wechat", "articles", f"{last:%Y}/图文分析_{last:%Y-%m-%d}.xlsx", content, rows, when)
    notes = Sheet(
        "笔记数据", NOTES,
        f"SELECT {title} AS title, {_local('%Y年%m月%d日%H时%M分%S秒')} AS posted_at, "
        "CASE kind WHEN 'video' THEN '视频' ELSE '图文' END AS kind, plays * 6 AS shown, plays AS views, "
        "format('{:.1f}%', 8.0 + n % 9) AS clicked, likes, comments, saves, fans, shares, 20 + n % 40 AS mean, "
        "0 AS chat "
        f"FROM {_posts('xiaohongshu', low, seen)} ORDER BY n DESC",
        title="最多导出排序后前1000条笔记",
    )  # fmt: skip
    content, rows = workbook(outbox.con, [notes])
    outbox.write_bytes("xiaohongshu", "notes", f"{last:%Y}/笔记列表明细表_{last:%Y-%m-%d}.xlsx", content, rows, when)
    # a day whose difference does not fit: somebody typed into the file
    outbox.write_csv(
        "wechat", "followers", f"{last:%Y}/用户分析_{last:%Y-%m}.csv", FOLLOWERS,
        "SELECT day::varchar, gained::varchar, lost::varchar, (gained - lost)::varchar, followers::varchar "
        f"FROM (SELECT * FROM {_of_days('wechat', first, last)}) "
        f"UNION ALL SELECT '{last}', '10', '2', '9', '100'",
        when, encoding="gb18030", rejected={"check:net_is_the_difference": 1},
    )  # fmt: skip
    outbox.write_csv(
        "linkedin", "page_statistics", f"{last:%Y}/page_statistics_{last:%Y}-Q{(last.month + 2) // 3}.csv", LINKEDIN,
        "SELECT strftime(day, '%m/%d/%Y'), 'Chengyuan Home', followers::varchar, gained::varchar, "
        "(seen // 20)::varchar, (seen // 30)::varchar, seen::varchar, format('{:.1f}%', 2.0 + gained % 3) "
        f"FROM {_of_days('linkedin', first, last)}",
        when, encoding="utf-16-le", delimiter="\t", byte_order_mark=True,
        preamble=("Page Statistics Report (in UTC)", f"Report Start: {first:%B} {first.day}, {first:%Y}",
                  f"Report End: {last:%B} {last.day}, {last:%Y}",
                  f"Date Generated: {when:%B} {when.day}, {when:%Y}", ""),
    )  # fmt: skip
    outbox.write_csv(
        "facebook_page", "page_insights", f"{last:%Y}/Page_Insights_{last:%Y}-Q{(last.month + 2) // 3}.csv", FACEBOOK,
        "SELECT day::varchar, 'Chengyuan Home', followers::varchar, gained::varchar, lost::varchar, seen::varchar, "
        f"(seen // 15)::varchar FROM {_of_days('facebook', first, last)}",
        when,
    )  # fmt: skip
