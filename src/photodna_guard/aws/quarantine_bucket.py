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
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from photodna_guard.aws.error_translation import ErrorTable, translate_aws_errors
from photodna_guard.domain.errors import RetryableError
from photodna_guard.domain.models import QuarantinedCopy, SourceObject, Upload

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.literals import ObjectLockRetentionModeType

# The service's sample pictures are no evidence, so their copies are locked only briefly.
TEST_RETENTION_DAYS = 1
_NO_RETENTION_DATE = datetime.fromtimestamp(0, UTC)


class _AlreadyStoredError(Exception):
    """An object is already stored under the key."""


class _NoLockError(Exception):
    """The object has no retention, or no legal hold."""


_PUT_ERRORS: ErrorTable = {
    "PreconditionFailed": (_AlreadyStoredError, ""),
    "412": (_AlreadyStoredError, ""),
}
_LOCK_ERRORS: ErrorTable = {"NoSuchObjectLockConfiguration": (_NoLockError, "")}


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
        self._client, self._bucket, self._legal_hold = client, bucket, legal_hold
        self._mode, self._now = cast("ObjectLockRetentionModeType", mode), now
        self._retention_days = retention_days

    def store_copy(self, upload: Upload, source: SourceObject, is_test: bool) -> QuarantinedCopy:
        """Store a verified and locked copy of the version, and return it; or return the one that is already stored.

        The copy has none of the headers that the uploader invented: one that S3 or the SDK cannot handle would prevent
        the copy. The evidence record contains them.
        """
        digest = hashlib.sha256(source.content).hexdigest()
        key = f"{_folder(upload)}/{digest}"
        version_id = self._store(key, source.content, is_test)
        return QuarantinedCopy(key, version_id, digest, len(source.content))

    def store_evidence(self, key: str, evidence: bytes, is_test: bool) -> None:
        """Store an evidence record (JSON) under the same lock, unless it is already stored."""
        self._store(key, evidence, is_test)

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
        self._ensure_lock(key, version_id, is_test, self._retain_until(is_test))
        return QuarantinedCopy(key, version_id, key.removeprefix(folder), copies[0]["Size"])

    def _store(self, key: str, content: bytes, is_test: bool) -> str:
        """Store an object, unless it is already stored; ensure its lock and return its version id."""
        until = self._retain_until(is_test)
        version_id = self._put_if_absent(key, content, is_test, until) or self._find_version(key)
        self._ensure_lock(key, version_id, is_test, until)
        return version_id

    def _put_if_absent(self, key: str, content: bytes, is_test: bool, until: datetime) -> str | None:
        """Put an object that is locked from the start. Return its version id; None if the key is taken."""
        digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
        hold: Any = {"ObjectLockLegalHoldStatus": "ON"} if self._needs_legal_hold(is_test) else {}
        try:
            with translate_aws_errors("s3:PutObject", _PUT_ERRORS):
                answer = self._client.put_object(
                    Bucket=self._bucket,
                    Key=key,
                    Body=content,
                    ChecksumSHA256=digest,
                    IfNoneMatch="*",
                    ObjectLockMode=self._mode,
                    ObjectLockRetainUntilDate=until,
                    **hold,
                )
        except _AlreadyStoredError:
            return None
        if answer.get("ChecksumSHA256") != digest:
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

    def _ensure_lock(self, key: str, version_id: str, is_test: bool, until: datetime) -> None:
        """Extend the lock that an earlier run or an earlier upload set: it may end too soon."""
        where: Any = {"Bucket": self._bucket, "Key": key, "VersionId": version_id}
        retention = self._get_retention(where)
        if not self._is_sufficient(retention, until):
            self._put_retention(where, retention, until)
        if self._needs_legal_hold(is_test) and not self._has_legal_hold(where):
            self._put_legal_hold(where)

    def _get_retention(self, where: Any) -> Any:
        """Return S3's `Retention`; empty if there is none."""
        try:
            with translate_aws_errors("s3:GetObjectRetention", _LOCK_ERRORS):
                return self._client.get_object_retention(**where)["Retention"]
        except _NoLockError:
            return {}

    def _put_retention(self, where: Any, present: Any, until: datetime) -> None:
        """Set the retention and verify it. S3 refuses a weaker mode or an earlier end than the present one."""
        mode = "COMPLIANCE" if present.get("Mode") == "COMPLIANCE" else self._mode
        retention: Any = {"Mode": mode, "RetainUntilDate": max(until, present.get("RetainUntilDate", until))}
        with translate_aws_errors("s3:PutObjectRetention"):
            self._client.put_object_retention(**where, Retention=retention)
        if not self._is_sufficient(self._get_retention(where), until):
            raise RetryableError("the quarantined copy is not under its lock")

    def _is_sufficient(self, retention: Any, until: datetime) -> bool:
        ends = retention.get("RetainUntilDate", _NO_RETENTION_DATE)
        return retention.get("Mode") in (self._mode, "COMPLIANCE") and ends >= until

    def _has_legal_hold(self, where: Any) -> bool:
        try:
            with translate_aws_errors("s3:GetObjectLegalHold", _LOCK_ERRORS):
                return self._client.get_object_legal_hold(**where)["LegalHold"].get("Status") == "ON"
        except _NoLockError:
            return False

    def _put_legal_hold(self, where: Any) -> None:
        with translate_aws_errors("s3:PutObjectLegalHold"):
            self._client.put_object_legal_hold(**where, LegalHold={"Status": "ON"})
        if not self._has_legal_hold(where):
            raise RetryableError("the quarantined copy is not under its legal hold")

    def _needs_legal_hold(self, is_test: bool) -> bool:
        return self._legal_hold and not is_test

    def _retain_until(self, is_test: bool) -> datetime:
        days = TEST_RETENTION_DAYS if is_test else self._retention_days
        return datetime.fromtimestamp(int(self._now()), UTC) + timedelta(days=days)


def _folder(upload: Upload) -> str:
    """Return the folder of a version's copy and evidence. It follows from the upload alone, and is always short.

    Its first part is the SHA-256 of "bucket/key", so that all versions of one key are together.
    """
    return f"{hashlib.sha256(upload.id.encode()).hexdigest()}/{upload.version.replace(':', '-')}"
