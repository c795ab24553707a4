"""S3: where moto differs from AWS in presigned URLs, locks and checksums. Each function says what S3 does."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlparse

from moto.core.utils import utcnow
from moto.s3.exceptions import AccessDeniedByLock, S3AccessDeniedError, S3ClientError
from moto.s3.models import FakeBucket, S3Backend
from moto.s3.responses import S3Response

from local.aws.moto import current_request
from local.aws.moto.replacement import replace

_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
_CHECKSUM = "x-amz-checksum-sha256"
_ALGORITHM = "x-amz-sdk-checksum-algorithm"


def apply() -> None:
    """Correct moto. Raises SystemExit if moto no longer has a part that is replaced."""
    replace(S3Response, "_key_response", _expire_presigned_urls)
    replace(S3Response, "_key_response_get", _describe_retention)
    replace(S3Backend, "put_object_retention", _refuse_weaker_retention)
    replace(S3Response, "_key_response_put", _verify_checksum)
    # local.aws.policy enforces the policies of buckets; moto would ignore their principals and conditions.
    replace(FakeBucket, "get_permission", lambda _: lambda *_: None)


def _expire_presigned_urls(original: Callable[..., Any]) -> Callable[..., Any]:
    """S3 responds with 403 AccessDenied to an expired URL; moto does not. Neither verifies a signature here."""

    def respond(self: Any, request: Any, full_url: str) -> Any:
        expiry = _parse_expiry(parse_qs(urlparse(full_url).query))
        if expiry is not None and datetime.now(UTC) > expiry:
            raise S3AccessDeniedError
        return original(self, request, full_url)

    return respond


def _parse_expiry(query: dict[str, list[str]]) -> datetime | None:
    """Parse a URL signed with version 4, or with version 2, which SDKs still use in the oldest region."""
    if "X-Amz-Expires" in query:
        signed = datetime.strptime(query["X-Amz-Date"][0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        return signed + timedelta(seconds=int(query["X-Amz-Expires"][0]))
    if "Signature" in query and "Expires" in query:
        return datetime.fromtimestamp(int(query["Expires"][0]), UTC)
    return None


def _describe_retention(original: Callable[..., Any]) -> Callable[..., Any]:
    """S3 responds to GetObjectRetention with the lock, or 404 if there is none; moto sends the object."""

    def respond(self: Any, query: dict[str, Any], key_name: str) -> Any:
        if "retention" not in query:
            return original(self, query, key_name)
        key, _ = self._get_key()
        until = f"<RetainUntilDate>{key.lock_until}</RetainUntilDate>"
        body = f'<Retention xmlns="{_NAMESPACE}"><Mode>{key.lock_mode}</Mode>{until}</Retention>'
        if key.lock_mode is None:
            body = "<Error><Code>NoSuchObjectLockConfiguration</Code><Message>no retention</Message></Error>"
        return 200 if key.lock_mode else 404, {"content-type": "application/xml"}, body

    return respond


def _refuse_weaker_retention(original: Callable[..., Any]) -> Callable[..., Any]:
    """S3 never shortens a COMPLIANCE lock, and a GOVERNANCE lock only with the bypass header; moto always does."""

    def put(self: Any, bucket_name: str, key_name: str, version_id: str | None, retention: Any) -> Any:
        key = self.get_object(bucket_name, key_name, version_id=version_id)
        bypass = current_request.get_header("x-amz-bypass-governance-retention").lower() == "true"
        is_weaker = retention[0] != key.lock_mode or _parse_instant(retention[1]) < _parse_instant(key.lock_until)
        if key.is_locked(governance_bypass=bypass) and is_weaker:
            raise AccessDeniedByLock
        return original(self, bucket_name, key_name, version_id, retention)

    return put


def _parse_instant(iso: str | None) -> datetime:
    return datetime.fromisoformat(iso).replace(tzinfo=UTC) if iso else utcnow().replace(tzinfo=UTC)


class BadDigestError(S3ClientError):
    """The body has another SHA-256 than the request declares."""

    code = "BadDigest"

    def __init__(self) -> None:
        super().__init__("The SHA256 you specified did not match what we received.")


def _verify_checksum(original: Callable[..., Any]) -> Callable[..., Any]:
    """S3 refuses a body without the declared SHA-256, and takes that checksum where a lock requires one.

    moto ignores it, and requires the header of the SDK's algorithm.
    """

    def respond(self: Any, *args: Any) -> Any:
        declared = self.headers.get(_CHECKSUM)
        if declared:
            if base64.b64encode(hashlib.sha256(self.body or b"").digest()).decode() != declared:
                raise BadDigestError
            if not self.headers.get(_ALGORITHM):
                _set_header(self.headers, _ALGORITHM, "SHA256")
        return original(self, *args)

    return respond


def _set_header(headers: Any, name: str, value: str) -> None:
    # The headers of a server's request are a view of its WSGI environment.
    environ = getattr(headers, "environ", None)
    if environ is None:
        headers[name] = value
    else:
        environ[f"HTTP_{name.upper().replace('-', '_')}"] = value
