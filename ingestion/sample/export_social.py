"""Exports of the social accounts: 作品数据 of Douyin and posts of the Facebook page.

Belongs here: posts with their counts and the two forms: cumulative counts by the day in the file's name, 1.2万 as a
number; ids, kinds and days of posts. No names of persons appear in titles.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa

from ingestion.sample.demand import History
from ingestion.sample.outbox import Outbox, next_day
from ingestion.sample.random_streams import pick, split_total, stream
from ingestion.sample.random_streams import words as take
from ingestion.sample.sessions import month_start

DOUYIN = ("作品名称", "发布时间", "体裁", "播放量", "完播率", "点赞量", "评论量", "分享量", "收藏量", "粉丝增量")
FACEBOOK = ("status_id", "status_type", "status_published", "num_reactions", "num_comments", "num_shares", "num_likes",
            "num_loves", "num_wows", "num_hahas", "num_sads", "num_angrys")  # fmt: skip
_TOPICS = ("手冲咖啡的三个技巧", "磨豆机怎么选", "早餐十分钟", "客厅灯光改造", "净水壶测评", "智能门锁安装",
           "周末空气炸锅食谱", "新品开箱", "护眼台灯实测", "租房好物")  # fmt: skip


def make_posts(outbox: Outbox, seed: int, history: History, count: int) -> None:
    """Tables `douyin_post`, `facebook_post`, ... with final counts."""
    for name in ("douyin", "facebook", "weibo", "wechat", "xiaohongshu"):
        rng = stream(seed, f"posts {name}")
        growth = 1.0 + np.arange(history.month_count) / history.month_count
        per_month = split_total(count, growth)
        month = np.repeat(np.arange(history.month_count), per_month)
        starts = np.array([month_start(history, m) for m in range(history.month_count + 1)])
        days = np.array([len(history.days(m)) for m in range(history.month_count)])
        posted = (
            starts[month]
            + (rng.random(count) * days[month]).astype(np.int64) * 86400
            + 18 * 3600
            + rng.integers(0, 14_000, count)
        )
        posted = np.sort(posted)
        plays = np.rint(np.exp(rng.normal(8.6, 1.0, count)) * (1 + month / history.month_count)).astype(np.int64)
        likes = np.rint(plays * rng.normal(0.045, 0.012, count).clip(0.005, 0.1)).astype(np.int64)
        table = pa.table(
            {
                "n": np.arange(count),
                "posted": posted,
                "topic": take(_TOPICS, rng.integers(0, len(_TOPICS), count)),
                "kind": take(
                    ("photo", "video", "link", "status"), pick(rng, np.array([0.45, 0.35, 0.12, 0.08]), count)
                ),
                "plays": plays,
                "completion": np.round(rng.normal(28, 7, count).clip(5, 70), 2),
                "likes": likes,
                "comments": np.rint(likes * rng.normal(0.08, 0.03, count).clip(0, 0.3)).astype(np.int64),
                "shares": np.rint(likes * rng.normal(0.11, 0.04, count).clip(0, 0.4)).astype(np.int64),
                "saves": np.rint(likes * rng.normal(0.20, 0.05, count).clip(0, 0.5)).astype(np.int64),
                "fans": np.rint(likes * rng.normal(0.03, 0.03, count)).astype(np.int64),
            }
        )
        outbox.con.register("post_arrow", table)
        outbox.con.execute(f"CREATE OR REPLACE TABLE {name}_post AS SELECT * FROM post_arrow ORDER BY n")
        outbox.con.unregister("post_arrow")


def _ten_thousands(expression: str) -> str:
    """SQL of a count as Douyin shows it: 1.2万 from ten thousand on."""
    short = f"format('{{:.1f}}万', {expression} / 10000.0)"
    return f"CASE WHEN {expression} >= 10000 THEN {short} ELSE ({expression})::varchar END"


def write_quarter(outbox: Outbox, last: date, low: int, seen: int) -> None:
    """Both exports of the quarter that ends with the day `last`; Douyin's counts are those of that day."""
    # a quarter of the counts comes in the last fortnight: young posts stand lower
    share = f"least(1.0, 0.75 + 0.25 * ({seen} - posted) / (14.0 * 86400))"
    plays = f"floor(plays * {share})::bigint"
    counts = ", ".join(f"(floor({c} * {share}))::bigint::varchar" for c in ("likes", "comments", "shares", "saves"))
    outbox.write_csv(
        "douyin", "works", f"{last:%Y}/作品数据_{last:%Y-%m-%d}.csv", DOUYIN,
        "SELECT topic || ' 第' || (n + 1)::varchar || '期', "
        "strftime(make_timestamp((posted + 28800) * 1000000), '%Y-%m-%d %H:%M:%S'), "
        f"'视频', {_ten_thousands(plays)}, format('{{:.2f}}%', completion), {counts}, fans::varchar FROM douyin_post "
        f"WHERE posted >= {low} AND posted < {seen} ORDER BY n DESC",
        next_day(last), byte_order_mark=True,
    )  # fmt: skip
    outbox.write_csv(
        "facebook_page", "live_posts", f"{last:%Y}/Live_{last:%Y}_Q{(last.month + 2) // 3}.csv", FACEBOOK,
        "SELECT '246675545449582_' || (1700000000000000 + n * 7)::varchar, kind, "
        "strftime(make_timestamp(posted * 1000000), '%-m/%-d/%Y %H:%M'), "
        "likes::varchar, comments::varchar, shares::varchar, "
        "(likes - likes // 10)::varchar, (likes // 10)::varchar, '0', '0', '0', '0' FROM facebook_post "
        f"WHERE posted >= {low} AND posted < {seen} ORDER BY n",
        next_day(last),
    )  # fmt: skip
