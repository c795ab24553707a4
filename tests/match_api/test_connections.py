"""match_api/preconnected_adapter.py through the client: connections are opened before the slots, and kept."""

import socket
import threading
from pathlib import Path

import pytest

from photodna_guard.domain.errors import ServiceUnreachableError
from photodna_guard.domain.verdicts import MatchOutcome
from photodna_guard.match_api.client import MatchClient
from tests.match_api.clients import CLEAN, URL, Keys, connecting_client
from tests.match_api.raw_server import Server


def test_request_opens_no_connection(server: Server) -> None:
    server.answer(CLEAN)
    service = MatchClient(server.url, Keys())
    request = service.request_by_url(URL)
    assert service.send(request) is None
    service.connect(1)
    assert service.send(request)
    assert len(server.requests) == 1


def test_refused_connection_sends_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed_at_once:
        port = closed_at_once.getsockname()[1]
    service = MatchClient(f"http://127.0.0.1:{port}/Match", Keys())
    with pytest.raises(ServiceUnreachableError, match="no-connection: NewConnectionError"):
        service.connect(10)
    assert service.send(service.request_by_url(URL)) is None


def test_closed_connection_is_reopened_before_the_next_slot(server: Server) -> None:
    server.answer(CLEAN, "200 OK", "Connection: close")
    server.answer(CLEAN)
    service = connecting_client(server)
    assert [service.send(service.request_by_url(URL)).kind for _ in range(2)] == [MatchOutcome.NO_MATCH] * 2
    assert server.settled_connections() == 2


def test_connections_are_opened_early_and_kept(server: Server) -> None:
    service = connecting_client(server)
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


def test_tls_connections_are_opened_early_and_verified(tls_server: Server, certificate: Path) -> None:
    tls_server.answer(CLEAN)
    service = connecting_client(tls_server, verify=str(certificate))
    service.connect(2)
    # By now the server's session tickets wait to be read.
    assert tls_server.settled_connections() == 2
    service.connect(2)
    assert service.send(service.request_by_url(URL)).kind is MatchOutcome.NO_MATCH
    assert tls_server.settled_connections() == 2


def test_unverified_server_never_receives_the_key(tls_server: Server) -> None:
    tls_server.answer(CLEAN)
    service = MatchClient(tls_server.url, Keys())
    with pytest.raises(ServiceUnreachableError, match="no-connection"):
        service.connect(1)
    assert service.send(service.request_by_url(URL)) is None
    assert tls_server.requests == []
