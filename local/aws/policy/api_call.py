"""Parses an AWS API call from a WSGI request: its access key, service and operation. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit

from local.aws.policy import s3_operation
from local.aws.policy.rest_calls import find_rest_operation

_SCOPE = re.compile(r"Credential=([^/,\s]+)/\d{8}/([^/,\s]+)/([^/,\s]+)/aws4_request")
_FORM = re.compile(rb'name="(x-amz-credential|AWSAccessKeyId)"\r\n\r\n([^\r/]+)', re.IGNORECASE)
_VIRTUAL_HOST = re.compile(r".+\.s3[.-]")


class UnknownCallError(ValueError):
    """The permissions that a call requires are unknown; the message names the call and the file to add them to."""


@dataclass(frozen=True)
class ApiCall:
    """One call. `access_key` is None if it is anonymous; header names are in lower case.

    `parameters` come from a JSON or form body. `bucket` and `key` are empty for other services than S3.
    """

    access_key: str | None
    region: str
    service: str
    operation: str
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    bucket: str = ""
    key: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Service and operation, such as "s3.GetObject"."""
        return f"{self.service}.{self.operation}"


def parse_call(environ: Mapping[str, Any], body: bytes) -> ApiCall:
    """Parse a WSGI request. Raises UnknownCallError if it names its bucket in the host."""
    target = urlsplit(str(environ.get("REQUEST_URI") or environ.get("RAW_URI")))
    query = dict(parse_qsl(target.query.replace("+", "%2B"), keep_blank_values=True))
    headers = {name[5:].lower().replace("_", "-"): str(v) for name, v in environ.items() if name.startswith("HTTP_")}
    access_key, region, service = _find_scope(headers.get("authorization", ""), query, body)
    method = str(environ["REQUEST_METHOD"])
    if service == "s3":
        if _VIRTUAL_HOST.match(headers.get("host", "")):
            raise UnknownCallError(f"{headers['host']}: here the bucket stands in the path, not in the host")
        bucket, _, key = unquote(target.path).removeprefix("/").partition("/")
        operation = s3_operation.find_operation(method, bucket, key, query, headers)
        return ApiCall(access_key, region, service, operation, headers, query, body, bucket, key)
    in_path = find_rest_operation(service, method, target.path)
    if in_path:
        return ApiCall(
            access_key, region, service, in_path[0], headers, query, body, parameters={**query, **in_path[1]}
        )
    operation, parameters = _find_operation(method, target.path, headers, query, body)
    return ApiCall(access_key, region, service, operation, headers, query, body, parameters=parameters)


def _find_scope(authorization: str, query: Mapping[str, str], body: bytes) -> tuple[str | None, str, str]:
    """Return access key, region and service from the header, a presigned URL (version 4 or 2) or a form's fields."""
    if found := _SCOPE.search(authorization):
        return found[1], found[2], found[3]
    if "X-Amz-Credential" in query:
        parts = query["X-Amz-Credential"].split("/")
        return parts[0], *((parts[2], parts[3]) if len(parts) == 5 else ("", "s3"))
    if "AWSAccessKeyId" in query:
        return query["AWSAccessKeyId"], "", "s3"
    if authorization.startswith("AWS "):
        return authorization[4:].partition(":")[0], "", "s3"
    form = _FORM.search(body)
    return (form[2].decode() if form else None), "", "s3"


def _find_operation(
    method: str, path: str, headers: Mapping[str, str], query: Mapping[str, str], body: bytes
) -> tuple[str, Mapping[str, Any]]:
    """Return the operation and its parameters.

    The operation is the target header of the JSON protocols, the Action of the query protocol, or method and path.
    """
    if target := headers.get("x-amz-target"):
        return target.rpartition(".")[2], json.loads(body or b"{}")
    form = {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()} | dict(query)
    if "Action" in form:
        return form["Action"], form
    return f"{method} {path}", {}
