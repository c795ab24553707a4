"""The sweep: what waits for too long is sent again, so that even a message that vanished loses no upload."""

import time
from collections.abc import Callable, Iterable, Mapping

from photodna_guard.domain.models import ScanJob, UnsettledRecord
from photodna_guard.scanning.ports import DeletionLimit, RetryQueue, Telemetry, UnsettledIndex


class Sweeper:
    """Runs every few minutes. Raises Busy and TryAgain: the next run goes on."""

    def __init__(
        self,
        unsettled: UnsettledIndex,
        queues: Mapping[str, RetryQueue],
        bound: DeletionLimit,
        notices: Telemetry,
        observe: bool,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`queues`: by name."""
        self._unsettled, self._queues, self._bound, self.notices = unsettled, queues, bound, notices
        self._observe, self._now = observe, now

    def run(self) -> None:
        """Sends what is overdue, tells how long the oldest has waited, and takes up what may be moved again."""
        oldest = self._send_overdue(self._unsettled.iter_unsettled())
        self.notices.gauge_oldest_unsettled(self._now() - oldest if oldest else 0.0)
        held = list(self._unsettled.iter_held())
        stopped = bool(held) and not self._observe and self._bound.is_tripped
        self.notices.gauge_awaiting_operator(len(held) if stopped else 0)
        if held and not stopped and not self._observe:
            self._send_overdue(held)

    def _send_overdue(self, found: Iterable[UnsettledRecord]) -> float | None:
        """When the oldest of them was received; a backfill's wait by their nature."""
        oldest, now = None, int(self._now())
        for waiting in found:
            if waiting.overdue <= now and (upload := self._unsettled.claim(waiting, now)):
                self._queues[waiting.queue].send(ScanJob(upload), 0)
                self.notices.log_redelivered(upload)
            if waiting.queue == "retry":
                oldest = min(oldest or waiting.received, waiting.received)
        return oldest
