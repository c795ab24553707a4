"""The versions that are in a bucket, as uploads, in batches that know where a later run may start."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ops.errors import CannotProceedError
from photodna_guard.domain.models import Upload

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BATCH = 10  # messages: the most that SQS takes in one call


@dataclass(frozen=True, slots=True)
class Batch:
    """Uploads that are sent together.

    `after`: the last key of which no version is left once this batch and all before it are sent. None: no key yet.
    """

    uploads: tuple[Upload, ...]
    after: str | None


def list_versions(
    client: "S3Client", bucket: str, prefix: str = "", after: str | None = None, current_only: bool = False
) -> Iterator[Upload]:
    """Every version of the keys after `after`, in S3's order: by key, and the newest version first.

    Delete markers are not among them. Raises botocore's errors. boto3 asks for URL-encoded keys and decodes them.
    """
    # The paginator passes on a marker of ours to the first request; its types do not know.
    start: dict[str, Any] = {"KeyMarker": after} if after else {}
    for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix, **start):
        for version in page.get("Versions", []):
            if version["IsLatest"] or not current_only:
                version_id = version["VersionId"]
                yield Upload(
                    bucket=bucket,
                    key=version["Key"],
                    etag=version["ETag"].strip('"'),
                    version_id=None if version_id == "null" else version_id,
                    size=version["Size"],
                )


def limit_uploads(count: int, uploads: Iterable[Upload], why: str) -> Iterator[Upload]:
    """The first `count` of them. Raises CannotProceedError(why) where there are more."""
    for number, upload in enumerate(uploads):
        if number >= count:
            raise CannotProceedError(why)
        yield upload


def make_batches(uploads: Iterable[Upload], after: str | None = None) -> Iterator[Batch]:
    """Batches of ten. `after`: the key after which `uploads` starts.

    A full batch waits for the next upload, which tells whether the batch's last key has come to its end: S3 starts
    after all versions of a key that it is told to start after.
    """
    batch: list[Upload] = []
    last: str | None = after
    for upload in uploads:
        if batch and upload.key != batch[-1].key:
            after = batch[-1].key
        if len(batch) == BATCH:
            yield Batch(tuple(batch), after)
            batch = []
        batch.append(upload)
        last = upload.key
    if batch:
        yield Batch(tuple(batch), last)
