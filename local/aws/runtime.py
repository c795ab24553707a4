"""Runs one function's handler inside its own process, as Lambda's Python runtime does.

Started by path, not as a module, and without anything of this project beside the function's own code: what is
imported here is what a function finds in Lambda. Events come in and answers go out as lines of JSON over the
pipes that standard input and output are at the start; what the function itself prints goes to standard error.
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
    """The second argument of a handler, as far as Lambda documents it for Python."""

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
        return max(0, int((self._deadline - time.time()) * 1000))


class MarshalError(Exception):
    """The handler returned what is not JSON."""


def marshalled(value: Any) -> str:
    try:
        return json.dumps(value)
    except (TypeError, ValueError) as error:
        raise MarshalError(f"Unable to marshal response: {error}") from None


def described(error: BaseException) -> dict[str, Any]:
    """An error as the runtime reports it. Our own frame is left out of the trace."""
    frames = traceback.extract_tb(error.__traceback__)[1:]
    return {
        "errorMessage": str(error),
        "errorType": "Runtime.MarshalError" if isinstance(error, MarshalError) else type(error).__name__,
        "stackTrace": traceback.format_list(frames),
    }


def take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Moves the pipes away from descriptors 0 and 1, so that no print or read of the function disturbs them."""
    events, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb", buffering=0)
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    return events, answers


def read_events(events: BinaryIO, into: queue.SimpleQueue[dict[str, Any]]) -> None:
    """The end of the input is the end of the runner: then nobody waits for us, whatever the handler is doing."""
    for line in events:
        into.put(json.loads(line))
    os._exit(0)


def load(name: str) -> Handler:
    module, _, function = name.rpartition(".")
    handler: Handler = getattr(importlib.import_module(module.replace("/", ".")), function)
    return handler


def answer(handler: Handler, request: dict[str, Any]) -> dict[str, Any]:
    """One invocation. Every error of the handler is reported to the service, which decides what follows."""
    context = Context(request["requestId"], request["deadline"])
    log(f"START RequestId: {context.aws_request_id} Version: {context.function_version}")
    started = time.monotonic()
    try:
        result = {"result": marshalled(handler(request["event"], context))}
    except Exception as error:  # noqa: BLE001 - the runtime reports whatever the handler raises
        traceback.print_exc()
        result = {"error": json.dumps(described(error))}
    duration = (time.monotonic() - started) * 1000
    log(f"REPORT RequestId: {context.aws_request_id} Duration: {duration:.2f} ms")
    return result


def log(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> None:
    os.nice(5)  # Lambda has machines of its own: what a function costs must not delay the Match server's clock
    events, answers = take_pipes()
    requests: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    threading.Thread(target=read_events, args=(events, requests), daemon=True).start()

    def say(message: dict[str, Any]) -> None:
        answers.write(json.dumps(message).encode() + b"\n")

    try:
        handler = load(os.environ["_HANDLER"])
    except Exception as error:  # noqa: BLE001 - reported as Lambda reports a failed init
        traceback.print_exc()
        say({"error": json.dumps(described(error))})
        sys.exit(1)
    say({"ready": True})
    while True:
        say(answer(handler, requests.get()))


if __name__ == "__main__":
    main()
