"""Exports of HR: employees with leavers, training, assessments, mentoring, and accounts in other systems.

Belongs here: who learns what and how it is assessed, who mentors whom, who may sign in where (one leaver still may:
planted), and the form: workbooks with a title. Not here: the employees themselves (`words.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

import numpy as np

from ingestion.sample import training_plan, words
from ingestion.sample.demand import History
from ingestion.sample.operations import Cell, half_years, write_sheet
from ingestion.sample.outbox import Outbox, comma_separated
from ingestion.sample.random_streams import stream

EMPLOYEES = comma_separated("工号,姓名,性别,部门,大区,岗位,直属上级工号,CRM用户ID,入职日期,离职日期")
TRAINING = comma_separated("培训编号,工号,课程名称,课程类别,讲师,开始日期,结束日期,学时,是否完成,更新时间")
ASSESSMENTS = comma_separated("考核编号,工号,考核方式,课程名称,技能项,得分,满分,是否通过,考核人工号,考核日期,更新时间")
MENTORING = comma_separated("导师工号,学员工号,开始日期,结束日期,是否出师,更新时间")
ACCOUNTS = comma_separated("系统,账号,工号,系统角色,是否启用,最近登录时间,更新时间")
ROLES = {"seller": "销售", "manager": "经理", "director": "总监", "marketing": "市场", "service": "客服"}
#: Mentor, newcomer, first day, last day (none: still running), passed.
MENTORED = (
    ("E011", "E013", "2023-02-27", "2023-08-25", "是"), ("E051", "E053", "2023-10-09", "2024-03-29", "是"),
    ("E031", "E032", "2024-03-11", "2024-09-06", "是"), ("E071", "E073", "2026-06-29", None, None),
)  # fmt: skip
LEAVER_WITH_ACCESS = ("E013", "erp")
_COURSES = (("新品知识", "产品知识"), ("顾问式销售", "销售技能"), ("商务谈判", "销售技能"), ("投诉处理", "服务技能"),
            ("廉洁从业", "合规"))  # fmt: skip
_SKILLS = ("新客开发", "老客经营", "方案讲解")
_SYSTEMS = {"crm_cn": ("seller", "manager", "director"), "salesforce": (), "oa_cn": tuple(ROLES), "erp": tuple(ROLES),
            "wecom": ("seller", "manager", "service"), "service_desk": ("service",)}  # fmt: skip


def write(outbox: Outbox, history: History, seed: int) -> dict[str, object]:
    """Write the five exports of each half-year; the answer is what was planted."""
    hours = 0.0
    passed = taken = 0
    for last, low, _ in half_years(history):
        first = history.start_date if low == 0 else date(1970, 1, 1) + timedelta((low + 28800) // 86400)
        rng = stream(seed, "hr", last.toordinal())
        training, assessments = _learning(rng, first, last)
        training += _planted(history, first, last)
        hours += sum(float(str(row[7])) for row in training)
        taken += sum(row[7] is not None for row in assessments)
        passed += sum(row[7] == "是" for row in assessments)
        for export, name, headings, rows in (
            ("employees", "员工花名册", EMPLOYEES, _employees(last)),
            ("training", "培训记录", TRAINING, training),
            ("assessments", "考核成绩", ASSESSMENTS, assessments),
            ("mentoring", "师徒带教", MENTORING, _mentoring(last)),
            ("source_accounts", "系统账号", ACCOUNTS, _accounts(rng, last)),
        ):
            title = f"澄远家居 {name} {last:%Y}年{last.month}月{last.day}日"
            path = f"{last:%Y}/{name}_{last:%Y-%m-%d}.xlsx"
            write_sheet(outbox, "hr", export, path, name, headings, rows, last, title=title)
    return {
        "training_hours": hours, "assessments_taken": taken, "assessments_passed": passed,
        "training_effect": training_plan.truth(history),
        "leaver_with_an_active_account": {"employee": LEAVER_WITH_ACCESS[0], "system": LEAVER_WITH_ACCESS[1]},
    }  # fmt: skip


def _staff(last: date) -> list[tuple[str, ...]]:
    """Employees hired by the day, leavers among them."""
    return [e for e in words.EMPLOYEES if e[6] <= str(last)]


def _chinese(day: str | None) -> str | None:
    if not day:
        return None
    parsed = date.fromisoformat(day)
    return f"{parsed:%Y}年{parsed.month}月{parsed.day}日"


def _employees(last: date) -> list[Sequence[Cell]]:
    rows: list[Sequence[Cell]] = []
    for number, e in enumerate(_staff(last)):
        left = e[7] if e[7] and e[7] <= str(last) else None
        gender = "女" if number % 2 else "男"
        rows.append(
            (e[0], e[1], gender, e[2], e[3] or None, ROLES[e[4]], e[5] or None, e[8] or None, _chinese(e[6]),
             _chinese(left))
        )  # fmt: skip
    return rows


def _learning(rng: np.random.Generator, first: date, last: date) -> tuple[list[Sequence[Cell]], list[Sequence[Cell]]]:
    """Courses and assessments of the period: two courses each, an examination after each, ratings of three skills."""
    training: list[Sequence[Cell]] = []
    assessments: list[Sequence[Cell]] = []
    length = max((last - first).days, 30)
    for e in _staff(last):
        if e[7] and e[7] < str(last):
            continue
        for course, kind in [_COURSES[k] for k in rng.choice(len(_COURSES), 2, replace=False)]:
            start = first + timedelta(int(rng.integers(3, length - 9)))
            if str(start) < e[6]:
                continue
            end = start + timedelta(int(rng.integers(0, 3)))
            stamp = f"{end:%Y-%m-%d} 18:30"
            number = f"PX{last:%Y%m}{len(training) // 12:02d}"
            hours = float(rng.integers(4, 25)) / 2 + 6
            training.append((number, e[0], course, kind, "内训师", str(start), str(end), hours, "是", stamp))
            score = int(np.clip(rng.normal(82, 11), 30, 100))
            tried = end + timedelta(3)
            if tried > last:
                continue
            assessments.append(
                (f"KH{last:%Y%m}{len(assessments):04d}", e[0], "模拟销售" if kind == "销售技能" else "考试", course,
                 None, score, 100, "是" if score >= 70 else "否", e[5] or "E001", str(tried), f"{tried:%Y-%m-%d} 19:00")
            )  # fmt: skip
        if e[4] != "seller":
            continue
        for place, skill in enumerate(_SKILLS):
            rating = float(np.clip(np.round(rng.normal(7.4 - (1.6 if place == 0 else 0.0), 0.9), 1), 1, 10))
            assessments.append(
                (f"KH{last:%Y%m}{len(assessments):04d}", e[0], "技能评分", None, skill, rating, 10, None, e[5],
                 str(last), f"{last:%Y-%m-%d} 17:00")
            )  # fmt: skip
    return training, assessments


def _planted(history: History, first: date, last: date) -> list[Sequence[Cell]]:
    """The rounds of the course with a planted effect that ended in the period."""
    rows: list[Sequence[Cell]] = []
    for one in training_plan.rounds(history):
        if not first <= one.finished <= last:
            continue
        begun, stamp = one.finished - timedelta(1), f"{one.finished:%Y-%m-%d} 18:30"
        rows += [
            (f"PXJ{one.finished:%Y%m}", seller, training_plan.COURSE, training_plan.COURSE_KIND, "外部讲师", str(begun),
             str(one.finished), training_plan.HOURS, "是", stamp)
            for seller in one.sellers
        ]  # fmt: skip
    return rows


def _mentoring(last: date) -> list[Sequence[Cell]]:
    rows: list[Sequence[Cell]] = []
    for mentor, mentee, start, end, passed in MENTORED:
        if start <= str(last):
            over = end is not None and end <= str(last)
            rows.append((mentor, mentee, _chinese(start), _chinese(end) if over else None, passed if over else None,
                         f"{last:%Y-%m-%d} 09:00"))  # fmt: skip
    return rows


def _accounts(rng: np.random.Generator, last: date) -> list[Sequence[Cell]]:
    rows: list[Sequence[Cell]] = []
    for e in _staff(last):
        for system, roles in _SYSTEMS.items():
            is_foreign = system == "salesforce"
            if is_foreign and not e[8]:
                continue
            if not is_foreign and (e[4] not in roles or (system == "crm_cn" and e[3] == "Overseas")):
                continue
            account = e[8] if is_foreign else f"{system.split('_')[0]}.{e[0].lower()}"
            has_left = bool(e[7]) and e[7] <= str(last)
            is_active = not has_left or (e[0], system) == LEAVER_WITH_ACCESS
            seen = date.fromisoformat(e[7]) if has_left else last - timedelta(int(rng.integers(0, 20)))
            login = datetime.combine(seen, time(9, int(rng.integers(0, 60))))
            rows.append((system, account, e[0], ROLES[e[4]], "是" if is_active else "否", f"{login:%Y-%m-%d %H:%M}",
                         f"{last:%Y-%m-%d} 06:00"))  # fmt: skip
    return rows
