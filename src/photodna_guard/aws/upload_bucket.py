"""The upload bucket: reads, presigned URLs, the status tag and the deletion, all pinned to one version.

The bytes of a read are proved to be the object's, or the read fails (proved_read.py, docs/decisions/0012). Their number
is the size in the event. Where S3 gives no digest of them, a second read must give the same bytes.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, BinaryIO

from photodna_guard.aws.error_translation import translate_aws_errors
from photodna_guard.aws.proved_read import CHUNK_BYTES, ProvedRead
from photodna_guard.aws.source_body import SourceBody
from photodna_guard.aws.version_calls import (
    READ_ERRORS,
    VERSION_ERRORS,
    EmptyObjectError,
    ReadRefusedError,
    pin_arguments,
    version_arguments,
)
from photodna_guard.aws.version_tags import VersionTags
from photodna_guard.domain.content_digest import ContentDigest
from photodna_guard.domain.errors import DecryptionRefusedError, GuardError, ObjectGoneError, RetryableError
from photodna_guard.domain.models import ObjectHead, SourceObject, Upload

PRESIGNED_URL_SECONDS = 300
# What an uploader chose beside the content type and the metadata, and what a released upload gets back.
_UPLOADERS_HEADERS = ("CacheControl", "ContentDisposition", "ContentEncoding", "ContentLanguage")


class UploadBucket(VersionTags):
    """The upload bucket, with the tags of its versions.

    Methods raise ObjectGoneError, UnscannableError, DeferrableError or RetryableError.
    """

    def read_head(self, upload: Upload, head_bytes: int) -> ObjectHead:
        """Read the size, the headers and the first `head_bytes` bytes, by one ranged GET."""
        try:
            answer = self._get(upload, Range=f"bytes=0-{head_bytes - 1}")
        except EmptyObjectError:
            _check_size(upload, 0)
            return ObjectHead(0, b"")
        size = int(answer.get("ContentRange", "").rpartition("/")[2] or answer["ContentLength"])
        _check_size(upload, size)
        read = ProvedRead(answer, min(size, head_bytes), is_whole=size <= head_bytes)
        return ObjectHead(
            size=size,
            head=read.read(),
            content_encoding=_header(answer, "ContentEncoding"),
            content_type=_header(answer, "ContentType"),
            tags=answer.get("TagCount", 0),
            proved=read.is_proved,
        )

    def read_object(self, upload: Upload, max_bytes: int | None = None) -> SourceObject:
        """Read the headers and all bytes of the version, proved to be the object's; headers only beyond `max_bytes`."""
        answer, read = self._open(upload)
        size, content = answer["ContentLength"], b""
        if max_bytes is not None and size > max_bytes:
            answer["Body"].close()
        else:
            content = read.read()
            self._ensure_proved(upload, read)
        return SourceObject(
            content=content,
            content_type=answer.get("ContentType", ""),
            last_modified=answer["LastModified"].isoformat(),
            metadata={name: value for name, value in answer.get("Metadata", {}).items() if name},
            headers={name: answer[name] for name in _UPLOADERS_HEADERS if answer.get(name)},
            size=size,
        )

    def download(self, upload: Upload, to: IO[bytes]) -> None:
        """Write all bytes of the version to a file, proved to be the object's, with flat memory.

        Where it raises, the file has bytes that prove nothing.
        """
        _, read = self._open(upload)
        for chunk in read.iter_chunks():
            to.write(chunk)
        self._ensure_proved(upload, read)

    def hash_object(self, upload: Upload) -> ContentDigest:
        """Return the digests of the version's bytes, from one read of its own, with flat memory."""
        _, read = self._open(upload)
        for _ in read.iter_chunks():
            pass
        return read.digest

    @contextmanager
    def open_object(self, upload: Upload, size: int) -> Iterator[BinaryIO]:
        """Provide the version's bytes as a file that can be read anew from its start, with flat memory.

        Its bytes are not proved: whoever reads them knows their SHA-256. Where a read failed, the block raises why.
        """
        source = SourceBody(lambda position: self._get(upload, Range=f"bytes={position}-")["Body"], size)
        try:
            with io.BufferedReader(source, CHUNK_BYTES) as body:
                yield body
        except GuardError as error:
            raise source.failure or error from None

    def presign(self, upload: Upload) -> str:
        """Return a URL that reads the version for PRESIGNED_URL_SECONDS. Never log or store it. Makes no call."""
        return self._client.generate_presigned_url(
            "get_object", Params=version_arguments(upload), ExpiresIn=PRESIGNED_URL_SECONDS
        )

    def delete_version(self, upload: Upload) -> None:
        """Delete exactly this version, permanently. Deleting it again is no error.

        The null version is pinned by its ETag: S3 refuses if another object is the current version by then. In a
        bucket that has versions since, the null version may lie below that object, unchangeable, and is deleted.
        """
        # worker      reads, copies ------------------------- deletes with If-Match: refused, the new object stays
        # uploader                     overwrites the object
        try:
            self._delete(upload, pin_arguments(upload))
        except ObjectGoneError:
            # Raises ObjectGoneError unless the bytes are still there, as a noncurrent version.
            self._get(upload, Range="bytes=0-0")
            self._delete(upload, {})

    def _delete(self, upload: Upload, pin: dict[str, Any]) -> None:
        with translate_aws_errors("s3:DeleteObject", VERSION_ERRORS):
            self._client.delete_object(**version_arguments(upload), **pin)

    def _open(self, upload: Upload) -> tuple[Any, ProvedRead]:
        """Return S3's response, and the read of its body."""
        answer = self._get(upload)
        _check_size(upload, answer["ContentLength"])
        return answer, ProvedRead(answer, answer["ContentLength"])

    def _ensure_proved(self, upload: Upload, read: ProvedRead) -> None:
        """Read the version once more where S3 gave no digest that proves the first read."""
        if not read.is_proved and self.hash_object(upload).sha256 != read.digest.sha256:
            raise RetryableError("s3:GetObject: two reads of one version differ")

    def _get(self, upload: Upload, **more: Any) -> Any:
        try:
            with translate_aws_errors("s3:GetObject", READ_ERRORS):
                return self._client.get_object(**version_arguments(upload), **pin_arguments(upload), **more)
        except ReadRefusedError:
            if self._has_kms_key(upload):
                raise DecryptionRefusedError("kms-key") from None
            raise

    def _has_kms_key(self, upload: Upload) -> bool:
        """Return whether S3 shows the version, which it may not read, as encrypted with a KMS key.

        HeadObject needs the same permission of S3 and none of KMS.
        """
        try:
            with translate_aws_errors("s3:HeadObject", VERSION_ERRORS):
                answer = self._client.head_object(**version_arguments(upload), **pin_arguments(upload))
        except RetryableError:
            return False
        return answer.get("ServerSideEncryption", "").startswith("aws:kms")


def _check_size(upload: Upload, size: int) -> None:
    """Raise RetryableError unless S3 states the size in the event: a version never changes its size."""
    if upload.size is not None and upload.size != size:
        raise RetryableError("s3:GetObject: another size than the event's")


def _header(answer: Any, name: str) -> str:
    """Return a header's value in lower case; empty if the object has none."""
    return str(answer.get(name, "")).strip().lower()
