"""What a verdict says of the service's health, told to the rate limiter that all workers share, and to telemetry."""

import time
from collections.abc import Callable

from photodna_guard.domain.errors import ServiceUnavailableError
from photodna_guard.domain.verdicts import MatchOutcome, Verdict
from photodna_guard.scanning.decisions import pause_seconds
from photodna_guard.scanning.ports.messaging import Telemetry
from photodna_guard.scanning.ports.service import RateLimiter


class ServiceHealth:
    """Pauses all workers, or counts a failure, where the service answers nobody."""

    def __init__(self, rate_limiter: RateLimiter, telemetry: Telemetry, now: Callable[[], float] = time.time) -> None:
        self._rate_limiter, self._telemetry, self._now = rate_limiter, telemetry, now

    def report(self, verdict: Verdict) -> None:
        """Tell the rate limiter where the service answers nobody.

        A rejected URL is not reported: its bytes follow, whose response tells a wrong endpoint from a URL that the
        service cannot fetch. Raises ServiceUnavailableError where requests are rejected until an operator acts, and
        DeferrableError and RetryableError.
        """
        match verdict.kind:
            case MatchOutcome.THROTTLED:
                seconds = pause_seconds(verdict)
                self._telemetry.log_pause(verdict.reason, seconds)
                self._rate_limiter.pause(self._now() + seconds)
            case MatchOutcome.UNAUTHORIZED:
                self._telemetry.log_key_unavailable()
                self._rate_limiter.record_unauthorized()
            case MatchOutcome.UNAVAILABLE:
                self.record_failure(verdict.reason, unreachable=False)
            case MatchOutcome.REJECTED:
                self._telemetry.log_rejected(verdict.reason)
                if self.record_failure(verdict.reason, unreachable=False):
                    raise ServiceUnavailableError(verdict.reason)

    def record_failure(self, reason: str, unreachable: bool) -> bool:
        """Count a failure. Return whether the circuit breaker is open."""
        is_open = self._rate_limiter.record_failure(unreachable)
        if is_open:
            self._telemetry.log_service_unavailable(reason)
        return is_open
