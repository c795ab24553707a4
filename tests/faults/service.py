"""The Match service in this process. It gives the emulator's own answers, over the methods of an HTTP adapter."""

import io
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import requests
from urllib3.exceptions import ProtocolError

from local.match import answers
from local.match.match_request import MatchRequest, parse_match_request
from local.match.rate_window import LargestWindow
from tests.faults import pictures
from tests.faults.cloud import Cloud
from tests.faults.observed import SeenRequest

LATENCY = 0.05  # seconds

# What the service may do wrong.
_REFUSES = {
    "429": (429, "7"),
    "403": (403, "400"),
    "403 without a time": (403, None),
    "401": (401, None),
    "404": (404, None),
    "500": (500, None),
    "503": (503, "20"),
}
_CODES = {"3002": 3002, "3004": 3004, "3206": 3206, "3208": 3208}
_BODIES = {
    "not json": b"<html><body>Service Unavailable</body></html>",
    "no object": b"[]",
    "no status": b'{"IsMatch": false}',
    "clean without a status": b'{"Status": null, "IsMatch": false, "TrackingId": "x"}',
    "odd code": b'{"Status": {"Code": 3001}, "IsMatch": false, "TrackingId": "x"}',
    "match as text": b'{"Status": {"Code": 3000}, "IsMatch": "false", "TrackingId": "x"}',
}
_BREAKS = ("timeout", "drop before", "drop after", "cut", "broken")
SERVICE_FAULTS = (*_REFUSES, *_CODES, *_BODIES, *_BREAKS, "slow")
CONNECT_FAULTS = ("refused",)


class MatchService:
    """Answers by the bytes that the URL in a request shows at that moment, or that came with it."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self.reset()

    def reset(self) -> None:
        self.requests: list[SeenRequest] = []
        self.arrived = 0
        self.window = LargestWindow()
        self.key_taken = ""
        self.on_request: Callable[[SeenRequest], None] = lambda request: None

    def connect(self, url: str, count: int, verify: object) -> str:
        """Return the name of the error that kept a connection from being opened, or nothing."""
        fault: str = self._cloud.calls.make("match.connect", lambda: "", lambda kind, perform: "ConnectTimeoutError")
        return fault

    def send(self, request: requests.PreparedRequest, timeout: tuple[float, float], **_: Any) -> "Answer":
        """Send one request."""
        answer: Answer = self._cloud.calls.make(
            "match.send", lambda: self._answer(request), lambda kind, _: self._fail(request, kind, timeout)
        )
        return answer

    def close(self) -> None:
        """Do nothing; an adapter has this method."""

    def _answer(self, request: requests.PreparedRequest) -> "Answer":
        self._arrive()
        self._cloud.baton.sleep(LATENCY)
        if request.headers["Ocp-Apim-Subscription-Key"] != self._cloud.key:
            return self._refuse(request, 401, None)
        found = self._looked_up(request)
        is_match = found["IsMatch"] if found["Status"]["Code"] == answers.OK else None
        self._note(request, {True: "match", False: "no match", None: str(found["Status"]["Code"])}[is_match])
        return Answer(200, json.dumps(found).encode())

    def _fail(self, request: requests.PreparedRequest, kind: str, timeout: tuple[float, float]) -> "Answer":
        if kind == "drop before":
            raise requests.ConnectionError("closed")
        if kind in ("timeout", "drop after", "cut", "broken"):
            return self._break(request, kind, timeout)
        self._arrive()
        self._cloud.baton.sleep(LATENCY)
        if kind in _REFUSES:
            return self._refuse(request, *_REFUSES[kind])
        self._note(request, kind)
        if kind in _CODES:
            return Answer(200, json.dumps(answers.refusal_answer(_CODES[kind], "wrong", "wrong")).encode())
        return Answer(200, _BODIES[kind])

    def _break(self, request: requests.PreparedRequest, kind: str, timeout: tuple[float, float]) -> "Answer":
        """Answer, and let the answer not arrive as a whole."""
        whole = self._answer(request)
        if kind == "timeout":
            self._cloud.baton.sleep(timeout[1])
            raise requests.ReadTimeout("time-out")
        if kind == "drop after":
            raise requests.ConnectionError("closed")
        half = whole.raw.getvalue()[: len(whole.raw.getvalue()) // 2]
        return Answer(200, half, breaks=kind == "broken")

    def _refuse(self, request: requests.PreparedRequest, status: int, retry_after: str | None) -> "Answer":
        self._note(request, f"http {status}")
        headers = {"Retry-After": retry_after} if retry_after else {}
        return Answer(status, json.dumps(answers.gateway_answer(status)).encode(), headers)

    def _arrive(self) -> None:
        self.arrived += 1
        self.window.record(self._cloud.clock.now(), 1.0)

    def _note(self, request: requests.PreparedRequest, what: str) -> None:
        parsed = _parsed(request)
        content = self._content(parsed)
        sha256 = pictures.sha256(content) if content is not None else ""
        source, origin = _object_of(parsed.url) if parsed.url else None, pictures.origin(sha256)
        rendition = sha256 if origin != sha256 else ""
        seen = SeenRequest(self._cloud.clock.now(), origin, source, what, rendition)
        self.requests.append(seen)
        self.on_request(seen)

    def _looked_up(self, request: requests.PreparedRequest) -> dict[str, Any]:
        content, tracking_id = self._content(_parsed(request)), f"TRACKING-{self.arrived}"
        if content is None:
            return answers.refusal_answer(answers.INVALID, "The URL could not be fetched", tracking_id)
        return pictures.answer(content, tracking_id)

    def _content(self, parsed: MatchRequest) -> bytes | None:
        """Return the bytes that the request shows now. A URL shows its version, as S3 would return it."""
        if parsed.url is None:
            return parsed.picture
        bucket, key, version = _object_of(parsed.url)
        found = self._cloud.s3.get_object(bucket, key, version_id=version)
        return None if found is None or not hasattr(found, "value") else found.value


class Answer:
    """The part of a requests.Response that the application reads."""

    def __init__(self, status: int, body: bytes, headers: dict[str, str] | None = None, breaks: bool = False) -> None:
        self.status_code, self.headers, self.raw = status, headers or {}, _Raw(body, breaks)

    def __enter__(self) -> "Answer":
        return self

    def __exit__(self, *_: object) -> None:
        pass


class _Raw(io.BytesIO):
    def __init__(self, body: bytes, breaks: bool) -> None:
        super().__init__(body)
        self._breaks = breaks

    def read1(self, size: int | None = -1, decode_content: bool = True) -> bytes:
        chunk = super().read1(size if size is not None else -1)
        if not chunk and self._breaks:
            raise ProtocolError("Connection broken: IncompleteRead")
        return chunk


def _parsed(request: requests.PreparedRequest) -> MatchRequest:
    body = request.body if isinstance(request.body, bytes) else b""
    return parse_match_request(request.path_url, str(request.headers["Content-Type"]), None, body)


def _object_of(url: str) -> tuple[str, str, str | None]:
    """Return bucket, key and version of a presigned URL, in either of the two styles."""
    parts = urlsplit(url)
    host, path = (parts.hostname or "").split(".s3.")[0], unquote(parts.path).removeprefix("/")
    version = parse_qs(parts.query).get("versionId", [None])[0]
    if ".s3." in (parts.hostname or ""):
        return host, path, version
    bucket, _, key = path.partition("/")
    return bucket, key, version
