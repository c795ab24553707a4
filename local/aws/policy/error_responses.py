"""The responses with which AWS's services refuse a call. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from xml.sax.saxutils import escape

from local.aws.policy.permission_log import Refusal

_XML, _JSON = "application/xml", "application/x-amz-json-1.0"


@dataclass(frozen=True)
class ErrorResponse:
    """An HTTP response; `status` is the code with its reason."""

    status: str
    content_type: str
    body: bytes


def access_denied(service: str, refusal: Refusal) -> ErrorResponse:
    """Return the service's response to a call without permission.

    S3, SQS and SNS respond with 403, the other services that speak JSON with 400.
    """
    message = (
        f"{refusal.principal} is not authorized to perform: {refusal.action} on resource: {refusal.resource}"
        f" ({refusal.reason})"
    )
    if service == "s3":
        return _s3_error("403 Forbidden", "AccessDenied", message)
    if service == "sns":
        error = f"<Error><Code>AuthorizationError</Code><Message>{escape(message)}</Message></Error>"
        return ErrorResponse("403 Forbidden", _XML, f"<ErrorResponse>{error}</ErrorResponse>".encode())
    if service == "sqs":
        return _json_error("403 Forbidden", "AccessDenied", message)
    return _json_error("400 Bad Request", "AccessDeniedException", message)


def internal_error(service: str, message: str) -> ErrorResponse:
    """Return the response to a call that the embedded AWS cannot authorize, and therefore does not make."""
    respond = _s3_error if service == "s3" else _json_error
    return respond("500 Internal Server Error", "InternalError", message)


def _s3_error(status: str, code: str, message: str) -> ErrorResponse:
    body = f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>'
    return ErrorResponse(status, _XML, body.encode())


def _json_error(status: str, code: str, message: str) -> ErrorResponse:
    return ErrorResponse(status, _JSON, json.dumps({"__type": code, "message": message}).encode())
