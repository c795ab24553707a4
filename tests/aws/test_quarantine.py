"""aws/quarantine.py: what is kept is verified and under its lock, whoever wrote it and when."""

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


def test_a_copy_is_written_locked_and_verified(bucket: LockedBucket) -> None:
    copy = quarantine(bucket, "COMPLIANCE").store_copy(UPLOAD, PICTURE, is_test=False)
    (version,) = bucket.versions
    assert copy == QuarantinedCopy(version.key, version.id, SHA256, 7)
    assert version.body == b"picture"
    assert version.lock == {"Mode": "COMPLIANCE", "RetainUntilDate": UNTIL}
    assert bucket.calls == ["PutObject", "GetObjectRetention"]


def test_no_header_that_the_uploader_made_up_is_sent_with_the_copy(bucket: LockedBucket) -> None:
    """One that cannot be signed, such as a Content-Type beyond ASCII, would keep a match from being moved for ever."""
    hostile = SourceObject(b"picture", "image/jpeg; ä=\u20ac", metadata={"ü": "\u20ac"})
    quarantine(bucket).store_copy(UPLOAD, hostile, is_test=False)
    assert set(bucket.asked[0]) == {
        *("Bucket", "Key", "Body", "ChecksumSHA256", "IfNoneMatch"),
        *("ObjectLockMode", "ObjectLockRetainUntilDate"),
    }


def test_a_copy_that_stands_already_is_taken_for_it_and_its_lock_verified(bucket: LockedBucket) -> None:
    first = quarantine(bucket).store_copy(UPLOAD, PICTURE, is_test=False)
    bucket.calls.clear()
    assert quarantine(bucket).store_copy(UPLOAD, PICTURE, is_test=False) == first
    assert len(bucket.versions) == 1
    assert bucket.calls == ["PutObject", "ListObjectVersions", "GetObjectRetention"]


def test_a_copy_beside_which_its_evidence_lies_is_told_from_it(bucket: LockedBucket) -> None:
    first = quarantine(bucket).store_copy(UPLOAD, PICTURE, is_test=False)
    quarantine(bucket).store_evidence(f"{first.key}.2027.json", b"{}", is_test=False)
    assert quarantine(bucket).store_copy(UPLOAD, PICTURE, is_test=False) == first


def test_a_copy_that_vanished_in_this_moment_is_tried_again(bucket: LockedBucket) -> None:
    bucket.fails = {"PutObject": ["PreconditionFailed"]}
    with pytest.raises(RetryableError, match="cannot be found"):
        quarantine(bucket).store_copy(UPLOAD, PICTURE, is_test=False)


def test_the_evidence_of_a_copy_that_vanished_is_not_taken_for_it(bucket: LockedBucket) -> None:
    copy = quarantine(bucket).store_copy(UPLOAD, PICTURE, is_test=False)
    quarantine(bucket).store_evidence(f"{copy.key}.2027.json", b"{}", is_test=False)
    bucket.versions.pop()
    bucket.fails = {"PutObject": ["PreconditionFailed"]}
    with pytest.raises(RetryableError, match="cannot be found"):
        quarantine(bucket).store_copy(UPLOAD, PICTURE, is_test=False)


def test_each_version_has_its_own_copy(bucket: LockedBucket) -> None:
    for upload in (UPLOAD, Upload("uploads", UPLOAD.key, "etag", "v2"), Upload("uploads", "b.jpg", "etag", "v1")):
        quarantine(bucket).store_copy(upload, PICTURE, is_test=False)
    assert len({version.key for version in bucket.versions}) == 3


def test_a_lock_that_ends_too_soon_is_extended(bucket: LockedBucket) -> None:
    """Without versions the same bytes can be uploaded again, years after the first."""
    quarantine(bucket).store_copy(UPLOAD, PICTURE, is_test=False)
    quarantine(bucket, now=NOW + 1000 * 86400).store_copy(UPLOAD, PICTURE, is_test=False)
    assert bucket.versions[0].lock["RetainUntilDate"] == UNTIL + timedelta(days=1000)


@pytest.mark.parametrize("mode", ["GOVERNANCE", "COMPLIANCE"])
def test_a_lock_is_never_shortened(bucket: LockedBucket, mode: str) -> None:
    """Neither by a smaller RetentionDays nor by a stricter RetentionMode."""
    quarantine(bucket, days=1000).store_copy(UPLOAD, PICTURE, is_test=False)
    quarantine(bucket, mode, days=365).store_copy(UPLOAD, PICTURE, is_test=False)
    assert bucket.versions[0].lock == {"Mode": mode, "RetainUntilDate": UNTIL + timedelta(days=635)}


def test_a_test_match_is_locked_for_a_day_and_extended_where_the_same_bytes_are_a_match(bucket: LockedBucket) -> None:
    quarantine(bucket).store_copy(UPLOAD, PICTURE, is_test=True)
    assert bucket.versions[0].lock["RetainUntilDate"] == UNTIL - timedelta(days=364)
    quarantine(bucket).store_copy(UPLOAD, PICTURE, is_test=False)
    assert bucket.versions[0].lock["RetainUntilDate"] == UNTIL


def test_compliance_is_enough_where_governance_is_asked_for(bucket: LockedBucket) -> None:
    quarantine(bucket, "COMPLIANCE").store_copy(UPLOAD, PICTURE, is_test=False)
    bucket.calls.clear()
    quarantine(bucket, "GOVERNANCE").store_copy(UPLOAD, PICTURE, is_test=False)
    assert "PutObjectRetention" not in bucket.calls


def test_governance_is_not_enough_where_compliance_is_asked_for(bucket: LockedBucket) -> None:
    quarantine(bucket, "GOVERNANCE").store_copy(UPLOAD, PICTURE, is_test=False)
    quarantine(bucket, "COMPLIANCE").store_copy(UPLOAD, PICTURE, is_test=False)
    assert bucket.versions[0].lock["Mode"] == "COMPLIANCE"


def test_a_compliance_lock_is_extended_as_one(bucket: LockedBucket) -> None:
    quarantine(bucket, "COMPLIANCE", days=1).store_copy(UPLOAD, PICTURE, is_test=False)
    quarantine(bucket, "GOVERNANCE").store_copy(UPLOAD, PICTURE, is_test=False)
    assert bucket.versions[0].lock == {"Mode": "COMPLIANCE", "RetainUntilDate": UNTIL}


def test_a_copy_without_any_lock_gets_one(bucket: LockedBucket) -> None:
    bucket.deaf = {"PutObject"}
    quarantine(bucket).store_copy(UPLOAD, PICTURE, is_test=False)
    assert bucket.versions[0].lock == {"Mode": "GOVERNANCE", "RetainUntilDate": UNTIL}


def test_a_copy_that_cannot_be_locked_is_no_copy(bucket: LockedBucket) -> None:
    bucket.deaf = {"PutObject", "PutObjectRetention"}
    with pytest.raises(RetryableError, match="not under its lock"):
        quarantine(bucket).store_copy(UPLOAD, PICTURE, is_test=False)


def test_a_checksum_in_the_answer_that_is_anothers_is_no_copy(bucket: LockedBucket) -> None:
    bucket.checksum = "c29tZXRoaW5nIGVsc2U="
    with pytest.raises(RetryableError, match="SHA-256"):
        quarantine(bucket).store_copy(UPLOAD, PICTURE, is_test=False)


@pytest.mark.parametrize(
    ("code", "error"), [("AccessDenied", RetryableError), ("SlowDown", DeferrableError), ("BadDigest", RetryableError)]
)
@pytest.mark.parametrize("name", ["PutObject", "GetObjectRetention"])
def test_what_is_refused_is_tried_again(bucket: LockedBucket, name: str, code: str, error: type[Exception]) -> None:
    bucket.fails = {name: [code]}
    with pytest.raises(error, match=f"s3:{name}: {code}"):
        quarantine(bucket).store_copy(UPLOAD, PICTURE, is_test=False)


def test_evidence_is_kept_under_the_same_lock_and_once(bucket: LockedBucket) -> None:
    for content in (b'{"first": 1}', b'{"second": 2}'):
        quarantine(bucket).store_evidence("folder/sha.2027.json", content, is_test=False)
    (version,) = bucket.versions
    assert version.body == b'{"first": 1}'
    assert version.lock == {"Mode": "GOVERNANCE", "RetainUntilDate": UNTIL}


def test_the_key_is_short_for_the_longest_upload(bucket: LockedBucket) -> None:
    copy = quarantine(bucket).store_copy(Upload("b", "k" * 1024, "e", "v"), PICTURE, is_test=False)
    assert len(copy.key) < 200
