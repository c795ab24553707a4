"""The arithmetic of the shared rate: virtual scheduling (GCRA) over whole batches. Pure."""

from dataclasses import dataclass

SECOND = 1_000_000  # all times here are whole microseconds


BATCH = 10  # slots that a worker of the retry queue takes at once, at the most: the template's batch size


@dataclass(frozen=True, slots=True)
class Lane:
    """How far ahead one may take a slot, and how long wait until that is so (`patience`, s)."""

    name: str
    seconds: float
    batches: int  # of slots, beyond those seconds
    patience: float

    def horizon(self, spacing: int) -> int:
        """Microseconds from now within which the first slot must lie."""
        return round(self.seconds * SECOND) + self.batches * BATCH * spacing


# The queue's workers take slots from no more than a second ahead, and those of a batch behind that. A fresh upload,
# whose function waits for nothing, looks beyond both: it finds a slot whatever the backlog and whatever the rate.
UPLOADS = Lane("upload", seconds=1.0, batches=2, patience=0.0)
RETRIES = Lane("retry", seconds=1.0, batches=0, patience=40.0)


@dataclass(frozen=True, slots=True)
class Clock:
    """The shared item: from `tat` on slots are free; before `paused_until` nobody takes any."""

    tat: int = 0
    paused_until: int = 0


def interval(rate: float, margin_ms: float) -> int:
    """Microseconds between two slots.

    `rate + 1` requests span `rate` intervals. They are to span a second as the *server* sees it, although one may be
    delayed on its way by up to the margin more than another; so the margin is spread over a second's intervals.
    """
    return round(SECOND * (1 + margin_ms / 1000) / rate)


@dataclass(frozen=True, slots=True)
class Take:
    """Slots may be taken: from `start` where `fresh`, else behind what is taken already."""

    fresh: bool


@dataclass(frozen=True, slots=True)
class Wait:
    """No slot before `until`."""

    until: int
    paused: bool


def plan(clock: Clock, now: int, start: int, horizon: int) -> Take | Wait:
    """What to do at `now` about slots that could be used from `start` (now, and the way to the table and back)."""
    if clock.paused_until > now:
        return Wait(clock.paused_until, paused=True)
    latest = now + horizon
    if clock.tat > latest:
        return Wait(now + clock.tat - latest, paused=False)
    return Take(fresh=clock.tat <= start)


def slots(end: int, count: int, spacing: int) -> list[int]:
    """The times of `count` slots, the last of which ends at `end`."""
    return [end - spacing * (count - i) for i in range(count)]
