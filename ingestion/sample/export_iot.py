"""Exports of the device platform: the registry of devices, and their messages as JSON lines.

Belongs here: devices that buyers have bound, what they report, the planted faults of a bad batch, and the form: nested
objects, times in UTC with milliseconds, messages that come days late and messages that come twice. Not here: who buys
(`orders.py`). Tables: `device_truth`, `device_message`.
"""

from __future__ import annotations

import gzip
from datetime import date

from ingestion.sample.demand import History
from ingestion.sample.operations import half_years, roll, second_of
from ingestion.sample.outbox import Outbox, next_day

DEVICES_AT_MOST = 160
DAYS_BETWEEN_MESSAGES = 16
FAULT_SHARE, BATCH_FAULT_SHARE = 0.02, 0.35  # of the messages; of those of the bad batch in its days
LATE_SHARE, REPEATED_SHARE = 0.06, 0.04
_FIRMWARES = ("1.8.2", "2.0.0", "2.1.0")


def write(outbox: Outbox, history: History) -> dict[str, object]:
    """Write the registry of each half-year's end and the messages received in it; the answer is what was planted."""
    end = second_of(history.end_date) + 86400
    _make_devices(outbox, end)
    _make_messages(outbox, history, end)
    for last, low, seen in half_years(history):
        _write_lines(outbox, "devices", f"{last:%Y}/devices_{last:%Y-%m-%d}.jsonl", _device_sql(seen), last)
        _write_lines(
            outbox, "device_events", f"{last:%Y}/events_{last:%Y-%m-%d}.jsonl.gz", _message_sql(low, seen), last
        )
    rows = outbox.con.execute(
        "SELECT count(DISTINCT device_id), count(*), count(*) FILTER (kind = 'fault'), count(*) FILTER (is_late), "
        "count(*) FILTER (is_repeated), count(*) FILTER (code = 'E07') FROM device_message"
    ).fetchone()
    assert rows is not None
    names = ("devices_that_report", "messages", "faults", "late", "repeated", "leak_faults_of_the_bad_batch")
    return dict(zip(names, rows, strict=True))


def _make_devices(outbox: Outbox, end: int) -> None:
    outbox.con.execute(
        f"""
        CREATE OR REPLACE TABLE device_truth AS
        SELECT *, 'CY' || device_sku[:2] || lpad((row_number() OVER (ORDER BY activated, order_id) * 7 + 1000)::varchar,
                6, '0') AS device_id,
            CASE WHEN {roll("retired", "order_id", "created")} < 0.06 AND activated + 200 * 86400 < {end}
                THEN activated + 200 * 86400 ELSE 0 END AS retired
        FROM (
            SELECT *, paid + 4 * 86400 + (hash('activated', order_id) % 400000)::bigint AS activated FROM picked
            WHERE paid > 0 AND device_sku IS NOT NULL AND refund < total
        )
        WHERE activated < {end}
        ORDER BY hash('device', order_id, created), order_id LIMIT {DEVICES_AT_MOST}
        """
    )


def _make_messages(outbox: Outbox, history: History, end: int) -> None:
    """A message about every sixteen days of use; faults at random, and often in the days of the bad batch."""
    step = DAYS_BETWEEN_MESSAGES * 86400
    batch = next((a for a in history.anomalies if a.anomaly_id == "bad_batch"), None)
    in_batch = "false"
    if batch is not None:
        low, high = (
            second_of(date.fromisoformat(batch.first_day)),
            second_of(date.fromisoformat(batch.last_day)) + 86400,
        )
        in_batch = f"(device_sku = 'CF-1003' AND occurred BETWEEN {low} AND {high})"
    outbox.con.execute(
        f"""
        CREATE OR REPLACE TABLE device_message AS
        WITH beat AS (
            SELECT d.*, b.beat, activated + b.beat * {step} + (hash('jitter', device_id, b.beat) % 600000)::bigint
                AS occurred
            FROM device_truth d, generate_series(0, 120) b(beat)
        ), told AS (
            SELECT *, {roll("message", "device_id", "beat")} AS r, {in_batch} AS is_bad FROM beat
            WHERE occurred < {end} AND (retired = 0 OR occurred < retired)
        )
        SELECT md5('message' || device_id || beat::varchar) AS msg_id, device_id, occurred,
            CASE WHEN r < CASE WHEN is_bad THEN {BATCH_FAULT_SHARE} ELSE {FAULT_SHARE} END THEN 'fault'
                WHEN r > 0.9 THEN 'status' ELSE 'usage' END AS kind,
            CASE WHEN kind = 'fault' THEN CASE WHEN is_bad THEN 'E07' ELSE ['E01', 'E02', 'E05'][1 + (beat % 3)] END END
                AS code,
            CASE WHEN kind = 'usage' THEN 60 + (hash('seconds', device_id, beat) % 1500)::bigint END AS seconds,
            {list(_FIRMWARES)}[1 + least(2, (occurred - activated) // (200 * 86400))::int] AS firmware,
            {roll("late", "device_id", "beat")} < {LATE_SHARE} AS is_late,
            {roll("repeated", "device_id", "beat")} < {REPEATED_SHARE} AS is_repeated,
            occurred + CASE WHEN is_late THEN 7200 + (hash('later', device_id, beat) % 250000)::bigint ELSE 1 END
                AS received
        FROM told ORDER BY received, msg_id
        """
    )


def _stamp(seconds: str, fraction: str = "0") -> str:
    text = f"strftime(make_timestamp({seconds} * 1000000), '%Y-%m-%dT%H:%M:%S')"
    return f"({text} || '.' || lpad(({fraction})::varchar, 3, '0') || 'Z')"


def _device_sql(seen: int) -> str:
    is_gone = f"(retired > 0 AND retired < {seen})"
    return f"""
        SELECT to_json({{'device_id': device_id, 'model': device_name, 'sku': device_sku,
            'owner': {{'name': name, 'phone': phone, 'email': email, 'account': buyer_account}},
            'order_no': order_id, 'place': {{'province': province, 'city': city}},
            'firmware': '{_FIRMWARES[-1]}', 'status': CASE WHEN {is_gone} THEN 'retired' ELSE 'active' END,
            'activated_at': {_stamp("activated")}, 'retired_at': CASE WHEN {is_gone} THEN {_stamp("retired")} END,
            'updated_at': {_stamp(f"CASE WHEN {is_gone} THEN retired ELSE activated END")}}})::varchar
        FROM device_truth WHERE activated < {seen} ORDER BY device_id
    """


def _message_sql(low: int, seen: int) -> str:
    """What the platform received in the period; a repeated message follows the first one, at times a file later."""
    return f"""
        SELECT to_json({{'msg_id': msg_id, 'device_id': device_id, 'type': kind, 'fw': firmware,
            'ts': {_stamp("occurred", "occurred % 1000")}, 'recv_ts': {_stamp("received", "occurred % 1000")},
            'payload': {{'code': code, 'level': CASE WHEN code = 'E07' THEN 'critical' WHEN kind = 'fault' THEN 'warn'
                ELSE 'info' END, 'duration_s': seconds, 'value': CASE WHEN kind = 'status' THEN
                round(20 + occurred % 700 / 10.0, 1) END, 'unit': CASE WHEN kind = 'status' THEN '°C' END}}}})::varchar
        FROM (
            SELECT *, received AS arrived FROM device_message
            UNION ALL SELECT *, received + 30 + occurred % 86400 FROM device_message WHERE is_repeated
        )
        WHERE arrived >= {low} AND arrived < {seen} ORDER BY arrived, msg_id
    """


def _write_lines(outbox: Outbox, export: str, name: str, sql: str, last: date) -> None:
    lines = outbox.con.execute(sql).fetch_arrow_table().column(0).to_pylist()
    content = "".join(f"{line}\n" for line in lines).encode()
    if name.endswith(".gz"):
        content = gzip.compress(content, mtime=0)  # a fixed time: the same rows give the same bytes
    outbox.write_bytes("iot", export, name, content, len(lines), next_day(last))
