"""Words of headings in English and Chinese: what they say of a column's kind, class of personal data, and entity.

Belongs here: the vocabulary, learned from the contracts there are and from a short list of words. Not here: values.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cache

from ingestion.contracts.model import ContractSet, PersonalData
from ingestion.contracts.recognise import normalise_heading
from ingestion.entity import Entity

_WORD = re.compile(r"[a-z0-9]+|[\u3400-\u9fff]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@dataclass(frozen=True)
class Hint:
    """What a heading suggests: kind, class, class of tokens."""

    kind: str
    personal_data: PersonalData = PersonalData.BUSINESS
    identifier: str | None = None


_DIRECT = PersonalData.DIRECT
#: In the order in which they are tried: pattern over the heading's words, joined by spaces.
_HINTS: tuple[tuple[str, Hint], ...] = tuple(
    (pattern, hint)
    for pattern, hint in (
        (
            r"\b(national|identity|soc(ial)?) (id|card|sec|security)\b|\bssn\b|\bpassport\b|身份证|证件号|护照",
            Hint("national_id", PersonalData.SENSITIVE, "national_id"),
        ),
        (
            r"\b(bank ?card|card number|credit card)\b|银行卡号|银行账号",
            Hint("account", PersonalData.SENSITIVE, "bank_card"),
        ),
        (r"\b(birth|born|dob|birthday|birthdate)\b|出生|生日", Hint("birth_date", PersonalData.QUASI)),
        (r"\be ?mail\b|\bmail address\b|邮箱|电子邮件", Hint("email", _DIRECT, "email")),
        (r"\b(phone|mobile|telephone|tel|cell|fax)\b|手机|电话|联系方式|传真", Hint("phone", _DIRECT, "phone")),
        (r"\b(zip|postcode|postal code|postal|plz)\b|邮编|邮政编码", Hint("postcode", PersonalData.QUASI)),
        (
            r"\b(address|street|address1|address2|address 1|address 2|suburb)\b|地址|街道|门牌",
            Hint("address", _DIRECT, "address"),
        ),
        (
            r"\b(openid|open id|wechat|weixin|qq|user ?name|nick ?name|login|account name)\b|"
            r"昵称|会员名|微信号|支付宝|帐号|账号|用户名|旺旺",
            Hint("account", _DIRECT, "account"),
        ),
        (
            r"^(full |first |last |given |middle |sur|family |contact |customer |buyer |recipient |billing |shipping )"
            r"name$|^surname$|^([fl]name)( c?\d)?$|姓名|收货人|联系人|收件人|^对方$|交易对方",
            Hint("name", _DIRECT, "name"),
        ),
        (
            r"\b(comments?|notes?|remarks?|message|feedback|review|memo|complaint)\b(?! id)|"
            r"备注|留言|评论|评价内容|反馈|说明|描述",
            Hint("free_text", PersonalData.FREE_TEXT),
        ),
        (r"\bcountry\b|国家", Hint("country")),
    )
)
_ID_WORDS = re.compile(
    r"\b(id|no|number|num|code|key|sku|ref|uuid|guid|hash|token)$|\bid\b|编号|单号|编码|号码|流水号|序号|工号"
)
_MONEY_WORDS = re.compile(
    r"\b(amount|price|cost|revenue|fee|total|subtotal|tax|taxes|shipping|discount|spend|value|sales|paid|payment|freight|"
    r"budget|refunded|outstanding|income|salary)\b|金额|价|费|额|款|成本|收入|消耗|花费"
)
_TIME_WORDS = re.compile(
    r"\b(date|time|day|at|on|timestamp|created|updated|modified|started|ended|closed|modstamp|dob|since|until)\b|日期|时间|日$|月份"
)
_VERSION_WORDS = re.compile(
    r"\b(updated|modified|modstamp|changed|last (update|change|modification))\b|修改时间|更新时间|变更时间"
)
_FLAG_WORDS = re.compile(r"^(is|has|was|can|did) |\b(flag|accepts|active|deleted|enabled)\b|是否")


#: Names that expressions or YAML take for something else.
_RESERVED = frozenset(
    {
        "record_number",
        "occurrence",
        "line_number",
        "file_name",
        "yes",
        "no",
        "on",
        "off",
        "true",
        "false",
        "null",
        "y",
        "n",
    }
)


@cache
def reserved_words() -> frozenset[str]:
    """Words that name no column in an expression unless they are quoted."""
    import duckdb

    with duckdb.connect() as connection:
        rows = connection.execute(
            "select keyword_name from duckdb_keywords() where keyword_category <> 'unreserved'"
        ).fetchall()
    return frozenset(str(row[0]) for row in rows)


def _in_english(heading: str) -> str:
    """A Chinese heading's known words, joined; empty where there is none."""
    return "_".join(_CHINESE.get(word, word.lower()) for word in _CHINESE_WORD.findall(heading))


def words_of(heading: str) -> str:
    """The heading's words in lower case, joined by spaces: camel case, underscores and punctuation taken apart."""
    return " ".join(_WORD.findall(normalise_heading(_CAMEL.sub(" ", heading))))


def is_id(heading: str) -> bool:
    return bool(_ID_WORDS.search(words_of(heading)))


def is_money(heading: str) -> bool:
    return bool(_MONEY_WORDS.search(words_of(heading)))


def is_time(heading: str) -> bool:
    return bool(_TIME_WORDS.search(words_of(heading)))


def is_version(heading: str) -> bool:
    return bool(_VERSION_WORDS.search(words_of(heading)))


def is_flag(heading: str) -> bool:
    return bool(_FLAG_WORDS.search(words_of(heading)))


def similarity(one: str, other: str) -> float:
    """From 0 to 1: shared words of two headings; of Chinese ones, shared pairs of characters."""
    first, second = _features(one), _features(other)
    shared = sum((first & second).values())
    return 2 * shared / max(1, sum(first.values()) + sum(second.values()))


def _features(text: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for word in words_of(text).split():
        if word.isascii():
            found[word.removesuffix("s") if len(word) > 3 else word] += 1
        else:
            found.update(word[place : place + 2] for place in range(max(1, len(word) - 1)))
    return found


#: Chinese words of headings -> words of names, longest first.
_CHINESE = {
    "订单": "order", "交易": "transaction", "商品": "product", "产品": "product", "客户": "customer", "买家": "buyer",
    "卖家": "seller", "商户": "merchant", "商家": "merchant", "会员": "member", "用户": "user", "联系人": "contact",
    "收货人": "recipient", "姓名": "name", "名称": "name", "手机号码": "mobile", "手机": "mobile", "电话": "phone",
    "邮箱": "email", "地址": "address", "省份": "province", "城市": "city", "区县": "district", "编号": "no",
    "单号": "no", "号码": "number", "编码": "code", "金额": "amount", "单价": "unit_price", "价格": "price",
    "总价": "total",
    "数量": "quantity", "运费": "freight", "税": "tax", "折扣": "discount", "优惠": "discount", "退款": "refund",
    "支付": "payment", "付款": "payment", "收款": "receipt", "方式": "method", "状态": "status", "类型": "type",
    "分类": "category", "时间": "time", "日期": "date", "创建": "created", "修改": "changed", "更新": "updated",
    "完成": "completed", "成功": "success", "确认": "confirmed", "发货": "shipped", "下单": "ordered", "备注": "note",
    "留言": "message", "说明": "description", "描述": "description", "标题": "title", "账号": "account",
    "帐号": "account",
    "对方": "counterparty", "当前": "current", "收/支": "direction", "收支": "direction", "部门": "department",
    "负责人": "owner", "渠道": "channel", "店铺": "shop", "来源": "source", "等级": "grade", "行业": "industry",
    "公司": "company", "企业": "company", "总": "total", "实付": "paid", "应付": "due", "展示": "impressions",
    "点击": "clicks", "转化": "conversions", "消耗": "spend", "花费": "spend", "计划": "plan", "广告": "ad",
    "日": "date", "月": "month", "年": "year", "省": "province", "市": "city", "原因": "reason", "结果": "result",
}  # fmt: skip
_CHINESE_WORD = re.compile("|".join(sorted(map(re.escape, _CHINESE), key=len, reverse=True)) + "|[a-zA-Z0-9]+")
#: Headings of bills and orders that no shipped contract has.
_MORE_HEADINGS = {
    ("order", "total_amount"): ("实付金额", "应付金额", "订单金额", "总金额", "order total", "total amount"),
    ("order", "status"): ("订单状态", "order status"),
    ("order", "ordered_at"): ("下单时间", "order date", "ordered at"),
    ("payment", "payment_id"): ("交易单号", "交易订单号", "交易号", "流水号"),
    ("payment", "order_id"): ("商家订单号", "商户单号", "商家单号"),
    ("payment", "paid_at"): ("交易时间", "交易创建时间", "付款时间"),
    ("payment", "amount"): ("金额", "金额(元)", "实付金额", "交易金额"),
    ("payment", "payment_type"): ("收/付款方式", "支付方式", "payment method"),
}


class Vocabulary:
    """What the contracts that there are call things: headings -> kinds and entities' columns."""

    def __init__(self, contracts: ContractSet, entities: dict[str, Entity]) -> None:
        self._kinds: dict[str, Counter[Hint]] = defaultdict(Counter)
        self._names: dict[str, Counter[str]] = defaultdict(Counter)
        #: (entity, column) -> headings that feed it
        self.headings: dict[tuple[str, str], set[str]] = defaultdict(set)
        for contract in contracts.contracts:
            by_name = {column.name: column for column in contract.columns}
            for column in contract.columns:
                for heading in column.headings:
                    known = normalise_heading(heading)
                    self._kinds[known][Hint(column.kind, column.personal_data, column.identifier)] += 1
                    self._names[known][column.name] += 1
            for target in contract.targets:
                for name, expression in target.columns:
                    source = by_name.get(re.sub(r"__(token|mask|year)$", "", expression.strip()))
                    if source is not None:
                        self.headings[(target.entity, name)] |= set(source.headings)
        for entity in entities.values():
            for declared in entity.columns:
                place = (entity.name, declared.name)
                self.headings[place] |= {declared.name, *_MORE_HEADINGS.get(place, ())}

    def hint(self, heading: str) -> Hint | None:
        """What a heading says of personal data: as contracts have it, else by its words."""
        known = self._kinds.get(normalise_heading(heading))
        if known:
            best = known.most_common(1)[0][0]
            if best.personal_data is not PersonalData.BUSINESS or best.kind == "country":
                return best
        text = words_of(heading)
        return next((hint for pattern, hint in _HINTS if re.search(pattern, text)), None)

    def column_name(self, heading: str, place: int, taken: set[str]) -> str:
        """A name for the contract: the heading's own words, or what contracts call it; new among `taken`."""
        known = self._names.get(normalise_heading(heading))
        own = re.sub(r"[^a-z0-9]+", "_", words_of(heading)).strip("_") if heading.isascii() else ""
        name = own or (known.most_common(1)[0][0] if known else "") or _in_english(heading)
        name = re.sub(r"_+", "_", name)
        if not re.match(r"[a-z]", name):
            name = f"column_{place + 1}" if not name else f"c_{name}"
        if name in _RESERVED or name in reserved_words():
            name += "_given"
        number, stem = 2, name[:50]
        name = stem
        while name in taken:
            name, number = f"{stem}_{number}", number + 1
        taken.add(name)
        return name

    def fit(self, entity: str, column: str, heading: str) -> float:
        """How well a heading fits an entity's column, from 0 to 1."""
        known = self.headings.get((entity, column), set())
        text = normalise_heading(heading)
        if any(normalise_heading(one) == text for one in known):
            return 1.0
        best = max((similarity(one, heading) for one in known), default=0.0)
        return best if best >= 0.6 else 0.0
