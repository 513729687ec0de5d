"""Words of the dictionary's pages in English and Chinese, and numbers as people read them.

Belongs here: labels of the pages, of domains, units, grains and dimensions. Not here: names of KPIs (declarations).
"""

from __future__ import annotations

import html

#: English -> Chinese. What is missing here is shown in English in both.
ZH = {
    # pages
    "KPI dictionary": "指标字典", "Search": "搜索", "All domains": "全部领域", "Nothing found": "没有匹配的指标",
    "All KPIs": "全部指标", "Definition": "定义", "Formula": "计算公式", "Owner": "负责人", "Thresholds": "阈值",
    "Lineage": "数据血缘", "Current value": "当前值", "Versions": "版本记录", "Domain": "领域", "Unit": "单位",
    "Better when": "方向", "Periods": "统计周期", "Dimensions": "维度", "Counted by": "时间口径", "Window": "统计窗口",
    "Reference": "参考值", "Settings": "参数", "On the command line": "命令行", "the whole only": "仅总体",
    "the whole is not shown": "无总体值", "no value is published yet": "尚未发布数值", "green from": "绿灯起点",
    "yellow from": "黄灯起点", "by goals only": "仅按目标判断", "Valid from": "生效日期", "Version": "版本",
    "now": "当前",
    "previous period": "环比", "same period last year": "同比", "benchmark": "基准", "Period": "周期", "Value": "数值",
    "so far": "截至目前", "Models, columns, lineage": "模型、字段与血缘", "Green": "绿", "Yellow": "黄",
    "Models it rests on, nearest first": "所依赖的模型（由近及远）", "KPIs": "指标", "Latest values": "最新数值",
    # domains
    "sales": "销售", "customer": "客户", "funnel": "漏斗", "marketing": "营销", "social": "社交媒体", "team": "团队",
    "service": "服务", "budget": "预算", "market": "市场", "review": "复盘", "data": "数据",
    # units, directions, grains
    "money": "金额", "count": "数量", "ratio": "比率", "days": "天", "hours": "小时", "minutes": "分钟",
    "seconds": "秒",
    "score": "分数", "up": "越高越好", "down": "越低越好", "neutral": "中性", "day": "日", "week": "周", "month": "月",
    "quarter": "季", "year": "年", "the period": "当期", "state at the end of the period": "期末状态",
    # dimensions
    "total": "总体", "region": "区域", "channel": "渠道", "product_line": "产品线", "employee": "员工", "store": "门店",
    "customer_tier": "客户等级", "industry": "行业", "campaign": "活动", "platform": "平台",
    "marketing_channel": "营销渠道",
    "stage": "阶段", "reason": "原因", "topic": "话题", "brand": "品牌", "device": "设备", "source_system": "来源系统",
    "contract": "数据契约", "quality_grade": "质量等级", "category": "类别", "course": "课程", "skill": "技能",
    "grade": "评级", "landing_page": "落地页", "content_type": "内容类型", "attribution_model": "归因模型",
    "rfm_segment": "RFM分层", "cohort": "同期群", "priority": "优先级", "cause": "原因分类", "rule": "规则",
    "level": "级别", "variant": "实验组", "experiment": "实验", "trigger": "触发方式", "credit_rating": "信用评级",
    "city_tier": "城市层级", "price_band": "价格带", "product_pair": "产品组合", "role": "角色", "aspect": "方面",
    "performance_band": "绩效档", "customer_age": "新老客户", "owner": "责任人",
    # roles
    "sales director": "销售总监", "sales operations": "销售运营", "marketing director": "市场总监",
    "customer director": "客户总监", "data engineer": "数据工程师", "finance director": "财务总监",
    "service director": "服务总监", "team leader": "团队主管", "sales management": "销售管理",
}  # fmt: skip


def both(english: str, chinese: str | None = None) -> str:
    """Escaped HTML that shows one of two languages; the Chinese word of the table where none is given."""
    chinese = chinese or ZH.get(english)
    if not chinese or chinese == english:
        return html.escape(english)
    return f'<span class="en">{html.escape(english)}</span><span class="zh" lang="zh">{html.escape(chinese)}</span>'


def number(value: float | None, unit: str, currency: str) -> str:
    """A value in its unit, as text: 12.3%, CNY 1.25 M, 38.2 days."""
    if value is None:
        return "-"
    if unit == "money":
        return f"{currency} {_short(value)}"
    if unit == "ratio":
        return f"{value:.1%}" if abs(value) < 2 else f"{value:,.2f}"
    if unit in ("days", "hours", "minutes", "seconds"):
        return f"{_short(value)} {unit}"
    return _short(value)


def _short(value: float) -> str:
    for limit, sign in ((1e9, " bn"), (1e6, " M")):
        if abs(value) >= limit:
            return f"{value / limit:,.2f}{sign}"
    if abs(value) >= 1000 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:,.2f}" if abs(value) >= 0.01 else f"{value:.4f}"
