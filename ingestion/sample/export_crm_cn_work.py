"""What people did in the Chinese CRM: stages of deals, visits, users and their training, as workbooks each half-year.

Belongs here: the form of these workbooks (as in `export_crm_cn.py`) and what was done for the leads and deals of
`business.py`. Not here: employees themselves (`words.py`).
"""

from __future__ import annotations

from datetime import date
from typing import Any

import duckdb

from ingestion.sample import words
from ingestion.sample.crm_keys import CUSTOMER_NO, DEAL_NO, LEAD_NO
from ingestion.sample.export_crm_cn import _last, _moment, _named, _roll
from ingestion.sample.outbox import Outbox, next_day
from ingestion.sample.workbook import Sheet, workbook

STAGES = ("商机编号", "商机名称", "商机阶段", "预计金额（万元）", "操作人工号", "阶段文档", "进入时间")
VISITS = ("拜访编号", "拜访方式", "客户编号", "客户名称", "线索编号", "商机编号", "拜访人工号", "拜访状态", "拜访主题",
          "拜访时间", "结束时间", "拜访地点", "是否陌拜", "是否移动端", "拜访结果", "结果时间", "报价金额（万元）",
          "拜访费用（元）", "拜访内容", "创建时间", "最近修改时间")  # fmt: skip
EMPLOYEES = ("工号", "姓名", "部门", "大区", "岗位", "上级工号", "CRM账号", "账号状态", "手机号码", "入职日期",
             "离职日期", "最近登录时间", "最近修改时间")  # fmt: skip
TRAINING = ("培训编号", "工号", "姓名", "课程名称", "课程类型", "讲师", "开始日期", "结束日期", "学时", "是否完成",
            "最近修改时间")  # fmt: skip
COURSES = (("咖啡产品线进阶", "产品知识", 16), ("大客户谈判", "销售技能", 24), ("客户投诉处理", "客户服务", 8),
           ("合同与合规", "合规", 6), ("带教能力", "管理能力", 12))  # fmt: skip
_ROLES = {
    "seller": "销售代表",
    "manager": "大区经理",
    "director": "销售总监",
    "marketing": "市场专员",
    "service": "客服专员",
}
_FULL = ", ".join(f"'{short}': '{full}'" for short, full in {c[0]: c[1] for c in words.CITIES}.items())
_PLACE = (
    f"CASE WHEN MAP {{{_FULL}}}[province] = city THEN city ELSE MAP {{{_FULL}}}[province] || city END "
    "|| '人民路' || (1 + n % 300)::varchar || '号'"
)


def stage_sql(low: int, seen: int) -> str:
    """Stages that deals entered from `low` to `seen`; the document of a stage is missing now and then."""
    return f"""
        SELECT {DEAL_NO}, company || ' ' || line || ' 采购', stage, amount / 1000000.0, owner,
            CASE WHEN step IN (2, 3) THEN CASE WHEN {_roll("document", "d * 10 + step")} < 0.88 THEN '已上传'
                ELSE '未上传' END END,
            {_moment("entered", "d", str(seen))}
        FROM (
            SELECT d, company, line, amount, owner, UNNEST([1, 2, 3, 4, 5]) AS step,
                UNNEST([start, deal_needs, deal_proposal, deal_closed,
                    CASE WHEN deal_is_won AND d % 5 = 0 THEN deal_after_sales ELSE 0 END]) AS entered,
                UNNEST(['线索合格', '需求确认', '方案报价', CASE WHEN deal_is_won THEN '赢单' ELSE '输单' END,
                    '售后服务']) AS stage
            FROM deal WHERE deal_is_cn
        )
        WHERE entered > 0 AND entered >= {low} AND entered < {seen}
        ORDER BY d, step
    """


#: Reasons of lost deals by number, as the marts name them.
LOSS_REASONS = ("price", "competitor", "cancelled", "budget")
#: A lead that a seller found by calling on a stranger: its first contact is a visit, not a call.
IS_COLD = "coalesce(stated_source = '陌生拜访', false)"


def funnel_truth(con: duckdb.DuckDBPyConnection, end: int) -> dict[str, Any]:
    """What sellers did and what came of it before second `end`, in the systems that tell of visits and proposals."""
    visits = con.execute(
        f"SELECT count(*), coalesce(sum((converted > 0 AND converted < {end})::int), 0) FROM lead "
        f"WHERE is_cn AND contacted > 0 AND contacted < {end} AND {IS_COLD}"
    ).fetchone()
    proposals = con.execute(
        f"SELECT count(*), coalesce(sum((deal_is_won AND deal_closed < {end})::int), 0) FROM deal "
        f"WHERE crm IN ('crm_cn', 'salesforce') AND deal_proposal > 0 AND deal_proposal < {end}"
    ).fetchone()
    reasons = con.execute(
        f"SELECT loss_reason, count(*) FROM deal WHERE NOT deal_is_won AND deal_closed < {end} GROUP BY 1 ORDER BY 1"
    ).fetchall()
    assert visits is not None and proposals is not None
    return {
        "cold_visits": int(visits[0]),
        "cold_visits_that_became_deals": int(visits[1]),
        "proposals_sent": int(proposals[0]),
        "proposals_accepted": int(proposals[1]),
        "lost_deals": {LOSS_REASONS[reason]: int(count) for reason, count in reasons},
    }


def visit_sql(low: int, seen: int) -> str:
    """First calls to leads; visits, proposals and calls after the sale for deals, as they stood at `seen`."""
    s = str(seen)
    result = f"CASE WHEN deal_closed >= {s} THEN 0 WHEN deal_is_won THEN 1 WHEN deal_lost_at = 2 THEN 2 ELSE 0 END"
    common = "owner, company, contact, phone, province, city, n"
    return f"""
        SELECT 'BF' || no, way, customer, company, lead_no, deal_no, owner, '已完成', topic,
            {_moment("started", "n", s)},
            CASE WHEN minutes > 0 THEN {_moment("(started + minutes * 60)", "n", s)} END,
            CASE WHEN way = '上门拜访' THEN {_PLACE} END, is_cold, CASE WHEN n % 3 = 0 THEN '否' ELSE '是' END,
            [NULL, '方案通过', '方案未通过', '有意向'][1 + result],
            CASE WHEN decided > 0 THEN {_moment("decided", "n", s)} END,
            amount, CASE WHEN way = '上门拜访' THEN (50 + n % 400)::double END,
            CASE WHEN n % 4 = 0 THEN '与' || contact || '沟通，电话' || phone || '，下周再联系'
                ELSE topic || '，客户反馈良好' END,
            {_moment("started", "n", s)}, {_moment("updated", "n", s)}
        FROM (
            SELECT *, {_last(s, "started", "decided")} AS updated FROM (
                SELECT (500001 + n)::varchar AS no,
                    CASE WHEN {IS_COLD} THEN '上门拜访' ELSE '电话拜访' END AS way,
                    NULL AS customer, {LEAD_NO} AS lead_no, NULL AS deal_no,
                    '首次联系' AS topic, contacted AS started, 0 AS decided,
                    CASE WHEN {IS_COLD} THEN 40 ELSE 15 END AS minutes, 3 AS result, NULL::double
                        AS amount,
                    CASE WHEN {IS_COLD} THEN '是' ELSE '否' END AS is_cold, {common}
                FROM lead WHERE is_cn AND contacted > 0
                UNION ALL SELECT (1000001 + d * 10)::varchar, '上门拜访', {CUSTOMER_NO}, NULL, {DEAL_NO}, '需求确认',
                    deal_needs, 0,
                    60 + d % 90, 3, NULL, '否', {common} FROM deal WHERE deal_is_cn AND deal_needs > 0
                UNION ALL SELECT (1000002 + d * 10)::varchar, '方案提交', {CUSTOMER_NO}, NULL, {DEAL_NO}, '方案报价',
                    deal_proposal,
                    CASE WHEN {result} > 0 THEN deal_closed ELSE 0 END, 0, {result}, amount / 1000000.0, '否', {common}
                FROM deal WHERE deal_is_cn AND deal_proposal > 0
                UNION ALL SELECT (1000003 + d * 10)::varchar, '上门拜访', {CUSTOMER_NO}, NULL, {DEAL_NO}, '售后回访',
                    deal_after_sales, 0,
                    45, 3, NULL, '否', {common} FROM deal WHERE deal_is_cn AND deal_is_won AND d % 2 = 0
            )
        )
        WHERE started < {s} AND updated >= {low}
        ORDER BY no
    """


def _text(value: str | None) -> str:
    return "NULL::varchar" if not value else f"'{value}'"


def employee_sql(last: date, seen: int) -> str:
    """All who have or had an account in this CRM, with their state on the day of the export."""
    rows = []
    for number, (key, name, team, region, role, manager, hired, left, user) in enumerate(words.EMPLOYEES):
        if user or hired > str(last):
            continue
        gone = left if left and left <= str(last) else None
        seen_at = f"{gone} 17:00" if gone else f"{last} {9 + number % 8:02d}:30"
        cells = (
            key, name, team, region, _ROLES[role], manager, key.lower(), "停用" if gone else "启用",
            f"1390000{number:04d}", hired.replace("-", "/"), gone, seen_at, 
            f"{last:%Y年}{last.month}月{last.day}日 18:00",
        )  # fmt: skip
        rows.append(f"({', '.join(_text(cell) for cell in cells)})")
    return f"SELECT * FROM (VALUES {', '.join(rows)})"


def training_sql(last: date, months: int) -> str:
    """Two courses of the half-year for each seller; the last one of some is not finished yet."""
    rows = []
    sellers = [e for e in words.EMPLOYEES if not e[8] and e[6] <= str(last) and (not e[7] or e[7] > str(last))]
    for place, employee in enumerate(sellers):
        for turn in (0, 1):
            course, kind, hours = COURSES[(place + turn + last.year + months) % len(COURSES)]
            day = 1 + (place * 3 + turn * 11) % 25
            month = max(last.month - 1 - turn, 1)
            begun, is_open = date(last.year, month, day), turn == 0 and place % 6 == 5
            ended = None if is_open else str(begun.replace(day=min(day + 2, 28)))
            cells = (
                f"PX{last:%Y%m}{place:03d}{turn}", employee[0], employee[1], course, kind, "商学院",
                f"{begun.year}年{begun.month}月{begun.day}日", ended,
            )  # fmt: skip
            texts = ", ".join(_text(cell) for cell in cells)
            rows.append(f"({texts}, {hours / 2 if is_open else hours}, '{'否' if is_open else '是'}', '{last} 18:00')")
    return f"SELECT * FROM (VALUES {', '.join(rows)})"


def write_period(outbox: Outbox, last: date, low: int, seen: int) -> None:
    """The four workbooks of the half-year that ends with the day `last`, from second `low` to second `seen`."""
    for name, export, headings, sql in (
        ("商机阶段", "opportunity_stages", STAGES, stage_sql(low, seen)),
        ("拜访记录", "visits", VISITS, visit_sql(low, seen)),
        ("员工", "employees", EMPLOYEES, employee_sql(last, seen)),
        ("培训", "training", TRAINING, training_sql(last, last.month)),
    ):
        title = f"澄远家居 CRM {name}导出 {last:%Y}年{last.month}月{last.day}日"
        content, rows = workbook(outbox.con, [Sheet(name, headings, _named(sql, headings), title)])
        outbox.write_bytes("crm_cn", export, f"{last:%Y}/{name}_{last:%Y-%m-%d}.xlsx", content, rows, next_day(last))
