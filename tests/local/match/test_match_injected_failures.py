"""The injected failures, over HTTP."""

from collections.abc import Callable
from typing import Any

import pytest
import requests

from tests.local.match.drawing import draw, encode
from tests.local.match.match_client import MatchClient, Origin


def test_injected_status_code_is_answered(client: MatchClient) -> None:
    client.emulator.settings(failures=[{"kind": "status", "code": 3004}])

    codes = [client.by_value(encode(draw(1))).json()["Status"]["Code"] for _ in range(2)]

    assert codes == [3004, 3000]
    assert [entry["failure"] for entry in client.emulator.requests()] == ["status", None]


def test_injected_http_error_is_answered_with_its_retry_after(client: MatchClient) -> None:
    client.emulator.settings(
        failures=[{"kind": "http", "status": 503, "retry_after": 7}, {"kind": "http", "status": 500}]
    )

    first, second = client.by_value(b"junk"), client.by_value(b"junk")

    assert (first.status_code, first.headers["Retry-After"]) == (503, "7")
    assert (second.status_code, second.headers.get("Retry-After")) == (500, None)
    assert second.json()["statusCode"] == 500


def test_injected_page_is_not_json(client: MatchClient) -> None:
    client.emulator.settings(failures=[{"kind": "not_json"}])

    answer = client.by_value(b"junk")

    assert answer.status_code == 200
    with pytest.raises(requests.JSONDecodeError):
        answer.json()


def test_injected_body_is_answered_unchanged(client: MatchClient) -> None:
    client.emulator.settings(failures=[{"kind": "body", "json": {"IsMatch": "perhaps"}}])

    assert client.by_value(b"junk").json() == {"IsMatch": "perhaps"}


def test_dropped_connection_gives_no_answer(client: MatchClient) -> None:
    client.emulator.settings(failures=[{"kind": "drop"}])

    with pytest.raises(requests.ConnectionError):
        client.by_value(b"junk")

    assert client.emulator.requests()[0]["http_status"] is None
    assert client.by_value(b"junk").status_code == 200


def test_truncated_answer_is_incomplete(client: MatchClient) -> None:
    client.emulator.settings(failures=[{"kind": "truncated"}])

    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        client.by_value(encode(draw(1)))


def test_hanging_request_delays_no_other_request(client: MatchClient) -> None:
    client.emulator.settings(failures=[{"kind": "hang", "seconds": 30}])

    with pytest.raises(requests.ReadTimeout):
        client.by_value(b"junk", timeout=0.3)

    assert client.by_value(b"junk").status_code == 200
    assert [entry["http_status"] for entry in client.emulator.requests()] == [None, 200]


def test_short_hang_ends_in_a_proper_answer(client: MatchClient) -> None:
    client.emulator.settings(failures=[{"kind": "hang", "seconds": 0.2}])

    answer = client.by_value(encode(draw(1)))

    assert answer.elapsed.total_seconds() >= 0.2
    assert answer.json()["Status"]["Code"] == 3000


def test_failure_for_an_object_applies_to_no_other(client: MatchClient, origin: Origin) -> None:
    client.emulator.settings(failures=[{"kind": "status", "code": 3004, "object_contains": "bad one", "forever": True}])
    good, bad = origin.put("/b/good", encode(draw(1))), origin.put("/b/bad%20one", encode(draw(1)))

    codes = [client.by_url(url).json()["Status"]["Code"] for url in (good, bad, good, bad)]

    assert codes == [3000, 3004, 3000, 3004]


def test_refused_request_uses_up_no_failure(start_emulator: Callable[..., Any]) -> None:
    with start_emulator(1) as client:
        client.emulator.settings(failures=[{"kind": "http", "status": 500}])
        statuses = [client.by_value(b"junk", key=key).status_code for key in ("wrong", *["emulator-test-key"] * 2)]

    assert statuses == [401, 500, 429]
