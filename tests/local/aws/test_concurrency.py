"""Throttling: the account's concurrency, reservations, and what becomes of a throttled event or batch."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.aws import queue_poller
from local.aws.async_invocations import AsyncInvocations
from local.aws.concurrency import AccountConcurrency, ThrottledError
from local.aws.event_sources import QueueSource
from local.aws.functions import AsyncConfig, Function
from local.aws.invocation import InvocationResult
from local.aws.pool import EnvironmentPool

ARN = "arn:aws:sqs:us-east-1:123456789012:work"
Eventually = Callable[..., bool]


class HeldEnvironment:
    """An execution environment whose invocations end when `go` is set."""

    alive = True

    def __init__(self, go: threading.Event) -> None:
        self._go = go

    def initialize(self) -> None:
        """Be ready at once."""

    def invoke(self, event: Any, request_id: str) -> InvocationResult:
        self._go.wait(10)
        return InvocationResult(request_id, None)

    def close(self) -> None:
        self._go.set()


def make_pool(concurrency: int, go: threading.Event) -> EnvironmentPool:
    function = Function("Held", "held", "arn", "held.handler", Path(), 3, 128, {})
    environment: Any = HeldEnvironment
    return EnvironmentPool(function, AccountConcurrency(concurrency, {}), lambda _: environment(go))


class OneQueue:
    """SQS with one queue, whose first ten messages are received one at a time."""

    def __init__(self, count: int) -> None:
        self.waiting, self.deleted = [str(number) for number in range(count)], 0

    def get_queue_attributes(self, **_: Any) -> dict[str, Any]:
        return {"Attributes": {"VisibilityTimeout": "30"}}

    def receive_message(self, **_: Any) -> dict[str, Any]:
        if not self.waiting:
            return {}
        number = self.waiting.pop(0)
        return {"Messages": [{"MessageId": number, "ReceiptHandle": number, "Body": "{}", "MD5OfBody": ""}]}

    def delete_message_batch(self, Entries: list[Any], **_: Any) -> None:  # noqa: N803
        self.deleted += len(Entries)


def test_functions_share_the_accounts_concurrency() -> None:
    account = AccountConcurrency(2, {})
    account.acquire("one")
    account.acquire("other")

    with pytest.raises(ThrottledError):
        account.acquire("third")
    account.release("one")
    account.acquire("third")


def test_reservation_is_a_part_of_its_own_and_a_bound() -> None:
    account = AccountConcurrency(3, {"reserving": 1})
    for _ in range(2):
        account.acquire("other")

    with pytest.raises(ThrottledError):
        account.acquire("other")
    account.acquire("reserving")
    with pytest.raises(ThrottledError):
        account.acquire("reserving")


def test_throttled_event_is_invoked_later_and_counts_no_attempt(eventually: Eventually) -> None:
    go, delivered = threading.Event(), list[Any]()
    pool = make_pool(1, go)
    config = AsyncConfig(retries=0, on_success="succeeded")
    invocations = AsyncInvocations(pool, config, lambda _, record: delivered.append(record), 1.0, 1)
    for number in range(3):
        invocations.accept({"number": number})
    assert eventually(lambda: pool.counts()["throttles"] >= 2)
    assert pool.counts()["invocations"] == 1

    go.set()

    assert eventually(lambda: len(delivered) == 3)
    assert {record["requestContext"]["approximateInvokeCount"] for record in delivered} == {1}
    invocations.close()


def test_event_that_is_throttled_beyond_its_age_is_delivered_as_such(eventually: Eventually) -> None:
    go, delivered = threading.Event(), list[Any]()
    pool = make_pool(1, go)
    pool.acquire()
    config = AsyncConfig(maximum_age=0.5, on_failure="failed")
    invocations = AsyncInvocations(pool, config, lambda _, record: delivered.append(record), 1.0, 1)
    invocations.accept({"number": 1})

    assert eventually(lambda: len(delivered) == 1)
    assert delivered[0]["requestContext"]["condition"] == "EventAgeExceeded"
    assert delivered[0]["requestContext"]["approximateInvokeCount"] == 0
    assert json.dumps(delivered[0]["requestPayload"]) == '{"number": 1}'
    assert "responsePayload" not in delivered[0]
    invocations.close()


def test_throttled_batch_is_retried_by_its_poller(eventually: Eventually) -> None:
    go = threading.Event()
    pool, sqs = make_pool(1, go), OneQueue(2)
    pool.acquire()
    client: Any = sqs
    poller = queue_poller.QueuePoller(QueueSource("held", ARN, 1, 0, 5, partial=False), pool, client, "url")
    assert eventually(lambda: pool.counts()["throttles"] >= 2)
    go.set()
    pool.run({}, "request")

    assert eventually(lambda: sqs.deleted == 2)
    poller.close()


def test_poller_adds_batches_up_to_its_maximum_concurrency(eventually: Eventually) -> None:
    go = threading.Event()
    pool, sqs = make_pool(100, go), OneQueue(20)
    client: Any = sqs
    poller = queue_poller.QueuePoller(QueueSource("held", ARN, 1, 0, 8, partial=False), pool, client, "url")

    assert eventually(lambda: pool.counts()["concurrent"] == 8)
    go.set()
    assert eventually(lambda: sqs.deleted == 20)
    assert pool.counts()["concurrent_peak"] == 8
    poller.close()
