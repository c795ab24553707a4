"""S3's part of a large match's move over HTTP: one object of any size, of which nothing is stored, and its copy.

The object is a repeated block. The digests of the copy are computed, as S3 does, over what really arrives.
"""

import base64
import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BLOCK = bytes(range(256)) * 4096
RETENTION = b"<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>2999-01-01T00:00:00.000Z</RetainUntilDate></Retention>"
_READ_BYTES = 1 << 20


@dataclass
class StreamingServer:
    """`size`: bytes of the object. What arrives damaged: a read of it, counted from 1 -> the byte where."""

    size: int
    url: str = ""
    requests: list[str] = field(default_factory=list)
    cut_at: dict[int, int] = field(default_factory=dict)
    corrupt_at: dict[int, int] = field(default_factory=dict)
    # A read, counted from 1, from which on another object stands there.
    overwritten_at: int = 0
    # Bytes of the copies, by their paths.
    copies: dict[str, int] = field(default_factory=dict)

    @property
    def sha256(self) -> str:
        """The object's SHA-256, hexadecimal."""
        digest = hashlib.sha256()
        for chunk in self.iter_chunks(0):
            digest.update(chunk)
        return digest.hexdigest()

    @property
    def reads(self) -> int:
        """How often the object was read."""
        return sum(request.startswith("GET object") for request in self.requests)

    def iter_chunks(self, start: int) -> Iterator[bytes]:
        """Yield the object's bytes from a position on."""
        while start < self.size:
            offset = start % len(BLOCK)
            chunk = BLOCK[offset : offset + self.size - start]
            start += len(chunk)
            yield chunk

    def iter_damaged(self, start: int, number: int) -> Iterator[bytes]:
        """Yield what arrives of a read."""
        cut_at, corrupt_at = self.cut_at.get(number, self.size), self.corrupt_at.get(number, self.size)
        for chunk in self.iter_chunks(start):
            if start <= corrupt_at < start + len(chunk):
                place = corrupt_at - start
                yield chunk[:place] + bytes([chunk[place] ^ 1]) + chunk[place + 1 :]
            else:
                yield chunk[: max(0, cut_at - start)]
            start += len(chunk)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    source: StreamingServer

    def log_message(self, *_: object) -> None:
        """Write nothing to standard error."""

    def do_GET(self) -> None:
        if "retention" in self.path:
            self._answer(200, {}, RETENTION)
            return
        self.source.requests.append(f"GET object {self.headers.get('Range', '')}".strip())
        number, start = self.source.reads, int(self.headers.get("Range", "bytes=0-")[6:-1])
        if 0 < self.source.overwritten_at <= number:
            self._answer(412, {}, b"<Error><Code>PreconditionFailed</Code></Error>")
            return
        self.send_response(206 if "Range" in self.headers else 200)
        self.send_header("Last-Modified", "Wed, 25 Nov 2026 12:00:00 GMT")
        self.send_header("ETag", '"several-parts-2"')
        self.send_header("Content-Length", str(self.source.size - start))
        self.end_headers()
        self.close_connection = number in self.source.cut_at
        try:
            for chunk in self.source.iter_damaged(start, number):
                self.wfile.write(chunk)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def do_PUT(self) -> None:
        self.source.requests.append("PUT")
        left, sha256, md5 = int(self.headers["Content-Length"]), hashlib.sha256(), hashlib.md5(usedforsecurity=False)
        while left and (chunk := self.rfile.read(min(left, _READ_BYTES))):
            left -= len(chunk)
            sha256.update(chunk)
            md5.update(chunk)
        arrived = base64.b64encode(sha256.digest()).decode(), base64.b64encode(md5.digest()).decode()
        if left:
            self.close_connection = True
        elif self.path in self.source.copies:
            self._answer(412, {}, b"<Error><Code>PreconditionFailed</Code></Error>")
        elif arrived != (self.headers["x-amz-checksum-sha256"], self.headers["Content-MD5"]):
            self._answer(400, {}, b"<Error><Code>BadDigest</Code></Error>")
        else:
            self.source.copies[self.path] = int(self.headers["Content-Length"])
            self._answer(200, {"x-amz-checksum-sha256": arrived[0], "x-amz-version-id": "q1"}, b"")

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def running_server(size: int) -> Iterator[StreamingServer]:
    """Serve on a free port until the end of the block."""
    server = StreamingServer(size)
    http = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"source": server}))
    threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True).start()
    server.url = f"http://127.0.0.1:{http.server_port}"
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
