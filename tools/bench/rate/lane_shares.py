"""Which lane got the requests while two queues were full, and what the lower one held afterwards. Pure."""

from collections.abc import Sequence
from typing import Any

from tools.bench.rate import measure
from tools.bench.rate.measure import EDGE, Request

RETRIES, BACKFILL = "retry", "backfill"  # the folder of an object's key says from which queue it comes


def lane(request: Request) -> int:
    """0 where the request is a retry, 1 where it is of the backfill."""
    return 1 if f"/{BACKFILL}/" in (request["object"] or "") else 0


def shares(requests: Sequence[Request], limit: float) -> dict[str, Any]:
    """`retry_share`: of the requests in the middle of the retries. `backfill_held`: of the limit, when these are done.

    `handover`: seconds from the last retry to the first request of the backfill after it. Each is None where there
    is nothing that could be judged.
    """
    retries = measure.arrivals([request for request in requests if lane(request) == 0])
    backfill = measure.arrivals([request for request in requests if lane(request) == 1])
    after = [time for time in backfill if retries and time > retries[-1]]
    return {
        "retry_share": _share(retries, backfill),
        "handover": after[0] - retries[-1] if after else None,
        "backfill_held": measure.held(after, limit),
        "backfill_before": len(backfill) - len(after),
    }


def _share(ours: Sequence[float], others: Sequence[float]) -> float | None:
    """Of the arrivals in our steady middle, which begins when our workers are up."""
    if len(ours) <= 2 * EDGE:
        return None
    begin, end = ours[EDGE], ours[-EDGE]
    mine, theirs = (sum(begin <= time < end for time in times) for times in (ours, others))
    return mine / (mine + theirs)
