"""How far this machine's clock is from the table's, from the dates of the table's answers. Pure.

All workers pace by the table's clock, so that theirs may differ. A date is a whole second, cut off; an answer dated
12:00:01 was given at or after 12:00:01 and before 12:00:02. Each answer bounds the offset from both sides, and a few
that are asked for just when the second changes leave no more unknown than a call takes there and back.
"""

import math

MAX_INITIAL_SKEW = 0.05  # seconds by which a clock may be wrong until answers have told
MAX_DRIFT_PER_SECOND = 1e-5  # seconds by which two disciplined clocks drift apart in a second


class ServerClock:
    """What is known of the offset: seconds to be added to this machine's clock."""

    def __init__(self) -> None:
        self._known = (
            -MAX_INITIAL_SKEW,
            MAX_INITIAL_SKEW,
            math.inf,
        )  # least, most, and when that was so; replaced as a whole, for threads
        self._way = 0.005  # seconds there and back, when nothing stands in the way

    def observe(self, sent: float, received: float, date: float) -> None:
        """An answer between those times (of this machine's clock) bore that date (epoch seconds)."""
        self._way = min(received - sent, 1.05 * self._way)
        told = date - received, date + 1 - sent
        for least, most in (self._bounds(received), (-MAX_INITIAL_SKEW, MAX_INITIAL_SKEW), told):
            least, most = max(least, told[0]), min(most, told[1])
            if least <= most:  # else somebody's clock was set, and what was known is worth nothing
                self._known = least, most, received
                return

    def offset(self, now: float) -> float:
        """The offset, as far as it is known."""
        least, most = self._bounds(now)
        return (least + most) / 2

    def error(self, now: float) -> float:
        """Seconds by which the offset may be wrong."""
        least, most = self._bounds(now)
        return (most - least) / 2

    def next_sample_at(self, now: float, fine: float) -> float:
        """When to send a call so that its date tells most; inf: no need to, as the error is at most `fine` seconds."""
        if self.error(now) <= fine:
            return math.inf
        # Not in the middle: an answer that bears the old second leaves time to ask again before the new one.
        early = self.offset(now) + self.error(now) / 2 + self._way / 2
        return math.floor(now + early) + 1 - early

    def _bounds(self, now: float) -> tuple[float, float]:
        least, most, at = self._known
        drift = min(max(0.0, now - at) * MAX_DRIFT_PER_SECOND, MAX_INITIAL_SKEW)
        return least - drift, most + drift
