"""Put messages that only wait for the service back into their queue untouched, while it answers nobody.

    message  received, put back ... received, put back ...      the pause ends: received, scanned
                      1 s to N / rate later: N messages come back as fast as the rate works them off

So the queue costs the same however long it is, and the full rate is there as soon as the pause ends or an operator ends
it. A match that is being moved, an upload that an operator decided about, one that was not compared with the known
hashes, and one probe are not put back.
"""

import random
import time
from collections.abc import Callable, Sequence

from photodna_guard.domain.errors import DeferrableError, RetryableError
from photodna_guard.domain.queue_message import QueueMessage
from photodna_guard.rate_limiter.gcra import Standstill
from photodna_guard.scanning.ports.messaging import RetryQueue, Telemetry
from photodna_guard.scanning.ports.service import RateLimiter
from photodna_guard.scanning.ports.storage import ResultLookup

# Then the message goes the usual way once, and a new one takes its place: SQS moves a message to the dead-letter queue
# after 500 deliveries, and deletes it after 14 days.
MAX_RECEIVES = 100
MAX_AGE_SECONDS = 2 * 86400.0
# SQS hides 120,000 messages of a queue at most, for twelve hours at most.
_MAX_HIDDEN_MESSAGES = 100_000
_MAX_HIDDEN_SECONDS = 36_000.0
_MIN_HIDDEN_SECONDS = 1.0


class PutBack:
    """Chooses the messages of a batch that wait untouched, and sets when they are delivered again."""

    def __init__(
        self,
        results: ResultLookup,
        rate_limiter: RateLimiter,
        queue: RetryQueue,
        telemetry: Telemetry,
        rate: float,
        now: Callable[[], float] = time.time,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        """`rate`: the requests of a second."""
        self._results, self._rate_limiter, self._queue = results, rate_limiter, queue
        self._telemetry, self._rate, self._now, self._uniform = telemetry, rate, now, uniform

    def apply(self, messages: Sequence[QueueMessage]) -> frozenset[str]:
        """Put messages back. Return their ids: the function names them as failed, so that SQS keeps them.

        Where a call fails, every message goes the usual way, which costs more and loses nothing.
        """
        try:
            standstill = self._rate_limiter.standstill()
            waiting = self._choose(messages, standstill) if standstill else []
            if standstill and waiting:
                self._hide(waiting, standstill)
        except (DeferrableError, RetryableError):
            return frozenset()
        return frozenset(message.message_id for message in waiting)

    def _choose(self, messages: Sequence[QueueMessage], standstill: Standstill) -> list[QueueMessage]:
        waiting = [one for one in messages if self._may_wait(one, standstill)]
        if not waiting:
            return []
        others = self._results.find_without_service([job.upload for one in waiting for job in one.jobs])
        waiting = [one for one in waiting if not any(job.upload.record_key in others for job in one.jobs)]
        return waiting[1:] if standstill.needs_probe else waiting

    def _may_wait(self, message: QueueMessage, standstill: Standstill) -> bool:
        is_old = message.sent is not None and self._now() - message.sent > MAX_AGE_SECONDS
        if message.receives >= MAX_RECEIVES or is_old:
            return False
        return message.waits_for_service or (standstill.is_for_quota and bool(message.jobs) and not message.unreadable)

    def _hide(self, waiting: Sequence[QueueMessage], standstill: Standstill) -> None:
        backlog = min(self._queue.count_messages(), _MAX_HIDDEN_MESSAGES)
        longest = min(max(standstill.look_again_seconds, backlog / self._rate), _MAX_HIDDEN_SECONDS)
        self._queue.put_back({one.receipt_handle: self._uniform(_MIN_HIDDEN_SECONDS, longest) for one in waiting})
        self._telemetry.log_put_back(len(waiting))
