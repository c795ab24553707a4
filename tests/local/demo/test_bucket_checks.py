"""The checks of the buckets: each finds its problem."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from local.demo.bucket_checks import BucketChecks
from local.demo.picture import QUARANTINED
from local.demo.upload import UploadedVersion
from tests.local.demo.factories import BUCKET, picture

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

QUARANTINE = "quarantine"
SHA256 = hashlib.sha256(b"bytes").hexdigest()


@pytest.fixture(scope="module")
def s3(s3: "S3Client") -> "S3Client":
    s3.create_bucket(Bucket=QUARANTINE, ObjectLockEnabledForBucket=True)
    return s3


@pytest.fixture(scope="module")
def checks(s3: "S3Client") -> BucketChecks:
    return BucketChecks(s3, QUARANTINE)


def _upload(s3: "S3Client", tagging: str = "owner=demo&scan-status=clean", **changes: Any) -> UploadedVersion:
    answer = s3.put_object(Bucket=BUCKET, Key="a.jpg", Body=b"bytes", Tagging=tagging)
    return UploadedVersion(picture(**changes), BUCKET, answer["VersionId"], 0.0)


def _quarantined(s3: "S3Client", body: bytes = b"bytes", lock: int | None = 400, **changes: Any) -> dict[str, Any]:
    """Store a copy that is locked for so many days, or not at all, and return its result."""
    version = _put_locked(s3, "q", body, lock)
    _put_locked(s3, "q.json", b"{}", lock or 400)
    result = {"status": "QUARANTINED", "quarantine_key": "q", "quarantine_version": version, "sha256": SHA256}
    return result | {"evidence_key": "q.json"} | changes


def _put_locked(s3: "S3Client", key: str, body: bytes, days: int | None) -> str:
    until = datetime.now(UTC) + timedelta(days=days or 0)
    lock: dict[str, Any] = {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": until} if days else {}
    # moto requires a checksum here; S3 does not.
    return s3.put_object(Bucket=QUARANTINE, Key=key, Body=body, ChecksumAlgorithm="SHA256", **lock)["VersionId"]


def _remove(s3: "S3Client", one: UploadedVersion) -> None:
    s3.delete_object(Bucket=BUCKET, Key="a.jpg", VersionId=one.version)


def test_an_object_that_is_there_and_tagged_is_right(s3: "S3Client", checks: BucketChecks) -> None:
    assert checks.find_problems(_upload(s3), {"status": "CLEAN"}) == []


def test_an_object_hidden_by_a_delete_marker_is_still_there(s3: "S3Client", checks: BucketChecks) -> None:
    one = _upload(s3)
    s3.delete_object(Bucket=BUCKET, Key="a.jpg")

    assert checks.find_problems(one, {"status": "CLEAN"}) == []


def test_a_lost_object_is_found_missing(s3: "S3Client", checks: BucketChecks) -> None:
    one = _upload(s3)
    _remove(s3, one)

    assert "the object is no longer there" in checks.find_problems(one, {"status": "CLEAN"})


def test_changed_bytes_are_found(s3: "S3Client", checks: BucketChecks) -> None:
    one = _upload(s3, content=b"other bytes")

    assert checks.find_problems(one, {"status": "CLEAN"}) == ["the object's bytes have changed"]


@pytest.mark.parametrize("tagging", ["owner=demo", "scan-status=clean", "owner=demo&scan-status=skipped"])
def test_a_missing_or_wrong_tag_is_found(s3: "S3Client", checks: BucketChecks, tagging: str) -> None:
    [problem] = checks.find_problems(_upload(s3, tagging), {"status": "CLEAN"})

    assert "tags" in problem


def test_ten_tags_of_the_user_are_kept(s3: "S3Client", checks: BucketChecks) -> None:
    tags = {f"t{number}": "x" for number in range(10)}

    one = _upload(s3, "&".join(f"{name}=x" for name in tags), tags=tags)

    assert checks.find_problems(one, {"status": "CLEAN"}) == []


def test_a_forged_status_tag_is_found(s3: "S3Client", checks: BucketChecks) -> None:
    one = _upload(s3, "scan-status=clean", tags={"scan-status": "clean"})

    assert checks.find_problems(one, {"status": "UNSCANNABLE"})


def test_a_match_moved_under_lock_is_right(s3: "S3Client", checks: BucketChecks) -> None:
    one, result = _upload(s3, expected=QUARANTINED), _quarantined(s3)
    _remove(s3, one)

    assert checks.find_problems(one, result) == []


def test_a_match_that_can_still_be_read_is_found(s3: "S3Client", checks: BucketChecks) -> None:
    one, result = _upload(s3, expected=QUARANTINED), _quarantined(s3)
    s3.delete_object(Bucket=BUCKET, Key="a.jpg")

    [problem] = checks.find_problems(one, result)

    assert "can still be read" in problem


def test_a_copy_without_a_lock_is_found(s3: "S3Client", checks: BucketChecks) -> None:
    one, result = _upload(s3, expected=QUARANTINED), _quarantined(s3, lock=None)
    _remove(s3, one)

    assert checks.find_problems(one, result) == ["its quarantined copy is not under object lock"]


def test_lock_lasts_a_day_for_tests_and_a_year_for_incidents(s3: "S3Client", checks: BucketChecks) -> None:
    one = _upload(s3, expected=QUARANTINED)
    _remove(s3, one)

    assert checks.find_problems(one, _quarantined(s3, lock=1, is_test=True)) == []
    assert checks.find_problems(one, _quarantined(s3, lock=400, is_test=True))
    assert checks.find_problems(one, _quarantined(s3, lock=1, is_test=False))


def test_a_copy_of_other_bytes_is_found(s3: "S3Client", checks: BucketChecks) -> None:
    one, result = _upload(s3, expected=QUARANTINED), _quarantined(s3, body=b"other")
    _remove(s3, one)

    assert checks.find_problems(one, result) == ["there is no copy of the same bytes in the quarantine bucket"]


def test_result_without_the_place_of_its_copy_is_found(s3: "S3Client", checks: BucketChecks) -> None:
    one = _upload(s3, expected=QUARANTINED)
    _remove(s3, one)

    [problem] = checks.find_problems(one, {"status": "QUARANTINED"})

    assert "does not say where" in problem


def test_a_wrong_checksum_in_the_result_is_found(s3: "S3Client", checks: BucketChecks) -> None:
    one, result = _upload(s3, expected=QUARANTINED), _quarantined(s3)
    _remove(s3, one)

    assert checks.find_problems(one, result | {"sha256": "0" * 64}) == ["the result's SHA-256 is not the picture's"]


def test_a_missing_evidence_record_is_found(s3: "S3Client", checks: BucketChecks) -> None:
    one, result = _upload(s3, expected=QUARANTINED), _quarantined(s3, evidence_key=None)
    _remove(s3, one)

    assert checks.find_problems(one, result) == ["there is no evidence record beside its copy"]


class Denied:
    """A user to whom the read gate denies every object."""

    def head_object(self, **_: Any) -> None:
        raise ClientError({"Error": {"Code": "403"}}, "HeadObject")


def test_read_gate_that_lets_users_read_another_status_is_found(s3: "S3Client") -> None:
    checks = BucketChecks(s3, QUARANTINE, user=s3)
    clean, unscannable = _upload(s3), _upload(s3, "owner=demo&scan-status=unscannable")

    assert checks.find_problems(clean, {"status": "CLEAN"}) == []
    assert checks.find_problems(unscannable, {"status": "UNSCANNABLE"}) == [
        "users can read it though it is UNSCANNABLE"
    ]


@pytest.mark.parametrize("reason", ["document", "video", "audio", "archive"])
def test_skipped_upload_that_may_show_pictures_has_its_reason_as_tag(s3: "S3Client", reason: str) -> None:
    checks = BucketChecks(s3, QUARANTINE, user=Denied())  # type: ignore[arg-type]
    skipped, tagged = _upload(s3, "owner=demo&scan-status=skipped"), _upload(s3, f"owner=demo&scan-status={reason}")
    result = {"status": "SKIPPED", "reason": reason}

    assert checks.find_problems(tagged, result) == []
    assert "tags" in checks.find_problems(skipped, result)[0]
    assert BucketChecks(s3, QUARANTINE, user=s3).find_problems(tagged, result) == [
        "users can read it though it is SKIPPED"
    ]


def test_skipped_text_is_readable(s3: "S3Client") -> None:
    checks = BucketChecks(s3, QUARANTINE, user=s3)
    text = _upload(s3, "owner=demo&scan-status=skipped")

    assert checks.find_problems(text, {"status": "SKIPPED", "reason": "not-an-image"}) == []


def test_read_gate_that_denies_a_clean_object_is_found(s3: "S3Client") -> None:
    checks = BucketChecks(s3, QUARANTINE, user=Denied())  # type: ignore[arg-type]

    assert checks.find_problems(_upload(s3), {"status": "CLEAN"}) == ["no user can read it"]


def test_existing_object_with_status_gone_is_found(s3: "S3Client", checks: BucketChecks) -> None:
    one = _upload(s3)

    assert checks.find_problems(one, {"status": "GONE"})

    _remove(s3, one)
    assert checks.find_problems(one, {"status": "GONE"}) == []
