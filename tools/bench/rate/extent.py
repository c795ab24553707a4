"""How much is measured: in full, and to try it."""

from dataclasses import dataclass
from itertools import product

from tools.bench.rate.backlog import BACKFILL, RETRY
from tools.bench.rate.defaults import WORKERS
from tools.bench.rate.outage import HTTP, NO_ANSWER


@dataclass(frozen=True)
class Extent:
    """Times in seconds."""

    uploads: int
    combinations: tuple[tuple[float, int], ...]  # latency, workers
    longest: float  # with another number of workers than the template's; five latencies more
    usual: tuple[tuple[str, float], ...]  # way, latency
    usual_seconds: float
    many_uploads: int
    outages: tuple[tuple[str, int, float], ...]  # mode, uploads, seconds
    waiting: tuple[tuple[int, str, int], ...]  # messages, queue, fresh uploads
    lanes: tuple[int, int]  # retries, backfill


FULL = Extent(
    uploads=600,
    combinations=tuple(product((0.1, 1.0, 5.0), sorted({1, 2, 4, 8, WORKERS}))),
    longest=15.0,
    usual=(("concurrency", 0.1), ("concurrency", 1.0), ("concurrency", 5.0), ("counter", 0.1)),
    usual_seconds=10.0,
    many_uploads=330,  # a whole batch for each of the twenty, and some more
    outages=((HTTP, 500, 60.0), (NO_ANSWER, 500, 60.0)),
    waiting=((10_000, BACKFILL, 20), (10_000, RETRY, 10)),
    lanes=(180, 360),
)
QUICK = Extent(
    uploads=150,
    combinations=((0.1, WORKERS), (5.0, WORKERS)),
    longest=15.0,
    usual=(("concurrency", 0.1), ("counter", 0.1)),
    usual_seconds=6.0,
    many_uploads=150,
    outages=((HTTP, 300, 38.0), (NO_ANSWER, 300, 38.0)),  # longer than until it is noticed
    waiting=((600, BACKFILL, 5), (600, RETRY, 5)),
    lanes=(105, 150),
)
