"""Every sample event, run by `sam local invoke` in containers against the embedded cloud."""

import json
from pathlib import Path
from shutil import copy

import pytest

from local.invoke import cases, invocation, lost_message
from local.invoke.run import ContainerCloud, InvocationResult, check_dead_letters, run_event
from local.invoke.sam import ROOT

LOST = [name for name, case in cases.CASES.items() if case.has_lost_message]


@pytest.mark.parametrize("event", cases.CASES)
def test_event_has_its_expected_results(invoked: dict[str, InvocationResult], event: str) -> None:
    assert invoked[event].problems == []
    assert [checked_upload.status for checked_upload in invoked[event].checked_uploads]


def test_dead_letter_queue_is_empty(containers: ContainerCloud, invoked: dict[str, InvocationResult]) -> None:
    assert check_dead_letters(containers) == []


def test_retry_message_that_asks_for_bytes_sends_them(
    containers: ContainerCloud, invoked: dict[str, InvocationResult]
) -> None:
    assert containers.cloud.emulator
    assert [request["by"] for request in containers.cloud.emulator.requests()].count("value") == 1


def test_sweep_sends_a_message_for_the_lost_one(
    containers: ContainerCloud, invoked: dict[str, InvocationResult]
) -> None:
    sent = json.loads((containers.folder / "schedule-redelivered.json").read_text(encoding="utf-8"))["Records"]
    assert [json.loads(message["body"])["upload"]["key"] for message in sent] == [lost_message.UPLOAD.key]
    records = invoked["schedule.json"].records
    assert [record["upload"].partition("/")[2] for record in records] == [lost_message.UPLOAD.key]


def test_embedded_cloud_itself_runs_no_function(containers: ContainerCloud) -> None:
    with pytest.raises(RuntimeError, match="no function runs here"):
        containers.cloud.invoke(cases.ON_UPLOAD, {})


def test_container_logs_hold_neither_signature_nor_key(
    containers: ContainerCloud, invoked: dict[str, InvocationResult]
) -> None:
    key = containers.cloud.client("secretsmanager").get_secret_value(
        SecretId=containers.cloud.resource("SubscriptionKey")
    )["SecretString"]
    names = [Path(name).stem for name in cases.CASES] + [f"{Path(n).stem}-redelivered" for n in LOST]
    logs = [(containers.folder / f"{name}.log").read_text(encoding="utf-8") for name in names]
    assert not [log for log in logs if key in log or "X-Amz-Signature" in log]


def test_function_that_cannot_start_is_reported_as_problem(containers: ContainerCloud, tmp_path: Path) -> None:
    copy(containers.folder / invocation.TEMPLATE, tmp_path)
    variables = json.loads((containers.folder / invocation.VARIABLES).read_text(encoding="utf-8"))
    variables[cases.ON_UPLOAD]["RATE_PER_SECOND"] = "fast"
    (tmp_path / invocation.VARIABLES).write_text(json.dumps(variables), encoding="utf-8")
    broken = run_event(ContainerCloud(containers.cloud, tmp_path), ROOT / "events/s3-put.json")
    assert broken.answer.payload["errorType"] == "ConfigurationError"
    assert [problem for problem in broken.problems if "no result" in problem]
    assert [problem for problem in broken.problems if "OnUploadFunction answered" in problem]


def test_event_of_ones_own_is_run_with_drawn_objects(containers: ContainerCloud, tmp_path: Path) -> None:
    described = {"bucket": {"name": "my-bucket"}, "object": {"key": "my+own.jpg", "size": 1, "eTag": "e"}}
    event = {"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": described}]}
    (tmp_path / "my-own.json").write_text(json.dumps(event), encoding="utf-8")
    found = run_event(containers, tmp_path / "my-own.json")
    assert (found.function, found.problems) == (cases.ON_UPLOAD, [])
    assert [(one.key, one.status) for one in found.checked_uploads] == [("my own.jpg", "CLEAN")]
