"""Runs one function's handler in its own process, as Lambda's Python runtime does.

The warm process loads this file by its path, and each process that it forks runs it. It imports only the standard
library: a function finds no more in Lambda. It reads a description of the environment and then events from the pipe at
standard input, and writes results to the pipe at standard output, as lines of JSON. The function's own output goes to
standard error.
"""

from __future__ import annotations

import importlib
import json
import os
import queue
import sys
import threading
import time
import traceback
from collections.abc import Callable
from typing import Any, BinaryIO

Handler = Callable[[Any, "Context"], Any]


class Context:
    """The second argument of a handler, as Lambda documents it for Python."""

    identity = None
    client_context = None

    def __init__(self, request_id: str, deadline: float) -> None:
        env = os.environ
        self.aws_request_id = request_id
        self.function_name = env["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = env["AWS_LAMBDA_FUNCTION_VERSION"]
        self.invoked_function_arn = env["_LOCAL_FUNCTION_ARN"]
        self.memory_limit_in_mb = env["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = env["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = env["AWS_LAMBDA_LOG_STREAM_NAME"]
        self._deadline = deadline

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds before the time-out."""
        return max(0, int((self._deadline - time.time()) * 1000))


class MarshalError(Exception):
    """The result of the handler is not JSON."""


def marshal(value: Any) -> str:
    """Return the value as JSON. Raises MarshalError."""
    try:
        return json.dumps(value)
    except (TypeError, ValueError) as error:
        raise MarshalError(f"Unable to marshal response: {error}") from None


def describe_error(error: BaseException) -> dict[str, Any]:
    """Return the error as the runtime reports it, without the frame of this file."""
    frames = traceback.extract_tb(error.__traceback__)[1:]
    return {
        "errorMessage": str(error),
        "errorType": "Runtime.MarshalError" if isinstance(error, MarshalError) else type(error).__name__,
        "stackTrace": traceback.format_list(frames),
    }


def take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Move the pipes away from descriptors 0 and 1, which the function may read or print to."""
    events, results = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb", buffering=0)
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    return events, results


def enter_environment(description: dict[str, Any]) -> None:
    """Take on the function's variables and folder. None of the warm process's own variables is left."""
    os.environ.clear()
    os.environ.update(description["variables"])
    time.tzset()
    os.chdir(description["folder"])


def read_events(events: BinaryIO, into: queue.SimpleQueue[dict[str, Any]]) -> None:
    """Queue each event. At the end of the input the runner has ended, so this process ends as well."""
    for line in events:
        into.put(json.loads(line))
    os._exit(0)


def load_handler(name: str) -> Handler:
    """Import the handler, named as in a template: `module.function`."""
    module, _, function = name.rpartition(".")
    handler: Handler = getattr(importlib.import_module(module.replace("/", ".")), function)
    return handler


def run_invocation(handler: Handler, request: dict[str, Any]) -> dict[str, Any]:
    """Run the handler, and return its result or its error: the runner decides what follows."""
    context = Context(request["requestId"], request["deadline"])
    print_log(f"START RequestId: {context.aws_request_id} Version: {context.function_version}")
    started = time.monotonic()
    try:
        result = {"result": marshal(handler(request["event"], context))}
    except Exception as error:  # noqa: BLE001 - the runtime reports whatever the handler raises
        traceback.print_exc()
        result = {"error": json.dumps(describe_error(error))}
    duration = (time.monotonic() - started) * 1000
    print_log(f"REPORT RequestId: {context.aws_request_id} Duration: {duration:.2f} ms")
    return result


def print_log(line: str) -> None:
    """Print a line to the function's log."""
    print(line, file=sys.stderr, flush=True)


def main() -> None:
    """Initialize the function, and run invocations until the input ends."""
    # Lambda has machines of its own: a function must not delay the clocks of the servers that it calls.
    os.nice(5)
    events, results = take_pipes()
    enter_environment(json.loads(events.readline()))
    requests: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    threading.Thread(target=read_events, args=(events, requests), daemon=True).start()

    def send(message: dict[str, Any]) -> None:
        results.write(json.dumps(message).encode() + b"\n")

    try:
        handler = load_handler(os.environ["_HANDLER"])
    except Exception as error:  # noqa: BLE001 - reported as Lambda reports a failed init
        traceback.print_exc()
        send({"error": json.dumps(describe_error(error))})
        sys.exit(1)
    send({"ready": True})
    while True:
        send(run_invocation(handler, requests.get()))
