"""What is planted in free texts is replaced: recall on labelled texts about invented people, Chinese and English."""

from __future__ import annotations

import random

import pytest

from ingestion.privacy.measure import measure

SURNAMES, GIVEN = "王李张刘陈杨赵黄周吴徐孙", ("伟", "秀英", "建华", "子涵", "思远", "佳怡", "文博", "雪梅")
FIRST, LAST = ("James", "Mary", "Robert", "Linda", "Anne-Marie"), ("Smith", "Johnson", "O'Brien", "Garcia")
ROADS = ("人民路", "中山东路", "解放大道", "文化路", "学院街", "长江北路", "花园巷")
PLACES = ("", "浙江省杭州市西湖区", "上海市浦东新区", "广东省深圳市南山区", "成都市武侯区", "余杭区仓前街道")
DOORS = ("", "5幢301室", "2号楼3单元402", "弄12号601室")
MAILBOXES = ("li.na", "wang_wei88", "ann+shop", "J.Smith")
STREETS = ("Baker Street", "Elm Ave", "North Main St.", "Sunset Boulevard", "Old Mill Road")
WEIGHTS, CHECKS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2), "10X98765432"
TEMPLATES = (
    "您好，我是{name}，手机{phone}，退款两周没到账！",
    "请联系{name}（{phone}）或发邮件到{email}",
    "收件人：{name}；地址：{address}；电话：{phone}",
    "身份证号{id}填错了，帮我改一下",
    "发票寄到{address}，谢谢",
    "{name}的身份证是{id},电话是{phone}。",
    "加微信 wx：{account} 聊",
    "Please call {en_name} at {phone} or write to {email}.",
    "ship it to {en_address}, phone {phone}",
    "{en_name} <{email}> asked again; tel:{phone}",
    "邮箱{email}收不到验证码",
    "ID {id}, mail {email}",
)
CLEAN = (
    "质量很好，物流也快，{n}天就到了，五星好评",
    "订单号20260301{n}88765432，尺寸80*120*60cm，型号XK-{n}8800",
    "路上遇到堵车，晚到{n}小时",
    "The {n} road bikes arrived in time, order #10023{n}",
    "版本 2.{n}.1 更新后崩溃，错误码 0x8007{n}",
    "比同类产品贵{n}元，客服态度一般",
)


def texts(count: int) -> tuple[list[str], list[list[tuple[str, str]]]]:
    rng = random.Random(7)
    lines, spans = [], []
    for number in range(count):
        if number % 4 == 3:
            lines.append(rng.choice(CLEAN).format(n=rng.randint(2, 99)))
            spans.append([])
            continue
        slots = {
            "name": rng.choice(SURNAMES) + rng.choice(GIVEN),
            "en_name": f"{rng.choice(FIRST)} {rng.choice(LAST)}",
            "phone": phone(rng),
            "email": rng.choice(MAILBOXES) + rng.choice(("@example.com", "@mail.example.org")),
            "id": national_id(rng),
            "address": f"{rng.choice(PLACES)}{rng.choice(ROADS)}{rng.randint(1, 999)}号{rng.choice(DOORS)}",
            "en_address": f"{rng.randint(1, 9999)} {rng.choice(STREETS)}{rng.choice(('', ', Apt 4B', ' Suite 210'))}",
            "account": f"{rng.choice(('lina', 'wei_'))}{rng.randint(1000, 99999)}",
        }
        template = rng.choice(TEMPLATES)
        lines.append(template.format(**slots))
        spans.append(
            [
                (slot.removeprefix("en_").replace("id", "national_id"), value)
                for slot, value in slots.items()
                if "{" + slot + "}" in template
            ]
        )
    return lines, spans


def phone(rng: random.Random) -> str:
    digits = f"1{rng.choice('3456789')}{rng.randint(0, 10**9 - 1):09d}"
    grouped = f"{digits[:3]} {digits[3:7]} {digits[7:]}"
    wide = "".join(chr(0xFF10 + int(digit)) for digit in digits)
    return rng.choice((digits, grouped, grouped.replace(" ", "-"), f"+86 {grouped}", f"0086{digits}", wide))


def national_id(rng: random.Random) -> str:
    area = rng.choice(("110105", "310115", "440305"))
    body = f"{area}{rng.randint(1950, 2003)}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}{rng.randint(1, 999):03d}"
    return body + CHECKS[sum(int(d) * w for d, w in zip(body, WEIGHTS, strict=True)) % 11]


@pytest.fixture(scope="module")
def measured() -> object:
    lines, spans = texts(4000)
    return measure(lines, spans, ["one"] * len(lines))


@pytest.mark.parametrize(
    ("identifier", "least"),
    [("phone", 0.99), ("email", 0.99), ("national_id", 0.99), ("name", 0.99), ("address", 0.95), ("account", 0.99)],
)
def test_recall(measured: object, identifier: str, least: float) -> None:
    (recall,) = (one for one in measured.recalls if one.identifier == identifier)  # type: ignore[attr-defined]
    assert recall.planted >= 200
    assert recall.share >= least, f"{recall.replaced} of {recall.planted}"


def test_texts_without_identifiers_stay(measured: object) -> None:
    assert measured.clean_texts >= 900  # type: ignore[attr-defined]
    assert measured.clean_texts_changed <= 0.01 * measured.clean_texts  # type: ignore[attr-defined]


def test_what_is_not_replaced_is_missed() -> None:
    texts_given = ["nobody is called Wang 3", "call 13812345678"]
    spans = [[("name", "Wang")], [("phone", "138-1234-5678")]]
    found = {one.identifier: one.share for one in measure(texts_given, spans, ["a", "a"]).recalls}
    assert found == {"name": 0.0, "phone": 1.0}
