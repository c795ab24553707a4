"""The canary: sends a picture of the service's own sample set at a slot of the shared rate, and expects Test."""

import time
from collections.abc import Callable
from functools import partial

from photodna_guard.domain.canary import CanaryOutcome, CanaryRun, Sample, SampleName
from photodna_guard.domain.errors import (
    DeferrableError,
    KeyUnavailableError,
    RetryableError,
    ServiceUnreachableError,
)
from photodna_guard.domain.verdicts import MatchOutcome, Verdict
from photodna_guard.scanning.ports.canary import CanaryStore
from photodna_guard.scanning.ports.messaging import Telemetry
from photodna_guard.scanning.ports.service import MatchApi, RateLimiter
from photodna_guard.scanning.service_health import ServiceHealth

# Slots that this machine missed in a row.
MAX_MISSED_SLOTS = 3
# An answer takes 30 s at most, twice: for the headers, and for the body.
_ANSWER_SECONDS = 65.0
# These answer nobody's request, and have alarms of their own.
_NO_ANSWER = (MatchOutcome.THROTTLED, MatchOutcome.UNAVAILABLE)


class Canary:
    """Sends the sample as the scanner sends a picture by value, and moves, tags and settles nothing."""

    def __init__(
        self,
        store: CanaryStore,
        rate_limiter: RateLimiter,
        match_api: MatchApi,
        telemetry: Telemetry,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._store, self._rate_limiter, self._match_api = store, rate_limiter, match_api
        self.telemetry, self._now = telemetry, now
        self._health = ServiceHealth(rate_limiter, telemetry, now)

    def run(self, name: SampleName, run_id: str, remaining_seconds: float) -> CanaryRun | None:
        """Send the sample and record what came of it. Return None where there is no sample: then nothing is sent.

        A trial is recorded and counts in no metric of the canary. Raises DeferrableError and RetryableError where the
        sample cannot be read or the run not be recorded.
        """
        sample = self._store.read_sample(name)
        if sample is None:
            return None
        run = self._try(sample, self._now() + remaining_seconds - _ANSWER_SECONDS)
        if name is SampleName.SCHEDULED:
            self._count(run)
        self._store.record_run(name, run_id, run)
        return run

    def _count(self, run: CanaryRun) -> None:
        if run.outcome is CanaryOutcome.DEFERRED:
            self.telemetry.log_canary_deferred(run.reason)
        else:
            self.telemetry.log_canary(run.reason, run.outcome is CanaryOutcome.FAILED)

    def _try(self, sample: Sample, deadline: float) -> CanaryRun:
        try:
            verdict = self._send(sample, deadline)
        except KeyUnavailableError as error:
            self.telemetry.log_key_unavailable()
            return CanaryRun(CanaryOutcome.FAILED, str(error))
        except (DeferrableError, RetryableError) as error:
            return CanaryRun(CanaryOutcome.DEFERRED, str(error))
        self._report(verdict)
        return judge(verdict)

    def _send(self, sample: Sample, deadline: float) -> Verdict:
        """Send the sample at a slot. The key is fetched afresh, so that a changed one is proved at once."""
        request = self._match_api.request_by_value(sample.picture, sample.media_type)
        request = self._match_api.with_fresh_key(request) or request
        for missed in range(MAX_MISSED_SLOTS):
            slot = self._take_slot(deadline, is_continued=missed > 0)
            is_met = self._rate_limiter.wait_for_slot(slot)
            verdict = self._match_api.send(request, self._rate_limiter.answer_timeout) if is_met else None
            if verdict:
                self.telemetry.count_request()
                return verdict
        raise DeferrableError("slots were missed")

    def _take_slot(self, deadline: float, *, is_continued: bool) -> float:
        connect = partial(self._match_api.connect, 1)
        try:
            within = deadline - self._now()
            (slot,) = self._rate_limiter.reserve(1, within, connect, is_continued=is_continued)
        except ServiceUnreachableError as unreachable:
            self._health.record_failure(str(unreachable), unreachable=True)
            raise
        self._rate_limiter.check_quota(new=False)
        return slot

    def _report(self, verdict: Verdict) -> None:
        """Tell all workers what the verdict says of the service, as after an upload's request."""
        try:
            if verdict.kind.reached_service:
                self._rate_limiter.record_success()
            self._health.report(verdict)
        except (DeferrableError, RetryableError):
            # The rate limiter could not be told. The next request finds out the same.
            return


def judge(verdict: Verdict) -> CanaryRun:
    """Return what a verdict on the sample says of the way to the service. Pure."""
    if verdict.kind is MatchOutcome.MATCH and verdict.is_test:
        return CanaryRun(CanaryOutcome.TEST, tracking_id=verdict.tracking_id)
    if verdict.kind in _NO_ANSWER:
        return CanaryRun(CanaryOutcome.DEFERRED, verdict.reason, verdict.tracking_id)
    sources = ", ".join(sorted({flag.source for flag in verdict.flags}))
    reason = f"match of {sources or 'no source'}" if verdict.kind is MatchOutcome.MATCH else verdict.reason
    return CanaryRun(CanaryOutcome.FAILED, reason or verdict.kind.value, verdict.tracking_id)
