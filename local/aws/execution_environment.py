"""An execution environment in a process, which runs one function's handler for one invocation at a time."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from threading import Timer
from typing import IO, Any, cast

from local.aws.functions import Function
from local.aws.invocation import InvocationResult

RUNTIME = Path(__file__).with_name("runtime.py")
# Lambda permits 10 seconds for the init phase, on machines that are faster than a busy laptop.
INIT_TIMEOUT_SECONDS = 40.0


class ProcessEnvironment:
    """A process for one function. `alive` is False after a time-out, a crash or close: then it is not used again."""

    def __init__(self, function: Function, cloud_variables: Mapping[str, str], log: Path) -> None:
        self._function = function
        self.alive = True
        variables = {**cloud_variables, **_lambda_variables(function), **function.environment}
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                # -P keeps the folder of runtime.py out of the function's import path.
                [sys.executable, "-P", "-u", str(RUNTIME)],
                cwd=function.code,
                env=variables,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                start_new_session=True,
            )
        self._events = cast("IO[bytes]", self._process.stdin)
        self._results = cast("IO[bytes]", self._process.stdout)
        self._started = False

    def invoke(self, event: Any, request_id: str) -> InvocationResult:
        """Run the handler. A failure of the function is in the result, and never raises."""
        if not self._started:
            message, _ = self._receive(INIT_TIMEOUT_SECONDS)
            if message is None or "error" in message:
                return self._describe_failure(request_id, message, timed_out=False)
            self._started = True
        self._send({"requestId": request_id, "event": event})
        message, timed_out = self._receive(self._function.timeout)
        if message is None:
            return self._describe_failure(request_id, None, timed_out)
        if "error" in message:
            return InvocationResult(request_id, json.loads(message["error"]), failed=True)
        return InvocationResult(request_id, json.loads(message["result"]))

    def _send(self, request: dict[str, Any]) -> None:
        line = json.dumps({**request, "deadline": time.time() + self._function.timeout}).encode() + b"\n"
        try:
            self._events.write(line)
            self._events.flush()
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
            line = self._results.readline()
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
        """Wait for the process, or kill it, and return its exit status."""
        self.alive = False
        try:
            return self._process.wait(2.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def close(self) -> None:
        """Kill the process."""
        self.alive = False
        self._process.kill()
        self._process.wait()


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
