"""The way of an upload, as the design's diagram tells it: begin, look, take a slot, ask, act."""

import hashlib
import math
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from photodna_guard.domain.errors import (
    DeferrableError,
    GuardError,
    ObjectGoneError,
    RetryableError,
    ServiceUnavailableError,
    UnscannableError,
)
from photodna_guard.domain.models import MatchOutcome, ObjectHead, ScanJob, Status, Verdict
from photodna_guard.imaging import triage
from photodna_guard.rate_limiter.gcra import MAX_BATCH
from photodna_guard.scanning.match_requester import MatchRequester
from photodna_guard.scanning.outcomes import OutcomeHandler, Step
from photodna_guard.scanning.ports import MatchApi, RateLimiter, ResultsTable, Telemetry, UploadBucket
from photodna_guard.scanning.quarantine_workflow import QuarantineWorkflow
from photodna_guard.scanning.scan import Scan

MAX_ANSWER_SECONDS = (
    65.0  # seconds that an answer can take at worst, its head 30 and its body; no request leaves with fewer left
)


class Scanner:
    """Takes deliveries all their way."""

    def __init__(
        self,
        ledger: ResultsTable,
        uploads: UploadBucket,
        limiter: RateLimiter,
        matcher: MatchApi,
        move: QuarantineWorkflow,
        endings: OutcomeHandler,
        notices: Telemetry,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._ledger, self._uploads, self._limiter, self._matcher = ledger, uploads, limiter, matcher
        self._asking = MatchRequester(limiter, matcher, notices, now)
        self._move, self._endings, self._notices, self._now = move, endings, notices, now

    def scan(self, deliveries: Sequence[ScanJob], seconds: float = math.inf) -> list[bool]:
        """Whether each delivery is done with: settled or deferred. One that is not is to be delivered again.

        `seconds`: how long the function may still run. What does not fit is deferred, not cut off.
        """
        deadline = self._now() + seconds - MAX_ANSWER_SECONDS
        scans = [Scan(delivery, deadline=deadline) for delivery in deliveries]
        for first in range(0, len(scans), MAX_BATCH):
            self._batch(scans[first : first + MAX_BATCH], deadline)
        return [not scan.unfinished for scan in scans]

    def _batch(self, scans: list[Scan], deadline: float) -> None:
        """As many as there are connections: all look, and those that must be asked about take their slots together."""
        self._each(scans, [self._prepare] * len(scans))
        asking = [scan for scan in scans if scan.request]
        self._each(asking, self._at_slots(len(asking), deadline) if asking else [])

    def _each(self, scans: list[Scan], steps: Sequence[Step]) -> None:
        """Side by side, so that a slow answer keeps nobody else from his slot."""
        steps = [self._or_known_again(step) for step in steps]
        if len(scans) == 1:
            self._endings.run(scans[0], steps[0])
        elif scans:
            with ThreadPoolExecutor(max_workers=len(scans)) as threads:
                list(threads.map(self._endings.run, scans, steps))

    def _or_known_again(self, step: Step) -> Step:
        """While the service answers nobody, bytes that are in quarantine already are quarantined by that alone."""

        def run(scan: Scan) -> None:
            try:
                step(scan)
            except (ServiceUnavailableError, RetryableError):
                if not (scan.media_type and self._known_again(scan)):
                    raise

        return run

    def _known_again(self, scan: Scan) -> bool:
        """Compared once for an upload: nothing that is asked about is new in quarantine while nobody is answered."""
        if scan.matched or scan.delivery.hash_checked or scan.begun.status.settled:
            return False
        try:
            digest = hashlib.sha256(self._uploads.read_object(scan.upload).content).hexdigest()
            verdict = self._ledger.find_quarantined_by_sha256(digest)
        except (ObjectGoneError, UnscannableError, DeferrableError, RetryableError):
            return False
        scan.delivery = replace(scan.delivery, hash_checked=True)
        if verdict:
            self._match(scan, verdict)
        return verdict is not None

    def _prepare(self, scan: Scan) -> None:
        """Begin and look. What has to be asked about is left with a request that is ready to be sent."""
        record = scan.record = self._ledger.claim(scan.delivery)
        if record.status.settled:
            return self._endings.follow_up(scan, record)
        if scan.matched:
            return self._quarantine(scan)
        self._limiter.check_quota(new=scan.delivery.failed_attempts == 0)
        look = self._uploads.read_head(scan.upload, triage.HEAD_BYTES)
        route, scan.bare, scan.head = triage.triage(look), not look.tags, look.head
        # Nobody else sees the bytes of what is not asked about: then one read that nothing proves is not enough.
        if route.way is not triage.Disposition.BY_URL and not look.proved:
            self._look_again(scan, look)
        if route.way is triage.Disposition.NOT_AN_IMAGE:
            return self._endings.settle(scan, Status.SKIPPED, route.reason)
        if route.way is triage.Disposition.RENDITION:
            return self._rendition(scan, route.reason)
        scan.media_type = route.media_type
        return self._make_ready(scan)

    def _look_again(self, scan: Scan, look: ObjectHead) -> None:
        if self._uploads.read_head(scan.upload, triage.HEAD_BYTES) != look:
            raise RetryableError("two reads of the object's head differ")

    def _make_ready(self, scan: Scan, fresh_key: bool = False) -> None:
        """Signs the URL, or reads the bytes, and has the key: nothing of that is to delay the slot."""
        if scan.delivery.send_bytes or not scan.upload.version_id:
            # Without versions a URL shows whatever has taken the object's place by then; these bytes are pinned.
            picture_bytes = self._uploads.read_object(scan.upload).content
            if not picture_bytes.startswith(scan.head):
                raise RetryableError("two reads of the object differ")
            scan.request = self._matcher.request_by_value(picture_bytes, scan.media_type, fresh_key)
        else:
            scan.request = self._matcher.request_by_url(self._uploads.presign(scan.upload), fresh_key)

    def _at_slots(self, count: int, deadline: float) -> list[Step]:
        """A step for each of so many scans: to ask at its slot, or to wait, since there are none."""
        try:
            slots = self._asking.reserve(count, deadline)
        except (DeferrableError, RetryableError) as error:
            return [_raising(error)] * count
        left_over = [_raising(ServiceUnavailableError("the service is away"))] * (count - len(slots))
        return [self._at(slot) for slot in slots] + left_over

    def _at(self, slot: float) -> Step:
        return lambda scan: self._ask(scan, slot)

    def _ask(self, scan: Scan, slot: float) -> None:
        verdict = self._send(scan, slot)
        if verdict.kind is MatchOutcome.UNAUTHORIZED and self._renewed(scan):
            verdict = self._send(scan)
        by_url = not scan.delivery.send_bytes and scan.upload.version_id
        if verdict.kind in (MatchOutcome.NOT_AN_IMAGE, MatchOutcome.BAD_PARAMETER) and by_url:
            scan.delivery = replace(scan.delivery, send_bytes=True)
            self._make_ready(scan)
            verdict = self._send(scan)
        self._act(scan, verdict)

    def _send(self, scan: Scan, slot: float | None = None) -> Verdict:
        verdict = self._asking.send(scan, slot)
        scan.record = replace(scan.begun, attempts=scan.begun.attempts + 1)
        return verdict

    def _renewed(self, scan: Scan) -> bool:
        """Makes it ready with the key fetched afresh. Whether that is another one: the same is not tried again."""
        refused = scan.request
        self._make_ready(scan, fresh_key=True)
        return not (refused and scan.request and refused.headers == scan.request.headers)

    def _act(self, scan: Scan, verdict: Verdict) -> None:
        match verdict.kind:
            case MatchOutcome.NO_MATCH:
                self._endings.settle(scan, Status.CLEAN, tracking_id=verdict.tracking_id)
            case MatchOutcome.MATCH:
                self._match(scan, verdict)
            case MatchOutcome.WRONG_SIZE:
                self._rendition(scan, verdict.reason, verdict.tracking_id)
            case MatchOutcome.NOT_AN_IMAGE | MatchOutcome.BAD_PARAMETER:
                self._endings.settle(scan, Status.UNSCANNABLE, verdict.reason, tracking_id=verdict.tracking_id)
            case MatchOutcome.THROTTLED | MatchOutcome.UNAUTHORIZED | MatchOutcome.UNAVAILABLE | MatchOutcome.UNKNOWN:
                self._asking.nobody_is_answered(verdict)

    def _rendition(self, scan: Scan, reason: str, tracking_id: str | None = None) -> None:
        """The place for renditions: a picture that the service does not take as it is. For now nobody can scan it."""
        self._endings.settle(scan, Status.UNSCANNABLE, reason, tracking_id=tracking_id)

    def _match(self, scan: Scan, verdict: Verdict) -> None:
        scan.record = self._move.mark_matched(scan.upload, scan.begun, verdict, scan.bare)
        self._quarantine(scan)

    def _quarantine(self, scan: Scan) -> None:
        self._notices.log_match(scan.upload, scan.begun.is_test)
        evidence_key = self._move.resume(scan.upload, scan.begun)
        self._endings.settle(scan, Status.QUARANTINED, evidence_key=evidence_key)


def _raising(error: GuardError) -> Step:
    def step(_: Scan) -> None:
        raise error

    return step
