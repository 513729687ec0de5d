"""Exports of the Chinese CRM: customers, leads and deals as workbooks, each half-year what is new or changed.

Belongs here: the form of the exports: a title in a merged cell, dates as serial numbers or as 2024年3月5日, full-width
characters, amounts in 万元. A record is written as it stood on the day of the export.
"""

from __future__ import annotations

from datetime import date

from ingestion.sample.constants import (
    FULL_WIDTH_SHARE,
    KEY_ACCOUNT_CENTS,
    POTENTIAL_STATED_SHARE,
    SUCCESS_SHARE,
    TEXT_DATE_SHARE,
)
from ingestion.sample.crm_keys import CUSTOMER_NO, DEAL_NO, LEAD_NO
from ingestion.sample.outbox import Outbox, next_day
from ingestion.sample.workbook import NUMBER, Sheet, workbook

CUSTOMERS = ("客户编号", "客户类型", "企业名称", "联系人", "手机号码", "电子邮箱", "行业", "人员规模", "省份", "城市",
             "客户等级", "负责人工号", "推荐客户编号", "客户来源", "创建时间", "最近修改时间", "客户成功经理工号",
             "是否大客户", "行业增速", "扩张计划", "合作深度", "采购潜力")  # fmt: skip
LEADS = ("线索编号", "公司名称", "联系人", "手机", "邮箱", "行业", "公司人数", "省份", "城市", "线索来源", "线索状态",
         "是否有效", "有预算", "是否决策人", "预计采购周期（月）", "线索评分", "负责人工号", "客户编号", "商机编号",
         "创建时间", "分配时间", "评级时间", "首次联系时间", "跟进时间", "转化时间", "最近修改时间")  # fmt: skip
DEALS = ("商机编号", "商机名称", "客户名称", "线索编号", "客户编号", "销售渠道", "产品线", "大区", "商机阶段",
         "赢单概率", "预计金额（万元）", "预计成本（万元）", "线索来源", "负责人工号", "输单前阶段", "输单原因",
         "创建时间", "预计成交日期", "实际成交日期", "最近修改时间")  # fmt: skip
_ASCII = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_WIDE = "".join(chr(ord(c) + 0xFEE0) for c in _ASCII)


def _roll(salt: str, key: str) -> str:
    return f"((hash('{salt}', {key}) % 10000) / 10000.0)"


def _wide(expression: str, key: str) -> str:
    """SQL of a text that was typed in full-width characters now and then."""
    wide = f"translate({expression}, '{_ASCII}', '{_WIDE}')"
    return f"CASE WHEN {_roll('wide', key)} < {FULL_WIDTH_SHARE} THEN {wide} ELSE {expression} END"


def _serial(seconds: str) -> str:
    """SQL of the serial number that Excel keeps for a time in Shanghai (to the minute)."""
    return f"round(((({seconds} + 28800) // 60) / 1440.0) + 25569, 5)"


def _moment(seconds: str, key: str, seen: str) -> str:
    """SQL of a time as the CRM writes it: text or the digits of a serial number; nothing before it happened."""
    text = f"strftime(make_timestamp(({seconds} + 28800) * 1000000), '%Y年%-m月%-d日 %H:%M')"
    return (
        f"CASE WHEN {seconds} > 0 AND {seconds} < {seen} THEN CASE WHEN {_roll('date', key)} < {TEXT_DATE_SHARE} "
        f"THEN {text} ELSE '{NUMBER}' || ({_serial(seconds)})::varchar END END"
    )


def _last(seen: str, *times: str) -> str:
    """SQL of the latest of the times that have happened by then."""
    return "greatest(" + ", ".join(f"CASE WHEN {t} < {seen} THEN {t} ELSE 0 END" for t in times) + ")"


_LEAD_TIMES = ("created", "assigned", "contacted", "graded", "followed", "closed", "converted")
_DEAL_TIMES = ("start", "deal_needs", "deal_proposal", "deal_closed", "deal_after_sales")


def lead_sql(low: int, seen: int) -> str:
    """Leads created or changed from `low` to `seen`, as they stood at `seen`."""
    s = str(seen)
    written = ("created", "assigned", "graded", "contacted", "followed", "converted", "updated")
    return f"""
        SELECT {LEAD_NO}, {_wide("company", "n")}, contact, {_wide("phone", "n")}, email, industry, size,
            province, city, stated_source,
            CASE WHEN converted > 0 AND converted < {s} THEN '已转化' WHEN closed > 0 AND closed < {s} THEN '无效'
                WHEN graded > 0 AND graded < {s} THEN CASE WHEN score >= 6 THEN '合格' ELSE '培育中' END
                WHEN contacted > 0 AND contacted < {s} THEN '已联系' ELSE '新线索' END,
            CASE WHEN closed > 0 AND closed < {s} THEN '否' ELSE '是' END,
            CASE WHEN has_budget THEN '是' ELSE '否' END, CASE WHEN is_decider THEN '是' ELSE '否' END, months,
            CASE WHEN graded > 0 AND graded < {s} THEN score END, owner,
            CASE WHEN converted > 0 AND converted < {s} THEN {CUSTOMER_NO} END,
            CASE WHEN converted > 0 AND converted < {s} THEN first_deal END,
            {", ".join(_moment(t, "n", s) for t in written)}
        FROM (
            SELECT l.*, 'SJ' || (300001 + f.d)::varchar AS first_deal, {_last(s, *_LEAD_TIMES)} AS updated
            FROM lead l LEFT JOIN (SELECT lead AS n, d FROM deal WHERE NOT is_repeat) f USING (n)
            WHERE is_cn AND created < {s}
        )
        WHERE updated >= {low}
        ORDER BY n
    """


def customer_sql(low: int, seen: int) -> str:
    """Customers (leads that became one) created or changed from `low` to `seen`."""
    s = str(seen)
    return f"""
        SELECT {CUSTOMER_NO}, '企业', {_wide("company", "n")}, contact, {_wide("phone", "n")}, email, industry, size,
            province, city, CASE WHEN score >= 8 THEN 'A' WHEN score >= 6 THEN 'B级' ELSE 'C' END, owner,
            CASE WHEN stated_source LIKE '%介绍%' THEN referrer END, stated_source,
            {_moment("converted", "n", s)}, {_moment("updated", "n + 1", s)},
            CASE WHEN amount_won > {KEY_ACCOUNT_CENTS} AND {_roll("success", "n")} < {SUCCESS_SHARE}
                THEN ['E071', 'E072'][1 + (n % 2)::int] END,
            CASE WHEN amount_won > {KEY_ACCOUNT_CENTS} THEN '是' ELSE '否' END,
            CASE WHEN {_roll("stated", "n")} < {POTENTIAL_STATED_SHARE}
                THEN (round(-5 + 25 * {_roll("growth", "industry")}, 1))::varchar || '%' END,
            CASE WHEN {_roll("stated", "n")} < {POTENTIAL_STATED_SHARE}
                THEN CASE WHEN {_roll("plan", "n")} < 0.3 THEN '有' ELSE '无' END END,
            CASE WHEN {_roll("stated", "n")} < {POTENTIAL_STATED_SHARE}
                THEN ['低', '中', '高'][1 + (3 * {_roll("depth", "n")})::int % 3] END,
            CASE WHEN {_roll("stated", "n")} < {POTENTIAL_STATED_SHARE}
                THEN ['低', '中', '高'][1 + (3 * {_roll("purchase", "n")})::int % 3] END
        FROM (
            SELECT l.*, greatest(converted, coalesce(last_change, 0)) AS updated, coalesce(won, 0) AS amount_won,
                referrer
            FROM lead l LEFT JOIN (
                SELECT lead AS n, max({_last(s, "start", "deal_closed")}) AS last_change,
                    sum(CASE WHEN deal_is_won AND deal_closed < {s} THEN amount END) AS won
                FROM deal GROUP BY lead
            ) c USING (n) LEFT JOIN (
                -- who brings a customer became one just before
                SELECT n, lag({CUSTOMER_NO}) OVER (ORDER BY converted, n) AS referrer
                FROM lead WHERE is_cn AND converted > 0
            ) r USING (n)
            WHERE is_cn AND converted > 0 AND converted < {s}
        )
        WHERE updated >= {low}
        ORDER BY n
    """


def deal_sql(low: int, seen: int) -> str:
    """Deals created or changed from `low` to `seen`, as they stood at `seen`."""
    s = str(seen)
    over = f"(deal_closed < {s})"
    stage = (
        f"CASE WHEN {over} AND deal_is_won AND deal_after_sales < {s} AND d % 5 = 0 THEN '售后服务' "
        f"WHEN {over} AND deal_is_won THEN '赢单' "
        f"WHEN {over} THEN '输单' WHEN deal_proposal > 0 AND deal_proposal < {s} THEN '方案报价' "
        f"WHEN deal_needs > 0 AND deal_needs < {s} THEN '需求确认' ELSE '线索合格' END"
    )
    return f"""
        SELECT {DEAL_NO}, company || ' ' || line || ' 采购', company, CASE WHEN NOT is_repeat THEN {LEAD_NO} END,
            {CUSTOMER_NO}, through, line, region, stage,
            CASE stage WHEN '线索合格' THEN '10%' WHEN '需求确认' THEN '30%' WHEN '方案报价' THEN '50%'
                WHEN '输单' THEN '0%' ELSE '100%' END,
            (amount / 1000000.0), CASE WHEN has_cost THEN cost / 1000000.0 END, stated_source, owner,
            CASE WHEN stage = '输单' THEN ['线索合格', '需求确认', '方案报价'][1 + deal_lost_at] END,
            CASE WHEN stage = '输单' THEN ['价格', '竞争对手', '项目取消', '预算不足'][1 + loss_reason] END,
            {_moment("start", "d", s)},
            strftime(make_timestamp((start + 40 * 86400) * 1000000), '%Y-%m-%d'),
            {_moment("deal_closed", "d", s)}, {_moment("updated", "d", s)}
        FROM (
            SELECT *, {stage} AS stage, {_last(s, *_DEAL_TIMES)} AS updated
            FROM deal WHERE deal_is_cn AND start < {s}
        )
        WHERE updated >= {low}
        ORDER BY d
    """


def write_period(outbox: Outbox, last: date, low: int, seen: int) -> None:
    """The three workbooks of the half-year that ends with the day `last`, from second `low` to second `seen`."""
    stamp = f"{last:%Y-%m-%d}"
    for name, export, headings, sql in (
        ("客户", "customers", CUSTOMERS, customer_sql(low, seen)),
        ("线索", "leads", LEADS, lead_sql(low, seen)),
        ("商机", "opportunities", DEALS, deal_sql(low, seen)),
    ):
        title = f"澄远家居 CRM {name}导出 {last:%Y}年{last.month}月{last.day}日"
        content, rows = workbook(outbox.con, [Sheet(name, headings, _named(sql, headings), title)])
        outbox.write_bytes("crm_cn", export, f"{last:%Y}/{name}_{stamp}.xlsx", content, rows, next_day(last))


def _named(sql: str, headings: tuple[str, ...]) -> str:
    """The query with its columns called c0, c1, ..., so that no two are called the same."""
    return f"SELECT * FROM ({sql}) q({', '.join(f'c{i}' for i in range(len(headings)))})"
