"""The application as a handler sees it."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from photodna_guard.aws.queue_age import QueueAge
from photodna_guard.aws.retry_queue import RetryQueue
from photodna_guard.aws.telemetry import Telemetry
from photodna_guard.domain.errors import DeferrableError, RetryableError
from photodna_guard.domain.events import UnreadablePart
from photodna_guard.scanning.fresh_uploads import FreshUploads
from photodna_guard.scanning.put_back import PutBack
from photodna_guard.scanning.scanner import Scanner


@dataclass(frozen=True, slots=True)
class Application:
    """The parts that a handler uses."""

    scanner: Scanner
    fresh_uploads: FreshUploads
    put_back: PutBack
    retry_queue: RetryQueue
    queue_age: QueueAge
    telemetry: Telemetry

    def set_aside(self, unreadable: Iterable[UnreadablePart], ignored: Iterable[str]) -> bool:
        """Send what cannot be read to the dead-letter queue, and count what is dropped on purpose.

        Return False where the queue takes a part not. Then the event is to be delivered again, alone: the uploads
        beside it go on.
        """
        for name in ignored:
            self.telemetry.log_ignored_event(name)
        try:
            for part in unreadable:
                self.retry_queue.send_to_dead_letters(part.part, part.reason)
                self.telemetry.log_unreadable_event(part.reason)
        except (DeferrableError, RetryableError) as error:
            self.telemetry.log_dead_letter_refused(str(error))
            return False
        return True


def remaining_seconds(context: Any) -> float:
    """Return how long the function may still run; infinity outside Lambda."""
    return math.inf if context is None else context.get_remaining_time_in_millis() / 1000
