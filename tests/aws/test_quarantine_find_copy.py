"""aws/quarantine_bucket.py: finding the copy of an earlier run, and the legal hold."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest

from photodna_guard.aws.quarantine_bucket import QuarantineBucket
from photodna_guard.domain import evidence
from photodna_guard.domain.errors import RetryableError
from photodna_guard.domain.models import SourceObject, Upload
from tests.aws.locked_bucket import LockedBucket

NOW = 1_800_000_000.0
UPLOAD = Upload("uploads", "a.jpg", "etag", "v1")
UNTIL = datetime.fromtimestamp(NOW, UTC) + timedelta(days=365)
PICTURE = SourceObject(b"picture", "image/jpeg")


@pytest.fixture
def bucket() -> LockedBucket:
    return LockedBucket()


def quarantine(bucket: LockedBucket, hold: bool = False, now: float = NOW) -> QuarantineBucket:
    return QuarantineBucket(bucket, "quarantine", "GOVERNANCE", 365, hold, now=lambda: now)  # type: ignore[arg-type]


def test_missing_copy_is_not_found(bucket: LockedBucket) -> None:
    quarantine(bucket).store_copy(Upload("uploads", "a.jpg", "etag", "v2"), PICTURE, is_test=False)
    assert quarantine(bucket).find_copy(UPLOAD, is_test=False) is None


def test_copy_is_found_by_its_upload(bucket: LockedBucket) -> None:
    made = quarantine(bucket).store_copy(UPLOAD, PICTURE, is_test=False)
    assert quarantine(bucket).find_copy(UPLOAD, is_test=False) == made


@pytest.mark.parametrize("version", ["aVXeO.kFPF7xhIkDAVZ6l.gXAIvvOZfc", "3/L4kqtJlcpXroDTDmJ+rmSpXd3dIbrHY", None])
def test_copy_of_a_version_id_with_dots_is_found(bucket: LockedBucket, version: str | None) -> None:
    upload = Upload("uploads", "a.jpg", "etag", version)
    made = quarantine(bucket).store_copy(upload, PICTURE, is_test=False)
    assert made.sha256 == hashlib.sha256(b"picture").hexdigest()
    assert quarantine(bucket).find_copy(upload, is_test=False) == made


def test_evidence_record_is_not_found_as_copy(bucket: LockedBucket) -> None:
    made = quarantine(bucket).store_copy(UPLOAD, PICTURE, is_test=False)
    key = evidence.evidence_key({"quarantine_key": made.key, "received_at": "2027-01-15T08:00:00.000Z"})
    quarantine(bucket).store_evidence(key, b"{}", is_test=False)
    assert quarantine(bucket).find_copy(UPLOAD, is_test=False) == made


def test_copy_on_a_later_page_is_found(bucket: LockedBucket) -> None:
    made = quarantine(bucket).store_copy(UPLOAD, PICTURE, is_test=False)
    for hour in range(5):
        key = evidence.evidence_key({"quarantine_key": made.key, "received_at": f"2027-01-15T0{hour}:00:00.000Z"})
        quarantine(bucket).store_evidence(key, b"{}", is_test=False)
    bucket.page_size = 1
    assert quarantine(bucket).find_copy(UPLOAD, is_test=False) == made
    quarantine(bucket).store_copy(UPLOAD, SourceObject(b"zz"), is_test=False)
    assert quarantine(bucket).find_copy(UPLOAD, is_test=False) is None


def test_none_of_several_copies_is_found(bucket: LockedBucket) -> None:
    for content in (b"one", b"other"):
        quarantine(bucket).store_copy(UPLOAD, SourceObject(content), is_test=False)
    assert quarantine(bucket).find_copy(UPLOAD, is_test=False) is None


def test_found_copy_gets_its_full_lock(bucket: LockedBucket) -> None:
    quarantine(bucket).store_copy(UPLOAD, PICTURE, is_test=True)
    quarantine(bucket).find_copy(UPLOAD, is_test=False)
    assert bucket.versions[0].lock["RetainUntilDate"] == UNTIL


def test_found_copy_that_cannot_be_locked_fails(bucket: LockedBucket) -> None:
    quarantine(bucket).store_copy(UPLOAD, PICTURE, is_test=True)
    bucket.ignored = {"PutObjectRetention"}
    with pytest.raises(RetryableError, match="not under its lock"):
        quarantine(bucket).find_copy(UPLOAD, is_test=False)


def test_legal_hold_is_set_with_the_copy_and_verified(bucket: LockedBucket) -> None:
    quarantine(bucket, hold=True).store_copy(UPLOAD, PICTURE, is_test=False)
    assert bucket.versions[0].hold == "ON"
    assert bucket.calls == ["PutObject", "GetObjectRetention", "GetObjectLegalHold"]


@pytest.mark.parametrize("was", ["", "OFF"])
def test_existing_copy_gets_its_legal_hold(bucket: LockedBucket, was: str) -> None:
    quarantine(bucket).store_copy(UPLOAD, PICTURE, is_test=False)
    bucket.versions[0].hold = was
    quarantine(bucket, hold=True).store_copy(UPLOAD, PICTURE, is_test=False)
    assert bucket.versions[0].hold == "ON"


def test_copy_without_its_legal_hold_fails(bucket: LockedBucket) -> None:
    bucket.ignored = {"PutObject", "PutObjectLegalHold"}
    with pytest.raises(RetryableError, match="legal hold"):
        quarantine(bucket, hold=True).store_copy(UPLOAD, PICTURE, is_test=False)


def test_test_match_gets_no_legal_hold(bucket: LockedBucket) -> None:
    quarantine(bucket, hold=True).store_copy(UPLOAD, PICTURE, is_test=True)
    assert bucket.versions[0].hold == ""
    assert not any("LegalHold" in call for call in bucket.calls)


def test_no_legal_hold_is_set_by_default(bucket: LockedBucket) -> None:
    quarantine(bucket).store_copy(UPLOAD, PICTURE, is_test=False)
    assert bucket.versions[0].hold == ""
    assert not any("LegalHold" in call for call in bucket.calls)


def test_evidence_has_the_legal_hold(bucket: LockedBucket) -> None:
    quarantine(bucket, hold=True).store_evidence("folder/sha.2027.json", b"{}", is_test=False)
    assert bucket.versions[0].hold == "ON"
