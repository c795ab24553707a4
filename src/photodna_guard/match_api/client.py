"""A client of the Match operation. It sends each request once and never retries.

A request is prepared before its slot, so that neither signing a URL nor a TLS handshake delays it.
"""

import json
import math
import time
from collections.abc import Callable
from typing import Protocol

import requests
from urllib3 import HTTPResponse
from urllib3.exceptions import HTTPError

from photodna_guard.domain.errors import ServiceUnreachableError
from photodna_guard.domain.verdicts import MatchOutcome, Verdict
from photodna_guard.match_api import response
from photodna_guard.match_api.kept_connection import LostConnectionError, NotConnectedError
from photodna_guard.match_api.preconnected_adapter import PreconnectedAdapter

CONNECT_TIMEOUT_SECONDS = 3.0
# Published clients wait 20 to 30 seconds.
MAX_ANSWER_SECONDS = 30.0
# A real response has about one thousand bytes.
MAX_ANSWER_BYTES = 1024 * 1024
_CHUNK_BYTES = 65536

_KEY_HEADER = "Ocp-Apim-Subscription-Key"


class KeySource(Protocol):
    """The source of the subscription key."""

    def get(self, fresh: bool = False) -> str:
        """Return the key. `fresh`: bypass the cache. Raises KeyUnavailableError."""
        ...


class MatchClient:
    """A client of the Match operation. `send` returns a verdict for every failure of the service or the network."""

    def __init__(
        self,
        endpoint: str,
        key: KeySource,
        enhance: bool = False,
        enable_evaluation: str | None = None,
        connections: int = 10,
        answer_seconds: float = MAX_ANSWER_SECONDS,
        verify: bool | str = True,
        now: Callable[[], float] = time.time,
        adapter: PreconnectedAdapter | None = None,
    ) -> None:
        """Create a client without connections.

        Args:
            endpoint: URL of the Match operation.
            key: Source of the subscription key.
            enhance: The operation's parameter `enhance`.
            enable_evaluation: Value of the header Enable-Evaluation; None to send no such header.
            connections: Number of requests that can be in flight at once.
            answer_seconds: Time-out for the response's headers, and again for its body.
            verify: Whether TLS certificates are verified, or the path of a CA bundle.
            now: The clock, epoch seconds.
            adapter: Replaces the client's own connections.
        """
        self._url = f"{endpoint}?enhance={'true' if enhance else 'false'}"
        self._extra_headers = {"Enable-Evaluation": enable_evaluation} if enable_evaluation else {}
        self._key, self._verify, self._now = key, verify, now
        self._answer_seconds = answer_seconds
        self._adapter = adapter or PreconnectedAdapter(connections, CONNECT_TIMEOUT_SECONDS, now)

    def request_by_url(self, url: str) -> requests.PreparedRequest:
        """Prepare a request for the picture at `url`. Raises KeyUnavailableError."""
        body = json.dumps({"DataRepresentation": "URL", "Value": url}).encode()
        return self._prepare(body, "application/json")

    def request_by_value(self, picture: bytes, media_type: str) -> requests.PreparedRequest:
        """Prepare a request that contains the picture. Raises KeyUnavailableError."""
        return self._prepare(picture, media_type)

    def with_fresh_key(self, request: object) -> requests.PreparedRequest | None:
        """Return the request with the key fetched afresh; None where it has that key already.

        Raises KeyUnavailableError.
        """
        assert isinstance(request, requests.PreparedRequest)  # noqa: S101
        key = self._key.get(fresh=True)
        if key == request.headers[_KEY_HEADER]:
            return None
        renewed = request.copy()
        renewed.headers[_KEY_HEADER] = key
        return renewed

    def connect(self, count: int) -> None:
        """Open the connections that `count` concurrent requests lack.

        Raises ServiceUnreachableError if no connection is open afterwards.
        """
        if fault := self._adapter.connect(self._url, count, self._verify):
            raise ServiceUnreachableError(f"no-connection: {fault}")

    def send(self, request: object, within: float = math.inf) -> Verdict | None:
        """Send a request at once, for which the caller has reserved a slot. Raises no error of the network.

        `within`: limits the time-out of the headers, and again of the body, in seconds.
        Returns None if the connection failed the request: none was open, or a kept one had ended unseen. The request
        may have reached the service all the same, so its slot is used.
        """
        assert isinstance(request, requests.PreparedRequest)  # noqa: S101
        timeout = min(within, self._answer_seconds)
        try:
            status, retry_after, body = self._exchange(request, timeout)
        except (NotConnectedError, LostConnectionError):
            return None
        except (requests.RequestException, HTTPError, OSError) as error:
            return Verdict(MatchOutcome.UNAVAILABLE, f"no-answer: {type(error).__name__}")
        if len(body) > MAX_ANSWER_BYTES:
            return Verdict(MatchOutcome.UNAVAILABLE, "answer-too-large")
        return response.parse_response(status, retry_after, body, self._now())

    def _exchange(self, request: requests.PreparedRequest, timeout: float) -> tuple[int, str | None, bytes]:
        """Return the response's status, its Retry-After header and its body."""
        deadline = time.monotonic() + timeout
        timeouts = (CONNECT_TIMEOUT_SECONDS, timeout)
        # A requests session would handle redirects and cookies, and might read a whole body for them.
        answer = self._adapter.send(request, timeout=timeouts, verify=self._verify, stream=True)
        with answer:
            return answer.status_code, answer.headers.get("Retry-After"), _read_body(answer.raw, deadline)

    def _prepare(self, body: bytes, content_type: str) -> requests.PreparedRequest:
        headers = {"Content-Type": content_type, _KEY_HEADER: self._key.get()}
        return requests.Request("POST", self._url, {**headers, **self._extra_headers}, data=body).prepare()


def _read_body(raw: HTTPResponse, deadline: float) -> bytes:
    """Read at most one chunk more than MAX_ANSWER_BYTES.

    Raises TimeoutError after `deadline` (monotonic seconds), even if the response drips.
    """
    body = b""
    while len(body) <= MAX_ANSWER_BYTES and (chunk := raw.read1(_CHUNK_BYTES, decode_content=True)):
        body += chunk
        if time.monotonic() > deadline:
            raise TimeoutError
    return body
