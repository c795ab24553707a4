"""The upload bucket: reads, presigned URLs, the status tag and the deletion, all pinned to one version.

Every read is proved (proved_reads.py). Where S3 gives no digest of an object, two reads must have the same bytes.
"""

import hashlib
from collections.abc import Callable
from typing import IO, TYPE_CHECKING, Any

from photodna_guard.aws.error_translation import ErrorTable, translate_aws_errors
from photodna_guard.aws.proved_reads import check_size, is_proved, read_body, stream_body
from photodna_guard.domain.errors import ObjectGoneError, RetryableError, UnscannableError
from photodna_guard.domain.models import ObjectHead, SourceObject, Upload

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import TagTypeDef

PRESIGNED_URL_SECONDS = 300
STATUS_TAG_KEY = "scan-status"
# S3's limit for an object.
MAX_TAGS = 10


class _EmptyObjectError(Exception):
    """The object has no bytes, and so no range of them."""


_S3_ERRORS: ErrorTable = {
    "NoSuchKey": (ObjectGoneError, "deleted"),
    "NoSuchVersion": (ObjectGoneError, "deleted"),
    "404": (ObjectGoneError, "deleted"),
    # The version is a delete marker.
    "MethodNotAllowed": (ObjectGoneError, "deleted"),
    "PreconditionFailed": (ObjectGoneError, "overwritten"),
    "412": (ObjectGoneError, "overwritten"),
    "NoSuchBucket": (ObjectGoneError, "bucket deleted"),
    # Encrypted with a key that only the customer has (SSE-C).
    "InvalidRequest": (UnscannableError, "customer-key"),
    "InvalidObjectState": (UnscannableError, "archived"),
    "InvalidRange": (_EmptyObjectError, "empty"),
    "416": (_EmptyObjectError, "empty"),
}


class UploadBucket:
    """The upload bucket.

    Methods raise ObjectGoneError, UnscannableError, DeferrableError or RetryableError.
    """

    def __init__(self, client: "S3Client") -> None:
        self._client = client

    def read_head(self, upload: Upload, head_bytes: int) -> ObjectHead:
        """Read the size, the headers and the first `head_bytes` bytes, by one ranged GET."""
        try:
            answer = self._get(upload, Range=f"bytes=0-{head_bytes - 1}")
        except _EmptyObjectError:
            check_size(upload, 0)
            return ObjectHead(0, b"")
        size = int(answer.get("ContentRange", "").rpartition("/")[2] or answer["ContentLength"])
        check_size(upload, size)
        head = read_body(answer, min(size, head_bytes))
        encoding = answer.get("ContentEncoding", "").strip().lower()
        content_type = answer.get("ContentType", "").strip().lower()
        proved = size == len(head) and is_proved(answer, hashlib.md5(head, usedforsecurity=False))
        return ObjectHead(size, head, encoding, content_type, answer.get("TagCount", 0), proved)

    def read_object(self, upload: Upload) -> SourceObject:
        """Read all bytes of the version, proved to be the object's, and its headers."""
        answer, content, proved = self._get_whole(upload)
        if not proved and self._get_whole(upload)[1] != content:
            raise RetryableError("s3:GetObject: two reads of one version differ")
        return SourceObject(
            content=content,
            content_type=answer.get("ContentType", ""),
            last_modified=answer["LastModified"].isoformat(),
            metadata={name: value for name, value in answer.get("Metadata", {}).items() if name},
        )

    def download(self, upload: Upload, to: IO[bytes]) -> None:
        """Write all bytes of the version to a file, proved to be the object's. The memory does not grow with them."""
        sha256, proved = self._stream(upload, to.write)
        if not proved and self.hash_object(upload) != sha256:
            raise RetryableError("s3:GetObject: two reads of one version differ")

    def hash_object(self, upload: Upload) -> str:
        """Return the SHA-256 of the version's bytes (hexadecimal), from a read of its own, with flat memory."""
        return self._stream(upload, lambda _: None)[0]

    def presign(self, upload: Upload) -> str:
        """Return a URL that reads the version for PRESIGNED_URL_SECONDS. Never log or store it. Makes no call."""
        return self._client.generate_presigned_url(
            "get_object", Params=_version(upload), ExpiresIn=PRESIGNED_URL_SECONDS
        )

    def set_status_tag(self, upload: Upload, value: str, assume_untagged: bool = False) -> bool:
        """Set the scan-status tag, keep the user's own tags, and replace a scan-status that the uploader invented.

        `assume_untagged`: skip reading the present tags, to save one call; tags that were set since are lost.
        Returns False if the object has no room for the tag.
        """
        where = _version(upload)
        present = {} if assume_untagged else self._get_tags(where)
        # IAM ignores the case of tag keys, so that another spelling such as Scan-Status would open the read gate.
        tags = {key: val for key, val in present.items() if key == STATUS_TAG_KEY or key.lower() != STATUS_TAG_KEY}
        if tags.get(STATUS_TAG_KEY) == value and tags == present:
            return True
        if STATUS_TAG_KEY not in tags and len(tags) >= MAX_TAGS:
            return False
        self._put_tags(where, tags | {STATUS_TAG_KEY: value})
        return True

    def delete_version(self, upload: Upload) -> None:
        """Delete exactly this version, permanently. Deleting it again is no error.

        The null version is pinned by its ETag: S3 refuses if another object is the current version by then. In a
        bucket that has versions since, the null version may lie below that object, unchangeable, and is deleted.
        """
        # worker      reads, copies ------------------------- deletes with If-Match: refused, the new object stays
        # uploader                     overwrites the object
        try:
            self._delete(upload, _pin(upload))
        except ObjectGoneError:
            # Raises ObjectGoneError unless the bytes are still there, as a noncurrent version.
            self._get(upload, Range="bytes=0-0")
            self._delete(upload, {})

    def _get_tags(self, where: Any) -> dict[str, str]:
        with translate_aws_errors("s3:GetObjectTagging", _S3_ERRORS):
            return {tag["Key"]: tag["Value"] for tag in self._client.get_object_tagging(**where)["TagSet"]}

    def _put_tags(self, where: Any, tags: dict[str, str]) -> None:
        tag_set: list[TagTypeDef] = [{"Key": key, "Value": value} for key, value in tags.items()]
        with translate_aws_errors("s3:PutObjectTagging", _S3_ERRORS):
            self._client.put_object_tagging(**where, Tagging={"TagSet": tag_set})

    def _delete(self, upload: Upload, pin: dict[str, Any]) -> None:
        with translate_aws_errors("s3:DeleteObject", _S3_ERRORS):
            self._client.delete_object(**_version(upload), **pin)

    def _get_whole(self, upload: Upload) -> tuple[Any, bytes, bool]:
        """Return S3's response, all bytes, and whether S3 gave a digest that proves them."""
        answer = self._get(upload)
        check_size(upload, answer["ContentLength"])
        content = read_body(answer, answer["ContentLength"])
        return answer, content, is_proved(answer, hashlib.md5(content, usedforsecurity=False))

    def _stream(self, upload: Upload, write: Callable[[bytes], object]) -> tuple[str, bool]:
        """Pass all bytes to `write`, in chunks. Return their SHA-256, and whether S3 gave a digest that proves them."""
        answer = self._get(upload)
        check_size(upload, answer["ContentLength"])
        sha256, md5 = stream_body(answer, write)
        return sha256.hexdigest(), is_proved(answer, md5)

    def _get(self, upload: Upload, **more: Any) -> Any:
        with translate_aws_errors("s3:GetObject", _S3_ERRORS):
            return self._client.get_object(**_version(upload), **_pin(upload), **more)


def _version(upload: Upload) -> Any:
    """Return the arguments that name the version. Without a version id that is S3's null version."""
    return {"Bucket": upload.bucket, "Key": upload.key, "VersionId": upload.version_id or "null"}


def _pin(upload: Upload) -> dict[str, Any]:
    """Return the argument that pins the null version to its ETag."""
    return {} if upload.version_id else {"IfMatch": f'"{upload.etag}"'}
