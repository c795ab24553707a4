"""The HTTP server: threaded and with keep-alive, in front of the operation and its control API.

The standard library's server is used because it has a hook at the moment at which a request's headers have been
read. The rate limit needs that moment, and Werkzeug's server hides it.
"""

import socketserver
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from local.match.answers import gateway_answer
from local.match.control_api import PREFIX, handle_control_call
from local.match.gateway import Admission
from local.match.match_request import MatchRequest, parse_match_request
from local.match.operation import MatchOperation
from local.match.reply import Reply, json_reply

MATCH_PATH = "/photodna/v1.0/Match"
MAX_BODY_BYTES = 64 * 1024 * 1024
# Azure's load balancer closes a connection that was idle for this long.
IDLE_SECONDS = 240


class MatchServer(ThreadingHTTPServer):
    """The server of one operation on `address`; port 0 takes any free port."""

    # A planned `hang` must not keep the process alive.
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], operation: MatchOperation) -> None:
        self.operation = operation
        super().__init__(address, MatchHandler)

    def server_bind(self) -> None:
        """Bind without HTTPServer's look-up of the host's full name: the name server can take seconds."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print the error, unless the client closed the connection, as in tests of time-outs."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class MatchHandler(BaseHTTPRequestHandler):
    """The handler of one connection."""

    server: MatchServer
    protocol_version = "HTTP/1.1"
    server_version = "match-emulator"
    sys_version = ""
    disable_nagle_algorithm = True
    # With a buffer, a reply is sent in one piece.
    wbufsize = -1
    timeout = IDLE_SECONDS
    admission: Admission | None = None

    def parse_request(self) -> bool:
        """Read the headers, and ask the gateway at once: this moment is the request's arrival."""
        is_whole = super().parse_request()
        is_match = is_whole and self.command == "POST" and self._path().lower() == MATCH_PATH.lower()
        key = self.headers.get("Ocp-Apim-Subscription-Key") if is_match else None
        self.admission = self.server.operation.gateway.arrive(key) if is_match else None
        return is_whole

    def handle_expect_100(self) -> bool:
        """Send `100 Continue` at once, although replies are buffered."""
        continues = super().handle_expect_100()
        self.wfile.flush()
        return continues

    def do_POST(self) -> None:
        """Read the body, and send the reply."""
        refusal = self._refuse_length()
        if refusal is not None:
            self.close_connection = True
            self._send(refusal)
            return
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        if len(body) < length:
            self.close_connection = True
        else:
            self._send(self._reply(body))

    # http.server prescribes these names.
    do_GET = do_PUT = do_DELETE = do_POST  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing, because a request line can hold a signature."""

    def _path(self) -> str:
        return self.path.partition("?")[0]

    def _refuse_length(self) -> Reply | None:
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdecimal() or len(length) > 15:
            return json_reply(411, gateway_answer(411))
        return json_reply(413, gateway_answer(413)) if int(length) > MAX_BODY_BYTES else None

    def _reply(self, body: bytes) -> Reply:
        operation = self.server.operation
        if self.admission is not None:
            return operation.answer(self.admission, self._match_request(body))
        if self._path().startswith(PREFIX):
            return handle_control_call(operation, self.command, self.path, body)
        return json_reply(404, gateway_answer(404))

    def _match_request(self, body: bytes) -> MatchRequest:
        content_type = self.headers.get("Content-Type", "")
        return parse_match_request(self.path, content_type, self.headers.get("Enable-Evaluation"), body)

    def _send(self, reply: Reply) -> None:
        if reply.ends != "whole":
            self.close_connection = True
        if reply.ends == "drop":
            return
        self.send_response(reply.status)
        self.send_header("X-Emulator", "not PhotoDNA")
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(reply.body[: len(reply.body) // 2] if reply.ends == "truncated" else reply.body)
