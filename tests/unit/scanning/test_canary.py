"""The canary: what it sends, when it fails, and that a busy or absent service is no failure of its own."""

from dataclasses import dataclass, field

import pytest

from photodna_guard.domain.canary import CanaryOutcome, CanaryRun, Sample, SampleName
from photodna_guard.domain.errors import (
    DeferrableError,
    KeyUnavailableError,
    RetryableError,
    ServiceUnavailableError,
    ServiceUnreachableError,
    SlotUnavailableError,
)
from photodna_guard.domain.verdicts import MatchFlag, MatchOutcome, Verdict
from photodna_guard.scanning.canary import Canary
from tests.support.fakes.failing import NOW
from tests.support.fakes.messages import FakeTelemetry
from tests.support.fakes.service import FakeMatchApi, FakeRateLimiter

TEST = Verdict(MatchOutcome.MATCH, tracking_id="T-9", flags=(MatchFlag("Test"),))
OTHER = Verdict(MatchOutcome.MATCH, flags=(MatchFlag("Test"), MatchFlag("Ncmec")))
REMAINING = 150.0


@dataclass
class FakeStore:
    sample: Sample | None = field(default_factory=lambda: Sample(b"picture", "image/png"))
    runs: list[tuple[SampleName, str, CanaryRun]] = field(default_factory=list)

    def read_sample(self, name: SampleName) -> Sample | None:
        return self.sample

    def record_run(self, name: SampleName, run_id: str, run: CanaryRun) -> None:
        self.runs.append((name, run_id, run))


@dataclass
class Cage:
    """A canary and its surroundings."""

    store: FakeStore = field(default_factory=FakeStore)
    limiter: FakeRateLimiter = field(default_factory=FakeRateLimiter)
    api: FakeMatchApi = field(default_factory=lambda: FakeMatchApi(truth=TEST))
    telemetry: FakeTelemetry = field(default_factory=FakeTelemetry)

    def run(self, name: SampleName = SampleName.SCHEDULED) -> CanaryRun | None:
        canary = Canary(self.store, self.limiter, self.api, self.telemetry, lambda: NOW)
        return canary.run(name, "run-1", REMAINING)


def test_sample_that_comes_back_as_test_is_recorded() -> None:
    cage = Cage()
    assert cage.run() == CanaryRun(CanaryOutcome.TEST, "", "T-9")
    assert cage.store.runs == [(SampleName.SCHEDULED, "run-1", CanaryRun(CanaryOutcome.TEST, "", "T-9"))]
    assert cage.telemetry.logged == [("canary-test", "")]
    assert cage.api.sent == ["fresh value image/png 7"]
    assert (cage.limiter.reserved, cage.telemetry.requests) == ([1], 1)


def test_nothing_is_sent_without_a_sample() -> None:
    cage = Cage(store=FakeStore(sample=None))
    assert cage.run() is None
    assert (cage.api.calls, cage.limiter.calls, cage.telemetry.logged, cage.store.runs) == ([], [], [], [])


@pytest.mark.parametrize(
    ("verdict", "reason"),
    [
        (Verdict(MatchOutcome.NO_MATCH), "no-match"),
        (OTHER, "match of Ncmec, Test"),
        (Verdict(MatchOutcome.MATCH), "match of no source"),
        (Verdict(MatchOutcome.WRONG_SIZE, "service-3208"), "service-3208"),
        (Verdict(MatchOutcome.UNAUTHORIZED, "http-401"), "http-401"),
        (Verdict(MatchOutcome.REJECTED, "http-404"), "http-404"),
        (Verdict(MatchOutcome.UNKNOWN, "service-3004"), "service-3004"),
    ],
)
def test_sample_that_comes_back_otherwise_is_a_failure(verdict: Verdict, reason: str) -> None:
    cage = Cage(api=FakeMatchApi(truth=verdict))
    run = cage.run()
    assert run is not None
    assert (run.outcome, run.reason) == (CanaryOutcome.FAILED, reason)
    assert ("canary-failed", reason) in cage.telemetry.logged


@pytest.mark.parametrize(
    "verdict",
    [Verdict(MatchOutcome.THROTTLED, "http-429", retry_after=9), Verdict(MatchOutcome.UNAVAILABLE, "http-503")],
)
def test_service_that_answers_nobody_is_no_failure_of_the_canary(verdict: Verdict) -> None:
    cage = Cage(api=FakeMatchApi(truth=verdict))
    run = cage.run()
    assert run is not None
    assert run.outcome is CanaryOutcome.DEFERRED
    assert cage.telemetry.logged[-1] == ("canary-deferred", verdict.reason)
    # All workers are told, as after an upload's request.
    assert (cage.limiter.pauses, cage.limiter.failures) in (([NOW + 9], 0), ([], 1))


@pytest.mark.parametrize(
    "error",
    [
        ServiceUnavailableError("paused"),
        SlotUnavailableError("no slot"),
        ServiceUnreachableError("no-connection: x"),
        DeferrableError("dynamodb throttles"),
        RetryableError("dynamodb fails"),
    ],
)
def test_without_a_slot_nothing_is_sent_and_nothing_fails(error: Exception) -> None:
    cage = Cage(limiter=FakeRateLimiter(fails={"reserve": [error]}))
    run = cage.run()
    assert run is not None
    assert (run.outcome, run.reason) == (CanaryOutcome.DEFERRED, str(error))
    assert cage.api.sent == []
    assert cage.limiter.failures == isinstance(error, ServiceUnreachableError)


def test_key_that_cannot_be_read_is_a_failure() -> None:
    cage = Cage(api=FakeMatchApi(fails={"request_by_value": [KeyUnavailableError("no key")]}))
    run = cage.run()
    assert run is not None
    assert (run.outcome, run.reason) == (CanaryOutcome.FAILED, "no key")
    assert cage.telemetry.logged == [("key refused", ""), ("canary-failed", "no key")]
    assert cage.limiter.reserved == []


def test_every_request_has_a_slot_of_its_own() -> None:
    cage = Cage(api=FakeMatchApi(truth=TEST, disconnected=1), limiter=FakeRateLimiter(missed=1))
    run = cage.run()
    assert run is not None
    assert run.outcome is CanaryOutcome.TEST
    # A missed slot, one whose connection failed, and the one that was met.
    assert (cage.limiter.reserved, cage.limiter.arrived) == ([1, 1, 1], 2)


def test_missed_slots_are_no_failure() -> None:
    cage = Cage(limiter=FakeRateLimiter(missed=9))
    run = cage.run()
    assert run is not None
    assert (run.outcome, run.reason, cage.api.sent) == (CanaryOutcome.DEFERRED, "slots were missed", [])


def test_used_up_quota_defers_the_canary() -> None:
    cage = Cage(limiter=FakeRateLimiter(quota_used=1.0))
    run = cage.run()
    assert run is not None
    assert (run.outcome, cage.api.sent) == (CanaryOutcome.DEFERRED, [])


def test_answer_closes_the_circuit_breaker() -> None:
    cage = Cage(limiter=FakeRateLimiter(away=True))
    cage.run()
    assert not cage.limiter.away


def test_refused_key_stops_all_workers() -> None:
    cage = Cage(api=FakeMatchApi(truth=Verdict(MatchOutcome.UNAUTHORIZED, "http-401")))
    cage.run()
    assert cage.limiter.away


def test_trial_is_recorded_and_counts_in_no_metric_of_the_canary() -> None:
    cage = Cage(api=FakeMatchApi(truth=Verdict(MatchOutcome.NO_MATCH)))
    cage.run(SampleName.TRIAL)
    assert [name for name, _, _ in cage.store.runs] == [SampleName.TRIAL]
    assert cage.telemetry.logged == []
