"""aws/uploads.py against moto's S3."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
import requests
from botocore.config import Config
from botocore.stub import Stubber

from photodna_guard.aws.upload_bucket import UploadBucket
from photodna_guard.domain.errors import DeferrableError, ObjectGoneError, RetryableError, UnscannableError
from photodna_guard.domain.models import ObjectHead, Upload

KEY = "ordner/a b+c%20 😀.jpg"


def put(s3: Any, body: bytes = b"picture", key: str = KEY, bucket: str = "uploads", **more: Any) -> Upload:
    answer = s3.put_object(Bucket=bucket, Key=key, Body=body, **more)
    return Upload(bucket, key, answer["ETag"].strip('"'), answer.get("VersionId"))


@pytest.fixture
def uploads(s3: Any, upload_bucket: str) -> UploadBucket:
    return UploadBucket(boto3.client("s3", config=Config(signature_version="s3v4")))


@pytest.fixture
def plain_bucket(s3: Any) -> str:
    s3.create_bucket(Bucket="plain")
    return "plain"


def tags(s3: Any, upload: Upload) -> dict[str, str]:
    where = {"Bucket": upload.bucket, "Key": upload.key} | (
        {"VersionId": upload.version_id} if upload.version_id else {}
    )
    return {tag["Key"]: tag["Value"] for tag in s3.get_object_tagging(**where)["TagSet"]}


def test_a_look_shows_size_encoding_and_first_bytes_in_one_call(s3: Any, uploads: UploadBucket) -> None:
    upload = put(s3, b"0123456789", ContentEncoding="GZIP")
    assert uploads.read_head(upload, 4) == ObjectHead(10, b"0123", "gzip", proved=False)


def test_a_look_at_fewer_bytes_than_asked_for_shows_them_all(s3: Any, uploads: UploadBucket) -> None:
    assert uploads.read_head(put(s3, b"abc"), 100) == ObjectHead(3, b"abc")


def test_a_look_is_at_the_version_of_the_event_and_not_at_what_came_later(s3: Any, uploads: UploadBucket) -> None:
    upload = put(s3, b"first")
    put(s3, b"second")
    assert uploads.read_head(upload, 100).head == b"first"
    assert uploads.read_object(upload).content == b"first"


def test_a_read_shows_what_the_uploader_said_of_the_bytes_and_when_s3_had_them(s3: Any, uploads: UploadBucket) -> None:
    source = uploads.read_object(
        put(s3, b"bytes", ContentType="image/jpeg", Metadata={"album": "x" * 1500, "by": "a\tb"})
    )
    assert (source.content, source.content_type) == (b"bytes", "image/jpeg")
    assert source.metadata == {"album": "x" * 1500, "by": "a\tb"}
    assert datetime.fromisoformat(source.last_modified).utcoffset() == timedelta(0)


def test_a_look_counts_the_tags(s3: Any, uploads: UploadBucket) -> None:
    assert uploads.read_head(put(s3, b"abc", Tagging="album=holiday&by=me"), 100).tags == 2
    assert uploads.read_head(put(s3, b"abc"), 100).tags == 0


def test_an_empty_object_is_read_as_nothing(s3: Any, uploads: UploadBucket) -> None:
    upload = put(s3, b"")
    assert uploads.read_head(upload, 100).size == 0
    assert uploads.read_object(upload).content == b""


def test_an_empty_object_whose_range_s3_refuses_is_empty() -> None:
    client, stubber = stubbed("get_object", "InvalidRange", 416)
    with stubber:
        assert UploadBucket(client).read_head(Upload("b", "k", "e", "v"), 100) == ObjectHead(0, b"")


def test_what_was_deleted_is_gone(s3: Any, uploads: UploadBucket) -> None:
    upload = put(s3)
    s3.delete_object(Bucket="uploads", Key=KEY, VersionId=upload.version_id)
    with pytest.raises(ObjectGoneError, match="deleted"):
        uploads.read_head(upload, 10)
    with pytest.raises(ObjectGoneError):
        uploads.set_status_tag(upload, "clean")


def test_without_versions_what_was_overwritten_is_gone(s3: Any, uploads: UploadBucket, plain_bucket: str) -> None:
    upload = put(s3, b"first", bucket=plain_bucket)
    put(s3, b"second", bucket=plain_bucket)
    with pytest.raises(ObjectGoneError, match="overwritten"):
        uploads.read_head(upload, 10)


def test_a_url_is_signed_for_this_version_and_for_five_minutes(s3: Any, uploads: UploadBucket) -> None:
    upload = put(s3)
    query = parse_qs(urlsplit(uploads.presign(upload)).query)
    assert query["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    assert query["X-Amz-Expires"] == ["300"]
    assert query["versionId"] == [upload.version_id]


def test_a_url_of_any_key_reads_the_object(s3: Any, uploads: UploadBucket) -> None:
    assert requests.get(uploads.presign(put(s3, b"bytes")), timeout=5).content == b"bytes"


def test_the_tag_stands_beside_the_users_own(s3: Any, uploads: UploadBucket) -> None:
    upload = put(s3, Tagging="album=holiday&by=me")
    assert uploads.set_status_tag(upload, "clean")
    assert tags(s3, upload) == {"album": "holiday", "by": "me", "scan-status": "clean"}


def test_a_verdict_that_the_uploader_made_up_is_overwritten(s3: Any, uploads: UploadBucket) -> None:
    upload = put(s3, Tagging="scan-status=clean&album=holiday")
    assert uploads.set_status_tag(upload, "unscannable")
    assert tags(s3, upload) == {"scan-status": "unscannable", "album": "holiday"}


def test_a_made_up_verdict_among_ten_tags_is_overwritten_too(s3: Any, uploads: UploadBucket) -> None:
    upload = put(s3, Tagging="scan-status=clean&" + "&".join(f"t{i}=x" for i in range(9)))
    assert uploads.set_status_tag(upload, "skipped")
    assert tags(s3, upload)["scan-status"] == "skipped"


def test_a_verdict_in_another_case_is_taken_away(s3: Any, uploads: UploadBucket) -> None:
    """IAM does not tell Scan-Status from scan-status: it would open the gate."""
    upload = put(s3, b"x", Tagging="Scan-Status=clean&owner=me")
    assert uploads.set_status_tag(upload, "unscannable")
    assert tags(s3, upload) == {"owner": "me", "scan-status": "unscannable"}


def test_a_tag_that_is_right_is_not_written_again(s3: Any, uploads: UploadBucket) -> None:
    upload = put(s3, Tagging="scan-status=clean")
    written: list[str] = []
    uploads._client.meta.events.register("before-send.s3.PutObjectTagging", lambda **_: written.append("x"))
    assert uploads.set_status_tag(upload, "clean")
    assert written == []


def test_a_tag_of_what_is_known_to_have_none_is_set_in_one_call(s3: Any, uploads: UploadBucket) -> None:
    upload, made = put(s3), []
    uploads._client.meta.events.register("before-send.s3", lambda request, **_: made.append(request.method))
    assert uploads.set_status_tag(upload, "matched", assume_untagged=True)
    assert made == ["PUT"]
    assert tags(s3, upload) == {"scan-status": "matched"}


def test_only_the_version_is_tagged(s3: Any, uploads: UploadBucket) -> None:
    first, second = put(s3, b"1"), put(s3, b"2")
    uploads.set_status_tag(first, "matched", assume_untagged=True)
    assert tags(s3, second) == {}


def test_ten_tags_of_the_users_are_left_as_they_are(s3: Any, uploads: UploadBucket) -> None:
    upload = put(s3, Tagging="&".join(f"t{i}=x" for i in range(10)))
    assert not uploads.set_status_tag(upload, "clean")
    assert len(tags(s3, upload)) == 10


def test_only_the_version_is_deleted(s3: Any, uploads: UploadBucket) -> None:
    first, second, third = put(s3, b"1"), put(s3, b"2"), put(s3, b"3")
    uploads.delete_version(second)
    uploads.delete_version(second)  # once more is no error
    left = s3.list_object_versions(Bucket="uploads")
    assert {version["VersionId"] for version in left["Versions"]} == {first.version_id, third.version_id}
    assert "DeleteMarkers" not in left


def test_without_versions_the_deletion_is_pinned_to_the_etag() -> None:
    client = a_client()
    with Stubber(client) as stubber:
        stubber.add_response("delete_object", {}, {"Bucket": "b", "Key": "k", "VersionId": "null", "IfMatch": '"e"'})
        UploadBucket(client).delete_version(Upload("b", "k", "e"))
        stubber.assert_no_pending_responses()


def test_a_null_version_below_a_later_one_is_deleted_all_the_same() -> None:
    """Uploaded before the bucket had versions, overwritten since: a conditional deletion sees the later one only."""
    client, null = a_client(), {"Bucket": "b", "Key": "k", "VersionId": "null"}
    with Stubber(client) as stubber:
        stubber.add_client_error("delete_object", "PreconditionFailed", http_status_code=412)
        stubber.add_response("get_object", {}, null | {"IfMatch": '"e"', "Range": "bytes=0-0"})
        stubber.add_response("delete_object", {}, null)
        UploadBucket(client).delete_version(Upload("b", "k", "e"))
        stubber.assert_no_pending_responses()


def test_without_versions_what_replaced_the_object_is_not_deleted() -> None:
    client = a_client()
    with Stubber(client) as stubber:
        stubber.add_client_error("delete_object", "PreconditionFailed", http_status_code=412)
        stubber.add_client_error("get_object", "PreconditionFailed", http_status_code=412)
        with pytest.raises(ObjectGoneError, match="overwritten"):
            UploadBucket(client).delete_version(Upload("b", "k", "e"))
        stubber.assert_no_pending_responses()


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [
        ("AccessDenied", 403, RetryableError),  # a mistake in a policy, that somebody mends within three days
        ("KMS.DisabledException", 400, RetryableError),
        ("InternalError", 500, RetryableError),
        ("SlowDown", 503, DeferrableError),
        ("InvalidRequest", 400, UnscannableError),
        ("InvalidObjectState", 403, UnscannableError),
        ("MethodNotAllowed", 405, ObjectGoneError),
        ("NoSuchVersion", 404, ObjectGoneError),
    ],
)
def test_each_refusal_of_s3_means_what_it_means(code: str, status: int, error: type[Exception]) -> None:
    client, stubber = stubbed("get_object", code, status)
    with stubber, pytest.raises(error) as caught:
        UploadBucket(client).read_head(Upload("b", "k", "e", "v"), 100)
    assert "https://" not in str(caught.value)


def a_client() -> Any:
    return boto3.client("s3", config=Config(retries={"total_max_attempts": 1}))


def stubbed(operation: str, code: str, status: int) -> tuple[Any, Stubber]:
    client = a_client()
    stubber = Stubber(client)
    stubber.add_client_error(
        operation, code, "see https://example.org/?X-Amz-Signature=5ec2e7", http_status_code=status
    )
    return client, stubber
