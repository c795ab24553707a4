"""The rate limiter's item, and that of the deletion limit: what they say, and what an operator may change in them."""

from dataclasses import dataclass
from typing import Any

from ops.guardctl.tables import OperatedTable
from ops.guardctl.target import Target
from photodna_guard.rate_limiter.commands import used_attribute
from photodna_guard.rate_limiter.gcra import MICROSECONDS

_LIMITER, _DELETION_LIMIT = "match", "quarantines"
# A pause without an end. DynamoDB's numbers hold it, and so does every clock.
FOR_EVER = 4_102_444_800.0  # epoch seconds, the year 2100
# An older report of a worker says nothing of the queue (aws/queue_age.py).
_AGE_VALID_SECONDS = 900


@dataclass(frozen=True, slots=True)
class LimiterStatus:
    """What the rate limiter's item says. Times are epoch seconds; 0 where there is none."""

    paused_until: float
    # Who made this pause and why; empty where the service asked for it.
    operator_pause: dict[str, Any]
    breaker_open_since: float
    failures: int
    # Slots reserved in this month.
    used: int
    # Slots are free from then on.
    next_slot_at: float = 0.0

    def is_paused(self, now: float) -> bool:
        """Whether a pause is on."""
        return self.paused_until > now

    def describe(self, now: float) -> str:
        """Say in a sentence whether requests are sent, and if not, why."""
        if self.is_paused(now) and self.operator_pause:
            by, reason = self.operator_pause.get("by"), self.operator_pause.get("reason")
            return f"paused by {by}: {reason}"
        if self.is_paused(now):
            return "paused, as the service asked for (429 or 403)"
        if self.breaker_open_since:
            return f"circuit breaker open after {self.failures} failures; one probe at a time"
        return "running"


class RateControl:
    """The rate limiter's table, as an operator uses it. Methods raise botocore's errors."""

    def __init__(self, target: Target) -> None:
        self._table = OperatedTable(target.client("dynamodb"), target.stack.output("RateLimiterTableName"))
        self._now = target.now

    def read(self) -> LimiterStatus:
        """Read the rate limiter's item."""
        item = self._table.read(limiter=_LIMITER)
        paused_until, made = item.get("paused_until", 0), item.get("operator_pause", {})
        return LimiterStatus(
            paused_until=float(paused_until) / MICROSECONDS,
            # One that has ended stays in the item, beside a pause that the service asked for since.
            operator_pause=made if made.get("until") == paused_until else {},
            breaker_open_since=float(item.get("tripped_at", 0)) / MICROSECONDS,
            failures=int(item.get("failures", 0)),
            used=int(item.get(used_attribute(round(self._now() * MICROSECONDS)), 0)),
            next_slot_at=float(item.get("tat", 0)) / MICROSECONDS,
        )

    def pause(self, until: float, by: str, reason: str) -> None:
        """Let no request be sent before `until` (epoch seconds). It replaces a pause that is on."""
        paused_until = round(until * MICROSECONDS)
        self._table.update(
            {"limiter": _LIMITER},
            "SET paused_until = :until, operator_pause = :pause",
            {":until": paused_until, ":pause": {"by": by, "reason": reason, "until": paused_until}},
        )

    def resume(self) -> None:
        """End a pause of whatever cause, and close the circuit breaker. Ten new failures open it again."""
        removed = "paused_until, operator_pause, failures, tripped_at, probe_at"
        self._table.update({"limiter": _LIMITER}, f"REMOVE {removed}", {})

    def read_queue_age(self, queue: str) -> float | None:
        """Return the age in seconds of a queue's oldest message, as workers saw it; None where none received any."""
        item = self._table.read(limiter=f"queue-{queue}")
        is_fresh = self._now() - float(item.get("seen_at", 0)) <= _AGE_VALID_SECONDS
        return float(item["oldest_seconds"]) if is_fresh else None

    def deletion_limit_tripped_at(self) -> float | None:
        """Return since when (epoch seconds) all deleting has stopped; None where matches are deleted."""
        tripped = self._table.read(limiter=_DELETION_LIMIT).get("tripped_at")
        return None if tripped is None else float(tripped)

    def reset_deletion_limit(self) -> None:
        """Let deleting go on, and count from zero. A worker that counts at this moment is refused by `revision`."""
        self._table.update({"limiter": _DELETION_LIMIT}, "REMOVE tripped_at, recent, revision", {})
