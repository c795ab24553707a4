"""The process of AWS's services: moto's server, corrected where it differs from AWS.

Arguments: the address to listen on (default: loopback), the file for the permissions that calls use, and
the port (default: a free one).

Writes {"port": ...} to standard output once it listens, then a line {"function": ARN, "event": ...} for each event
that S3 or EventBridge sends to a function. Ends at the end of its standard input.
"""

from __future__ import annotations

import functools
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
from werkzeug.test import run_wsgi_app

from local.aws import control
from local.aws.call_counts import CallCounts
from local.aws.moto import cloudformation, current_request, differences, sqs
from local.aws.policy.enforcement import Enforcement


class Server(DomainDispatcherApplication):
    """moto's dispatcher, which serves one request at a time for each service.

    AWS evaluates conditions atomically, while concurrent requests would race in moto's dictionaries. Reading the
    body, long polling and writing the response are outside the lock.
    """

    def __init__(self, permissions: Path) -> None:
        super().__init__(create_backend_app)
        self._enforcement = Enforcement(permissions)
        self._locks: dict[int, threading.RLock] = {}
        self._calls = CallCounts()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Serve the control API, refuse a call without permission, or pass it to moto."""
        content, path = environ["wsgi.input"].read(_content_length(environ)), environ["PATH_INFO"]
        environ["wsgi.input"] = io.BytesIO(content)
        if path.startswith(control.PREFIX):
            return _respond_json(start_response, self._control(path, environ["QUERY_STRING"]))
        refused = self._enforcement.refuse(environ, content)
        if refused is not None:
            start_response(refused.status, [("Content-Type", refused.content_type)])
            return [refused.body if environ["REQUEST_METHOD"] != "HEAD" else b""]
        self._calls.count_request(environ.get("HTTP_X_AMZ_TARGET", ""), content)
        application = self.get_application(environ)
        current_request.set_current(environ)
        if sqs.is_long_poll(environ):
            return application(environ, start_response)
        with self._locks.setdefault(id(application), threading.RLock()):
            return application(environ, start_response)

    @functools.cache  # noqa: B019 - a process has one server
    def get_backend_for_host(self, host: str | None) -> Any:
        """Return the service of a host, for which moto would look through its folders each time."""
        return super().get_backend_for_host(host)

    def _control(self, path: str, query: str) -> Any:
        """Serve a request to the control API (see control.py)."""
        if path.startswith(control.STACKS):
            stack_id = path.removeprefix(control.STACKS)
            resources = cloudformation.describe_resources(stack_id)
            region, account = stack_id.split(":")[3:5]
            self._enforcement.load_policies(resources, account, region)
            return resources
        if path == control.POLICIES:
            given = parse_qs(query)
            return self._enforcement.extend_policies_to(given["bucket"][0], given["of"][0])
        return {
            control.CALLS: self._calls.as_json,
            control.PERMISSIONS: self._enforcement.recorded_permissions,
        }[path]()


class RequestHandler(MotoRequestHandler):
    """Keeps connections, writes a response at once, and logs no request.

    werkzeug's own closes the connection after each response, as it cannot know whether the body was read. Here it was.
    """

    # Head and body of a response are one write.
    wbufsize = -1
    disable_nagle_algorithm = True

    def run_wsgi(self) -> None:
        """Serve one request."""
        self.environ = environ = self.make_environ()
        content, status, headers = run_wsgi_app(self.server.app, environ, buffered=True)
        body = b"".join(content)
        code, _, message = status.partition(" ")
        self.send_response(int(code), message)
        for name, value in headers:
            self.send_header(name, value)
        if "Content-Length" not in headers and int(code) not in {204, 304} and environ["REQUEST_METHOD"] != "HEAD":
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def handle_expect_100(self) -> bool:
        """Have the client send the body, for which it waits."""
        is_expected = super().handle_expect_100()
        self.wfile.flush()
        return is_expected

    def log_request(self, *_: Any) -> None:
        """Log nothing, as URLs may be presigned."""


def _respond_json(start_response: Any, answer: Any) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(answer).encode()]


def _content_length(environ: dict[str, Any]) -> int:
    if environ.get("wsgi.input_terminated"):
        return -1
    return int(environ.get("CONTENT_LENGTH") or 0)


def _exit_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


def main() -> None:
    """Serve until the parent closes the standard input."""
    parent = os.fdopen(os.dup(1), "w", encoding="utf-8")
    # Whatever moto prints goes to the log.
    os.dup2(2, 1)
    writing = threading.Lock()

    def send_to_parent(message: dict[str, Any]) -> None:
        with writing:
            print(json.dumps(message), file=parent, flush=True)

    threading.Thread(target=_exit_with_parent, daemon=True).start()
    host, permissions, port = (*sys.argv[1:], *("127.0.0.1", os.devnull, "0")[len(sys.argv) - 1 :])
    server = make_server(host, int(port), Server(Path(permissions)), threaded=True, request_handler=RequestHandler)
    differences.apply(f"http://{host}:{server.port}", send_to_function=send_to_parent)
    send_to_parent({"port": server.port})
    server.serve_forever()


if __name__ == "__main__":
    main()
