"""A service that is unavailable or refuses the key: the workers wait, probe, and go on by themselves."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from local.stack import EmbeddedCloud
from tests.e2e.embedded import read_results
from tests.support.waiting import wait_until
from tools.bench.rate import backlog

pytestmark = pytest.mark.alone

UPLOADS = 40


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedCloud]:
    logs = tmp_path_factory.mktemp("away")
    with EmbeddedCloud(rate=10, log_dir=logs, parameters={"Workers": "3"}) as running:
        yield running


def clean_results(cloud: EmbeddedCloud, keys: list[str]) -> list[dict[str, Any]]:
    """Return the results that are clean."""
    found = [item for key in keys for item in read_results(cloud, f"{backlog.BUCKET}/{key}")]
    return [item for item in found if item["status"] == "CLEAN"]


def fill_both_queues(cloud: EmbeddedCloud, folder: str) -> list[str]:
    keys = backlog.build_keys(UPLOADS, folder)
    messages = backlog.put_objects(cloud, keys)
    backlog.enqueue(cloud, messages[::2], "RetryQueue")
    backlog.enqueue(cloud, messages[1::2], "BackfillQueue")
    return keys


def test_outage_costs_few_requests_and_loses_nothing(cloud: EmbeddedCloud) -> None:
    assert cloud.emulator
    cloud.emulator.settings(failures=[{"kind": "http", "status": 503, "forever": True}])
    keys = fill_both_queues(cloud, "outage")
    wait_until(lambda: cloud.emulator and cloud.emulator.stats()["requests"] >= 10)
    # Requests reserved before have been sent by then.
    time.sleep(4)
    before = cloud.emulator.stats()["requests"]
    time.sleep(10)
    assert 2 <= cloud.emulator.stats()["requests"] - before <= 5
    assert before <= 10 + 4 * 13
    cloud.emulator.settings(failures=[])
    wait_until(lambda: len(clean_results(cloud, keys)) == UPLOADS, seconds=90)
    assert max(item["attempts"] for item in clean_results(cloud, keys)) <= 4
    assert backlog.count_messages(cloud, "DeadLetterQueue") == 0
    assert cloud.emulator.stats()["largest_window"] <= 10


def test_refused_key_is_probed_until_it_is_right(cloud: EmbeddedCloud) -> None:
    assert cloud.emulator
    right = cloud.client("secretsmanager").get_secret_value(SecretId=cloud.resource("SubscriptionKey"))["SecretString"]
    cloud.emulator.settings(key="another")
    cloud.emulator.clear()
    keys = fill_both_queues(cloud, "key")
    time.sleep(10)
    refused = cloud.emulator.requests()
    assert len(refused) <= 13 + 4 * 13
    assert len([request for request in refused if request["arrived_at"] > time.time() - 6]) <= 3
    cloud.emulator.settings(key=right)
    wait_until(lambda: len(clean_results(cloud, keys)) == UPLOADS, seconds=90)
    assert backlog.count_messages(cloud, "DeadLetterQueue") == 0
