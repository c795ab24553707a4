"""The quarantine bucket: a match's copy and its evidence record under lock, and what proves that they are there.

The scanner may write here and not read. So the copy is written with the SHA-256 of the source's bytes, which S3
computes itself, refusing others; and only where nothing stands yet. What stands there was verified, whoever wrote it:

    worker A  reads, hashes, writes: S3 verified it ---- dies
    worker B                                             reads, hashes, writes: 412, so it is there: lock, go on
"""

import base64
import hashlib
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError

from photodna_guard.aws.error_translation import error_code, translate_aws_errors
from photodna_guard.domain.errors import RetryableError
from photodna_guard.domain.models import QuarantinedCopy, SourceObject, Upload

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.literals import ObjectLockRetentionModeType

TEST_RETENTION_DAYS = 1  # the service's sample pictures are no evidence
_STANDS = ("PreconditionFailed", "412")
_NEVER = datetime.fromtimestamp(0, UTC)


class QuarantineBucket:
    """The quarantine bucket. Its methods raise Busy and TryAgain."""

    def __init__(
        self,
        client: "S3Client",
        bucket: str,
        mode: str,
        retention_days: int,
        legal_hold: bool = False,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`legal_hold`: beside the retention, which then has no end until the break-glass role takes it off."""
        self._client, self._bucket, self._hold = client, bucket, legal_hold
        self._mode, self._days, self._now = cast("ObjectLockRetentionModeType", mode), retention_days, now

    def store_copy(self, upload: Upload, source: SourceObject, is_test: bool) -> QuarantinedCopy:
        """The copy of the version, verified and under lock; one that stands there already is taken for it.

        Without the headers that the uploader made up: what S3 or the SDK might stumble over would keep a match from
        being moved. The evidence record has them.
        """
        digest = hashlib.sha256(source.content)
        key = f"{_folder(upload)}/{digest.hexdigest()}"
        version = self._store(key, source.content, is_test)
        return QuarantinedCopy(key, version, digest.hexdigest(), len(source.content))

    def store_evidence(self, key: str, evidence: bytes, is_test: bool) -> None:
        """Keeps an evidence record (JSON) under the same lock, unless it was kept already."""
        self._store(key, evidence, is_test)

    def find_copy(self, upload: Upload, is_test: bool) -> QuarantinedCopy | None:
        """The copy that an earlier run made of a version which is gone by now. None where there is none, or several."""
        folder = f"{_folder(upload)}/"
        copies = [found for found in self._list_versions(folder) if "." not in found["Key"].removeprefix(folder)]
        if len(copies) != 1:
            return None
        key, version = copies[0]["Key"], copies[0]["VersionId"]
        self._ensure_lock(key, version, is_test, self._retain_until(is_test))
        return QuarantinedCopy(key, version, key.removeprefix(folder), copies[0]["Size"])

    def _store(self, key: str, content: bytes, is_test: bool) -> str:
        until = self._retain_until(is_test)
        version = self._put_if_absent(key, content, is_test, until) or self._version_standing_at(key)
        self._ensure_lock(key, version, is_test, until)
        return version

    def _put_if_absent(self, key: str, content: bytes, is_test: bool, until: datetime) -> str | None:
        """The version written, locked from its first moment on; None where something stands there already."""
        digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
        hold: Any = {"ObjectLockLegalHoldStatus": "ON"} if self._needs_legal_hold(is_test) else {}
        with translate_aws_errors("s3:PutObject"):
            try:
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
            except ClientError as error:
                if error_code(error) in _STANDS:
                    return None
                raise
        if answer.get("ChecksumSHA256") != digest:
            raise RetryableError("the quarantined copy's SHA-256 is not the source's")
        return answer["VersionId"]

    def _version_standing_at(self, key: str) -> str:
        """The version that stands under a key."""
        for found in self._list_versions(key):
            if found["Key"] == key:
                return str(found["VersionId"])
        raise RetryableError("the quarantined copy cannot be found")  # written or removed this moment

    def _list_versions(self, prefix: str) -> list[Any]:
        """All versions under a prefix, from all pages."""
        found: list[Any] = []
        page: Any = {}
        with translate_aws_errors("s3:ListObjectVersions"):
            for page in self._client.get_paginator("list_object_versions").paginate(Bucket=self._bucket, Prefix=prefix):
                found += page.get("Versions", [])
        if page.get("IsTruncated"):
            raise RetryableError("s3:ListObjectVersions: cut off, and no way to go on")
        return found

    def _ensure_lock(self, key: str, version: str, is_test: bool, until: datetime) -> None:
        """Makes sure that it is under its lock. The lock of an earlier run, or of an earlier upload, ends sooner."""
        where: Any = {"Bucket": self._bucket, "Key": key, "VersionId": version}
        if not self._is_sufficient(found := self._read_retention(where), until):
            # Never a weaker mode or an earlier end than it has: S3 would refuse that.
            mode = "COMPLIANCE" if found.get("Mode") == "COMPLIANCE" else self._mode
            lock: Any = {"Mode": mode, "RetainUntilDate": max(until, found.get("RetainUntilDate", until))}
            with translate_aws_errors("s3:PutObjectRetention"):
                self._client.put_object_retention(**where, Retention=lock)
            if not self._is_sufficient(self._read_retention(where), until):
                raise RetryableError("the quarantined copy is not under its lock")
        if self._needs_legal_hold(is_test) and not self._has_legal_hold(where):
            with translate_aws_errors("s3:PutObjectLegalHold"):
                self._client.put_object_legal_hold(**where, LegalHold={"Status": "ON"})
            if not self._has_legal_hold(where):
                raise RetryableError("the quarantined copy is not under its legal hold")

    def _read_retention(self, where: Any) -> Any:
        """The lock as S3 tells it; empty where there is none."""
        with _asking("s3:GetObjectRetention"):
            return self._client.get_object_retention(**where)["Retention"]
        return {}

    def _is_sufficient(self, found: Any, until: datetime) -> bool:
        return found.get("Mode") in (self._mode, "COMPLIANCE") and found.get("RetainUntilDate", _NEVER) >= until

    def _has_legal_hold(self, where: Any) -> bool:
        with _asking("s3:GetObjectLegalHold"):
            return self._client.get_object_legal_hold(**where)["LegalHold"].get("Status") == "ON"
        return False

    def _needs_legal_hold(self, is_test: bool) -> bool:
        return self._hold and not is_test

    def _retain_until(self, is_test: bool) -> datetime:
        days = TEST_RETENTION_DAYS if is_test else self._days
        return datetime.fromtimestamp(int(self._now()), UTC) + timedelta(days=days)


class _asking(translate_aws_errors):  # noqa: N801 - reads as a statement
    """As `calling`, but that there is no lock is an answer: the block ends."""

    def __exit__(self, kind: Any, error: Any, trace: Any) -> bool | None:
        if isinstance(error, ClientError) and error_code(error) == "NoSuchObjectLockConfiguration":
            return True
        return super().__exit__(kind, error, trace)


def _folder(upload: Upload) -> str:
    """Where all that is kept of a version lies: found again from the upload alone, and short whatever its key is.

    The first part is the SHA-256 of "bucket/key", so that all versions of one key lie together.
    """
    return f"{hashlib.sha256(upload.id.encode()).hexdigest()}/{upload.version.replace(':', '-')}"
