"""Puts a quarantined object back to its place as an ordinary upload, with the break-glass role.

It is written only where nothing stands, and only with the bytes that the record names. Nobody reads it before a scanner
has opened it. The quarantined copy stays.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from botocore.exceptions import ClientError

from ops.errors import CannotProceedError

# S3 takes up to ten thousand parts.
PART_BYTES = 16 * 1024**2
_STATUS_TAG_KEY = "scan-status"
_TAKEN = ("PreconditionFailed", "412")


class PlaceTakenError(Exception):
    """Another object stands there."""


@dataclass
class _Digests:
    """The digests of what was read so far. `etag` is S3's for an object in these parts."""

    sha256: Any = field(default_factory=hashlib.sha256)
    parts: list[bytes] = field(default_factory=list)
    size: int = 0

    def add(self, part: bytes) -> bytes:
        self.sha256.update(part)
        self.parts.append(hashlib.md5(part, usedforsecurity=False).digest())
        self.size += len(part)
        return part

    @property
    def etag(self) -> str:
        if len(self.parts) == 1:
            return self.parts[0].hex()
        return f"{hashlib.md5(b''.join(self.parts), usedforsecurity=False).hexdigest()}-{len(self.parts)}"


class PutBack:
    """One quarantined object on its way back. Methods raise CannotProceedError and botocore's errors."""

    def __init__(self, client: Callable[[str], Any], quarantine_bucket: str, part_bytes: int = PART_BYTES) -> None:
        """`client`: makes clients with the break-glass role."""
        self._s3, self._quarantine_bucket, self._part_bytes = client("s3"), quarantine_bucket, part_bytes

    def check_copy(self, result: Mapping[str, Any]) -> None:
        """Raise unless the copy that the result names is there, and has its size."""
        answer = self._s3.head_object(**self._copy_of(result))
        if answer["ContentLength"] != result["size"]:
            raise CannotProceedError("The quarantined copy has another size than its record. Nothing was put back")

    def put(self, result: Mapping[str, Any]) -> str:
        """Write the object, and return its version. What an earlier try wrote is found again.

        Raises PlaceTakenError where another object stands there.
        """
        digests = _Digests()
        body = self._s3.get_object(**self._copy_of(result))["Body"]
        parts = (digests.add(part) for part in _iter_parts(body, self._part_bytes))
        try:
            if result["size"] <= self._part_bytes:
                return self._put_whole(result, b"".join(parts) or digests.add(b""), digests)
            return self._put_in_parts(result, parts, digests)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _TAKEN:
                raise
            version = self._find_same(result, digests)
            if version is None:
                raise PlaceTakenError from None
            return version
        finally:
            body.close()

    def _put_whole(self, result: Mapping[str, Any], content: bytes, digests: _Digests) -> str:
        _verify(result, digests)
        answer = self._s3.put_object(**_place_of(result), **_headers_of(result), Body=content, IfNoneMatch="*")
        return str(answer["VersionId"])

    def _put_in_parts(self, result: Mapping[str, Any], parts: Iterator[bytes], digests: _Digests) -> str:
        """Write the object in parts. It comes into being by the last call, once its SHA-256 is that of the record.

        What a failed try leaves is removed by the bucket's lifecycle.
        """
        place = _place_of(result)
        upload = place | {"UploadId": self._s3.create_multipart_upload(**place, **_headers_of(result))["UploadId"]}
        sent = []
        for number, part in enumerate(parts, 1):
            answer = self._s3.upload_part(**upload, PartNumber=number, Body=part)
            proofs = {name: value for name, value in answer.items() if name == "ETag" or name.startswith("ChecksumCRC")}
            sent.append({"PartNumber": number, **proofs})
        _verify(result, digests)
        answer = self._s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": sent}, IfNoneMatch="*")
        return str(answer["VersionId"])

    def _find_same(self, result: Mapping[str, Any], digests: _Digests) -> str | None:
        """Return the current version's id if it has the same bytes."""
        place = _place_of(result)
        pages = self._s3.get_paginator("list_object_versions")
        for page in pages.paginate(Bucket=place["Bucket"], Prefix=place["Key"]):
            for one in page.get("Versions", []):
                is_current = one["Key"] == place["Key"] and one["IsLatest"]
                if is_current and (one["Size"], one["ETag"].strip('"')) == (digests.size, digests.etag):
                    return str(one["VersionId"])
        return None

    def _copy_of(self, result: Mapping[str, Any]) -> dict[str, str]:
        where = {"Key": str(result["quarantine_key"]), "VersionId": str(result["quarantine_version"])}
        return {"Bucket": self._quarantine_bucket} | where


def _verify(result: Mapping[str, Any], digests: _Digests) -> None:
    if (digests.sha256.hexdigest(), digests.size) != (result["sha256"], result["size"]):
        raise CannotProceedError("The quarantined copy has other bytes than its record. Nothing was put back")


def _iter_parts(body: Any, size: int) -> Iterator[bytes]:
    """Yield the body in parts of exactly this size; the last may be smaller. A read may return less."""
    buffer = b""
    while chunk := body.read(size - len(buffer)):
        buffer += chunk
        if len(buffer) == size:
            yield buffer
            buffer = b""
    if buffer:
        yield buffer


def _place_of(result: Mapping[str, Any]) -> dict[str, str]:
    bucket, _, key = str(result["upload"]).partition("/")
    return {"Bucket": bucket, "Key": key}


def _headers_of(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return what its uploader chose: headers, metadata and tags, but for a status of their own making."""
    tags = {key: value for key, value in (result.get("tags") or {}).items() if key.lower() != _STATUS_TAG_KEY}
    headers: dict[str, Any] = {"Metadata": dict(result.get("metadata") or {})} | dict(result.get("headers") or {})
    headers |= {"ContentType": result["content_type"]} if result.get("content_type") else {}
    return headers | ({"Tagging": urlencode(tags)} if tags else {})
