"""The goals of the rate, each with what was measured and by how much it was missed. Pure."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

HELD = 0.97  # of the limit
BACK_WITHIN = 5.0  # seconds after an outage
VERDICT_WITHIN = 2.0  # seconds beyond the service's latency, while a backfill runs
WRITES = 0.1  # to the limiter's table, for each request
# Goals of our own:
TRICKLE = 1.0  # requests a second while the service is known to be away
RETRIES = 0.95  # of the requests, while the backfill waits as well


@dataclass(frozen=True)
class Goal:
    """`measured` is None where there was nothing to measure: then the goal is missed."""

    name: str
    measured: float | None
    least: float = -math.inf
    most: float = math.inf

    @property
    def missed_by(self) -> float:
        """0 where it is reached."""
        if self.measured is None:
            return math.inf
        return max(0.0, self.least - self.measured, self.measured - self.most)

    @property
    def wanted(self) -> str:
        return f">= {self.least:g}" if self.least > -math.inf else f"<= {self.most:g}"

    def as_dict(self) -> dict[str, Any]:
        """For JSON, which knows no infinity."""
        by = None if self.missed_by == math.inf else round(self.missed_by, 4)
        bounds = {name: value for name, value in asdict(self).items() if value not in (math.inf, -math.inf)}
        return bounds | {"wanted": self.wanted, "missed_by": by, "reached": self.missed_by == 0}


def judge(result: Mapping[str, Any]) -> list[Goal]:
    """Every goal. The rate and the writes are judged with the template's number of workers, the limit everywhere."""
    return [
        *_backlog(result),
        *_never_more(result),
        *(goal for outage in result["outages"] for goal in _outage(outage)),
        *(_fresh(fresh) for fresh in result["fresh"]),
        *_lanes(result["lanes"]),
    ]


def _backlog(result: Mapping[str, Any]) -> Iterator[Goal]:
    workers = result["default_workers"]
    for run in (run for run in result["standing"] if run["workers"] == workers):
        where = f"{run['latency']:g} s, {workers} workers"
        yield Goal(f"rate held, of the limit: {where}", run["held"], least=HELD)
        yield Goal(f"limiter writes for each request: {where}", run["writes_for_each"], most=WRITES)


def _never_more(result: Mapping[str, Any]) -> Iterator[Goal]:
    at_once, shifted = result["at_once"], result["shifted"]
    yield from _within("standing backlog", result["standing"])
    yield from _within(f"{at_once['workers']} workers at once", [at_once])
    yield from _within(f"{shifted['workers']} workers, clocks {shifted['apart_ms']} ms apart", [shifted])
    yield from _within("outages", result["outages"])
    yield from _within("fresh uploads", result["fresh"])
    yield from _within("two lanes", [result["lanes"]])


def _within(name: str, runs: Sequence[Mapping[str, Any]]) -> Iterator[Goal]:
    limit = runs[0]["window_limit"]
    yield Goal(f"largest one-second window: {name}", max(run["largest_window"] for run in runs), most=limit)
    yield Goal(f"answers of 429: {name}", sum(run["refused_429"] for run in runs), most=0)


def _outage(outage: Mapping[str, Any]) -> Iterator[Goal]:
    name = f"outage of {outage['seconds']:.0f} s, {outage['mode']}"
    yield Goal(f"uploads lost: {name}", outage["lost"], most=0)
    yield Goal(f"uploads not settled yet: {name}", outage["unsettled"], most=0)
    yield Goal(f"dead letters: {name}", outage["dead_letters"], most=0)
    yield Goal(f"seconds until 95 % of the limit again: {name}", outage["back_after"], most=BACK_WITHIN)
    yield Goal(f"requests a second once it was noticed: {name}", outage["trickle"], most=TRICKLE)


def _fresh(fresh: Mapping[str, Any]) -> Goal:
    """While a backfill runs, the issue's goal; while retries wait, the bound that pacing states."""
    within = VERDICT_WITHIN if fresh["queue"] == "BackfillQueue" else fresh["bound"]
    name = f"verdict, seconds beyond the latency: {fresh['messages']} in {fresh['queue']}"
    largest = max(fresh["warm"]) if fresh["still_waiting"] else None  # without a backlog it is no measure
    return Goal(f"{name}, largest of {len(fresh['warm'])}", largest, most=within)


def _lanes(lanes: Mapping[str, Any]) -> Iterator[Goal]:
    yield Goal("retries' share of the requests, a backfill waiting", lanes["retry_share"], least=RETRIES)
    yield Goal("rate held by the backfill, no retry waiting", lanes["backfill_held"], least=HELD)
