"""Lists the versions in a bucket as uploads, in batches that carry the key after which a later run may start."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ops.errors import CannotProceedError
from photodna_guard.domain.models import Upload

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# SQS accepts this many messages in one call.
MAX_BATCH = 10


@dataclass(frozen=True, slots=True)
class Batch:
    """Uploads that are sent together.

    `after` is the last key whose versions are all sent when this batch and all before it are. None stands for no key.
    """

    uploads: tuple[Upload, ...]
    after: str | None


def list_versions(
    client: "S3Client", bucket: str, prefix: str = "", after: str | None = None, current_only: bool = False
) -> Iterator[Upload]:
    """List every version of the keys after `after`, in S3's order: by key, and the newest version first.

    Delete markers are left out. boto3 requests URL-encoded keys and decodes them. Raises botocore's errors.
    """
    # The paginator passes this marker on to the first request, although its types do not have it.
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
    """Yield the first `count` uploads. Raises CannotProceedError with the reason `why` if there are more."""
    for number, upload in enumerate(uploads):
        if number >= count:
            raise CannotProceedError(why)
        yield upload


def make_batches(uploads: Iterable[Upload], after: str | None = None) -> Iterator[Batch]:
    """Make batches of ten. `after` is the key after which `uploads` starts.

    A full batch waits for the next upload, whose key shows whether the last key of the batch has more versions. A
    listing that starts after a key leaves out all its versions.
    """
    batch: list[Upload] = []
    last: str | None = after
    for upload in uploads:
        if batch and upload.key != batch[-1].key:
            after = batch[-1].key
        if len(batch) == MAX_BATCH:
            yield Batch(tuple(batch), after)
            batch = []
        batch.append(upload)
        last = upload.key
    if batch:
        yield Batch(tuple(batch), last)
