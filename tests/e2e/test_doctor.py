"""guardctl doctor on the embedded cloud, in the operator's role: it finds no fault, and what it tries is refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.stack import EmbeddedCloud
from ops.guardctl.main import main
from ops.guardctl.target import connect_embedded
from tests.e2e.embedded import Pictures, read_results
from tests.support.waiting import wait_until

# What moto does not have, or must not (local/aws/moto/cloudformation.py, NOT_CREATED).
NOT_IN_EMBEDDED_CLOUD = {"policies of the buckets", "workers of the queues", "concurrency", "alarms"}
Doctor = Callable[..., tuple[int, dict[str, dict[str, Any]]]]


@pytest.fixture
def doctor(cloud: EmbeddedCloud, calm: None, known: None, capsys: pytest.CaptureFixture[str]) -> Doctor:
    """Return a function that runs doctor, and returns its exit code and its findings by subject."""
    target = connect_embedded(cloud.aws_endpoint_url, cloud.endpoints.region)

    def run(*arguments: str) -> tuple[int, dict[str, dict[str, Any]]]:
        capsys.readouterr()
        code = main(["doctor", *arguments, "--json"], lambda *_: target)
        out, err = capsys.readouterr()
        assert out, err
        return code, {finding["subject"]: finding for finding in json.loads(out)["findings"]}

    return run


def put(cloud: EmbeddedCloud, key: str, body: bytes, status: str) -> None:
    bucket = cloud.endpoints.upload_bucket
    cloud.client("s3").put_object(Bucket=bucket, Key=key, Body=body)
    assert wait_until(lambda: any(item["status"] == status for item in read_results(cloud, f"{bucket}/{key}")))


def test_stack_has_no_fault_but_that_nobody_is_told(cloud: EmbeddedCloud, doctor: Doctor, pictures: Pictures) -> None:
    put(cloud, "doctor/tiny.png", b"\x89PNG\r\n\x1a\n" + bytes(60), "UNSCANNABLE")
    put(cloud, "doctor/match.jpg", pictures["match"], "QUARANTINED")
    code, found = doctor()
    faults = {subject for subject, finding in found.items() if finding["level"] == "fault"}
    # The embedded cloud's topic has no subscriber.
    assert (code, faults) == (1, {"subscribers"})
    assert "aws sns subscribe" in found["subscribers"]["mend"]
    assert found["retention"]["what"] == "GOVERNANCE for 400 days"
    assert found["read gate"]["what"] == "you may not read it: the bucket's policy denies it"
    assert found["reading the quarantine"]["what"] == "you may not read it: the bucket's policy denies it"
    assert found["canary"]["level"] == "warning"
    unchecked = {subject for subject, finding in found.items() if finding["level"] == "unchecked"}
    assert unchecked == NOT_IN_EMBEDDED_CLOUD
    assert all("cannot be checked on the embedded cloud" in found[subject]["what"] for subject in unchecked)
    # The role has every right that doctor needs.
    assert [one["what"] for one in found.values() if one["what"].startswith("cannot be checked: ")] == []


def test_sample_is_sent_once_and_the_scheduled_one_stays_as_it_is(
    cloud: EmbeddedCloud, doctor: Doctor, pictures: Pictures, tmp_path: Path
) -> None:
    (tmp_path / "sample.jpg").write_bytes(pictures["match"])
    assert cloud.emulator
    cloud.emulator.clear()
    _, found = doctor("--sample", str(tmp_path / "sample.jpg"))
    assert (found["sample"]["level"], found["canary"]["what"][:16]) == ("ok", "no sample is set")
    assert len(cloud.emulator.requests()) == 1
    (tmp_path / "sample.jpg").write_bytes(pictures["clean"])
    code, found = doctor("--sample", str(tmp_path / "sample.jpg"))
    assert (code, found["sample"]["level"]) == (1, "fault")
    assert "no-match" in found["sample"]["what"]
    assert found["sample"]["mend"]


def test_what_is_broken_is_found_and_its_advice_mends_it(cloud: EmbeddedCloud, doctor: Doctor) -> None:
    events, rule = cloud.client("events"), cloud.resource("OnSweepFunctionSchedule")
    events.disable_rule(Name=rule)
    _, found = doctor()
    assert found["rule OnSweepFunctionSchedule"]["mend"] == f"aws events enable-rule --name {rule}"
    events.enable_rule(Name=rule)
    assert doctor()[1]["rule OnSweepFunctionSchedule"]["level"] == "ok"
