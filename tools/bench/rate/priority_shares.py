"""Compute each priority's share of the requests while two queues are full, and the backfill's rate afterwards. Pure."""

from collections.abc import Sequence
from typing import Any

from tools.bench.rate import measurements
from tools.bench.rate.measurements import EDGE, Request

# The folder in an object's key names the queue of its message.
RETRIES, BACKFILL = "retry", "backfill"


def classify_priority(request: Request) -> int:
    """Return 0 for a retry's request, 1 for one of the backfill."""
    return 1 if f"/{BACKFILL}/" in (request["object"] or "") else 0


def compute_shares(requests: Sequence[Request], limit: float) -> dict[str, Any]:
    """Return the figures of both priorities. A figure is None where there are too few requests for it.

    `retry_share` is the retries' share of the requests in their steady interval. `handover_seconds` go from the last
    retry to the next request of the backfill. `backfill_utilization` is of the limit, from the last retry on.
    """
    retries = measurements.list_arrivals([request for request in requests if classify_priority(request) == 0])
    backfill = measurements.list_arrivals([request for request in requests if classify_priority(request) == 1])
    after = [time for time in backfill if retries and time > retries[-1]]
    return {
        "retry_share": _retry_share(retries, backfill),
        "handover_seconds": after[0] - retries[-1] if after else None,
        "backfill_utilization": measurements.compute_utilization(after, limit),
        "backfill_requests_before": len(backfill) - len(after),
    }


def _retry_share(retries: Sequence[float], backfill: Sequence[float]) -> float | None:
    """Return the retries' share of the arrivals in their steady interval, which begins once their workers are up."""
    if len(retries) <= 2 * EDGE:
        return None
    begin, end = retries[EDGE], retries[-EDGE]
    retried, backfilled = (sum(begin <= time < end for time in times) for times in (retries, backfill))
    return retried / (retried + backfilled)
