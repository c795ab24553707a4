"""The rules of S3 that the quarantine rests on: moto does not enforce them, LockedBucket is our own reading of them."""

import base64
import hashlib
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from botocore.exceptions import ClientError

from tests.aws.locked_bucket import LockedBucket
from tests.judges.seaweedfs.judged_bucket import JudgedBucket

BODY = b"picture"
IN_A_YEAR = datetime.now(UTC).replace(microsecond=0) + timedelta(days=365)
EARLIER, LATER = IN_A_YEAR - timedelta(days=1), IN_A_YEAR + timedelta(days=1)


@pytest.fixture(params=["LockedBucket", "SeaweedFS"])
def either(request: pytest.FixtureRequest) -> Any:
    """Return the fake of our tests, and the judge."""
    return LockedBucket() if request.param == "LockedBucket" else request.getfixturevalue("bucket")


def put(client: Any, mode: str = "GOVERNANCE", digest: bytes | None = None) -> Any:
    """Put the object as the quarantine does. Return its place."""
    checksum = base64.b64encode(digest or hashlib.sha256(BODY).digest()).decode()
    lock = {"ObjectLockMode": mode, "ObjectLockRetainUntilDate": IN_A_YEAR}
    where = {"Bucket": "quarantine", "Key": "folder/copy"}
    answer = client.put_object(**where, Body=BODY, ChecksumSHA256=checksum, IfNoneMatch="*", **lock)
    assert answer["ChecksumSHA256"] == checksum
    return where | {"VersionId": answer["VersionId"]}


def error_code(call: Any, **parameters: Any) -> str:
    """Return S3's error code; an empty text if the call succeeds."""
    try:
        call(**parameters)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


def test_second_object_of_a_key_is_refused(either: Any) -> None:
    put(either)
    assert error_code(put, client=either) == "PreconditionFailed"


def test_body_with_another_digest_is_refused(either: Any) -> None:
    assert error_code(put, client=either, digest=bytes(32)) == "BadDigest"
    assert either.versions == []


@pytest.mark.parametrize(
    ("mode", "wanted", "until", "code"),
    [
        ("GOVERNANCE", "GOVERNANCE", LATER, ""),
        ("GOVERNANCE", "GOVERNANCE", EARLIER, "AccessDenied"),
        ("GOVERNANCE", "COMPLIANCE", IN_A_YEAR, "AccessDenied"),
        ("GOVERNANCE", "COMPLIANCE", LATER, "AccessDenied"),
        ("COMPLIANCE", "COMPLIANCE", LATER, ""),
        ("COMPLIANCE", "COMPLIANCE", EARLIER, "AccessDenied"),
        ("COMPLIANCE", "GOVERNANCE", LATER, "AccessDenied"),
    ],
)
def test_lock_is_extended_in_its_mode_only(either: Any, mode: str, wanted: str, until: datetime, code: str) -> None:
    where = put(either, mode)
    retention = {"Mode": wanted, "RetainUntilDate": until}
    assert error_code(either.put_object_retention, **where, Retention=retention) == code


@pytest.mark.parametrize("mode", ["GOVERNANCE", "COMPLIANCE"])
def test_locked_version_is_not_deleted(bucket: JudgedBucket, mode: str) -> None:
    assert error_code(bucket.delete_object, **put(bucket, mode)) == "AccessDenied"


def test_legal_hold_outlasts_a_bypassed_lock(bucket: JudgedBucket) -> None:
    where = put(bucket)
    bucket.put_object_legal_hold(**where, LegalHold={"Status": "ON"})
    assert error_code(bucket.delete_object, **where, BypassGovernanceRetention=True) == "AccessDenied"
    bucket.put_object_legal_hold(**where, LegalHold={"Status": "OFF"})
    assert error_code(bucket.delete_object, **where, BypassGovernanceRetention=True) == ""


def test_presigned_url_ends(s3: Any, upload_bucket: str) -> None:
    s3.put_object(Bucket=upload_bucket, Key="a", Body=BODY)
    url = s3.generate_presigned_url("get_object", Params={"Bucket": upload_bucket, "Key": "a"}, ExpiresIn=3)
    assert requests.get(url, timeout=10).content == BODY
    time.sleep(4.1)
    assert requests.get(url, timeout=10).status_code == 403


def test_presigned_url_is_for_its_version_only(s3: Any, upload_bucket: str) -> None:
    first, second = (s3.put_object(Bucket=upload_bucket, Key="a", Body=body)["VersionId"] for body in (b"1", b"2"))
    where = {"Bucket": upload_bucket, "Key": "a", "VersionId": first}
    url = s3.generate_presigned_url("get_object", Params=where)
    assert requests.get(url, timeout=10).content == b"1"
    assert requests.get(url.replace(first, second), timeout=10).status_code == 403
