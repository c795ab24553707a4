"""The quarantine bucket: the copy under lock, and what proves it.

The scanner may write here and not read, so the proof is S3's own word: the SHA-256 that S3 computed over the bytes it
wrote, which must be that of the source's bytes, and the lock that S3 says is on the copy.
"""

import base64
import hashlib
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError

from guard.aws.faults import calling, code
from guard.errors import Gone, TryAgain
from guard.model import Copy, Upload

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.literals import ObjectLockRetentionModeType

TEST_RETENTION_DAYS = 1  # the service's sample pictures are no evidence


class Quarantine:
    """The quarantine bucket. Its methods raise Gone, Busy and TryAgain."""

    def __init__(
        self,
        client: "S3Client",
        bucket: str,
        mode: str,
        retention_days: int,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._client, self._bucket = client, bucket
        self._mode, self._days, self._now = cast("ObjectLockRetentionModeType", mode), retention_days, now

    def key(self, upload: Upload) -> str:
        """Where the copy lies: found again from the upload alone, and short whatever the upload's key is.

        The prefix is the SHA-256 of "bucket/key", so that all versions of one key lie together.
        """
        return f"{hashlib.sha256(upload.id.encode()).hexdigest()}/{upload.version.replace(':', '-')}"

    def keep(self, upload: Upload, source: bytes, is_test: bool) -> Copy:
        """Copies the version under lock and verifies the copy against the source's bytes. The source is not touched."""
        days = TEST_RETENTION_DAYS if is_test else self._days
        until = datetime.fromtimestamp(int(self._now()), UTC) + timedelta(days=days)
        key, digest = self.key(upload), hashlib.sha256(source).digest()
        copy = self._copy(upload, key, until)
        if copy["CopyObjectResult"].get("ChecksumSHA256") != base64.b64encode(digest).decode():
            raise TryAgain("the quarantined copy's SHA-256 is not the source's")
        self._verify_lock(key, copy["VersionId"], until)
        return Copy(copy["VersionId"], digest.hex())

    def _copy(self, upload: Upload, key: str, until: datetime) -> Any:
        source: Any = {"Bucket": upload.bucket, "Key": upload.key, "VersionId": upload.version_id or "null"}
        pin: Any = {} if upload.version_id else {"CopySourceIfMatch": f'"{upload.etag}"'}
        with calling("s3:CopyObject"):
            try:
                return self._client.copy_object(
                    Bucket=self._bucket,
                    Key=key,
                    CopySource=source,
                    **pin,
                    ChecksumAlgorithm="SHA256",
                    ObjectLockMode=self._mode,
                    ObjectLockRetainUntilDate=until,
                )
            except ClientError as error:
                if code(error) in ("NoSuchKey", "NoSuchVersion", "PreconditionFailed", "404", "412"):
                    raise Gone("gone before it could be quarantined") from None
                raise

    def _verify_lock(self, key: str, version_id: str, until: datetime) -> None:
        with calling("s3:GetObjectRetention"):
            lock = self._client.get_object_retention(Bucket=self._bucket, Key=key, VersionId=version_id)["Retention"]
        if lock.get("Mode") != self._mode or lock.get("RetainUntilDate", until - timedelta(days=1)) < until:
            raise TryAgain("the quarantined copy is not under its lock")
