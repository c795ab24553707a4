"""The ends of an upload's way: settled, deferred or given up. Says what each error class leads to.

However a step ends, one of these is true afterwards: the record is settled, a message is in a queue, or the scan is
marked unfinished, so that Lambda or SQS deliver it again.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from photodna_guard.domain.errors import (
    AwaitingOperatorError,
    DeferrableError,
    GuardError,
    KeyUnavailableError,
    LeaseHeldError,
    ObjectGoneError,
    RetryableError,
    UnscannableError,
)
from photodna_guard.domain.models import ScanRecord, Status, Upload
from photodna_guard.scanning import backoff
from photodna_guard.scanning.ports import EventBus, ResultsTable, RetryQueue, Telemetry, UploadBucket
from photodna_guard.scanning.scan import Scan

STATUS_TAG_VALUES = {Status.CLEAN: "clean", Status.SKIPPED: "skipped", Status.UNSCANNABLE: "unscannable"}

Step = Callable[[Scan], None]


class OutcomeHandler:
    """Ends scans. Only `run` is safe against every error; the others raise Held, Busy and TryAgain."""

    def __init__(
        self,
        ledger: ResultsTable,
        uploads: UploadBucket,
        retry_queue: RetryQueue,
        event_bus: EventBus,
        notices: Telemetry,
        retry_for: float,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`retry_for`: seconds of back-off after which an upload is given up."""
        self._ledger, self._uploads, self._retry_queue = ledger, uploads, retry_queue
        self._event_bus, self._notices = event_bus, notices
        self._retry_for, self._now = retry_for, now

    def run(self, scan: Scan, step: Step) -> None:
        """One step of a scan. Raises nothing."""
        try:
            self._answered(scan, step)
        except GuardError as error:
            self._fail(scan, str(error))
        except Exception as error:  # noqa: BLE001 - no outcome: the delivery stays, and its batch mates go on
            self._fail(scan, _where(error))

    def settle(self, scan: Scan, status: Status, reason: str = "", **more: object) -> None:
        """Ends the way, tells of it, and tags what is still there."""
        record = scan.record = self._ledger.settle(scan.upload, scan.begun, status, reason, **more)
        self._notices.log_settled(scan.upload, status, record.reason, record.received, record.is_test)
        self.follow_up(scan, record)

    def follow_up(self, scan: Scan, settled: ScanRecord) -> None:
        """What comes after the end. Again for a repeated delivery, since the first may have died before it.

        The tag first: readers wait for it, and what is not announced yet the sweep leads here again.
        """
        if settled.status in STATUS_TAG_VALUES and scan.upload.version_id:
            self._tag(scan.upload, settled)
        if not settled.published:
            self._event_bus.publish_settled(scan.upload, settled)
            self._ledger.mark_published(scan.upload)

    def _tag(self, upload: Upload, settled: ScanRecord) -> None:
        """Not without a version: S3 cannot pin a tag, and it would land on whatever has taken the object's place."""
        with suppress(ObjectGoneError, UnscannableError):
            done = self._uploads.set_status_tag(upload, STATUS_TAG_VALUES[settled.status])
            if not done:
                self._notices.log_untagged(upload)
            if done is settled.untagged:
                self._ledger.mark_tagged(upload, settled.status, done)

    def _answered(self, scan: Scan, step: Step) -> None:
        try:
            try:
                step(scan)
            except ObjectGoneError as gone:
                self.settle(scan, Status.GONE, str(gone))
            except UnscannableError as unscannable:
                if scan.matched:  # a match stays one, whatever became of its source: it is tried for ever
                    raise RetryableError(str(unscannable)) from None
                self.settle(scan, Status.UNSCANNABLE, str(unscannable))
        except AwaitingOperatorError as withheld:
            self._notices.log_held_match(scan.upload, str(withheld))
            self._ledger.hold_for_operator(scan.upload, scan.begun, str(withheld))
        except LeaseHeldError as held:  # another worker has it, and what we would write is not ours to write
            self._retry_queue.send(scan.delivery, backoff.until_available(held.until, self._now()))
        except KeyUnavailableError as busy:
            self._notices.log_key_unavailable()
            self._wait(scan, busy)
        except DeferrableError as busy:
            self._wait(scan, busy)
        except RetryableError as failure:
            self._back_off(scan, failure)

    def _wait(self, scan: Scan, busy: DeferrableError) -> None:
        """Busy is not a failure: no attempt is counted, and it may go on for ever."""
        delay = backoff.until_available(busy.until, self._now())
        self._notices.log_deferred(scan.upload, str(busy), delay, counted=False)
        self._defer(scan, str(busy), delay)

    def _back_off(self, scan: Scan, failure: RetryableError) -> None:
        """A match that cannot be moved is never given up: nothing else makes it unreadable."""
        was, reason = scan.delivery, str(failure)
        delay = backoff.after_failure(was.failed_attempts + 1, failure.retry_after)
        if scan.matched:
            self._notices.log_quarantine_failed(scan.upload, reason)
        elif was.backoff_seconds + delay > self._retry_for:
            return self._give_up(scan, reason)
        self._notices.log_deferred(scan.upload, reason, delay, counted=True)
        scan.delivery = replace(
            was, failed_attempts=was.failed_attempts + 1, backoff_seconds=was.backoff_seconds + delay
        )
        return self._defer(scan, reason, delay)

    def _defer(self, scan: Scan, reason: str, delay: float) -> None:
        if scan.record and not scan.record.status.settled:
            # The message is what matters: without this write the lease just ends by itself.
            with suppress(DeferrableError, RetryableError):
                self._ledger.defer(scan.upload, scan.record, reason, delay)
        self._retry_queue.send(scan.delivery, delay)

    def _give_up(self, scan: Scan, reason: str) -> None:
        """The message first: died in between, the upload is given up twice rather than forgotten."""
        self._retry_queue.send_to_dead_letters(scan.delivery, reason)
        if scan.record and scan.record.status.settled:
            return None  # it ended well; the message says what was left undone: its tag, or telling of it
        if scan.record:
            with suppress(LeaseHeldError):
                return self.settle(scan, Status.FAILED, reason)
        return self._notices.log_settled(scan.upload, Status.FAILED, reason, self._now(), is_test=False)

    def _fail(self, scan: Scan, reason: str) -> None:
        scan.unfinished = True
        self._notices.log_redelivery_required(scan.upload, reason)


def _where(error: Exception) -> str:
    """An unforeseen error, without its text, which may hold anything."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    place = f" at {trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else ""
    return f"unforeseen {type(error).__name__}{place}"
