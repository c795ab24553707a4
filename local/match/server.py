"""The HTTP side: a threaded keep-alive server in front of the operation and its control API.

The standard library's server does: it has a thread for each connection, and a hook at the very moment at
which a request's headers have been read, which the rate limit and its judge need. Werkzeug's would hide it.
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
IDLE_SECONDS = 240  # after which Azure's load balancer gives up an idle connection


class MatchServer(ThreadingHTTPServer):
    """Serves one operation on `address`; port 0 takes any free port."""

    daemon_threads = True  # a request that hangs, as a test may want, does not keep the process alive
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], operation: MatchOperation) -> None:
        self.operation = operation
        super().__init__(address, MatchHandler)

    def server_bind(self) -> None:
        # Without HTTPServer's look-up of the host's full name: it asks a name server, and can take seconds.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A client that went away is what time-outs are tested with; anything else is a fault here, and shown.
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class MatchHandler(BaseHTTPRequestHandler):
    """One connection."""

    server: MatchServer
    protocol_version = "HTTP/1.1"
    server_version = "match-emulator"
    sys_version = ""
    disable_nagle_algorithm = True  # TCP_NODELAY
    wbufsize = -1  # an answer leaves in one piece
    timeout = IDLE_SECONDS
    admission: Admission | None = None

    def parse_request(self) -> bool:
        """Reads the headers, and has the gateway decide at that very moment: it is the request's arrival."""
        is_whole = super().parse_request()
        is_match = is_whole and self.command == "POST" and self._path().lower() == MATCH_PATH.lower()
        key = self.headers.get("Ocp-Apim-Subscription-Key") if is_match else None
        self.admission = self.server.operation.gateway.arrive(key) if is_match else None
        return is_whole

    def handle_expect_100(self) -> bool:
        goes_on = super().handle_expect_100()
        self.wfile.flush()
        return goes_on

    def do_POST(self) -> None:
        """Answers any request."""
        refusal = self._unreadable()
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

    do_GET = do_PUT = do_DELETE = do_POST  # noqa: N815  http.server's names

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing: a request line can hold what must not be logged."""

    def _path(self) -> str:
        return self.path.partition("?")[0]

    def _unreadable(self) -> Reply | None:
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
