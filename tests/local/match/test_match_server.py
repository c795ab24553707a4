"""The HTTP server: connections, arrival times, lengths and unknown paths."""

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from tests.local.match.match_client import KEY, MatchClient
from tests.support.waiting import wait_until


def test_every_answer_names_the_emulator(client: MatchClient) -> None:
    answers = [
        client.by_value(b"junk"),
        client.by_value(b"junk", key="wrong"),
        client.session.get(client.emulator.control),
    ]

    assert [answer.headers["X-Emulator"] for answer in answers] == ["not PhotoDNA"] * 3


def test_many_connections_are_answered_at_once(client: MatchClient) -> None:
    client.emulator.settings(latency=1.0)
    all_here = threading.Barrier(40)

    def ask(_: int) -> int:
        all_here.wait()
        return MatchClient(client.emulator).by_value(b"junk").status_code

    started = time.monotonic()
    with ThreadPoolExecutor(40) as pool:
        statuses = list(pool.map(ask, range(40)))

    assert statuses == [200] * 40
    assert time.monotonic() - started < 20


def test_connection_is_kept_for_the_next_request(client: MatchClient) -> None:
    where = urlsplit(client.emulator.match_endpoint)
    head = f"POST {where.path} HTTP/1.1\r\nHost: x\r\nOcp-Apim-Subscription-Key: {{}}\r\nContent-Length: 4\r\n"

    with socket.create_connection((where.hostname, where.port), timeout=10) as connection:
        answers = connection.makefile("rb")
        for key, expected in ((KEY, b"200"), ("wrong", b"401"), (KEY, b"200")):
            connection.sendall(f"{head.format(key)}\r\njunk".encode())
            assert answers.readline().split()[1] == expected
            length = next(int(line.split()[1]) for line in answers if line.startswith(b"Content-Length"))
            answers.readline()
            answers.read(length)


def test_request_arrives_when_its_headers_are_read(client: MatchClient) -> None:
    where = urlsplit(client.emulator.match_endpoint)
    head = f"POST {where.path} HTTP/1.1\r\nHost: x\r\nOcp-Apim-Subscription-Key: {KEY}\r\nContent-Length: 4\r\n"

    with socket.create_connection((where.hostname, where.port), timeout=10) as connection:
        connection.sendall(head.encode())
        time.sleep(0.2)
        assert client.emulator.stats()["requests"] == 0

        before = time.monotonic()
        connection.sendall(b"\r\n")
        wait_until(lambda: client.emulator.stats()["requests"] == 1, seconds=10)
        after = time.monotonic()

        connection.sendall(b"junk")
        assert connection.recv(12) == b"HTTP/1.1 200"
    assert before <= client.emulator.requests()[0]["arrived_monotonic"] <= after


def test_other_path_or_method_is_answered_404(client: MatchClient) -> None:
    base = client.emulator.match_endpoint

    answers = [client.session.get(base), client.session.post(f"{base}Edge"), client.session.put(base, data=b"x")]

    assert [answer.status_code for answer in answers] == [404] * 3
    assert client.emulator.stats()["requests"] == 0


def test_body_without_a_length_is_refused(client: MatchClient) -> None:
    assert client.by_value(iter([b"a", b"b"])).status_code == 411  # type: ignore[arg-type]


@pytest.mark.parametrize(("length", "expected"), [("-1", b"411"), ("9" * 5000, b"411"), ("99999999", b"413")])
def test_impossible_length_is_refused(client: MatchClient, length: str, expected: bytes) -> None:
    where = urlsplit(client.emulator.match_endpoint)

    with socket.create_connection((where.hostname, where.port), timeout=10) as connection:
        connection.sendall(f"POST {where.path} HTTP/1.1\r\nContent-Length: {length}\r\n\r\n".encode())
        assert connection.recv(12).split()[1] == expected
