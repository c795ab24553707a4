"""Telemetry: a log line and a metric for each thing that happens to an upload. The alarms watch the metrics."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from photodna_guard.domain.models import Status, Upload

# An operator need not look at uploads with these outcomes, so their log lines are INFO.
_UNREMARKABLE_STATUSES = (Status.CLEAN, Status.SKIPPED, Status.GONE)
# An upload that was given up after days, or deleted, has no verdict, and so no time to it.
_WITHOUT_VERDICT = (Status.FAILED, Status.GONE)


class Telemetry:
    """Log lines and metrics. No metric has an object's key as a dimension; no line contains a URL or the key."""

    def __init__(
        self, logger: Logger, metrics: Metrics, now: Callable[[], float] = time.time, is_backfill: bool = False
    ) -> None:
        """`is_backfill`: the function checks a backfill. Its uploads may wait for days, and so have a metric apart."""
        self._log, self._metrics, self._now = logger, metrics, now
        self._is_backfill = is_backfill
        # A batch is processed by several threads, and Metrics is not thread-safe.
        self._lock = threading.Lock()

    @contextmanager
    def flushing(self) -> Iterator[None]:
        """Write the metrics when the `with` block ends, even by an error."""
        try:
            yield
        finally:
            self._flush()

    def log_settled(self, upload: Upload, status: Status, reason: str, received: float, is_test: bool) -> None:
        """Log an upload's outcome. `received`: epoch seconds at which the upload was first claimed."""
        self._add_metric("TestQuarantined" if is_test else status.value.title())
        if status not in _WITHOUT_VERDICT:
            name = "BackfillTimeToVerdict" if self._is_backfill else "TimeToVerdict"
            self._add_metric(name, max(0.0, self._now() - received), MetricUnit.Seconds)
        log = self._log.info if status in _UNREMARKABLE_STATUSES or is_test else self._log.warning
        fields = {"status": status.value, "reason": reason, "is_test": is_test}
        log("upload settled", extra=_upload_fields(upload) | fields)

    def log_match(self, upload: Upload, is_test: bool) -> None:
        """Log a match that is about to be quarantined. The metric is written at once: the function may die next."""
        self._add_metric("TestMatched" if is_test else "Matched")
        self._log.warning("match found", extra=_upload_fields(upload) | {"is_test": is_test})
        self._flush()

    def log_deferred(self, upload: Upload, reason: str, delay: float, counted: bool) -> None:
        """Log that an upload waits `delay` seconds: after a failed attempt (`counted`), or for a slot or a pause."""
        self._add_metric("FailedAttempt" if counted else "Deferred")
        fields = {"reason": reason, "delay_seconds": round(delay, 1)}
        if counted:
            self._log.warning("attempt failed, upload will be retried", extra=_upload_fields(upload) | fields)
        else:
            self._log.info("upload deferred", extra=_upload_fields(upload) | fields)

    def log_put_back(self, count: int) -> None:
        """Log that messages went back to their queue untouched, because the service answers nobody."""
        self._add_metric("PutBack", count)
        self._log.info("messages put back: the service answers nobody", extra={"messages": count})

    def count_request(self) -> None:
        """Count a request that was sent to the service, whatever came of it."""
        self._add_metric("Requests")

    def log_pause(self, reason: str, seconds: float) -> None:
        """Log that no worker sends requests for some seconds, as the service asked."""
        self._add_metric("Throttled")
        fields = {"reason": reason, "seconds": round(seconds, 1)}
        self._log.warning("requests paused: the service throttles", extra=fields)

    def log_key_unavailable(self) -> None:
        """Log that the service refuses the subscription key, or that the key cannot be read."""
        self._add_metric("KeyRefused")
        self._log.error("requests paused: the subscription key is refused or cannot be read")

    def log_rejected(self, reason: str) -> None:
        """Log that something responded to a request that carried its picture, and not the Match operation."""
        self._add_metric("RequestRejected")
        self._log.error("request rejected: check MatchEndpoint and the subscription", extra={"reason": reason})

    def log_service_unavailable(self, reason: str) -> None:
        """Log that the circuit breaker is open: all workers wait, and one probe at a time is sent."""
        self._add_metric("ServiceUnavailable")
        self._log.error("requests paused: the service does not respond", extra={"reason": reason})

    def gauge_quota_used(self, used: float) -> None:
        """Record the used part of the monthly quota, 1.0 for all of it."""
        self._add_metric("QuotaUsed", 100 * used, MetricUnit.Percent)

    def log_sent_by_value(self, upload: Upload) -> None:
        """Log that a picture's bytes were sent, because the service could not use its URL or those before it."""
        self._add_metric("SentByValue")
        self._log.info("sent by value: URLs fail", extra=_upload_fields(upload))

    def log_untagged(self, upload: Upload) -> None:
        """Log that the object has no room for the scan-status tag."""
        self._add_metric("Untagged")
        self._log.warning("scan-status tag not set: the object has ten tags", extra=_upload_fields(upload))

    def log_held_match(self, upload: Upload, reason: str) -> None:
        """Log that a match waits for the operator before it is deleted."""
        self._add_metric("MatchHeld")
        self._log.warning("match held for the operator", extra=_upload_fields(upload) | {"reason": reason})

    def log_redelivered(self, upload: Upload) -> None:
        """Log that the sweep redelivered an upload whose message counts as lost."""
        self._add_metric("Redelivered")
        self._log.warning("upload redelivered", extra=_upload_fields(upload))

    def log_lost_notification(self, upload: Upload) -> None:
        """Log that the reconciliation found an upload without a record, and sent it to the retry queue."""
        self._add_metric("LostNotification")
        self._log.warning("upload without a record found", extra=_upload_fields(upload))

    def log_canary(self, reason: str, failed: bool) -> None:
        """Log how the canary's sample came back. `failed`: not as Test; `reason` says how."""
        self._add_metric("CanaryFailed", int(failed))
        if failed:
            self._log.error("canary failed: the sample did not come back as Test", extra={"reason": reason})
        else:
            self._log.info("canary came back as Test")

    def log_canary_deferred(self, reason: str) -> None:
        """Log that the canary got no answer, as uploads get none at present. That is no failure of its own."""
        self._add_metric("CanaryFailed", 0)
        self._add_metric("CanaryDeferred")
        self._log.info("canary deferred", extra={"reason": reason})

    def gauge_oldest_unsettled(self, seconds: float) -> None:
        """Record the age of the oldest unsettled upload, without those of a backfill."""
        self._add_metric("OldestUnsettled", seconds, MetricUnit.Seconds)

    def gauge_awaiting_operator(self, count: int) -> None:
        """Record how many matches wait for the operator because the deletion limit is reached."""
        self._add_metric("AwaitingOperator", count)

    def log_unreadable_event(self, reason: str) -> None:
        """Log that a payload, or a part of one, went to the dead-letter queue."""
        self._add_metric("UnreadableEvent")
        self._log.error("unreadable event sent to the dead-letter queue", extra={"reason": reason})

    def log_ignored_event(self, name: str) -> None:
        """Log that an event asks for no scan, such as that of a deletion, and is dropped."""
        self._add_metric("IgnoredEvent")
        self._log.info("event ignored: it asks for no scan", extra={"event": name})

    def log_dead_letter_refused(self, reason: str) -> None:
        """Log that an unreadable event could not be sent to the dead-letter queue, and is delivered again."""
        self._add_metric("RedeliveryRequired")
        self._log.error("unreadable event to be redelivered", extra={"reason": reason})

    def log_quarantine_failed(self, upload: Upload, reason: str) -> None:
        """Log that a match could not be quarantined yet. It is retried without end."""
        self._add_metric("QuarantineFailed")
        self._log.error("match not quarantined yet", extra=_upload_fields(upload) | {"reason": reason})

    def log_redelivery_required(self, upload: Upload, reason: str) -> None:
        """Log that an upload was neither settled nor deferred, so that its event is delivered again."""
        self._add_metric("RedeliveryRequired")
        self._log.error("upload to be redelivered", extra=_upload_fields(upload) | {"reason": reason})

    def _add_metric(self, name: str, value: float = 1, unit: MetricUnit = MetricUnit.Count) -> None:
        with self._lock:
            self._metrics.add_metric(name, unit, value)

    def _flush(self) -> None:
        with self._lock:
            if self._metrics.metric_set:
                self._metrics.flush_metrics()


def _upload_fields(upload: Upload) -> dict[str, object]:
    return {"bucket": upload.bucket, "object_key": upload.key, "version": upload.version}
