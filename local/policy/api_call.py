"""An AWS API call, as a WSGI server receives it: who makes it, and which operation of which service it is. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit

from local.policy import s3_operation

_SCOPE = re.compile(r"Credential=([^/,\s]+)/\d{8}/([^/,\s]+)/([^/,\s]+)/aws4_request")
_FORM = re.compile(rb'name="(x-amz-credential|AWSAccessKeyId)"\r\n\r\n([^\r/]+)', re.IGNORECASE)
_VIRTUAL_HOST = re.compile(r".+\.s3[.-]")


class UnknownCall(ValueError):
    """A call of which it is not known here what it needs; the message says which, and where to add it."""


@dataclass(frozen=True)
class ApiCall:
    """`access_key` is None for anonymous; header names are in lower case; `parameters` are a JSON or form body's.

    `bucket` and `key` are S3's, and empty elsewhere.
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
        return f"{self.service}.{self.operation}"


def read(environ: Mapping[str, Any], body: bytes) -> ApiCall:
    """Raises UnknownCall where the request is none that this cloud can attribute."""
    target = urlsplit(str(environ.get("REQUEST_URI") or environ.get("RAW_URI")))
    query = dict(parse_qsl(target.query.replace("+", "%2B"), keep_blank_values=True))
    headers = {name[5:].lower().replace("_", "-"): str(v) for name, v in environ.items() if name.startswith("HTTP_")}
    access_key, region, service = _scope(headers.get("authorization", ""), query, body)
    method = str(environ["REQUEST_METHOD"])
    if service == "s3":
        if _VIRTUAL_HOST.match(headers.get("host", "")):
            raise UnknownCall(f"{headers['host']}: here the bucket stands in the path, not in the host")
        bucket, _, key = unquote(target.path).removeprefix("/").partition("/")
        operation = s3_operation.name(method, bucket, key, query, headers)
        return ApiCall(access_key, region, service, operation, headers, query, body, bucket, key)
    operation, parameters = _operation(method, target.path, headers, query, body)
    return ApiCall(access_key, region, service, operation, headers, query, body, parameters=parameters)


def _scope(authorization: str, query: Mapping[str, str], body: bytes) -> tuple[str | None, str, str]:
    """Access key, region and service, from the header, a presigned URL (version 4 or 2), or a form's fields."""
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


def _operation(
    method: str, path: str, headers: Mapping[str, str], query: Mapping[str, str], body: bytes
) -> tuple[str, Mapping[str, Any]]:
    """From the target header of the JSON protocols, the Action of the query protocol, or method and path."""
    if target := headers.get("x-amz-target"):
        return target.rpartition(".")[2], json.loads(body or b"{}")
    form = {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()} | dict(query)
    if "Action" in form:
        return form["Action"], form
    return f"{method} {path}", {}
