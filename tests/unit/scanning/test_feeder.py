"""feeder.py: what a job selects is sent once, a minute's work at most waits, and a run that dies loses nothing."""

import random
import tracemalloc
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pytest

from photodna_guard.domain.backfill_job import BackfillJob, BackfillProgress, JobState, KnownResult
from photodna_guard.domain.errors import RetryableError
from photodna_guard.domain.models import ScanJob, Status, Upload
from photodna_guard.domain.version_listing import Cursor, ListedVersion, ListingPage
from photodna_guard.scanning.feeder import QUEUED_SECONDS, STEP, Feeder
from photodna_guard.scanning.ports.listing import VersionListing
from tests.support.fakes.failing import NOW, Failing
from tests.support.fakes.messages import FakeRetryQueue, FakeTelemetry

BEGAN = "2026-11-26T10:00:00.000Z"
JOB = BackfillJob("job-1", "uploads", JobState.RUNNING, BEGAN)


@dataclass
class FakeVersions(Failing):
    """The versions of a bucket, in pages."""

    versions: list[ListedVersion] = field(default_factory=list)
    page: int = 7

    def __call__(self, bucket: str, prefix: str) -> "FakeVersions":
        assert bucket == JOB.bucket
        return replace(self, versions=[one for one in self.versions if one.upload.key.startswith(prefix)])

    def read_page(self, cursor: Cursor) -> ListingPage:
        self.call("read_page")
        behind = [one for one in self.versions if one.upload.key > cursor.key]
        page = tuple(behind[: self.page])
        return ListingPage(page, Cursor(page[-1].upload.key, "v1") if len(behind) > self.page else None)


@dataclass
class FakeJobs(Failing):
    """The jobs and their progress."""

    jobs: list[BackfillJob] = field(default_factory=lambda: [JOB])
    progress: dict[str, BackfillProgress] = field(default_factory=dict)

    def find_running(self) -> list[tuple[BackfillJob, BackfillProgress]]:
        self.call("find_running")
        found = [(job, self.progress.get(job.id, BackfillProgress())) for job in self.jobs]
        return [(job, one) for job, one in found if job.state is JobState.RUNNING and not one.is_complete]

    def save(self, job: BackfillJob, progress: BackfillProgress) -> bool:
        self.call("save")
        if self.progress.get(job.id, BackfillProgress()).revision != progress.revision - 1:
            return False
        self.progress[job.id] = progress
        return True


@dataclass
class WorkedQueue(FakeRetryQueue):
    """A queue from which workers take messages, and the most that it ever held."""

    taken: int = 0
    longest: int = 0

    def count_messages(self) -> int:
        self.call("count_messages")
        waiting = len(self.sent) - self.taken
        self.longest = max(self.longest, waiting)
        return waiting


class World:
    """A feeder among fakes, and workers that take from the queue at the rate."""

    def __init__(self, count: int = 20, page: int = 7, rate: float = 10, drains: bool = True) -> None:
        versions = [ListedVersion(Upload("uploads", f"{n:06}.jpg", "etag", "v1", 7), NOW) for n in range(count)]
        self.versions, self.jobs, self.queue = FakeVersions(versions=versions, page=page), FakeJobs(), WorkedQueue()
        self.results: dict[tuple[str, str], KnownResult] = {}
        self.now, self.rate, self.drains, self.worked = NOW, rate, drains, 0.0
        self.feeder = self.make_feeder()

    def make_feeder(self) -> Feeder:
        return Feeder(
            self.jobs,
            self.versions,
            self.results_of,
            self.queue,
            FakeTelemetry(),
            self.rate,
            lambda: self.now,
            self.sleep,
        )

    def results_of(self, uploads: Iterable[Upload]) -> Mapping[tuple[str, str], KnownResult]:
        keys = [upload.record_key for upload in uploads]
        assert len(keys) <= STEP
        self.now += 0.1
        return {key: self.results[key] for key in keys if key in self.results}

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.worked += seconds * self.rate
        self.work(int(self.worked))
        self.worked %= 1

    def work(self, count: int) -> None:
        """Have workers settle the next messages, each upload once."""
        if not self.drains:
            return
        for job, _ in self.queue.sent[self.queue.taken : self.queue.taken + count]:
            key = job.upload.record_key
            self.results.setdefault(key, KnownResult(Status.CLEAN, settled_at="2026-11-26T11:00:00.000Z"))
        self.queue.taken = min(self.queue.taken + count, len(self.queue.sent))

    def run(self, seconds: float = 1e6) -> None:
        self.feeder.run(seconds)

    @property
    def sent(self) -> list[str]:
        return [job.upload.key for job, _ in self.queue.sent]


def keys(*numbers: int) -> list[str]:
    return [f"{number:06}.jpg" for number in numbers]


def test_every_version_without_a_result_is_sent_once() -> None:
    world = World(count=20)
    world.results[("uploads/000003.jpg", "v1")] = KnownResult(Status.CLEAN, settled_at=BEGAN)
    world.results[("uploads/000004.jpg", "v1")] = KnownResult(Status.DEFERRED)
    world.results[("uploads/000005.jpg", "v1")] = KnownResult(Status.GONE, settled_at=BEGAN)
    world.run()
    assert world.sent == keys(*(n for n in range(20) if n not in (3, 4)))
    assert world.jobs.progress[JOB.id].is_complete
    assert (world.jobs.progress[JOB.id].listed, world.jobs.progress[JOB.id].sent) == (20, 18)
    assert all(job == ScanJob(job.upload, rescan=True) for job, _ in world.queue.sent)
    world.run()
    assert len(world.sent) == 18, "a complete job was fed again"


@pytest.mark.parametrize(
    ("job", "selected"),
    [
        (
            replace(JOB, status=Status.UNSCANNABLE),
            ["UNSCANNABLE format-heic", "UNSCANNABLE damaged", "UNSCANNABLE kms-key"],
        ),
        (replace(JOB, status=Status.UNSCANNABLE, reason="format-heic"), ["UNSCANNABLE format-heic"]),
        (replace(JOB, settled_until="2026-08-01T00:00:00.000Z"), ["CLEAN old", "none"]),
        (replace(JOB, settled_until="2026-08-01T00:00:00.000Z", status=Status.CLEAN), ["CLEAN old"]),
        (JOB, ["UNSCANNABLE kms-key", "none", "GONE", "FAILED"]),
        (replace(JOB, current_only=True), ["UNSCANNABLE kms-key", "GONE", "FAILED"]),
    ],
    ids=["status", "reason", "age", "age and status", "missing", "current versions"],
)
def test_each_filter_selects_its_own(job: BackfillJob, selected: list[str]) -> None:
    new = "2026-11-01T00:00:00.000Z"
    known = {
        "UNSCANNABLE format-heic": KnownResult(Status.UNSCANNABLE, "format-heic", new),
        "UNSCANNABLE damaged": KnownResult(Status.UNSCANNABLE, "damaged", new),
        "UNSCANNABLE kms-key": KnownResult(Status.UNSCANNABLE, "kms-key", new),
        "CLEAN old": KnownResult(Status.CLEAN, "", "2026-07-01T00:00:00.000Z"),
        "CLEAN new": KnownResult(Status.CLEAN, "", new),
        "QUARANTINED old": KnownResult(Status.QUARANTINED, "", "2026-07-01T00:00:00.000Z"),
        "MATCHED": KnownResult(Status.MATCHED),
        "PENDING": KnownResult(Status.PENDING),
        "none": None,
        "GONE": KnownResult(Status.GONE, "", new),
        "FAILED": KnownResult(Status.FAILED, "", new),
    }
    upload = Upload("uploads", "a.jpg", "etag", "v1")
    found = [name for name, one in known.items() if job.selects(ListedVersion(upload, NOW, name not in ("none",)), one)]
    assert found == selected


def test_rescan_opens_what_was_settled_before_it_began_only() -> None:
    job = replace(JOB, settled_until="2026-08-01T00:00:00.000Z")
    assert job.make_message(Upload("uploads", "a.jpg", "etag", "v1")).reopen_settled_until == BEGAN


def test_minutes_work_at_most_waits() -> None:
    world = World(count=3000, page=1000)
    world.run()
    assert len(world.sent) == 3000
    assert world.queue.longest <= 10 * QUEUED_SECONDS


def test_queue_that_does_not_drain_is_not_filled_further() -> None:
    world = World(count=3000, page=1000, drains=False)
    world.run(seconds=55)
    assert len(world.sent) == 600
    assert world.now - NOW <= 55


def test_lowest_rate_is_fed() -> None:
    world = World(count=9, rate=0.1)
    world.run()
    assert sorted(set(world.sent)) == keys(*range(9))
    assert world.queue.longest <= 6


def test_pause_acts_at_the_next_step() -> None:
    world = World(count=500, page=1000)
    world.jobs.fails["save"] = [None, None]
    original = world.jobs.save

    def save_and_pause(job: BackfillJob, progress: BackfillProgress) -> bool:
        world.jobs.jobs = [replace(JOB, state=JobState.PAUSED)]
        return original(job, progress)

    world.jobs.save = save_and_pause  # type: ignore[method-assign]
    world.run()
    assert len(world.sent) == STEP
    world.jobs.save = original  # type: ignore[method-assign]
    world.jobs.jobs = [JOB]
    world.run()
    assert world.sent == keys(*range(500))


def test_jobs_take_turns() -> None:
    world = World(count=400, page=1000)
    world.jobs.jobs = [JOB, replace(JOB, id="job-2", settled_until=BEGAN)]
    world.run(seconds=15.5)
    assert {job.reopen_settled_until for job, _ in world.queue.sent} == {"", BEGAN}


def test_job_whose_bucket_is_gone_keeps_no_other_from_its_turn() -> None:
    world = World(count=20)
    world.jobs.jobs = [replace(JOB, id="gone", prefix="gone/"), replace(JOB, id="other")]
    listing = world.feeder._versions_of

    def versions_of(bucket: str, prefix: str) -> VersionListing:
        if prefix == "gone/":
            raise RetryableError("s3:ListObjectVersions: NoSuchBucket")
        return listing(bucket, prefix)

    world.feeder._versions_of = versions_of
    with pytest.raises(RetryableError, match="NoSuchBucket"):
        world.feeder.run(60)
    assert world.jobs.progress["other"].is_complete
    assert world.jobs.progress["other"].sent == 20
    assert "gone" not in world.jobs.progress


def test_two_feeders_take_each_step_once() -> None:
    world = World(count=50, page=1000)
    other = world.make_feeder()
    original, is_first = world.results_of, [True]

    def look_up_late(uploads: Iterable[Upload]) -> Mapping[tuple[str, str], KnownResult]:
        if is_first.pop() if is_first else False:
            other.run()
        return original(uploads)

    world.feeder = Feeder(
        world.jobs, world.versions, look_up_late, world.queue, FakeTelemetry(), 10, lambda: world.now, world.sleep
    )
    world.run()
    # The slower one's step is sent twice, as after a crash, and its progress is refused.
    assert sorted(set(world.sent)) == keys(*range(50))
    assert world.jobs.progress[JOB.id].sent == 50


@pytest.mark.parametrize("seed", range(30))
def test_crashes_lose_nothing_and_ask_nothing_twice(seed: int) -> None:
    """Each call may be the last of its run. Workers settle in between, and an upload costs one request."""
    chance, world = random.Random(seed), World(count=400, page=90)
    for crashes in range(40):
        name = chance.choice(["save", "send", "read_page", "count_messages", "find_running"])
        fake = {"save": world.jobs, "find_running": world.jobs, "read_page": world.versions}.get(name, world.queue)
        fake.fails[name] = [*[None] * chance.randint(0, 60), RetryableError("killed")] if crashes < 10 else []
        try:
            world.feeder = world.make_feeder()
            world.run(seconds=60)
        except RetryableError:
            pass
        world.work(chance.randint(0, 200))
    world.work(10_000)
    assert set(world.results) == {(f"uploads/{key}", "v1") for key in keys(*range(400))}
    assert world.jobs.progress[JOB.id].is_complete
    # What was sent and not saved is sent again: a step for each crash at most.
    assert len(world.sent) <= 400 + 10 * STEP


class EndlessVersions:
    """A bucket of any size, made page by page, and how often it was listed."""

    def __init__(self, count: int) -> None:
        self.count, self.pages = count, 0

    def __call__(self, bucket: str, prefix: str) -> "EndlessVersions":
        return self

    def read_page(self, cursor: Cursor) -> ListingPage:
        self.pages += 1
        first = int(cursor.key or "-1") + 1
        last = min(first + 1000, self.count)
        page = tuple(ListedVersion(Upload("uploads", f"{n:09}", "etag", "v1", 7), NOW) for n in range(first, last))
        return ListingPage(page, Cursor(f"{last - 1:09}", "v1") if last < self.count else None)


class CountedQueue(FakeRetryQueue):
    """A queue that keeps nothing, and from which workers take ten messages a second."""

    def __init__(self, clock: list[float]) -> None:
        super().__init__()
        self.clock, self.count, self.empty_at = clock, 0, clock[0]

    def send_all(self, jobs: Sequence[ScanJob]) -> None:
        self.count += len(jobs)
        self.empty_at = max(self.empty_at, self.clock[0]) + len(jobs) / 10

    def count_messages(self) -> int:
        return max(0, round((self.empty_at - self.clock[0]) * 10))


def test_large_bucket_needs_little_memory_and_each_page_twice_at_most() -> None:
    """What a run has listed and not sent, the next one lists again."""
    count, clock = 60_000, [NOW]
    versions, jobs, queue = EndlessVersions(count), FakeJobs(), CountedQueue(clock)

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    feeder = Feeder(jobs, versions, lambda _: {}, queue, FakeTelemetry(), 10, lambda: clock[0], sleep)
    tracemalloc.start()
    peaks, runs = [], 0
    while not jobs.progress.get(JOB.id, BackfillProgress()).is_complete:
        jobs.calls.clear()
        jobs.order.clear()
        tracemalloc.reset_peak()
        began = clock[0]
        feeder.run(seconds=75)
        clock[0] = max(clock[0], began + 60)
        peaks.append(tracemalloc.get_traced_memory()[1])
        runs += 1
    tracemalloc.stop()
    assert queue.count == count
    assert max(peaks) < 3_000_000
    assert max(peaks[-10:]) < 1.5 * max(peaks[:10]), "the memory grows with the bucket"
    assert versions.pages <= 2 * count / 1000 + 2
    # The rate that the backfill gets is used to the full: 600 are sent in a minute.
    assert (clock[0] - NOW) * 10 <= count * 1.05
