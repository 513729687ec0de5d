"""WeCom: external contacts of the sellers (客户列表) and what members of customer groups do (社群活跃).

Belongs here: who was added, and the two forms. A contact is a person who buys in a shop, noted with the phone number
that the shop knows, so that identity can be scored: `wecom_contact` goes into the truth.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ingestion.sample.demand import History
from ingestion.sample.outbox import Outbox, comma_separated, next_day
from ingestion.sample.persons import Persons
from ingestion.sample.random_streams import stream
from ingestion.sample.sessions import month_start
from ingestion.sample.workbook import Sheet, workbook

CUSTOMERS = comma_separated("客户名称,外部联系人ID,unionid,手机号,性别,添加人,添加人账号,添加时间,来源,标签,备注")
ACTIVITY = comma_separated("日期,群ID,群名称,群主,群主账号,成员ID,成员昵称,成员类型,入群时间,发送消息数,互动数")
CONTACT_SHARE = 0.35  # of persons in China with a phone number
MOST_CONTACTS = 2_000
SECOND_ADDER_SHARE = 0.08  # of contacts: a second employee added them, too
_SELLERS = ("E011", "E012", "E021", "E022", "E031", "E041")
_GROUPS = ("澄远咖啡爱好者1群", "澄远咖啡爱好者2群", "家居改造交流群", "新品体验官")


def make_contacts(outbox: Outbox, seed: int, history: History, persons: Persons) -> None:
    """Table `wecom_contact`: person, `external_id`, the phone number noted, who added when."""
    rng = stream(seed, "wecom")
    count = persons.count
    chosen = np.flatnonzero((rng.random(count) < CONTACT_SHARE) & ~persons.is_foreign)[:MOST_CONTACTS]
    starts = np.array([month_start(history, m) for m in range(history.month_count + 1)])
    month = persons.acquired_month[chosen].clip(0, history.month_count - 1)
    added = starts[month + 1] - rng.integers(3600, 20 * 86400, len(chosen))
    table = pa.table(
        {
            "person": chosen,
            "added": added,
            "adder": rng.integers(0, len(_SELLERS), len(chosen)),
            "is_added_twice": rng.random(len(chosen)) < SECOND_ADDER_SHARE,
            "gender": rng.integers(0, 3, len(chosen)),
        }
    )
    outbox.con.register("contact_arrow", table)
    # only a number that the person's own shop knows, too
    outbox.con.execute(
        """
        CREATE OR REPLACE TABLE wecom_contact AS
        SELECT c.*, name, 'wmCyHomeAA' || upper(md5('wecom' || person::varchar)[:22]) AS external_id,
            'oCyUnion' || md5('union' || person::varchar)[:20] AS union_id,
            CASE WHEN systems IN (1, 3) THEN shop_phone ELSE market_phone END AS contact_phone
        FROM contact_arrow c JOIN person USING (person)
        WHERE regexp_full_match(CASE WHEN systems IN (1, 3) THEN shop_phone ELSE market_phone END, '1[3-9][0-9]{9}')
        ORDER BY added, person
        """
    )
    outbox.con.unregister("contact_arrow")


def _minute(seconds: str) -> str:
    return f"strftime(make_timestamp(({seconds} + 28800) * 1000000), '%Y-%m-%d %H:%M')"


def write_customers(outbox: Outbox, last: date, low: int, high: int) -> None:
    """Contacts added in the quarter; whom two employees added comes twice, the first one first."""
    grouped = "contact_phone[:3] || ' ' || contact_phone[4:7] || ' ' || contact_phone[8:]"
    phone = f"CASE WHEN person % 4 = 0 THEN {grouped} ELSE contact_phone END"
    sheet = Sheet(
        "客户列表", CUSTOMERS,
        f"""
        SELECT name, external_id, union_id, {phone} AS phone, ['男', '女', '未知'][1 + gender] AS gender,
            '成员' || seller AS adder_name, seller, {_minute("moment")} AS added_at,
            ['扫描二维码', '搜索手机号', '群聊', '名片分享'][1 + person % 4] AS source, '咖啡' AS tag,
            NULL::varchar AS note
        FROM (
            SELECT *, {list(_SELLERS)}[1 + adder] AS seller, added AS moment, 0 AS turn FROM wecom_contact
            UNION ALL
            SELECT *, {list(_SELLERS)}[1 + (adder + 1) % {len(_SELLERS)}], added + 1800, 1 FROM wecom_contact
            WHERE is_added_twice
        ) WHERE added >= {low} AND added < {high} ORDER BY added, person, turn
        """,
        title=f"客户列表 {last:%Y年%m月}",
    )  # fmt: skip
    content, rows = workbook(outbox.con, [sheet])
    outbox.write_bytes("wecom", "customers", f"{last:%Y}/客户列表_{last:%Y-%m-%d}.xlsx", content, rows, next_day(last))


def write_activity(outbox: Outbox, seed: int, last: date, high: int, count: int) -> None:
    """The month's activity of members added before, `count` rows at most, and of the employees who own the groups."""
    first = last.replace(day=1)
    outbox.write_csv(
        "wecom", "community_activity", f"{last:%Y}/社群活跃明细_{last:%Y-%m}.csv", ACTIVITY,
        f"""
        WITH member AS (
            SELECT *, row_number() OVER (ORDER BY hash(person, {seed}, '{last}')) AS i FROM wecom_contact
            WHERE added < {high} - 20 * 86400
        )
        SELECT day::varchar, 'wrGroup' || (1 + person % 4)::varchar, {list(_GROUPS)}[1 + person % 4], '群主', 'E060',
            external_id, '微信用户', '客户', {_minute("added + 86400")},
            (1 + hash(person, day) % 6)::varchar, (hash(day, person) % 4)::varchar
        FROM member, (SELECT DATE '{first}' + (k * 3)::int AS day, k FROM range(0, 9) r(k))
        WHERE i <= {max(count // 4, 1)} AND hash(k, person) % 9 < 4
        UNION ALL
        SELECT '{last}', 'wrGroup' || g::varchar, {list(_GROUPS)}[g], '群主', 'E060', 'E060', '公孙若谷', '员工',
            '2023-01-05 09:00', '12', '3' FROM range(1, 5) r(g)
        ORDER BY 1, 2, 6
        """,
        next_day(last), byte_order_mark=True,
    )  # fmt: skip


def add_identities(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Put the contacts into the truth of identities (`identities.parquet`, written before): a contact is linked by the
    phone number to the person's record in a shop, and that one no longer stands alone."""
    path = folder / "identities.parquet"
    con.register("identity_arrow", pq.read_table(path))
    table = con.execute(
        """
        WITH contact AS (
            SELECT person_id, external_id, contact_phone FROM wecom_contact JOIN person USING (person)
        )
        SELECT i.* REPLACE (CASE WHEN linked_by = 'single' AND c.contact_phone = i.phone THEN 'phone' ELSE linked_by END
            AS linked_by)
        FROM identity_arrow i LEFT JOIN contact c USING (person_id)
        UNION ALL BY NAME
        SELECT c.person_id, 'wecom' AS source_system, 'person' AS customer_type, 'external_id' AS key_kind,
            c.external_id AS source_key, c.contact_phone AS phone,
            CASE WHEN bool_or(i.phone = c.contact_phone) THEN 'phone' WHEN count(i.person_id) > 0 THEN 'none'
                ELSE 'single' END AS linked_by
        FROM contact c LEFT JOIN identity_arrow i USING (person_id)
        GROUP BY c.person_id, c.external_id, c.contact_phone
        ORDER BY person_id, source_system, source_key
        """
    ).fetch_arrow_table()
    con.unregister("identity_arrow")
    pq.write_table(table, path, compression="zstd")
