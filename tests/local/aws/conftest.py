"""One embedded AWS with the toy stack for all tests of this folder."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local.aws import EmbeddedAws

TOY = Path(__file__).parent / "toy/template.yaml"

Receive = Callable[..., list[Any]]


@pytest.fixture(scope="session")
def log_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("logs")


@pytest.fixture(scope="session")
def aws(log_dir: Path) -> Iterator[EmbeddedAws]:
    parameters = {"Greeting": "good day"}
    with EmbeddedAws(template=TOY, parameters=parameters, log_dir=log_dir, retry_delay_scale=1 / 600) as running:
        yield running


@pytest.fixture
def receive(aws: EmbeddedAws) -> Receive:
    """Return a function that takes messages off a queue until enough of them satisfy a condition."""

    def receive_(
        queue: str, wanted: Callable[[Any], bool] = lambda _: True, count: int = 1, within: float = 15.0
    ) -> list[Any]:
        sqs, url, until = aws.client("sqs"), aws.resource(queue), time.monotonic() + within
        found: list[Any] = []
        while len(found) < count and time.monotonic() < until:
            for message in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1, MaxNumberOfMessages=10).get(
                "Messages", []
            ):
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                body = json.loads(message["Body"])
                found += [body] if wanted(body) else []
        return found

    return receive_


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool]], bool]:
    """Return a function that waits for a condition, and returns whether it came true."""

    def eventually_(condition: Callable[[], bool], within: float = 15.0) -> bool:
        until = time.monotonic() + within
        while time.monotonic() < until:
            if condition():
                return True
            time.sleep(0.05)
        return condition()

    return eventually_
