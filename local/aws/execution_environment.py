"""An execution environment in a process, which runs one function's handler for one invocation at a time."""

from __future__ import annotations

import json
import sys
import time
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from threading import Timer
from typing import Any

from local.aws.forking import ForkedProcess
from local.aws.functions import Function
from local.aws.invocation import InvocationResult

# Lambda permits 10 seconds for the init phase, on machines that are faster than a busy laptop.
INIT_TIMEOUT_SECONDS = 40.0


class ProcessEnvironment:
    """A process for one function. `alive` is False after a time-out, a crash or close: then it is not used again."""

    def __init__(self, function: Function, cloud_variables: Mapping[str, str], process: ForkedProcess) -> None:
        self._function, self._process = function, process
        self.alive = True
        # The first message: the function is ready, or could not be initialized. None: it has ended.
        self._first: dict[str, Any] | None = {}
        variables = {**cloud_variables, **_lambda_variables(function), **function.environment}
        self._send({"variables": variables, "folder": str(function.code)})

    def initialize(self) -> None:
        """Wait for the end of the init phase. Its failure is that of the first invocation."""
        self._first, _ = self._receive(INIT_TIMEOUT_SECONDS)

    def invoke(self, event: Any, request_id: str) -> InvocationResult:
        """Run the handler. A failure of the function is in the result, and never raises."""
        if self._first is None or "error" in self._first:
            return self._describe_failure(request_id, self._first, timed_out=False)
        self._send({"requestId": request_id, "event": event, "deadline": time.time() + self._function.timeout})
        message, timed_out = self._receive(self._function.timeout)
        if message is None:
            return self._describe_failure(request_id, None, timed_out)
        if "error" in message:
            return InvocationResult(request_id, json.loads(message["error"]), failed=True)
        return InvocationResult(request_id, json.loads(message["result"]))

    def _send(self, message: dict[str, Any]) -> None:
        try:
            self._process.events.write(json.dumps(message).encode() + b"\n")
            self._process.events.flush()
        except BrokenPipeError:
            # The process died while idle. The next read ends at once, and that is the result.
            self.alive = False

    def _receive(self, timeout: float) -> tuple[dict[str, Any] | None, bool]:
        """Return the next message and whether it timed out; None if the process has ended."""
        timed_out: list[bool] = []

        def end() -> None:
            timed_out.append(True)
            self._process.kill()

        timer = Timer(timeout, end)
        timer.start()
        try:
            line = self._process.results.readline()
        finally:
            timer.cancel()
        return (json.loads(line) if line.endswith(b"\n") else None), bool(timed_out)

    def _describe_failure(self, request_id: str, message: dict[str, Any] | None, timed_out: bool) -> InvocationResult:
        status = self._wait_or_kill()
        if message is not None:
            return InvocationResult(request_id, json.loads(message["error"]), failed=True)
        if timed_out:
            text, kind = f"Task timed out after {self._function.timeout:.2f} seconds", "Sandbox.Timedout"
        else:
            how = f"exit status {status}" if status >= 0 else f"signal: {-status}"
            text, kind = f"Runtime exited with error: {how}", "Runtime.ExitError"
        payload = {"errorType": kind, "errorMessage": f"RequestId: {request_id} Error: {text}"}
        return InvocationResult(request_id, payload, failed=True, timed_out=timed_out)

    def _wait_or_kill(self) -> int:
        """Wait for the process, or kill it, and return its exit code."""
        self.alive = False
        try:
            return self._process.wait(2.0)
        except TimeoutError:
            self._process.kill()
            return self._process.wait(5.0)
        finally:
            self._process.close()

    def close(self) -> None:
        """Kill the process."""
        self.alive = False
        self._process.close()


def _lambda_variables(function: Function) -> dict[str, str]:
    # https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
    stream = f"{datetime.now(UTC):%Y/%m/%d}/[$LATEST]{uuid.uuid4().hex}"
    return {
        "_HANDLER": function.handler,
        "_LOCAL_FUNCTION_ARN": function.arn,
        "AWS_ACCESS_KEY_ID": function.role,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_python{sys.version_info[0]}.{sys.version_info[1]}",
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": stream,
        "LAMBDA_TASK_ROOT": str(function.code),
        "LANG": "en_US.UTF-8",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "PYTHONPATH": str(function.code),
        "TZ": ":UTC",
    }
