"""Ports of the scanner: queues, the event bus, log lines and metrics."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from photodna_guard.domain.models import ScanJob, ScanRecord, Status, Upload


class EventBus(Protocol):
    """The event bus."""

    def publish_settled(self, upload: Upload, record: ScanRecord) -> None:
        """Publish how an upload was settled, at least once."""


class RetryQueue(Protocol):
    """The retry queue, or the backfill queue, and the dead-letter queue."""

    def send(self, job: ScanJob, delay: float) -> None:
        """Deliver the job again after `delay` seconds."""

    def send_all(self, jobs: Sequence[ScanJob]) -> None:
        """Deliver the jobs. After an error some may be sent, and some not."""

    def count_messages(self) -> int:
        """Return how many messages are in the queue, approximately."""
        ...

    def put_back(self, seconds: Mapping[str, float]) -> None:
        """Deliver received messages, by receipt handle, again after these seconds."""

    def send_to_dead_letters(self, what: object, reason: str) -> None:
        """Keep a job, or a part of an event that cannot be read, for a person."""


class QueueAge(Protocol):
    """The age at which workers receive the messages of a queue."""

    def read(self) -> float | None:
        """Return the seconds; None where no worker has received one lately."""


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

    def log_put_back(self, count: int) -> None:
        """Log that messages went back to their queue untouched."""

    def count_request(self) -> None:
        """Count a request that was sent to the service."""

    def log_pause(self, reason: str, seconds: float) -> None:
        """Log that all requests pause."""

    def log_key_unavailable(self) -> None:
        """Log that the subscription key is refused or cannot be read."""

    def log_rejected(self, reason: str) -> None:
        """Log that something responded to a request, and not the operation."""

    def log_service_unavailable(self, reason: str) -> None:
        """Log that the circuit breaker is open."""

    def gauge_quota_used(self, used: float) -> None:
        """Report the used part of the month's quota."""

    def log_sent_by_value(self, upload: Upload) -> None:
        """Log that the bytes were sent, because URLs fail."""

    def log_untagged(self, upload: Upload) -> None:
        """Log that an object has no room for its status tag."""

    def log_held_match(self, upload: Upload, reason: str) -> None:
        """Log that a match waits for the operator."""

    def log_redelivered(self, upload: Upload) -> None:
        """Log that the sweep redelivered an upload."""

    def log_lost_notification(self, upload: Upload) -> None:
        """Log that an upload had no record."""

    def log_canary(self, reason: str, failed: bool) -> None:
        """Log how the canary's sample came back."""

    def log_canary_deferred(self, reason: str) -> None:
        """Log that the canary got no answer, as uploads get none."""

    def gauge_oldest_unsettled(self, seconds: float) -> None:
        """Report the age of the oldest unsettled upload."""

    def gauge_awaiting_operator(self, count: int) -> None:
        """Report how many matches the deletion limit holds."""

    def log_quarantine_failed(self, upload: Upload, reason: str) -> None:
        """Log that a match is not in quarantine yet."""

    def log_redelivery_required(self, upload: Upload, reason: str) -> None:
        """Log that a job is neither settled nor queued again."""
