"""How old the messages of a queue are when workers receive them: what is lost is judged against that.

CloudWatch's ApproximateAgeOfOldestMessage leaves out what was received three times, and so what a pause puts back.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from photodna_guard.aws.table import ConditionFailedError, Table
from photodna_guard.domain.errors import DeferrableError, RetryableError
from photodna_guard.domain.queue_message import QueueMessage

# A worker reports so often at most.
_REPORT_SECONDS = 60.0
# The highest age of so many seconds counts.
_WINDOW_SECONDS = 600
# An older report says nothing of the queue.
_VALID_SECONDS = 900
# One worker replaces another's report only by a higher age, or when it is old.
_REPLACES = "attribute_not_exists(#seen_at) OR #seen_at < :old OR #oldest_seconds <= :oldest_seconds"


class QueueAge:
    """An item of the rate limiter's table for each queue. Workers report, and the sweep reads."""

    def __init__(self, table: Table, queue: str, now: Callable[[], float] = time.time) -> None:
        """`queue`: the name that a record has of its queue."""
        self._table, self._key, self._now = table, {"limiter": f"queue-{queue}"}, now
        self._reported_at = 0.0

    def report(self, messages: Sequence[QueueMessage]) -> None:
        """Report the age of the oldest message of a batch. Raises nothing.

        A message that was received before and not deleted is older than its turn: its worker died. One that was put
        back waits for the service like those around it.
        """
        now = self._now()
        sent = [one.sent for one in messages if one.sent and (one.receives == 1 or one.waits_for_service)]
        if not sent or now < self._reported_at + _REPORT_SECONDS:
            return
        self._reported_at = now
        values = {":oldest_seconds": int(now - min(sent)), ":now": int(now), ":old": int(now) - _WINDOW_SECONDS}
        with suppress(ConditionFailedError, DeferrableError, RetryableError):
            self._table.update(
                self._key,
                "SET #oldest_seconds = :oldest_seconds, #seen_at = :now",
                _REPLACES,
                values,
                {"#oldest_seconds": "oldest_seconds", "#seen_at": "seen_at"},
            )

    def read(self) -> float | None:
        """Return the highest age that workers saw in the last minutes; None where none received a message.

        Raises DeferrableError and RetryableError.
        """
        item = self._table.read(self._key)
        if self._now() - float(item.get("seen_at", 0)) > _VALID_SECONDS:
            return None
        return float(item["oldest_seconds"])
