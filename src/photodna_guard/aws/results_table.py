"""The results table: one item for each version, and the lease of the worker that processes it.

PENDING -> CLEAN | SKIPPED | UNSCANNABLE | GONE | MATCHED -> QUARANTINED, with DEFERRED on the way and FAILED when
retrying has ended. Every write between `claim` and `settle` is conditional on the lease, so that a worker whose lease
was taken over changes nothing. result_updates.py and result_reopening.py have the expressions.
"""

import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from photodna_guard.aws.result_item import copy_attributes, match_attributes, parse_flags, parse_record, shard_of
from photodna_guard.aws.result_reopening import needs_new_scan, reopen_update
from photodna_guard.aws.result_updates import (
    claim_update,
    leased_update,
    published_update,
    settled_attributes,
    tagged_update,
)
from photodna_guard.aws.table import ConditionFailedError, Table
from photodna_guard.aws.update_expression import Update
from photodna_guard.domain.errors import LeaseHeldError
from photodna_guard.domain.models import Decision, QuarantinedCopy, ScanJob, ScanRecord, SourceObject, Status, Upload
from photodna_guard.domain.timestamps import to_iso
from photodna_guard.domain.verdicts import MatchOutcome, Verdict

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# Longer than the functions' time-outs, so that only a dead worker's lease ends.
LEASE_SECONDS = 160.0
# By queue: the seconds after a message is due at which it counts as lost, and the sweep redelivers the upload. Longer
# than the queue's visibility timeout and its longest delay. A backfill's messages stay in their queue for days.
REDELIVER_AFTER_SECONDS = {"retry": 1800, "backfill": 86400}
# The partition of the index `unsettled` with the matches that wait for the operator.
HELD_FOR_OPERATOR = "held"

# After losing a race for the lease: when another try is worth it.
_RECLAIM_SECONDS = 5


class ResultsTable:
    """The results table. Methods raise DeferrableError or RetryableError, and LeaseHeldError as they say."""

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        clean_result_days: int,
        queue: str = "retry",
        now: Callable[[], float] = time.time,
    ) -> None:
        """`queue`: the queue to which the sweep redelivers, a key of REDELIVER_AFTER_SECONDS; `now`: epoch seconds."""
        self._table, self._queue, self._now = Table(client, table, now), queue, now
        self._clean_result_seconds = clean_result_days * 86400

    def claim(self, job: ScanJob) -> ScanRecord:
        """Create the version's record or take it over, under a new lease. A settled record is returned without one.

        Raises LeaseHeldError if another worker holds the lease.
        """
        now, lease = self._now(), uuid.uuid4().hex
        try:
            return self._acquire_lease(job.upload, now, lease)
        except ConditionFailedError as refused:
            item = refused.item
        # The first call was written, its response was lost, and botocore repeated it.
        if item.get("lease") == lease:
            return parse_record(item)
        if not Status(item["status"]).settled:
            raise LeaseHeldError("another worker has it", until=float(item["lease_until"]))
        if not needs_new_scan(job, item):
            return parse_record(item)
        with self._lease_held_if_refused("another worker has it"):
            self._apply(job.upload, reopen_update(job.upload, item, self._now()))
            return self._acquire_lease(job.upload, now, lease)

    def record_match(
        self, upload: Upload, record: ScanRecord, verdict: Verdict, seen: Mapping[str, object] = MappingProxyType({})
    ) -> ScanRecord:
        """Write MATCHED with the verdict, before anything is moved. Raises LeaseHeldError.

        `seen`: attributes that say what was looked at.
        """
        attributes = match_attributes(verdict) | {"matched_at": to_iso(self._now()), "attempts": record.attempts}
        attributes |= seen
        return self._write(upload, record, Status.MATCHED, attributes)

    def record_copy(
        self, upload: Upload, record: ScanRecord, copy: QuarantinedCopy, source: SourceObject
    ) -> ScanRecord:
        """Write where the verified, locked copy is. From then on the source may be deleted. Raises LeaseHeldError."""
        attributes = copy_attributes(copy, source) | {"copied_at": to_iso(self._now()), "is_test": record.is_test}
        return self._write(upload, record, Status.MATCHED, attributes)

    def defer(self, upload: Upload, record: ScanRecord, reason: str, delay: float) -> None:
        """Release the lease until a message redelivers the upload in `delay` seconds. A match stays MATCHED.

        Raises LeaseHeldError.
        """
        status = Status.MATCHED if record.status is Status.MATCHED else Status.DEFERRED
        redeliver_at = int(self._now() + delay) + REDELIVER_AFTER_SECONDS[self._queue]
        attributes: dict[str, object] = {"attempts": record.attempts, "redeliver_at": redeliver_at}
        # A match's reason says how it was found, and stays.
        attributes |= {} if record.has_match_history else {"reason": reason}
        self._write(upload, record, status, attributes, release=True)

    def update_match(self, upload: Upload, record: ScanRecord, attributes: Mapping[str, object]) -> ScanRecord:
        """Write attributes of a match; None removes one. Raises LeaseHeldError."""
        return self._write(upload, record, Status.MATCHED, attributes)

    def hold_for_operator(self, upload: Upload, record: ScanRecord, reason: str, until: float = 0.0) -> None:
        """Release the lease of a match that waits for the operator. Only the sweep redelivers it, from `until` on.

        Raises LeaseHeldError.
        """
        attributes = {
            "attempts": record.attempts,
            "hold_reason": reason,
            "unsettled": HELD_FOR_OPERATOR,
            "redeliver_at": int(max(self._now(), until)),
        }
        self._write(upload, record, Status.MATCHED, attributes, release=True)

    def find_quarantined_by_sha256(self, sha256: str) -> Verdict | None:
        """Return the verdict on a quarantined picture of the same bytes, or None.

        A copy that an operator marked as `released` does not count.
        """
        for item in self._table.query("sha256", "sha256", sha256):
            if item["status"] == Status.QUARANTINED and not item.get("released"):
                return Verdict(MatchOutcome.MATCH, "known-hash", item.get("tracking_id"), parse_flags(item))
        return None

    def settle(
        self, upload: Upload, record: ScanRecord, status: Status, reason: str = "", **more: object
    ) -> ScanRecord:
        """Write the final status and release the lease. All but CLEAN stay in the index `unsettled` until published.

        `more`: further attributes. Raises LeaseHeldError.
        """
        attributes = settled_attributes(upload, record, status, reason, self._now(), self._clean_result_seconds)
        return self._write(upload, record, status, attributes | more, release=True)

    def mark_published(self, upload: Upload, decision: Decision | None = None) -> None:
        """Note that the settled event was published, unless the record was reopened or decided about since.

        `decision`: the one that the tag says, if any.
        """
        with suppress(ConditionFailedError):
            self._apply(upload, published_update(decision))

    def mark_tagged(self, upload: Upload, status: Status, done: bool, is_decided: bool = False) -> None:
        """Note whether a settled object has its scan-status tag, unless the record was reopened since."""
        with suppress(ConditionFailedError):
            self._apply(upload, tagged_update(status, done, is_decided))

    def _acquire_lease(self, upload: Upload, now: float, lease: str) -> ScanRecord:
        claim: dict[str, object] = {
            "unsettled": shard_of(upload, self._queue),
            "redeliver_at": int(now) + REDELIVER_AFTER_SECONDS[self._queue],
            "queue": self._queue,
            "lease": lease,
            "lease_until": int(now + LEASE_SECONDS),
        }
        return parse_record(self._apply(upload, claim_update(upload, claim, now)))

    def _write(
        self,
        upload: Upload,
        record: ScanRecord,
        status: Status,
        attributes: Mapping[str, object],
        release: bool = False,
    ) -> ScanRecord:
        with self._lease_held_if_refused("another worker took it over"):
            return parse_record(self._apply(upload, leased_update(record, status, attributes, release)))

    @contextmanager
    def _lease_held_if_refused(self, reason: str) -> Iterator[None]:
        try:
            yield
        except ConditionFailedError:
            raise LeaseHeldError(reason, until=self._now() + _RECLAIM_SECONDS) from None

    def _apply(self, upload: Upload, update: Update) -> dict[str, Any]:
        key = {"upload": upload.id, "version": upload.version}
        return self._table.update(key, update.expression, update.condition, update.values, update.names)
