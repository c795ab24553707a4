"""Uploads the pictures, and hides or deletes those whose `afterwards` asks for it."""

import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from botocore.exceptions import BotoCoreError, ClientError

from local.demo.picture import Picture
from local.demo.text import escape_invisible

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True)
class UploadedVersion:
    """A picture's version in the upload bucket."""

    picture: Picture
    bucket: str
    version: str
    # The time at which the upload began.
    began_at: float  # seconds since 1970

    @property
    def id(self) -> tuple[str, str]:
        """The key of its result in the results table."""
        return f"{self.bucket}/{self.picture.key}", self.version


class UploadError(Exception):
    """S3 refused an upload, or its file could not be read. The message names the key."""


PendingUpload = Future[list[UploadedVersion]]


def start_uploads(pool: Executor, s3: "S3Client", bucket: str, pictures: Iterable[Picture]) -> list[PendingUpload]:
    """Start the uploads: keys in parallel, the versions of one key in their order.

    A future raises UploadError if a version of its key could not be uploaded.
    """
    histories = defaultdict[str, list[Picture]](list)
    for picture in pictures:
        histories[picture.key].append(picture)
    return [pool.submit(_upload_versions, s3, bucket, versions) for versions in histories.values()]


def _upload_versions(s3: "S3Client", bucket: str, versions: Sequence[Picture]) -> list[UploadedVersion]:
    try:
        return [_upload(s3, bucket, picture) for picture in versions]
    except (ClientError, BotoCoreError, OSError) as error:
        raise UploadError(f"{escape_invisible(versions[0].key)}: it could not be uploaded: {error}") from error


def _name_encoding(picture: Picture) -> Any:
    return {"ContentEncoding": picture.content_encoding} if picture.content_encoding else {}


def _upload(s3: "S3Client", bucket: str, picture: Picture) -> UploadedVersion:
    began, key = time.time(), picture.key
    with picture.open() as content:
        answer = s3.put_object(
            Bucket=bucket,
            Key=key,
            Body=content,
            ContentType=picture.content_type,
            **_name_encoding(picture),
            Tagging=urlencode(picture.tags),
        )
    if picture.afterwards == "delete":
        s3.delete_object(Bucket=bucket, Key=key, VersionId=answer["VersionId"])
    elif picture.afterwards == "hide":
        s3.delete_object(Bucket=bucket, Key=key)
    return UploadedVersion(picture, bucket, answer["VersionId"], began)
