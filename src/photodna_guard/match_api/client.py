"""The Match operation: one HTTP attempt each, no hidden retry.

A request is made ready first and sent at its slot, so that neither the signing of a URL nor a TLS handshake delays it.
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
from photodna_guard.domain.models import MatchOutcome, Verdict
from photodna_guard.match_api import response
from photodna_guard.match_api.preconnected_adapter import NotConnectedError, PreconnectedAdapter

CONNECT_SECONDS = 3.0
MAX_ANSWER_SECONDS = 30.0  # published clients wait 20 to 30
MAX_ANSWER_BYTES = 1024 * 1024  # bytes; a real one has about one thousand

_KEY_HEADER = "Ocp-Apim-Subscription-Key"


class Key(Protocol):
    """Where the subscription key comes from."""

    def get(self, fresh: bool = False) -> str:
        """The key; fetched afresh if asked for. Raises NoKey."""
        ...


class MatchClient:
    """A client of the operation. Whatever the service or the network does, `send` answers with a Verdict."""

    def __init__(
        self,
        endpoint: str,
        key: Key,
        enhance: bool = False,
        enable_evaluation: str | None = None,
        connections: int = 10,
        answer_seconds: float = MAX_ANSWER_SECONDS,
        verify: bool | str = True,
        now: Callable[[], float] = time.time,
        adapter: PreconnectedAdapter | None = None,
    ) -> None:
        """`adapter`: another way to the service than our own connections."""
        self._url = f"{endpoint}?enhance={'true' if enhance else 'false'}"
        self._evaluation = {"Enable-Evaluation": enable_evaluation} if enable_evaluation else {}
        self._key, self._verify, self._now = key, verify, now
        self._answer_seconds = answer_seconds
        self._adapter = adapter or PreconnectedAdapter(connections, CONNECT_SECONDS)

    def request_by_url(self, url: str) -> requests.PreparedRequest:
        """A request for the picture at `url`. Raises NoKey where there is no key."""
        body = json.dumps({"DataRepresentation": "URL", "Value": url}).encode()
        return self._request(body, "application/json")

    def request_by_value(self, picture: bytes, media_type: str) -> requests.PreparedRequest:
        """A request that carries the picture itself. Raises NoKey where there is no key."""
        return self._request(picture, media_type)

    def with_fresh_key(self, request: object) -> requests.PreparedRequest | None:
        """Return the request with the key fetched afresh; None where that is the key which it has already.

        Raises KeyUnavailableError.
        """
        assert isinstance(request, requests.PreparedRequest)  # noqa: S101 - this client's own value
        key = self._key.get(fresh=True)
        if key == request.headers[_KEY_HEADER]:
            return None
        renewed = request.copy()
        renewed.headers[_KEY_HEADER] = key
        return renewed

    def connect(self, count: int) -> None:
        """Opens connections for `count` requests at once, as far as they are not open. Away: none opened."""
        if fault := self._adapter.connect(self._url, count, self._verify):
            raise ServiceUnreachableError(f"no-connection: {fault}")

    def send(self, request: object, within: float = math.inf) -> Verdict | None:
        """Sends it now: the caller has a slot. None where no connection is open, and so nothing was sent.

        `within`: seconds for the answer's head, and again for its body, where that is less than usual.
        """
        assert isinstance(request, requests.PreparedRequest)  # noqa: S101 - this client's own value
        seconds = min(within, self._answer_seconds)
        end = time.monotonic() + seconds
        try:
            # Straight to the adapter: a session would look into redirects and cookies, and may read a body for them.
            answer = self._adapter.send(request, timeout=(CONNECT_SECONDS, seconds), verify=self._verify, stream=True)
            with answer:
                body = _body(answer.raw, end)
        except NotConnectedError:
            return None
        except (requests.RequestException, HTTPError, OSError) as error:
            return Verdict(MatchOutcome.UNAVAILABLE, f"no-answer: {type(error).__name__}")
        if len(body) > MAX_ANSWER_BYTES:
            return Verdict(MatchOutcome.UNAVAILABLE, "answer-too-large")
        return response.parse_response(answer.status_code, answer.headers.get("Retry-After"), body, self._now())

    def _request(self, body: bytes, content_type: str) -> requests.PreparedRequest:
        headers = {"Content-Type": content_type, _KEY_HEADER: self._key.get()}
        return requests.Request("POST", self._url, {**headers, **self._evaluation}, data=body).prepare()


def _body(raw: HTTPResponse, end: float) -> bytes:
    """At most one byte more than the bound. Raises TimeoutError once it is past `end`, however the answer drips."""
    body = b""
    while len(body) <= MAX_ANSWER_BYTES and (chunk := raw.read1(65536, decode_content=True)):
        body += chunk
        if time.monotonic() > end:
            raise TimeoutError
    return body
