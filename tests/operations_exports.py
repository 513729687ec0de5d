"""Small files as the service, operations and people systems export them, each with a good record and spoilt ones.

A case's text holds the headings, then records, cells apart by `|`. A record that has to be rejected begins with
`!column:reason `; the expected values are those of the first record's row. Not here: the tests, sheets of people
(`reference_exports.py`).
"""

# a record is one line, however long
# ruff: noqa: E501
from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from ingestion.sample.workbook import NUMBER, Sheet, workbook

ANY = "*"  # some value, as a token is


@dataclass(frozen=True)
class Case:
    """An export: its file name, its text, the entity that the first record gives and what it says there."""

    name: str
    text: str
    entity: str
    expected: Mapping[str, object]
    encoding: str = "utf-8"
    title: str | None = None
    sheet: str = "Sheet1"

    def _lines(self) -> list[tuple[str, list[str]]]:
        found = []
        for line in self.text.strip().splitlines():
            spoilt = re.match(r"!(\S+) (.*)", line.strip())
            mark, cells = (spoilt[1], spoilt[2]) if spoilt else ("", line.strip())
            found.append((mark, cells.split("|")))
        return found

    @property
    def rejected(self) -> list[tuple[int, str, str]]:
        """Record number, column (empty for the whole record) and reason of each record to be rejected."""
        found = []
        for number, (mark, _) in enumerate(self._lines()[1:], 1):
            if mark:
                column, reason = mark.split(":")
                found.append((number, column, reason if column else f"check:{reason}"))
        return found

    @property
    def record_count(self) -> int:
        return len(self._lines()) - 1

    def content(self, delimiter: str = ",") -> bytes:
        """The file's bytes, by the ending of its name."""
        rows = [cells for _, cells in self._lines()]
        if self.name.endswith(".jsonl"):
            return "".join(json.dumps(_nested(rows[0], r), ensure_ascii=False) + "\n" for r in rows[1:]).encode()
        if self.name.endswith(".xlsx"):
            with duckdb.connect() as con:
                texts = {f"c{n}": pa.array([_cell(r[n]) for r in rows[1:]], pa.string()) for n in range(len(rows[0]))}
                con.register("cells", pa.table(texts))
                sheet = Sheet(self.sheet, tuple(rows[0]), "SELECT * FROM cells", self.title)
                return workbook(con, [sheet])[0]
        out = io.StringIO()
        csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows(rows)
        return out.getvalue().encode(self.encoding)


def _cell(text: str) -> str | None:
    """Digits become a numeric cell, as Excel makes of them."""
    if not text:
        return None
    return f"{NUMBER}{text}" if re.fullmatch(r"-?[1-9]\d{0,6}(\.\d+)?|0", text) else text


def _nested(names: list[str], cells: list[str]) -> dict[str, object]:
    record: dict[str, object] = {}
    for name, value in zip(names, cells, strict=True):
        place = record
        *outer, last = name.split(".")
        for step in outer:
            place = place.setdefault(step, {})  # type: ignore[assignment]
        place[last] = value or None
    return record


GB = "gb18030"
CASES: dict[str, Case] = {
    "service_desk.tickets": Case(
        "工单导出_2026-03-31.csv",
        """
工单编号|工单类型|来源渠道|优先级|工单状态|主题|问题描述|问题原因|客户姓名|客户电话|买家账号|客户编号|订单编号|省份|城市|受理客服工号|创建时间|首次响应时间|解决时间|回访时间|回访确认解决|最后更新时间
GD1|投诉|电话|高|已关闭|物流|我是王芳，电话13812345678|物流慢|王芳|13812345678|小鱼1||="310001"|浙江省|杭州市|E071|2026-03-02 10:00:00|2026-03-02 11:30:00|2026-03-03 09:00:00|2026-04-03 09:00:00|是|2026-04-03 09:00:00
GD2|故障报修|微信|普通|处理中|漏水|机器漏水|漏水|李强|||KH200001||江苏|苏州|E072|2026-03-04 10:00:00||||| 2026-03-04 10:00:00
!:response_after_creation GD3|使用咨询|微信|普通|处理中|x|y|发票|李强||||||||2026-03-04 10:00:00|2026-03-04 09:00:00||||2026-03-04 10:00:00
!ticket_kind:unknown_word GD4|别的|微信|普通|处理中|x|y|发票|李强||||||||2026-03-04 10:00:00|||||2026-03-04 10:00:00
!created_at:missing_value GD5|投诉|微信|普通|处理中|x|y|发票|李强|||||||||||||2026-03-04 10:00:00
""",
        "ticket",
        {
            "ticket_id": "GD1",
            "ticket_kind": "complaint",
            "contact_channel": "phone",
            "priority": "high",
            "status": "closed",
            "source_customer_key": ANY,
            "customer_system": "taobao",
            "phone_token": ANY,
            "order_id": "310001",
            "province": "浙江",
            "city": "杭州",
            "employee_id": "E071",
            "created_at": "2026-03-02 02:00:00",
            "first_responded_at": "2026-03-02 03:30:00",
            "is_call_back_confirmed": True,
        },
        GB,
    ),
    "service_desk.chats": Case(
        "会话记录_2026-03-31.csv",
        """
会话编号|接入渠道|访客名称|访客电话|访客邮箱|买家账号|咨询订单|产品线|机器人接待|机器人独立解决|人工客服工号|消息数|访客首条消息|开始时间|首次响应时间|转人工时间|解决时间|结束时间
HH1|APP|王芳|13812345678|wf@example.com|||Coffee|是|是||6|怎么清洗|2026-03-02 00:10:00|2026-03-02 00:10:02||2026-03-02 00:14:00|2026-03-02 00:14:00
HH2|网页|李强||||||否|否|E071|9|你好|2026-03-02 10:10:00|2026-03-02 10:10:20|||2026-03-02 10:14:00
!:response_after_start HH3|网页|李强||||||否|否|E071|9|你好|2026-03-02 10:10:00|2026-03-02 10:09:20|||2026-03-02 10:14:00
""",
        "ticket",
        {
            "ticket_id": "HH1",
            "ticket_kind": "chat",
            "contact_channel": "app",
            "is_bot_begun": True,
            "is_bot_closed": True,
            "customer_system": "shopify",
            "status": "solved",
            "message_count": 6,
            "created_at": "2026-03-01 16:10:00",
        },
        GB,
    ),
    "service_desk.customer_surveys": Case(
        "满意度调查_2026-03-31.csv",
        """
答卷编号|调查名称|客户姓名|手机|买家账号|客户编号|订单编号|工单编号|服务人员工号|产品线|大区|推荐意愿(0-10)|产品满意度|配送满意度|服务满意度|主要原因|意见建议|发送时间|提交时间
DJ1|服务回访|王芳|13812345678||KH200001||GD1|E071|Coffee|华东|9|5|4||服务好|请联系王芳13812345678|2026-03-02 10:00:00|2026-03-02 12:00:00
!answered_at:missing_value DJ2|服务回访|王芳||||||E071|Coffee|华东|9|5|4|||||
""",
        "survey_response",
        {
            "response_id": "DJ1:nps",
            "question_kind": "nps",
            "respondent_kind": "customer",
            "score": 9.0,
            "score_maximum": 10.0,
            "source_customer_key": "KH200001",
            "customer_system": "crm_cn",
            "served_by_employee_id": "E071",
            "ticket_id": "GD1",
            "reason": "服务好",
            "region": "华东",
        },
        GB,
    ),
    "service_desk.kano_surveys": Case(
        "功能需求调查_2026-03-31.csv",
        """
答卷编号|调查名称|买家账号|产品线|功能|具备该功能时|不具备该功能时|提交时间
KN1|功能需求调查2026H1|小鱼1|Coffee|手机远程预约|喜欢|无所谓|2026/03/02 10:00:00
!functional_answer:unknown_word KN2|功能需求调查2026H1|小鱼1|Coffee|手机远程预约|说不清|无所谓|2026/03/02 10:00:00
""",
        "survey_response",
        {
            "response_id": "KN1:手机远程预约",
            "question_kind": "kano",
            "aspect": "手机远程预约",
            "functional_answer": 1,
            "dysfunctional_answer": 3,
            "customer_system": "taobao",
        },
        GB,
    ),
    "service_desk.employee_surveys": Case(
        "员工满意度调查_2026-03-31.xlsx",
        """
答卷编号|调查名称|人员类别|工号|大区|题目|得分(1-5)|离职原因|意见|提交日期
YG1|2026上半年|在职员工||华东|薪酬福利|4|||2026-03-30
YG2|2026上半年|离职员工|E013|华东|离职原因||薪酬|联系电话13812345678|2026年3月30日
!answered_on:not_a_date YG3|2026上半年|在职员工||华东|薪酬福利|4|||三月底
""",
        "survey_response",
        {
            "response_id": "YG1:薪酬福利",
            "question_kind": "csat",
            "respondent_kind": "employee",
            "score": 4.0,
            "region": "华东",
            "answered_at": "2026-03-29 16:00:00",
        },
        title="2026年上半年员工满意度",
    ),
    "service_desk.brand_surveys": Case(
        "品牌认知调查_2026-03-31.csv",
        """
答卷编号|调查名称|大区|品牌|是否提及|提交日期
PP1|品牌认知调查2026-03|华东|澄远|是|2026-03-30
!is_named:not_a_boolean PP2|品牌认知调查2026-03|华东|澄远|大概|2026-03-30
""",
        "survey_response",
        {
            "response_id": "PP1:澄远",
            "question_kind": "awareness",
            "respondent_kind": "brand",
            "brand": "澄远",
            "score": 1.0,
        },
        GB,
    ),
    "oa_cn.contracts": Case(
        "合同台账_2026-03-31.xlsx",
        """
合同编号|合同名称|客户编号|商机编号|经办人工号|大区|产品线|合同金额（万元）|合同状态|提交时间|审批通过时间|审批用时（工作日）|签署时间|是否电子签|是否移动端签署|生效日期|到期日期|是否违约|最近修改时间
HT1|采购合同|KH200001|SJ300001|E011|华东|Coffee|12.35|已签署|2026年3月2日 09:30|46085.5|1.8|2026-03-06|是|否|2026-03-06|2027-03-05|否|2026年3月6日 17:00
!:approved_after_submission HT2|采购合同|KH200001|SJ300001|E011|华东|Coffee|1|已通过|2026-03-02|2026-03-01|||||||否|2026-03-06
!status:unknown_word HT3|采购合同|KH200001|SJ300001|E011|华东|Coffee|1|不明|2026-03-02||||||||否|2026-03-06
""",
        "contract",
        {
            "contract_id": "HT1",
            "customer_system": "crm_cn",
            "opportunity_system": "crm_cn",
            "amount": "123500.0000",
            "currency": "CNY",
            "status": "signed",
            "submitted_at": "2026-03-02 01:30:00",
            "approved_at": "2026-03-04 04:00:00",
            "stated_approval_days": 1.8,
            "is_e_signed": True,
            "is_mobile": False,
            "end_date": "2027-03-05",
        },
        title="OA 合同台账导出",
    ),
    "oa_cn.approvals": Case(
        "审批单_2026-03-31.xlsx",
        """
审批编号|审批类型|关联编号|大区|申请人工号|审批人工号|申请金额（元）|批准金额（元）|申请折扣率|批准折扣率|审批状态|审批用时（工作日）|申请事由|提交时间|审批完成时间|最近修改时间
SP1|折扣审批|SJ300001|华东|E011|E001|8000|6000|8%|6%|已通过|1.2|年框价|2026-03-02 09:30|2026-03-03 10:30|2026-03-03 10:30
!:decided_after_submission SP2|弹性预算申请|paid_search||E060|E001|5000||||已通过|||2026-03-02 09:30|2026-03-01 10:30|2026-03-03 10:30
""",
        "approval",
        {
            "approval_id": "SP1",
            "approval_kind": "discount",
            "subject_id": "SJ300001",
            "requested_amount": "8000.0000",
            "granted_amount": "6000.0000",
            "requested_rate": 0.08,
            "granted_rate": 0.06,
            "status": "approved",
            "stated_working_days": 1.2,
        },
        title="OA 审批单导出",
    ),
    "oa_cn.tasks": Case(
        "任务清单_2026-03-31.xlsx",
        """
任务编号|类型|任务名称|关联指标|责任人工号|大区|计划开始|计划完成|实际开始|实际完成|进度灯|状态|完成进度|更新时间
RW1|里程碑|季度目标过半|revenue|E010|华东|2026-03-02 09:00|2026-03-20 18:00|2026-03-02 09:00||黄|进行中|40%|2026-03-10 09:00
!owner_no:missing_value RW2|任务|更新计划|visits||华东|2026-03-02|2026-03-20|||绿|未开始|0%|2026-03-10 09:00
""",
        "task",
        {
            "task_id": "RW1",
            "task_kind": "milestone",
            "goal_kpi_id": "revenue",
            "owner_employee_id": "E010",
            "light": "yellow",
            "status": "in_progress",
            "progress": 0.4,
            "planned_end": "2026-03-20 10:00:00",
        },
        title="OA 任务清单导出",
    ),
    "erp.price_lists": Case(
        "price_lists_2026-03-31.csv",
        """
item_code|channel_code|list_price|floor_price|currency|valid_from|valid_to|updated_at
CF-1001|tmall|189.00|151.20|CNY|2026-01-01||2026-01-01 08:00:00
!:floor_not_above_list CF-1001|web_shop|189.00|251.20|CNY|2026-01-01||2026-01-01 08:00:00
!list_price:below_minimum CF-1001|store|-1|0|CNY|2026-01-01||2026-01-01 08:00:00
""",
        "price_list",
        {"product_id": "CF-1001", "channel": "tmall", "floor_price": "151.2000", "valid_from": "2026-01-01"},
    ),
    "erp.stock_levels": Case(
        "stock_levels_2026-03-31.csv",
        """
snapshot_date|item_code|channel_code|store_code|on_hand_qty|stock_value|currency|updated_at
2026-03-29|CF-1001|||-3|0.00|CNY|2026-03-29 23:30:00
!snapshot_date:not_a_date 2026-02-30|CF-1001|||5|0.00|CNY|2026-03-29 23:30:00
""",
        "stock_level",
        {"product_id": "CF-1001", "store_id": None, "quantity": -3.0, "stock_date": "2026-03-29"},
    ),
    "erp.receivables": Case(
        "receivables_2026-03-31.csv",
        """
invoice_no|customer_no|customer_source|order_no|order_source|opportunity_no|contract_no|seller_no|region|credit_rating|amount|currency|issued_on|due_on|received_amount|balance|status|changed_at
FP1|KH200001|crm_cn|||SJ300001|HT1|E011|华东|AA|1000.00|CNY|2026-03-02|2026-04-01|400.00|600.00|partly_paid|2026-03-20 10:00:00
!:balance_is_amount_less_received FP2|KH200001|crm_cn|||SJ300001|HT1|E011|华东|AA|1000.00|CNY|2026-03-02|2026-04-01|400.00|500.00|partly_paid|2026-03-20 10:00:00
!:due_not_before_issue FP3|KH200001|crm_cn|||SJ300001|HT1|E011|华东|AA|1000.00|CNY|2026-03-02|2026-03-01|0|1000.00|open|2026-03-20 10:00:00
""",
        "receivable",
        {
            "receivable_id": "FP1",
            "source_customer_key": "KH200001",
            "customer_system": "crm_cn",
            "balance_amount": "600.0000",
            "status": "partly_paid",
            "changed_at": "2026-03-20 02:00:00",
        },
    ),
    "erp.expenses": Case(
        "expenses_2026-03-31.csv",
        """
voucher_no|line_no|booked_on|category|region|marketing_channel|campaign_no|cost_centre|employee_no|store_code|amount|currency|memo|updated_at
PZ1|2|2026-03-31|travel|华东||||E011||-1280.00|CNY|冲销，联系13812345678|2026-03-31 20:00:00
PZ2|1|2026-03-31|茶水|||||||12.00|CNY||2026-03-31 20:00:00
!line_no:missing_value PZ3||2026-03-31|travel|||||||12.00|CNY||2026-03-31 20:00:00
""",
        "expense",
        {"expense_id": "PZ1-2", "category": "travel", "amount": "-1280.0000", "employee_id": "E011"},
    ),
    "erp.exchange_rates": Case(
        "exchange_rates_2026-03-31.csv",
        """
base_currency|quote_currency|rate_date|rate|updated_at
USD|CNY|2026-03-31|7.0676|2026-03-31 09:20:00
!:rate_above_zero EUR|CNY|2026-03-31|0|2026-03-31 09:20:00
""",
        "exchange_rate",
        {"base_currency": "USD", "rate": 7.0676, "rate_date": "2026-03-31"},
    ),
    "iot.devices": Case(
        "devices_2026-03-31.jsonl",
        """
device_id|model|sku|owner.name|owner.phone|owner.email|order_no|place.province|place.city|firmware|status|activated_at|updated_at
CY1|Air Purifier A4|AW-1001|王芳|13812345678|wf@example.com|#1001|浙江省|杭州市|2.1.0|online|2026-03-02T10:00:00.000Z|2026-03-02T10:00:00.000Z
!activated_at:missing_value CY2|Air Purifier A4|AW-1001|||||||||| 2026-03-02T10:00:00.000Z
""",
        "device",
        {
            "device_id": "CY1",
            "product_id": "AW-1001",
            "source_customer_key": ANY,
            "customer_system": "shopify",
            "province": "浙江",
            "city": "杭州",
            "status": "active",
            "active_from": "2026-03-02 10:00:00",
        },
    ),
    "iot.device_events": Case(
        "events_2026-03-31.jsonl",
        """
msg_id|device_id|type|fw|ts|recv_ts|payload.code|payload.level|payload.duration_s|payload.value|payload.unit
m1|CY1|fault|2.1.0|2026-03-02T10:00:00.500Z|2026-03-04T10:00:00Z|E07|error|||
m2|CY1|status|2.1.0|2026-03-02T11:00:00Z|2026-03-02T11:00:01Z||info||21.5|°C
!:clock_not_ahead m3|CY1|usage|2.1.0|2026-03-02T15:00:00Z|2026-03-02T10:00:00Z||info|60||
!type:unknown_word m4|CY1|dance|2.1.0|2026-03-02T10:00:00Z|||info|60||
""",
        "device_event",
        {
            "event_id": "m1",
            "event_kind": "fault",
            "fault_code": "E07",
            "severity": "critical",
            "occurred_at": "2026-03-02 10:00:00.500000",
            "received_at": "2026-03-04 10:00:00",
        },
    ),
    "store_systems.store_traffic": Case(
        "客流日报_2026-03-31.csv",
        """
门店编号|日期|进店客流|过店客流|当班人数
S001|2026/03/30|298|2722|4
!visitors:below_minimum S002|2026/03/30|-5|2722|4
""",
        "store_traffic",
        {"store_id": "S001", "traffic_date": "2026-03-30", "visitors": 298, "passers_by": 2722},
        GB,
    ),
    "store_systems.member_points": Case(
        "会员积分流水_2026-03-31.csv",
        """
流水号|会员卡号|会员姓名|手机号|绑定天猫账号|绑定官网邮箱|入会日期|变动类型|渠道|门店编号|关联订单|积分变动|变动后积分|发生时间
JF1|880000001|王芳|13812345678|小鱼1||2025-03-01|积分抵现|store|S001||-178|20|2026-03-02 10:00:00
!points:missing_value JF2|880000001|王芳|13812345678|小鱼1||2025-03-01|消费积分|tmall||="310001"||20|2026-03-02 10:00:00
""",
        "member_points",
        {
            "movement_id": "JF1",
            "customer_system": "taobao",
            "source_customer_key": ANY,
            "movement_kind": "spent",
            "points": -178.0,
            "store_id": "S001",
            "member_since": "2025-03-01",
        },
        GB,
    ),
    "hr.employees": Case(
        "员工花名册_2026-03-31.xlsx",
        """
工号|姓名|手机|部门|大区|岗位|直属上级工号|CRM用户ID|入职日期|离职日期
E013|端木映雪|13900000000|华东销售部|华东|销售|E010||2023年2月20日|2025年6月30日
!:left_after_hired E014|端木|13900000000|华东销售部|华东|销售|E010||2023-02-20|2022-02-20
""",
        "employee",
        {
            "employee_id": "E013",
            "employee_name": "端木映雪",
            "role": "seller",
            "hired_date": "2023-02-20",
            "left_date": "2025-06-30",
        },
        title="员工花名册",
    ),
    "hr.training": Case(
        "培训记录_2026-03-31.xlsx",
        """
培训编号|工号|课程名称|课程类别|讲师|开始日期|结束日期|学时|是否完成|更新时间
PX1|E011|商务谈判|销售技能|内训师|2026-03-02|2026-03-03|7.5|是|2026-03-03 18:30
!hours:below_minimum PX1|E012|商务谈判|销售技能|内训师|2026-03-02|2026-03-03|-2|是|2026-03-03 18:30
""",
        "training",
        {"training_id": "PX1:E011:商务谈判:2026-03-02", "course_kind": "selling", "hours": 7.5, "is_completed": True},
        title="培训记录",
    ),
    "hr.assessments": Case(
        "考核成绩_2026-03-31.xlsx",
        """
考核编号|工号|考核方式|课程名称|技能项|得分|满分|是否通过|考核人工号|考核日期|更新时间
KH1|E011|技能评分||新客开发|6.5|10||E010|2026-03-31|2026-03-31 17:00
!:score_within_scale KH2|E011|考试|新品知识||120|100|是|E010|2026-03-31|2026-03-31 17:00
""",
        "assessment",
        {"assessment_id": "KH1", "assessment_kind": "rating", "skill": "新客开发", "score": 6.5, "is_passed": None},
        title="考核成绩",
    ),
    "hr.mentoring": Case(
        "师徒带教_2026-03-31.xlsx",
        """
导师工号|学员工号|开始日期|结束日期|是否出师|更新时间
E031|E032|2024年3月11日|2024年9月6日|是|2026-03-31 09:00
!:nobody_mentors_himself E031|E031|2024-03-11||| 2026-03-31 09:00
""",
        "mentoring",
        {"mentor_employee_id": "E031", "mentee_employee_id": "E032", "is_passed": True, "start_date": "2024-03-11"},
        title="师徒带教",
    ),
    "hr.source_accounts": Case(
        "系统账号_2026-03-31.xlsx",
        """
系统|账号|工号|系统角色|是否启用|最近登录时间|更新时间
erp|erp.e013|E013|销售|是|2025-06-30 09:12|2026-03-31 06:00
!is_active:missing_value oa_cn|oa.e013|E013|销售|||2026-03-31 06:00
""",
        "source_account",
        {"account_system": "erp", "account_id": "erp.e013", "employee_id": "E013", "is_active": True},
        title="系统账号",
    ),
}
