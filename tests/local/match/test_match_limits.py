"""The limits of the service: key, rate, quota and latency."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.local.match.match_client import KEY, MatchClient


@pytest.mark.parametrize("key", ["wrong", "", None, "k\u00e9y".encode("latin-1")])
def test_wrong_key_is_answered_401(client: MatchClient, key: Any) -> None:
    answer = client.by_value(b"junk", key=key)

    assert (answer.status_code, answer.json()["statusCode"]) == (401, 401)
    assert "subscription key" in answer.json()["message"]


def test_changed_key_is_the_only_accepted_one(client: MatchClient) -> None:
    client.emulator.settings(key="another")

    assert [client.by_value(b"junk", key=key).status_code for key in (KEY, "another")] == [401, 200]


def test_request_over_the_rate_is_answered_429_with_retry_after(start_emulator: Callable[..., Any]) -> None:
    with start_emulator(3) as client:
        answers = [client.by_value(b"junk") for _ in range(5)]
        time.sleep(1)
        later = client.by_value(b"junk")
        stats = client.emulator.stats()

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert answers[3].headers["Retry-After"] == "1"
    assert answers[3].json() == {
        "statusCode": 429,
        "message": "Rate limit is exceeded. Try again in 1 seconds.",
    }
    assert later.status_code == 200
    assert (stats["requests"], stats["accepted"], stats["refused_429"]) == (6, 4, 2)
    assert stats["largest_window"] == 5


def test_rate_below_one_a_second_answers_its_retry_after(start_emulator: Callable[..., Any]) -> None:
    with start_emulator(0.5) as client:
        answers = [client.by_value(b"junk") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 429]
    assert answers[1].headers["Retry-After"] == "2"
    assert answers[1].json()["message"] == "Rate limit is exceeded. Try again in 2 seconds."


def test_no_second_holds_more_accepted_requests_than_the_rate(
    start_emulator: Callable[..., Any],
) -> None:
    def hammer(client: MatchClient) -> None:
        end = time.monotonic() + 2.2
        while time.monotonic() < end:
            client.by_value(b"junk")

    with start_emulator(20) as client, ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(hammer, MatchClient(client.emulator)) for _ in range(8)]:
            done.result()
        log, stats = client.emulator.requests(), client.emulator.stats()

    times = [entry["arrived_monotonic"] for entry in log if entry["http_status"] == 200]
    assert all(later - earlier >= 1 for earlier, later in zip(times, times[20:], strict=False))
    assert len(times) == stats["accepted"] >= 40
    assert stats["refused_429"] == len(log) - len(times) > 0


def test_exhausted_quota_is_answered_403_until_it_is_renewed(client: MatchClient) -> None:
    client.emulator.settings(quota_retry_after=3600)
    exhausted = client.by_value(b"junk")
    client.emulator.settings(quota_retry_after=None)

    assert (exhausted.status_code, exhausted.headers["Retry-After"]) == (403, "3600")
    assert exhausted.json()["statusCode"] == 403
    assert client.by_value(b"junk").status_code == 200


def test_answer_takes_the_latency_and_refusal_does_not(client: MatchClient) -> None:
    client.emulator.settings(latency=0.6)

    answer, refusal = client.by_value(b"junk"), client.by_value(b"junk", key="wrong")

    assert answer.elapsed.total_seconds() >= 0.6
    assert refusal.elapsed.total_seconds() < 0.6
