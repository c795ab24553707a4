"""How AWS's services answer a call that is not permitted. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from xml.sax.saxutils import escape

from local.policy.guard import Refusal

_XML, _JSON = "application/xml", "application/x-amz-json-1.0"


@dataclass(frozen=True)
class Answer:
    """An HTTP response; `status` with its reason."""

    status: str
    content_type: str
    body: bytes


def denied(service: str, refusal: Refusal) -> Answer:
    """S3, SQS and SNS answer 403, the other services that speak JSON 400."""
    message = (
        f"{refusal.principal} is not authorized to perform: {refusal.action} on resource: {refusal.resource}"
        f" ({refusal.because})"
    )
    if service == "s3":
        return _s3("403 Forbidden", "AccessDenied", message)
    if service == "sns":
        error = f"<Error><Code>AuthorizationError</Code><Message>{escape(message)}</Message></Error>"
        return Answer("403 Forbidden", _XML, f"<ErrorResponse>{error}</ErrorResponse>".encode())
    if service == "sqs":
        return _json("403 Forbidden", "AccessDenied", message)
    return _json("400 Bad Request", "AccessDeniedException", message)


def unknown(service: str, message: str) -> Answer:
    """The embedded cloud's own failure: it cannot judge the call, and so does not make it."""
    make = _s3 if service == "s3" else _json
    return make("500 Internal Server Error", "InternalError", message)


def _s3(status: str, code: str, message: str) -> Answer:
    body = f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>'
    return Answer(status, _XML, body.encode())


def _json(status: str, code: str, message: str) -> Answer:
    return Answer(status, _JSON, json.dumps({"__type": code, "message": message}).encode())
