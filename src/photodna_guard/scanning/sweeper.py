"""The sweep: redeliver what waits for too long, so that even a vanished message loses no upload."""

import time
from collections.abc import Callable, Iterable, Mapping

from photodna_guard.domain.models import ScanJob, UnsettledRecord
from photodna_guard.scanning.ports.messaging import RetryQueue, Telemetry
from photodna_guard.scanning.ports.storage import DeletionLimit, UnsettledIndex


class Sweeper:
    """Runs every few minutes. Raises DeferrableError and RetryableError: the next run goes on."""

    def __init__(
        self,
        unsettled: UnsettledIndex,
        queues: Mapping[str, RetryQueue],
        deletion_limit: DeletionLimit,
        telemetry: Telemetry,
        observe: bool,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`queues`: by the name that a record has of its queue."""
        self._unsettled, self._queues, self._deletion_limit = unsettled, queues, deletion_limit
        self.telemetry, self._observe, self._now = telemetry, observe, now

    def run(self) -> None:
        """Redeliver what is overdue, report the age of the oldest, and resume held matches once they may go on."""
        oldest = self._redeliver_overdue(self._unsettled.iter_unsettled())
        self.telemetry.gauge_oldest_unsettled(self._now() - oldest if oldest else 0.0)
        held = list(self._unsettled.iter_held())
        is_tripped = bool(held) and not self._observe and self._deletion_limit.is_tripped
        self.telemetry.gauge_awaiting_operator(len(held) if is_tripped else 0)
        if held and not is_tripped and not self._observe:
            self._redeliver_overdue(held)

    def _redeliver_overdue(self, records: Iterable[UnsettledRecord]) -> float | None:
        """Return when the oldest record was received (epoch seconds). A backfill's records wait by their nature."""
        oldest, now = None, int(self._now())
        for record in records:
            if record.overdue <= now and (upload := self._unsettled.claim(record, now)):
                self._queues[record.queue].send(ScanJob(upload), 0)
                self.telemetry.log_redelivered(upload)
            if record.queue == "retry":
                oldest = min(oldest or record.received, record.received)
        return oldest
