"""The process of the AWS services: moto's server on a port of its own, with the differences to AWS mended.

Its arguments are the address to listen on, if that is not loopback, and a file for the permissions that are used.

Says {"port": ...} on standard output once it listens, then a line {"function": ARN, "event": ...} for each event
that S3 or EventBridge sends to a function. Ends when its standard input does.
"""

from __future__ import annotations

import io
import json
import os
import sys
import threading
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from local.aws import moto_checksums, moto_differences, moto_event_targets, moto_stack
from local.aws.call_counts import CALLS_PATH, CallCounts
from local.policy.enforcement import Enforcement

STACK_PATH = "/_embedded_cloud/stacks/"
PERMISSIONS_PATH = "/_embedded_cloud/permissions"
ALIKE_PATH = "/_embedded_cloud/alike"


class Server(DomainDispatcherApplication):
    """Moto's dispatcher, one request at a time for each service.

    AWS evaluates conditions atomically; moto's models are plain dictionaries that concurrent requests would race
    for. Reading the body, long polling and writing the response stay outside the lock.
    """

    def __init__(self, permissions: Path) -> None:
        super().__init__(create_backend_app)
        self._enforcement = Enforcement(permissions)
        self._locks: dict[int, threading.RLock] = {}
        self._calls = CallCounts()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        content, path = environ["wsgi.input"].read(_length(environ)), environ["PATH_INFO"]
        environ["wsgi.input"] = io.BytesIO(content)
        if path.startswith("/_embedded_cloud/"):
            return _json(start_response, self._told(path, environ["QUERY_STRING"]))
        refused = self._enforcement.answer(environ, content)
        if refused is not None:
            start_response(refused.status, [("Content-Type", refused.content_type)])
            return [refused.body if environ["REQUEST_METHOD"] != "HEAD" else b""]
        self._calls.see(environ.get("HTTP_X_AMZ_TARGET", ""), content)
        application = self.get_application(environ)
        moto_differences.complete_request(environ)
        if moto_differences.is_long_poll(environ):
            return application(environ, start_response)
        with self._locks.setdefault(id(application), threading.RLock()):
            return application(environ, start_response)

    def _told(self, path: str, query: str) -> Any:
        """What is asked of the embedded cloud itself."""
        if path.startswith(STACK_PATH):
            stack_id = path.removeprefix(STACK_PATH)
            resources = moto_stack.resolved(stack_id)
            region, account = stack_id.split(":")[3:5]
            self._enforcement.begin(resources, account, region)
            return resources
        if path == ALIKE_PATH:
            given = parse_qs(query)
            return self._enforcement.treat_alike(given["bucket"][0], given["as"][0])
        return {CALLS_PATH: self._calls.as_json, PERMISSIONS_PATH: self._enforcement.used}[path]()


class RequestHandler(MotoRequestHandler):
    # Head and body of a response are two writes: the second would wait for the client's delayed acknowledgement.
    disable_nagle_algorithm = True

    def log_request(self, *_: Any) -> None:
        """Nothing: URLs are presigned here."""


def _json(start_response: Any, answer: Any) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(answer).encode()]


def _length(environ: dict[str, Any]) -> int:
    if environ.get("wsgi.input_terminated"):
        return -1
    return int(environ.get("CONTENT_LENGTH") or 0)


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


def main() -> None:
    os.nice(10)  # AWS has machines of its own: what this costs must not delay the clock of the Match server
    parent = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what moto prints is for the log
    writing = threading.Lock()

    def say(message: dict[str, Any]) -> None:
        with writing:
            print(json.dumps(message), file=parent, flush=True)

    threading.Thread(target=_end_with_parent, daemon=True).start()
    host, permissions = (*sys.argv[1:], *("127.0.0.1", os.devnull)[len(sys.argv) - 1 :])
    server = make_server(host, 0, Server(Path(permissions)), threaded=True, request_handler=RequestHandler)
    moto_differences.apply(f"http://{host}:{server.port}", send_to_function=say)
    moto_checksums.apply()
    moto_event_targets.apply()
    moto_stack.apply()
    say({"port": server.port})
    server.serve_forever()


if __name__ == "__main__":
    main()
