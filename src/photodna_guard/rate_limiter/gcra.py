"""The arithmetic of the shared rate: virtual scheduling (GCRA) over whole batches, and when to wait. Pure."""

from dataclasses import dataclass

MICROSECONDS = 1_000_000  # all times here are whole microseconds

MAX_BATCH = 13  # slots that a worker of a queue takes at once, at the most: the template's batch size


@dataclass(frozen=True, slots=True)
class Priority:
    """How far ahead one may take a slot, and how long wait until that is so (`patience`, s)."""

    name: str
    seconds: float
    batches: int  # of slots, beyond those seconds
    patience: float

    def horizon(self, spacing: int) -> int:
        """Microseconds from now within which the first slot must lie."""
        return round(self.seconds * MICROSECONDS) + self.batches * MAX_BATCH * spacing


# Whoever looks further ahead is served first: he may take a slot that the others still wait for. A worker of a queue
# wakes up to SPREAD later than it could, and the retries' look is longer than the backfill's by more than that. A fresh
# upload, whose function waits for nothing, looks beyond the batches of both: it finds a slot whatever the backlog.
LIVE = Priority("upload", seconds=1.0, batches=2, patience=0.0)
RETRY = Priority("retry", seconds=0.7, batches=0, patience=40.0)
BACKFILL = Priority("backfill", seconds=0.35, batches=0, patience=40.0)
PRIORITIES = {lane.name: lane for lane in (LIVE, RETRY, BACKFILL)}

NO_SLOT, PAUSED, UNAVAILABLE = "no slot", "paused", "the service is away"  # what one waits for

MAX_WAKE_JITTER = 0.3  # seconds over which waiting workers wake, so that they do not all write at once

FAILURE_THRESHOLD = 10  # failures without an answer between them, after which the service is taken for away
MIN_PROBE_INTERVAL, MAX_PROBE_INTERVAL = 3 * MICROSECONDS, 30 * MICROSECONDS
PAUSE_POLL_INTERVAL = 1 * MICROSECONDS  # how often one who waits while all are held looks whether they still are


@dataclass(frozen=True, slots=True)
class LimiterState:
    """The shared item: from `tat` on slots are free; before `paused_until` nobody takes any.

    While the service is away (since `tripped_at`), one slot at a time is given, for a probe, from `probe_at` on.
    """

    tat: int = 0
    paused_until: int = 0
    tripped_at: int = 0  # 0: it is not away
    probe_at: int = 0
    failures: int = 0
    used: int = 0  # slots of this month
    turn: int = 0  # batches that this lane has taken
    age: int = 0  # so many turns the last of their takers had gone without one


def slot_interval(rate: float, margin_ms: float) -> int:
    """Microseconds between two slots.

    `rate + 1` requests span `rate` intervals. They are to span a second as the *server* sees it, although one may be
    delayed on its way by up to the margin more than another; so the margin is spread over a second's intervals.
    """
    return round(MICROSECONDS * (1 + margin_ms / 1000) / rate)


@dataclass(frozen=True, slots=True)
class Wait:
    """No slot before `until`. `held`: nobody gets one, whatever his lane."""

    until: int
    reason: str

    @property
    def held(self) -> bool:
        """Whether all are paused, or the service is away."""
        return self.reason != NO_SLOT


def wait_needed(clock: LimiterState, now: int, horizon: int) -> Wait | None:
    """What to wait for at `now`; None where a slot may be taken."""
    if max(clock.paused_until, clock.probe_at) > now:
        paused = clock.paused_until >= clock.probe_at
        return Wait(clock.paused_until, PAUSED) if paused else Wait(clock.probe_at, UNAVAILABLE)
    latest = now + horizon
    return Wait(now + clock.tat - latest, NO_SLOT) if clock.tat > latest else None


def wake_delay(clock: LimiterState, turn: int) -> tuple[float, float]:
    """Between how many and how many seconds one wakes later than one could, whose last `turn` that was.

    Waiting workers take turns. Whoever has gone as many without one as the last taker had is next; whoever has gone
    more was passed over, and is before him; the others stand back, in case that neither is waiting.
    """
    gone = clock.turn - turn
    if gone > clock.age:
        return 0.0, MAX_WAKE_JITTER / 3
    return (MAX_WAKE_JITTER / 3, MAX_WAKE_JITTER / 3) if gone == clock.age else (MAX_WAKE_JITTER / 2, MAX_WAKE_JITTER)


def probe_interval(tripped_at: int, now: int) -> int:
    """Microseconds from one probe to the next: short while an outage is young, since most are."""
    return min(max((now - tripped_at) // 30, MIN_PROBE_INTERVAL), MAX_PROBE_INTERVAL)


def slot_times(end: int, count: int, spacing: int) -> list[int]:
    """The times of `count` slots, the last of which ends at `end`."""
    return [end - spacing * (count - i) for i in range(count)]
