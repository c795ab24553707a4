"""Waiting for the results, and reading them."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import boto3
from moto import mock_aws

from local.demo import results
from local.demo.results import Results
from local.demo.upload import UploadedVersion
from tests.local.demo.factories import uploaded


def _done(*versions: UploadedVersion) -> "Future[list[UploadedVersion]]":
    future: Future[list[UploadedVersion]] = Future()
    future.set_result(list(versions))
    return future


class Clock:
    """Time that passes only by sleeping, and does what is planned for a moment."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def _wait(
    uploading: Any, read: Callable[[], Results], clock: Clock, idle_timeout: float = 10
) -> tuple[Results, list[int]]:
    shown: list[int] = []
    found = results.wait_for_results(uploading, read, shown.append, idle_timeout, clock, clock.sleep)
    return found, shown


def test_waiting_ends_with_the_last_verdict() -> None:
    one, clock = uploaded(), Clock()

    found, shown = _wait([_done(one)], lambda: {one.id: {"status": "CLEAN" if clock.now >= 3 else "DEFERRED"}}, clock)

    assert found[one.id]["status"] == "CLEAN"
    assert clock.now == 3
    assert (shown[0], shown[-1]) == (0, 1)


def test_a_match_that_is_still_being_moved_is_waited_for() -> None:
    one, clock = uploaded(), Clock()

    found, _ = _wait([_done(one)], lambda: {one.id: {"status": "MATCHED" if clock.now < 5 else "QUARANTINED"}}, clock)

    assert found[one.id]["status"] == "QUARANTINED"


def test_waiting_ends_when_nothing_new_comes() -> None:
    one, clock = uploaded(), Clock()

    found, _ = _wait([_done(one)], dict, clock, idle_timeout=10)

    assert found == {}
    assert 10 < clock.now < 11


def test_each_new_verdict_restarts_the_timeout() -> None:
    versions, clock = [uploaded(f"{number}.jpg") for number in range(5)], Clock()

    def read() -> Results:
        return {one.id: {"status": "CLEAN"} for one in versions[: int(clock.now / 8)]}

    found, _ = _wait([_done(*versions)], read, clock, idle_timeout=10)

    assert len(found) == 5


def test_unfinished_upload_is_waited_for_after_all_other_verdicts() -> None:
    first, second, clock = uploaded("1.jpg"), uploaded("2.jpg"), Clock()
    late: Future[list[UploadedVersion]] = Future()

    def read() -> Results:
        if clock.now >= 2 and not late.done():
            late.set_result([second])
        return {one.id: {"status": "CLEAN"} for one in ([first, second] if clock.now >= 4 else [first])}

    found, _ = _wait([_done(first), late], read, clock)

    assert second.id in found


def test_result_of_another_upload_ends_no_wait() -> None:
    one, clock = uploaded(), Clock()

    _, shown = _wait([_done(one)], lambda: {("uploads/other.jpg", "v9"): {"status": "CLEAN"}}, clock)

    assert set(shown) == {0}


def test_a_failed_upload_is_not_waited_for() -> None:
    failed: Future[list[UploadedVersion]] = Future()
    failed.set_exception(OSError("no such file"))
    clock = Clock()

    _wait([failed], dict, clock)

    assert clock.now == 0


@mock_aws
def test_all_pages_of_the_table_are_read_as_plain_values() -> None:
    dynamodb = boto3.client("dynamodb", region_name="us-east-1")
    dynamodb.create_table(
        TableName="results",
        KeySchema=[
            {"AttributeName": "upload", "KeyType": "HASH"},
            {"AttributeName": "version", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("upload", "version")],
        BillingMode="PAY_PER_REQUEST",
    )
    flag = {"M": {"source": {"S": "Test"}, "distance": {"N": "3"}}}
    # Five of them are over a megabyte, where a page ends.
    filling = {"S": "x" * 300_000}
    for number in range(5):
        item: dict[str, Any] = {"upload": {"S": f"b/{number}"}, "version": {"S": "v"}, "matches": {"L": [flag]}}
        dynamodb.put_item(TableName="results", Item=item | {"reason": filling})

    found = results.read_all(dynamodb, "results")

    assert len(found) == 5
    assert found["b/0", "v"]["matches"] == [{"source": "Test", "distance": 3}]
    assert type(found["b/0", "v"]["matches"][0]["distance"]) is int
