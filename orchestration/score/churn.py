"""Score of the churn risk: what was said at the end of a quarter, against what customers did in the next one.

Belongs here: which rows of `customers.churn_risk` are judged, and the bars. Not here: the rules, the probabilities, the
arithmetic. The truth is what came, so this part needs no file: a probability of a past quarter's end was learned from
the quarters before it alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ingestion.errors import MilepostError
from orchestration.score import Score, judged, need_marts, told

if TYPE_CHECKING:
    import duckdb

PART = "churn"
#: Chance that a customer who left was given a higher probability than one who stayed.
AUC_BAR = 0.80
#: Mean gap between the probability and the share that left, over ten groups of customers.
CALIBRATION_BAR = 0.05


def score(marts: duckdb.DuckDBPyConnection, truth: Path) -> list[Score]:
    """AUC, Brier score and calibration of the probability, AUC of the flag; MilepostError where no quarter's outcome is
    known yet."""
    from dbt_project.inference.scoring import auc, brier, calibration_error

    need_marts(marts, "customers.churn_risk")
    rows = marts.execute(
        """
        select
            said.churn_probability as probability,
            said.is_at_risk::integer as flag,
            (came.last_purchase_date <= said.as_of_date)::integer as left_us
        from customers.churn_risk as said
        inner join customers.churn_risk as came
            on
                said.customer_id = came.customer_id
                and last_day(said.as_of_date + interval 3 month) = came.as_of_date
        where said.churn_probability is not null
        order by said.as_of_date, said.customer_id
        """
    ).fetchnumpy()
    count = len(rows["left_us"])
    if not count:
        raise MilepostError(
            "no quarter with a probability is followed by one that is over",
            where="customers.churn_risk",
            remedy="Three quarters of history are needed, the last of them over",
        )
    note = f"{count} customers at the end of a quarter, {float(sum(rows['left_us'])) / count:.0%} of whom left"
    return [
        judged(PART, "AUC of the probability", auc(rows["probability"], rows["left_us"]), AUC_BAR, note=note),
        judged(
            PART,
            "calibration error of the probability",
            calibration_error(rows["probability"], rows["left_us"]),
            CALIBRATION_BAR,
            lower=True,
            note="ten groups of customers",
        ),
        told(PART, "Brier score of the probability", brier(rows["probability"], rows["left_us"]), lower=True),
        told(
            PART, "AUC of the rules' flag", auc(rows["flag"], rows["left_us"]), note="at risk or not, as rules.md says"
        ),
    ]
