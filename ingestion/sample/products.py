"""The invented product range: product lines, names in both languages, prices and costs.

Belongs here: the products and their table. Not here: what is sold of them (`orders.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np


@dataclass(frozen=True)
class Product:
    sku: str
    name: str  # English, on the web shop
    name_zh: str  # Chinese, on the marketplace
    line: str
    kind: str  # goods or service
    stage: str
    launched: str
    list_price: float  # CNY
    unit_cost: float  # CNY
    weight: float  # popularity
    is_star: bool
    is_high_margin: bool

    @property
    def usd_price(self) -> float:
        """Price of the web shop outside China, USD."""
        return round(self.list_price / 6.9) - 0.01


# line, code, star, stage, kind, cost share, items (name, Chinese name, price, weight)
_RANGE: tuple[tuple[str, str, bool, str, str, float, tuple[tuple[str, str, float, float], ...]], ...] = (
    (
        "Coffee",
        "CF",
        True,
        "growth",
        "goods",
        0.54,
        (
            ("Pour-over Kettle 600 ml", "手冲咖啡壶600ml", 189, 9),
            ("Burr Grinder G2", "锥刀磨豆机G2", 459, 6),
            ("Espresso Machine E1", "半自动咖啡机E1", 1899, 1.6),
            ("Filter Papers 200 pcs", "咖啡滤纸200张", 29, 14),
            ("House Blend Beans 500 g", "拼配咖啡豆500g", 79, 16),
            ("Double-wall Glass Set", "双层玻璃杯套装", 119, 8),
            ("Milk Frother M3", "电动奶泡器M3", 139, 5),
            ("Cold Brew Bottle", "冷萃咖啡瓶", 99, 5),
        ),
    ),
    (
        "Kitchen",
        "KT",
        False,
        "maturity",
        "goods",
        0.60,
        (
            ("Cast Iron Pan 26 cm", "铸铁平底锅26cm", 259, 6),
            ("Chef Knife 20 cm", "主厨刀20cm", 229, 6),
            ("Cutting Board Acacia", "相思木砧板", 129, 7),
            ("Rice Cooker 3 L", "电饭煲3升", 399, 4),
            ("Electric Kettle 1.7 L", "电热水壶1.7升", 159, 8),
            ("Storage Jars Set of 6", "密封罐6件套", 109, 9),
            ("Air Fryer 5 L", "空气炸锅5升", 499, 4),
        ),
    ),
    (
        "Lighting",
        "LT",
        False,
        "maturity",
        "goods",
        0.58,
        (
            ("Desk Lamp Pro", "护眼台灯Pro", 299, 7),
            ("Bedside Lamp Dusk", "床头灯暮光款", 169, 7),
            ("Ceiling Light Round 48", "圆形吸顶灯48", 369, 3),
            ("Reading Light Clip", "夹式阅读灯", 89, 9),
            ("LED Strip 3 m", "氛围灯带3米", 69, 10),
            ("Floor Lamp Arc", "弧形落地灯", 599, 1.8),
        ),
    ),
    (
        "Air and Water",
        "AW",
        True,
        "growth",
        "goods",
        0.55,
        (
            ("Air Purifier A4", "空气净化器A4", 1299, 2.2),
            ("Purifier Filter A4", "净化器滤芯A4", 249, 7),
            ("Humidifier H2", "加湿器H2", 279, 5),
            ("Water Filter Jug", "净水壶", 149, 7),
            ("Jug Filter 3-pack", "净水滤芯3支装", 99, 10),
            ("Tower Fan F6", "塔式风扇F6", 459, 2.5),
        ),
    ),
    (
        "Smart Home",
        "SH",
        False,
        "introduction",
        "goods",
        0.62,
        (
            ("Door Sensor Duo", "门窗传感器两只装", 129, 5),
            ("Smart Plug", "智能插座", 59, 11),
            ("Indoor Camera C3", "室内摄像机C3", 249, 4),
            ("Smart Lock L1", "智能门锁L1", 1499, 1.0),
            ("Hub Mini", "迷你网关", 199, 3),
        ),
    ),
    (
        "Services",
        "SV",
        False,
        "growth",
        "service",
        0.35,
        (
            ("Extended Warranty 2 Years", "延保服务两年", 99, 6),
            ("Home Installation", "上门安装服务", 149, 4),
            ("Filter Subscription Year", "滤芯年度订阅", 399, 2.2),
            ("Machine Care Visit", "咖啡机上门保养", 199, 1.8),
        ),
    ),
)
_LAUNCHES = (
    "2020-03-15",
    "2021-06-01",
    "2022-04-20",
    "2022-09-10",
    "2023-01-15",
    "2023-08-01",
    "2021-11-05",
    "2022-01-11",
)


@cache
def products() -> tuple[Product, ...]:
    """All products, by product line and number."""
    result: list[Product] = []
    for line, code, is_star, stage, kind, cost_share, items in _RANGE:
        for number, (name, name_zh, price, weight) in enumerate(items):
            share = (
                cost_share + 0.04 + 0.02 * ((number * 3) % 5 - 2)
            )  # the same spread every time, margin 4 points around
            result.append(
                Product(
                    sku=f"{code}-{1001 + number}",
                    name=name,
                    name_zh=name_zh,
                    line=line,
                    kind=kind,
                    stage=stage,
                    launched=_LAUNCHES[number],
                    list_price=float(price),
                    unit_cost=round(price * share, 2),
                    weight=float(weight),
                    is_star=is_star,
                    is_high_margin=share < 0.57,
                )
            )
    return tuple(result)


def product_lines() -> tuple[str, ...]:
    """Names of the product lines in order."""
    return tuple(dict.fromkeys(p.line for p in products()))


def arrays() -> dict[str, np.ndarray]:
    """Prices, costs (CNY, USD price in USD), weights and line numbers of the products as arrays."""
    lines = product_lines()
    return {
        "list_price": np.array([p.list_price for p in products()]),
        "usd_price": np.array([p.usd_price for p in products()]),
        "unit_cost": np.array([p.unit_cost for p in products()]),
        "weight": np.array([p.weight for p in products()]),
        "line": np.array([lines.index(p.line) for p in products()]),
    }
