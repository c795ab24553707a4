"""The Match operation's interface, over HTTP to a process: by URL and by value, key, rate, quota, log."""

import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from tests.local.match.match_client import KEY, Client, Draw, Encode, Origin

SECRET = "X-Amz-Signature=5ec7e7"


def status(response: requests.Response) -> dict[str, Any]:
    assert response.status_code == 200
    found: dict[str, Any] = response.json()["Status"]
    return found


def test_a_picture_is_fetched_by_its_url(match: Client, origin: Origin, draw: Draw, encode: Encode) -> None:
    match.emulator.add_to_test_list(encode(draw(1)))
    url = origin.put("/bucket/a%20b.png", encode(draw(1)))

    answer = match.by_url(f"{url}?versionId=v1&{SECRET}").json()

    assert answer["IsMatch"] is True
    assert origin.asked == [f"/bucket/a%20b.png?versionId=v1&{SECRET}"]


def test_every_answer_says_that_this_is_an_emulator(match: Client) -> None:
    answers = [
        match.by_value(b"junk"),
        match.by_value(b"junk", key="wrong"),
        match.session.get(match.emulator.control),
    ]

    assert [answer.headers["X-Emulator"] for answer in answers] == ["not PhotoDNA"] * 3


def test_every_answer_has_its_own_tracking_id(match: Client) -> None:
    ids = {match.by_value(b"junk").json()["TrackingId"] for _ in range(5)}

    assert len(ids) == 5


@pytest.mark.parametrize("evaluation", ["always", "afterinitialquota"])
def test_an_evaluation_is_given_when_asked_for(match: Client, draw: Draw, encode: Encode, evaluation: str) -> None:
    answer = match.by_value(encode(draw(1)), headers={"Enable-Evaluation": evaluation}).json()

    assert answer["EvaluateResponse"]["Status"]["Code"] == 3000
    assert answer["EvaluateResponse"]["TrackingId"] == answer["TrackingId"]


def test_no_evaluation_is_given_unasked(match: Client, draw: Draw, encode: Encode) -> None:
    assert match.by_value(encode(draw(1))).json()["EvaluateResponse"] is None


@pytest.mark.parametrize("http_status", [302, 403, 404, 500])
def test_an_origin_that_does_not_answer_200_is_an_invalid_parameter(
    match: Client, origin: Origin, draw: Draw, encode: Encode, http_status: int
) -> None:
    origin.put("/moved", encode(draw(1)))

    answer = match.by_url(origin.put("/b/k", encode(draw(1)), http_status))

    assert status(answer)["Code"] == 3002
    assert origin.asked == ["/b/k"]


def test_an_origin_that_breaks_off_is_an_invalid_parameter(
    match: Client, origin: Origin, draw: Draw, encode: Encode
) -> None:
    assert status(match.by_url(origin.put("/broken-off", encode(draw(1)))))["Code"] == 3002


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/b/k",
        "ftp://127.0.0.1/b/k",
        "file:///etc/hosts",
        "/b/k",
        "http://127.0.0.1:nine/b/k",
        "http://127.0.0.1/a b",
        "http://127.0.0.1/\u00e9",
        "http://[/b/k",
    ],
)
def test_a_url_that_cannot_be_fetched_is_an_invalid_parameter_and_not_repeated(match: Client, url: str) -> None:
    answer = match.by_url(f"{url}?{SECRET}")

    assert status(answer)["Code"] == 3002
    assert SECRET not in answer.text


@pytest.mark.parametrize("host", ["pictures.invalid", "169.254.169.254", "[fe80::1]", "127.0.0.1.invalid"])
def test_a_host_elsewhere_is_not_asked(match: Client, host: str) -> None:
    answer = status(match.by_url(f"http://{host}/b/k"))

    assert answer["Code"] == 3002
    assert "neither this machine nor given with --allow-host" in answer["Exception"]


def test_another_host_is_asked_where_it_is_allowed(at_rate: Callable[..., Any]) -> None:
    with at_rate(10, options=["--allow-host", "pictures.invalid"]) as client:
        why = status(client.by_url("http://pictures.invalid/b/k"))["Exception"]

    assert why == "The URL could not be fetched: gaierror"


def test_a_fetched_picture_over_4_mb_is_of_a_size_not_allowed(
    match: Client, origin: Origin, draw: Draw, encode: Encode
) -> None:
    picture = encode(draw(1), "JPEG")
    largest = picture + bytes(4 * 1024 * 1024 - len(picture))

    assert status(match.by_url(origin.put("/b/k", largest)))["Code"] == 3000
    assert status(match.by_url(origin.put("/b/k", largest + b"\0")))["Code"] == 3208


@pytest.mark.parametrize(
    "request_",
    [
        {"data": b"{", "headers": {"Content-Type": "application/json"}},
        {"json": {"DataRepresentation": "URL"}},
        {"json": {"DataRepresentation": "Inline", "Value": "x"}},
        {"data": b"picture", "headers": {"Content-Type": "image/webp"}},
        {"data": b"picture"},
        {"headers": {"Content-Type": "application/json"}},
    ],
)
def test_a_faulty_request_is_an_invalid_parameter(match: Client, request_: dict[str, Any]) -> None:
    assert status(match.post(**request_))["Code"] == 3002


@pytest.mark.parametrize("key", ["wrong", "", None, "k\u00e9y".encode("latin-1")])
def test_a_key_that_is_not_accepted_is_401(match: Client, key: Any) -> None:
    answer = match.by_value(b"junk", key=key)

    assert (answer.status_code, answer.json()["statusCode"]) == (401, 401)
    assert "subscription key" in answer.json()["message"]


def test_a_changed_key_is_the_only_one_accepted(match: Client) -> None:
    match.emulator.settings(key="another")

    assert [match.by_value(b"junk", key=key).status_code for key in (KEY, "another")] == [401, 200]


def test_over_the_rate_is_429_with_a_retry_after(at_rate: Callable[..., Any]) -> None:
    with at_rate(3) as client:
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


def test_a_rate_below_one_a_second_says_how_long_to_wait(at_rate: Callable[..., Any]) -> None:
    with at_rate(0.5) as client:
        answers = [client.by_value(b"junk") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 429]
    assert answers[1].headers["Retry-After"] == "2"
    assert answers[1].json()["message"] == "Rate limit is exceeded. Try again in 2 seconds."


def test_no_second_holds_more_accepted_requests_than_the_rate_whatever_is_thrown_at_it(
    at_rate: Callable[..., Any],
) -> None:
    def hammer(client: Client) -> None:
        end = time.monotonic() + 2.2
        while time.monotonic() < end:
            client.by_value(b"junk")

    with at_rate(20) as client, ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(hammer, Client(client.emulator)) for _ in range(8)]:
            done.result()
        log, stats = client.emulator.requests(), client.emulator.stats()

    times = [entry["arrived_monotonic"] for entry in log if entry["http_status"] == 200]
    assert all(later - earlier >= 1 for earlier, later in zip(times, times[20:], strict=False))
    assert len(times) == stats["accepted"] >= 40
    assert stats["refused_429"] == len(log) - len(times) > 0


def test_an_exhausted_quota_is_403_until_it_is_renewed(match: Client) -> None:
    match.emulator.settings(quota_retry_after=3600)
    exhausted = match.by_value(b"junk")
    match.emulator.settings(quota_retry_after=None)

    assert (exhausted.status_code, exhausted.headers["Retry-After"]) == (403, "3600")
    assert exhausted.json()["statusCode"] == 403
    assert match.by_value(b"junk").status_code == 200


def test_an_answer_takes_the_latency_and_a_refusal_none(match: Client) -> None:
    match.emulator.settings(latency=0.6)

    answer, refusal = match.by_value(b"junk"), match.by_value(b"junk", key="wrong")

    assert answer.elapsed.total_seconds() >= 0.6
    assert refusal.elapsed.total_seconds() < 0.6


def test_many_connections_are_answered_at_once(match: Client) -> None:
    match.emulator.settings(latency=1.0)
    all_here = threading.Barrier(40)

    def ask(_: int) -> int:
        all_here.wait()
        return Client(match.emulator).by_value(b"junk").status_code

    started = time.monotonic()
    with ThreadPoolExecutor(40) as pool:
        statuses = list(pool.map(ask, range(40)))

    assert statuses == [200] * 40
    assert time.monotonic() - started < 20


def test_a_connection_is_kept_for_the_next_request(match: Client) -> None:
    where = urlsplit(match.emulator.match_endpoint)
    head = f"POST {where.path} HTTP/1.1\r\nHost: x\r\nOcp-Apim-Subscription-Key: {{}}\r\nContent-Length: 4\r\n"

    with socket.create_connection((where.hostname, where.port), timeout=10) as connection:
        answers = connection.makefile("rb")
        for key, expected in ((KEY, b"200"), ("wrong", b"401"), (KEY, b"200")):
            connection.sendall(f"{head.format(key)}\r\njunk".encode())
            assert answers.readline().split()[1] == expected
            length = next(int(line.split()[1]) for line in answers if line.startswith(b"Content-Length"))
            answers.readline()
            answers.read(length)


def test_a_request_arrives_when_its_headers_are_there(match: Client, eventually: Callable[..., bool]) -> None:
    where = urlsplit(match.emulator.match_endpoint)
    head = f"POST {where.path} HTTP/1.1\r\nHost: x\r\nOcp-Apim-Subscription-Key: {KEY}\r\nContent-Length: 4\r\n"

    with socket.create_connection((where.hostname, where.port), timeout=10) as connection:
        connection.sendall(head.encode())
        time.sleep(0.2)
        assert match.emulator.stats()["requests"] == 0

        before = time.monotonic()
        connection.sendall(b"\r\n")
        assert eventually(lambda: match.emulator.stats()["requests"] == 1)
        after = time.monotonic()

        connection.sendall(b"junk")
        assert connection.recv(12) == b"HTTP/1.1 200"
    assert before <= match.emulator.requests()[0]["arrived_monotonic"] <= after


def test_the_log_tells_what_was_asked_and_answered_and_no_secret(
    match: Client, origin: Origin, draw: Draw, encode: Encode
) -> None:
    url = origin.put("/bucket/a%20b%2B.png", encode(draw(1)))
    before = time.time()
    answer = match.by_url(
        f"{url}?versionId=v1&{SECRET}", query="?enhance=true", headers={"Enable-Evaluation": "always"}
    ).json()
    match.by_value(b"junk")
    match.by_value(b"junk", key="wrong")

    first, second, third = match.emulator.requests()

    assert before - 1 < first.pop("arrived_at") < time.time() + 1
    assert first.pop("arrived_monotonic") <= second["arrived_monotonic"]
    assert first == {
        "by": "url",
        "object": "bucket/a b+.png",
        "version_id": "v1",
        "enhance": True,
        "evaluation": "always",
        "failure": None,
        "http_status": 200,
        "status_code": 3000,
        "is_match": False,
        "tracking_id": answer["TrackingId"],
    }
    assert (second["by"], second["object"], second["status_code"]) == ("value", None, 3206)
    assert (third["http_status"], third["status_code"]) == (401, None)
    text = str(match.emulator.requests())
    assert SECRET not in text
    assert KEY not in text


def test_a_cleared_log_is_empty(match: Client) -> None:
    match.by_value(b"junk")

    match.emulator.clear()

    assert match.emulator.requests() == []
    assert match.emulator.stats()["largest_window"] == 0


def test_what_is_not_the_operation_is_404(match: Client) -> None:
    base = match.emulator.match_endpoint

    answers = [match.session.get(base), match.session.post(f"{base}Edge"), match.session.put(base, data=b"x")]

    assert [answer.status_code for answer in answers] == [404] * 3
    assert match.emulator.stats()["requests"] == 0


def test_a_body_without_a_length_is_refused(match: Client) -> None:
    assert match.by_value(iter([b"a", b"b"])).status_code == 411  # type: ignore[arg-type]


@pytest.mark.parametrize(("length", "expected"), [("-1", b"411"), ("9" * 5000, b"411"), ("99999999", b"413")])
def test_an_impossible_length_is_refused(match: Client, length: str, expected: bytes) -> None:
    where = urlsplit(match.emulator.match_endpoint)

    with socket.create_connection((where.hostname, where.port), timeout=10) as connection:
        connection.sendall(f"POST {where.path} HTTP/1.1\r\nContent-Length: {length}\r\n\r\n".encode())
        assert connection.recv(12).split()[1] == expected
