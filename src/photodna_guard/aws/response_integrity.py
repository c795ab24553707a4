"""Reject truncated and corrupted AWS responses before botocore parses them.

botocore parses whatever part of a non-streaming response has arrived. A JSON body that the connection cut off becomes
a response without fields (`_parse_body_as_json`); an empty XML body becomes a list without entries. Either would be
taken for "nothing exists". Objects' bytes are streams: upload_bucket.py proves those.
"""

import zlib
from collections.abc import Mapping
from typing import Any, Protocol

from botocore.exceptions import ChecksumError, IncompleteReadError


class EventEmitter(Protocol):
    """The registry of a botocore session's event handlers."""

    def register(self, event_name: str, handler: Any, unique_id: str) -> None:
        """Register a handler; a second one with the same `unique_id` has no effect."""
        ...


def reject_truncated_responses(events: EventEmitter) -> None:
    """Check the responses of every client that is created with these events. Repeated calls have no effect."""
    events.register("before-parse.*.*", _check_response, unique_id="photodna-guard-response-integrity")


def _check_response(operation_model: Any, response_dict: dict[str, Any], **_: Any) -> None:
    """Compare a response with its headers.

    Raises:
        IncompleteReadError: The body's length is not the Content-Length.
        ChecksumError: The body's CRC-32 is not that of the header, which DynamoDB sends.
    """
    body, headers = response_dict["body"], response_dict["headers"]
    if isinstance(body, bytes) and operation_model.http.get("method") != "HEAD":
        _check_length(body, headers)
        _check_checksum(body, headers)


def _check_length(body: bytes, headers: Mapping[str, str]) -> None:
    length = headers.get("content-length")
    if length is not None and len(body) != int(length):
        raise IncompleteReadError(actual_bytes=len(body), expected_bytes=int(length))


def _check_checksum(body: bytes, headers: Mapping[str, str]) -> None:
    expected, actual = headers.get("x-amz-crc32"), zlib.crc32(body)
    if expected is not None and int(expected) != actual:
        raise ChecksumError(checksum_type="crc32", expected_checksum=expected, actual_checksum=str(actual))
