"""The sizes of the rate benchmark's measurements: in full, and for a quick try."""

from dataclasses import dataclass
from itertools import product

from tools.bench.rate.backlog import BACKFILL, RETRY
from tools.bench.rate.defaults import WORKERS
from tools.bench.rate.outage import HTTP, NO_ANSWER


@dataclass(frozen=True)
class Sizing:
    """How much is measured. Times are in seconds.

    Attributes:
        uploads: uploads of each steady-state run.
        combinations: latency and number of workers of each steady-state run.
        max_seconds: bound of a run with another number of workers than the template's. Five latencies are added.
        baselines: strategy and latency of each baseline run.
        baseline_seconds: how long each baseline run sends.
        many_uploads: uploads of the runs with twenty workers.
        outages: mode, uploads and seconds of each outage.
        limits: requests a second, the seconds for which they are measured, and the fresh uploads a second meanwhile.
        waiting: messages, their queue, and the fresh uploads that arrive while they wait.
        priorities: retries and backfill messages of the run with two full queues.
    """

    uploads: int
    combinations: tuple[tuple[float, int], ...]
    max_seconds: float
    baselines: tuple[tuple[str, float], ...]
    baseline_seconds: float
    many_uploads: int
    outages: tuple[tuple[str, int, float], ...]
    limits: tuple[tuple[float, float, float], ...]
    waiting: tuple[tuple[int, str, int], ...]
    priorities: tuple[int, int]


FULL = Sizing(
    uploads=600,
    combinations=tuple(product((0.1, 1.0, 5.0), sorted({1, 2, 4, 8, WORKERS}))),
    max_seconds=15.0,
    baselines=(("concurrency", 0.1), ("concurrency", 1.0), ("concurrency", 5.0), ("counter", 0.1)),
    baseline_seconds=10.0,
    # Each of the twenty workers gets more than a batch.
    many_uploads=330,
    outages=((HTTP, 500, 60.0), (NO_ANSWER, 500, 60.0)),
    # At the low ones twice as many uploads come as the limit allows: they must not take slots that they cannot use.
    limits=((0.1, 240, 0.2), (0.5, 90, 1), (1, 60, 2), (1, 60, 0), (5, 40, 0), (10, 40, 0), (200, 20, 0)),
    waiting=((10_000, BACKFILL, 20), (10_000, RETRY, 10)),
    priorities=(180, 360),
)
QUICK = Sizing(
    uploads=150,
    combinations=((0.1, WORKERS), (5.0, WORKERS)),
    max_seconds=15.0,
    baselines=(("concurrency", 0.1), ("counter", 0.1)),
    baseline_seconds=6.0,
    many_uploads=150,
    # An outage is longer than its detection.
    outages=((HTTP, 300, 38.0), (NO_ANSWER, 300, 38.0)),
    limits=((0.5, 40, 1), (1, 40, 2), (200, 10, 0)),
    waiting=((600, BACKFILL, 5), (600, RETRY, 5)),
    priorities=(105, 150),
)
