"""Functions in the embedded cloud: their surroundings, their failures, and asynchronous invocation."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from local.aws import EmbeddedCloud
from local.aws.functions import Function, Schedule
from local.aws.runner import LambdaRunner, scheduled_event


def test_a_function_finds_what_lambda_gives_it(cloud: EmbeddedCloud) -> None:
    outcome = cloud.invoke("Probe", {})

    context = outcome.payload["context"]
    name = cloud.resource("Probe")
    assert context["function_name"] == name
    assert context["invoked_function_arn"] == f"arn:aws:lambda:us-east-1:123456789012:function:{name}"
    assert (context["memory_limit_in_mb"], context["function_version"]) == ("256", "$LATEST")
    assert context["aws_request_id"] == outcome.request_id
    assert context["log_group_name"] == f"/aws/lambda/{name}"
    assert "[$LATEST]" in context["log_stream_name"]
    assert 0 < outcome.payload["remaining"] <= 1000
    assert outcome.payload["stdin"] == ""


def test_a_function_has_the_environment_of_the_template_and_nothing_of_ours(
    cloud: EmbeddedCloud, monkeypatch: Any
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_PARENT", "leaked")

    environment = cloud.invoke("Probe", {}).payload["environment"]

    assert environment["GREETING"] == "good day"
    assert environment["BUCKET"] == f"arn:aws:s3:::{cloud.resource('Uploads')}"
    assert environment["AWS_ENDPOINT_URL"] == cloud.aws_endpoint_url
    assert environment["AWS_LAMBDA_INITIALIZATION_TYPE"] == "on-demand"
    assert environment["_HANDLER"] == "toy.probe"
    assert Path(environment["LAMBDA_TASK_ROOT"]).name == "code"
    assert not {"SECRET_OF_THE_PARENT", "HOME", "USER"} & environment.keys()


def test_a_function_cannot_import_from_this_project(cloud: EmbeddedCloud) -> None:
    modules = cloud.invoke("Probe", {}).payload["modules"]

    assert not [name for name in modules if name.startswith(("local", "moto", "boto"))]


def test_a_warm_environment_is_used_again(cloud: EmbeddedCloud) -> None:
    assert cloud.invoke("Probe", {}).payload["pid"] == cloud.invoke("Probe", {}).payload["pid"]


def test_concurrent_invocations_have_their_own_processes(cloud: EmbeddedCloud) -> None:
    pids: list[int] = []
    threads = [
        threading.Thread(target=lambda: pids.append(cloud.invoke("Probe", {"sleep": 0.5}).payload["pid"]))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(pids)) == 3


def test_an_error_is_reported_as_the_runtime_does(cloud: EmbeddedCloud) -> None:
    outcome = cloud.invoke("Probe", {"raise": "unheard of"})

    assert outcome.failed
    assert outcome.payload["errorType"] == "ValueError"
    assert outcome.payload["errorMessage"] == "unheard of"
    assert "toy.py" in outcome.payload["stackTrace"][0]


def test_what_is_not_json_is_an_error(cloud: EmbeddedCloud) -> None:
    assert cloud.invoke("Probe", {"unserialisable": True}).payload["errorType"] == "Runtime.MarshalError"


def test_a_crash_is_an_error_and_the_next_invocation_works(cloud: EmbeddedCloud) -> None:
    crashed = cloud.invoke("Probe", {"exit": 3})

    assert crashed.payload["errorType"] == "Runtime.ExitError"
    assert crashed.payload["errorMessage"].endswith("exit status 3")
    assert not cloud.invoke("Probe", {}).failed


def test_a_time_out_kills_the_process(cloud: EmbeddedCloud) -> None:
    before = cloud.invoke("Probe", {}).payload["pid"]

    late = cloud.invoke("Probe", {"sleep": 5})

    assert late.timed_out
    assert late.payload["errorType"] == "Sandbox.Timedout"
    assert "Task timed out after 1.00 seconds" in late.payload["errorMessage"]
    assert cloud.invoke("Probe", {}).payload["pid"] != before
    assert cloud.stats()["Probe"]["timeouts"] >= 1


def test_what_a_function_prints_is_in_its_log(cloud: EmbeddedCloud, log_dir: Path) -> None:
    request_id = cloud.invoke("Probe", {}).request_id

    log = (log_dir / "Probe.log").read_text()
    assert "printed by the handler" in log
    assert re.search(rf"REPORT RequestId: {request_id} Duration: [\d.]+ ms", log)


def test_a_failing_asynchronous_invocation_is_tried_three_times_and_then_recorded(
    cloud: EmbeddedCloud, receive: Any
) -> None:
    before = cloud.stats()["Failing"]
    cloud.invoke_async("Failing", {"number": 7})

    (record,) = receive("Failures")

    after = cloud.stats()["Failing"]
    assert after["invocations"] - before["invocations"] == 3
    assert after["retries"] - before["retries"] == 2
    assert record["version"] == "1.0"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", record["timestamp"])
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 3
    assert record["requestContext"]["functionArn"].endswith(f"function:{cloud.resource('Failing')}:$LATEST")
    assert re.fullmatch(r"[0-9a-f-]{36}", record["requestContext"]["requestId"])
    assert record["requestPayload"] == {"number": 7}
    assert record["responseContext"] == {
        "statusCode": 200,
        "executedVersion": "$LATEST",
        "functionError": "Unhandled",
    }
    assert record["responsePayload"]["errorMessage"] == "no luck"
    assert record["responsePayload"]["errorType"] == "RuntimeError"


def test_a_schedule_invokes_its_function_again_and_again(
    cloud: EmbeddedCloud, tmp_path: Path, eventually: Callable[..., bool]
) -> None:
    code = Path(__file__).parent / "toy/code"
    probe = Function("Probe", "probe", "arn:aws:lambda:us-east-1:1:function:probe", "toy.probe", code, 5, 128, {}, 1)
    runner = LambdaRunner([probe], {}, lambda _: cloud.client("sqs"), {}, tmp_path, retry_delay_scale=1)
    rule = "arn:aws:events:us-east-1:1:rule/often"

    runner.start([], [Schedule("probe", rule, seconds=0.1, payload=None)])

    assert eventually(lambda: runner.stats()["Probe"]["invocations"] >= 3)
    runner.close()
    assert runner.stats()["Probe"]["errors"] == 0


def test_a_scheduled_event_has_what_eventbridge_sends() -> None:
    event = scheduled_event("arn:aws:events:us-east-1:1:rule/often")

    assert (event["source"], event["detail-type"], event["detail"]) == ("aws.events", "Scheduled Event", {})
    assert event["resources"] == ["arn:aws:events:us-east-1:1:rule/often"]
