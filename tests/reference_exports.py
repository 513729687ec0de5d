"""Small sheets as people keep them, each with a good record and spoilt ones. How a case reads: `operations_exports.py`."""

# a record is one line, however long
# ruff: noqa: E501
from __future__ import annotations

from tests.operations_exports import ANY, Case

CASES: dict[str, Case] = {
    "reference.calendar_events": Case(
        "日历事件_2026-03-31.xlsx",
        """
类型|名称|大区|行业|渠道|开始日期|结束日期|说明
促销|618|||tmall|2026年6月1日|2026-06-18|
调休上班|调休0215||||46068||
!:ends_after_start 天气|台风|华南|||2026-03-05|2026-03-01|
!event_kind:unknown_word 生日|x||||2026-03-05||
""",
        "calendar_event",
        {
            "event_kind": "promotion",
            "event_name": "618",
            "channel": "tmall",
            "start_date": "2026-06-01",
            "end_date": "2026-06-18",
        },
        title="营销与节假日日历",
        sheet="日历",
    ),
    "reference.benchmarks": Case(
        "benchmarks_2026-03-31.xlsx",
        """
KPI|Kind|Dimension|Member|From|To|Value|Source
repurchase_rate|industry|||2026-01-01|2026-12-31|0.426|Industry report
!benchmark_value:not_a_number repurchase_rate|industry|||2025-01-01|2025-12-31|about half|Industry report
""",
        "benchmark",
        {"kpi_id": "repurchase_rate", "benchmark_kind": "industry", "benchmark_value": 0.426, "member": None},
        sheet="Benchmarks",
    ),
    "reference.market_observations": Case(
        "market_observations_2026-03-31.xlsx",
        """
Measure|Platform|Brand|Region|Product line|Price band|From|To|Value|Currency|Source
segment_size||||Coffee||2026-01-01|2026-03-31|1200000|CNY|Panel
!:money_has_a_currency market_size||||||2026-01-01|2026-03-31|9000000||Panel
!:share_within_one awareness||澄远||||2026-01-01|2026-03-31|44||Panel
""",
        "market_observation",
        {"measure": "segment_size", "product_line": "Coffee", "observed_value": 1200000.0, "brand": None},
        sheet="Market",
    ),
    "reference.competitor_prices": Case(
        "竞品价格_2026-03-31.xlsx",
        """
品牌|竞品名称|对应SKU|产品线|大区|平台|价格带|到手价|币种|销量|日期
沐野|沐野手冲壶|CF-1001|Coffee||京东|0-200|¥1,189.50|CNY|400|2026/03/15
!net_price:missing_value 沐野|沐野磨豆机|CF-1002|Coffee||京东|200-500||CNY|400|2026/03/15
""",
        "competitor_price",
        {"brand": "沐野", "matched_product_id": "CF-1001", "net_price": "1189.5000", "observed_date": "2026-03-15"},
        sheet="竞品价格",
    ),
    "reference.competitor_events": Case(
        "competitor_events_2026-03-31.xlsx",
        """
Event ID|Brand|Kind|Product line|Region|Platform|Description|Started|Seen|Answered|Answer|Owner
CE-1|光屿|price move|Coffee||tmall|Prices cut|2026-03-02 09:00|2026-03-03 10:00|2026-03-03 18:00|Matched|E060
!:answered_after_seen CE-2|光屿|ad|Coffee||tmall|Poster|2026-03-02 09:00|2026-03-03 10:00|2026-03-02 18:00||E060
""",
        "competitor_event",
        {
            "event_id": "CE-1",
            "event_kind": "price_move",
            "seen_at": "2026-03-03 02:00:00",
            "answered_at": "2026-03-03 10:00:00",
        },
        sheet="Competitors",
    ),
    "reference.macro_indicators": Case(
        "macro_indicators_2026-03-31.xlsx",
        """
Indicator|Region|Period start|Grain|Value|Unit|Year on year|Source
retail_sales|浙江|2026-01-01|year|4.2|percent|-1.5%|Statistics office
!period_grain:unknown_word retail_sales|浙江|2026-01-01|decade|4.2|percent|1.5%|Statistics office
""",
        "macro_indicator",
        {"indicator": "retail_sales", "region": "浙江", "indicator_value": 4.2, "change_rate": -0.015},
        sheet="Macro",
    ),
    "reference.stores": Case(
        "门店信息_2026-03-31.xlsx",
        """
门店编号|门店名称|大区|省份|城市|区县|营业面积（平方米）|纬度|经度|辐射半径（公里）|辐射人口|店长工号|开业日期
S001|上海静安店|华东|上海市|上海市|静安区|210|31.2304|121.4737|3|420000|E010|2020-05-01
!floor_area:below_minimum S002|上海店|华东|上海市|上海市|静安区|0|31.2|121.4|3|420000|E010|2020-05-01
""",
        "store",
        {
            "store_id": "S001",
            "province": "上海",
            "city": "上海",
            "floor_area": 210.0,
            "channel": "store",
            "country_code": "CN",
        },
        sheet="门店",
    ),
    "reference.experiments": Case(
        "experiments_2026-03-31.xlsx",
        """
Experiment ID|Name|Variant|Control|Planned share|Metric|Unit|Hypothesis|Marketing channel|Owner|Start|End
EXP-001|Landing page|control|yes|50%|order|visitor|More orders|paid_search|E060|2026-03-02|2026/03/31
!is_control:not_a_boolean EXP-001|Landing page|treatment|perhaps|50%|order|visitor||paid_search|E060|2026-03-02|
""",
        "experiment",
        {
            "experiment_id": "EXP-001",
            "variant": "control",
            "is_control": True,
            "planned_share": 0.5,
            "end_date": "2026-03-31",
        },
        sheet="Experiments",
    ),
    "reference.experiment_exposures": Case(
        "experiment_exposures_2026-03-31.csv",
        """
Exposure ID|Experiment ID|Variant|Visitor ID|Email|Exposed at|Converted|Outcome value|Outcome at|Updated at
X1|EXP-001|control|1000000001.16|wf@example.com|2026-03-02T10:00:00Z|true|120.50|2026-03-02T12:00:00Z|2026-03-02T12:00:00Z
!:outcome_after_exposure X2|EXP-001|control|1000000002.16||2026-03-02T10:00:00Z|true|120.50|2026-03-02T09:00:00Z|2026-03-02T12:00:00Z
""",
        "experiment_exposure",
        {
            "exposure_id": "X1",
            "visitor_token": ANY,
            "source_customer_key": ANY,
            "customer_system": "shopify",
            "is_converted": True,
            "outcome_value": 120.5,
        },
    ),
    "reference.action_items": Case(
        "action_items_2026-03-31.xlsx",
        """
Action ID|Meeting ID|KPI|What|Why|Region|Responsible|Accountable|Start|Due|Done|Status|Light|Dispute tier|Value before|Value after|Proposer|Accepter|Updated
A-1|HY202603|refund_rate|Inspect batches|A batch leaked|华东|E010|E001|2026-03-08|2026-04-20||open|green|1|0.08||E001|E010|2026-03-08 17:00
!due_date:missing_value A-2|HY202603|refund_rate|Inspect|Leaked|华东|E010|E001|2026-03-08|||open|green||||E001|E010|2026-03-08 17:00
""",
        "action_item",
        {
            "action_id": "A-1",
            "what": "Inspect batches",
            "responsible_employee_id": "E010",
            "status": "open",
            "dispute_tier": 1,
            "value_before": 0.08,
            "updated_at": "2026-03-08 09:00:00",
        },
        sheet="Actions",
    ),
    "reference.review_meetings": Case(
        "复盘会议_2026-03-31.xlsx",
        """
会议编号|周期|范围|主持人工号|计划时间|召开时间|材料就绪时间|纪要时间|参会人数
HY202603|月||E001|2026-03-05 14:00|2026-03-05 14:00|2026-03-02 14:00|2026-03-05 15:50|9
!:memo_after_meeting HY202604|月||E001|2026-04-05 14:00|2026-04-05 14:00||2026-04-05 13:00|9
""",
        "review_meeting",
        {
            "meeting_id": "HY202603",
            "cadence": "month",
            "scope": "company",
            "memo_at": "2026-03-05 07:50:00",
            "attendees": 9,
        },
        sheet="会议",
    ),
    "reference.risks": Case(
        "风险登记_2026-03-31.xlsx",
        """
风险编号|月份|风险名称|类别|指标|阈值|等级|第一责任人工号|预案|发生次数|响应小时|结果
FX01|2026年03月|供应链断货|供应|inventory_turnover|低于 4 次|高|E010|启动预案|2|6.5|已处置
!risk_level:unknown_word FX02|2026年03月|流失|客户|churn_rate|高于 7%|极高|E010|x|0||
""",
        "risk",
        {"risk_id": "FX01", "risk_month": "2026-03-01", "category": "supply", "risk_level": "high", "event_count": 2},
        sheet="风险",
    ),
    "reference.compliance_audits": Case(
        "合规审计_2026-03-31.xlsx",
        """
审计编号|商机编号|销售工号|大区|审计人工号|发现|联系记录完整|备注|审计时间
SJ-1|SJ300001|E011|华东|E001|资料缺失|否|缺报价单|2026/03/20 10:00
!has_contact_records:missing_value SJ-2|SJ300002|E011|华东|E001|无||x|2026/03/20 10:00
""",
        "compliance_audit",
        {
            "audit_id": "SJ-1",
            "opportunity_system": "crm_cn",
            "finding": "missing_document",
            "has_contact_records": False,
            "audited_at": "2026-03-20 02:00:00",
        },
        sheet="合规",
    ),
    "reference.outlets": Case(
        "网点铺货_2026-03-31.xlsx",
        """
网点编号|网点名称|类型|大区|省份|城市|品牌|是否铺货|月份
WD0001|杭州市门店01|门店|华东|浙江省|杭州市|澄远|是|2026年03月
!outlet_kind:unknown_word WD0002|杭州市摊位|摊位|华东|浙江省|杭州市|澄远|是|2026年03月
""",
        "outlet",
        {
            "outlet_id": "WD0001",
            "outlet_kind": "store",
            "province": "浙江",
            "is_carried": True,
            "observed_month": "2026-03-01",
        },
        sheet="网点",
    ),
    "reference.collaboration": Case(
        "协作积分_2026-03-31.xlsx",
        """
编号|工号|受益团队|类型|积分|商机编号|日期
XZ1|E011|华南销售部|联合成单|5|SJ300001|2026-03-20
!points:not_a_number XZ2|E011|华南销售部|联合成单|五|SJ300001|2026-03-20
""",
        "collaboration",
        {"collaboration_id": "XZ1", "collaboration_kind": "shared_deal", "points": 5.0, "for_team": "华南销售部"},
        sheet="协作",
    ),
    "reference.offline_events": Case(
        "线下活动_2026-03-31.xlsx",
        """
活动编号|活动名称|类型|大区|城市|负责人工号|日期|费用|币种|发放数量|扫码数|到场人数|活动码
HD202603|2026家居博览会|展会|华东|上海市|E060|2026-03-20|¥68,000.00|CNY|4200|462|924|CY2603
!:responses_not_above_handed_out HD202603|2026家居博览会|展会|华东|上海市|E060|2026-03-21|¥8,000.00|CNY|42|462|924|CY2603
""",
        "offline_event",
        {"event_id": "HD202603", "event_kind": "exhibition", "cost": "68000.0000", "coded_responses": 462},
        title="线下活动台账",
        sheet="线下活动",
    ),
    "reference.audience_sizes": Case(
        "audience_sizes_2026-03-31.xlsx",
        """
Platform|Campaign ID|Date|Audience size|People reached
meta_ads|23840000001|2026-03-31|120000|44000
!audience_size:missing_value meta_ads|23840000002|2026-03-31||44000
""",
        "audience_reach",
        {"platform": "meta_ads", "campaign_id": "23840000001", "audience_size": 120000, "reached_people": 44000},
        sheet="Audiences",
    ),
    "reference.channels": Case(
        "channels_2026-03-31.xlsx",
        """
Channel|Name|Group|Online|Tier
store|门店|store|no|potential
!channel_group:unknown_word stall|摊位|stall|no|
""",
        "channel",
        {"channel": "store", "channel_group": "store", "is_online": False, "channel_tier": "potential"},
        sheet="Channels",
    ),
}
