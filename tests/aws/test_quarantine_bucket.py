"""aws/quarantine_bucket.py: each copy is verified and locked, whichever run wrote it."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest

from photodna_guard.aws.quarantine_bucket import QuarantineBucket
from photodna_guard.domain.errors import DeferrableError, RetryableError
from photodna_guard.domain.models import QuarantinedCopy, SourceObject, Upload
from tests.aws.locked_bucket import LockedBucket

NOW = 1_800_000_000.0
UPLOAD = Upload("uploads", "a b+c/😀.jpg", "etag", "v1")
UNTIL = datetime.fromtimestamp(NOW, UTC) + timedelta(days=365)
PICTURE = SourceObject(b"picture", "image/jpeg")
SHA256 = hashlib.sha256(b"picture").hexdigest()


@pytest.fixture
def bucket() -> LockedBucket:
    return LockedBucket()


def quarantine(bucket: LockedBucket, mode: str = "GOVERNANCE", days: int = 365, now: float = NOW) -> QuarantineBucket:
    return QuarantineBucket(bucket, "quarantine", mode, days, now=lambda: now)  # type: ignore[arg-type]


def test_copy_is_written_locked_and_verified(bucket: LockedBucket) -> None:
    copy = quarantine(bucket, "COMPLIANCE").store_copy(UPLOAD, PICTURE, is_test=False)
    (version,) = bucket.versions
    assert copy == QuarantinedCopy(version.key, version.id, SHA256, 7)
    assert version.body == b"picture"
    assert version.lock == {"Mode": "COMPLIANCE", "RetainUntilDate": UNTIL}
    assert bucket.calls == ["PutObject", "GetObjectRetention"]


def test_copy_has_no_header_of_the_uploader(bucket: LockedBucket) -> None:
    """One that cannot be signed, such as a Content-Type beyond ASCII, would keep a match from being moved for ever."""
    hostile = SourceObject(b"picture", "image/jpeg; ä=\u20ac", metadata={"ü": "\u20ac"})
    quarantine(bucket).store_copy(UPLOAD, hostile, is_test=False)
    assert set(bucket.parameters[0]) == {
        *("Bucket", "Key", "Body", "ChecksumSHA256", "IfNoneMatch"),
        *("ObjectLockMode", "ObjectLockRetainUntilDate"),
    }


def test_existing_copy_is_used_and_its_lock_verified(bucket: LockedBucket) -> None:
    first = quarantine(bucket).store_copy(UPLOAD, PICTURE, is_test=False)
    bucket.calls.clear()
    assert quarantine(bucket).store_copy(UPLOAD, PICTURE, is_test=False) == first
    assert len(bucket.versions) == 1
    assert bucket.calls == ["PutObject", "ListObjectVersions", "GetObjectRetention"]


def test_copy_is_told_from_its_evidence(bucket: LockedBucket) -> None:
    first = quarantine(bucket).store_copy(UPLOAD, PICTURE, is_test=False)
    quarantine(bucket).store_evidence(f"{first.key}.2027.json", b"{}", is_test=False)
    assert quarantine(bucket).store_copy(UPLOAD, PICTURE, is_test=False) == first


def test_copy_that_vanished_is_retried(bucket: LockedBucket) -> None:
    bucket.failures = {"PutObject": ["PreconditionFailed"]}
    with pytest.raises(RetryableError, match="cannot be found"):
        quarantine(bucket).store_copy(UPLOAD, PICTURE, is_test=False)


def test_evidence_is_not_taken_for_a_vanished_copy(bucket: LockedBucket) -> None:
    copy = quarantine(bucket).store_copy(UPLOAD, PICTURE, is_test=False)
    quarantine(bucket).store_evidence(f"{copy.key}.2027.json", b"{}", is_test=False)
    bucket.versions.pop()
    bucket.failures = {"PutObject": ["PreconditionFailed"]}
    with pytest.raises(RetryableError, match="cannot be found"):
        quarantine(bucket).store_copy(UPLOAD, PICTURE, is_test=False)


def test_each_version_has_its_own_copy(bucket: LockedBucket) -> None:
    for upload in (UPLOAD, Upload("uploads", UPLOAD.key, "etag", "v2"), Upload("uploads", "b.jpg", "etag", "v1")):
        quarantine(bucket).store_copy(upload, PICTURE, is_test=False)
    assert len({version.key for version in bucket.versions}) == 3


def test_lock_that_ends_too_soon_is_extended(bucket: LockedBucket) -> None:
    """Without versions the same bytes can be uploaded again, years after the first."""
    quarantine(bucket).store_copy(UPLOAD, PICTURE, is_test=False)
    quarantine(bucket, now=NOW + 1000 * 86400).store_copy(UPLOAD, PICTURE, is_test=False)
    assert bucket.versions[0].lock["RetainUntilDate"] == UNTIL + timedelta(days=1000)


@pytest.mark.parametrize("mode", ["GOVERNANCE", "COMPLIANCE"])
def test_lock_is_never_shortened(bucket: LockedBucket, mode: str) -> None:
    """Neither by a smaller RetentionDays nor by a stricter RetentionMode."""
    quarantine(bucket, days=1000).store_copy(UPLOAD, PICTURE, is_test=False)
    quarantine(bucket, mode, days=365).store_copy(UPLOAD, PICTURE, is_test=False)
    assert bucket.versions[0].lock == {"Mode": "GOVERNANCE", "RetainUntilDate": UNTIL + timedelta(days=635)}


def test_test_match_is_locked_for_a_day_until_a_real_match(bucket: LockedBucket) -> None:
    quarantine(bucket).store_copy(UPLOAD, PICTURE, is_test=True)
    assert bucket.versions[0].lock["RetainUntilDate"] == UNTIL - timedelta(days=364)
    quarantine(bucket).store_copy(UPLOAD, PICTURE, is_test=False)
    assert bucket.versions[0].lock["RetainUntilDate"] == UNTIL


def test_compliance_lock_satisfies_governance(bucket: LockedBucket) -> None:
    quarantine(bucket, "COMPLIANCE").store_copy(UPLOAD, PICTURE, is_test=False)
    bucket.calls.clear()
    quarantine(bucket, "GOVERNANCE").store_copy(UPLOAD, PICTURE, is_test=False)
    assert "PutObjectRetention" not in bucket.calls


def test_governance_lock_is_extended_in_its_mode(bucket: LockedBucket) -> None:
    """S3 lets the scanner change no mode, and a match must not wait for ever because RetentionMode was changed."""
    quarantine(bucket, "GOVERNANCE", days=1).store_copy(UPLOAD, PICTURE, is_test=False)
    quarantine(bucket, "COMPLIANCE").store_copy(UPLOAD, PICTURE, is_test=False)
    assert bucket.versions[0].lock == {"Mode": "GOVERNANCE", "RetainUntilDate": UNTIL}


def test_extended_compliance_lock_stays_compliance(bucket: LockedBucket) -> None:
    quarantine(bucket, "COMPLIANCE", days=1).store_copy(UPLOAD, PICTURE, is_test=False)
    quarantine(bucket, "GOVERNANCE").store_copy(UPLOAD, PICTURE, is_test=False)
    assert bucket.versions[0].lock == {"Mode": "COMPLIANCE", "RetainUntilDate": UNTIL}


def test_copy_without_any_lock_gets_one(bucket: LockedBucket) -> None:
    bucket.ignored = {"PutObject"}
    quarantine(bucket).store_copy(UPLOAD, PICTURE, is_test=False)
    assert bucket.versions[0].lock == {"Mode": "GOVERNANCE", "RetainUntilDate": UNTIL}


def test_copy_that_cannot_be_locked_is_no_copy(bucket: LockedBucket) -> None:
    bucket.ignored = {"PutObject", "PutObjectRetention"}
    with pytest.raises(RetryableError, match="not under its lock"):
        quarantine(bucket).store_copy(UPLOAD, PICTURE, is_test=False)


def test_copy_with_another_checksum_fails(bucket: LockedBucket) -> None:
    bucket.checksum = "c29tZXRoaW5nIGVsc2U="
    with pytest.raises(RetryableError, match="SHA-256"):
        quarantine(bucket).store_copy(UPLOAD, PICTURE, is_test=False)


@pytest.mark.parametrize(
    ("code", "error"), [("AccessDenied", RetryableError), ("SlowDown", DeferrableError), ("BadDigest", RetryableError)]
)
@pytest.mark.parametrize("name", ["PutObject", "GetObjectRetention"])
def test_refused_call_raises_a_retryable_error(
    bucket: LockedBucket, name: str, code: str, error: type[Exception]
) -> None:
    bucket.failures = {name: [code]}
    with pytest.raises(error, match=f"s3:{name}: {code}"):
        quarantine(bucket).store_copy(UPLOAD, PICTURE, is_test=False)


def test_evidence_is_stored_once_under_the_same_lock(bucket: LockedBucket) -> None:
    for content in (b'{"first": 1}', b'{"second": 2}'):
        quarantine(bucket).store_evidence("folder/sha.2027.json", content, is_test=False)
    (version,) = bucket.versions
    assert version.body == b'{"first": 1}'
    assert version.lock == {"Mode": "GOVERNANCE", "RetainUntilDate": UNTIL}


def test_copy_key_is_short_for_the_longest_upload(bucket: LockedBucket) -> None:
    copy = quarantine(bucket).store_copy(Upload("b", "k" * 1024, "e", "v"), PICTURE, is_test=False)
    assert len(copy.key) < 200
