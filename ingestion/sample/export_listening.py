"""What others say: mentions on Weibo, and the list of the media monitor.

Belongs here: invented posts of others about the own brand and its competitors, with identifiers planted in some of
them, the two exports, and what the texts really mean (truth). Not here: own posts (`export_social.py`).
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ingestion.sample import planted_text
from ingestion.sample.channels import PAID_AUTHORS
from ingestion.sample.demand import History
from ingestion.sample.outbox import Outbox, comma_separated, next_day
from ingestion.sample.persons import Persons
from ingestion.sample.random_streams import pick, split_total, stream
from ingestion.sample.random_streams import words as take
from ingestion.sample.sessions import month_start
from ingestion.sample.workbook import Sheet, workbook

OWN_BRAND = "澄远"
COMPETITORS: tuple[str, ...] = ("沐野", "光屿", "禾木家居", "净澜")
TOPICS: tuple[str, ...] = ("手冲咖啡", "租房改造", "厨房好物", "护眼台灯", "智能家居")
_BRANDS = (OWN_BRAND, *COMPETITORS)
_BRAND_SHARES = np.array([0.36, 0.24, 0.18, 0.13, 0.09])
_MEDIA = ("新闻", "论坛", "微博", "视频", "小红书", "问答")
_SITES = ("家居周刊", "生活论坛", "微博", "短视频", "小红书", "问答社区")
_MEDIA_SHARES = np.array([0.22, 0.24, 0.20, 0.14, 0.14, 0.06])
CRISIS_SHARE = 0.12  # as many texts again as this part of all, of one unhappy customer's story going round
CRISIS_LEAST = 36
CRISIS_HOURS = 40  # after ten o'clock of the second day of the bad batch
PLANTED_SHARE = 0.3  # of posts of others: somebody's name, number or address stands in them
BROKEN_FROM = 25  # microblogs in a month: one more record of 30 February, rejected

WEIBO = comma_separated(
    "微博ID,用户ID,昵称,粉丝数,IP属地,微博内容,品牌词,话题,发布时间,原微博ID,阅读数,转发数,评论数,赞数,情感,微博链接"
)
MONITOR = comma_separated(
    "序号,标题,正文,媒体类型,来源,作者,粉丝数,发布时间,链接,转载自,品牌,是否本品,话题,情感属性,阅读数,"
    "点赞数,评论数,转发数,地域,首次回应时间,合作费用,utm_campaign"
)

_PLAIN = {
    1: (
        "{b}的磨豆机真的好用，出粉均匀，推荐！",
        "入手{b}台灯一个月，晚上看书不累眼睛。",
        "{b}客服态度很好，两天就到货了",
        "对比了三家，最后选了{b}，做工不错",
        "Just got the {b} grinder, best coffee at home so far",
    ),
    0: (
        "有人用过{b}的净水壶吗？求评价",
        "{b}双11价格 3999 元，比去年 4299 元低一点",
        "{b}新品发布会 2025-10-20 开始直播",
        "订单号 310000123456789 已发货，{b}旗舰店",
        "Does {b} ship model CF-1003 to Canada?",
    ),
    -1: (
        "{b}的咖啡机漏水，等了一周没人处理",
        "{b}售后电话打不通，差评",
        "退货三次都被拒，{b}太让人失望",
        "{b}的灯用了 15 天就坏了",
        "The {b} espresso machine leaked after 10 days, no reply since",
    ),
}
_SENTIMENTS = (1, 0, -1)
#: Per sentiment: what people write who say more than they should.
_TELLING = {
    1: (
        "{b}的{name}帮我换了新机，还留了电话{phone}，点赞",
        "想团购{b}的加微信{account}，满三件包邮",
        "晒单！{b}寄到{address}，包装完好",
    ),
    0: (
        "转让{b}咖啡机，九成新，联系{phone}或{email}",
        "{b}企业采购找{name}，邮箱 {email}",
        "I can resell my {b} lamp, write to {email}",
        "求助：{b}发票抬头{name}，身份证{national_id}填错了能改吗？",
    ),
    -1: (
        "我是{name}，手机{phone}，{b}退款两周没到账！",
        "{b}把我的订单送到{address}了，我根本不住那里",
        "投诉{b}：姓名{name}，身份证号{national_id}，电话{phone}，请尽快回复",
        "等不到{b}回复，微信：{account}，邮件{email}",
    ),
}


def templates() -> tuple[tuple[str, ...], dict[tuple[int, bool, int], tuple[int, int]]]:
    """All templates, the brand filled in; by sentiment, telling or not, and brand: first number and count."""
    result: list[str] = []
    places: dict[tuple[int, bool, int], tuple[int, int]] = {}
    for sentiment in _SENTIMENTS:
        for is_telling, group in ((False, _PLAIN), (True, _TELLING)):
            for number, brand in enumerate(_BRANDS):
                places[sentiment, is_telling, number] = (len(result), len(group[sentiment]))
                result += [text.replace("{b}", brand) for text in group[sentiment]]
    return tuple(result), places


def make_mentions(outbox: Outbox, seed: int, history: History, persons: Persons, count: int) -> None:
    """Table `said` of what is said over the whole history, with `text` and `spans`: `count` texts, and those of the
    crisis (`is_crisis`), when the story of the leaking machines goes round."""
    rng = stream(seed, "mentions")
    months = np.arange(history.month_count)
    month = np.repeat(months, split_total(count, 1.0 + months / history.month_count))
    starts = np.array([month_start(history, m) for m in range(history.month_count + 1)])
    posted = starts[month] + (rng.random(count) * (starts[month + 1] - starts[month])).astype(np.int64)
    # the leaking machines: what is said in those days is bad, and about the own brand
    epoch = date(1970, 1, 1)
    bad = [(d - epoch).days for m in months for d in history.days(int(m)) if history.factor("bad_batch", d) > 1]
    is_crisis = np.zeros(count, bool)
    if bad:
        extra = max(CRISIS_LEAST, int(CRISIS_SHARE * count / history.month_count))
        breaks_out = (bad[0] + 1) * 86400 - 28800 + 10 * 3600
        goes_round = breaks_out + (CRISIS_HOURS * 3600 * rng.random(extra) ** 2).astype(np.int64)
        posted, is_crisis = np.append(posted, goes_round), np.append(is_crisis, np.ones(extra, bool))
        count += extra
    order = np.argsort(posted, kind="stable")
    posted, is_crisis = posted[order], is_crisis[order]
    days = (posted + 28800) // 86400
    is_burst = is_crisis | (np.isin(days, bad) & (rng.random(count) < 0.6))
    brand = np.where(is_burst, 0, pick(rng, _BRAND_SHARES, count))
    sentiment = np.where(is_burst, 2, pick(rng, np.array([0.46, 0.32, 0.22]), count))
    is_telling = rng.random(count) < PLANTED_SHARE
    texts, places = templates()
    template = np.zeros(count, np.int64)
    draw = rng.random(count)
    for (judged, telling, number), (first, length) in places.items():
        mask = (np.array(_SENTIMENTS)[sentiment] == judged) & (is_telling == telling) & (brand == number)
        template[mask] = first + (draw[mask] * length).astype(np.int64)
    chinese = np.flatnonzero(~persons.is_foreign)
    planted_text.load_fillings(outbox.con, seed, "mentions", chinese[rng.integers(0, len(chinese), count)], False)
    # few authors write much, and some of those are read by many
    author = (400 * rng.random(count) ** 2.5).astype(np.int64)
    audience = (200 * np.exp(stream(seed, "authors").normal(2.0, 2.0, 400))).astype(np.int64)
    audience[list(PAID_AUTHORS)] += 60_000
    followers = audience[author]
    reads = (followers * rng.uniform(0.05, 0.6, count)).astype(np.int64) + rng.integers(20, 400, count)
    is_reshare = rng.random(count) < 0.25
    is_answered = (brand == 0) & (rng.random(count) < 0.4)
    said = pa.table(
        {
            "n": np.arange(count),
            "posted": posted,
            "brand": take(_BRANDS, brand),
            "is_own": brand == 0,
            "sentiment": take(("正面", "中性", "负面"), sentiment),
            "template": template,
            "author": author,
            "followers": followers,
            "reads": reads,
            "likes": (reads * rng.uniform(0.0, 0.05, count)).astype(np.int64),
            "comments": (reads * rng.uniform(0.0, 0.02, count)).astype(np.int64),
            "shares": (reads * rng.uniform(0.0, 0.02, count)).astype(np.int64),
            "topic": take(("", *TOPICS), np.where(rng.random(count) < 0.5, 0, rng.integers(1, 6, count))),
            # passed on: something said up to 30 texts before
            "origin": np.where(is_reshare, np.arange(count) - 1 - rng.integers(0, 30, count), -1).clip(-1),
            "media": pick(rng, _MEDIA_SHARES, count),
            "answered": np.where(is_answered, posted + rng.integers(900, 90_000, count), -1),
            "paid": np.where(
                np.isin(author, PAID_AUTHORS) & (brand == 0) & ~is_burst & (rng.random(count) < 0.7),
                rng.integers(5, 80, count) * 100, -1,
            ),
            "is_crisis": is_crisis,
        }
    )  # fmt: skip
    outbox.con.register("said_arrow", said)
    outbox.con.execute(
        "CREATE OR REPLACE TABLE said AS "
        + planted_text.composed(texts, "SELECT s.*, f.* EXCLUDE (n) FROM said_arrow s JOIN filling f USING (n)")
    )
    outbox.con.execute(
        "CREATE OR REPLACE TABLE said AS SELECT * EXCLUDE (name, phone, email, national_id, address, account) "
        "FROM said ORDER BY n"
    )
    outbox.con.unregister("said_arrow")


def write_truth(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """`mentions.parquet`: what each exported text really means (-1, 0, 1), and whether it is of the crisis."""
    table = con.execute(
        f"""
        SELECT CASE WHEN media = 2 THEN 'weibo' ELSE 'media_monitor' END AS source_system,
            CASE WHEN media = 2 THEN {_WEIBO_ID.format("n")} ELSE md5({_URL.format("n")}) END AS mention_id, brand,
            CASE sentiment WHEN '正面' THEN 1 WHEN '中性' THEN 0 ELSE -1 END AS sentiment, is_crisis,
            make_timestamp(posted * 1000000) AS mentioned_at
        FROM said ORDER BY n
        """
    ).fetch_arrow_table()
    pq.write_table(table, folder / "mentions.parquet", compression="zstd")


def _local(seconds: str, form: str) -> str:
    return f"strftime(make_timestamp(({seconds} + 28800) * 1000000), '{form}')"


_WEIBO_ID = "(4900000000000000 + {0} * 7919)::varchar"
_UID = "(1700000000 + author * 7907)::varchar"
_URL = "'https://media.example.com/p/' || (100000 + {0} * 31)::varchar"


def write_weibo(outbox: Outbox, last: date, low: int, high: int) -> None:
    """The month's microblogs that name a brand: ids as ="49...", one record of 30 February in busy months."""
    con = outbox.con
    source = f"(SELECT * FROM said WHERE media = 2 AND posted >= {low} AND posted < {high})"
    count = con.execute(f"SELECT count(*) FROM {source}").fetchone()
    broken = int((count or (0,))[0] >= BROKEN_FROM)
    columns = (
        f"{_UID}, '用户' || {_UID}, followers::varchar, "
        "['北京', '上海', '广东', '浙江', '四川', '海外'][1 + author % 6], text, brand, nullif(topic, '')"
    )
    counts = "reads::varchar, shares::varchar, comments::varchar, likes::varchar, sentiment"
    outbox.write_csv(
        "weibo", "mentions", f"{last:%Y}/微博提及_{last:%Y-%m}.csv", WEIBO,
        f"""
        SELECT '="' || {_WEIBO_ID.format("n")} || '"', {columns}, {_local("posted", "%Y-%m-%d %H:%M:%S")},
            CASE WHEN origin >= 0 THEN '="' || {_WEIBO_ID.format("origin")} || '"' END, {counts},
            'https://weibo.example.com/' || n::varchar
        FROM (SELECT * FROM {source} ORDER BY n DESC)
        UNION ALL
        SELECT '="8' || n::varchar || '"', {columns}, '{last.year}-02-30 08:00:00', NULL, {counts}, NULL
        FROM (SELECT * FROM {source} ORDER BY n LIMIT {broken})
        """,
        next_day(last), byte_order_mark=True, rejected={"not_a_timestamp": broken} if broken else None,
    )  # fmt: skip
    planted_text.plant(con, "weibo", "mentions", "微博内容", "mention", _WEIBO_ID.format("n"), source)


def write_monitor(outbox: Outbox, last: date, low: int, high: int) -> None:
    """The quarter's list of the media monitor: a title above the headings; what is read by ten thousands as 1.2万."""
    con = outbox.con
    source = f"(SELECT * FROM said WHERE media <> 2 AND posted >= {low} AND posted < {high})"
    reads = "CASE WHEN reads >= 10000 THEN format('{:.1f}万', reads / 10000.0) ELSE reads::varchar END"
    sheet = Sheet(
        "监测明细", MONITOR,
        f"""
        SELECT row_number() OVER (ORDER BY n) AS i, brand || '：网友怎么说' AS title, text AS body,
            {list(_MEDIA)}[1 + media] AS media_type, {list(_SITES)}[1 + media] AS site,
            CASE WHEN media = 0 THEN '家居周刊编辑部' ELSE '作者' || author::varchar END AS author, followers,
            {_local("posted", "%Y/%m/%d %H:%M")} AS posted_at, {_URL.format("n")} AS url,
            CASE WHEN origin >= 0 THEN {_URL.format("origin")} END AS origin_url, brand,
            CASE WHEN is_own THEN '是' ELSE '否' END AS own, nullif(topic, '') AS topic, sentiment, {reads} AS readers,
            likes, comments, shares, ['北京', '上海', '广东', '浙江', '四川'][1 + author % 5] AS region,
            CASE WHEN answered > 0 THEN {_local("answered", "%Y/%m/%d %H:%M")} END AS answered_at,
            CASE WHEN paid > 0 THEN paid END AS paid,
            CASE WHEN paid > 0 THEN 'kol-' || author::varchar END AS utm_campaign
        FROM {source} ORDER BY n
        """,
        title=f"媒体监测明细 {last:%Y}年第{(last.month + 2) // 3}季度",
    )  # fmt: skip
    content, rows = workbook(con, [sheet])
    outbox.write_bytes(
        "media_monitor", "mentions", f"{last:%Y}/媒体监测明细_{last:%Y}-Q{(last.month + 2) // 3}.xlsx", content, rows,
        next_day(last),
    )  # fmt: skip
    planted_text.plant(con, "media_monitor", "mentions", "正文", "mention", f"md5({_URL.format('n')})", source)
