"""Uploads the objects that an event names to the embedded cloud, by the method that the event reports."""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from local.demo.picture import Picture
from local.demo.upload import UploadedVersion
from local.invoke.cases import Case, make_picture
from local.invoke.event_uploads import StoredVersion, placeholder
from photodna_guard.domain.models import Upload

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True)
class UploadedObjects:
    """The versions of one event. `others` are versions that it does not name."""

    uploaded: list[UploadedVersion]
    others: list[UploadedVersion]
    # By event_uploads.placeholder.
    stored: dict[str, StoredVersion]


def upload_objects(s3: "S3Client", bucket: str, case: Case, uploads: list[Upload]) -> UploadedObjects:
    """Upload the objects of the case."""
    objects = UploadedObjects([], [], {})
    for upload, content in zip(uploads, case.contents, strict=True):
        wanted, other = make_picture(upload.key, content), make_picture(upload.key, "clean")
        objects.others.extend([_upload(s3, bucket, other)] if case.has_history else [])
        match case.method:
            case "put":
                one = _upload(s3, bucket, wanted)
            case "multipart":
                one = _upload_multipart(s3, bucket, wanted)
            case "copy":
                source = _upload(s3, bucket, make_picture(f"drafts/{upload.key}", content))
                objects.others.append(source)
                one = _copy(s3, source, wanted)
        objects.others.extend([_upload(s3, bucket, other)] if case.has_history else [])
        objects.uploaded.append(one)
        objects.stored[placeholder(upload)] = _read_stored(s3, one)
    return objects


def _upload(s3: "S3Client", bucket: str, picture: Picture) -> UploadedVersion:
    began_at = time.time()
    answer = s3.put_object(Bucket=bucket, Key=picture.key, Body=_read_bytes(picture), Tagging=urlencode(picture.tags))
    return UploadedVersion(picture, bucket, answer["VersionId"], began_at)


def _upload_multipart(s3: "S3Client", bucket: str, picture: Picture) -> UploadedVersion:
    """Upload in one part. A part before the last has at least 5 MB, and the service takes no such picture by URL."""
    began_at, tags = time.time(), urlencode(picture.tags)
    upload_id = s3.create_multipart_upload(Bucket=bucket, Key=picture.key, Tagging=tags)["UploadId"]
    part = s3.upload_part(Bucket=bucket, Key=picture.key, UploadId=upload_id, PartNumber=1, Body=_read_bytes(picture))
    answer = s3.complete_multipart_upload(
        Bucket=bucket,
        Key=picture.key,
        UploadId=upload_id,
        MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]},
    )
    return UploadedVersion(picture, bucket, answer["VersionId"], began_at)


def _copy(s3: "S3Client", source: UploadedVersion, picture: Picture) -> UploadedVersion:
    began_at = time.time()
    answer = s3.copy_object(
        Bucket=source.bucket,
        Key=picture.key,
        CopySource={"Bucket": source.bucket, "Key": source.picture.key, "VersionId": source.version},
    )
    return UploadedVersion(picture, source.bucket, answer["VersionId"], began_at)


def _read_stored(s3: "S3Client", one: UploadedVersion) -> StoredVersion:
    head = s3.head_object(Bucket=one.bucket, Key=one.picture.key, VersionId=one.version)
    return StoredVersion(one.version, head["ETag"].strip('"'), head["ContentLength"])


def _read_bytes(picture: Picture) -> bytes:
    with picture.open() as stream:
        return stream.read()
