"""The uploads, with the history of each key."""

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from local.demo import results, upload
from local.demo.picture import Picture
from local.demo.upload import UploadedVersion
from tests.local.demo.factories import BUCKET, picture

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def _upload(s3: "S3Client", *pictures: Picture) -> list[UploadedVersion]:
    with ThreadPoolExecutor(1) as pool:
        uploading = upload.start_uploads(pool, s3, BUCKET, pictures)
    return results.finished_uploads(uploading)


def test_an_upload_carries_its_type_and_tags(s3: "S3Client") -> None:
    tags = {"owner": "Zoë + co", "album": "a/b=c"}

    [one] = _upload(s3, picture("odd +%20/ü.jpg", tags=tags, content_type="text/plain"))

    head = s3.head_object(Bucket=BUCKET, Key="odd +%20/ü.jpg", VersionId=one.version)
    found = s3.get_object_tagging(Bucket=BUCKET, Key="odd +%20/ü.jpg")["TagSet"]
    assert head["ContentType"] == "text/plain"
    assert {tag["Key"]: tag["Value"] for tag in found} == tags


def test_content_encoding_is_named_only_where_there_is_one(s3: "S3Client") -> None:
    _upload(s3, picture("plain.jpg"), picture("named.jpg", content_encoding="base64"))

    assert "ContentEncoding" not in s3.head_object(Bucket=BUCKET, Key="plain.jpg")
    assert s3.head_object(Bucket=BUCKET, Key="named.jpg")["ContentEncoding"] == "base64"


def test_pictures_of_one_key_become_its_versions_in_their_order(s3: "S3Client") -> None:
    first, other, second = _upload(s3, picture("a.jpg", content=b"1"), picture("a.jpg", content=b"2"), picture("b.jpg"))

    assert [first.picture.key, other.picture.key, second.picture.key] == ["a.jpg", "a.jpg", "b.jpg"]
    assert s3.get_object(Bucket=BUCKET, Key="a.jpg")["Body"].read() == b"2"
    assert s3.get_object(Bucket=BUCKET, Key="a.jpg", VersionId=first.version)["Body"].read() == b"1"


def test_a_deleted_picture_is_gone_and_a_hidden_one_is_not(s3: "S3Client") -> None:
    gone, hidden = _upload(s3, picture("gone", afterwards="delete"), picture("hidden", afterwards="hide"))

    with pytest.raises(ClientError):
        s3.get_object(Bucket=BUCKET, Key="gone", VersionId=gone.version)
    with pytest.raises(ClientError):
        s3.get_object(Bucket=BUCKET, Key="hidden")
    assert s3.get_object(Bucket=BUCKET, Key="hidden", VersionId=hidden.version)["Body"].read() == b"bytes"


def test_a_refused_upload_is_named(s3: "S3Client") -> None:
    with ThreadPoolExecutor(1) as pool:
        [uploading] = upload.start_uploads(pool, s3, BUCKET, [picture("a.jpg", tags={"<bad>": "tag"})])

    with pytest.raises(upload.UploadError, match=r"a\.jpg: it could not be uploaded"):
        uploading.result()
