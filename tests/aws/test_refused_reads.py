"""What aws/upload_bucket.py makes of 403, 404 and KMS errors: a missing right, a deleted version or a refused key."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.config import Config
from botocore.stub import Stubber

from photodna_guard.aws.upload_bucket import UploadBucket
from photodna_guard.domain.errors import (
    DecryptionRefusedError,
    DeferrableError,
    ObjectGoneError,
    ObjectNotFoundError,
    RetryableError,
)
from photodna_guard.domain.models import Upload
from tests.support.moto_aws import SESSION

VERSION = {"Bucket": "b", "Key": "k", "VersionId": "v"}


@pytest.fixture
def stubbed() -> Iterator[tuple[UploadBucket, Any]]:
    client = SESSION.client("s3", config=Config(retries={"total_max_attempts": 1}))
    with Stubber(client) as stubber:
        yield UploadBucket(client), stubber
        stubber.assert_no_pending_responses()


def read_error(bucket: UploadBucket) -> Exception:
    with pytest.raises((RetryableError, DeferrableError, ObjectGoneError)) as caught:
        bucket.read_head(Upload("b", "k", "e", "v"), 100)
    return caught.value


@pytest.mark.parametrize(
    "code",
    ["KMS.DisabledException", "KMS.InvalidStateException", "KMS.KMSInvalidStateException", "KMS.NotFoundException"],
)
def test_error_of_kms_is_a_refused_key(stubbed: tuple[UploadBucket, Any], code: str) -> None:
    bucket, stubber = stubbed
    stubber.add_client_error("get_object", code, http_status_code=400)
    assert (type(error := read_error(bucket)), str(error)) == (DecryptionRefusedError, "kms-key")


@pytest.mark.parametrize("encryption", ["aws:kms", "aws:kms:dsse"])
def test_refused_read_of_what_can_be_seen_under_a_kms_key_is_a_refused_key(
    stubbed: tuple[UploadBucket, Any], encryption: str
) -> None:
    """S3 answers AccessDenied for a refused key as for a refused read."""
    bucket, stubber = stubbed
    stubber.add_client_error("get_object", "AccessDenied", http_status_code=403)
    stubber.add_response("head_object", {"ServerSideEncryption": encryption}, VERSION)
    assert (type(error := read_error(bucket)), str(error)) == (DecryptionRefusedError, "kms-key")


def test_refused_read_without_a_kms_key_stays_a_failed_call(stubbed: tuple[UploadBucket, Any]) -> None:
    """An operator's mistake concerns every upload. It must not settle one of them."""
    bucket, stubber = stubbed
    stubber.add_client_error("get_object", "AccessDenied", http_status_code=403)
    stubber.add_response("head_object", {"ServerSideEncryption": "AES256"}, VERSION)
    error = read_error(bucket)
    assert not isinstance(error, DecryptionRefusedError | ObjectGoneError)
    assert str(error) == "s3:GetObject: AccessDenied"


def test_version_that_may_not_even_be_seen_is_never_gone(stubbed: tuple[UploadBucket, Any]) -> None:
    """Without s3:ListBucket S3 answers 403 for what is not there, too."""
    bucket, stubber = stubbed
    stubber.add_client_error("get_object", "AccessDenied", http_status_code=403)
    stubber.add_client_error("head_object", "403", http_status_code=403)
    error = read_error(bucket)
    assert not isinstance(error, DecryptionRefusedError | ObjectGoneError)
    assert str(error) == "s3:GetObject: AccessDenied"


@pytest.mark.parametrize(("code", "kind"), [("404", ObjectNotFoundError), ("SlowDown", DeferrableError)])
def test_other_answer_about_the_refused_version_counts(
    stubbed: tuple[UploadBucket, Any], code: str, kind: type[Exception]
) -> None:
    bucket, stubber = stubbed
    stubber.add_client_error("get_object", "AccessDenied", http_status_code=403)
    stubber.add_client_error("head_object", code, http_status_code=503 if code == "SlowDown" else 404)
    assert type(read_error(bucket)) is kind


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("NoSuchKey", 404, ObjectNotFoundError),
        ("NoSuchVersion", 404, ObjectNotFoundError),
        # A delete marker is there, and another object stands in its place: both are certain.
        ("MethodNotAllowed", 405, ObjectGoneError),
        ("PreconditionFailed", 412, ObjectGoneError),
    ],
)
def test_only_404_may_be_a_version_that_is_there(
    stubbed: tuple[UploadBucket, Any], code: str, status: int, kind: type[Exception]
) -> None:
    bucket, stubber = stubbed
    stubber.add_client_error("get_object", code, http_status_code=status)
    assert type(read_error(bucket)) is kind
