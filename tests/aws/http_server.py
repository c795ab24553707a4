"""An HTTP server on loopback whose responses can stop short of their own Content-Length."""

import base64
import hashlib
import json
import threading
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

BODY = bytes(range(256)) * 20
MD5 = hashlib.md5(BODY, usedforsecurity=False).hexdigest()
CRC32 = base64.b64encode(zlib.crc32(BODY).to_bytes(4, "big")).decode()
PROOFS: dict[str, dict[str, str]] = {
    "checksum": {"x-amz-checksum-crc32": CRC32, "ETag": '"multi-2"'},
    "md5": {"ETag": f'"{MD5}"'},
    "parts": {"ETag": f'"{MD5}-2"'},
    "kms": {"ETag": f'"{MD5[::-1]}"', "x-amz-server-side-encryption": "aws:kms"},
}


@dataclass
class Response:
    """`body` is what the headers announce, `sent` what goes over the connection."""

    status: int
    headers: dict[str, str]
    body: bytes
    sent: bytes


class Server:
    """The responses to come, one a request, and the requests so far."""

    def __init__(self) -> None:
        self.responses: deque[Response] = deque()
        self.requests: list[str] = []
        self.url = ""

    def respond(self, status: int, body: bytes, sent: bytes | None = None) -> None:
        """Answer a request with this body, or with only a part of it."""
        self.responses.append(Response(status, {}, body, body if sent is None else sent))

    def respond_with_object(
        self, proof: str, sent: bytes = BODY, *, body: bytes = BODY, content_range: str = ""
    ) -> None:
        """Answer a GetObject with what S3 knows of the bytes by this proof."""
        headers = {"Last-Modified": "Wed, 25 Nov 2026 12:00:00 GMT"} | PROOFS[proof]
        headers |= {"Content-Range": content_range} if content_range else {}
        self.responses.append(Response(206 if content_range else 200, headers, body, sent))

    def respond_with_json(self, content: dict[str, Any], damage: Callable[[bytes], bytes]) -> None:
        """Answer a call of DynamoDB. `damage` makes the sent bytes of the whole ones."""
        body = json.dumps(content).encode()
        headers = {"Content-Type": "application/x-amz-json-1.0", "x-amz-crc32": str(zlib.crc32(body))}
        self.responses.append(Response(200, headers, body, damage(body)))


@contextmanager
def running_server() -> Iterator[Server]:
    """Serve on a free port until the end of the block."""
    server = Server()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Write nothing to standard error."""

        def respond(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            server.requests.append(f"{self.command} {self.path}")
            response = server.responses.popleft()
            self.send_response(response.status)
            for name, value in response.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(response.body)))
            self.end_headers()
            self.wfile.write(response.sent)
            self.close_connection = len(response.sent) != len(response.body)

        do_GET = do_POST = respond  # noqa: N815 - the library's names

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True).start()
    server.url = f"http://127.0.0.1:{http.server_port}"
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()


def cut(body: bytes) -> bytes:
    """Return the first half."""
    return body[: len(body) // 2]


def cut_at_once(body: bytes) -> bytes:
    """Return nothing of it."""
    return b""


def corrupt(body: bytes) -> bytes:
    """Return the bytes with one bit changed."""
    return body[:100] + bytes([body[100] ^ 1]) + body[101:]
