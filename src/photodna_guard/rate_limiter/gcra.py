"""The arithmetic of the rate limiter: virtual scheduling (GCRA) over whole batches, and when to wait. Pure."""

from dataclasses import dataclass
from typing import NamedTuple, Self

# The arithmetic counts in whole microseconds.
MICROSECONDS = 1_000_000

# The most slots that a worker reserves at once: the template's batch size.
MAX_BATCH = 13


@dataclass(frozen=True, slots=True)
class Priority:
    """How far ahead of now a worker may reserve slots, how many at once, and how long it waits for them."""

    name: str
    look_ahead_seconds: float
    # Batches of slots that are added to those seconds.
    look_ahead_batches: int
    max_wait_seconds: float
    # The most seconds of slots that are reserved at once, where these hold more than one slot. At a low rate a whole
    # batch would reach beyond the end of its function, and all others would wait for it.
    batch_seconds: float = 4.0

    def look_ahead(self, interval: int) -> int:
        """Return the microseconds from now within which the first slot must lie."""
        batch = self.batch_size(interval) * interval
        return round(self.look_ahead_seconds * MICROSECONDS) + self.look_ahead_batches * batch

    def batch_size(self, interval: int) -> int:
        """Return the most slots to reserve at once."""
        return max(1, min(MAX_BATCH, round(self.batch_seconds * MICROSECONDS) // interval))


# The longest look-ahead is served first: its workers may reserve slots that the others still wait for. A worker of a
# queue wakes up to MAX_WAKE_JITTER late, and the retries' look-ahead exceeds the backfill's by more than that. A fresh
# upload does not wait for slots. Its look-ahead exceeds the batches of both queues, so it finds a slot at any backlog.
# The backfill reserves little at once, since a fresh upload waits behind what is reserved: a third of a second if it is
# lucky, and half a second more for each slot that its machine misses.
LIVE = Priority("live", look_ahead_seconds=1.0, look_ahead_batches=2, max_wait_seconds=0.0)
RETRY = Priority("retry", look_ahead_seconds=0.7, look_ahead_batches=0, max_wait_seconds=40.0)
BACKFILL = Priority(
    "backfill", look_ahead_seconds=0.35, look_ahead_batches=0, max_wait_seconds=40.0, batch_seconds=0.45
)
PRIORITIES = {priority.name: priority for priority in (LIVE, RETRY, BACKFILL)}

# Gaps around the slots of fresh uploads cost others so much at most: four at once, and one in this time.
GAP_TIME = 4 * MICROSECONDS
MAX_GAPS = 3

# The reasons for a wait.
NO_SLOT, PAUSED, UNAVAILABLE = "no slot", "paused", "the service is unavailable"

# Waiting workers wake over this time, so that they do not all write at once.
MAX_WAKE_JITTER = 0.3  # seconds

# So many failures without an answer between them open the circuit breaker.
FAILURE_THRESHOLD = 10
MIN_PROBE_INTERVAL, MAX_PROBE_INTERVAL = 3 * MICROSECONDS, 30 * MICROSECONDS
# An operator may end a pause early, and then expects the waiting messages soon.
MAX_PAUSE_LOOK_AGAIN = 10 * MICROSECONDS
# A worker reads the item so often during a wait that an answer or an operator may end early.
PAUSE_POLL_INTERVAL = 1 * MICROSECONDS


class LimiterState(NamedTuple):
    """The shared item, as the workers of one priority see it. Its times are microseconds of DynamoDB's clock."""

    # The theoretical arrival time of GCRA: slots are free from then on.
    tat: int = 0
    paused_until: int = 0
    # The circuit breaker is open since then; 0 while it is closed.
    tripped_at: int = 0
    # While the breaker is open, one slot at a time is given for a probe, from then on.
    probe_at: int = 0
    failures: int = 0
    # Slots reserved this month.
    used: int = 0
    # A leaky bucket of fresh uploads' slots with gaps, by the time at which it is empty.
    gaps_until: int = 0
    # Batches that workers of this priority have reserved.
    fairness_turn: int = 0
    # The turns that the last worker to reserve a batch had gone without one.
    turn_gap: int = 0


@dataclass(frozen=True, slots=True)
class Spacing:
    """The interval between slots, and what of the margin within it a worker may use."""

    interval: int  # microseconds
    # A slot that a worker meets later than this is missed.
    max_lateness: float  # seconds
    # A clock that is less exact than this keeps a gap to the slots before and behind its own.
    max_clock_error: float  # seconds

    @property
    def exact_clock(self) -> float:
        """Seconds of error up to which a clock is not measured any further."""
        return 0.8 * self.max_clock_error

    @classmethod
    def of(cls, rate: float, margin_ms: float) -> Self:
        """Return the spacing for a rate.

        0.3 of the margin is for lateness, 0.22 for each of two clocks, and the rest for the way to the server.
        """
        return cls(slot_interval(rate, margin_ms), 0.3 * margin_ms / 1000, 0.22 * margin_ms / 1000)


def slot_interval(rate: float, margin_ms: float) -> int:
    """Return the microseconds between two slots.

    `rate + 1` requests span `rate` intervals. They must span a second as the *server* sees it, although one request may
    be delayed on its way by up to the margin more than another. So the margin is spread over a second's intervals.
    """
    return round(MICROSECONDS * (1 + margin_ms / 1000) / rate)


@dataclass(frozen=True, slots=True)
class Wait:
    """No slot is given before `until`."""

    until: int
    reason: str

    @property
    def is_for_all(self) -> bool:
        """Whether every priority waits: during a pause, or while the circuit breaker is open."""
        return self.reason != NO_SLOT


def wait_needed(state: LimiterState, now: int, look_ahead: int) -> Wait | None:
    """Return what to wait for at `now`, or None where a slot may be reserved."""
    if max(state.paused_until, state.probe_at) > now:
        paused = state.paused_until >= state.probe_at
        return Wait(state.paused_until, PAUSED) if paused else Wait(state.probe_at, UNAVAILABLE)
    latest = now + look_ahead
    return Wait(now + state.tat - latest, NO_SLOT) if state.tat > latest else None


@dataclass(frozen=True, slots=True)
class Standstill:
    """The service answers nobody for longer than a worker waits, or the quota of the backfill is used up."""

    # After so many seconds at the latest a worker looks whether it is over.
    look_again_seconds: float
    # A probe may be sent now.
    needs_probe: bool = False
    is_for_quota: bool = False


def find_standstill(state: LimiterState, now: int, priority: Priority) -> Standstill | None:
    """Return the standstill at `now`, or None where workers of the priority send requests or wait for slots."""
    left = (state.paused_until - now) / MICROSECONDS
    if left > priority.max_wait_seconds:
        return Standstill(min(left, MAX_PAUSE_LOOK_AGAIN / MICROSECONDS))
    if state.tripped_at:
        interval = probe_interval(state.tripped_at, now) / MICROSECONDS
        return Standstill(interval, needs_probe=state.probe_at <= now)
    return None


def wake_delay(state: LimiterState, last_turn: int) -> tuple[float, float]:
    """Return the least and most seconds by which a worker whose last turn was `last_turn` delays its waking.

    Waiting workers take turns. The worker that has gone as many turns without a batch as the last one had is next. One
    that has gone more was passed over, and goes before it. The others stand back, in case that neither is waiting.
    """
    gone = state.fairness_turn - last_turn
    if gone > state.turn_gap:
        return 0.0, MAX_WAKE_JITTER / 3
    if gone == state.turn_gap:
        return MAX_WAKE_JITTER / 3, MAX_WAKE_JITTER / 3
    return MAX_WAKE_JITTER / 2, MAX_WAKE_JITTER


def probe_interval(tripped_at: int, now: int) -> int:
    """Return the microseconds between two probes: short while an outage is young, since most are short."""
    return min(max((now - tripped_at) // 30, MIN_PROBE_INTERVAL), MAX_PROBE_INTERVAL)


def count_fitting(first: int, last: int, interval: int) -> int:
    """Return how many slots begin between `first` and `last`, both included."""
    return max(0, (last - first) // interval + 1)


def slot_times(end: int, count: int, interval: int) -> list[int]:
    """Return the times of `count` slots, the last of which ends at `end`."""
    return [end - interval * (count - i) for i in range(count)]
