"""Feed a bucket of millions of versions with the real feeder, count its calls, and work out a hundred million.

The bucket, the queue and the clock are simulated: workers take ten messages a second, and each run of the function has
its minute. Counts and memory are measured over the simulated bucket. Its calls grow with the versions alone, so that a
hundred million are those counts times a factor.
"""

import tracemalloc
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ops.costs import PRICE
from ops.guardctl.backfill_estimate import estimate_dollars
from photodna_guard.domain.backfill_job import BackfillJob, BackfillProgress, JobState, KnownResult
from photodna_guard.domain.models import ScanJob, Upload
from photodna_guard.domain.version_listing import Cursor, ListedVersion, ListingPage
from photodna_guard.scanning.feeder import Feeder
from tests.support.fakes.messages import FakeRetryQueue, FakeTelemetry

VERSIONS, QUICK_VERSIONS, GOAL_VERSIONS, RATE = 1_000_000, 100_000, 100_000_000, 10.0
MAX_MEGABYTES = 5.0
# SQS takes ten messages, and DynamoDB gives a hundred results, in a call.
_MESSAGES_OF_A_CALL = 10
_JOB = BackfillJob("job", "uploads", JobState.RUNNING, "2026-11-26T00:00:00.000Z")


@dataclass
class SimulatedAccount:
    """The bucket, the job and the clock. `calls` has the AWS calls of the feeder by their names."""

    versions: int
    now: float = 0.0
    calls: Counter[str] = field(default_factory=Counter)
    progress: BackfillProgress = field(default_factory=BackfillProgress)

    def sleep(self, seconds: float) -> None:
        """Let time go by."""
        self.now += seconds

    def find_running(self) -> list[tuple[BackfillJob, BackfillProgress]]:
        """Return the job until it is complete."""
        self.calls["Query"] += 1
        self.calls["GetItem"] += 1
        return [] if self.progress.is_complete else [(_JOB, self.progress)]

    def save(self, _: BackfillJob, progress: BackfillProgress) -> bool:
        """Keep the progress."""
        self.calls["UpdateItem"] += 1
        self.progress = progress
        return True

    def list_versions(self, _bucket: str, _prefix: str) -> "SimulatedAccount":
        """Return the listing: this account has one bucket."""
        return self

    def read_page(self, cursor: Cursor) -> ListingPage:
        """Return the next thousand versions."""
        self.calls["ListObjectVersions"] += 1
        first = int(cursor.key or "-1") + 1
        last = min(first + 1000, self.versions)
        page = tuple(ListedVersion(Upload("uploads", f"{n:09}", "etag", "v1", 7), 0.0) for n in range(first, last))
        return ListingPage(page, Cursor(f"{last - 1:09}", "v1") if last < self.versions else None)

    def find_results(self, uploads: Iterable[Upload]) -> Mapping[tuple[str, str], KnownResult]:
        """Return no result: each version is to be checked."""
        self.calls["BatchGetItem"] += 1
        self.calls["keys of BatchGetItem"] += sum(1 for _ in uploads)
        return {}


class SimulatedQueue(FakeRetryQueue):
    """A queue that keeps counts only."""

    def __init__(self, account: SimulatedAccount) -> None:
        super().__init__()
        self._account, self._empty_at, self.sent_messages, self.longest = account, 0.0, 0, 0

    def send_all(self, jobs: Sequence[ScanJob]) -> None:
        """Count the messages and the calls that carry them."""
        self._account.calls["SendMessageBatch"] += -(-len(jobs) // _MESSAGES_OF_A_CALL)
        self.sent_messages += len(jobs)
        self._empty_at = max(self._empty_at, self._account.now) + len(jobs) / RATE
        self.longest = max(self.longest, self._waiting())

    def count_messages(self) -> int:
        """Return what workers have not taken yet."""
        self._account.calls["GetQueueAttributes"] += 1
        return self._waiting()

    def _waiting(self) -> int:
        return max(0, round((self._empty_at - self._account.now) * RATE))


def simulate_backfill(quick: bool) -> dict[str, Any]:
    """Return the counts, the peak memory in MB, and the days, calls and dollars of a hundred million versions."""
    account = SimulatedAccount(QUICK_VERSIONS if quick else VERSIONS)
    queue = SimulatedQueue(account)
    peak, runs = _feed(account, queue)
    factor = GOAL_VERSIONS / account.versions
    of_goal = {name: round(count * factor) for name, count in sorted(account.calls.items())}
    used = queue.sent_messages / (account.now * RATE)
    return {
        "versions": account.versions,
        "sent": queue.sent_messages,
        "longest_queue": queue.longest,
        "peak_megabytes": round(peak / 1e6, 2),
        "share_of_the_rate": round(used, 4),
        "goal_versions": GOAL_VERSIONS,
        "goal_days": round(GOAL_VERSIONS / RATE / 86400, 1),
        "goal_runs": round(runs * factor),
        "goal_calls": of_goal,
        "goal_feeder_dollars": round(_price(of_goal), 2),
        "goal_dollars": round(estimate_dollars(GOAL_VERSIONS), 2),
        "reached": queue.sent_messages == account.versions and peak < MAX_MEGABYTES * 1e6 and used > 0.95,
    }


def _feed(account: SimulatedAccount, queue: SimulatedQueue) -> tuple[int, int]:
    """Run the function each minute until the job is complete. Return the peak memory in bytes, and the runs."""
    feeder = Feeder(
        account,
        account.list_versions,
        account.find_results,
        queue,
        FakeTelemetry(),
        RATE,
        lambda: account.now,
        account.sleep,
    )
    peak = runs = 0
    tracemalloc.start()
    while not account.progress.is_complete:
        began = account.now
        feeder.run(seconds=75)
        account.now, runs = max(account.now, began + 60), runs + 1
        queue.calls.clear()
        queue.order.clear()
        peak = max(peak, tracemalloc.get_traced_memory()[1])
    tracemalloc.stop()
    return peak, runs


def _price(calls: Mapping[str, int]) -> float:
    """Return what AWS bills for the feeder's calls, without its Lambda time."""
    reads = calls["keys of BatchGetItem"] / 2 + calls["GetItem"] + calls["Query"]
    queue = calls["SendMessageBatch"] + calls["GetQueueAttributes"]
    return (
        reads * PRICE["read_unit"]
        + calls["UpdateItem"] * PRICE["write_unit"]
        + calls["ListObjectVersions"] * PRICE["s3_put"]
        + queue * PRICE["sqs_request"]
    )
