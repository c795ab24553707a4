"""The HTTP server of the page, on loopback."""

from __future__ import annotations

import json
import socketserver
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Protocol

from local.console.request_checks import (
    SECURITY_HEADERS,
    RejectedError,
    check_host,
    check_origin,
    read_key,
    read_length,
)
from local.console.uploads import UploadRefusedError

HOST = "127.0.0.1"
_PAGE = Path(__file__).with_name("page")
# The look is that of the demo's report.
_REPORT_STYLE = Path(__file__).parents[1] / "demo/templates/report.css"
_FILES = {
    "/": (_PAGE / "console.html", "text/html"),
    "/report.css": (_REPORT_STYLE, "text/css"),
    "/console.css": (_PAGE / "console.css", "text/css"),
    **{f"/{path.name}": (path, "text/javascript") for path in sorted(_PAGE.glob("*.js"))},
}
_SAMPLES = "/samples/"
_TIMEOUT_SECONDS = 30
# Each may hold a whole file in memory.
_MAX_PARALLEL_UPLOADS = 4


class Source(Protocol):
    """What the page shows and does. Uploads raise UploadRefusedError."""

    def state(self) -> dict[str, Any]:
        """Return what the page shows, as JSON values."""

    def upload(self, key: str, content: bytes, content_type: str) -> int:
        """Upload a file, and return the upload's number on the page."""

    def upload_sample(self, kind: str) -> int:
        """Upload a drawn picture, and return the upload's number on the page."""


class ConsoleServer(ThreadingHTTPServer):
    """The server of one page; port 0 takes any free port."""

    daemon_threads = True

    def __init__(self, source: Source, port: int) -> None:
        self.source = source
        self.uploads = threading.Semaphore(_MAX_PARALLEL_UPLOADS)
        super().__init__((HOST, port), ConsoleHandler)

    def server_bind(self) -> None:
        """Bind without HTTPServer's look-up of the host's full name: the name server can take seconds."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, int(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print the error, unless the browser closed the connection."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)

    @property
    def url(self) -> str:
        """The address of the page."""
        return f"http://{HOST}:{self.server_port}/"


class ConsoleHandler(BaseHTTPRequestHandler):
    """The handler of one connection."""

    server: ConsoleServer
    protocol_version = "HTTP/1.1"
    server_version = "photodna-guard-console"
    sys_version = ""
    timeout = _TIMEOUT_SECONDS

    def do_GET(self) -> None:
        """Serve the page, one of its files, or the state."""
        self._answer(self._get)

    def do_POST(self) -> None:
        """Upload a file, or a sample."""
        self._answer(self._post)

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing: a page asks every second."""

    def _answer(self, action: Any) -> None:
        try:
            check_host(self.headers, self.server.server_port)
            action()
        except RejectedError as rejected:
            # The body was not read, so the connection cannot be used again.
            self.close_connection = True
            self._send_json(rejected.status, {"error": str(rejected)})
        except UploadRefusedError as refused:
            self._send_json(400, {"error": str(refused)})

    def _get(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/state.json":
            self._send_json(200, self.server.source.state())
        elif path == "/favicon.ico":
            self._send(204, "image/x-icon", b"")
        elif path in _FILES:
            file, kind = _FILES[path]
            self._send(200, f"{kind}; charset=utf-8", file.read_bytes())
        else:
            raise RejectedError(404, "There is no such page")

    def _post(self) -> None:
        check_origin(self.headers, self.server.server_port)
        length = read_length(self.headers)
        with self.server.uploads:
            number = self._upload(self._read_body(length))
        self._send_json(201, {"number": number})

    def _upload(self, body: bytes) -> int:
        if self.path == "/uploads":
            return self.server.source.upload(read_key(self.headers), body, self.headers.get("Content-Type", ""))
        if self.path.startswith(_SAMPLES):
            return self.server.source.upload_sample(self.path.removeprefix(_SAMPLES))
        raise RejectedError(404, "There is no such call")

    def _read_body(self, length: int) -> bytes:
        """Read the whole body: half of a file is no upload. Raises RejectedError."""
        body = self.rfile.read(length)
        if len(body) < length:
            raise RejectedError(400, "The upload ended too early")
        return body

    def _send_json(self, status: int, value: Any) -> None:
        self._send(status, "application/json", json.dumps(value).encode())

    def _send(self, status: int, content_type: str, body: bytes) -> None:
        self.send_response(status)
        for name, value in SECURITY_HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def serve_console(source: Source, port: int) -> Iterator[str]:
    """Serve the page within the block, which gets its address. Raises OSError if the port is taken."""
    with ConsoleServer(source, port) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
        try:
            yield server.url
        finally:
            server.shutdown()
