"""Uploads what an event speaks of into the embedded cloud, in the way that the event tells of."""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from local.demo.picture import Picture
from local.demo.upload import UploadedVersion
from local.invoke.cases import Case, picture
from local.invoke.spoken_of import Stored
from photodna_guard.domain.models import Upload

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True)
class Laid:
    """What is there for one event: `others` are versions that it does not speak of."""

    uploaded: list[UploadedVersion]
    others: list[UploadedVersion]
    stored: dict[str, Stored]  # by the version in the event


def lay(s3: "S3Client", bucket: str, case: Case, spoken_of: list[Upload]) -> Laid:
    """Uploads all that the case wants."""
    laid = Laid([], [], {})
    for upload, shows in zip(spoken_of, case.shows, strict=True):
        wanted, other = picture(upload.key, shows), picture(upload.key, "clean")
        laid.others.extend([_put(s3, bucket, other)] if case.history else [])
        match case.how:
            case "put":
                one = _put(s3, bucket, wanted)
            case "multipart":
                one = _multipart(s3, bucket, wanted)
            case "copy":
                source = _put(s3, bucket, picture(f"drafts/{upload.key}", shows))
                laid.others.append(source)
                one = _copy(s3, source, wanted)
        laid.others.extend([_put(s3, bucket, other)] if case.history else [])
        laid.uploaded.append(one)
        laid.stored[str(upload.version_id)] = _stored(s3, one)
    return laid


def _put(s3: "S3Client", bucket: str, what: Picture) -> UploadedVersion:
    at = time.time()
    answer = s3.put_object(Bucket=bucket, Key=what.key, Body=_bytes(what), Tagging=urlencode(what.tags))
    return UploadedVersion(what, bucket, answer["VersionId"], at)


def _multipart(s3: "S3Client", bucket: str, what: Picture) -> UploadedVersion:
    """In one part: every part but the last has at least 5 MB, and pictures of that size are not taken by URL."""
    at, tags = time.time(), urlencode(what.tags)
    begun = s3.create_multipart_upload(Bucket=bucket, Key=what.key, Tagging=tags)["UploadId"]
    part = s3.upload_part(Bucket=bucket, Key=what.key, UploadId=begun, PartNumber=1, Body=_bytes(what))
    answer = s3.complete_multipart_upload(
        Bucket=bucket,
        Key=what.key,
        UploadId=begun,
        MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]},
    )
    return UploadedVersion(what, bucket, answer["VersionId"], at)


def _copy(s3: "S3Client", source: UploadedVersion, what: Picture) -> UploadedVersion:
    at = time.time()
    answer = s3.copy_object(
        Bucket=source.bucket,
        Key=what.key,
        CopySource={"Bucket": source.bucket, "Key": source.picture.key, "VersionId": source.version},
    )
    return UploadedVersion(what, source.bucket, answer["VersionId"], at)


def _stored(s3: "S3Client", one: UploadedVersion) -> Stored:
    head = s3.head_object(Bucket=one.bucket, Key=one.picture.key, VersionId=one.version)
    return Stored(one.version, head["ETag"].strip('"'), head["ContentLength"])


def _bytes(what: Picture) -> bytes:
    with what.open() as stream:
        return stream.read()
