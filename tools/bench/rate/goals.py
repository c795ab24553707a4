"""The goals of the rate, each with its measured value and the amount by which it was missed. Pure."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

# As a fraction of the limit.
MIN_UTILIZATION = 0.97
# Two cores do not serve more requests a second with the embedded AWS. A higher limit is kept, and not used fully.
MAX_SERVED_LIMIT = 10.0
# From the end of an outage until 95 % of the limit.
MAX_RECOVERY_SECONDS = 5.0
# Beyond the service's latency, while a backfill runs.
MAX_FRESH_UPLOAD_SECONDS = 2.0
MAX_LIMITER_WRITES_PER_REQUEST = 0.1
# While the service is known to be unavailable.
MAX_OUTAGE_REQUESTS_PER_SECOND = 1.0
# Of the requests, while the backfill waits too.
MIN_RETRY_SHARE = 0.95


@dataclass(frozen=True)
class Goal:
    """A bound and the measured value. Where `measured` is None, nothing could be measured and the goal is missed."""

    name: str
    measured: float | None
    minimum: float = -math.inf
    maximum: float = math.inf

    @property
    def missed_by(self) -> float:
        """The amount by which the goal is missed, 0 if it is reached."""
        if self.measured is None:
            return math.inf
        return max(0.0, self.minimum - self.measured, self.measured - self.maximum)

    @property
    def bound(self) -> str:
        """The bound in words."""
        return f">= {self.minimum:g}" if self.minimum > -math.inf else f"<= {self.maximum:g}"

    def as_dict(self) -> dict[str, Any]:
        """Return the goal for JSON, which has no infinity."""
        by = None if self.missed_by == math.inf else round(self.missed_by, 4)
        bounds = {name: value for name, value in asdict(self).items() if value not in (math.inf, -math.inf)}
        return bounds | {"bound": self.bound, "missed_by": by, "reached": self.missed_by == 0}


def check_goals(result: Mapping[str, Any]) -> list[Goal]:
    """Return every goal. Rate and writes are checked with the template's number of workers, the limit in every run."""
    return [
        *_check_rate(result),
        *_check_limit(result),
        *(goal for run in result["limits"] for goal in _check_each_limit(run)),
        *(goal for outage in result["outages"] for goal in _check_outage(outage)),
        *(_check_fresh_uploads(run) for run in result["fresh_uploads"]),
        *_check_priorities(result["priorities"]),
    ]


def _check_rate(result: Mapping[str, Any]) -> Iterator[Goal]:
    workers = result["default_workers"]
    for run in (run for run in result["steady_state"] if run["workers"] == workers):
        where = f"{run['latency']:g} s, {workers} workers"
        yield Goal(f"utilization of the limit: {where}", run["utilization"], minimum=MIN_UTILIZATION)
        writes = run["writes_per_request"]
        yield Goal(f"rate limiter writes per request: {where}", writes, maximum=MAX_LIMITER_WRITES_PER_REQUEST)


def _check_limit(result: Mapping[str, Any]) -> Iterator[Goal]:
    start, skew = result["simultaneous_start"], result["clock_skew"]
    yield from _limit_goals("steady state", result["steady_state"])
    yield from _limit_goals(f"simultaneous start of {start['workers']} workers", [start])
    yield from _limit_goals(f"{skew['workers']} workers, clock skew of {skew['skew_ms']} ms", [skew])
    yield from _limit_goals("outages", result["outages"])
    yield from _limit_goals("fresh uploads", result["fresh_uploads"])
    yield from _limit_goals("two priorities", [result["priorities"]])


def _check_each_limit(run: Mapping[str, Any]) -> Iterator[Goal]:
    name = f"{run['limit']:g} requests a second, {run['uploads_a_second']:g} uploads a second"
    if run["limit"] <= MAX_SERVED_LIMIT:
        yield Goal(f"utilization of the limit: {name}", run["utilization"], minimum=MIN_UTILIZATION)
    yield from _limit_goals(name, [run])


def _limit_goals(name: str, runs: Sequence[Mapping[str, Any]]) -> Iterator[Goal]:
    limit = runs[0]["window_limit"]
    yield Goal(f"largest window: {name}", max(run["largest_window"] for run in runs), maximum=limit)
    yield Goal(f"responses of 429: {name}", sum(run["refused_429"] for run in runs), maximum=0)


def _check_outage(outage: Mapping[str, Any]) -> Iterator[Goal]:
    name = f"outage of {outage['seconds']:.0f} s, {outage['mode']}"
    yield Goal(f"lost uploads: {name}", outage["lost"], maximum=0)
    yield Goal(f"unsettled uploads: {name}", outage["unsettled"], maximum=0)
    yield Goal(f"dead letters: {name}", outage["dead_letters"], maximum=0)
    yield Goal(f"seconds until 95 % of the limit: {name}", outage["recovery_seconds"], maximum=MAX_RECOVERY_SECONDS)
    rate = outage["outage_request_rate"]
    yield Goal(f"requests a second once detected: {name}", rate, maximum=MAX_OUTAGE_REQUESTS_PER_SECOND)


def _check_fresh_uploads(run: Mapping[str, Any]) -> Goal:
    # While retries wait, the bound follows from their look-ahead.
    maximum = MAX_FRESH_UPLOAD_SECONDS if run["queue"] == "BackfillQueue" else run["bound"]
    name = f"seconds to a verdict beyond the latency: {run['messages']} in {run['queue']}"
    # The delays say nothing once the backlog is gone.
    largest = max(run["warm"]) if run["backlog_remained"] else None
    return Goal(f"{name}, largest of {len(run['warm'])}", largest, maximum=maximum)


def _check_priorities(run: Mapping[str, Any]) -> Iterator[Goal]:
    yield Goal("retries' share of the requests while a backfill waits", run["retry_share"], minimum=MIN_RETRY_SHARE)
    utilization = run["backfill_utilization"]
    yield Goal("utilization by the backfill without retries", utilization, minimum=MIN_UTILIZATION)
