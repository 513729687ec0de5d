"""Free text with identifiers planted in it, and where: the labelled set against which scrubbing is measured.

Belongs here: filling templates, and the truth file `truth/free_text.parquet`. Not here: which templates an export
writes, and into which columns. Every planted name, number and address is an invented person's.

The truth has one row per text: `source_system, export, heading` (where it stands), `entity, record_key` (the row of the
lake it becomes and the value of its key), `text`, `spans`: a list of `{start, end, class, value}`, offsets in
characters from 0, end exclusive. A text without identifiers has an empty list.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ingestion.sample.random_streams import Ints, stream

#: Slot of a template -> class of the identifier.
CLASSES = {
    "name": "name", "phone": "phone", "email": "email", "national_id": "national_id", "address": "address",
    "account": "account",
}  # fmt: skip
_SLOT = re.compile(r"\{(\w+)\}")
_SPAN = 'STRUCT("start" INTEGER, "end" INTEGER, "class" VARCHAR, "value" VARCHAR)[]'
_ID_AREAS = ("110105", "310115", "440305", "330106", "510107", "320102", "420106", "610113")
_ID_WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
_ID_CHECKS = "10X98765432"


def national_ids(seed: int, name: str, count: int) -> pa.Array:
    """Invented ids of the Chinese form with right check characters, one after another."""
    rng = stream(seed, f"national ids {name}")
    area = np.array([int(a) for a in _ID_AREAS])[rng.integers(0, len(_ID_AREAS), count)]
    birth = rng.integers(1950, 2004, count) * 10_000 + rng.integers(1, 13, count) * 100 + rng.integers(1, 29, count)
    body = (area * 10**8 + birth) * 1000 + rng.integers(1, 1000, count)
    digits = (body[:, None] // 10 ** np.arange(16, -1, -1)) % 10
    check = np.array(list(_ID_CHECKS))[(digits * _ID_WEIGHTS).sum(axis=1) % 11]
    return pa.array([f"{number}{last}" for number, last in zip(body.tolist(), check.tolist(), strict=True)])


def start(con: duckdb.DuckDBPyConnection) -> None:
    """Table `planted_text`, empty."""
    con.execute(
        "CREATE OR REPLACE TABLE planted_text (source_system VARCHAR, export VARCHAR, heading VARCHAR, entity VARCHAR, "
        f"record_key VARCHAR, text VARCHAR, spans {_SPAN})"
    )


def load_fillings(con: duckdb.DuckDBPyConnection, seed: int, name: str, persons: Ints, is_foreign: bool) -> None:
    """Table `filling` with the slots of a text for each of the persons (rows of table `person`), by `n` from 0.

    Telephone numbers are written as people write them: plain, in groups, with the country, in full-width digits.
    """
    table = pa.table(
        {
            "n": pa.array(np.arange(len(persons))),
            "person": pa.array(persons),
            "national_id": national_ids(seed, name, len(persons)),
        }
    )
    con.register("filling_arrow", table)
    own = "coalesce(p.shop_phone, p.market_phone)"
    if is_foreign:
        phone = (
            f"CASE WHEN {own} LIKE '+1 %' THEN {own} ELSE '+1 408-555-' || lpad((n * 37 % 10000)::varchar, 4, '0') END"
        )
        forms = "phone"
        address = "p.street || ', ' || p.city || ', ' || p.state_code || ' ' || p.postcode"
    else:
        right = f"regexp_full_match({own}, '1[3-9][0-9]{{9}}')"
        phone = f"CASE WHEN {right} THEN {own} ELSE '139' || lpad((n * 48271 % 100000000)::varchar, 8, '0') END"
        forms = (
            "CASE n % 6 WHEN 1 THEN phone[:3] || ' ' || phone[4:7] || ' ' || phone[8:] "
            "WHEN 2 THEN phone[:3] || '-' || phone[4:7] || '-' || phone[8:] WHEN 3 THEN '+86 ' || phone "
            "WHEN 4 THEN translate(phone, '0123456789', '０１２３４５６７８９') ELSE phone END"
        )
        address = (
            "p.province_full || CASE WHEN p.province_full = p.city THEN '' ELSE p.city END || p.district || p.street"
        )
    con.execute(
        f"""
        CREATE OR REPLACE TABLE filling AS
        SELECT * EXCLUDE (phone), {forms} AS phone FROM (
            SELECT n, p.name, {phone} AS phone, p.email, f.national_id, {address} AS address,
                'cy_' || regexp_extract(p.email, '^[a-z]+') || p.person::varchar AS account
            FROM filling_arrow f JOIN person p USING (person)
        ) ORDER BY n
        """
    )
    con.unregister("filling_arrow")


def composed(templates: Sequence[str], source: str) -> str:
    """SQL: the rows of `source` with `text` and `spans`; its column `template` numbers the templates from 0, its other
    columns are the slots."""
    texts, spans = [], []
    for number, template in enumerate(templates):
        pieces = _SLOT.split(template)  # literal, slot, literal, slot, ...
        before, finds = [], []
        for index, piece in enumerate(pieces):
            if index % 2 == 0:
                before.append(_quoted(piece))
                continue
            begin = f"length({' || '.join(before)})"
            finds.append(
                f"{{'start': {begin}::int, 'end': ({begin} + length({piece}))::int, 'class': '{CLASSES[piece]}', "
                f"'value': {piece}}}"
            )
            before.append(piece)
        texts.append(f"WHEN {number} THEN {' || '.join(before)}")
        spans.append(f"WHEN {number} THEN [{', '.join(finds)}]::{_SPAN}")
    return (
        f"SELECT *, CASE template {' '.join(texts)} END AS text, CASE template {' '.join(spans)} END AS spans "
        f"FROM ({source})"
    )


def plant(
    con: duckdb.DuckDBPyConnection, system: str, export: str, heading: str, entity: str, record_key: str, source: str
) -> None:
    """Note the texts of `source` (a table or query with `text`, `spans` and what the SQL `record_key` names)."""
    con.execute(
        f"INSERT INTO planted_text SELECT '{system}', '{export}', '{heading}', '{entity}', {record_key}, text, spans "
        f"FROM {source}"
    )


def write_truth(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """`free_text.parquet`, one row per text."""
    rows = con.execute("SELECT * FROM planted_text ORDER BY source_system, export, heading, record_key, text")
    pq.write_table(rows.fetch_arrow_table(), folder / "free_text.parquet", compression="zstd")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
