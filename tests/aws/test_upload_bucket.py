"""aws/upload_bucket.py against moto's S3: reads, URLs and deletions."""

from datetime import datetime, timedelta
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from botocore.config import Config
from botocore.stub import Stubber

from photodna_guard.aws.upload_bucket import UploadBucket
from photodna_guard.domain.errors import DeferrableError, ObjectGoneError, RetryableError, UnscannableError
from photodna_guard.domain.models import ObjectHead, Upload
from tests.aws.s3_objects import KEY, put_object
from tests.support.moto_aws import SESSION


def test_head_has_size_headers_and_first_bytes(s3: Any, uploads: UploadBucket) -> None:
    upload = put_object(s3, b"0123456789", ContentEncoding="GZIP", ContentType=" Image/JPEG ")
    assert uploads.read_head(upload, 4) == ObjectHead(10, b"0123", "gzip", "image/jpeg", proved=False)


def test_head_of_a_short_object_is_all_of_it(s3: Any, uploads: UploadBucket) -> None:
    head = uploads.read_head(put_object(s3, b"abc"), 100)
    assert (head.size, head.head, head.proved) == (3, b"abc", True)


def test_reads_are_of_the_version_of_the_event(s3: Any, uploads: UploadBucket) -> None:
    upload = put_object(s3, b"first")
    put_object(s3, b"second")
    assert uploads.read_head(upload, 100).head == b"first"
    assert uploads.read_object(upload).content == b"first"


def test_download_is_of_the_version_of_the_event(s3: Any, uploads: UploadBucket) -> None:
    upload, file = put_object(s3, b"first" * 1_000_000), BytesIO()
    put_object(s3, b"second")
    uploads.download(upload, file)
    assert file.getvalue() == b"first" * 1_000_000


def test_deleted_object_is_not_downloaded(s3: Any, uploads: UploadBucket) -> None:
    upload = put_object(s3)
    s3.delete_object(Bucket="uploads", Key=KEY, VersionId=upload.version_id)
    with pytest.raises(ObjectGoneError, match="deleted"):
        uploads.download(upload, BytesIO())


def test_object_has_its_headers_metadata_and_time(s3: Any, uploads: UploadBucket) -> None:
    source = uploads.read_object(
        put_object(s3, b"bytes", ContentType="image/jpeg", Metadata={"album": "x" * 1500, "by": "a\tb"})
    )
    assert (source.content, source.content_type) == (b"bytes", "image/jpeg")
    assert source.metadata == {"album": "x" * 1500, "by": "a\tb"}
    assert datetime.fromisoformat(source.last_modified).utcoffset() == timedelta(0)


def test_head_counts_the_read_tags(s3: Any, uploads: UploadBucket) -> None:
    assert uploads.read_head(put_object(s3, b"abc", Tagging="album=holiday&by=me"), 100).tags == 2
    assert uploads.read_head(put_object(s3, b"abc"), 100).tags == 0


def test_empty_object_is_read_as_empty(s3: Any, uploads: UploadBucket) -> None:
    upload = put_object(s3, b"")
    assert uploads.read_head(upload, 100).size == 0
    assert uploads.read_object(upload).content == b""


def test_refused_range_of_an_empty_object_is_empty() -> None:
    client, stubber = client_with_error("get_object", "InvalidRange", 416)
    with stubber:
        assert UploadBucket(client).read_head(Upload("b", "k", "e", "v"), 100) == ObjectHead(0, b"")


def test_deleted_object_is_gone(s3: Any, uploads: UploadBucket) -> None:
    upload = put_object(s3)
    s3.delete_object(Bucket="uploads", Key=KEY, VersionId=upload.version_id)
    with pytest.raises(ObjectGoneError, match="deleted"):
        uploads.read_head(upload, 10)
    with pytest.raises(ObjectGoneError):
        uploads.set_status_tag(upload, "clean")


def test_overwritten_unversioned_object_is_gone(s3: Any, uploads: UploadBucket, plain_bucket: str) -> None:
    upload = put_object(s3, b"first", bucket=plain_bucket)
    put_object(s3, b"second", bucket=plain_bucket)
    with pytest.raises(ObjectGoneError, match="overwritten"):
        uploads.read_head(upload, 10)


def test_url_is_signed_for_its_version_and_five_minutes(s3: Any, uploads: UploadBucket) -> None:
    upload = put_object(s3)
    query = parse_qs(urlsplit(uploads.presign(upload)).query)
    assert query["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    assert query["X-Amz-Expires"] == ["300"]
    assert query["versionId"] == [upload.version_id]


def test_url_of_an_odd_key_reads_the_object(s3: Any, uploads: UploadBucket) -> None:
    assert requests.get(uploads.presign(put_object(s3, b"bytes")), timeout=5).content == b"bytes"


def test_only_the_version_is_deleted(s3: Any, uploads: UploadBucket) -> None:
    first, second, third = put_object(s3, b"1"), put_object(s3, b"2"), put_object(s3, b"3")
    # A repeated deletion is no error.
    for _ in range(2):
        uploads.delete_version(second)
    left = s3.list_object_versions(Bucket="uploads")
    assert {version["VersionId"] for version in left["Versions"]} == {first.version_id, third.version_id}
    assert "DeleteMarkers" not in left


def test_unversioned_deletion_names_the_etag() -> None:
    client = client_without_retries()
    with Stubber(client) as stubber:
        stubber.add_response("delete_object", {}, {"Bucket": "b", "Key": "k", "VersionId": "null", "IfMatch": '"e"'})
        UploadBucket(client).delete_version(Upload("b", "k", "e"))
        stubber.assert_no_pending_responses()


def test_null_version_below_a_later_one_is_deleted() -> None:
    """Uploaded before the bucket had versions, overwritten since: a conditional deletion sees the later one only."""
    client, null = client_without_retries(), {"Bucket": "b", "Key": "k", "VersionId": "null"}
    with Stubber(client) as stubber:
        stubber.add_client_error("delete_object", "PreconditionFailed", http_status_code=412)
        stubber.add_response("get_object", {}, null | {"IfMatch": '"e"', "Range": "bytes=0-0"})
        stubber.add_response("delete_object", {}, null)
        UploadBucket(client).delete_version(Upload("b", "k", "e"))
        stubber.assert_no_pending_responses()


def test_unversioned_replacement_is_not_deleted() -> None:
    client = client_without_retries()
    with Stubber(client) as stubber:
        stubber.add_client_error("delete_object", "PreconditionFailed", http_status_code=412)
        stubber.add_client_error("get_object", "PreconditionFailed", http_status_code=412)
        with pytest.raises(ObjectGoneError, match="overwritten"):
            UploadBucket(client).delete_version(Upload("b", "k", "e"))
        stubber.assert_no_pending_responses()


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [
        # An operator can mend a policy within three days.
        ("AccessDenied", 403, RetryableError),
        ("KMS.DisabledException", 400, RetryableError),
        ("InternalError", 500, RetryableError),
        ("SlowDown", 503, DeferrableError),
        ("InvalidRequest", 400, UnscannableError),
        ("InvalidObjectState", 403, UnscannableError),
        ("MethodNotAllowed", 405, ObjectGoneError),
        ("NoSuchVersion", 404, ObjectGoneError),
    ],
)
def test_error_of_s3_is_translated(code: str, status: int, error: type[Exception]) -> None:
    client, stubber = client_with_error("get_object", code, status)
    with stubber, pytest.raises(error) as caught:
        UploadBucket(client).read_head(Upload("b", "k", "e", "v"), 100)
    assert "https://" not in str(caught.value)


def client_without_retries() -> Any:
    return SESSION.client("s3", config=Config(retries={"total_max_attempts": 1}))


def client_with_error(operation: str, code: str, status: int) -> tuple[Any, Stubber]:
    client = client_without_retries()
    stubber = Stubber(client)
    stubber.add_client_error(
        operation, code, "see https://example.org/?X-Amz-Signature=5ec2e7", http_status_code=status
    )
    return client, stubber
