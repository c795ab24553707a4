"""An execution environment: one process that runs one function's handler, one invocation at a time."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Timer
from typing import IO, Any, cast

from local.aws.functions import Function

RUNTIME = Path(__file__).with_name("runtime.py")
# Lambda gives an init 10 s; it has more than two cores for it.
INIT_SECONDS = 40.0


@dataclass(frozen=True)
class Outcome:
    """How an invocation ended: `payload` is what the handler returned, or the error as Lambda reports it."""

    request_id: str
    payload: Any
    failed: bool = False
    timed_out: bool = False


class Environment:
    """Lives until its function times out, crashes or is closed: then `alive` is False and it is not used again."""

    def __init__(self, function: Function, cloud_variables: Mapping[str, str], log: Path) -> None:
        self._function = function
        self.alive = True
        variables = {**cloud_variables, **_lambda_variables(function), **function.environment}
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                # -P: the folder of runtime.py, which is ours, is no place for the function to import from.
                [sys.executable, "-P", "-u", str(RUNTIME)],
                cwd=function.code,
                env=variables,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                start_new_session=True,
            )
        self._events = cast("IO[bytes]", self._process.stdin)
        self._answers = cast("IO[bytes]", self._process.stdout)
        self._started = False

    def invoke(self, event: Any, request_id: str) -> Outcome:
        """Runs the handler. Never raises for what the function does: that is in the outcome."""
        if not self._started:
            said, _ = self._heard(INIT_SECONDS)
            if said is None or "error" in said:
                return self._failure(request_id, said, timed_out=False)
            self._started = True
        self._send({"requestId": request_id, "event": event})
        said, timed_out = self._heard(self._function.timeout)
        if said is None:
            return self._failure(request_id, None, timed_out)
        if "error" in said:
            return Outcome(request_id, json.loads(said["error"]), failed=True)
        return Outcome(request_id, json.loads(said["result"]))

    def _send(self, request: dict[str, Any]) -> None:
        line = json.dumps({**request, "deadline": time.time() + self._function.timeout}).encode() + b"\n"
        try:
            self._events.write(line)
            self._events.flush()
        except BrokenPipeError:
            self.alive = False  # it died while idle: nothing will be heard from it, and that is the outcome

    def _heard(self, within_seconds: float) -> tuple[dict[str, Any] | None, bool]:
        """The next line and whether waiting for it took too long; None when the process is no more."""
        late: list[bool] = []

        def end() -> None:
            late.append(True)
            self._process.kill()

        timer = Timer(within_seconds, end)
        timer.start()
        try:
            line = self._answers.readline()
        finally:
            timer.cancel()
        return (json.loads(line) if line.endswith(b"\n") else None), bool(late)

    def _failure(self, request_id: str, said: dict[str, Any] | None, timed_out: bool) -> Outcome:
        status = self._ended()
        if said is not None:
            return Outcome(request_id, json.loads(said["error"]), failed=True)
        if timed_out:
            what, kind = f"Task timed out after {self._function.timeout:.2f} seconds", "Sandbox.Timedout"
        else:
            how = f"exit status {status}" if status >= 0 else f"signal: {-status}"
            what, kind = f"Runtime exited with error: {how}", "Runtime.ExitError"
        payload = {"errorType": kind, "errorMessage": f"RequestId: {request_id} Error: {what}"}
        return Outcome(request_id, payload, failed=True, timed_out=timed_out)

    def _ended(self) -> int:
        """The exit status of a process that ends by itself, or is killed now."""
        self.alive = False
        try:
            return self._process.wait(2.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def close(self) -> None:
        """Ends the process, whatever it is doing."""
        self.alive = False
        self._process.kill()
        self._process.wait()


def _lambda_variables(function: Function) -> dict[str, str]:
    """https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime"""
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
