"""A client of the emulator, and an origin from which the emulator fetches pictures."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests

from local.match.control import Emulator

KEY = "emulator-test-key"


class MatchClient:
    """A client that sends Match requests, and calls the control API."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.session = requests.Session()
        self.session.trust_env = False

    def post(self, *, key: str | None = KEY, query: str = "", **options: Any) -> requests.Response:
        headers = {"Ocp-Apim-Subscription-Key": key, **options.pop("headers", {})}
        return self.session.post(
            self.emulator.match_endpoint + query,
            headers=headers,
            timeout=options.pop("timeout", 20),
            **options,
        )

    def by_url(self, url: str, **options: Any) -> requests.Response:
        return self.post(json={"DataRepresentation": "URL", "Value": url}, **options)

    def by_value(self, picture: bytes, kind: str = "png", **options: Any) -> requests.Response:
        headers = {"Content-Type": f"image/{kind}", **options.pop("headers", {})}
        return self.post(data=picture, headers=headers, **options)


class Origin:
    """A fake of S3: it serves the stored paths, and closes the connection early at /broken-off."""

    def __init__(self) -> None:
        self.bodies: dict[str, bytes] = {}
        self.statuses: dict[str, int] = {}
        self.requested: list[str] = []
        self.url = ""

    def put(self, path: str, body: bytes, status: int = 200) -> str:
        self.bodies[path], self.statuses[path] = body, status
        return self.url + path


@contextmanager
def serve(origin: Origin) -> Iterator[Origin]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            origin.requested.append(self.path)
            path = self.path.partition("?")[0]
            body = origin.bodies.get(path, b"")
            self.send_response(origin.statuses.get(path, 404))
            self.send_header("Location", origin.url + "/moved")
            self.send_header("Content-Length", str(len(body) + (100 if path == "/broken-off" else 0)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    origin.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield origin
    finally:
        server.shutdown()
        server.server_close()
