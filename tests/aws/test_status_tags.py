"""aws/upload_bucket.py against moto's S3: the status tag."""

from typing import Any

import pytest

from photodna_guard.aws.upload_bucket import UploadBucket
from photodna_guard.domain.errors import ObjectGoneError
from photodna_guard.domain.models import NULL_VERSION, Upload
from tests.aws.s3_objects import put_object, read_tags


def test_status_tag_keeps_the_users_read_tags(s3: Any, uploads: UploadBucket) -> None:
    upload = put_object(s3, Tagging="album=holiday&by=me")
    assert uploads.set_status_tag(upload, "clean")
    assert read_tags(s3, upload) == {"album": "holiday", "by": "me", "scan-status": "clean"}


def test_status_tag_of_the_uploader_is_overwritten(s3: Any, uploads: UploadBucket) -> None:
    upload = put_object(s3, Tagging="scan-status=clean&album=holiday")
    assert uploads.set_status_tag(upload, "unscannable")
    assert read_tags(s3, upload) == {"scan-status": "unscannable", "album": "holiday"}


def test_status_tag_of_the_uploader_among_ten_is_overwritten(s3: Any, uploads: UploadBucket) -> None:
    upload = put_object(s3, Tagging="scan-status=clean&" + "&".join(f"t{i}=x" for i in range(9)))
    assert uploads.set_status_tag(upload, "skipped")
    assert read_tags(s3, upload)["scan-status"] == "skipped"


def test_status_tag_in_another_case_is_removed(s3: Any, uploads: UploadBucket) -> None:
    """IAM does not tell Scan-Status from scan-status, so this tag would open the read gate."""
    upload = put_object(s3, b"x", Tagging="Scan-Status=clean&owner=me")
    assert uploads.set_status_tag(upload, "unscannable")
    assert read_tags(s3, upload) == {"owner": "me", "scan-status": "unscannable"}


def test_right_status_tag_is_not_rewritten(s3: Any, uploads: UploadBucket) -> None:
    upload = put_object(s3, Tagging="scan-status=clean")
    calls: list[str] = []
    uploads._client.meta.events.register("before-send.s3.PutObjectTagging", lambda **_: calls.append("x"))
    assert uploads.set_status_tag(upload, "clean")
    assert calls == []


def test_untagged_object_is_tagged_in_one_call(s3: Any, uploads: UploadBucket) -> None:
    upload = put_object(s3)
    methods: list[str] = []
    uploads._client.meta.events.register("before-send.s3", lambda request, **_: methods.append(request.method))
    assert uploads.set_status_tag(upload, "matched", own_tags={})
    assert methods == ["PUT"]
    assert read_tags(s3, upload) == {"scan-status": "matched"}


def test_only_the_version_is_tagged(s3: Any, uploads: UploadBucket) -> None:
    first, second = put_object(s3, b"1"), put_object(s3, b"2")
    uploads.set_status_tag(first, "matched", own_tags={})
    assert read_tags(s3, second) == {}


def test_ten_tags_of_the_user_are_left(s3: Any, uploads: UploadBucket) -> None:
    upload = put_object(s3, Tagging="&".join(f"t{i}=x" for i in range(10)))
    assert not uploads.set_status_tag(upload, "clean")
    assert len(read_tags(s3, upload)) == 10


def test_status_tag_alone_replaces_ten_tags(s3: Any, uploads: UploadBucket) -> None:
    upload = put_object(s3, Tagging="&".join(f"t{i}=x" for i in range(10)))
    uploads.set_only_status_tag(upload, "matched")
    assert read_tags(s3, upload) == {"scan-status": "matched"}


def test_own_tags_are_those_but_the_status_tag(s3: Any, uploads: UploadBucket) -> None:
    upload = put_object(s3, Tagging="scan-status=clean&Scan-Status=clean&album=holiday")
    assert uploads.read_own_tags(upload) == {"Scan-Status": "clean", "album": "holiday"}


def test_own_tags_that_were_read_are_kept_by_one_call(s3: Any, uploads: UploadBucket) -> None:
    upload = put_object(s3, Tagging="album=holiday")
    own_tags, methods = uploads.read_own_tags(upload), []  # type: tuple[dict[str, str], list[str]]
    uploads._client.meta.events.register("before-send.s3", lambda request, **_: methods.append(request.method))
    assert uploads.set_status_tag(upload, "matched", own_tags)
    assert methods == ["PUT"]
    assert read_tags(s3, upload) == {"album": "holiday", "scan-status": "matched"}


@pytest.fixture
def null_version(s3: Any, plain_bucket: str) -> Upload:
    """Upload a picture before the bucket keeps versions. They are suspended again, as an upload may still see them."""
    etag = s3.put_object(Bucket=plain_bucket, Key="old.jpg", Body=b"checked", Tagging="album=old")["ETag"].strip('"')
    s3.put_bucket_versioning(Bucket=plain_bucket, VersioningConfiguration={"Status": "Suspended"})
    return Upload(plain_bucket, "old.jpg", etag, NULL_VERSION)


def overwrite(s3: Any, upload: Upload) -> None:
    s3.put_object(Bucket=upload.bucket, Key=upload.key, Body=b"never checked", Tagging="album=new")


def test_null_version_gets_its_status(s3: Any, null_version: Upload) -> None:
    assert UploadBucket(s3).set_status_tag(null_version, "clean")
    assert read_tags(s3, null_version) == {"album": "old", "scan-status": "clean"}


def test_status_opens_no_null_version_that_was_overwritten_before(s3: Any, null_version: Upload) -> None:
    overwrite(s3, null_version)
    with pytest.raises(ObjectGoneError, match="overwritten"):
        UploadBucket(s3).set_status_tag(null_version, "clean")
    assert read_tags(s3, null_version) == {"album": "new"}


def test_status_is_taken_back_from_a_null_version_that_is_overwritten_meanwhile(s3: Any, null_version: Upload) -> None:
    def come_first(**_: Any) -> None:
        s3.meta.events.unregister("before-send.s3.PutObjectTagging", come_first)
        overwrite(s3, null_version)

    s3.meta.events.register("before-send.s3.PutObjectTagging", come_first)
    with pytest.raises(ObjectGoneError, match="overwritten"):
        UploadBucket(s3).set_status_tag(null_version, "clean")
    assert "scan-status" not in read_tags(s3, null_version)
