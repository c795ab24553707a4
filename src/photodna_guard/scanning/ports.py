"""What the scanner needs of the outside world: Protocols that aws/, match_api/ and rate_limiter/ implement.

Tests substitute a fake for each. Unless it says otherwise, a method raises DeferrableError where the other side is
throttled or unavailable, and RetryableError where a call failed.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Protocol

from photodna_guard.domain.models import (
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


class ResultsTable(Protocol):
    """One record for each version. A write after the claim raises LeaseHeldError where the lease is another's."""

    def claim(self, job: ScanJob) -> ScanRecord:
        """Make the record or take it up, with a lease. A settled one is returned as it is, without."""

    def find_quarantined_by_sha256(self, sha256: str) -> Verdict | None:
        """Return the verdict on quarantined bytes with this hash (hexadecimal); None where there are none."""

    def record_match(self, upload: Upload, record: ScanRecord, verdict: Verdict) -> ScanRecord:
        """Write MATCHED, before anything is moved."""

    def record_copy(
        self, upload: Upload, record: ScanRecord, copy: QuarantinedCopy, source: SourceObject
    ) -> ScanRecord:
        """Write where the verified copy is: from here on the source may be deleted."""

    def defer(self, upload: Upload, record: ScanRecord, reason: str, delay: float) -> None:
        """Release the lease of a record whose message comes again after `delay` seconds."""

    def hold_for_operator(self, upload: Upload, record: ScanRecord, reason: str) -> None:
        """Release the lease of a match that only the sweep resumes."""

    def settle(
        self, upload: Upload, record: ScanRecord, status: Status, reason: str = "", **attributes: object
    ) -> ScanRecord:
        """Write the final status and release the lease."""

    def mark_published(self, upload: Upload) -> None:
        """Write that the event of the settled record is published."""

    def mark_tagged(self, upload: Upload, status: Status, done: bool) -> None:
        """Write whether the settled upload has its status tag."""


class UnsettledIndex(Protocol):
    """The records of the results table that are not settled, or whose event is not published."""

    def iter_unsettled(self) -> Iterator[UnsettledRecord]:
        """Yield all but the held ones, the oldest first within each partition."""

    def iter_held(self) -> Iterator[UnsettledRecord]:
        """Yield the matches that wait for the operator."""

    def claim(self, record: UnsettledRecord, now: int) -> Upload | None:
        """Postpone the record's next redelivery and return its upload; None where another worker took it up."""


class UploadBucket(Protocol):
    """The upload bucket. Its methods raise ObjectGoneError and UnscannableError as well."""

    def read_head(self, upload: Upload, head_bytes: int) -> ObjectHead:
        """Return size, headers and the first bytes, from one ranged GET."""

    def read_object(self, upload: Upload) -> SourceObject:
        """Return all bytes of the version, proved to be those."""

    def hash_object(self, upload: Upload) -> str:
        """Return the SHA-256 of the version (hexadecimal), from a read of its own."""

    def presign(self, upload: Upload) -> str:
        """Return a URL that reads this version for some minutes. It is neither logged nor kept."""

    def set_status_tag(self, upload: Upload, value: str, assume_untagged: bool = False) -> bool:
        """Set the status tag beside the user's own. Return False where the object has no room for it."""

    def delete_version(self, upload: Upload) -> None:
        """Delete exactly this version. A version that is gone is no error."""


class QuarantineBucket(Protocol):
    """The quarantine bucket."""

    def store_copy(self, upload: Upload, source: SourceObject, is_test: bool) -> QuarantinedCopy:
        """Store the copy under lock, or find the one that exists."""

    def find_copy(self, upload: Upload, is_test: bool) -> QuarantinedCopy | None:
        """Return the only copy that an earlier run made of a version; None where there is none, or several."""

    def store_evidence(self, key: str, evidence: bytes, is_test: bool) -> None:
        """Store the evidence record (JSON) under the same lock, unless it exists."""


class DeletionLimit(Protocol):
    """How many matches may be deleted in an hour."""

    @property
    def is_tripped(self) -> bool:
        """Whether all deleting has stopped, until an operator resets the limit."""

    def acquire(self, upload: Upload) -> None:
        """Count one deletion, once for an upload. Raises AwaitingOperatorError beyond the limit."""


class EventBus(Protocol):
    """The event bus."""

    def publish_settled(self, upload: Upload, record: ScanRecord) -> None:
        """Publish how an upload was settled, at least once."""


class RateLimiter(Protocol):
    """The rate that all functions share. Times are epoch seconds of this machine's clock."""

    @property
    def answer_timeout(self) -> float:
        """Seconds after which a response is not waited for."""

    @property
    def quota_used(self) -> float | None:
        """The used part of the month's quota, as last seen; None where there is no quota."""

    def check_quota(self, new: bool) -> None:
        """Raise DeferrableError where the quota is used up and what asks is not a new upload."""

    def reserve(self, count: int, within: float, ready: Callable[[], None]) -> list[float]:
        """Reserve `count` slots in one write; one only while the circuit breaker is open.

        `ready` is called before the write. Raises DeferrableError where no slot is near enough.
        """

    def wait_for_slot(self, slot: float) -> bool:
        """Wait for the slot. Return False where it was missed."""

    def pause(self, until: float) -> None:
        """Pause all requests of all functions."""

    def record_success(self) -> None:
        """Close the circuit breaker."""

    def record_failure(self, unreachable: bool) -> bool:
        """Count a failure. Return whether the circuit breaker is open."""

    def record_unauthorized(self) -> None:
        """Open the circuit breaker at once."""


class MatchApi(Protocol):
    """The Match operation. A request is the implementation's own value; its methods raise KeyUnavailableError."""

    def request_by_url(self, url: str) -> object:
        """Return a request that names the picture's URL."""

    def request_by_value(self, picture: bytes, media_type: str) -> object:
        """Return a request that carries the picture."""

    def with_fresh_key(self, request: object) -> object | None:
        """Return the request with the key fetched afresh; None where the key is still the same."""

    def connect(self, count: int) -> None:
        """Open connections for `count` requests. Raises ServiceUnreachableError where none can be opened."""

    def send(self, request: object, within: float) -> Verdict | None:
        """Send the request now. Return None where no connection is open, and so nothing was sent."""


class RetryQueue(Protocol):
    """The retry queue, or the backfill queue, and the dead-letter queue."""

    def send(self, job: ScanJob, delay: float) -> None:
        """Deliver the job again after `delay` seconds."""

    def send_to_dead_letters(self, what: object, reason: str) -> None:
        """Keep a job, or a part of an event that cannot be read, for a person."""


class Telemetry(Protocol):
    """Log lines and metrics. Its methods raise nothing."""

    def flushing(self) -> AbstractContextManager[None]:
        """Write the metrics of the block at its end."""

    def log_settled(self, upload: Upload, status: Status, reason: str, received: float, is_test: bool) -> None:
        """Log the final status. `received`: epoch seconds."""

    def log_match(self, upload: Upload, is_test: bool) -> None:
        """Log that a match is about to be quarantined."""

    def log_deferred(self, upload: Upload, reason: str, delay: float, counted: bool) -> None:
        """Log that an upload waits `delay` seconds; `counted`: after a failed attempt."""

    def log_pause(self, reason: str, seconds: float) -> None:
        """Log that all requests pause."""

    def log_key_unavailable(self) -> None:
        """Log that the subscription key is refused or cannot be read."""

    def log_service_unavailable(self, reason: str) -> None:
        """Log that the circuit breaker is open."""

    def gauge_quota_used(self, used: float) -> None:
        """Report the used part of the month's quota."""

    def log_untagged(self, upload: Upload) -> None:
        """Log that an object has no room for its status tag."""

    def log_held_match(self, upload: Upload, reason: str) -> None:
        """Log that a match waits for the operator."""

    def log_redelivered(self, upload: Upload) -> None:
        """Log that the sweep redelivered an upload."""

    def gauge_oldest_unsettled(self, seconds: float) -> None:
        """Report the age of the oldest unsettled upload."""

    def gauge_awaiting_operator(self, count: int) -> None:
        """Report how many matches the deletion limit holds."""

    def log_quarantine_failed(self, upload: Upload, reason: str) -> None:
        """Log that a match is not in quarantine yet."""

    def log_redelivery_required(self, upload: Upload, reason: str) -> None:
        """Log that a job is neither settled nor queued again."""
