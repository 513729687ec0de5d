"""What an op does when something goes wrong: retry what may pass, never say a record's value.

Belongs here: turning exceptions of the rooms into Dagster's. Not here: the texts (`scrub.py`), outcomes (`session.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from ingestion.errors import MilepostError, TransientError, of_storage
from orchestration.scrub import brief, own_frames

#: Tries after the first one, and the seconds between them, doubling.
RETRIES = 3
RETRY_SECONDS = 5.0

#: What the ops of this process failed with, last one last: the command line reads it, since Dagster keeps texts only.
FAILURES: list[BaseException] = []


@contextmanager
def guarded() -> Iterator[None]:
    """Around the work of an op: a TransientError is retried, everything else fails the op at once.

    Messages of engines quote values and Dagster stores messages, so every exception but our own is replaced by one that
    says its type and place; the chain is cut for the same reason.
    """
    try:
        yield
    except TransientError as error:
        FAILURES.append(error)
        raise dg.RetryRequested(max_retries=RETRIES, seconds_to_wait=RETRY_SECONDS) from None
    except MilepostError as error:
        FAILURES.append(error)
        raise dg.Failure(description=str(error), allow_retries=False) from None
    except dg.DagsterError:
        raise
    except Exception as error:  # noqa: BLE001 (raised again, by type and place)
        FAILURES.append(of_storage(error) or error)
        raise dg.Failure(
            description=brief(error),
            metadata={"places": dg.MetadataValue.json(own_frames(error))},
            allow_retries=False,
        ) from None
