"""Sheets of reviews: meetings, actions, risks, audits of deals, points for collaboration.

Belongs here: what a project office and an internal audit would keep, about the company's own KPIs and deals. Not here:
tasks (`export_oa.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

import numpy as np

from ingestion.sample import words
from ingestion.sample.crm_keys import DEAL, DEAL_NO
from ingestion.sample.demand import History
from ingestion.sample.operations import Cell, second_of, write_sheet
from ingestion.sample.outbox import Outbox, comma_separated
from ingestion.sample.random_streams import stream

MEETINGS = comma_separated("会议编号,周期,范围,主持人工号,计划时间,召开时间,材料就绪时间,纪要时间,参会人数")
ACTIONS = comma_separated(
    "Action ID,Meeting ID,KPI,What,Why,How,Where,Region,Responsible,Accountable,Consulted,Informed,Resources,"
    "Acceptance criterion,Start,Due,Done,Status,Light,In dispute since,Dispute tier,Value before,Value after,Proposer,"
    "Accepter,Verified by proposer,Verified by accepter,Updated"
)
RISKS = comma_separated("风险编号,月份,风险名称,类别,指标,阈值,等级,第一责任人工号,预案,发生次数,响应小时,结果")
AUDITS = comma_separated("审计编号,商机编号,销售工号,大区,审计人工号,发现,联系记录完整,备注,审计时间")
POINTS = comma_separated("编号,工号,受益团队,类型,积分,商机编号,日期")
FINDING_SHARE, NO_RECORD_SHARE, AUDITED_SHARE, LATE_ACTION_SHARE = 0.08, 0.05, 0.25, 0.2
_FINDINGS = ("未审批折扣", "资料缺失", "记录不实")
_THEMES = (
    ("lead_conversion_rate", "Score leads before they are assigned", "Sellers call leads that never buy", 0.12, 0.16),
    ("refund_rate", "Inspect each batch before it ships", "A batch leaked", 0.08, 0.05),
    ("collection_rate", "Call a week before an invoice is due", "Invoices are paid late", 0.91, 0.96),
    ("first_response_hours", "One more person on the complaint queue", "Complaints wait for hours", 7.0, 3.5),
)  # fmt: skip
_RISKS = (
    ("供应链断货", "供应", "inventory_turnover", "低于 4 次"), ("核心客户流失", "客户", "churn_rate", "高于 7%"),
    ("应收逾期", "财务", "collection_rate", "低于 95%"), ("销售离职", "人员", "seller_turnover_rate", "高于 20%"),
)  # fmt: skip


def write(outbox: Outbox, history: History, seed: int) -> dict[str, object]:
    """Write the five sheets; the answer is what was planted."""
    last, stamp = history.end_date, f"{history.end_date:%Y-%m-%d}"
    meetings = _meetings(history, seed)
    actions, on_time, due = _actions(history, seed)
    audits, findings = _audits(outbox, history, seed)
    for export, name, sheet, headings, rows in (
        ("review_meetings", "复盘会议", "会议", MEETINGS, meetings),
        ("action_items", "action_items", "Actions", ACTIONS, actions),
        ("risks", "风险登记", "风险", RISKS, _risks(history, seed)),
        ("compliance_audits", "合规审计", "合规", AUDITS, audits),
        ("collaboration", "协作积分", "协作", POINTS, _points(outbox, history, seed)),
    ):
        write_sheet(outbox, "reference", export, f"{name}_{stamp}.xlsx", sheet, headings, rows, last)
    return {
        "meetings": len(meetings), "actions_due": due, "actions_verified_by_their_due_date": on_time,
        "deals_audited": len(audits), "deals_with_a_finding": findings,
    }  # fmt: skip


def _moment(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute))


def _meetings(history: History, seed: int) -> list[Sequence[Cell]]:
    """A review each month, of the quarter in its last month; the pack three days before, the memo within hours."""
    rng = stream(seed, "meetings")
    rows: list[Sequence[Cell]] = []
    for month in range(1, history.month_count):
        first = history.months[month]
        cadence = "季度" if (first.month - 1) % 3 == 0 else "月"
        held = _moment(first + timedelta(int(rng.integers(4, 8))), 14)
        memo = held + timedelta(minutes=int(rng.integers(100, 260)))
        form = "%Y-%m-%d %H:%M"
        pack = held - timedelta(days=3 if rng.random() < 0.85 else 1)
        rows.append((f"HY{first:%Y%m}", cadence, None, "E001", f"{held:{form}}", f"{held:{form}}", f"{pack:{form}}",
                     f"{memo:{form}}", int(rng.integers(6, 14))))  # fmt: skip
    return rows


def _actions(history: History, seed: int) -> tuple[list[Sequence[Cell]], int, int]:
    """Two actions a month, as decided and as done; how many were verified in time, and how many were due."""
    rng = stream(seed, "actions")
    managers = [e for e in words.EMPLOYEES if e[4] == "manager" and e[3]]
    rows: list[Sequence[Cell]] = []
    on_time = total = 0
    for month in range(1, history.month_count):
        for _ in range(2):
            number = len({row[0] for row in rows})
            kpi, what, why, before, after = _THEMES[number % len(_THEMES)]
            owner = managers[int(rng.integers(0, len(managers)))]
            start = history.months[month] + timedelta(8)
            due = start + timedelta(int(rng.integers(20, 60)))
            done = due + timedelta(
                int(rng.integers(1, 15)) if rng.random() < LATE_ACTION_SHARE else -int(rng.integers(3, 10))
            )
            verified = done + timedelta(2)
            dispute = str(start + timedelta(3)) if number % 11 == 10 else None
            head = (f"A-{number + 1:04d}", f"HY{history.months[month]:%Y%m}", kpi, what, why,
                    "Weekly check by the owner", owner[3], owner[3], owner[0], "E001", "E060", "E060,E001",
                    "Two days a week", "The KPI moved for a month", str(start), str(due))  # fmt: skip
            tail = ("E001", owner[0])
            rows.append((*head, None, "open", "green", dispute, 1 if dispute else None, before, None, *tail, None, None,
                         f"{start} 17:00"))  # fmt: skip
            if due <= history.end_date:
                total += 1
            if verified <= history.end_date:
                light = "red" if done > due else "green"
                on_time += verified <= due
                rows.append((*head, str(done), "verified", light, None, None, before, after, *tail, str(verified),
                             str(verified), f"{verified} 17:00"))  # fmt: skip
    return rows, on_time, total


def _risks(history: History, seed: int) -> list[Sequence[Cell]]:
    rng = stream(seed, "risks")
    rows: list[Sequence[Cell]] = []
    for month in history.months:
        for number, (name, category, kpi, threshold) in enumerate(_RISKS):
            count = int(rng.poisson(0.25))
            rows.append((f"FX{number + 1:02d}", f"{month:%Y年%m月}", name, category, kpi, threshold,
                         ("低", "中", "高")[int(rng.integers(0, 3))], ("E010", "E020", "E030", "E040")[number],
                         "启动应急预案并每日通报", count, round(float(rng.gamma(2.0, 4.0)), 1) if count else None,
                         "已处置" if count else None))  # fmt: skip
    return rows


def _audits(outbox: Outbox, history: History, seed: int) -> tuple[list[Sequence[Cell]], int]:
    """A quarter of the deals won in China and overseas are audited a month later."""
    rng = stream(seed, "audits")
    end = second_of(history.end_date) + 86400
    deals = outbox.con.execute(
        f"SELECT {DEAL}, owner, region, deal_closed FROM deal "
        f"WHERE deal_is_won AND deal_closed + 30 * 86400 < {end} ORDER BY d"
    ).fetchall()
    rows: list[Sequence[Cell]] = []
    findings = 0
    for deal, owner, region, closed in deals:
        if rng.random() >= AUDITED_SHARE:
            continue
        has_finding = rng.random() < FINDING_SHARE
        findings += has_finding
        finding = _FINDINGS[int(rng.integers(0, len(_FINDINGS)))] if has_finding else "无"
        kept = "否" if rng.random() < NO_RECORD_SHARE else "是"
        day = date(1970, 1, 1) + timedelta((closed + 28800) // 86400 + 28)
        rows.append(
            (f"SJ-{len(rows) + 1:04d}", deal, owner, region, "E001", finding, kept, None, f"{day:%Y/%m/%d} 10:00")
        )
    return rows, findings


def _points(outbox: Outbox, history: History, seed: int) -> list[Sequence[Cell]]:
    """About three contributions a month of every seller and service agent to another team."""
    rng = stream(seed, "collaboration")
    end = second_of(history.end_date) + 86400
    deals = outbox.con.execute(
        f"SELECT {DEAL_NO} FROM deal WHERE deal_is_cn AND deal_is_won AND deal_closed < {end} ORDER BY d"
    ).fetchall()
    teams = list(dict.fromkeys(e[2] for e in words.EMPLOYEES if e[4] in ("seller", "service")))
    kinds = (("协同响应", 1.0), ("问题解决", 2.0), ("联合成单", 5.0))
    rows: list[Sequence[Cell]] = []
    for month in range(history.month_count):
        days = history.days(month)
        staff = [e for e in words.EMPLOYEES if e[4] in ("seller", "service") and e[6] <= str(days[0])]
        for e in staff:
            if e[7] and e[7] <= str(days[-1]):
                continue
            for _ in range(int(rng.poisson(1.2))):
                kind, points = kinds[int(rng.choice(3, p=np.array([0.5, 0.35, 0.15])))]
                team = [t for t in teams if t != e[2]][int(rng.integers(0, len(teams) - 1))]
                deal = deals[int(rng.integers(0, len(deals)))][0] if kind == "联合成单" and deals else None
                day = days[int(rng.integers(0, len(days)))]
                rows.append((f"XZ{len(rows) + 1:05d}", e[0], team, kind, points, deal, str(day)))
    return rows
