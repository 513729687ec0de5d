"""Exports of the office automation: contracts, approvals and tasks, each half-year what is new or changed.

Belongs here: contracts of won deals with their approval and signature, requests for approval, tasks and milestones, and
their form: workbooks with a title in a merged cell, amounts in 万元, stated working days, dates as serial numbers or
text. Not here: the deals (`business.py`), the working calendar (`workdays.py`). Tables: `agreement`, `request`.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import numpy as np
import pyarrow as pa

from ingestion.sample import words, workdays
from ingestion.sample.crm_keys import CUSTOMER, DEAL
from ingestion.sample.demand import History
from ingestion.sample.export_crm_cn import _last, _moment, _named
from ingestion.sample.operations import Cell, half_years, roll, second_of, write_sheet
from ingestion.sample.outbox import Outbox, comma_separated, next_day
from ingestion.sample.random_streams import stream
from ingestion.sample.workbook import NUMBER, Sheet, workbook

CONTRACTS = comma_separated(
    "合同编号,合同名称,客户编号,商机编号,经办人工号,大区,产品线,合同金额（万元）,币种,合同状态,提交时间,审批通过时间,"
    "审批用时（工作日）,签署时间,签署用时（工作日）,是否电子签,是否移动端签署,续签原合同编号,生效日期,到期日期,是否违约,"
    "违约日期,最近修改时间"
)
APPROVALS = comma_separated(
    "审批编号,审批类型,关联编号,大区,申请人工号,审批人工号,申请金额（元）,批准金额（元）,申请折扣率,批准折扣率,审批状态,"
    "审批用时（工作日）,申请事由,提交时间,审批完成时间,最近修改时间"
)
TASKS = comma_separated(
    "任务编号,类型,任务名称,关联指标,责任人工号,大区,计划开始,计划完成,实际开始,实际完成,进度灯,状态,完成进度,更新时间"
)
DEFAULT_SHARE, DISCOUNT_SHARE = 0.02, 0.15  # of won deals
SLOW_RELEASE_SHARE = 0.2  # of the requests for reserve money: decided after more than two hours
LATE_TASK_SHARE = 0.15
_DIRECTOR = "E001"
_TASKS = (
    ("任务", "更新{}客户拜访计划", "visits"), ("任务", "{}报价模板修订", "proposal_hours"),
    ("任务", "{}逾期应收催收", "collection_rate"), ("里程碑", "{}季度目标过半", "revenue"),
)  # fmt: skip


def write(outbox: Outbox, history: History, seed: int) -> dict[str, object]:
    """Write contracts, approvals and tasks; the answer is what was planted."""
    _make_agreements(outbox)
    _make_requests(outbox, history, seed)
    tasks = _task_changes(history, seed)
    for last, low, seen in half_years(history):
        _write_workbook(outbox, "contracts", "合同台账", CONTRACTS, _contract_sql(low, seen), last)
        _write_workbook(outbox, "approvals", "审批单", APPROVALS, _request_sql(low, seen), last)
        rows = [row for moment, row in tasks if low <= moment < seen]
        title = f"澄远家居 OA 任务清单导出 {last:%Y}年{last.month}月{last.day}日"
        name = f"{last:%Y}/任务清单_{last:%Y-%m-%d}.xlsx"
        write_sheet(outbox, "oa_cn", "tasks", name, "任务", TASKS, rows, last, title=title)
    end = second_of(history.end_date) + 86400
    figures = outbox.con.execute(
        "SELECT count(*), count(*) FILTER (is_mobile), count(*) FILTER (defaulted > 0 AND defaulted < "
        f"{end}), median(approval_days), median(signing_days) FROM agreement WHERE signed < {end}"
    ).fetchone()
    assert figures is not None
    names = ("contracts_signed", "signed_on_mobile", "defaulted", "median_approval_days", "median_signing_days")
    return {**dict(zip(names, figures, strict=True)), "late_task_share": LATE_TASK_SHARE}


def _make_agreements(outbox: Outbox) -> None:
    """Table `agreement`: a contract per won deal, submitted after the proposal, signed when the deal is won."""
    con = outbox.con
    deals = con.execute(
        "SELECT d, deal_proposal AS proposal, deal_closed AS closed FROM deal WHERE deal_is_won ORDER BY d"
    ).fetchnumpy()
    number, proposal, closed = (np.asarray(deals[name]) for name in ("d", "proposal", "closed"))
    submitted = proposal + (closed - proposal) * 35 // 100
    approved = proposal + (closed - proposal) * 70 // 100
    table = pa.table(
        {
            "d": number, "submitted": submitted, "approved": approved, "signed": closed,
            "approval_days": workdays.between(submitted, approved), "signing_days": workdays.between(approved, closed),
        }
    )  # fmt: skip
    con.register("agreement_arrow", table)
    con.execute(
        f"""
        CREATE OR REPLACE TABLE agreement AS
        SELECT a.*, 'HT' || (400001 + a.d)::varchar AS contract_no, company, line, region, owner, amount, deal_is_cn,
            {CUSTOMER} AS customer_no, {DEAL} AS deal_no,
            {roll("e-signed", "a.d", "a.signed")} < 0.72 AS is_e_signed,
            {roll("e-signed", "a.d", "a.signed")} < 0.34 AS is_mobile,
            -- who comes back had a contract of a quarter, so that renewals are there from the first year on
            CASE WHEN NOT is_repeat AND q.lead IN (SELECT f.lead FROM deal f WHERE f.is_repeat) THEN 90
                WHEN hash('term', a.d) % 4 = 0 THEN 90 WHEN hash('term', a.d) % 4 = 1 THEN 182 ELSE 365 END
                AS term_days,
            CASE WHEN is_repeat THEN 'HT' || (400001 + (
                SELECT min(f.d) FROM deal f WHERE f.lead = q.lead AND NOT f.is_repeat
            ))::varchar END AS renewal_of,
            CASE WHEN {roll("defaulted", "a.d", "a.signed")} < {DEFAULT_SHARE} THEN a.signed + 90 * 86400 ELSE 0 END
                AS defaulted
        FROM agreement_arrow a JOIN deal q USING (d) ORDER BY a.d
        """
    )
    con.unregister("agreement_arrow")


def _make_requests(outbox: Outbox, history: History, seed: int) -> None:
    """Table `request`: every contract, a discount for some of the deals, and releases of reserve money each month."""
    con, rng = outbox.con, stream(seed, "releases")
    months = np.repeat(np.arange(history.month_count), 3)
    opening = np.array([second_of(history.months[m]) for m in months])
    begun = opening + rng.integers(3, 26, len(months)) * 86400 + 10 * 3600 + rng.integers(0, 6 * 3600, len(months))
    is_slow = rng.random(len(months)) < SLOW_RELEASE_SHARE
    took = np.where(is_slow, rng.integers(3 * 3600, 9 * 3600, len(months)), rng.integers(600, 7000, len(months)))
    channels = np.array(["paid_search", "paid_social"])[rng.integers(0, 2, len(months))]
    asked = rng.integers(2, 20, len(months)) * 500  # cents: the reserve is a twentieth of small budgets
    releases = {"n": np.arange(len(months)), "begun": begun, "took": took, "channel": channels, "asked": asked}
    con.register("release_arrow", pa.table(releases))
    con.execute(
        f"""
        CREATE OR REPLACE TABLE request AS
        SELECT 'SP1' || (100001 + d)::varchar AS request_no, '合同审批' AS kind, contract_no AS subject, region, owner,
            '{_DIRECTOR}' AS approver, amount AS asked, amount AS granted, NULL::double AS rate,
            NULL::double AS granted_rate, false AS is_refused, submitted AS begun, approved AS decided, NULL AS reason
        FROM agreement
        UNION ALL BY NAME
        SELECT 'SP2' || (200001 + d)::varchar AS request_no, '折扣审批' AS kind, deal_no AS subject, region, owner,
            '{_DIRECTOR}' AS approver, (amount * rate / 100)::bigint AS asked,
            CASE WHEN is_refused THEN 0 ELSE (amount * granted_rate / 100)::bigint END AS granted, rate, granted_rate,
            is_refused, submitted - 3 * 86400 AS begun,
            submitted - 3 * 86400 + 3600 + (hash('discount took', d) % 130000)::bigint AS decided,
            '客户要求按年框价执行，经办人已核对底价' AS reason
        FROM (
            SELECT *, (6 + hash('rate', d) % 9)::double AS rate, hash('refused', d) % 8 = 0 AS is_refused,
                CASE WHEN hash('refused', d) % 8 > 0 THEN (6 + hash('rate', d) % 9 - hash('cut', d) % 3)::double END
                    AS granted_rate
            FROM agreement WHERE {roll("discount", "d", "signed")} < {DISCOUNT_SHARE}
        )
        UNION ALL BY NAME
        SELECT 'SP3' || (300001 + n)::varchar AS request_no, '弹性预算申请' AS kind, channel AS subject, NULL AS region,
            'E060' AS owner, '{_DIRECTOR}' AS approver, asked, CASE WHEN n % 9 = 8 THEN 0 ELSE asked END AS granted,
            NULL AS rate, NULL AS granted_rate, n % 9 = 8 AS is_refused, begun, begun + took AS decided,
            '大促期间投放追加' AS reason
        FROM release_arrow
        ORDER BY request_no
        """
    )
    con.unregister("release_arrow")
    moments = con.execute("SELECT request_no, begun, decided FROM request ORDER BY request_no").fetchnumpy()
    days = workdays.between(np.asarray(moments["begun"]), np.asarray(moments["decided"]))
    con.register("took_arrow", pa.table({"request_no": pa.array(moments["request_no"], pa.string()), "days": days}))
    con.execute("CREATE OR REPLACE TABLE request AS SELECT * FROM request JOIN took_arrow USING (request_no)")
    con.unregister("took_arrow")


def _contract_sql(low: int, seen: int) -> str:
    s = str(seen)
    is_signed, is_approved = f"(signed < {s})", f"(approved < {s})"
    broken = f"(defaulted > 0 AND defaulted < {s})"
    ended = f"(signed + term_days * 86400 < {s})"
    day = "CASE WHEN {1} THEN strftime(make_timestamp(({0} + 28800) * 1000000), '%Y-%m-%d') END"
    updated = _last(s, "submitted", "approved", "signed", "defaulted", "(signed + term_days * 86400)")
    return f"""
        SELECT contract_no, company || ' ' || line || '采购合同', customer_no, deal_no, owner, region, line,
            amount / 1000000.0, CASE WHEN deal_is_cn THEN 'CNY' ELSE 'USD' END,
            CASE WHEN {broken} THEN '已违约' WHEN {ended} THEN '已到期' WHEN {is_signed} THEN '已签署'
                WHEN {is_approved} THEN '已通过' ELSE '审批中' END,
            {_moment("submitted", "d", s)}, {_moment("approved", "d", s)},
            CASE WHEN {is_approved} THEN approval_days END, {_moment("signed", "d", s)},
            CASE WHEN {is_signed} THEN signing_days END,
            CASE WHEN {is_signed} THEN CASE WHEN is_e_signed THEN '是' ELSE '否' END END,
            CASE WHEN {is_signed} THEN CASE WHEN is_mobile THEN '是' ELSE '否' END END, renewal_of,
            {day.format("signed", is_signed)}, {day.format("(signed + (term_days - 1) * 86400)", is_signed)},
            CASE WHEN {broken} THEN '是' ELSE '否' END, {day.format("defaulted", broken)}, {_moment("updated", "d", s)}
        FROM (SELECT *, {updated} AS updated FROM agreement WHERE submitted < {s})
        WHERE updated >= {low} ORDER BY contract_no
    """


def _request_sql(low: int, seen: int) -> str:
    s = str(seen)
    over = f"(decided < {s})"
    percent = "CASE WHEN {0} IS NOT NULL THEN {0}::int::varchar || '%' END"
    return f"""
        SELECT request_no, kind, subject, region, owner, approver, asked / 100.0,
            CASE WHEN {over} THEN granted / 100.0 END, {percent.format("rate")},
            CASE WHEN {over} THEN {percent.format("granted_rate")} END,
            CASE WHEN NOT {over} THEN '审批中' WHEN is_refused THEN '已拒绝' ELSE '已通过' END,
            CASE WHEN {over} THEN days END, reason, {_moment("begun", "request_no", s)},
            {_moment("decided", "request_no", s)}, {_moment("updated", "request_no", s)}
        FROM (SELECT *, {_last(s, "begun", "decided")} AS updated FROM request WHERE begun < {s})
        WHERE updated >= {low} ORDER BY request_no
    """


def _write_workbook(outbox: Outbox, export: str, name: str, headings: tuple[str, ...], sql: str, last: date) -> None:
    title = f"澄远家居 OA {name}导出 {last:%Y}年{last.month}月{last.day}日"
    content, rows = workbook(outbox.con, [Sheet(name, headings, _named(sql, headings), title)])
    outbox.write_bytes("oa_cn", export, f"{last:%Y}/{name}_{last:%Y-%m-%d}.xlsx", content, rows, next_day(last))


def _task_changes(history: History, seed: int) -> list[tuple[int, tuple[Cell, ...]]]:
    """Changes of tasks with their second: planned, begun, done; four tasks per manager and quarter."""
    rng = stream(seed, "tasks")
    managers = [e for e in words.EMPLOYEES if e[4] == "manager" and e[3]]
    changes: list[tuple[int, tuple[Cell, ...]]] = []
    number = 0
    for month in range(0, history.month_count, 3):
        opening = history.months[month]
        for manager in managers:
            for kind, name, kpi in _TASKS:
                number += 1
                start = opening + timedelta(int(rng.integers(2, 20)))
                due = start + timedelta(int(rng.integers(14, 50)))
                late = int(rng.integers(1, 8)) if rng.random() < LATE_TASK_SHARE else -int(rng.integers(0, 4))
                done = due + timedelta(late)
                head = (f"RW{number:05d}", kind, name.format(manager[3]), kpi, manager[0], manager[3])
                planned: tuple[Cell, ...] = (_text(start, 9), _serial(due, 18))
                light = "红" if late > 3 else "黄" if late > 0 else "绿"
                half = start + (done - start) / 2
                for day, hour, cells in (
                    (start - timedelta(2), 10, (None, None, "绿", "未开始", "0%")),
                    (
                        half,
                        16,
                        (_text(start, 9), None, "黄" if late > 0 else "绿", "进行中", f"{30 + number % 5 * 10}%"),
                    ),
                    (done, 17, (_text(start, 9), _text(done, 17), light, "已完成", "100%")),
                ):
                    changes.append((second_of(day) + hour * 3600, (*head, *planned, *cells, _text(day, hour))))
    return changes


def _text(day: date, hour: int) -> str:
    return f"{datetime.combine(day, time(hour)):%Y年%m月%d日 %H:%M}"


def _serial(day: date, hour: int) -> str:
    return f"{NUMBER}{(day - date(1899, 12, 30)).days + hour / 24}"
