"""The whole thing, as a user starts it: the demo, `make up`, and a burst that the fast path cannot take."""

import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest

from local.pictures import draw, encode
from local.stack import EmbeddedCloud
from tests.e2e.embedded import read_results
from tests.support.template import ROOT
from tests.support.waiting import wait_until

pytestmark = pytest.mark.alone

ENVIRONMENT = os.environ | {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}


def test_the_demo_finds_every_verdict_as_expected_and_says_so(tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "local.demo", "--out", str(tmp_path)]
    done = subprocess.run(argv, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, timeout=240)  # noqa: S603
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    found = json.loads((tmp_path / "results.json").read_text())
    assert len(found["pictures"]) >= 40
    assert found["problems"] == []
    assert found["rate"]["largest_window"] <= found["rate"]["limit"]
    assert sum(found["summary"]["by_group"].values()) == len(found["pictures"])
    assert found["summary"]["by_group"]["open"] == 0
    assert found["alone"]["key"] not in {picture["key"] for picture in found["pictures"]}
    assert 0 < found["alone"]["seconds_to_verdict"] < found["summary"]["slowest_seconds_to_verdict"]
    report = (tmp_path / "report.html").read_text()
    assert "not PhotoDNA" in report
    assert "X-Amz-Signature" not in report + (tmp_path / "results.json").read_text()


def test_the_demo_takes_the_users_own_pictures(tmp_path: Path) -> None:
    own = tmp_path / "own pictures"
    (own / "test-list").mkdir(parents=True)
    (own / "deep").mkdir()
    (own / "deep/clean + 1.png").write_bytes(encode(draw(31), "PNG"))
    (own / "copy.jpg").write_bytes(encode(draw(32), "JPEG", quality=60))
    (own / "test-list/known.png").write_bytes(encode(draw(32), "PNG"))
    (own / "notes.txt").write_text("words")
    argv = [sys.executable, "-m", "local.demo", str(own), "--out", str(tmp_path / "out")]
    done = subprocess.run(argv, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, timeout=240)  # noqa: S603
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    found = json.loads((tmp_path / "out/results.json").read_text())
    statuses = {picture["key"]: picture["status"] for picture in found["pictures"]}
    assert statuses == {"deep/clean + 1.png": "CLEAN", "copy.jpg": "QUARANTINED", "notes.txt": "SKIPPED"}
    # The only preview is that of the clean picture.
    assert (tmp_path / "out/report.html").read_text().count("<img src=") == 1


def test_make_up_serves_any_s3_client_until_it_is_ended() -> None:
    file = ROOT / "build/local/endpoints.json"
    argv = [sys.executable, "-m", "local.up"]
    with subprocess.Popen(argv, cwd=ROOT, env=ENVIRONMENT | {"RATE": "50", "PORT": "0"}, stdout=subprocess.PIPE) as up:  # noqa: S603
        try:
            wait_until(file.exists)
            endpoints = json.loads(file.read_text())
            credentials: dict[str, Any] = {"aws_access_key_id": "any", "aws_secret_access_key": "thing"}
            where: dict[str, Any] = {"endpoint_url": endpoints["aws_endpoint_url"], "region_name": endpoints["region"]}
            s3 = boto3.client("s3", **where, **credentials)
            s3.put_object(Bucket=endpoints["upload_bucket"], Key="a b.png", Body=encode(draw(41), "PNG"))
            table = boto3.resource("dynamodb", **where, **credentials).Table(endpoints["results_table"])
            wait_until(lambda: [i for i in table.scan()["Items"] if i["status"] == "CLEAN"])
        finally:
            up.send_signal(signal.SIGTERM)
            up.communicate(timeout=30)
    assert up.returncode == 0
    assert not file.exists()


@pytest.fixture(scope="module")
def busy_cloud(tmp_path_factory: pytest.TempPathFactory) -> Any:
    logs = tmp_path_factory.mktemp("busy")
    with EmbeddedCloud(rate=10, latency=0.3, log_dir=logs) as running:
        yield running


def test_a_burst_is_worked_off_by_the_queue_within_the_rate_and_through_an_outage(busy_cloud: EmbeddedCloud) -> None:
    """More than the fast path may reserve; the service fails now and then, and once throttles."""
    cloud, s3 = busy_cloud, busy_cloud.client("s3")
    assert cloud.emulator
    failures = [{"kind": "ok", "count": 20}, {"kind": "http", "status": 500, "count": 3}, {"kind": "drop", "count": 2}]
    cloud.emulator.settings(failures=[*failures, {"kind": "http", "status": 429, "retry_after": 2}])
    body, bucket = encode(draw(51), "JPEG"), cloud.endpoints.upload_bucket
    keys = [f"burst/{i} +.jpg" for i in range(70)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda key: s3.put_object(Bucket=bucket, Key=key, Body=body), keys))

    def all_settled() -> bool:
        found = [read_results(cloud, f"{bucket}/{key}") for key in keys]
        return all(items and items[0]["status"] == "CLEAN" for items in found)

    wait_until(all_settled, seconds=90)
    stats = cloud.emulator.stats()
    assert stats["largest_window"] <= 10
    assert stats["refused_429"] == 0
    assert cloud.stats()["OnRetryFunction"]["invocations"] > 0
    attempts = sum(read_results(cloud, f"{bucket}/{key}")[0]["attempts"] for key in keys)
    assert stats["requests"] == len(keys) + 6
    # A request that was dropped on a connection that had been used before counts as no attempt (docs/decisions/0026).
    assert stats["requests"] - 2 <= attempts <= stats["requests"]
    dead = cloud.client("sqs").get_queue_attributes(
        QueueUrl=cloud.endpoints.dead_letter_queue_url, AttributeNames=["All"]
    )["Attributes"]
    assert dead["ApproximateNumberOfMessages"] == "0"
