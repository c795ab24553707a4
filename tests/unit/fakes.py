"""Fakes of the ports: they keep what they were told, and fail when they are told to."""

import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any

import requests

from photodna_guard.domain.errors import AwaitingOperatorError, DeferrableError, LeaseHeldError, ObjectGoneError
from photodna_guard.domain.models import (
    MatchFlag,
    MatchOutcome,
    ObjectHead,
    QuarantinedCopy,
    ScanJob,
    ScanRecord,
    SourceObject,
    Status,
    UnsettledRecord,
    Upload,
    Verdict,
)
from photodna_guard.scanning.outcomes import OutcomeHandler
from photodna_guard.scanning.quarantine_workflow import QuarantineWorkflow
from photodna_guard.scanning.scanner import Scanner

NOW = 1_000_000.0
JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffc0000b08012c012c01011100ffda") + bytes(100)

NO_MATCH = Verdict(MatchOutcome.NO_MATCH, tracking_id="T-1")
MATCH = Verdict(MatchOutcome.MATCH, tracking_id="T-2", flags=(MatchFlag("Other"),))
TEST_MATCH = Verdict(MatchOutcome.MATCH, tracking_id="T-2", flags=(MatchFlag("Test"),))
UNKNOWN = Verdict(MatchOutcome.UNKNOWN, "service-3004")
AWAY = Verdict(MatchOutcome.UNAVAILABLE, "http-500")
REFUSED = Verdict(MatchOutcome.UNAUTHORIZED, "http-401")
NOT_VERIFIED = Verdict(MatchOutcome.NOT_AN_IMAGE, "service-3206")


def upload(key: str = "a.jpg", version: str | None = "v1") -> Upload:
    return Upload("uploads", key, "etag", version)


@dataclass
class Failing:
    """Calls of `name` raise what stands in `fails[name]`, one after the other, before they do anything."""

    fails: dict[str, list[Exception | None]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def call(self, name: str) -> None:
        self.calls.append(name)
        planned = self.fails.get(name)
        error = planned.pop(0) if planned else None
        if error:
            raise error


@dataclass
class FakeLedger(Failing):
    records: dict[str, ScanRecord] = field(default_factory=dict)
    leases: dict[str, str] = field(default_factory=dict)
    told: dict[str, dict[str, Any]] = field(default_factory=dict)
    history: list[Status] = field(default_factory=list)
    quarantined: dict[str, Verdict] = field(default_factory=dict)  # by the SHA-256 of its bytes

    def claim(self, delivery: ScanJob) -> ScanRecord:
        self.call("claim")
        name = delivery.upload.version + delivery.upload.key
        record = self.records.get(name, ScanRecord(Status.PENDING, "", received=NOW - 5))
        if record.status.settled:
            return record
        if name in self.leases:
            raise LeaseHeldError("another worker has it", until=NOW + 100)
        lease = f"lease {len(self.calls)}"
        self.records[name], self.leases[name] = replace(record, lease=lease), lease
        return self.records[name]

    def find_quarantined_by_sha256(self, sha256: str) -> Verdict | None:
        self.call("find_quarantined_by_sha256")
        return self.quarantined.get(sha256)

    def record_match(self, upload: Upload, record: ScanRecord, verdict: Verdict) -> ScanRecord:
        self.call("record_match")
        self._write(upload, record, Status.MATCHED, {"flags": verdict.flags, "why": verdict.reason})
        facts = {"matches": [], "is_test": verdict.is_test, "received_at": "r", "matched_at": "m"}
        return self._change(upload, is_test=verdict.is_test, evidence=True, facts=facts)

    def record_copy(
        self, upload: Upload, record: ScanRecord, copy: QuarantinedCopy, source: SourceObject
    ) -> ScanRecord:
        self.call("record_copy")
        self._write(upload, record, Status.MATCHED, {})
        where = {"quarantine_key": copy.key, "quarantine_version": copy.version_id, "sha256": copy.sha256}
        facts = record.facts | where | {"size": copy.size, "copied_at": "c"}
        return self._change(upload, copy=copy, facts=facts)

    def hold_for_operator(self, upload: Upload, record: ScanRecord, reason: str) -> None:
        self.call("hold_for_operator")
        self._write(upload, record, Status.MATCHED, {"hold_reason": reason}, release=True)

    def mark_published(self, upload: Upload) -> None:
        self.call("mark_published")
        self._change(upload, published=True)

    def mark_tagged(self, upload: Upload, status: Status, done: bool) -> None:
        self.call("mark_tagged")
        self._change(upload, untagged=not done)

    def defer(self, upload: Upload, record: ScanRecord, reason: str, delay: float) -> None:
        self.call("defer")
        status = Status.MATCHED if record.status is Status.MATCHED else Status.DEFERRED
        self._write(upload, record, status, {"reason": reason}, release=True)

    def settle(
        self, upload: Upload, record: ScanRecord, status: Status, reason: str = "", **more: object
    ) -> ScanRecord:
        self.call("settle")
        self._write(upload, record, status, {"reason": reason, **more}, release=True)
        return self._change(upload, published=status is Status.CLEAN, reason=reason)

    def status(self, key: str = "a.jpg", version: str = "v1") -> Status:
        return self.records[version + key].status

    def _change(self, upload: Upload, **changes: Any) -> ScanRecord:
        name = upload.version + upload.key
        self.records[name] = replace(self.records[name], **changes)
        return self.records[name]

    def _write(
        self, upload: Upload, record: ScanRecord, status: Status, told: dict[str, Any], release: bool = False
    ) -> None:
        name = upload.version + upload.key
        if self.leases.get(name) != record.lease:
            raise LeaseHeldError("another worker took it over", until=NOW + 5)
        self.records[name] = replace(self.records[name], status=status, attempts=record.attempts)
        self.told.setdefault(name, {}).update(told)
        self.history.append(status)
        if release:
            del self.leases[name]


@dataclass
class FakeUploads(Failing):
    objects: dict[str, bytes] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    full: bool = False  # of the user's own tags: no room for one more
    own_tags: int = 0
    blindly: list[str] = field(default_factory=list)  # the values that were set without reading the tags before
    sha256: str = "5ha256"  # of what is there when it is read once more
    heads: list[bytes] = field(default_factory=list)  # that the next looks show instead of the true one
    proved: bool = True  # whether S3 has a digest of what is looked at

    def read_head(self, upload: Upload, head_bytes: int) -> ObjectHead:
        self.call("read_head")
        data = self._bytes(upload)
        head = self.heads.pop(0) if self.heads else data[:head_bytes]
        return ObjectHead(len(data), head, tags=self.own_tags, proved=self.proved)

    def read_object(self, upload: Upload) -> SourceObject:
        self.call("read_object")
        return SourceObject(self._bytes(upload))

    def hash_object(self, upload: Upload) -> str:
        self.call("hash_object")
        self._bytes(upload)
        return self.sha256

    def presign(self, upload: Upload) -> str:
        self.call("presign")
        return f"https://s3/{upload.key}?versionId={upload.version_id}&X-Amz-Signature=5ec2e7"

    def set_status_tag(self, upload: Upload, value: str, bare: bool = False) -> bool:
        self.call("set_status_tag")
        self._bytes(upload)
        if not self.full:
            self.tags[upload.key] = value
        if bare:
            self.blindly.append(value)
        return not self.full

    def delete_version(self, upload: Upload) -> None:
        self.call("delete_version")
        self.objects.pop(upload.key, None)

    def _bytes(self, upload: Upload) -> bytes:
        if upload.key not in self.objects:
            raise ObjectGoneError("deleted")
        return self.objects[upload.key]


@dataclass
class FakeQuarantine(Failing):
    copies: dict[str, tuple[bytes, bool]] = field(default_factory=dict)
    evidence: dict[str, bytes] = field(default_factory=dict)

    def store_copy(self, upload: Upload, source: SourceObject, is_test: bool) -> QuarantinedCopy:
        self.call("store_copy")
        self.copies[upload.key] = source.content, is_test
        return QuarantinedCopy(f"quarantined/{upload.key}", "q1", "5ha256", len(source.content))

    def find_copy(self, upload: Upload, is_test: bool) -> QuarantinedCopy | None:
        self.call("find_copy")
        if upload.key not in self.copies:
            return None
        return QuarantinedCopy(f"quarantined/{upload.key}", "q1", "5ha256", len(self.copies[upload.key][0]))

    def store_evidence(self, key: str, evidence: bytes, is_test: bool) -> None:
        self.call("store_evidence")
        self.evidence.setdefault(key, evidence)


@dataclass
class FakeBound(Failing):
    is_tripped: bool = False

    def acquire(self, upload: Upload) -> None:
        self.call("acquire")
        if self.is_tripped:
            raise AwaitingOperatorError("too many")


@dataclass
class FakeEventBus(Failing):
    told: list[tuple[str, Status]] = field(default_factory=list)

    def publish_settled(self, upload: Upload, record: ScanRecord) -> None:
        self.call("publish_settled")
        self.told.append((upload.key, record.status))


@dataclass
class FakeRateLimiter(Failing):
    reserved: list[int] = field(default_factory=list)
    missed: int = 0  # so many slots are to be missed
    pauses: list[float] = field(default_factory=list)
    arrived: int = 0
    failures: int = 0
    away_after: int = 10  # failures
    away: bool = False  # then it gives one slot at a time
    answer_timeout: float = math.inf
    quota_used: float | None = None

    def check_quota(self, new: bool) -> None:
        if (self.quota_used or 0) >= 1 and not new:
            raise DeferrableError("the monthly quota is used up")

    def reserve(self, count: int, within: float = math.inf, ready: Callable[[], None] = lambda: None) -> list[float]:
        self.call("reserve")
        ready()
        count = 1 if self.away else count
        self.reserved.append(count)
        return [NOW + i for i in range(1, count + 1)]

    def record_success(self) -> None:
        self.away, self.failures = False, 0

    def record_failure(self, unreachable: bool = False) -> bool:
        self.failures += 1
        self.away |= self.failures >= self.away_after
        return self.away

    def record_unauthorized(self) -> None:
        self.away = True

    def wait_for_slot(self, slot: float) -> bool:
        self.missed -= 1
        self.arrived += self.missed < 0
        return self.missed < 0

    def pause(self, until: float) -> None:
        self.call("pause")
        self.pauses.append(until)


@dataclass
class FakeMatcher(Failing):
    answers: list[Verdict] = field(default_factory=list)  # one for each request; after them the truth
    truth: Verdict = NO_MATCH
    sent: list[str] = field(default_factory=list)
    disconnected: int = 0  # so many requests find no connection
    same_key: bool = False  # fetched afresh, it is the one that was refused
    waited_for: list[float] = field(default_factory=list)  # seconds, for each answer

    def request_by_url(self, url: str, fresh_key: bool = False) -> requests.PreparedRequest:
        self.call("request_by_url")
        fresh_key &= not self.same_key
        return self._request(f"url{' fresh' if fresh_key else ''} {url.partition('?')[0]}")

    def request_by_value(self, picture: bytes, media_type: str, fresh_key: bool = False) -> requests.PreparedRequest:
        self.call("request_by_value")
        return self._request(f"value{' fresh' if fresh_key else ''} {media_type} {len(picture)}")

    def connect(self, count: int) -> None:
        self.call("connect")

    def send(self, request: requests.PreparedRequest, within: float = math.inf) -> Verdict | None:
        self.call("send")
        self.waited_for.append(within)
        if self.disconnected:
            self.disconnected -= 1
            return None
        self.sent.append(request.headers["what"])
        return self.answers.pop(0) if self.answers else self.truth

    def _request(self, what: str) -> requests.PreparedRequest:
        return requests.Request("POST", "https://match.example.org", {"what": what}).prepare()


@dataclass
class FakeRetryQueue(Failing):
    sent: list[tuple[ScanJob, float]] = field(default_factory=list)
    dead: list[tuple[object, str]] = field(default_factory=list)

    def send(self, delivery: ScanJob, delay: float) -> None:
        self.call("send")
        self.sent.append((delivery, delay))

    def send_to_dead_letters(self, what: object, reason: str) -> None:
        self.call("send_to_dead_letters")
        self.dead.append((what, reason))


@dataclass
class FakeUnsettled:
    """The index; a claim moves an upload's time, so that nobody else claims it for the same."""

    there: list[UnsettledRecord] = field(default_factory=list)
    withheld: list[UnsettledRecord] = field(default_factory=list)
    claimed: list[tuple[UnsettledRecord, int]] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)  # of these somebody else was first

    def iter_unsettled(self) -> Iterator[UnsettledRecord]:
        yield from self.there

    def iter_held(self) -> Iterator[UnsettledRecord]:
        yield from self.withheld

    def claim(self, waiting: UnsettledRecord, now: int) -> Upload | None:
        bucket, _, key = waiting.upload.partition("/")
        if key in self.taken:
            return None
        self.claimed.append((waiting, now))
        return Upload(bucket, key, "etag", waiting.version)


@dataclass
class FakeNotices:
    told: list[tuple[str, str]] = field(default_factory=list)

    def log_settled(self, upload: Upload, status: Status, reason: str, received: float, is_test: bool) -> None:
        self.told.append(("settled", status.value))

    def log_match(self, upload: Upload, is_test: bool) -> None:
        self.told.append(("matched", upload.key))

    def log_key_unavailable(self) -> None:
        self.told.append(("key refused", ""))

    def log_service_unavailable(self, reason: str) -> None:
        self.told.append(("away", reason))

    def gauge_quota_used(self, used: float) -> None:
        self.told.append(("quota", f"{used:.0%}"))

    def log_deferred(self, upload: Upload, reason: str, delay: float, counted: bool) -> None:
        self.told.append(("failed" if counted else "waited", reason))

    def log_pause(self, reason: str, seconds: float) -> None:
        self.told.append(("paused", reason))

    def log_untagged(self, upload: Upload) -> None:
        self.told.append(("untagged", upload.key))

    def flushing(self) -> AbstractContextManager[None]:
        return nullcontext()

    def log_held_match(self, upload: Upload, reason: str) -> None:
        self.told.append(("hold_reason", reason))

    def log_redelivered(self, upload: Upload) -> None:
        self.told.append(("sent again", upload.key))

    def gauge_oldest_unsettled(self, seconds: float) -> None:
        self.told.append(("oldest", f"{seconds:.0f}"))

    def gauge_awaiting_operator(self, count: int) -> None:
        self.told.append(("held", str(count)))

    def log_quarantine_failed(self, upload: Upload, reason: str) -> None:
        self.told.append(("not moved", reason))

    def log_redelivery_required(self, upload: Upload, reason: str) -> None:
        self.told.append(("unfinished", reason))


class World:
    """A scanner among fakes."""

    def __init__(
        self,
        *answers: Verdict,
        objects: dict[str, bytes] | None = None,
        retry_for: float = 3 * 86400,
        observe: bool = False,
        after: "World | None" = None,
    ) -> None:
        """`after`: another world, in whose table and buckets this one goes on."""
        self.ledger, self.uploads, self.quarantine = FakeLedger(), FakeUploads(), FakeQuarantine()
        self.uploads.objects = {"a.jpg": JPEG} if objects is None else objects
        if after:
            self.ledger, self.uploads, self.quarantine = after.ledger, after.uploads, after.quarantine
        self.limiter, self.matcher = FakeRateLimiter(), FakeMatcher(answers=list(answers))
        self.retry_queue, self.notices = FakeRetryQueue(), FakeNotices()
        self.bound, self.event_bus = FakeBound(), FakeEventBus()
        self.scanner = Scanner(
            self.ledger,
            self.uploads,
            self.limiter,
            self.matcher,
            QuarantineWorkflow(self.ledger, self.uploads, self.quarantine, self.bound, observe, now=lambda: NOW),
            OutcomeHandler(
                self.ledger,
                self.uploads,
                self.retry_queue,
                self.event_bus,
                self.notices,
                retry_for,
                now=lambda: NOW,
            ),
            self.notices,
            now=lambda: NOW,
        )

    def scan(self, *deliveries: ScanJob, seconds: float = math.inf) -> list[bool]:
        return self.scanner.scan(deliveries or [ScanJob(upload())], seconds)

    def deliver_again(self) -> list[bool]:
        """What the queue holds is delivered; the queue is empty before."""
        waiting = [delivery for delivery, _ in self.retry_queue.sent]
        self.retry_queue.sent.clear()
        return self.scanner.scan(waiting)


BUSY = DeferrableError("no slot", until=NOW + 30)
