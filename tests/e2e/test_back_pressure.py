"""A service that is away, or refuses the key: the fleet waits, asks once in a while, and goes on by itself."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from local.stack import EmbeddedCloud
from tests.e2e.embedded import results
from tests.waiting import until
from tools.bench.rate import backlog

pytestmark = pytest.mark.alone

UPLOADS = 40


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedCloud]:
    logs = tmp_path_factory.mktemp("away")
    with EmbeddedCloud(rate=10, log_dir=logs, environments=3, parameters={"Workers": "3"}) as running:
        yield running


def settled(cloud: EmbeddedCloud, keys: list[str]) -> list[dict[str, Any]]:
    """The results of those that are clean."""
    found = [item for key in keys for item in results(cloud, f"{backlog.BUCKET}/{key}")]
    return [item for item in found if item["status"] == "CLEAN"]


def wait_in_both_queues(cloud: EmbeddedCloud, folder: str) -> list[str]:
    keys = backlog.build_keys(UPLOADS, folder)
    messages = backlog.put_objects(cloud, keys)
    backlog.enqueue(cloud, messages[::2], "RetryQueue")
    backlog.enqueue(cloud, messages[1::2], "BackfillQueue")
    return keys


def test_an_outage_costs_a_trickle_of_requests_and_nothing_is_lost(cloud: EmbeddedCloud) -> None:
    assert cloud.emulator
    cloud.emulator.settings(failures=[{"kind": "http", "status": 503, "forever": True}])
    keys = wait_in_both_queues(cloud, "outage")
    until(lambda: cloud.emulator and cloud.emulator.stats()["requests"] >= 10)
    time.sleep(4)  # until what was reserved before has been sent
    before = cloud.emulator.stats()["requests"]
    time.sleep(10)
    assert 2 <= cloud.emulator.stats()["requests"] - before <= 5
    assert before <= 10 + 4 * 13
    cloud.emulator.settings(failures=[])
    until(lambda: len(settled(cloud, keys)) == UPLOADS, seconds=90)
    assert max(item["attempts"] for item in settled(cloud, keys)) <= 4
    assert backlog.count_messages(cloud, "DeadLetterQueue") == 0
    assert cloud.emulator.stats()["largest_window"] <= 10


def test_a_refused_key_is_asked_about_once_in_a_while_until_it_is_the_right_one(cloud: EmbeddedCloud) -> None:
    assert cloud.emulator
    right = cloud.client("secretsmanager").get_secret_value(SecretId=cloud.resource("SubscriptionKey"))["SecretString"]
    cloud.emulator.settings(key="another")
    cloud.emulator.clear()
    keys = wait_in_both_queues(cloud, "key")
    time.sleep(10)
    refused = cloud.emulator.requests()
    assert len(refused) <= 13 + 4 * 13
    assert len([request for request in refused if request["arrived_at"] > time.time() - 6]) <= 3
    cloud.emulator.settings(key=right)
    until(lambda: len(settled(cloud, keys)) == UPLOADS, seconds=90)
    assert backlog.count_messages(cloud, "DeadLetterQueue") == 0
