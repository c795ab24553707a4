"""Checks that the objects in the buckets are what the results say."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from local.demo.results import Result
from local.demo.upload import UploadedVersion

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

STATUS_TAG = "scan-status"
# The default of the template's parameter ReadableStatuses.
READABLE_TAG_VALUES = ("clean", "skipped", "allowed", "released")
# Skipped uploads that may show pictures have their reason as their tag.
_TAGGED_REASONS = ("document", "video", "audio", "archive")
# S3 allows an object this many tags.
_MAX_TAGS = 10
# The template's defaults.
_INCIDENT_RETENTION, _TEST_RETENTION = timedelta(days=400), timedelta(days=1)
# The run itself takes time, and the application rounds.
_RETENTION_TOLERANCE = timedelta(hours=1)
_ABSENT_CODES = frozenset({"NoSuchKey", "NoSuchVersion", "404"})


@dataclass(frozen=True)
class BucketChecks:
    """The checks of one upload bucket and its quarantine bucket."""

    s3: "S3Client"
    quarantine_bucket: str
    # A client that the read gate applies to.
    user: "S3Client | None" = None

    def find_problems(self, uploaded: UploadedVersion, result: Result) -> list[str]:
        """Return a sentence for each difference between the buckets and the result."""
        status = result["status"]
        if status == "QUARANTINED":
            return [*self._check_unreadable(uploaded), *self._check_copy(uploaded, result)]
        if status == "GONE" or uploaded.picture.afterwards == "delete":
            return self._check_unreadable(uploaded)
        tags = self._check_tags(uploaded, result)
        return [*self._check_unchanged(uploaded), *(tags or self._check_read_gate(uploaded, status))]

    def _check_unreadable(self, uploaded: UploadedVersion) -> list[str]:
        if self._read_sha256(uploaded.bucket, uploaded.picture.key, uploaded.version):
            return [f"version {uploaded.version} can still be read in the upload bucket"]
        return []

    def _check_copy(self, uploaded: UploadedVersion, result: Result) -> Iterator[str]:
        key, version = result.get("quarantine_key"), result.get("quarantine_version")
        if not key or not version:
            yield "the result does not say where its quarantined copy is"
            return
        wanted = uploaded.picture.sha256()
        if self._read_sha256(self.quarantine_bucket, key, version) != wanted:
            yield "there is no copy of the same bytes in the quarantine bucket"
        else:
            yield from self._check_lock(key, version, result)
        if result.get("sha256") != wanted:
            yield "the result's SHA-256 is not the picture's"
        if evidence := result.get("evidence_key"):
            yield from (f"evidence record: {problem}" for problem in self._check_lock(evidence, None, result))
        else:
            yield "there is no evidence record beside its copy"

    def _check_unchanged(self, uploaded: UploadedVersion) -> list[str]:
        found = self._read_sha256(uploaded.bucket, uploaded.picture.key, uploaded.version)
        if not found:
            return ["the object is no longer there"]
        return [] if found == uploaded.picture.sha256() else ["the object's bytes have changed"]

    def _check_tags(self, uploaded: UploadedVersion, result: Result) -> list[str]:
        wanted = dict(uploaded.picture.tags)
        # The application never removes a user's tag for its own, but it replaces a forged status.
        if len(wanted) < _MAX_TAGS or STATUS_TAG in wanted:
            wanted[STATUS_TAG] = _choose_tag_value(result)
        found = self._read_tags(uploaded)
        return [] if found == wanted else [f"its tags are {found}, expected {wanted}"]

    def _check_read_gate(self, uploaded: UploadedVersion, status: str) -> list[str]:
        """Check that users can read an object with a readable status tag, and no other object."""
        if self.user is None:
            return []
        wanted = self._read_tags(uploaded).get(STATUS_TAG) in READABLE_TAG_VALUES
        try:
            self.user.head_object(Bucket=uploaded.bucket, Key=uploaded.picture.key, VersionId=uploaded.version)
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("403", "AccessDenied"):
                raise
            return ["no user can read it"] if wanted else []
        return [] if wanted else [f"users can read it though it is {status}"]

    def _read_tags(self, uploaded: UploadedVersion) -> dict[str, str]:
        try:
            answer = self.s3.get_object_tagging(
                Bucket=uploaded.bucket, Key=uploaded.picture.key, VersionId=uploaded.version
            )
        except ClientError as error:
            _raise_unless_absent(error)
            return {}
        return {tag["Key"]: tag["Value"] for tag in answer["TagSet"]}

    def _check_lock(self, key: str, version: str | None, result: Result) -> list[str]:
        pinned: Any = {"VersionId": version} if version else {}
        head = self.s3.head_object(Bucket=self.quarantine_bucket, Key=key, **pinned)
        until = head.get("ObjectLockRetainUntilDate")
        wanted = _TEST_RETENTION if result.get("is_test") else _INCIDENT_RETENTION
        if until is None:
            return ["its quarantined copy is not under object lock"]
        left = until - datetime.now(UTC)
        if abs(left - wanted) < _RETENTION_TOLERANCE:
            return []
        return [f"its quarantined copy is locked for {left.days} days more, expected {wanted.days}"]

    def _read_sha256(self, bucket: str, key: str, version: str) -> str:
        """Return the SHA-256 of the version in hexadecimal, or "" if it does not exist."""
        try:
            body = self.s3.get_object(Bucket=bucket, Key=key, VersionId=version)["Body"]
        except ClientError as error:
            _raise_unless_absent(error)
            return ""
        digest = hashlib.sha256()
        for chunk in body.iter_chunks(1024 * 1024):
            digest.update(chunk)
        return digest.hexdigest()


def _choose_tag_value(result: Result) -> str:
    reason = str(result.get("reason") or "")
    return reason if result["status"] == "SKIPPED" and reason in _TAGGED_REASONS else str(result["status"]).lower()


def _raise_unless_absent(error: ClientError) -> None:
    if error.response["Error"]["Code"] not in _ABSENT_CODES:
        raise error


def check_dead_letter_queue(sqs: "SQSClient", queue_url: str) -> list[str]:
    """Return a sentence if the dead-letter queue is not empty."""
    answer = sqs.get_queue_attributes(
        QueueUrl=queue_url,
        AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
    )
    messages = sum(int(number) for number in answer["Attributes"].values())
    return [f"messages in the dead-letter queue: {messages}, expected none"] if messages else []
