"""What is told: a log line and a metric for each thing that happens to an upload. Alarms are made of the metrics."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from photodna_guard.domain.models import Status, Upload

_QUIET = (Status.CLEAN, Status.SKIPPED, Status.GONE)


class Telemetry:
    """Log lines and metrics. No metric has an object's key as a dimension; no line holds a URL or the key."""

    def __init__(self, logger: Logger, metrics: Metrics, now: Callable[[], float] = time.time) -> None:
        self._log, self._metrics, self._now = logger, metrics, now
        self._lock = threading.Lock()  # a batch is worked by threads; Metrics is not made for them

    @contextmanager
    def flushing(self) -> Iterator[None]:
        """Writes the metrics of what happens within, however it ends."""
        try:
            yield
        finally:
            self._flush()

    def log_settled(self, upload: Upload, status: Status, reason: str, received: float, is_test: bool) -> None:
        """An upload's way has ended. `received`: epoch seconds at which it began."""
        self._metric("TestQuarantined" if is_test else status.value.title())
        self._metric("TimeToVerdict", max(0.0, self._now() - received), MetricUnit.Seconds)
        tell = self._log.info if status in _QUIET or is_test else self._log.warning
        tell("settled", extra=_upload_fields(upload) | {"status": status.value, "reason": reason, "is_test": is_test})

    def log_match(self, upload: Upload, is_test: bool) -> None:
        """A match is known and about to be moved. Written at once: what comes after may be cut off."""
        self._metric("TestMatched" if is_test else "Matched")
        self._log.warning("matched", extra=_upload_fields(upload) | {"is_test": is_test})
        self._flush()

    def log_deferred(self, upload: Upload, reason: str, delay: float, counted: bool) -> None:
        """An upload waits: because something failed (`counted`), or for a slot or a pause."""
        self._metric("FailedAttempt" if counted else "Deferred")
        tell = self._log.warning if counted else self._log.info
        tell("deferred", extra=_upload_fields(upload) | {"reason": reason, "delay_seconds": round(delay, 1)})

    def log_pause(self, reason: str, seconds: float) -> None:
        """The whole fleet waits: the service said so."""
        self._metric("Throttled")
        self._log.warning("paused", extra={"reason": reason, "seconds": round(seconds, 1)})

    def log_key_unavailable(self) -> None:
        """The subscription key is refused by the service, or cannot be had."""
        self._metric("KeyRefused")
        self._log.error("the subscription key is refused, or cannot be had: everything waits")

    def log_service_unavailable(self, reason: str) -> None:
        """The service is taken for away: everybody waits, and one request at a time is the probe."""
        self._metric("ServiceUnavailable")
        self._log.error("the service does not answer: everything waits", extra={"reason": reason})

    def gauge_quota_used(self, used: float) -> None:
        """The part of the monthly quota that is used up."""
        self._metric("QuotaUsed", 100 * used, MetricUnit.Percent)

    def log_untagged(self, upload: Upload) -> None:
        """The object has no room for the scan-status tag."""
        self._metric("Untagged")
        self._log.warning("the object has ten tags already: no room for scan-status", extra=_upload_fields(upload))

    def log_held_match(self, upload: Upload, reason: str) -> None:
        """A match is not moved until the operator says so."""
        self._metric("MatchHeld")
        self._log.warning("hold_reason", extra=_upload_fields(upload) | {"reason": reason})

    def log_redelivered(self, upload: Upload) -> None:
        """Nobody has taken an upload up for too long: the sweep sent it again."""
        self._metric("Redelivered")
        self._log.warning("sent again", extra=_upload_fields(upload))

    def gauge_oldest_unsettled(self, seconds: float) -> None:
        """The age of the oldest upload that is not settled; a backfill's do not count."""
        self._metric("OldestUnsettled", seconds, MetricUnit.Seconds)

    def gauge_awaiting_operator(self, count: int) -> None:
        """So many matches wait for the operator's word, as the bound was reached."""
        self._metric("AwaitingOperator", count)

    def log_unreadable_event(self, reason: str) -> None:
        """A payload, or a part of one, went to the dead-letter queue."""
        self._metric("UnreadableEvent")
        self._log.error("an event cannot be read and is kept in the dead-letter queue", extra={"reason": reason})

    def log_quarantine_failed(self, upload: Upload, reason: str) -> None:
        """A match is not in quarantine yet. It is tried for ever."""
        self._metric("QuarantineFailed")
        self._log.error("a match could not be moved yet", extra=_upload_fields(upload) | {"reason": reason})

    def log_redelivery_required(self, upload: Upload, reason: str) -> None:
        """An upload could neither be settled nor deferred: it is delivered again."""
        self._metric("RedeliveryRequired")
        self._log.error("not finished, to be delivered again", extra=_upload_fields(upload) | {"reason": reason})

    def _metric(self, name: str, value: float = 1, unit: MetricUnit = MetricUnit.Count) -> None:
        with self._lock:
            self._metrics.add_metric(name, unit, value)

    def _flush(self) -> None:
        with self._lock:
            if self._metrics.metric_set:
                self._metrics.flush_metrics()


def _upload_fields(upload: Upload) -> dict[str, object]:
    return {"bucket": upload.bucket, "object_key": upload.key, "version": upload.version}
