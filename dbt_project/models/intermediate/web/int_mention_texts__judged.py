"""Sentiment of every distinct text of the mentions: text_hash and text_sentiment.

Belongs here: handing texts to `dbt_project.inference.sentiment`. To judge by other means, change that function: what
this model returns is all that marts know of it.
"""

import hashlib
from typing import Any

import pyarrow as pa


def model(dbt: Any, session: Any) -> pa.Table:
    """One row per distinct text that says anything."""
    dbt.config(materialized="table")
    from dbt_project.inference.sentiment import sentiments

    mentions = dbt.ref("stg_mention")
    texts = [row[0] for row in mentions.project("content").filter("content is not null").distinct().fetchall()]
    texts = sorted(text for text in texts if text.strip())
    return pa.table(
        {
            "text_hash": pa.array([hashlib.md5(text.encode()).hexdigest() for text in texts], pa.string()),
            "text_sentiment": pa.array(sentiments(texts), pa.float64()),
        }
    )
