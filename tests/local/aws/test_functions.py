"""Functions in the embedded AWS: their environment, failures and asynchronous invocation."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from local.aws import EmbeddedAws
from local.aws.event_sources import Schedule
from local.aws.execution_environment import ProcessEnvironment
from local.aws.forking import Preload, WarmProcesses
from local.aws.functions import Function
from local.aws.runner import LambdaRunner, make_scheduled_event


def test_context_has_all_fields_of_lambda(aws: EmbeddedAws) -> None:
    result = aws.invoke("Probe", {})

    context = result.payload["context"]
    name = aws.resource("Probe")
    assert context["function_name"] == name
    assert context["invoked_function_arn"] == f"arn:aws:lambda:us-east-1:123456789012:function:{name}"
    assert (context["memory_limit_in_mb"], context["function_version"]) == ("256", "$LATEST")
    assert context["aws_request_id"] == result.request_id
    assert context["log_group_name"] == f"/aws/lambda/{name}"
    assert "[$LATEST]" in context["log_stream_name"]
    assert 0 < result.payload["remaining"] <= 1000
    assert result.payload["stdin"] == ""


def test_function_has_template_variables_and_none_of_the_parent(aws: EmbeddedAws, monkeypatch: Any) -> None:
    monkeypatch.setenv("SECRET_OF_THE_PARENT", "leaked")

    environment = aws.invoke("Probe", {}).payload["environment"]

    assert environment["GREETING"] == "good day"
    assert environment["BUCKET"] == f"arn:aws:s3:::{aws.resource('Uploads')}"
    assert environment["AWS_ENDPOINT_URL"] == aws.aws_endpoint_url
    assert environment["AWS_LAMBDA_INITIALIZATION_TYPE"] == "on-demand"
    assert environment["_HANDLER"] == "toy.probe"
    assert Path(environment["LAMBDA_TASK_ROOT"]).name == "code"
    assert not {"SECRET_OF_THE_PARENT", "HOME", "USER"} & environment.keys()


def test_function_loads_no_module_of_this_project(aws: EmbeddedAws) -> None:
    modules = aws.invoke("Probe", {}).payload["modules"]

    assert not {name.partition(".")[0] for name in modules} & {"local", "moto", "boto3", "botocore"}


def test_warm_environment_is_reused(aws: EmbeddedAws) -> None:
    assert aws.invoke("Probe", {}).payload["pid"] == aws.invoke("Probe", {}).payload["pid"]


def test_concurrent_invocations_run_in_separate_processes(aws: EmbeddedAws) -> None:
    pids: list[int] = []
    threads = [
        threading.Thread(target=lambda: pids.append(aws.invoke("Probe", {"sleep": 0.5}).payload["pid"]))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(pids)) == 3


def test_error_is_reported_like_lambdas_runtime(aws: EmbeddedAws) -> None:
    result = aws.invoke("Probe", {"raise": "unheard of"})

    assert result.failed
    assert result.payload["errorType"] == "ValueError"
    assert result.payload["errorMessage"] == "unheard of"
    assert "toy.py" in result.payload["stackTrace"][0]


def test_result_that_is_not_json_is_an_error(aws: EmbeddedAws) -> None:
    assert aws.invoke("Probe", {"unserialisable": True}).payload["errorType"] == "Runtime.MarshalError"


def test_crash_is_an_error_and_the_next_invocation_succeeds(aws: EmbeddedAws) -> None:
    crashed = aws.invoke("Probe", {"exit": 3})

    assert crashed.payload["errorType"] == "Runtime.ExitError"
    assert crashed.payload["errorMessage"].endswith("exit status 3")
    assert not aws.invoke("Probe", {}).failed


def test_time_out_kills_the_process(aws: EmbeddedAws) -> None:
    before = aws.invoke("Probe", {}).payload["pid"]

    late = aws.invoke("Probe", {"sleep": 5})

    assert late.timed_out
    assert late.payload["errorType"] == "Sandbox.Timedout"
    assert "Task timed out after 1.00 seconds" in late.payload["errorMessage"]
    assert aws.invoke("Probe", {}).payload["pid"] != before
    assert aws.stats()["Probe"]["timeouts"] >= 1


def test_printed_lines_are_in_the_log(aws: EmbeddedAws, log_dir: Path) -> None:
    request_id = aws.invoke("Probe", {}).request_id

    log = (log_dir / "Probe.log").read_text()
    assert "printed by the handler" in log
    assert re.search(rf"REPORT RequestId: {request_id} Duration: [\d.]+ ms", log)


def test_failing_async_invocation_is_recorded_after_three_attempts(aws: EmbeddedAws, receive: Any) -> None:
    before = aws.stats()["Failing"]
    aws.invoke_async("Failing", {"number": 7})

    (record,) = receive("Failures")

    after = aws.stats()["Failing"]
    assert after["invocations"] - before["invocations"] == 3
    assert after["retries"] - before["retries"] == 2
    assert record["version"] == "1.0"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", record["timestamp"])
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 3
    assert record["requestContext"]["functionArn"].endswith(f"function:{aws.resource('Failing')}:$LATEST")
    assert re.fullmatch(r"[0-9a-f-]{36}", record["requestContext"]["requestId"])
    assert record["requestPayload"] == {"number": 7}
    assert record["responseContext"] == {
        "statusCode": 200,
        "executedVersion": "$LATEST",
        "functionError": "Unhandled",
    }
    assert record["responsePayload"]["errorMessage"] == "no luck"
    assert record["responsePayload"]["errorType"] == "RuntimeError"


def test_schedule_invokes_its_function_repeatedly(
    aws: EmbeddedAws, tmp_path: Path, eventually: Callable[..., bool]
) -> None:
    code = Path(__file__).parent / "toy/code"
    probe = Function("Probe", "probe", "arn:aws:lambda:us-east-1:1:function:probe", "toy.probe", code, 5, 128, {})
    warm = WarmProcesses(Preload(), tmp_path)

    def start(function: Function) -> ProcessEnvironment:
        return ProcessEnvironment(function, {}, warm.get(code).fork(tmp_path / "probe.log"))

    runner = LambdaRunner([probe], {}, lambda _: aws.client("sqs"), retry_delay_scale=1, concurrency=1, start=start)
    rule = "arn:aws:events:us-east-1:1:rule/often"

    runner.start([], [Schedule("probe", rule, seconds=0.1, payload=None)])

    assert eventually(lambda: runner.stats()["Probe"]["invocations"] >= 3)
    runner.close()
    warm.close()
    assert runner.stats()["Probe"]["errors"] == 0


def test_scheduled_event_has_all_fields_of_eventbridge() -> None:
    event = make_scheduled_event("arn:aws:events:us-east-1:1:rule/often")

    assert (event["source"], event["detail-type"], event["detail"]) == ("aws.events", "Scheduled Event", {})
    assert event["resources"] == ["arn:aws:events:us-east-1:1:rule/often"]
