"""reconciler.py: uploads without a record are found, each looked up once or twice, and a run has bounds."""

from dataclasses import dataclass, field, replace

import pytest

from photodna_guard.domain.errors import RetryableError
from photodna_guard.domain.models import ScanRecord, Status, Upload
from photodna_guard.domain.version_listing import Cursor, ListedVersion, ListingPage, ListingPass
from photodna_guard.scanning.reconciler import (
    FIRST_PASS_SECONDS,
    GRACE_SECONDS,
    INTERVAL_SECONDS,
    MULTIPART_DAYS,
    PASS_SECONDS,
    Reconciler,
    Reconciliation,
)
from tests.support.fakes.failing import NOW, Failing
from tests.support.fakes.messages import FakeRetryQueue, FakeTelemetry
from tests.support.fakes.results import FakeResultLookup, FakeResultsTable

DAY = 86400.0
RATE = 0.01
DUE = NOW - GRACE_SECONDS - 1


@dataclass
class FakeListing(Failing):
    """The versions of a bucket, in pages of two."""

    versions: list[ListedVersion] = field(default_factory=list)
    read: list[str] = field(default_factory=list)

    def read_page(self, cursor: Cursor) -> ListingPage:
        self.call("read_page")
        self.read.append(cursor.key)
        behind = [one for one in sorted(self.versions, key=lambda one: one.upload.key) if one.upload.key > cursor.key]
        page = tuple(behind[:2])
        return ListingPage(page, Cursor(page[-1].upload.key, "v1") if len(behind) > 2 else None)


@dataclass
class FakeJob:
    """The progress, and whether another run is faster."""

    listing: ListingPass = field(default_factory=ListingPass)
    is_overtaken: bool = False

    def read(self) -> ListingPass:
        return self.listing

    def save(self, listing: ListingPass) -> bool:
        if not self.is_overtaken:
            self.listing = listing
        return not self.is_overtaken


class World:
    """A reconciler among fakes."""

    def __init__(self, *versions: ListedVersion, pages: int = 20, rate: float = 10) -> None:
        self.listing, self.job, self.lookup = FakeListing(versions=list(versions)), FakeJob(), FakeResultLookup()
        self.results, self.queue, self.telemetry = FakeResultsTable(), FakeRetryQueue(), FakeTelemetry()
        self.now = NOW
        self.reconciler = Reconciler(
            self.listing,
            self.job,
            self.lookup,
            self.results,
            self.queue,
            self.telemetry,
            pages,
            rate,
            clean_result_days=90,
            now=lambda: self.now,
        )

    def run(self, seconds: float = 240.0) -> list[str]:
        """Run, and return the keys that were sent."""
        self.queue.sent.clear()
        self.reconciler.run(seconds)
        return [job.upload.key for job, _ in self.queue.sent]


def version(key: str, modified: float = DUE, etag: str = "etag") -> ListedVersion:
    return ListedVersion(Upload("uploads", key, etag, "v1", 7), modified)


def test_upload_without_record_is_recorded_and_sent() -> None:
    world = World(version("a.jpg"), version("known.jpg"))
    world.lookup.known = {("uploads/known.jpg", "v1")}
    assert world.run() == ["a.jpg"]
    assert world.results.history == [Status.DEFERRED]
    assert world.results.attributes["v1a.jpg"] == {"reason": "no notification"}
    assert world.results.leases == {}
    assert world.telemetry.logged == [("lost notification", "a.jpg")]


def test_record_is_written_before_the_message_is_sent() -> None:
    """The sweep then redelivers what a crash between the two leaves behind."""
    world = World(version("a.jpg"))
    world.queue.fails = {"send": [RetryableError("sqs:SendMessage")]}
    with pytest.raises(RetryableError):
        world.run()
    assert world.results.status() is Status.DEFERRED
    assert world.job.listing == ListingPass(), "the page is listed again"


@pytest.mark.parametrize("status", [Status.CLEAN, Status.QUARANTINED])
def test_upload_settled_meanwhile_is_not_sent(status: Status) -> None:
    world = World(version("a.jpg"))
    world.results.records["v1a.jpg"] = ScanRecord(status, "")
    assert world.run() == []
    assert world.results.status() is status


def test_upload_claimed_meanwhile_is_not_sent() -> None:
    world = World(version("a.jpg"))
    world.results.leases["v1a.jpg"] = "another's"
    assert world.run() == []


@pytest.mark.parametrize(
    ("age", "looked_up"),
    [
        (GRACE_SECONDS - 1, False),
        (GRACE_SECONDS, True),
        (GRACE_SECONDS + FIRST_PASS_SECONDS, True),
        (GRACE_SECONDS + FIRST_PASS_SECONDS + 1, False),
    ],
)
def test_first_pass_looks_at_the_uploads_of_a_day(age: float, looked_up: bool) -> None:
    world = World(version("a.jpg", NOW - age))
    world.run()
    assert bool(world.lookup.looked_up) is looked_up


def test_every_upload_is_looked_up_once_or_twice() -> None:
    """One comes every 20 minutes for three days, under keys in no order of time. Runs go on all the time."""
    uploads = [version(f"{n * 7919 % 1000:03}.jpg", NOW + n * 1200) for n in range(216)]
    world = World(pages=10)
    world.job.listing = ListingPass(began=NOW - PASS_SECONDS)
    for second in range(0, round(4 * DAY), INTERVAL_SECONDS):
        world.now = NOW + second
        world.listing.versions = [one for one in uploads if one.modified <= world.now]
        world.run()
        world.lookup.known = {one.upload.record_key for one in uploads}
    counts = [world.lookup.looked_up.count(one.upload.record_key) for one in uploads]
    assert (min(counts), max(counts)) == (1, 2)


def test_upload_in_parts_is_looked_for_by_the_time_that_it_began() -> None:
    long_ago = NOW - GRACE_SECONDS - FIRST_PASS_SECONDS - (MULTIPART_DAYS - 1) * DAY
    world = World(version("parts.jpg", long_ago, etag="abc-12"), version("whole.jpg", long_ago, etag="abc"))
    assert world.run() == ["parts.jpg"]


def test_version_whose_record_may_have_expired_is_not_looked_up() -> None:
    world = World(version("a.jpg", NOW - 91 * DAY), version("b.jpg", NOW - 89 * DAY))
    world.job.listing = ListingPass(began=NOW - 200 * DAY, previous_began=NOW - 400 * DAY)
    assert world.run() == ["b.jpg"]


def test_run_lists_its_pages_and_the_next_one_goes_on_behind_them() -> None:
    world = World(*(version(f"{n}.jpg") for n in range(7)), pages=2)
    assert world.run() == ["0.jpg", "1.jpg", "2.jpg", "3.jpg"]
    assert world.run() == ["4.jpg", "5.jpg", "6.jpg"]
    assert world.listing.read == ["", "1.jpg", "3.jpg", "5.jpg"]
    assert world.job.listing.is_complete


def test_next_pass_begins_six_hours_after_the_last_one_began() -> None:
    world = World(version("a.jpg"))
    world.run()
    world.now += PASS_SECONDS - 1
    assert world.run() == []
    assert world.listing.read == [""]
    world.now += 1
    world.run()
    assert world.listing.read == ["", ""]
    assert world.job.listing == ListingPass(began=NOW + PASS_SECONDS, previous_began=NOW, revision=2)


def test_run_sends_no_more_than_the_rate_works_off() -> None:
    """But for the rest of the page that it is in."""
    world = World(*(version(f"{n:02}.jpg") for n in range(20)), rate=RATE)
    assert len(world.run()) == 4 == round(RATE * INTERVAL_SECONDS) + 1
    assert len(world.run()) == 4


def test_run_ends_before_its_function_does() -> None:
    world = World(*(version(f"{n}.jpg") for n in range(9)))
    assert len(world.run(seconds=59)) == 2


def test_run_that_was_overtaken_stops() -> None:
    world = World(*(version(f"{n}.jpg") for n in range(9)))
    world.job.is_overtaken = True
    world.run()
    assert len(world.listing.read) == 1


def test_no_pages_switch_the_reconciliation_off() -> None:
    world = World(version("a.jpg"), pages=0)
    assert world.run() == []
    assert world.listing.read == []


def test_page_is_counted_once() -> None:
    listing = ListingPass(began=1.0, revision=7)
    assert listing.after(ListingPage((), Cursor("k", "v"))) == replace(
        listing, cursor=Cursor("k", "v"), is_complete=False, revision=8
    )


def reconcile_all(*worlds: World, at: float = NOW, seconds: float = 240.0) -> None:
    Reconciliation([world.reconciler for world in worlds], worlds[0].telemetry, lambda: at).run(seconds)


def test_bucket_that_cannot_be_listed_keeps_no_other_from_its_turn() -> None:
    denied, other = World(version("a.jpg")), World(version("b.jpg"))
    denied.listing.fails = {"read_page": [RetryableError("s3:ListObjectVersions: AccessDenied")]}
    with pytest.raises(RetryableError, match="AccessDenied"):
        reconcile_all(denied, other)
    assert [job.upload.key for job, _ in other.queue.sent] == ["b.jpg"]


def test_each_bucket_comes_first_once_and_none_begins_when_the_time_is_over() -> None:
    begun: list[str] = []
    for run in range(3):
        worlds = [World(version(name)) for name in ("a.jpg", "b.jpg", "c.jpg")]
        clock = iter([NOW + run * INTERVAL_SECONDS] * 3 + [NOW + 10 * INTERVAL_SECONDS] * 9)
        Reconciliation([world.reconciler for world in worlds], worlds[0].telemetry, lambda: next(clock)).run(240)  # noqa: B023
        begun += [job.upload.key for world in worlds for job, _ in world.queue.sent]
    assert sorted(begun) == ["a.jpg", "b.jpg", "c.jpg"]
