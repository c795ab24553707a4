"""Functions behind Lambda's API at another endpoint: here a server of the test's own answers for SAM CLI."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from local.aws.containers import Container
from local.aws.environment import Outcome
from local.aws.functions import Function

# Python's own errors bear a request id, and for SAM CLI they are then no errors: no X-Amz-Function-Error.
FAILED = {"errorMessage": "no luck", "errorType": "RuntimeError", "requestId": "1", "stackTrace": []}
LATE = {"errorType": "Sandbox.Timedout", "errorMessage": "RequestId: 1 Error: Task timed out after 3.00 seconds"}

Invoke = Callable[[Any], Outcome]


class Lambda(BaseHTTPRequestHandler):
    """Answers with what the event holds, as what it says."""

    def do_POST(self) -> None:
        wanted = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert self.path.endswith("/functions/OnUpload/invocations")
        self.send_response(wanted["status"])
        for name, value in wanted.get("headers", {}).items():
            self.send_header(name, value)
        body = json.dumps(wanted["answer"]).encode()
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing."""


def container(port: int) -> Container:
    session = boto3.session.Session("any", "thing", region_name="us-east-1")
    function = Function("OnUpload", "stack-OnUpload-1", "arn", "on_upload.handler", Path(), 3, 128, {}, 1)
    once = Config(retries={"total_max_attempts": 1})
    return Container(session.client("lambda", endpoint_url=f"http://127.0.0.1:{port}", config=once), function)


@pytest.fixture
def invoke() -> Iterator[Invoke]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Lambda) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield lambda event: container(server.server_port).invoke(event, "request-1")
        server.shutdown()


def test_what_the_function_returns_is_the_outcome(invoke: Invoke) -> None:
    assert invoke({"status": 200, "answer": {"batchItemFailures": []}}) == Outcome(
        "request-1", {"batchItemFailures": []}
    )
    assert invoke({"status": 200, "answer": None}) == Outcome("request-1", None)


def test_a_pythons_error_is_a_failure_although_sam_cli_does_not_say_so(invoke: Invoke) -> None:
    assert invoke({"status": 200, "answer": FAILED}) == Outcome("request-1", FAILED, failed=True)


def test_what_the_endpoint_calls_an_error_is_a_failure(invoke: Invoke) -> None:
    outcome = invoke({"status": 200, "answer": "broken", "headers": {"X-Amz-Function-Error": "Unhandled"}})
    assert outcome == Outcome("request-1", "broken", failed=True)


def test_a_time_out_is_known(invoke: Invoke) -> None:
    assert invoke({"status": 200, "answer": LATE}) == Outcome("request-1", LATE, failed=True, timed_out=True)


def test_an_endpoint_that_cannot_run_it_is_a_failure_that_lambda_tries_again(invoke: Invoke) -> None:
    outcome = invoke({"status": 501, "answer": {"Type": "LocalService", "Message": "no image"}})
    assert (outcome.failed, outcome.payload["errorType"]) == (True, "ServiceException")


def test_an_endpoint_that_is_gone_is_a_failure_too() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Lambda) as server:
        port = server.server_port
    outcome = container(port).invoke({}, "request-1")
    assert (outcome.failed, outcome.payload["errorType"]) == (True, "ServiceException")
