"""A scanner among fakes, and the verdicts and uploads that its tests use."""

import math
from collections.abc import Callable

from photodna_guard.domain.errors import SlotUnavailableError, UnscannableError
from photodna_guard.domain.models import Representation, ScanJob, Upload
from photodna_guard.domain.verdicts import MatchFlag, MatchOutcome, Verdict
from photodna_guard.scanning.known_hash import KnownHashFallback
from photodna_guard.scanning.match_requester import MatchRequester
from photodna_guard.scanning.object_renderer import ObjectRenderer
from photodna_guard.scanning.outcome_handler import OutcomeHandler
from photodna_guard.scanning.ports.service import MatchApi
from photodna_guard.scanning.quarantine_workflow import QuarantineWorkflow
from photodna_guard.scanning.released_bytes import ReleasedBytes
from photodna_guard.scanning.scanner import Scanner
from photodna_guard.scanning.source_copier import MoveLimits
from photodna_guard.scanning.url_health import UrlHealth
from tests.support.fakes.buckets import (
    FakeDeletionLimit,
    FakeQuarantineBucket,
    FakeReleaseList,
    FakeScanRules,
    FakeUploadBucket,
)
from tests.support.fakes.failing import NOW
from tests.support.fakes.imaging import FakeRenderer
from tests.support.fakes.messages import FakeEventBus, FakeRetryQueue, FakeTelemetry
from tests.support.fakes.results import FakeResultsTable
from tests.support.fakes.service import FakeMatchApi, FakeRateLimiter

JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffc0000b08012c012c01011100ffda") + bytes(100)

# What no decoder knows.
UNRECOGNISED = b"\0\1\2\3" * 9

NO_MATCH = Verdict(MatchOutcome.NO_MATCH, tracking_id="T-1")
MATCH = Verdict(MatchOutcome.MATCH, tracking_id="T-2", flags=(MatchFlag("Other"),))
TEST_MATCH = Verdict(MatchOutcome.MATCH, tracking_id="T-2", flags=(MatchFlag("Test"),))
UNKNOWN = Verdict(MatchOutcome.UNKNOWN, "service-3004")
AWAY = Verdict(MatchOutcome.UNAVAILABLE, "http-500")
REFUSED = Verdict(MatchOutcome.UNAUTHORIZED, "http-401")
REJECTED = Verdict(MatchOutcome.REJECTED, "http-404")
NOT_VERIFIED = Verdict(MatchOutcome.NOT_AN_IMAGE, "service-3206")


def upload(key: str = "a.jpg", version: str | None = "v1") -> Upload:
    return Upload("uploads", key, "etag", version)


BUSY = SlotUnavailableError("no slot", until=NOW + 30)


class ScannerWorld:
    """A scanner among fakes."""

    def __init__(
        self,
        *answers: Verdict,
        objects: dict[str, bytes] | None = None,
        retry_for: float = 3 * 86400,
        observe: bool = False,
        representation: Representation = Representation.URL,
        after: "ScannerWorld | None" = None,
        limits: MoveLimits | None = None,
        match_api: MatchApi | None = None,
    ) -> None:
        """`limits`: where a match is large; `after`: another world, in whose table and buckets this one goes on.

        `match_api`: replaces the fake one.
        """
        self.results, self.upload_bucket, self.quarantine_bucket = (
            FakeResultsTable(),
            FakeUploadBucket(),
            FakeQuarantineBucket(),
        )
        self.upload_bucket.objects = {"a.jpg": JPEG} if objects is None else objects
        if after:
            self.results, self.upload_bucket, self.quarantine_bucket = (
                after.results,
                after.upload_bucket,
                after.quarantine_bucket,
            )
        self.rate_limiter, self.match_api = FakeRateLimiter(), FakeMatchApi(answers=list(answers))
        self.retry_queue, self.telemetry = FakeRetryQueue(), FakeTelemetry()
        self.renderer, self.time = FakeRenderer(found={UNRECOGNISED: UnscannableError("unrecognised")}), NOW
        # Seconds that the calls so far took.
        self.passing: Callable[[], float] = lambda: 0.0
        self.deletion_limit, self.event_bus = FakeDeletionLimit(), FakeEventBus()
        self.releases, self.rules = FakeReleaseList(), FakeScanRules()
        workflow = QuarantineWorkflow(
            self.results,
            self.upload_bucket,
            self.quarantine_bucket,
            self.deletion_limit,
            observe,
            self.now,
            limits or MoveLimits(),
        )
        self.scanner = Scanner(
            self.results,
            self.upload_bucket,
            self.rate_limiter,
            MatchRequester(
                self.rate_limiter,
                match_api or self.match_api,
                self.upload_bucket,
                self.telemetry,
                UrlHealth(self.now),
                self.now,
            ),
            ObjectRenderer(self.upload_bucket, self.renderer),
            KnownHashFallback(self.results, self.upload_bucket),
            OutcomeHandler(
                self.results,
                self.upload_bucket,
                self.retry_queue,
                self.event_bus,
                workflow,
                ReleasedBytes(
                    self.releases, self.upload_bucket, self.quarantine_bucket, self.now, limits or MoveLimits()
                ),
                self.telemetry,
                retry_for,
                self.now,
            ),
            self.rules,
            representation,
            self.now,
        )

    def now(self) -> float:
        """Return the epoch seconds at which the scanner lives."""
        return self.time + self.passing()

    def scan(self, *deliveries: ScanJob, seconds: float = math.inf) -> list[bool]:
        return self.scanner.scan(deliveries or [ScanJob(upload())], seconds)

    def deliver_again(self, seconds: float = math.inf) -> list[bool]:
        """Empty the queue, and scan what was in it."""
        waiting = [delivery for delivery, _ in self.retry_queue.sent]
        self.retry_queue.sent.clear()
        return self.scanner.scan(waiting, seconds)
