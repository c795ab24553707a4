"""Fakes of the queue, the event bus and the telemetry."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

from photodna_guard.domain.models import ScanJob, ScanRecord, Status, Upload
from tests.support.fakes.failing import Failing


@dataclass
class FakeRetryQueue(Failing):
    sent: list[tuple[ScanJob, float]] = field(default_factory=list)
    dead: list[tuple[object, str]] = field(default_factory=list)
    backlog: int = 0
    hidden: dict[str, float] = field(default_factory=dict)  # seconds by receipt handle

    def send(self, delivery: ScanJob, delay: float) -> None:
        self.call("send")
        self.sent.append((delivery, delay))

    def send_all(self, jobs: Sequence[ScanJob]) -> None:
        """Send one after the other: an error in between leaves the first ones sent."""
        for job in jobs:
            self.send(job, 0)

    def count_messages(self) -> int:
        self.call("count_messages")
        return self.backlog

    def put_back(self, seconds: Mapping[str, float]) -> None:
        self.call("put_back")
        self.hidden |= seconds

    def send_to_dead_letters(self, what: object, reason: str) -> None:
        self.call("send_to_dead_letters")
        self.dead.append((what, reason))


@dataclass
class FakeQueueAge:
    seconds: float | None = None

    def read(self) -> float | None:
        return self.seconds


@dataclass
class FakeEventBus(Failing):
    published: list[tuple[str, Status]] = field(default_factory=list)

    def publish_settled(self, upload: Upload, record: ScanRecord) -> None:
        self.call("publish_settled")
        self.published.append((upload.key, record.status))


@dataclass
class FakeTelemetry:
    logged: list[tuple[str, str]] = field(default_factory=list)
    requests: int = 0

    def count_request(self) -> None:
        self.requests += 1

    def log_settled(self, upload: Upload, status: Status, reason: str, received: float, is_test: bool) -> None:
        self.logged.append(("settled", status.value))

    def log_match(self, upload: Upload, is_test: bool) -> None:
        self.logged.append(("matched", upload.key))

    def log_key_unavailable(self) -> None:
        self.logged.append(("key refused", ""))

    def log_rejected(self, reason: str) -> None:
        self.logged.append(("rejected", reason))

    def log_service_unavailable(self, reason: str) -> None:
        self.logged.append(("away", reason))

    def gauge_quota_used(self, used: float) -> None:
        self.logged.append(("quota", f"{used:.0%}"))

    def log_deferred(self, upload: Upload, reason: str, delay: float, counted: bool) -> None:
        self.logged.append(("failed" if counted else "waited", reason))

    def log_put_back(self, count: int) -> None:
        self.logged.append(("put back", str(count)))

    def log_pause(self, reason: str, seconds: float) -> None:
        self.logged.append(("paused", reason))

    def log_sent_by_value(self, upload: Upload) -> None:
        self.logged.append(("sent by value", upload.key))

    def log_untagged(self, upload: Upload) -> None:
        self.logged.append(("untagged", upload.key))

    def flushing(self) -> AbstractContextManager[None]:
        return nullcontext()

    def log_canary(self, reason: str, failed: bool) -> None:
        self.logged.append(("canary-failed" if failed else "canary-test", reason))

    def log_canary_deferred(self, reason: str) -> None:
        self.logged.append(("canary-deferred", reason))

    def log_held_match(self, upload: Upload, reason: str) -> None:
        self.logged.append(("hold_reason", reason))

    def log_redelivered(self, upload: Upload) -> None:
        self.logged.append(("sent again", upload.key))

    def log_lost_notification(self, upload: Upload) -> None:
        self.logged.append(("lost notification", upload.key))

    def gauge_oldest_unsettled(self, seconds: float) -> None:
        self.logged.append(("oldest", f"{seconds:.0f}"))

    def gauge_awaiting_operator(self, count: int) -> None:
        self.logged.append(("held", str(count)))

    def log_quarantine_failed(self, upload: Upload, reason: str) -> None:
        self.logged.append(("not moved", reason))

    def log_redelivery_required(self, upload: Upload, reason: str) -> None:
        self.logged.append(("unfinished", reason))
