"""The burst's Match server: it answers as the operation does, and refuses what exceeds any window."""

import http.client
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.aws.helper_process import HelperProcess

LIMIT = 3


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[http.client.HTTPConnection]:
    argv = [sys.executable, "-m", "tools.bench.burst.match_server", "0", str(LIMIT)]
    helper = HelperProcess("match server", argv, tmp_path / "log")
    connection = http.client.HTTPConnection("127.0.0.1", helper.read_announcement()["port"], timeout=10)
    yield connection
    connection.close()
    helper.stop()


def test_request_beyond_the_window_is_refused_and_counted(connection: http.client.HTTPConnection) -> None:
    statuses = []
    for _ in range(LIMIT + 1):
        connection.request("POST", "/photodna/v1.0/Match", body=b"{}")
        answer = connection.getresponse()
        body = json.loads(answer.read())
        statuses.append(answer.status)
        assert answer.status == 429 or (body["Status"]["Code"], body["IsMatch"]) == (3000, False)

    connection.request("GET", "/")
    seen = json.loads(connection.getresponse().read())
    assert statuses == [200] * LIMIT + [429]
    assert (len(seen["arrivals"]), seen["refused"]) == (LIMIT + 1, 1)
