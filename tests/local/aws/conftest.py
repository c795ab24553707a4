"""One embedded cloud of the toy stack for all tests of this folder."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local.aws import EmbeddedCloud

TOY = Path(__file__).parent / "toy/template.yaml"
NOWHERE = "http://127.0.0.1:9/Match"

Receive = Callable[..., list[Any]]


@pytest.fixture(scope="session")
def log_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("logs")


@pytest.fixture(scope="session")
def cloud(log_dir: Path) -> Iterator[EmbeddedCloud]:
    parameters = {"Greeting": "good day"}
    with EmbeddedCloud(
        match_endpoint=NOWHERE, template=TOY, parameters=parameters, log_dir=log_dir, retry_delay_scale=1 / 600
    ) as running:
        yield running


@pytest.fixture
def receive(cloud: EmbeddedCloud) -> Receive:
    """Takes messages off a queue until enough of them satisfy the condition, and returns those."""

    def receive_(
        queue: str, wanted: Callable[[Any], bool] = lambda _: True, count: int = 1, within: float = 15.0
    ) -> list[Any]:
        sqs, url, until = cloud.client("sqs"), cloud.resource(queue), time.monotonic() + within
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
    def eventually_(condition: Callable[[], bool], within: float = 15.0) -> bool:
        until = time.monotonic() + within
        while time.monotonic() < until:
            if condition():
                return True
            time.sleep(0.05)
        return condition()

    return eventually_
