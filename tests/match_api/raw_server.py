"""A server that sends what a test wrote, byte by byte, over HTTP or TLS, and counts its connections."""

import socket
import ssl
import threading
import time
from dataclasses import dataclass, field

from tests.support.forgetful_server import read_request


@dataclass
class Server:
    """Sends the next of `answers` for each request. None closes the connection.

    It pauses before each answer. With `drip` it sends single bytes after an answer for ever, so far apart.
    """

    tls: ssl.SSLContext | None = None
    answers: list[bytes | None] = field(default_factory=list)
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    pause: float = 0.0  # seconds
    drip: float = 0.0  # seconds

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        scheme = "https" if self.tls else "http"
        return f"{scheme}://127.0.0.1:{self._port}/photodna/v1.0/Match"

    def settled_connections(self) -> int:
        """Return how many connections there were, once no more come in."""
        time.sleep(0.2)
        return self.connections

    def close(self) -> None:
        self._listener.close()

    def answer(self, body: bytes, status: str = "200 OK", *headers: str) -> None:
        head = "".join(f"{line}\r\n" for line in (f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers))
        self.answers.append(head.encode() + b"\r\n" + body)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
            self.connections += 1
            while request := read_request(connection):
                self.requests.append(request)
                time.sleep(self.pause)
                answer = self.answers.pop(0) if self.answers else None
                if answer is None:
                    break
                connection.sendall(answer)
                while self.drip:
                    time.sleep(self.drip)
                    connection.sendall(b" ")
        except OSError:
            # The client went away, as it may.
            pass
        finally:
            connection.close()
