"""match_api/kept_connection.py: connections that ended while Lambda had frozen the container."""

import socket
from collections.abc import Callable, Iterator

import pytest
from urllib3.connection import HTTPConnection

from photodna_guard.domain.models import ScanJob, Status
from photodna_guard.domain.verdicts import MatchOutcome
from photodna_guard.match_api.client import MatchClient
from photodna_guard.match_api.kept_connection import UNACKNOWLEDGED_SECONDS, KeptConnection
from photodna_guard.match_api.preconnected_adapter import MAX_IDLE_SECONDS
from tests.match_api.clients import CLEAN, URL, Keys
from tests.match_api.raw_server import Server
from tests.support.clock import ManualClock
from tests.support.forgetful_server import ForgetfulServer
from tests.support.scanner_world import JPEG, ScannerWorld, upload

Start = Callable[[str], ForgetfulServer]


@pytest.fixture
def start() -> Iterator[Start]:
    servers: list[ForgetfulServer] = []

    def run(ended: str) -> ForgetfulServer:
        servers.append(ForgetfulServer(ended, CLEAN))
        return servers[-1]

    yield run
    for server in servers:
        server.close()


def used_client(server: ForgetfulServer, clock: ManualClock) -> MatchClient:
    """Return a client whose one connection has carried a request, and is forgotten by the server since then."""
    client = MatchClient(f"{server.url}/Match", Keys(), answer_seconds=0.3, now=clock)
    client.connect(1)
    assert client.send(client.request_by_url(URL))
    server.forget()
    return client


@pytest.mark.parametrize("ended", ["reset", "closed", "silent"])
def test_forgotten_connection_is_opened_anew_after_its_idle_time(start: Start, ended: str) -> None:
    server, clock = start(ended), ManualClock()
    client = used_client(server, clock)
    clock.now += MAX_IDLE_SECONDS + 1
    client.connect(1)
    verdict = client.send(client.request_by_url(URL))
    assert verdict
    assert verdict.kind is MatchOutcome.NO_MATCH
    assert (server.requests, server.connections) == (2, 2)


def test_connection_is_opened_anew_where_the_clock_was_set_back(start: Start) -> None:
    server, clock = start("reset"), ManualClock()
    client = used_client(server, clock)
    clock.now -= 1
    client.connect(1)
    assert client.send(client.request_by_url(URL))


def test_connection_in_use_is_kept(server: Server) -> None:
    clock = ManualClock()
    client = MatchClient(server.url, Keys(), now=clock)
    for _ in range(3):
        server.answer(CLEAN)
        client.connect(1)
        assert client.send(client.request_by_url(URL))
        clock.now += MAX_IDLE_SECONDS
    assert server.settled_connections() == 1


@pytest.mark.parametrize("ended", ["reset", "closed"])
def test_kept_connection_that_ended_unseen_is_no_answer_of_the_service(start: Start, ended: str) -> None:
    server = start(ended)
    client = used_client(server, ManualClock())
    client.connect(1)
    assert client.send(client.request_by_url(URL)) is None
    # The client sent it once: a repetition takes a slot of its own.
    assert server.requests == 2
    client.connect(1)
    assert client.send(client.request_by_url(URL))


@pytest.mark.parametrize("ended", ["silent", "half-answered"])
def test_slow_or_broken_answer_on_a_kept_connection_is_unavailable(start: Start, ended: str) -> None:
    client = used_client(start(ended), ManualClock())
    client.connect(1)
    verdict = client.send(client.request_by_url(URL))
    assert verdict
    assert verdict.kind is MatchOutcome.UNAVAILABLE


@pytest.mark.parametrize("ended", ["reset", "closed"])
def test_new_connection_that_ends_without_an_answer_is_unavailable(start: Start, ended: str) -> None:
    server = start(ended)
    client = MatchClient(f"{server.url}/Match", Keys())
    client.connect(1)
    while not server.connections:
        pass
    server.forget()
    verdict = client.send(client.request_by_url(URL))
    assert verdict
    assert verdict.kind is MatchOutcome.UNAVAILABLE


def test_upload_on_a_lost_connection_takes_a_second_slot_and_no_attempt(start: Start) -> None:
    server = start("reset")
    world = ScannerWorld(objects={"a.jpg": JPEG}, match_api=used_client(server, ManualClock()))
    world.scan(ScanJob(upload("a.jpg")))
    assert world.results.status() is Status.CLEAN
    assert world.results.records["v1a.jpg"].attempts == 1
    assert world.rate_limiter.reserved == [1, 1]
    # One request before, one that was lost, one that was answered: each but the first took a slot.
    assert server.requests == 3
    assert world.rate_limiter.failures == 0
    assert world.retry_queue.sent == []


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="this system has no TCP_USER_TIMEOUT")
def test_unacknowledged_request_fails_before_a_slow_answer_would(server: Server) -> None:
    connection = KeptConnection("127.0.0.1", int(server.url.split(":")[2].split("/")[0]))
    connection.may_connect = True
    connection.connect()
    assert isinstance(connection, HTTPConnection)
    option = connection.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
    connection.close()
    assert option == UNACKNOWLEDGED_SECONDS * 1000
