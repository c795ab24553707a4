"""The quarantine bucket: locked copies of matches and their evidence records.

The scanner may write here and not read. S3 itself verifies a copy's SHA-256 while it is written, and refuses other
bytes. A key is written only once, so whatever is stored under it was verified by S3, whichever worker wrote it:

    worker A   reads, hashes, puts: verified ---- dies
    worker B                                      reads, hashes, puts: 412, already stored -> locks it, goes on
"""

import base64
import hashlib
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, BinaryIO

from photodna_guard.aws.error_translation import ErrorTable, translate_aws_errors
from photodna_guard.aws.object_lock import ObjectLock
from photodna_guard.domain.content_digest import ContentDigest, digest_of
from photodna_guard.domain.errors import RetryableError
from photodna_guard.domain.models import QuarantinedCopy, SourceObject, Upload

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class _AlreadyStoredError(Exception):
    """An object is already stored under the key."""


_PUT_ERRORS: ErrorTable = {
    "PreconditionFailed": (_AlreadyStoredError, ""),
    "412": (_AlreadyStoredError, ""),
}


class QuarantineBucket:
    """The quarantine bucket. Methods raise DeferrableError or RetryableError."""

    def __init__(
        self,
        client: "S3Client",
        bucket: str,
        mode: str,
        retention_days: int,
        legal_hold: bool = False,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`mode`: GOVERNANCE or COMPLIANCE; `now`: epoch seconds.

        `legal_hold`: set a legal hold too, which has no end until the break-glass role removes it.
        """
        self._client, self._bucket = client, bucket
        self._lock = ObjectLock(client, bucket, mode, retention_days, legal_hold, now)

    def store_copy(self, upload: Upload, source: SourceObject, is_test: bool) -> QuarantinedCopy:
        """Store a verified and locked copy of the version, and return it; or return the one that is already stored.

        The copy has none of the headers that the uploader invented: one that S3 or the SDK cannot handle would prevent
        the copy. The evidence record contains them.
        """
        digest = digest_of(source.content)
        return self.store_stream(upload, source.content, digest, is_test)

    def store_stream(
        self, upload: Upload, body: bytes | BinaryIO, digest: ContentDigest, is_test: bool
    ) -> QuarantinedCopy:
        """Do the same for bytes that are read while they are sent, and whose digests are known."""
        key = f"{_folder(upload)}/{digest.sha256}"
        return QuarantinedCopy(key, self._store(key, body, digest, is_test), digest.sha256, digest.size)

    def store_evidence(self, key: str, evidence: bytes, is_test: bool) -> None:
        """Store an evidence record (JSON) under the same lock, unless it is already stored."""
        self._store(key, evidence, digest_of(evidence), is_test)

    def store_beside(self, upload: Upload, name: str, record: bytes, is_test: bool) -> str:
        """Store another record (JSON) in the version's folder, in the same way. Return its key."""
        key = f"{_folder(upload)}/{name}"
        self.store_evidence(key, record, is_test)
        return key

    def find_copy(self, upload: Upload, is_test: bool) -> QuarantinedCopy | None:
        """Return the copy that an earlier run stored of a version that is gone since, and lock it.

        Returns None if there is none, or if there are several.
        """
        folder = f"{_folder(upload)}/"
        # A copy's name is its SHA-256. Evidence records have a dot in theirs.
        copies = [found for found in self._list_versions(folder) if "." not in found["Key"].removeprefix(folder)]
        if len(copies) != 1:
            return None
        key, version_id = copies[0]["Key"], copies[0]["VersionId"]
        self._lock.ensure(key, version_id, is_test, self._lock.retain_until(is_test))
        return QuarantinedCopy(key, version_id, key.removeprefix(folder), copies[0]["Size"])

    def _store(self, key: str, body: bytes | BinaryIO, digest: ContentDigest, is_test: bool) -> str:
        """Store an object, unless it is already stored; ensure its lock and return its version id."""
        # A body may take minutes, and the lock is still the one that its request names.
        until = self._lock.retain_until(is_test)
        lock = self._lock.put_arguments(is_test, until)
        version_id = self._put_if_absent(key, body, digest, lock) or self._find_version(key)
        self._lock.ensure(key, version_id, is_test, until)
        return version_id

    def _put_if_absent(self, key: str, body: bytes | BinaryIO, digest: ContentDigest, lock: Any) -> str | None:
        """Put an object that is locked from the start. Return its version id; None if the key is taken."""
        sha256 = _base64(digest.sha256)
        # Without an MD5 botocore would read a stream once more to sign it, even over TLS.
        md5: Any = {} if isinstance(body, bytes) else {"ContentMD5": _base64(digest.md5)}
        try:
            with translate_aws_errors("s3:PutObject", _PUT_ERRORS):
                answer = self._client.put_object(
                    Bucket=self._bucket,
                    Key=key,
                    Body=body,
                    ChecksumSHA256=sha256,
                    IfNoneMatch="*",
                    **md5,
                    **lock,
                )
        except _AlreadyStoredError:
            return None
        if answer.get("ChecksumSHA256") != sha256:
            raise RetryableError("the quarantined copy's SHA-256 is not the source's")
        return answer["VersionId"]

    def _find_version(self, key: str) -> str:
        """Return the version id of the object that is stored under a key."""
        for found in self._list_versions(key):
            if found["Key"] == key:
                return str(found["VersionId"])
        # It was written or removed between the two calls.
        raise RetryableError("the quarantined copy cannot be found")

    def _list_versions(self, prefix: str) -> list[Any]:
        """Return all versions under a prefix, from all pages."""
        found: list[Any] = []
        page: Any = {}
        with translate_aws_errors("s3:ListObjectVersions"):
            for page in self._client.get_paginator("list_object_versions").paginate(Bucket=self._bucket, Prefix=prefix):
                found += page.get("Versions", [])
        if page.get("IsTruncated"):
            raise RetryableError("s3:ListObjectVersions: cut off, and no way to go on")
        return found


def _folder(upload: Upload) -> str:
    """Return the folder of a version's copy and evidence. It follows from the upload alone, and is always short.

    Its first part is the SHA-256 of "bucket/key", so that all versions of one key are together.
    """
    return f"{hashlib.sha256(upload.id.encode()).hexdigest()}/{upload.version.replace(':', '-')}"


def _base64(digest: str) -> str:
    """Return a hexadecimal digest as S3's headers have it."""
    return base64.b64encode(bytes.fromhex(digest)).decode()
