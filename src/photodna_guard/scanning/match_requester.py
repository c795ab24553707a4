"""Asking the service: slots for a batch, an open connection before them, and one request at each slot."""

from collections.abc import Callable

from photodna_guard.domain.errors import (
    DeferrableError,
    RetryableError,
    ServiceUnavailableError,
    ServiceUnreachableError,
)
from photodna_guard.domain.models import MatchOutcome, Verdict
from photodna_guard.scanning.ports import MatchApi, RateLimiter, Telemetry
from photodna_guard.scanning.scan import Scan

MAX_MISSED_SLOTS = 3  # slots in a row that this machine was too busy to meet; then somebody else may try
THROTTLE_PAUSE = {"http-403": 300.0, "http-429": 1.0}  # seconds, where the service does not say


class MatchRequester:
    """Takes slots and sends requests at them. Its methods raise Busy and TryAgain."""

    def __init__(self, limiter: RateLimiter, matcher: MatchApi, notices: Telemetry, now: Callable[[], float]) -> None:
        self._limiter, self._matcher, self._notices, self._now = limiter, matcher, notices, now

    def reserve(self, count: int, deadline: float) -> list[float]:
        """Slots, and open connections before them: a handshake would make a request late for its slot."""
        try:
            slots = self._limiter.reserve(count, deadline - self._now(), lambda: self._matcher.connect(count))
        except ServiceUnreachableError as away:
            self._failed(str(away), unreachable=True)
            raise
        if (used := self._limiter.quota_used) is not None:
            self._notices.gauge_quota_used(used)
        return slots

    def send(self, scan: Scan, slot: float | None = None) -> Verdict:
        """One request at its slot; a missed slot is given up, and another taken."""
        assert scan.request, "nothing to send"  # noqa: S101
        for _ in range(MAX_MISSED_SLOTS):
            slot = slot or self.reserve(1, scan.deadline)[0]
            if slot > scan.deadline:
                raise DeferrableError("no time left for an answer", slot)
            arrived = self._limiter.wait_for_slot(slot)
            verdict = self._matcher.send(scan.request, self._limiter.answer_timeout) if arrived else None
            if verdict:
                if verdict.kind.reached_service:
                    self._limiter.record_success()
                return verdict
            slot = None
        raise DeferrableError("slots were missed")

    def nobody_is_answered(self, verdict: Verdict) -> None:
        """Has everybody wait who has to, where the answer means that. Raises NoAnswers or TryAgain then."""
        match verdict.kind:
            case MatchOutcome.THROTTLED:
                self._pause(verdict)
            case MatchOutcome.UNAUTHORIZED:
                self._notices.log_key_unavailable()
                self._limiter.record_unauthorized()
                raise ServiceUnavailableError(verdict.reason)
            case MatchOutcome.UNAVAILABLE:
                self._failed(verdict.reason)
                raise RetryableError(verdict.reason, verdict.retry_after)
            case MatchOutcome.UNKNOWN:
                raise RetryableError(verdict.reason, verdict.retry_after)

    def _failed(self, reason: str, unreachable: bool = False) -> None:
        if self._limiter.record_failure(unreachable):
            self._notices.log_service_unavailable(reason)

    def _pause(self, verdict: Verdict) -> None:
        """Holds everybody: the service will answer nobody's request before then."""
        wait = verdict.retry_after
        if wait is None:
            wait = THROTTLE_PAUSE[verdict.reason]
        self._notices.log_pause(verdict.reason, wait)
        until = self._now() + wait
        self._limiter.pause(until)
        raise ServiceUnavailableError(verdict.reason, until)
