"""The gateway's decisions and counters, with a fake clock."""

from local.match.gateway import Gateway


class FakeClock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def make_gateway(clock: FakeClock, rate: float = 2) -> Gateway:
    return Gateway("key", rate, monotonic=clock, wall=lambda: 1_700_000_000.0 + clock.now)


def test_refused_requests_are_counted_in_the_largest_window() -> None:
    gateway = make_gateway(FakeClock())

    statuses = [gateway.arrive("key").status for _ in range(5)]

    assert statuses == [None, None, 429, 429, 429]
    assert gateway.stats() == {
        "requests": 5,
        "accepted": 2,
        "refused_401": 0,
        "refused_403": 0,
        "refused_429": 3,
        "largest_window": 5,
        "window_limit": 2,
        "window_seconds": 1,
    }


def test_fractional_rate_is_limited_and_counted_over_a_longer_window() -> None:
    clock = FakeClock()
    gateway = make_gateway(clock, rate=2.5)

    admissions = []
    for clock.now in (0.0, 0.0, 0.5, 1.1, 1.25):
        admissions.append(gateway.arrive("key"))

    assert [(one.status, one.retry_after) for one in admissions] == [(None, None)] * 3 + [(429, 2), (None, None)]
    stats = gateway.stats()
    assert (stats["largest_window"], stats["window_limit"]) == (4, 3)
    assert stats["window_seconds"] == 1.2


def test_wrong_key_uses_no_rate_but_is_counted() -> None:
    gateway = make_gateway(FakeClock())

    statuses = [gateway.arrive(key).status for key in ("wrong", None, "", "key", "key")]

    assert statuses == [401, 401, 401, None, None]
    assert gateway.stats()["largest_window"] == 5


def test_exhausted_quota_answers_its_retry_after() -> None:
    gateway = make_gateway(FakeClock())
    gateway.quota_retry_after = 3600

    admission = gateway.arrive("key")

    assert (admission.status, admission.retry_after) == (403, 3600)
    assert gateway.stats()["accepted"] == 0


def test_log_holds_both_clocks_in_the_order_of_arrival() -> None:
    clock = FakeClock()
    gateway = make_gateway(clock)

    for clock.now in (1.5, 2.5):
        gateway.arrive("key")

    assert [entry["arrived_monotonic"] for entry in gateway.requests()] == [1.5, 2.5]
    assert [entry["arrived_at"] for entry in gateway.requests()] == [1_700_000_001.5, 1_700_000_002.5]


def test_clear_empties_the_log_but_not_the_limit() -> None:
    gateway = make_gateway(FakeClock(), rate=1)
    gateway.arrive("key")

    gateway.clear()

    assert gateway.stats()["requests"] == 0
    assert gateway.arrive("key").status == 429
