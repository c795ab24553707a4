"""Apply outcomes: the one place where a scan job is settled, quarantined, queued again or given up.

After `apply` one of these is true: the record is settled, a message is in a queue, the match waits for the operator, or
the answer is False and Lambda or SQS deliver the job again.
"""

import math
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from photodna_guard.domain.errors import (
    LeaseHeldError,
    ObjectGoneError,
    ObjectNotFoundError,
    UnscannableError,
)
from photodna_guard.domain.models import ScanRecord, Status, Upload
from photodna_guard.scanning.decisions import decide_error
from photodna_guard.scanning.missing_versions import decide_missing, is_dated
from photodna_guard.scanning.outcomes import (
    WAITING,
    Complete,
    Defer,
    GiveUp,
    Hold,
    NotFound,
    Quarantine,
    Redeliver,
    Requeue,
    ResumeQuarantine,
    Retry,
    Settle,
)
from photodna_guard.scanning.ports.messaging import EventBus, RetryQueue, Telemetry
from photodna_guard.scanning.ports.storage import ResultsTable, UploadBucket
from photodna_guard.scanning.quarantine_workflow import QuarantineWorkflow
from photodna_guard.scanning.redelivery import Redelivery
from photodna_guard.scanning.released_bytes import ReleasedBytes
from photodna_guard.scanning.stages import Ended, get_claimed
from photodna_guard.scanning.status_tags import RELEASED, choose_status_tag


class OutcomeHandler:
    """Applies outcomes. `apply` raises nothing."""

    def __init__(
        self,
        results: ResultsTable,
        upload_bucket: UploadBucket,
        retry_queue: RetryQueue,
        event_bus: EventBus,
        workflow: QuarantineWorkflow,
        released_bytes: ReleasedBytes,
        telemetry: Telemetry,
        retry_for_seconds: float,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`retry_for_seconds`: back-off after which an upload is given up."""
        self._results, self._upload_bucket, self._retry_queue = results, upload_bucket, retry_queue
        self._event_bus, self._workflow, self._telemetry = event_bus, workflow, telemetry
        self._released_bytes = released_bytes
        self._redelivery = Redelivery(results, retry_queue, telemetry, retry_for_seconds, now)
        self._now = now

    def apply(self, ended: Ended, ends: float = math.inf) -> bool:
        """Apply the outcome and all that follow from it. Return False where the job must be delivered again.

        `ends`: epoch seconds at which this run of the function is over.
        """
        following: Ended | None = ended
        while following:
            ended = following
            if isinstance(ended.outcome, Redeliver):
                self._telemetry.log_redelivery_required(ended.job.upload, ended.outcome.reason)
                return False
            try:
                following = self._apply_one(ended, ends)
            except Exception as error:  # noqa: BLE001 - one upload's unforeseen error must not end its batch
                outcome = decide_error(error, ended.is_match)
                if isinstance(ended.outcome, WAITING) and not isinstance(outcome, Redeliver):
                    outcome = Redeliver(str(error))
                following = replace(ended, outcome=outcome)
        return True

    def _apply_one(self, ended: Ended, ends: float) -> Ended | None:
        """Return what follows; None at the end."""
        match ended.outcome:
            case Settle():
                return self._settle(ended, ended.outcome)
            case NotFound():
                return self._settle_missing(ended, ended.outcome.reason)
            case Complete():
                return self._complete(ended)
            case Quarantine():
                return self._record_match(ended, ended.outcome)
            case ResumeQuarantine():
                return self._resume_quarantine(ended, ends)
            case Retry():
                return self._redelivery.retry(ended, ended.outcome)
            case GiveUp():
                return self._give_up(ended, ended.outcome.reason)
            case Defer() | Hold() | Requeue():
                self._redelivery.wait(ended, ended.outcome)
            case Redeliver():
                raise AssertionError("apply() ends here")
        return None

    def _settle_missing(self, ended: Ended, reason: str) -> Ended:
        """Settle a version that is not found as GONE, and have a young one looked for again later. A match waits."""
        outcome = decide_missing(ended.job.upload, get_claimed(ended), reason, self._now())
        if isinstance(outcome, Defer) and not ended.is_match and is_dated(ended.job.upload):
            # The message comes first: whatever ends this run, the upload is looked for again.
            self._retry_queue.send(replace(ended.job, rescan=True), outcome.until - self._now())
            outcome = Settle(Status.GONE, reason)
        return replace(ended, outcome=outcome)

    def _settle(self, ended: Ended, outcome: Settle, **attributes: object) -> Ended:
        upload = ended.job.upload
        attributes = {**outcome.seen, **attributes}
        if outcome.tracking_id is not None:
            attributes["tracking_id"] = outcome.tracking_id
        record = self._results.settle(upload, get_claimed(ended), outcome.status, outcome.reason, **attributes)
        self._telemetry.log_settled(upload, outcome.status, record.reason, record.received, record.is_test)
        return Ended(ended.job, record, Complete())

    def _complete(self, ended: Ended) -> Ended | None:
        """Tag, then publish. Both happen again on redelivery, since the first worker may have died before them.

        The tag comes first, as readers wait for it. What is not published yet the sweep redelivers.
        """
        upload, record, missing = ended.job.upload, get_claimed(ended), None
        # Without a version S3 cannot pin a tag: it would land on whatever has taken the object's place.
        if (tag := choose_status_tag(record)) and upload.version_id:
            missing = self._tag(upload, record, tag)
        if not record.published:
            self._event_bus.publish_settled(upload, record)
        if not record.published or record.awaits_decided_tag:
            self._results.mark_published(upload, record.decision)
        return replace(ended, outcome=missing) if missing else None

    def _tag(self, upload: Upload, record: ScanRecord, value: str) -> Defer | None:
        """Set the status tag. Return until when the job waits if S3 does not find the young version."""
        try:
            is_tagged = self._upload_bucket.set_status_tag(upload, value)
        except ObjectNotFoundError as error:
            outcome = decide_missing(upload, record, str(error), self._now())
            return outcome if isinstance(outcome, Defer) else None
        except (ObjectGoneError, UnscannableError):
            return None
        if not is_tagged:
            self._telemetry.log_untagged(upload)
        if is_tagged is record.untagged:
            self._results.mark_tagged(upload, record.status, is_tagged, record.decision is not None)
        return None

    def _record_match(self, ended: Ended, outcome: Quarantine) -> Ended:
        record = self._workflow.mark_matched(
            ended.job.upload, get_claimed(ended), outcome.verdict, outcome.is_untagged, outcome.seen
        )
        return Ended(ended.job, record, ResumeQuarantine())

    def _resume_quarantine(self, ended: Ended, ends: float) -> Ended:
        upload, record = ended.job.upload, get_claimed(ended)
        # The match is recorded and tagged by now: while this look fails, nobody reads it.
        if release_key := self._released_bytes.record_release(upload, record, ends):
            return self._settle(ended, Settle(Status.CLEAN, RELEASED), release_key=release_key)
        self._telemetry.log_match(upload, record.is_test)
        evidence_key = self._workflow.resume(upload, record, ends)
        return self._settle(ended, Settle(Status.QUARANTINED), evidence_key=evidence_key)

    def _give_up(self, ended: Ended, reason: str) -> Ended | None:
        """Send the dead letter first: after a crash in between, the upload is given up twice rather than forgotten."""
        upload, record = ended.job.upload, ended.record
        self._retry_queue.send_to_dead_letters(ended.job, reason)
        if record and record.status.settled:
            # It is settled well. The dead letter says which follow-up, tag or event, is missing.
            return None
        if record:
            with suppress(LeaseHeldError):
                return self._settle(ended, Settle(Status.FAILED, reason))
        self._telemetry.log_settled(upload, Status.FAILED, reason, self._now(), is_test=False)
        return None
