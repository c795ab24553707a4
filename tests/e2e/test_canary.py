"""The canary on the embedded cloud: guardctl sets a sample and runs it, and the function sends it in its own role."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local.stack import EmbeddedCloud
from ops.guardctl.main import main
from ops.guardctl.target import connect_embedded
from tests.e2e.embedded import Pictures
from tests.support.waiting import wait_until

WHY = ("--reason", "a test", "--yes")
Canary = Callable[..., tuple[int, Any]]


@pytest.fixture
def canary(cloud: EmbeddedCloud, calm: None, known: None, capsys: pytest.CaptureFixture[str]) -> Iterator[Canary]:
    """Return a function that runs a command of `guardctl canary`, and returns its exit code and its JSON."""
    target = connect_embedded(cloud.aws_endpoint_url, cloud.endpoints.region)

    def run(*arguments: str) -> tuple[int, Any]:
        capsys.readouterr()
        code = main(["canary", *arguments, "--json"], lambda *_: target)
        out, err = capsys.readouterr()
        return code, json.loads(out) if out else err

    yield run
    run("clear", *WHY)


def save(folder: Path, picture: bytes) -> str:
    (folder / "sample.jpg").write_bytes(picture)
    return str(folder / "sample.jpg")


def has_metrics(cloud: EmbeddedCloud, **expected: float) -> bool:
    """Return whether the last line of metrics has these. A function writes its metrics when it ends."""
    wanted = {name: [value] for name, value in expected.items()}
    return bool(wait_until(lambda: {name: metrics(cloud, name)[-1:] for name in expected} == wanted))


def metrics(cloud: EmbeddedCloud, name: str) -> list[float]:
    """Return the values of a metric in the function's log."""
    lines = (cloud.log_dir / "OnCanaryFunction.log").read_text(encoding="utf-8").splitlines()
    found = [json.loads(line) for line in lines if line.startswith("{") and f'"{name}"' in line]
    return [value for line in found if name in line for value in line[name]]


def test_sample_of_the_services_own_set_comes_back_as_test(
    cloud: EmbeddedCloud, canary: Canary, pictures: Pictures, tmp_path: Path
) -> None:
    assert cloud.emulator
    cloud.emulator.clear()
    assert canary("set", save(tmp_path, pictures["match"]), *WHY)[0] == 0
    code, run = canary("run")
    assert (code, run["outcome"], run["reason"]) == (0, "test", "")
    assert run["tracking_id"]
    # By value, once, and nothing of it is an upload.
    (request,) = cloud.emulator.requests()
    assert (request["by"], request["is_match"]) == ("value", True)
    assert has_metrics(cloud, CanaryFailed=0)
    _, status = canary("status")
    assert (status["last_run"], status["sample"]["media_type"]) == (run, "image/jpeg")


def test_other_picture_is_a_failure_and_raises_the_metric(
    cloud: EmbeddedCloud, canary: Canary, pictures: Pictures, tmp_path: Path
) -> None:
    canary("set", save(tmp_path, pictures["clean"]), *WHY)
    code, run = canary("run")
    assert (code, run["outcome"], run["reason"]) == (1, "failed", "no-match")
    assert has_metrics(cloud, CanaryFailed=1)


def test_wrong_key_is_named(cloud: EmbeddedCloud, canary: Canary, pictures: Pictures, tmp_path: Path) -> None:
    canary("set", save(tmp_path, pictures["match"]), *WHY)
    secrets, secret = cloud.client("secretsmanager"), cloud.resource("SubscriptionKey")
    right = secrets.get_secret_value(SecretId=secret)["SecretString"]
    secrets.put_secret_value(SecretId=secret, SecretString="rotated")
    try:
        code, run = canary("run")
    finally:
        secrets.put_secret_value(SecretId=secret, SecretString=right)
    assert (code, run["outcome"], run["reason"]) == (1, "failed", "http-401")
    # The key is right again: the next run needs no new container, and its probe closes the circuit breaker.
    cloud.client("dynamodb").delete_item(TableName=cloud.resource("RateLimiterTable"), Key={"limiter": {"S": "match"}})
    assert canary("run")[1]["outcome"] == "test"


def test_pause_defers_the_canary_and_nothing_is_sent(
    cloud: EmbeddedCloud, canary: Canary, pictures: Pictures, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    canary("set", save(tmp_path, pictures["match"]), *WHY)
    target = connect_embedded(cloud.aws_endpoint_url, cloud.endpoints.region)
    assert main(["pause", *WHY], lambda *_: target) == 0
    assert cloud.emulator
    cloud.emulator.clear()
    code, run = canary("run")
    assert main(["resume", *WHY], lambda *_: target) == 0
    assert (code, run["outcome"], run["reason"]) == (1, "deferred", "paused")
    assert cloud.emulator.requests() == []
    assert has_metrics(cloud, CanaryFailed=0, CanaryDeferred=1)


def test_without_a_sample_the_function_sends_nothing(cloud: EmbeddedCloud, canary: Canary) -> None:
    assert canary("clear", *WHY)[0] == 0
    assert cloud.emulator
    cloud.emulator.clear()
    result = cloud.invoke("OnCanaryFunction", {"id": "scheduled"})
    assert not result.failed, result.payload
    assert cloud.emulator.requests() == []
    code, error = canary("run")
    assert (code, "canary set" in error) == (2, True)
