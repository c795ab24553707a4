"""The embedded AWS keeps connections, as AWS does: a new one for each call would take its processor's time."""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from local.aws import EmbeddedAws
from local.aws.async_invocations import SECONDS_BETWEEN_EVENTS, AsyncInvocations
from local.aws.functions import AsyncConfig
from local.aws.invocation import InvocationResult


@pytest.fixture
def connection(aws: EmbeddedAws) -> Iterator[http.client.HTTPConnection]:
    opened = http.client.HTTPConnection(aws.client("s3").meta.endpoint_url.removeprefix("http://"), timeout=10)
    yield opened
    opened.close()


def test_calls_follow_each_other_on_one_connection(aws: EmbeddedAws, connection: http.client.HTTPConnection) -> None:
    s3, bucket = aws.client("s3"), aws.resource("Uploads")
    s3.put_object(Bucket=bucket, Key="kept.txt", Body=b"content")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "kept.txt"})
    path = url[url.index("/", 8) :]
    sockets = set()
    for method, expected in (("GET", b"content"), ("HEAD", b""), ("GET", b"content")):
        connection.request(method, path)
        sockets.add(connection.sock)
        answer = connection.getresponse()
        assert answer.read() == expected
        assert answer.version == 11
    assert len(sockets) == 1


def test_upload_that_waits_for_continue_is_stored(aws: EmbeddedAws) -> None:
    s3, bucket = aws.client("s3"), aws.resource("Uploads")
    body = b"x" * 3_000_000
    s3.put_object(Bucket=bucket, Key="expected.bin", Body=body)
    assert s3.get_object(Bucket=bucket, Key="expected.bin")["Body"].read() == body
    s3.delete_object(Bucket=bucket, Key="expected.bin")


def test_date_is_that_of_each_response(connection: http.client.HTTPConnection) -> None:
    dates = []
    for _ in range(2):
        connection.request("GET", "/")
        answer = connection.getresponse()
        answer.read()
        dates.append(datetime.strptime(answer.headers["Date"], "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC))
        time.sleep(1.0)
    assert 1 <= (dates[1] - dates[0]).total_seconds() <= 2


class CountingPool:
    """Runs nothing, and keeps when it should have."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def wait_for_place(self) -> None:
        """Have a place at once."""

    def acquire(self) -> None:
        """Have concurrency left."""

    def run(self, _event: Any, request_id: str) -> InvocationResult:
        """Keep the time."""
        self.times.append(time.monotonic())
        return InvocationResult(request_id, None)


def test_events_are_handed_over_no_faster_than_the_processors_bear() -> None:
    pool: Any = CountingPool()
    invocations = AsyncInvocations(pool, AsyncConfig(), lambda *_: None, 1.0, 8)
    for _ in range(6):
        invocations.accept({})
    end = time.monotonic() + 10
    while len(pool.times) < 6 and time.monotonic() < end:
        time.sleep(0.01)
    invocations.close()
    assert max(pool.times) - min(pool.times) >= 4.5 * SECONDS_BETWEEN_EVENTS
