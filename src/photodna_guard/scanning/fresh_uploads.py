"""Fresh uploads: checked at once, or left to the queue's workers in a burst."""

from collections.abc import Sequence

from photodna_guard.domain.errors import DeferrableError, RetryableError
from photodna_guard.domain.models import ScanJob
from photodna_guard.scanning.ports.messaging import QueueAge, RetryQueue
from photodna_guard.scanning.ports.service import RateLimiter
from photodna_guard.scanning.scanner import Scanner

# Where messages wait longer in the queue, a fresh upload goes before them, whatever that costs of the rate.
MAX_QUEUE_SECONDS = 60.0


class FreshUploads:
    """Decides, before anything else is done, who checks a fresh upload."""

    def __init__(
        self, scanner: Scanner, rate_limiter: RateLimiter, queue: RetryQueue, queue_age: QueueAge, always_queue: bool
    ) -> None:
        """`always_queue`: where executions are few, none may be held while an upload waits for slot and answer."""
        self._scanner, self._rate_limiter, self._queue = scanner, rate_limiter, queue
        self._queue_age, self._always_queue = queue_age, always_queue

    def check(self, jobs: Sequence[ScanJob], seconds: float) -> list[bool]:
        """Scan the uploads, or send them to the queue. Return for each whether it is done with.

        `seconds`: for how long the function may still run. Raises DeferrableError and RetryableError where the queue
        does not take an upload.
        """
        if not (self._always_queue or self._finds_burst()):
            return self._scanner.scan(jobs, seconds)
        for job in jobs:
            self._queue.send(job, 0)
        return [True] * len(jobs)

    def _finds_burst(self) -> bool:
        try:
            return self._rate_limiter.finds_burst() and (self._queue_age.read() or 0) <= MAX_QUEUE_SECONDS
        except (DeferrableError, RetryableError):
            return False
