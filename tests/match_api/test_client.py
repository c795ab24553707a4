"""match_api/client.py against a server whose answers the test writes byte by byte: requests and answers."""

import gzip
import json
import time

import pytest

from photodna_guard.domain.errors import DeferrableError
from photodna_guard.domain.verdicts import MatchOutcome
from photodna_guard.match_api.client import MAX_ANSWER_BYTES, MatchClient
from tests.match_api.clients import CLEAN, URL, connecting_client
from tests.match_api.raw_server import Server


def test_request_by_url_is_as_documented(server: Server) -> None:
    server.answer(CLEAN)
    service = connecting_client(server)
    assert service.send(service.request_by_url(URL)).kind is MatchOutcome.NO_MATCH
    head, _, body = server.requests[0].decode().partition("\r\n\r\n")
    assert head.startswith("POST /photodna/v1.0/Match?enhance=false HTTP/1.1\r\n")
    assert "Ocp-Apim-Subscription-Key: stale" in head
    assert "Content-Type: application/json" in head
    assert "Enable-Evaluation" not in head
    assert json.loads(body) == {"DataRepresentation": "URL", "Value": URL}


def test_enhance_and_evaluation_are_sent(server: Server) -> None:
    server.answer(CLEAN)
    service = connecting_client(server, enhance=True, enable_evaluation="always")
    service.send(service.request_by_url(URL))
    head = server.requests[0].decode()
    assert "?enhance=true " in head
    assert "Enable-Evaluation: always" in head


def test_request_with_a_fresh_key_is_otherwise_the_same(server: Server) -> None:
    server.answer(CLEAN)
    service = connecting_client(server)
    stale = service.request_by_url(URL)
    fresh = service.with_fresh_key(stale)
    assert fresh is not None
    service.send(fresh)
    assert "Ocp-Apim-Subscription-Key: fresh" in server.requests[0].decode()
    assert fresh.body == stale.body
    assert stale.headers["Ocp-Apim-Subscription-Key"] == "stale"


def test_request_that_has_the_fresh_key_is_not_made_again(server: Server) -> None:
    service = connecting_client(server)
    fresh = service.with_fresh_key(service.request_by_url(URL))
    assert service.with_fresh_key(fresh) is None


def test_request_by_value_has_the_bytes_and_their_type(server: Server) -> None:
    server.answer(CLEAN)
    service = connecting_client(server)
    service.send(service.request_by_value(b"\xff\xd8\r\n\r\n\0", "image/jpeg"))
    assert b"Content-Type: image/jpeg" in server.requests[0]
    assert server.requests[0].endswith(b"\r\n\r\n\xff\xd8\r\n\r\n\0")


def test_failed_request_is_not_repeated_without_a_slot(server: Server) -> None:
    for status in ("429 Too Many", "503 Unavailable", "500 Oh"):
        server.answer(b"", status, "Retry-After: 1")
    service = connecting_client(server)
    kinds = [service.send(service.request_by_url(URL)).kind for _ in range(3)]
    assert kinds == [MatchOutcome.THROTTLED, MatchOutcome.UNAVAILABLE, MatchOutcome.UNAVAILABLE]
    assert len(server.requests) == 3


def test_redirect_is_not_followed(server: Server) -> None:
    server.answer(b"", "307 Temporary", f"Location: {server.url}")
    service = connecting_client(server)
    assert service.send(service.request_by_url(URL)).kind is MatchOutcome.REJECTED
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        None,
        b"rubbish\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 500 + b"\r\n",
    ],
)
def test_broken_answer_is_unavailable(server: Server, answer: bytes | None) -> None:
    server.answers.extend([answer])
    service = connecting_client(server, answer_seconds=0.5)
    verdict = service.send(service.request_by_url(URL))
    assert verdict.kind is MatchOutcome.UNAVAILABLE
    assert "5ec2e7" not in verdict.reason


def test_late_answer_is_unavailable(server: Server) -> None:
    server.pause = 1.0
    service = connecting_client(server, answer_seconds=0.2)
    assert service.send(service.request_by_url(URL)).reason.startswith("no-answer")


def test_send_waits_no_longer_than_its_caller_wants(server: Server) -> None:
    server.pause = 1.0
    service = connecting_client(server)
    began = time.monotonic()
    assert service.send(service.request_by_url(URL), within=0.2).reason.startswith("no-answer")
    assert time.monotonic() - began < 0.9


def test_dripping_answer_is_abandoned_in_time(server: Server) -> None:
    server.answers.append(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n")
    server.drip = 0.05
    service = connecting_client(server, answer_seconds=0.3)
    began = time.monotonic()
    assert service.send(service.request_by_url(URL)).kind is MatchOutcome.UNAVAILABLE
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("location", ["http://h/\xff", "http://[::1", "/elsewhere"])
def test_redirect_to_a_malformed_location_is_unknown(server: Server, location: str) -> None:
    server.answer(b"", "302 Found", f"Location: {location}")
    service = connecting_client(server)
    assert service.send(service.request_by_url(URL)).reason == "http-302"


def test_endless_answer_is_read_to_its_limit(server: Server) -> None:
    server.answer(b" " * (MAX_ANSWER_BYTES + 1) + CLEAN)
    packed = gzip.compress(b" " * (MAX_ANSWER_BYTES * 30))
    server.answer(packed, "200 OK", "Content-Encoding: gzip")
    service = connecting_client(server)
    assert [service.send(service.request_by_url(URL)).reason for _ in range(2)] == ["answer-too-large"] * 2


def test_missing_key_prevents_the_request(server: Server) -> None:
    class NoKey:
        def get(self, fresh: bool = False) -> str:
            raise DeferrableError("the subscription key's secret cannot be read")

    with pytest.raises(DeferrableError):
        MatchClient(server.url, NoKey()).request_by_url(URL)
