"""Bring a job that is not finished back: by its queue, with a failed attempt or without one, or by the sweep."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from photodna_guard.domain.errors import DeferrableError, RetryableError
from photodna_guard.domain.models import ScanJob, ScanRecord, Status
from photodna_guard.scanning import backoff
from photodna_guard.scanning.decisions import redelivery_time
from photodna_guard.scanning.outcomes import Defer, GiveUp, Hold, Redeliver, Requeue, Retry, Settle
from photodna_guard.scanning.ports.messaging import RetryQueue, Telemetry
from photodna_guard.scanning.ports.storage import ResultsTable
from photodna_guard.scanning.stages import Ended, get_claimed


class Redelivery:
    """Applies the outcomes with which a job comes back. Its methods raise what the table and the queue raise."""

    def __init__(
        self,
        results: ResultsTable,
        retry_queue: RetryQueue,
        telemetry: Telemetry,
        retry_for_seconds: float,
        now: Callable[[], float],
    ) -> None:
        """`retry_for_seconds`: back-off after which an upload is given up."""
        self._results, self._retry_queue, self._telemetry = results, retry_queue, telemetry
        self._retry_for_seconds, self._now = retry_for_seconds, now

    def retry(self, ended: Ended, outcome: Retry) -> Ended | None:
        """Back off. A match is never given up: nothing but its quarantine makes it unreadable for good.

        Return what follows where the attempts are over.
        """
        job, limit = ended.job, outcome.max_attempts
        if limit is not None and job.failed_attempts + 1 >= limit and not ended.is_match:
            return replace(ended, outcome=Settle(Status.UNSCANNABLE, outcome.reason))
        delay = backoff.after_failure(job.failed_attempts + 1, outcome.retry_after)
        if ended.is_match:
            self._telemetry.log_quarantine_failed(job.upload, outcome.reason)
        elif job.backoff_seconds + delay > self._retry_for_seconds:
            is_given_up = ended.record is not None and ended.record.status is Status.FAILED
            return replace(ended, outcome=(Redeliver if is_given_up else GiveUp)(outcome.reason))
        self._telemetry.log_deferred(job.upload, outcome.reason, delay, counted=True)
        failed = replace(job, failed_attempts=job.failed_attempts + 1, backoff_seconds=job.backoff_seconds + delay)
        self._queue(failed, ended.record, outcome.reason, delay)
        return None

    def wait(self, ended: Ended, outcome: Defer | Hold | Requeue) -> None:
        """Send the job back to its queue, or leave it to the sweep."""
        upload = ended.job.upload
        match outcome:
            case Defer():
                delay = self._choose_delay(ended.job, outcome)
                self._telemetry.log_deferred(upload, outcome.reason, delay, counted=False)
                self._queue(ended.job, ended.record, outcome.reason, delay)
            case Hold():
                self._telemetry.log_held_match(upload, outcome.reason)
                self._results.hold_for_operator(upload, get_claimed(ended), outcome.reason, outcome.until)
            case Requeue():
                self._retry_queue.send(ended.job, backoff.until_available(outcome.until, self._now()))

    def _choose_delay(self, job: ScanJob, outcome: Defer) -> float:
        if outcome.is_slot_awaited:
            return backoff.until_slot_is_near(outcome.until, self._now())
        return backoff.until_available(redelivery_time(job, outcome, self._now()), self._now())

    def _queue(self, job: ScanJob, record: ScanRecord | None, reason: str, delay: float) -> None:
        if record and not record.status.settled:
            # The message is what counts: without this write the lease ends by itself.
            with suppress(DeferrableError, RetryableError):
                self._results.defer(job.upload, record, reason, delay)
        self._retry_queue.send(job, delay)
