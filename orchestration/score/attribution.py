"""Score of the attribution models against what really brought each order of the sample company.

Belongs here: what `marketing.attribution_credits` is compared with, and its bars. Not here: the models, the arithmetic.
The truth names the channel that caused an order; a model knows the visits only. Compared are orders that a touch came
before, as shares of the channels: the rank correlation over channels, and the mean absolute error of the shares.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ingestion.errors import MilepostError
from orchestration.score import Score, judged, need_marts, need_truth, told

if TYPE_CHECKING:
    import duckdb

PART = "attribution"
#: Models that look at all touches of a journey. The ones that look at a single touch are told, not judged: the sample
#: company's buyers come back by direct, search and mail, which a last touch cannot see through.
JUDGED = ("linear", "position_based", "time_decay", "markov", "shapley")
CORRELATION_BAR = 0.7
ERROR_BAR = 0.04
#: Words of the truth that are other channels in the exports: social commerce is tagged as social.
CHANNELS = {"social_commerce": "organic_social"}


def score(marts: duckdb.DuckDBPyConnection, truth: Path) -> list[Score]:
    """Two measures per model; MilepostError where mart or truth is missing or no order with a touch has a truth."""
    from dbt_project.inference.scoring import mean_absolute_error, spearman

    need_marts(marts, "marketing.attribution_credits")
    path = need_truth(truth, "orders.parquet")
    words = " ".join(f"when '{word}' then '{channel}'" for word, channel in CHANNELS.items())
    rows = marts.execute(
        f"""
        with caused as (
            select
                source_system || ':' || order_id as order_key,
                case marketing_channel {words} else marketing_channel end as channel
            from read_parquet(?)
        ),
        credited as (
            select credit.*, caused.channel as true_channel
            from marketing.attribution_credits as credit
            inner join caused on credit.conversion_key = caused.order_key
            where credit.conversion_kind = 'order' and credit.touchpoint_key is not null
        ),
        channels as (select marketing_channel as channel from credited union select true_channel from credited),
        models as (select attribution_model, sum(credit) as whole from credited group by all)
        select
            models.attribution_model as model,
            channels.channel,
            coalesce(sum(credit) filter (credited.marketing_channel = channels.channel), 0) / max(models.whole),
            coalesce(sum(credit) filter (credited.true_channel = channels.channel), 0) / max(models.whole),
            max(models.whole)
        from models
        cross join channels
        left join credited on models.attribution_model = credited.attribution_model
        group by all
        order by all
        """,
        [str(path)],
    ).fetchall()
    if not rows:
        raise MilepostError("no order with a touch has a known cause", where=str(path))
    scores: list[Score] = []
    for model in sorted({row[0] for row in rows}):
        shares = [row[2] for row in rows if row[0] == model]
        truths = [row[3] for row in rows if row[0] == model]
        note = f"{round(next(row[4] for row in rows if row[0] == model))} orders, {len(shares)} channels"
        correlation, error = spearman(shares, truths), mean_absolute_error(shares, truths)
        names = f"{model}: rank correlation", f"{model}: mean absolute error of shares"
        if model in JUDGED:
            scores.append(judged(PART, names[0], correlation, CORRELATION_BAR, note=note))
            scores.append(judged(PART, names[1], error, ERROR_BAR, lower=True, note=note))
        else:
            scores.append(told(PART, names[0], correlation, note=note))
            scores.append(told(PART, names[1], error, lower=True, note=note))
    return scores
