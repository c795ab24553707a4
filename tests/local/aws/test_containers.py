"""Functions behind Lambda's API at another endpoint: a server of these tests stands in for SAM CLI."""

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

from local.aws.containers import ContainerEnvironment
from local.aws.functions import Function
from local.aws.invocation import InvocationResult

# Errors of a Python function have a request id, and SAM CLI then sends no X-Amz-Function-Error.
FAILED = {"errorMessage": "no luck", "errorType": "RuntimeError", "requestId": "1", "stackTrace": []}
TIMED_OUT = {"errorType": "Sandbox.Timedout", "errorMessage": "RequestId: 1 Error: Task timed out after 3.00 seconds"}

Invoke = Callable[[Any], InvocationResult]


class FakeLambda(BaseHTTPRequestHandler):
    """Responds with the status, headers and body that the event names."""

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
        """Log nothing."""


def make_environment(port: int) -> ContainerEnvironment:
    session = boto3.session.Session("any", "thing", region_name="us-east-1")
    function = Function("OnUpload", "stack-OnUpload-1", "arn", "on_upload.handler", Path(), 3, 128, {})
    once = Config(retries={"total_max_attempts": 1})
    return ContainerEnvironment(
        session.client("lambda", endpoint_url=f"http://127.0.0.1:{port}", config=once), function, threading.Lock()
    )


@pytest.fixture
def invoke() -> Iterator[Invoke]:
    with ThreadingHTTPServer(("127.0.0.1", 0), FakeLambda) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield lambda event: make_environment(server.server_port).invoke(event, "request-1")
        server.shutdown()


def test_returned_value_is_the_result(invoke: Invoke) -> None:
    assert invoke({"status": 200, "answer": {"batchItemFailures": []}}) == InvocationResult(
        "request-1", {"batchItemFailures": []}
    )
    assert invoke({"status": 200, "answer": None}) == InvocationResult("request-1", None)


def test_python_error_without_error_header_is_a_failure(invoke: Invoke) -> None:
    assert invoke({"status": 200, "answer": FAILED}) == InvocationResult("request-1", FAILED, failed=True)


def test_error_header_makes_a_failure(invoke: Invoke) -> None:
    result = invoke({"status": 200, "answer": "broken", "headers": {"X-Amz-Function-Error": "Unhandled"}})
    assert result == InvocationResult("request-1", "broken", failed=True)


def test_time_out_is_reported(invoke: Invoke) -> None:
    assert invoke({"status": 200, "answer": TIMED_OUT}) == InvocationResult(
        "request-1", TIMED_OUT, failed=True, timed_out=True
    )


def test_endpoint_error_is_a_service_exception(invoke: Invoke) -> None:
    result = invoke({"status": 501, "answer": {"Type": "LocalService", "Message": "no image"}})
    assert (result.failed, result.payload["errorType"]) == (True, "ServiceException")


def test_missing_endpoint_is_a_service_exception() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), FakeLambda) as server:
        port = server.server_port
    result = make_environment(port).invoke({}, "request-1")
    assert (result.failed, result.payload["errorType"]) == (True, "ServiceException")
