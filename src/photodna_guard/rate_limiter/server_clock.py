"""The clock offset: what this machine's clock differs from DynamoDB's, by the dates of DynamoDB's responses. Pure.

All workers use DynamoDB's clock, so that clock skew between them costs no slot. A date is a whole second, cut off: a
response dated 12:00:01 was given at or after 12:00:01 and before 12:00:02. So each response bounds the offset from both
sides. A few calls that are sent just when the second changes bound it to the time that a call takes there and back.
"""

import math

# A machine's clock may be wrong by so much until responses have bounded its offset.
MAX_INITIAL_SKEW = 0.05  # seconds
# Two disciplined clocks may drift apart by so much in a second.
MAX_DRIFT_PER_SECOND = 1e-5  # seconds


class ServerClock:
    """The bounds of the offset: the seconds to be added to this machine's clock."""

    def __init__(self) -> None:
        # The least and the most, and when they were found. Threads share them, so they are replaced as a whole.
        self._bounds_at = (-MAX_INITIAL_SKEW, MAX_INITIAL_SKEW, math.inf)
        # The seconds there and back when nothing stands in the way.
        self._round_trip = 0.005

    def observe(self, sent: float, received: float, date: float) -> None:
        """Learn from a response that bore `date`, in epoch seconds.

        Its call took from `sent` to `received` by this machine's clock.
        """
        self._round_trip = min(received - sent, 1.05 * self._round_trip)
        observed = date - received, date + 1 - sent
        for least, most in (self._bounds(received), (-MAX_INITIAL_SKEW, MAX_INITIAL_SKEW), observed):
            least, most = max(least, observed[0]), min(most, observed[1])
            # Where the bounds contradict the response a clock was set, and they are worth nothing.
            if least <= most:
                self._bounds_at = least, most, received
                return

    def offset(self, now: float) -> float:
        """Return the offset in seconds, as far as it is known."""
        least, most = self._bounds(now)
        return (least + most) / 2

    def error(self, now: float) -> float:
        """Return the seconds by which the offset may be wrong."""
        least, most = self._bounds(now)
        return (most - least) / 2

    def next_sample_at(self, now: float, max_error: float) -> float:
        """Return when to send a call so that its date tells most; inf where the error is at most `max_error`."""
        least, most = self._bounds(now)
        error = (most - least) / 2
        if error <= max_error:
            return math.inf
        # Not in the middle of the bounds: a response that bears the old second leaves time to call again before the
        # new one.
        early = (least + most) / 2 + error / 2 + self._round_trip / 2
        return math.floor(now + early) + 1 - early

    def _bounds(self, now: float) -> tuple[float, float]:
        least, most, at = self._bounds_at
        drift = min(max(0.0, now - at) * MAX_DRIFT_PER_SECOND, MAX_INITIAL_SKEW)
        return least - drift, most + drift
