"""Refuse every AWS answer that did not arrive whole, before botocore parses it.

botocore parses whatever has arrived of an answer that is no stream: a JSON body that the connection cut off becomes an
answer without a single field (`_parse_body_as_json`), an empty XML body a list without a single entry. Either would be
taken for "there is nothing". Objects' bytes are streams; aws/uploads.py proves those.
"""

import zlib
from typing import Any, Protocol

from botocore.exceptions import ChecksumError, IncompleteReadError


class Emitter(Protocol):
    """Where handlers of a session's events are registered."""

    def register(self, event_name: str, handler: Any, unique_id: str) -> None: ...


def refuse_partial_answers(events: Emitter) -> None:
    """Has every client that is made with these events check its answers; once, however often it is called."""
    events.register("before-parse.*.*", _check, unique_id="photodna-guard-whole-answers")


def _check(operation_model: Any, response_dict: dict[str, Any], **_: Any) -> None:
    """Raises IncompleteReadError for another length than the header's, ChecksumError for other bytes (DynamoDB)."""
    body, headers = response_dict["body"], response_dict["headers"]
    if not isinstance(body, bytes) or operation_model.http.get("method") == "HEAD":
        return
    length = headers.get("content-length")
    if length is not None and len(body) != int(length):
        raise IncompleteReadError(actual_bytes=len(body), expected_bytes=int(length))
    expected, actual = headers.get("x-amz-crc32"), zlib.crc32(body)
    if expected is not None and int(expected) != actual:
        raise ChecksumError(checksum_type="crc32", expected_checksum=expected, actual_checksum=str(actual))
