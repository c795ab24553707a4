"""rate_limiter/server_clock.py: this machine's clock against DynamoDB's."""

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photodna_guard.rate_limiter.server_clock import MAX_INITIAL_SKEW, ServerClock

NOW = 1_800_000_000.0
FINE = 0.005


def ask(known: ServerClock, at: float, offset: float, way: float) -> None:
    """Observe a call at `at` by this machine's clock, while the table's clock is `offset` ahead."""
    known.observe(at, at + way, math.floor(at + way / 2 + offset))


def test_unobserved_clock_may_be_fifty_milliseconds_off() -> None:
    known = ServerClock()
    assert (known.offset(NOW), known.error(NOW)) == (0.0, MAX_INITIAL_SKEW)


@given(st.floats(-0.05, 0.05), st.floats(0.002, 0.008))
def test_timed_samples_make_the_offset_exact_within_three_seconds(offset: float, way: float) -> None:
    known, now = ServerClock(), NOW + 0.3
    calls = 0
    while (at := known.next_sample_at(now, FINE)) < NOW + 3.3:
        assert now <= at <= now + 1
        ask(known, at, offset, way)
        now, calls = at + way, calls + 1
    assert known.error(now) < 0.016
    assert calls <= 12
    assert abs(known.offset(now) - offset) <= known.error(now)


@given(st.floats(-MAX_INITIAL_SKEW, MAX_INITIAL_SKEW), st.integers(0, 2**32))
def test_offset_is_always_within_the_error(offset: float, seed: int) -> None:
    random, known, now = Random(seed), ServerClock(), NOW
    for _ in range(60):
        way = random.uniform(0.002, 0.1)
        ask(known, now := now + random.uniform(0, 0.7), offset, way)
        now += way
    assert abs(known.offset(now) - offset) <= known.error(now) + 1e-6
    assert known.error(now) < 1.01 * MAX_INITIAL_SKEW


def test_offset_of_seconds_is_found_exactly() -> None:
    known, now = ServerClock(), NOW
    for _ in range(12):
        now = min(known.next_sample_at(now, FINE), now + 1)
        ask(known, now, 2.34, 0.004)
        now += 0.004
    assert known.offset(now) == pytest.approx(2.34, abs=FINE)
    assert known.error(now) <= FINE


def test_clock_that_was_set_is_learned_anew() -> None:
    known = ServerClock()
    ask(known, NOW - 0.002, 0.0, 0.004)
    ask(known, NOW + 1 - 0.003, 0.0, 0.004)
    assert known.error(NOW + 2) < 0.003
    ask(known, NOW + 5.01, -0.03, 0.004)
    assert abs(known.offset(NOW + 5) + 0.03) <= known.error(NOW + 5)


def test_error_grows_with_age() -> None:
    known = ServerClock()
    for at in (NOW - 0.002, NOW + 1 - 0.003):
        ask(known, at, 0.0, 0.004)
    young, old = known.error(NOW + 2), known.error(NOW + 1000)
    assert old == pytest.approx(young + 0.01, abs=0.001)
    assert known.error(NOW + 1e6) <= MAX_INITIAL_SKEW + young


def test_exact_clock_needs_no_sample() -> None:
    known = ServerClock()
    known.observe(NOW, NOW, NOW)
    known.observe(NOW - 0.001, NOW - 0.001, NOW - 1)
    assert known.next_sample_at(NOW, FINE) == math.inf
