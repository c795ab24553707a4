"""Answers of AWS whose body does not arrive as it was sent, as SDK and services behave then.

tests/aws/test_partial_answers.py holds the same against a real HTTP server on loopback: what urllib3's raw stream and
botocore's body do for a cut body and for wrong bytes, with and without a checksum.
"""

import itertools
import zlib
from http.client import IncompleteRead
from typing import Any, Final

from botocore.awsrequest import AWSResponse
from moto.core.botocore_stubber import MockRawResponse
from urllib3.exceptions import ProtocolError

CUT, CUT_UNNOTICED, NOTHING, CORRUPT = "cut", "cut unnoticed", "nothing arrives", "corrupt"
PARTIAL: Final = (CUT, CUT_UNNOTICED, NOTHING, CORRUPT)
# Nothing but TLS guards what these services answer in XML or JSON: wrong bytes of theirs are no fault that can be met.
_UNGUARDED: Final = ("sqs", "eventbridge", "secrets-manager")
_places = itertools.count(7, 101)


def reset_places() -> None:
    """Begin with the same place again, so that a run can be repeated exactly."""
    global _places
    _places = itertools.count(7, 101)


def partial(kind: str, service: str, answer: AWSResponse) -> AWSResponse:
    """Return the answer with half of its body or nothing of it, or with one byte changed, if it has a body.

    CUT_UNNOTICED is what urllib3 1.26 does: its stream just ends, and only botocore's body counts the bytes.
    """
    body: bytes = answer.raw.getvalue()
    answer.headers.setdefault("content-length", str(len(body)))
    if kind == CORRUPT:
        return _corrupt(service, answer, body)
    sent = b"" if kind == NOTHING else body[: len(body) // 2]
    answer.raw = MockRawResponse(sent) if kind == CUT_UNNOTICED else _Cut(sent, len(body))
    return answer


def _corrupt(service: str, answer: AWSResponse, body: bytes) -> AWSResponse:
    """Change another byte each time. No network and no memory makes the same mistake twice."""
    xml = service == "s3" and body.lstrip().startswith(b"<")
    if not body or xml or service in _UNGUARDED:
        return answer
    # DynamoDB sends the checksum of each answer.
    if service == "dynamodb":
        answer.headers.setdefault("x-amz-crc32", str(zlib.crc32(body)))
    place = next(_places) % len(body)
    answer.raw = MockRawResponse(body[:place] + bytes([body[place] ^ 0x55]) + body[place + 1 :])
    return answer


class _Cut(MockRawResponse):
    """urllib3's stream at its end: `read` raises where bytes are missing, `stream` just stops."""

    def __init__(self, sent: bytes, length: int) -> None:
        super().__init__(sent)
        self._missing = length - len(sent)

    def read(self, amount: int | None = -1, **_: Any) -> bytes:
        read = super().read(amount)
        if self._missing and (amount is None or amount < 0 or not read):
            missing = IncompleteRead(read, self._missing)
            raise ProtocolError(f"Connection broken: {missing!r}", missing)
        return read

    def stream(self, **_: Any) -> Any:
        if sent := super().read():
            yield sent
