"""The requests of each second, as the page draws them."""

from __future__ import annotations

from typing import Any

from local.console.rate import SHOWN_SECONDS, RateCounter
from tests.support.clock import ManualClock

NOW = 1_800_000_000.25


class RequestLog:
    """Stands for the emulator's log."""

    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []

    def add(self, arrived_at: float, http_status: int | None = 200) -> None:
        self.entries.append({"arrived_at": arrived_at, "http_status": http_status})

    def list_after(self, after: float) -> list[dict[str, Any]]:
        return [one for one in self.entries if one["arrived_at"] > after]


def test_each_request_is_counted_once_in_its_second() -> None:
    log, clock = RequestLog(), ManualClock(NOW)
    counter = RateCounter(log.list_after, clock)
    log.add(NOW - 0.1)
    log.add(NOW - 1)
    log.add(NOW - SHOWN_SECONDS - 1)
    counter.refresh()
    clock.now += 1
    log.add(NOW + 0.9)
    counter.refresh()
    assert counter.per_second()[-3:] == [[1, 0], [1, 0], [1, 0]]
    assert sum(accepted for accepted, _ in counter.per_second()) == 3
    assert len(counter.per_second()) == SHOWN_SECONDS


def test_request_that_is_refused_later_is_counted_as_refused() -> None:
    log, clock = RequestLog(), ManualClock(NOW)
    counter = RateCounter(log.list_after, clock)
    log.add(NOW, http_status=None)
    counter.refresh()
    assert counter.per_second()[-1] == [1, 0]
    log.entries[0]["http_status"] = 429
    counter.refresh()
    assert counter.per_second()[-1] == [0, 1]


def test_page_that_opens_later_sees_the_last_minutes() -> None:
    log, clock = RequestLog(), ManualClock(NOW)
    counter = RateCounter(log.list_after, clock)
    log.add(NOW + 500)
    clock.now += 600
    counter.refresh()
    assert counter.per_second()[-101] == [1, 0]
