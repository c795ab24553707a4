"""photodna.py against a server that answers byte by byte as it is told."""

import gzip
import json
import socket
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from requests import PreparedRequest

from photodna_guard.domain.errors import DeferrableError, ServiceUnreachableError
from photodna_guard.domain.models import MatchOutcome, Verdict
from photodna_guard.match_api.client import MAX_ANSWER_BYTES, MatchClient
from tests.match_api.raw_server import Server

URL = "https://s3.example.org/a%20b.jpg?versionId=v1&X-Amz-Signature=5ec2e7"
CLEAN = json.dumps({"Status": {"Code": 3000}, "IsMatch": False, "TrackingId": "T"}).encode()


class Keys:
    """The first key is stale, a fresh one is not."""

    def get(self, fresh: bool = False) -> str:
        return "fresh" if fresh else "stale"


class Connected(MatchClient):
    """Connects before each request, as the scanner does before it takes a slot."""

    def send(self, request: PreparedRequest, within: float = 30.0) -> Verdict:  # type: ignore[override]
        self.connect(1)
        verdict = super().send(request, within)
        assert verdict
        return verdict


def client(server: Server, **options: Any) -> Connected:
    return Connected(server.url, Keys(), **options)


def test_a_request_by_url_is_as_the_documentation_says(server: Server) -> None:
    server.answer(CLEAN)
    service = client(server)
    assert service.send(service.request_by_url(URL)).kind is MatchOutcome.NO_MATCH
    head, _, body = server.requests[0].decode().partition("\r\n\r\n")
    assert head.startswith("POST /photodna/v1.0/Match?enhance=false HTTP/1.1\r\n")
    assert "Ocp-Apim-Subscription-Key: stale" in head
    assert "Content-Type: application/json" in head
    assert "Enable-Evaluation" not in head
    assert json.loads(body) == {"DataRepresentation": "URL", "Value": URL}


def test_enhance_and_evaluation_are_parameters(server: Server) -> None:
    server.answer(CLEAN)
    service = client(server, enhance=True, enable_evaluation="always")
    service.send(service.request_by_url(URL))
    head = server.requests[0].decode()
    assert "?enhance=true " in head
    assert "Enable-Evaluation: always" in head


def test_request_with_a_fresh_key_is_otherwise_the_same(server: Server) -> None:
    server.answer(CLEAN)
    service = client(server)
    stale = service.request_by_url(URL)
    fresh = service.with_fresh_key(stale)
    assert fresh is not None
    service.send(fresh)
    assert "Ocp-Apim-Subscription-Key: fresh" in server.requests[0].decode()
    assert fresh.body == stale.body
    assert stale.headers["Ocp-Apim-Subscription-Key"] == "stale"


def test_request_that_has_the_fresh_key_already_is_not_made_again(server: Server) -> None:
    service = client(server)
    fresh = service.with_fresh_key(service.request_by_url(URL))
    assert service.with_fresh_key(fresh) is None


def test_a_request_by_value_carries_the_bytes_and_their_type(server: Server) -> None:
    server.answer(CLEAN)
    service = client(server)
    service.send(service.request_by_value(b"\xff\xd8\r\n\r\n\0", "image/jpeg"))
    assert b"Content-Type: image/jpeg" in server.requests[0]
    assert server.requests[0].endswith(b"\r\n\r\n\xff\xd8\r\n\r\n\0")


def test_no_attempt_is_repeated_behind_the_pacers_back(server: Server) -> None:
    for status in ("429 Too Many", "503 Unavailable", "500 Oh"):
        server.answer(b"", status, "Retry-After: 1")
    server.answers.append(None)
    service = client(server)
    kinds = [service.send(service.request_by_url(URL)).kind for _ in range(4)]
    assert kinds == [
        MatchOutcome.THROTTLED,
        MatchOutcome.UNAVAILABLE,
        MatchOutcome.UNAVAILABLE,
        MatchOutcome.UNAVAILABLE,
    ]
    assert len(server.requests) == 4


def test_a_redirect_is_not_followed(server: Server) -> None:
    server.answer(b"", "307 Temporary", f"Location: {server.url}")
    service = client(server)
    assert service.send(service.request_by_url(URL)).kind is MatchOutcome.UNKNOWN
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
def test_an_answer_that_breaks_off_or_breaks_the_protocol_is_unknown(server: Server, answer: bytes | None) -> None:
    server.answers.extend([answer])
    service = client(server, answer_seconds=0.5)
    verdict = service.send(service.request_by_url(URL))
    assert verdict.kind is MatchOutcome.UNAVAILABLE
    assert "5ec2e7" not in verdict.reason


def test_an_answer_that_does_not_come_in_time_is_unknown(server: Server) -> None:
    server.pause = 1.0
    service = client(server, answer_seconds=0.2)
    assert service.send(service.request_by_url(URL)).reason.startswith("no-answer")


def test_an_answer_is_not_waited_for_longer_than_the_caller_wants(server: Server) -> None:
    server.pause = 1.0
    service = client(server)
    began = time.monotonic()
    assert service.send(service.request_by_url(URL), within=0.2).reason.startswith("no-answer")
    assert time.monotonic() - began < 0.9


def test_no_request_connects_by_itself_since_it_would_be_late_for_its_slot(server: Server) -> None:
    server.answer(CLEAN)
    service = MatchClient(server.url, Keys())
    request = service.request_by_url(URL)
    assert service.send(request) is None
    service.connect(1)
    assert service.send(request)
    assert len(server.requests) == 1


def test_nobody_listening_means_that_nothing_was_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    service = MatchClient(f"http://127.0.0.1:{port}/Match", Keys())
    with pytest.raises(ServiceUnreachableError, match="no-connection: NewConnectionError"):
        service.connect(10)
    assert service.send(service.request_by_url(URL)) is None


def test_a_connection_that_the_server_closed_is_opened_again_before_the_next_slot(server: Server) -> None:
    server.answer(CLEAN, "200 OK", "Connection: close")
    server.answer(CLEAN)
    service = client(server)
    assert [service.send(service.request_by_url(URL)).kind for _ in range(2)] == [MatchOutcome.NO_MATCH] * 2
    assert server.settled_connections() == 2


def test_an_answer_that_drips_is_given_up_in_time(server: Server) -> None:
    server.answers.append(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n")
    server.drip = 0.05
    service = client(server, answer_seconds=0.3)
    began = time.monotonic()
    assert service.send(service.request_by_url(URL)).kind is MatchOutcome.UNAVAILABLE
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("location", ["http://h/\xff", "http://[::1", "/elsewhere"])
def test_a_redirect_to_a_place_that_is_none_is_unknown(server: Server, location: str) -> None:
    server.answer(b"", "302 Found", f"Location: {location}")
    service = client(server)
    assert service.send(service.request_by_url(URL)).reason == "http-302"


def test_an_endless_answer_is_read_no_further_than_its_bound(server: Server) -> None:
    server.answer(b" " * (MAX_ANSWER_BYTES + 1) + CLEAN)
    packed = gzip.compress(b" " * (MAX_ANSWER_BYTES * 30))
    server.answer(packed, "200 OK", "Content-Encoding: gzip")
    service = client(server)
    assert [service.send(service.request_by_url(URL)).reason for _ in range(2)] == ["answer-too-large"] * 2


def test_connections_are_open_before_the_slots_and_stay_open(server: Server) -> None:
    service = client(server)
    service.connect(5)
    assert server.settled_connections() == 5
    service.connect(5)
    assert server.settled_connections() == 5
    for _ in range(10):
        server.answer(CLEAN)
    requests = [service.request_by_url(URL) for _ in range(5)]
    for _ in range(2):
        threads = [threading.Thread(target=MatchClient.send, args=(service, request)) for request in requests]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(server.requests) == 10
    assert server.settled_connections() == 5


def test_tls_connections_are_opened_early_too_and_are_checked(tls_server: Server, certificate: Path) -> None:
    tls_server.answer(CLEAN)
    service = client(tls_server, verify=str(certificate))
    service.connect(2)
    assert tls_server.settled_connections() == 2  # by now the server's session tickets wait to be read
    service.connect(2)
    assert service.send(service.request_by_url(URL)).kind is MatchOutcome.NO_MATCH
    assert tls_server.settled_connections() == 2


def test_a_server_with_a_strangers_certificate_never_sees_the_key(tls_server: Server) -> None:
    tls_server.answer(CLEAN)
    service = MatchClient(tls_server.url, Keys())
    with pytest.raises(ServiceUnreachableError, match="no-connection"):
        service.connect(1)
    assert service.send(service.request_by_url(URL)) is None
    assert tls_server.requests == []


def test_without_a_key_nothing_is_made_ready(server: Server) -> None:
    class NoKey:
        def get(self, fresh: bool = False) -> str:
            raise DeferrableError("the subscription key's secret cannot be read")

    with pytest.raises(DeferrableError):
        MatchClient(server.url, NoKey()).request_by_url(URL)
