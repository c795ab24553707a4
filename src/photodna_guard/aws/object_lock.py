"""The Object Lock of what is in the quarantine bucket: its retention and its legal hold."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from photodna_guard.aws.error_translation import ErrorTable, translate_aws_errors
from photodna_guard.domain.errors import RetryableError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.literals import ObjectLockRetentionModeType

# The service's sample pictures are no evidence, so their copies are locked only briefly.
TEST_RETENTION_DAYS = 1
_NO_RETENTION_DATE = datetime.fromtimestamp(0, UTC)


class _NoLockError(Exception):
    """The object has no retention, or no legal hold."""


_LOCK_ERRORS: ErrorTable = {"NoSuchObjectLockConfiguration": (_NoLockError, "")}


class ObjectLock:
    """The lock that each object gets. Methods raise DeferrableError or RetryableError."""

    def __init__(
        self,
        client: "S3Client",
        bucket: str,
        mode: str,
        retention_days: int,
        legal_hold: bool,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`mode`: GOVERNANCE or COMPLIANCE; `legal_hold`: set a legal hold too; `now`: epoch seconds."""
        self._client, self._bucket, self._legal_hold = client, bucket, legal_hold
        self._mode, self._now = cast("ObjectLockRetentionModeType", mode), now
        self._retention_days = retention_days

    def retain_until(self, is_test: bool) -> datetime:
        """Return when a lock that is set now ends."""
        days = TEST_RETENTION_DAYS if is_test else self._retention_days
        return datetime.fromtimestamp(int(self._now()), UTC) + timedelta(days=days)

    def put_arguments(self, is_test: bool, until: datetime) -> Any:
        """Return the arguments of a PutObject whose object is locked from the start."""
        hold = {"ObjectLockLegalHoldStatus": "ON"} if self._needs_legal_hold(is_test) else {}
        return {"ObjectLockMode": self._mode, "ObjectLockRetainUntilDate": until, **hold}

    def ensure(self, key: str, version_id: str, is_test: bool, until: datetime) -> None:
        """Extend the lock that an earlier run or an earlier upload set: it may end too soon."""
        where: Any = {"Bucket": self._bucket, "Key": key, "VersionId": version_id}
        retention = self._get_retention(where)
        if not _lasts(retention, until):
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
        """Set the retention and verify it.

        A lock is only ever extended: S3 lets nobody end it earlier or change its mode, not even from GOVERNANCE to
        COMPLIANCE, without s3:BypassGovernanceRetention, which only the break-glass role has.
        """
        mode = present.get("Mode", self._mode)
        retention: Any = {"Mode": mode, "RetainUntilDate": max(until, present.get("RetainUntilDate", until))}
        with translate_aws_errors("s3:PutObjectRetention"):
            self._client.put_object_retention(**where, Retention=retention)
        if not _lasts(self._get_retention(where), until):
            raise RetryableError("the quarantined copy is not under its lock")

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


def _lasts(retention: Any, until: datetime) -> bool:
    """Return whether there is a lock, of either mode, and it does not end too soon."""
    return "Mode" in retention and bool(retention.get("RetainUntilDate", _NO_RETENTION_DATE) >= until)
