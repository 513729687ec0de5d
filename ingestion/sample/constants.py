"""Sizes, rates and quirks of the sample company, in one table each (also printed in docs/sample-company.md).

Belongs here: every number that says how big, how dirty or how the invented company behaves.
Not here: word lists (`words.py`), the products (`products.py`), the calendar of demand (`demand.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

SizeName = Literal["tiny", "small", "medium", "large"]

DEFAULT_END = date(2026, 9, 30)


@dataclass(frozen=True)
class Size:
    """How much of the company is written; counts are totals over the whole history."""

    months: int  # months of history, the last one holding the end date
    orders: int  # web shop and marketplace orders
    customers: int  # persons who buy there
    sessions: int  # web sessions
    leads: int  # leads of both CRM systems
    posts: int  # posts per platform


SIZES: dict[SizeName, Size] = {
    "tiny": Size(months=7, orders=500, customers=220, sessions=2_500, leads=280, posts=60),
    "small": Size(months=36, orders=20_000, customers=7_000, sessions=100_000, leads=4_200, posts=600),
    "medium": Size(months=36, orders=400_000, customers=130_000, sessions=2_000_000, leads=30_000, posts=2_000),
    "large": Size(months=36, orders=4_000_000, customers=1_000_000, sessions=20_000_000, leads=120_000, posts=4_000),
}

# Who buys where. Shares of persons.
FOREIGN_SHARE = 0.24  # outside China: web shop in USD
SHOP_ONLY_SHARE = 0.14  # of persons in China: web shop in CNY only
BOTH_SHARE = 0.14  # of persons in China: web shop and marketplace
# Of persons in both shops: how the two records can be linked.
LINK_SHARES = {"phone": 0.70, "email": 0.20, "none": 0.10}
SECOND_ACCOUNT_SHARE = 0.02  # of a shop's persons with a phone: a second account or address, same phone
CONTACT_IS_SHOPPER_SHARE = 0.06  # of CRM customers: the contact also buys in a shop, same phone
BAD_PHONE_SHARE = 0.006  # of persons linked by nothing: the phone was mistyped and is kept as missing

# Demand and value
YEARLY_GROWTH = 0.20
LINES_SHARES = (0.45, 0.30, 0.15, 0.06, 0.03, 0.01)  # orders of 1, 2, ... 6 lines
DEVOTED_LINES_SHARES = (0.02, 0.08, 0.18, 0.24, 0.20, 0.14, 0.09, 0.05)  # 2.5 lines on average of all
QUANTITY_SHARES = (0.82, 0.13, 0.05)
ONE_TIME_SHARE = 0.46  # of persons: never come back
DEVOTED_SHARE = 0.07  # of persons: come back all the time, for large baskets, and stay
MONTHLY_SURVIVAL = 0.93  # of the interest of the others
REFUND_SHARE = 0.066  # of paid orders; about half of them in part
PARTIAL_REFUND_SHARE = 0.5
REFUND_DAYS = 6.0  # the longest wait for a refund: less than the days that exports repeat
UNPAID_SHARE = 0.025  # ordered, never paid, closed
COUPON_SHARE = 0.30  # of orders with a coupon or code

# Business customers
LEAD_VALID_SHARE = 0.76
LEAD_OPPORTUNITY_SHARE = 0.46  # of valid leads
WIN_SHARE = 0.44  # of closed opportunities
CRM_CN_SHARE = 0.70  # of leads; the rest is Salesforce's and HubSpot's
KEY_ACCOUNT_CENTS = 4_000_000  # won in all: a key account beyond it
SUCCESS_SHARE = 0.8  # of the key accounts: a manager answers for their success
POTENTIAL_STATED_SHARE = 0.6  # of the Chinese CRM's customers: growth, plans, depth and potential are stated
HUBSPOT_EVERY = 4  # every so many-th overseas lead is kept in HubSpot
TWIN_EVERY = 5  # every so many-th contact in HubSpot was entered twice, and is merged later
JD_EVERY, TMALL_EVERY = 6, 4  # every so many-th marketplace customer buys on JD; of the others, on Tmall

# Quirks of the exports
OVERLAP_DAYS = 7  # a monthly shop export repeats the last days of the month before: refunds are known by then
GARBAGE_LINE_SHARE = 0.004  # extra rows with a negative price: rejected
BAD_DATE_SHARE = 0.003  # extra rows with an impossible date: rejected
NOTE_SHARE = 0.06  # orders with a note, half of them with a line break
APOSTROPHE_SHARE = 0.5  # postcodes with a leading apostrophe
UPPER_EMAIL_SHARE = 0.03  # addresses typed with capitals
LOGGED_IN_SHARE = 0.62  # sessions of buyers before the buying one that carry the customer's key
BAD_DELIVERY_SHARE = 0.12  # rows of the one planted bad delivery whose numbers are broken
TEXT_DATE_SHARE = 0.35  # CRM dates written 2024年3月5日 instead of as a serial number
FULL_WIDTH_SHARE = 0.08  # CRM cells typed in full-width characters
