"""aws/quarantine.py against moto's S3, and against a Stubber where the answers are the point."""

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from guard.aws.quarantine import Quarantine
from guard.errors import Gone, TryAgain
from guard.model import Copy, Upload

NOW = 1_800_000_000.0
UPLOAD = Upload("uploads", "a b+c/😀.jpg", "etag", "v1")
UNTIL = datetime.fromtimestamp(NOW, UTC) + timedelta(days=365)
DIGEST = hashlib.sha256(b"picture").digest()


class Answers:
    """An S3 that gives these answers to the copy and to the question for its lock, and checks what is asked."""

    def __init__(self) -> None:
        self.client = boto3.client("s3")
        self.stubber = Stubber(self.client)
        self.quarantine = Quarantine(self.client, "quarantine", "COMPLIANCE", 365, now=lambda: NOW)

    def copy(self, digest: bytes = DIGEST, upload: Upload = UPLOAD, until: datetime = UNTIL) -> None:
        source: dict[str, Any] = {"Bucket": "uploads", "Key": upload.key}
        pin = {"CopySourceIfMatch": '"etag"'} if not upload.version_id else {}
        asked = {
            "Bucket": "quarantine",
            "Key": self.quarantine.key(upload),
            "CopySource": source | {"VersionId": upload.version_id or "null"},
            "ChecksumAlgorithm": "SHA256",
            "ObjectLockMode": "COMPLIANCE",
            "ObjectLockRetainUntilDate": until,
            **pin,
        }
        result = {"ETag": '"x"', "ChecksumSHA256": base64.b64encode(digest).decode()}
        self.stubber.add_response("copy_object", {"CopyObjectResult": result, "VersionId": "q1"}, asked)

    def lock(self, mode: str = "COMPLIANCE", until: datetime = UNTIL) -> None:
        asked = {"Bucket": "quarantine", "Key": ANY, "VersionId": "q1"}
        lock = {"Retention": {"Mode": mode, "RetainUntilDate": until}}
        self.stubber.add_response("get_object_retention", lock, asked)

    def keep(self, upload: Upload = UPLOAD, is_test: bool = False) -> Copy:
        with self.stubber:
            return self.quarantine.keep(upload, b"picture", is_test)


@pytest.fixture
def answers(aws: None) -> Answers:
    return Answers()


def test_a_copy_is_pinned_locked_and_verified(answers: Answers) -> None:
    answers.copy()
    answers.lock()
    assert answers.keep() == Copy("q1", DIGEST.hex())
    answers.stubber.assert_no_pending_responses()


def test_without_versions_the_copy_is_pinned_to_the_etag(answers: Answers) -> None:
    upload = Upload("uploads", "a.jpg", "etag")
    answers.copy(upload=upload)
    answers.lock()
    assert answers.keep(upload)


def test_a_test_match_is_locked_for_a_day(answers: Answers) -> None:
    tomorrow = datetime.fromtimestamp(NOW, UTC) + timedelta(days=1)
    answers.copy(until=tomorrow)
    answers.lock(until=tomorrow)
    assert answers.keep(is_test=True)


def test_a_copy_of_other_bytes_is_no_copy(answers: Answers) -> None:
    answers.copy(digest=hashlib.sha256(b"other").digest())
    with pytest.raises(TryAgain, match="SHA-256"):
        answers.keep()


@pytest.mark.parametrize(
    ("mode", "until"), [("GOVERNANCE", UNTIL), ("COMPLIANCE", UNTIL - timedelta(seconds=1)), ("", UNTIL)]
)
def test_a_copy_under_a_weaker_lock_is_no_copy(answers: Answers, mode: str, until: datetime) -> None:
    answers.copy()
    answers.lock(mode, until)
    with pytest.raises(TryAgain, match="lock"):
        answers.keep()


@pytest.mark.parametrize("code", ["NoSuchKey", "NoSuchVersion", "PreconditionFailed"])
def test_a_source_that_is_gone_is_told_of(answers: Answers, code: str) -> None:
    answers.stubber.add_client_error("copy_object", code)
    with pytest.raises(Gone):
        answers.keep()


def test_a_refused_copy_is_tried_again(answers: Answers) -> None:
    answers.stubber.add_client_error("copy_object", "AccessDenied")
    with pytest.raises(TryAgain, match="s3:CopyObject: AccessDenied"):
        answers.keep()


def test_the_key_is_short_for_the_longest_upload_and_its_own_for_each() -> None:
    quarantine = Quarantine(boto3.client("s3"), "quarantine", "GOVERNANCE", 1)
    uploads = [
        Upload("b", "k" * 1024, "e", "v"),
        Upload("b", "k", "e", "v"),
        Upload("b", "k", "e", "w"),
        Upload("b", "k", "e"),
    ]
    keys = {quarantine.key(upload) for upload in uploads}
    assert len(keys) == 4
    assert all(len(key) < 200 for key in keys)
