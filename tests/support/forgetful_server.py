"""A server that answers its first requests, and then ends or forgets their connections behind the client's back.

The connections look open to the client until it sends on them, as connections do that ended while Lambda had frozen
the client's container.
"""

import socket
import struct
import threading


class ForgetfulServer:
    """Answers each request until `forget` is called. Then each connection that exists is `ended` upon its next request.

    `ended` is "reset" (RST), "closed" (FIN), "half-answered" (a part of the answer's head, then RST) or "silent" (no
    answer ever comes). New connections are answered, each with `body`.
    """

    def __init__(self, ended: str, body: bytes = b"") -> None:
        self._answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
        self.requests, self.connections = 0, 0
        self._ended, self._generation = ended, 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def forget(self) -> None:
        """Forget the connections of now."""
        self._generation += 1

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            generation = self._generation
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection, generation), daemon=True).start()

    def _serve(self, connection: socket.socket, generation: int) -> None:
        while read_request(connection):
            self.requests += 1
            if generation != self._generation:
                self._end(connection)
                return
            connection.sendall(self._answer)

    def _end(self, connection: socket.socket) -> None:
        if self._ended == "silent":
            # The other side's next packets are acknowledged by the kernel, and nothing else comes.
            connection.recv(1)
        if self._ended == "half-answered":
            connection.sendall(self._answer[:12])
        if self._ended in ("reset", "half-answered"):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()


def read_request(connection: socket.socket) -> bytes:
    """Read one request with its body. Return nothing where the client has closed the connection."""
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65536)
        if not chunk:
            return b""
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")]
    length = int(lengths[0].split()[1]) if lengths else 0
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body
