"""Marketing channels and campaigns of the sample company, and which of them really causes an order.

Belongs here: the channel mix, the campaigns, and the utm words of each. Not here: sessions (`sessions.py`), spend
(`spend.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# marketing channel -> utm_source, utm_medium, referrer host; None: the visit carries no such mark
CHANNELS: tuple[tuple[str, str | None, str | None, str | None], ...] = (
    ("direct", None, None, None),
    ("paid_search", "google", "cpc", "www.google.com"),
    ("paid_social", "facebook", "paid_social", "www.facebook.com"),
    ("organic_search", None, None, "www.google.com"),
    ("organic_social", "facebook", "social", "www.facebook.com"),
    ("social_commerce", "douyin", "social", "www.douyin.com"),
    ("email", "newsletter", "email", None),
    ("referral", None, None, "coffeeblog.example.net"),
    ("marketplace", None, None, None),
)
CHANNEL_NAMES: tuple[str, ...] = tuple(c[0] for c in CHANNELS)
INDEX: dict[str, int] = {name: number for number, name in enumerate(CHANNEL_NAMES)}

# What really brings an order, by who buys: foreign first, foreign again, Chinese shop first, again, marketplace.
# Order of the columns: CHANNELS.
CAUSES: dict[str, tuple[float, ...]] = {
    "foreign_first": (0.08, 0.30, 0.30, 0.14, 0.06, 0.00, 0.02, 0.10, 0.00),
    "foreign_again": (0.20, 0.20, 0.18, 0.12, 0.04, 0.00, 0.22, 0.04, 0.00),
    "chinese_first": (0.10, 0.18, 0.10, 0.20, 0.04, 0.28, 0.02, 0.08, 0.00),
    "chinese_again": (0.22, 0.14, 0.08, 0.14, 0.04, 0.14, 0.20, 0.04, 0.00),
    "market": (0.00, 0.00, 0.00, 0.00, 0.00, 0.22, 0.00, 0.04, 0.74),
}
# What a visit that leads to nothing came by.
IDLE: tuple[float, ...] = (0.17, 0.21, 0.23, 0.19, 0.06, 0.06, 0.04, 0.04, 0.00)
# What a buyer comes by in the end where something else was the cause: harvesting channels.
HARVEST: tuple[float, ...] = (0.52, 0.22, 0.00, 0.10, 0.00, 0.00, 0.16, 0.00, 0.00)


@dataclass(frozen=True)
class Campaign:
    """An advertising campaign; `share` is its part of the channel's traffic, `roas` the return it is run at."""

    platform: str
    campaign_id: str
    name: str
    channel: str
    share: float
    roas: float
    cpc: float  # in the currency of the platform's account
    ctr: float
    line: str

    @property
    def is_usd(self) -> bool:
        """The platform's account is kept in USD, else in CNY."""
        return self.platform in ("meta_ads", "linkedin")


CAMPAIGNS: tuple[Campaign, ...] = (
    Campaign("google_ads", "20110000001", "G-Search-Brand", "paid_search", 0.30, 5.2, 5.2, 0.085, ""),
    Campaign("google_ads", "20110000002", "G-Search-Coffee", "paid_search", 0.26, 3.0, 9.8, 0.042, "Coffee"),
    Campaign("google_ads", "20110000003", "G-Search-Air", "paid_search", 0.16, 2.4, 11.5, 0.036, "Air and Water"),
    Campaign("google_ads", "20110000004", "G-Shopping-All", "paid_search", 0.20, 3.3, 6.9, 0.018, ""),
    Campaign("google_ads", "20110000005", "G-Display-Prospecting", "paid_search", 0.08, 1.5, 3.9, 0.006, ""),
    Campaign("meta_ads", "23840000001", "M-Prospecting-Lookalike", "paid_social", 0.28, 2.1, 1.15, 0.013, ""),
    Campaign("meta_ads", "23840000002", "M-Retargeting-Cart", "paid_social", 0.24, 4.0, 0.92, 0.021, ""),
    Campaign("meta_ads", "23840000003", "M-Coffee-Video", "paid_social", 0.14, 2.6, 1.05, 0.016, "Coffee"),
    Campaign("meta_ads", "23840000004", "M-Lighting-Carousel", "paid_social", 0.08, 1.8, 1.22, 0.011, "Lighting"),
    Campaign("ocean_engine", "7301000000001", "O-短视频-咖啡", "paid_social", 0.08, 2.3, 2.4, 0.019, "Coffee"),
    Campaign("ocean_engine", "7301000000002", "O-直播间引流", "paid_social", 0.06, 2.8, 1.9, 0.024, ""),
    Campaign("tencent_ads", "5550000001", "T-朋友圈-家居", "paid_social", 0.07, 2.0, 3.1, 0.012, ""),
    Campaign("linkedin", "301000001", "L-Business-Coffee", "paid_social", 0.05, 1.6, 4.2, 0.006, "Coffee"),
)
# platform -> utm_source and referrer host of its visits, where they are not the channel's own
PLATFORM_SOURCES: dict[str, tuple[str, str]] = {
    "ocean_engine": ("ocean_engine", "www.douyin.com"),
    "tencent_ads": ("tencent", "mp.weixin.qq.com"),
    "linkedin": ("linkedin", "www.linkedin.com"),
}
# authors of texts about the own brand who are paid for some of them; their links carry kol-<number>
PAID_AUTHORS: tuple[int, ...] = (1, 2, 3)
# utm_campaign of the channels that are not advertised
OTHER_CAMPAIGNS: dict[str, tuple[str, ...]] = {
    "organic_social": ("fb-page",),
    "social_commerce": ("douyin-video", "douyin-live", *(f"kol-{author}" for author in PAID_AUTHORS)),
    "email": ("nl-weekly", "nl-winback", "nl-welcome"),
}


def campaign_table() -> tuple[list[str | None], list[tuple[int, int]], np.ndarray]:
    """utm_campaign words of all channels in one list; per channel the range of its own; their weights."""
    names: list[str | None] = []
    ranges: list[tuple[int, int]] = []
    weights: list[float] = []
    for channel in CHANNEL_NAMES:
        own: list[tuple[str | None, float]] = [(c.name, c.share) for c in CAMPAIGNS if c.channel == channel]
        own += [(name, 1.0) for name in OTHER_CAMPAIGNS.get(channel, ())]
        own = own or [(None, 1.0)]
        ranges.append((len(names), len(names) + len(own)))
        names += [name for name, _ in own]
        weights += [weight for _, weight in own]
    return names, ranges, np.array(weights)


def choose_campaigns(rng: np.random.Generator, channel: np.ndarray) -> np.ndarray:
    """A campaign (index into `campaign_table`'s names) for each visit by its channel."""
    _, ranges, weights = campaign_table()
    draw = rng.random(len(channel))
    result = np.zeros(len(channel), np.int64)
    for number, (low, high) in enumerate(ranges):
        mask = channel == number
        cumulative = np.cumsum(weights[low:high])
        result[mask] = low + np.searchsorted(cumulative, draw[mask] * cumulative[-1], side="right").clip(
            0, high - low - 1
        )
    return result
