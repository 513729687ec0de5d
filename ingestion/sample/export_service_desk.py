"""Exports of the service desk: tickets, chats, and surveys of customers, employees and the market.

Belongs here: the forms: GB18030, Chinese headings, order numbers as ="...", free text with the customer's own name and
number in it (labelled in truth/free_text.parquet), a few tickets whose clock ran backwards (rejected). Not here: who
calls and why (`service.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from ingestion.sample import planted_text, words
from ingestion.sample.demand import History
from ingestion.sample.export_crm_cn import _last
from ingestion.sample.operations import Cell, half_years, local, roll, write_sheet
from ingestion.sample.outbox import Outbox, comma_separated, next_day
from ingestion.sample.random_streams import stream

TICKETS = comma_separated(
    "工单编号,工单类型,来源渠道,优先级,工单状态,主题,问题描述,处理结果,问题原因,客户姓名,客户电话,客户邮箱,买家账号,"
    "客户编号,订单编号,商品编码,产品线,大区,省份,城市,受理客服工号,创建时间,首次响应时间,解决时间,关闭时间,回访时间,"
    "回访确认解决,最后更新时间"
)
CHATS = comma_separated(
    "会话编号,接入渠道,访客名称,访客电话,访客邮箱,买家账号,咨询订单,咨询商品编码,产品线,大区,会话小结,机器人接待,"
    "机器人独立解决,人工客服工号,消息数,访客首条消息,开始时间,首次响应时间,转人工时间,解决时间,结束时间"
)
SURVEYS = comma_separated(
    "答卷编号,调查名称,客户姓名,手机,邮箱,买家账号,客户编号,订单编号,工单编号,服务人员工号,商品编码,产品线,大区,"
    "推荐意愿(0-10),产品满意度,配送满意度,服务满意度,主要原因,意见建议,发送时间,提交时间"
)
KANO = comma_separated("答卷编号,调查名称,邮箱,买家账号,产品线,大区,功能,具备该功能时,不具备该功能时,补充说明,提交时间")
EMPLOYEE_SURVEY = comma_separated("答卷编号,调查名称,人员类别,工号,大区,题目,得分(1-5),离职原因,意见,提交日期")
BRAND_SURVEY = comma_separated("答卷编号,调查名称,大区,品牌,是否提及,提交日期")

BACKWARD_SHARE = 0.006  # extra tickets answered before they were opened: rejected
_ENCODING = "gb18030"
_CN_TEXTS = (
    "您好，我是{name}，电话{phone}，收到的商品有问题，请尽快处理。",
    "商品用了两天就坏了，联系我{phone}，谢谢",
    "客服态度不好，我要投诉，请回电{phone}（{name}）",
    "想问一下怎么使用，说明书上没有写清楚",
    "物流太慢了，一直没有更新，收货人{name}",
    "请帮忙开发票，发到我的邮箱，谢谢",
)
_EN_TEXTS = (
    "Hi, this is {name}, my phone is {phone}. The item does not work, please call back.",
    "The parcel has not arrived yet, can you check? {email}",
    "How do I clean the filter? The manual does not say.",
)
#: Feature of a survey -> class it is planted as.
FEATURES = {
    "断电自动关机": "must_be", "出水温度稳定": "one_dimensional", "手机远程预约": "attractive",
    "外壳可换颜色": "indifferent", "开机语音播报": "reverse",
}  # fmt: skip
_KANO_ANSWERS = {
    "must_be": (2, 5), "one_dimensional": (1, 5), "attractive": (1, 3), "indifferent": (3, 3), "reverse": (5, 1),
}  # fmt: skip
_FEELINGS = ("喜欢", "理应如此", "无所谓", "勉强接受", "不喜欢")
_QUESTIONS = ("薪酬福利", "成长空间", "团队氛围", "直属上级", "工作工具")
#: Brand -> share of respondents who name it.
AWARENESS = {"澄远": 0.44, "沐野": 0.78, "光屿": 0.52, "禾木家居": 0.31, "净澜": 0.24}


def write(outbox: Outbox, history: History, seed: int) -> dict[str, object]:
    """Write all exports of the service desk; the answer is what was planted."""
    _compose(outbox)
    for last, low, seen in half_years(history):
        _write_tickets(outbox, last, low, seen)
        _write_chats(outbox, last, low, seen)
        _write_surveys(outbox, last, low, seen)
        _write_kano(outbox, last, seed)
        _write_employees(outbox, last, seed)
        _write_brands(outbox, last, seed)
    return {"kano_features": FEATURES, "brand_awareness": AWARENESS}


def _compose(outbox: Outbox) -> None:
    """Tables `ticket_text` and `chat_text`: the callers' words, and where a name or number stands in them."""
    con = outbox.con
    for table, key, source, export, heading, scale in (
        ("ticket_text", "ticket_no", "service_ticket", "tickets", "问题描述", 1),
        ("chat_text", "chat_no", "service_chat", "chats", "访客首条消息", 4),
    ):
        for number, (templates, is_foreign, plain) in enumerate(((_CN_TEXTS, "false", 3), (_EN_TEXTS, "true", 2))):
            # who left no number that could be called writes none
            has_all = "phone IS NOT NULL AND length(phone) >= 11" + (" AND email IS NOT NULL" if number else "")
            rows = (
                f"SELECT {key}, name, phone, email, CASE WHEN {has_all} AND hash('plain', {key}) % {scale} = 0 "
                f"THEN (hash('words', {key}) % {len(templates)})::int ELSE {plain} END AS template "
                f"FROM {source} WHERE is_foreign = {is_foreign}"
            )
            head = f"CREATE OR REPLACE TABLE {table} AS" if number == 0 else f"INSERT INTO {table}"
            con.execute(f"{head} SELECT {key}, text, spans FROM ({planted_text.composed(templates, rows)})")
        planted_text.plant(con, "service_desk", export, heading, "ticket", key, table)


def _write_tickets(outbox: Outbox, last: date, low: int, seen: int) -> None:
    updated = _last(str(seen), "created", "responded", "solved", "closed", "called_back")
    solved, closed = f"(solved > 0 AND solved < {seen})", f"(closed > 0 AND closed < {seen})"
    called = f"(called_back > 0 AND called_back < {seen})"
    values = f"""
        ticket_no, kind, ['电话', '微信', '网页', 'APP'][1 + (hash('via', key) % 4)::int],
        CASE WHEN kind = '投诉' THEN '高' WHEN cause = '漏水' THEN '紧急' WHEN kind = '故障报修' THEN '中'
            ELSE '普通' END,
        CASE WHEN {closed} THEN '已关闭' WHEN {solved} THEN '已解决' ELSE '处理中' END,
        cause || coalesce('：' || product_name, ''), text,
        CASE WHEN {solved} THEN ['已补发', '已退款', '远程指导解决', '安排上门'][1 + (hash('done', key) % 4)::int] END,
        cause, name, phone, email, buyer_account, customer_no,
        CASE WHEN order_id IS NOT NULL THEN '="' || order_id || '"' END, sku, line, region, province, city, agent,
        {local("created", seen)}, {local("responded", seen)}, {local("solved", seen)}, {local("closed", seen)},
        {local("called_back", seen)}, CASE WHEN {called} THEN CASE WHEN is_confirmed THEN '是' ELSE '否' END END,
        {local("updated", seen)}
    """
    rows = f"""
        SELECT * FROM (
            SELECT t.*, x.text, {updated} AS updated FROM service_ticket t JOIN ticket_text x USING (ticket_no)
            WHERE created < {seen}
        ) WHERE updated >= {low}
    """
    backward = f"{roll('backward', 'ticket_no')} < {BACKWARD_SHARE} AND responded < {seen} AND created >= {low}"
    counted = outbox.con.execute(f"SELECT count(*), count(*) FILTER ({backward}) FROM ({rows})").fetchone()
    total, spoilt = counted or (0, 0)
    # a small file is not held for one spoilt record
    count = int(spoilt) if spoilt <= 0.03 * total else 0
    # the desk's server had the wrong time: such a ticket comes a second time under a number of its own
    turned = (
        "SELECT * REPLACE ('GX' || ticket_no[3:] AS ticket_no, created AS responded, responded AS created) "
        f"FROM ({rows}) WHERE {backward} AND {count} > 0"
    )
    sql = f"SELECT {values} FROM ({rows} UNION ALL {turned}) ORDER BY ticket_no"
    rejected = {"check:response_after_creation": count} if count else None
    name = f"{last:%Y}/工单导出_{last:%Y-%m-%d}.csv"
    outbox.write_csv(
        "service_desk", "tickets", name, TICKETS, sql, next_day(last), encoding=_ENCODING, rejected=rejected
    )


def _write_chats(outbox: Outbox, last: date, low: int, seen: int) -> None:
    yes_no = "CASE WHEN {0} THEN '是' ELSE '否' END"
    # an export holds whole days: what began before midnight is written with its end
    end = seen + 86400
    sql = f"""
        SELECT chat_no, ['网页', 'APP', '微信'][1 + (hash('via', chat_no) % 3)::int], name, phone, email, buyer_account,
            '="' || order_id || '"', sku, line, region, ['使用方法', '物流查询', '发票', '售后政策'][1 +
            (hash('about', chat_no) % 4)::int], {yes_no.format("is_bot")}, {yes_no.format("is_bot_closed")}, agent,
            messages::varchar, text, {local("started", seen)}, {local("responded", end)}, {local("handed_over", end)},
            {local("solved", end)}, {local("ended", end)}
        FROM service_chat JOIN chat_text USING (chat_no)
        WHERE started >= {low} AND started < {seen} ORDER BY chat_no
    """
    name = f"{last:%Y}/会话记录_{last:%Y-%m-%d}.csv"
    outbox.write_csv("service_desk", "chats", name, CHATS, _named(sql, CHATS), next_day(last), encoding=_ENCODING)


def _write_surveys(outbox: Outbox, last: date, low: int, seen: int) -> None:
    sql = f"""
        SELECT response_no,
            CASE survey WHEN 'order' THEN '购后回访' WHEN 'ticket' THEN '服务回访' ELSE '企业客户回访' END,
            name, phone, email, buyer_account, customer_no,
            CASE WHEN order_id IS NOT NULL THEN '="' || order_id || '"' END, ticket_no, served_by, sku, line, region,
            recommend::varchar, product_score::varchar, delivery_score::varchar, service_score::varchar,
            CASE WHEN recommend >= 9 THEN ['产品好用', '服务好', '性价比高'][1 + (hash('why', key) % 3)::int]
                WHEN hours > 8 THEN '响应慢' WHEN is_complaint THEN '问题未解决' WHEN is_back THEN '退款麻烦'
                WHEN recommend <= 6 THEN ['产品质量', '物流慢', '价格高'][1 + (hash('why', key) % 3)::int] END,
            CASE WHEN hours > 8 THEN '等了很久才有人回复' WHEN recommend >= 9 AND hash('say', key) % 3 = 0
                THEN '很满意，会推荐给朋友' WHEN recommend <= 6 AND hash('say', key) % 2 = 0 THEN '用着不太顺手' END,
            {local("asked", seen)}, {local("answered", seen)}
        FROM service_answer WHERE answered >= {low} AND answered < {seen}
        UNION ALL
        SELECT response_no, '流失客户回访', name, phone, email, buyer_account, NULL,
            '="' || order_id || '"', NULL, agent, sku, line, region, NULL, NULL, NULL, NULL, reason, NULL,
            {local("asked", seen)}, {local("answered", seen)}
        FROM service_leaver WHERE answered >= {low} AND answered < {seen}
        ORDER BY ALL
    """
    name = f"{last:%Y}/满意度调查_{last:%Y-%m-%d}.csv"
    outbox.write_csv("service_desk", "customer_surveys", name, SURVEYS, sql, next_day(last), encoding=_ENCODING)


def _write_kano(outbox: Outbox, last: date, seed: int) -> None:
    """Up to 60 buyers of the half-year are asked what they feel about five features; three in four say it plainly."""
    survey = f"功能需求调查{last:%Y}H{1 + (last.month > 6)}"
    known = ", ".join(f"('{feature}', {a}, {b})" for feature, (a, b) in (
        (feature, _KANO_ANSWERS[kind]) for feature, kind in FEATURES.items()
    ))  # fmt: skip
    feeling = f"{list(_FEELINGS)}[{{0}}]"
    drawn = "1 + (hash('{0}', order_id, feature) % 5)::int"
    is_plain = f"{roll('plain', 'order_id', 'feature')} < 0.75"
    sql = f"""
        WITH asked AS (
            SELECT *, row_number() OVER (ORDER BY hash('kano', order_id, '{last}', {seed}), order_id) AS place
            FROM picked WHERE paid > 0 AND paid < {_end(last)} AND paid >= {_end(last) - 183 * 86400}
        )
        SELECT 'KN{last:%Y%m}' || lpad(place::varchar, 3, '0'), '{survey}', email, buyer_account, line, region, feature,
            {feeling.format(f"CASE WHEN {is_plain} THEN a ELSE {drawn.format('functional')} END")},
            {feeling.format(f"CASE WHEN {is_plain} THEN b ELSE {drawn.format('dysfunctional')} END")},
            CASE WHEN place % 7 = 0 THEN '希望更安静一些' END,
            strftime(make_timestamp(({_end(last)} - 86400 * (1 + place % 9) + 28800 + place * 60) * 1000000),
                '%Y/%m/%d %H:%M:%S')
        FROM asked, (VALUES {known}) f(feature, a, b) WHERE place <= 60 ORDER BY place, feature
    """
    name = f"{last:%Y}/功能需求调查_{last:%Y-%m-%d}.csv"
    outbox.write_csv("service_desk", "kano_surveys", name, KANO, _named(sql, KANO), next_day(last), encoding=_ENCODING)


def _write_employees(outbox: Outbox, last: date, seed: int) -> None:
    rng = stream(seed, "employee survey", last.toordinal())
    rows: list[Sequence[Cell]] = []
    survey = f"{last:%Y}年{'下' if last.month > 6 else '上'}半年员工满意度"
    for number, employee in enumerate(words.EMPLOYEES):
        hired, left = employee[6], employee[7]
        if hired > str(last) or (left and left < str(last.replace(year=last.year - 1))):
            continue
        answer = f"YG{last:%Y%m}{number:03d}"
        if left and left <= str(last):
            rows.append(
                (answer, survey, "离职员工", employee[0], employee[3], "离职原因", None, "薪酬", None, str(last))
            )
            continue
        for place, question in enumerate(_QUESTIONS):
            score = int(min(5, max(1, round(rng.normal(4.1 - 0.12 * place, 0.8)))))
            rows.append((answer, survey, "在职员工", None, employee[3], question, score, None, None, str(last)))
    name = f"{last:%Y}/员工满意度调查_{last:%Y-%m-%d}.xlsx"
    write_sheet(outbox, "service_desk", "employee_surveys", name, "结果", EMPLOYEE_SURVEY, rows, last, title=survey)


def _write_brands(outbox: Outbox, last: date, seed: int) -> None:
    """Twelve people of each region are asked which brands they know."""
    regions = ("华北", "东北", "华东", "华中", "华南", "西南", "西北")
    rng = stream(seed, "brand survey", last.toordinal())
    named = rng.random((len(regions) * 12, len(AWARENESS))) < list(AWARENESS.values())
    texts = [
        f"('PP{last:%Y%m}{person:03d}', '{regions[person // 12]}', '{brand}', {bool(named[person, place])})"
        for person in range(named.shape[0])
        for place, brand in enumerate(AWARENESS)
    ]
    sql = (
        f"SELECT c0, '品牌认知调查{last:%Y-%m}', c1, c2, CASE WHEN c3 THEN '是' ELSE '否' END, '{last}' "
        f"FROM (VALUES {', '.join(texts)}) v(c0, c1, c2, c3)"
    )
    name = f"{last:%Y}/品牌认知调查_{last:%Y-%m-%d}.csv"
    outbox.write_csv(
        "service_desk", "brand_surveys", name, BRAND_SURVEY, _named(sql, BRAND_SURVEY), next_day(last),
        encoding=_ENCODING,
    )  # fmt: skip


def _end(last: date) -> int:
    from ingestion.sample.operations import second_of

    return second_of(last) + 86400


def _named(sql: str, headings: Sequence[str]) -> str:
    """The query with its columns called c0, c1, ..., so that no two are called the same."""
    return f"SELECT * FROM ({sql}) q({', '.join(f'c{i}' for i in range(len(headings)))})"
