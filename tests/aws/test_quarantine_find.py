"""aws/quarantine.py: the copy that an earlier run made of what is gone by now, and the legal hold."""

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


def test_where_no_copy_was_made_none_is_found(bucket: LockedBucket) -> None:
    quarantine(bucket).store_copy(Upload("uploads", "a.jpg", "etag", "v2"), PICTURE, is_test=False)
    assert quarantine(bucket).find_copy(UPLOAD, is_test=False) is None


def test_the_copy_that_was_made_is_found_from_the_upload_alone(bucket: LockedBucket) -> None:
    made = quarantine(bucket).store_copy(UPLOAD, PICTURE, is_test=False)
    assert quarantine(bucket).find_copy(UPLOAD, is_test=False) == made


@pytest.mark.parametrize("version", ["aVXeO.kFPF7xhIkDAVZ6l.gXAIvvOZfc", "3/L4kqtJlcpXroDTDmJ+rmSpXd3dIbrHY", None])
def test_a_copy_is_found_though_the_version_id_holds_dots(bucket: LockedBucket, version: str | None) -> None:
    upload = Upload("uploads", "a.jpg", "etag", version)
    made = quarantine(bucket).store_copy(upload, PICTURE, is_test=False)
    assert made.sha256 == hashlib.sha256(b"picture").hexdigest()
    assert quarantine(bucket).find_copy(upload, is_test=False) == made


def test_an_evidence_record_beside_it_is_no_copy(bucket: LockedBucket) -> None:
    made = quarantine(bucket).store_copy(UPLOAD, PICTURE, is_test=False)
    key = evidence.evidence_key({"quarantine_key": made.key, "received_at": "2027-01-15T08:00:00.000Z"})
    quarantine(bucket).store_evidence(key, b"{}", is_test=False)
    assert quarantine(bucket).find_copy(UPLOAD, is_test=False) == made


def test_a_copy_on_a_later_page_of_the_listing_is_seen(bucket: LockedBucket) -> None:
    made = quarantine(bucket).store_copy(UPLOAD, PICTURE, is_test=False)
    for hour in range(5):
        key = evidence.evidence_key({"quarantine_key": made.key, "received_at": f"2027-01-15T0{hour}:00:00.000Z"})
        quarantine(bucket).store_evidence(key, b"{}", is_test=False)
    bucket.page = 1
    assert quarantine(bucket).find_copy(UPLOAD, is_test=False) == made
    quarantine(bucket).store_copy(UPLOAD, SourceObject(b"zz"), is_test=False)
    assert quarantine(bucket).find_copy(UPLOAD, is_test=False) is None


def test_of_several_copies_nobody_can_say_which_was_the_source(bucket: LockedBucket) -> None:
    for content in (b"one", b"other"):
        quarantine(bucket).store_copy(UPLOAD, SourceObject(content), is_test=False)
    assert quarantine(bucket).find_copy(UPLOAD, is_test=False) is None


def test_a_copy_that_is_found_is_put_under_its_full_lock(bucket: LockedBucket) -> None:
    quarantine(bucket).store_copy(UPLOAD, PICTURE, is_test=True)
    quarantine(bucket).find_copy(UPLOAD, is_test=False)
    assert bucket.versions[0].lock["RetainUntilDate"] == UNTIL


def test_a_copy_that_is_found_and_cannot_be_locked_is_no_copy(bucket: LockedBucket) -> None:
    quarantine(bucket).store_copy(UPLOAD, PICTURE, is_test=True)
    bucket.deaf = {"PutObjectRetention"}
    with pytest.raises(RetryableError, match="not under its lock"):
        quarantine(bucket).find_copy(UPLOAD, is_test=False)


def test_the_legal_hold_is_put_on_with_the_copy_and_verified(bucket: LockedBucket) -> None:
    quarantine(bucket, hold=True).store_copy(UPLOAD, PICTURE, is_test=False)
    assert bucket.versions[0].hold == "ON"
    assert bucket.calls == ["PutObject", "GetObjectRetention", "GetObjectLegalHold"]


@pytest.mark.parametrize("was", ["", "OFF"])
def test_a_copy_that_has_no_legal_hold_yet_gets_it(bucket: LockedBucket, was: str) -> None:
    quarantine(bucket).store_copy(UPLOAD, PICTURE, is_test=False)
    bucket.versions[0].hold = was
    quarantine(bucket, hold=True).store_copy(UPLOAD, PICTURE, is_test=False)
    assert bucket.versions[0].hold == "ON"


def test_a_copy_that_cannot_be_held_is_no_copy(bucket: LockedBucket) -> None:
    bucket.deaf = {"PutObject", "PutObjectLegalHold"}
    with pytest.raises(RetryableError, match="legal hold"):
        quarantine(bucket, hold=True).store_copy(UPLOAD, PICTURE, is_test=False)


def test_a_test_match_gets_no_legal_hold(bucket: LockedBucket) -> None:
    quarantine(bucket, hold=True).store_copy(UPLOAD, PICTURE, is_test=True)
    assert bucket.versions[0].hold == ""
    assert not any("LegalHold" in call for call in bucket.calls)


def test_without_the_option_no_legal_hold_is_asked_for(bucket: LockedBucket) -> None:
    quarantine(bucket).store_copy(UPLOAD, PICTURE, is_test=False)
    assert bucket.versions[0].hold == ""
    assert not any("LegalHold" in call for call in bucket.calls)


def test_the_evidence_is_under_the_legal_hold_too(bucket: LockedBucket) -> None:
    quarantine(bucket, hold=True).store_evidence("folder/sha.2027.json", b"{}", is_test=False)
    assert bucket.versions[0].hold == "ON"
