"""The four stores of the sample company, and who buys in them.

Belongs here: the stores, the provinces each serves, which orders are placed at the till. Not here: visitors and members
(`export_stores.py`), the form of the till's records (`export_shopify.py`: the web shop's system runs the tills too).
"""

from __future__ import annotations

import numpy as np

from ingestion.sample.random_streams import Bools, Ints, stream
from ingestion.sample.words import CITIES

#: Store, name, sales region, province, city, district, square metres, latitude, longitude, people within reach,
#: visitors of a day.
STORES = (
    ("S001", "上海静安店", "华东", "上海", "上海市", "静安区", 210.0, 31.2304, 121.4737, 420_000, 310),
    ("S002", "北京朝阳店", "华北", "北京", "北京市", "朝阳区", 180.0, 39.9219, 116.4436, 380_000, 240),
    ("S003", "深圳南山店", "华南", "广东", "深圳市", "南山区", 150.0, 22.5333, 113.9304, 300_000, 220),
    ("S004", "成都锦江店", "西南", "四川", "成都市", "锦江区", 260.0, 30.6570, 104.0810, 260_000, 150),
)
#: Of orders in the shop's system by people who live where a store is near: placed in the store.
STORE_SHARE = 0.6
_PROVINCES = {"上海": 0, "江苏": 0, "浙江": 0, "北京": 1, "天津": 1, "广东": 2, "四川": 3, "重庆": 3}


def store_of_orders(seed: int, month: int, city: Ints, is_in_reach: Bools) -> Ints:
    """Store of each order (index into `STORES`), -1 for those of the web shop; `city` indexes the Chinese cities where
    `is_in_reach`: an order of the shop's system by somebody in China."""
    near = np.array([_PROVINCES.get(c[0], -1) for c in CITIES])[np.where(is_in_reach, city, 0)]
    walks_in = stream(seed, "stores", month).random(len(city)) < STORE_SHARE
    return np.where(is_in_reach & walks_in, near, -1)
