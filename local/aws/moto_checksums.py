"""Where moto's PutObject is not S3's: the SHA-256 that a request declares. Runs in moto's process."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import Any

from moto.s3.exceptions import S3ClientError
from moto.s3.responses import S3Response

from local.aws.moto_differences import replace

_DECLARED = "x-amz-checksum-sha256"
_ALGORITHM = "x-amz-sdk-checksum-algorithm"


class BadDigest(S3ClientError):
    """S3's answer to bytes that are not those that were declared."""

    code = "BadDigest"

    def __init__(self) -> None:
        super().__init__("The SHA256 you specified did not match what we received.")


def apply() -> None:
    """Replaces in moto what differs. Raises where moto no longer has it."""
    replace(S3Response, "_key_response_put", _verify_the_declared_checksum)


def _verify_the_declared_checksum(original: Callable[..., Any]) -> Callable[..., Any]:
    """S3 computes the checksum itself and refuses other bytes; and a lock asks for any checksum, this one too."""

    def respond(self: Any, *args: Any) -> Any:
        declared = self.headers.get(_DECLARED)
        if declared:
            if base64.b64encode(hashlib.sha256(self.body or b"").digest()).decode() != declared:
                raise BadDigest
            if not self.headers.get(_ALGORITHM):
                _set(self.headers, _ALGORITHM, "SHA256")
        return original(self, *args)

    return respond


def _set(headers: Any, name: str, value: str) -> None:
    environ = getattr(headers, "environ", None)  # of a server's request
    if environ is None:
        headers[name] = value
    else:
        environ[f"HTTP_{name.upper().replace('-', '_')}"] = value
