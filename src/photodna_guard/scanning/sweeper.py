"""The sweep: redeliver what waits for too long, so that even a vanished message loses no upload.

A message that waits in its queue is not lost, however long the queue is:

    redeliver_at    the message was due, and half an hour more (the backfill's: a day)
    + the slack     nothing where the queue is empty; else twice the age at which workers receive its messages now
    <= now          no worker has the upload, and its message would have come: it is lost
"""

import math
import time
from collections.abc import Callable, Iterable, Mapping

from photodna_guard.domain.models import ScanJob, UnsettledRecord
from photodna_guard.scanning.ports.messaging import QueueAge, RetryQueue, Telemetry
from photodna_guard.scanning.ports.storage import DeletionLimit, UnsettledIndex

# The schedule's interval.
INTERVAL_SECONDS = 300
_MIN_BOUND = 100
# A run ends so long before its function does.
_SPARE_SECONDS = 30.0


class Sweeper:
    """Runs every few minutes. Raises DeferrableError and RetryableError: the next run goes on."""

    def __init__(
        self,
        unsettled: UnsettledIndex,
        queues: Mapping[str, RetryQueue],
        ages: Mapping[str, QueueAge],
        deletion_limit: DeletionLimit,
        telemetry: Telemetry,
        observe: bool,
        rate: float,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`queues`, `ages`: by the name that a record has of its queue; `rate`: the requests of a second."""
        self._unsettled, self._queues, self._ages = unsettled, queues, ages
        self._deletion_limit, self._observe, self._now = deletion_limit, observe, now
        self.telemetry = telemetry
        # More than the rate works off until the next run would only fill the queue.
        self._bound = max(_MIN_BOUND, round(rate * INTERVAL_SECONDS))

    def run(self, seconds: float = math.inf) -> None:
        """Report the age of the oldest, resume held matches once they may go on, and redeliver what is lost.

        `seconds`: for how long the function may still run.
        """
        began, ends = self._now(), self._now() + seconds - _SPARE_SECONDS
        oldest = self._unsettled.find_oldest("retry")
        self.telemetry.gauge_oldest_unsettled(began - oldest if oldest else 0.0)
        left = self._bound - self._resume_held(ends)
        for name, queue in self._queues.items():
            if (slack := self._slack(name, queue)) < math.inf:
                # Where a run does not come to its end, the next one begins with another part.
                records = self._unsettled.iter_unsettled(name, int(began) // INTERVAL_SECONDS)
                left -= self._redeliver(records, slack, left, ends)

    def _resume_held(self, ends: float) -> int:
        held = list(self._unsettled.iter_held())
        is_tripped = bool(held) and not self._observe and self._deletion_limit.is_tripped
        self.telemetry.gauge_awaiting_operator(len(held) if is_tripped else 0)
        return 0 if self._observe or is_tripped else self._redeliver(held, 0.0, self._bound, ends)

    def _slack(self, name: str, queue: RetryQueue) -> float:
        """Return the seconds by which a message of the queue may come later; inf where nobody can tell.

        Nobody can where messages are in the queue and no worker has received one lately.
        """
        if not queue.count_messages():
            return 0.0
        age = self._ages[name].read()
        return math.inf if age is None else 2 * age

    def _redeliver(self, records: Iterable[UnsettledRecord], slack: float, bound: int, ends: float) -> int:
        """Redeliver what is overdue by the slack, `bound` uploads at most. Return how many."""
        sent = 0
        for record in records:
            now = self._now()
            if sent >= bound or now >= ends:
                break
            if record.overdue + slack <= now and (upload := self._unsettled.claim(record, int(now))):
                self._queues[record.queue].send(ScanJob(upload), 0)
                self.telemetry.log_redelivered(upload)
                sent += 1
        return sent
