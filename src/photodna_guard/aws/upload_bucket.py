"""The upload bucket: the look, the presigned URL, the bytes, the tag, the deletion, all pinned to one version.

Bytes that are read are proved to be the object's, or the read has failed (docs/decisions/0012):

    always                                   the length that S3 says, and the size that the event told
    the object has a checksum of its whole   botocore's own check of it
    else its ETag is an MD5                  the MD5 of the bytes
    else (multipart, SSE-KMS)                two reads of the same bytes
"""

import hashlib
import re
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from botocore.httpchecksum import StreamingChecksumBody

from photodna_guard.aws.error_translation import error_code, translate_aws_errors
from photodna_guard.domain.errors import ObjectGoneError, RetryableError, UnscannableError
from photodna_guard.domain.models import ObjectHead, SourceObject, Upload

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import TagTypeDef

URL_SECONDS = 300
STATUS_TAG = "scan-status"
MAX_TAGS = 10  # that S3 allows an object

_GONE = {
    "NoSuchKey": "deleted",
    "NoSuchVersion": "deleted",
    "404": "deleted",
    "MethodNotAllowed": "deleted",  # the version is a delete marker
    "PreconditionFailed": "overwritten",
    "412": "overwritten",
    "NoSuchBucket": "bucket deleted",
}
# InvalidRequest: encrypted with a key that the customer keeps (SSE-C); InvalidObjectState: archived.
_UNSCANNABLE = {"InvalidRequest": "customer-key", "InvalidObjectState": "archived"}


class UploadBucket:
    """The upload bucket. Its methods raise Gone, Unscannable, Busy and TryAgain."""

    def __init__(self, client: "S3Client") -> None:
        self._client = client

    def read_head(self, upload: Upload, head_bytes: int) -> ObjectHead:
        """Size, encoding and first bytes, in one ranged GET. `proved` where that is the whole object, with a digest."""
        try:
            answer = self._get(upload, Range=f"bytes=0-{head_bytes - 1}")
        except _Empty:
            _expect(upload, 0)
            return ObjectHead(0, b"")
        size = int(answer.get("ContentRange", "").rpartition("/")[2] or answer["ContentLength"])
        _expect(upload, size)
        head = _body(answer, min(size, head_bytes))
        encoding = answer.get("ContentEncoding", "").strip().lower()
        proved = size == len(head) and _is_proved(answer, head)
        return ObjectHead(size, head, encoding, answer.get("TagCount", 0), proved)

    def read_object(self, upload: Upload) -> SourceObject:
        """All bytes of the version, proved to be those, and what S3 says of them."""
        answer, content, proved = self._whole(upload)
        if not proved and self._whole(upload)[1] != content:
            raise RetryableError("s3:GetObject: two reads of one version differ")
        return SourceObject(
            content=content,
            content_type=answer.get("ContentType", ""),
            last_modified=answer["LastModified"].isoformat(),
            metadata={name: value for name, value in answer.get("Metadata", {}).items() if name},
        )

    def hash_object(self, upload: Upload) -> str:
        """The SHA-256 of the version's bytes (hexadecimal), from a read of its own."""
        return hashlib.sha256(self._whole(upload)[1]).hexdigest()

    def presign(self, upload: Upload) -> str:
        """A URL that reads this version for five minutes. No call is made. Never log it, never keep it."""
        return self._client.generate_presigned_url("get_object", Params=_version(upload), ExpiresIn=URL_SECONDS)

    def set_status_tag(self, upload: Upload, value: str, assume_untagged: bool = False) -> bool:
        """Sets the tag beside the user's own, over one that the uploader made up. False where there is no room.

        `assume_untagged`: it is known to have none, and this moment counts for more than one that is set in it.
        """
        where = _version(upload)
        known = {} if assume_untagged else self._tags(where)
        # Not Scan-Status beside it: IAM does not tell the case of tags apart, and it would open the gate.
        tags = {name: held for name, held in known.items() if name == STATUS_TAG or name.lower() != STATUS_TAG}
        if tags.get(STATUS_TAG) == value and tags == known:
            return True
        if STATUS_TAG not in tags and len(tags) >= MAX_TAGS:
            return False
        tag_set: list[TagTypeDef] = [{"Key": key, "Value": val} for key, val in (tags | {STATUS_TAG: value}).items()]
        with _reading("s3:PutObjectTagging"):
            self._client.put_object_tagging(**where, Tagging={"TagSet": tag_set})
        return True

    def _tags(self, where: Any) -> dict[str, str]:
        with _reading("s3:GetObjectTagging"):
            return {tag["Key"]: tag["Value"] for tag in self._client.get_object_tagging(**where)["TagSet"]}

    def delete_version(self, upload: Upload) -> None:
        """Removes exactly this version, for good. Once more is no error.

        The null version is pinned by its ETag: S3 refuses where something else is the object's current version by then.
        Where the bucket has versions meanwhile, the null version may lie below that, unchangeable, and is removed.
        """
        try:
            self._delete(upload, _pin(upload))
        except ObjectGoneError:
            self._get(upload, Range="bytes=0-0")  # raises Gone where the bytes are no longer there
            self._delete(upload, {})

    def _delete(self, upload: Upload, pin: dict[str, Any]) -> None:
        with _reading("s3:DeleteObject"):
            self._client.delete_object(**_version(upload), **pin)

    def _whole(self, upload: Upload) -> tuple[Any, bytes, bool]:
        """What S3 says, all bytes, and whether S3 gave a digest that proves them."""
        answer = self._get(upload)
        _expect(upload, answer["ContentLength"])
        content = _body(answer, answer["ContentLength"])
        return answer, content, _is_proved(answer, content)

    def _get(self, upload: Upload, **more: Any) -> Any:
        with _reading("s3:GetObject"):
            return self._client.get_object(**_version(upload), **_pin(upload), **more)


class _Empty(Exception):
    """The object has no bytes, and so no range of them."""


class _reading(translate_aws_errors):  # noqa: N801 - reads as a statement
    """As `calling`, for what S3 says of an object that is not there or not readable."""

    def __exit__(self, kind: Any, error: Any, trace: Any) -> bool | None:
        if isinstance(error, ClientError):
            what = error_code(error)
            if what in ("InvalidRange", "416"):
                raise _Empty from None
            if what in _GONE:
                raise ObjectGoneError(_GONE[what]) from None
            if what in _UNSCANNABLE:
                raise UnscannableError(_UNSCANNABLE[what]) from None
        return super().__exit__(kind, error, trace)


def _version(upload: Upload) -> Any:
    """Without a version id it is the null version that S3 speaks of, in a bucket with versions as in one without."""
    return {"Bucket": upload.bucket, "Key": upload.key, "VersionId": upload.version_id or "null"}


def _pin(upload: Upload) -> dict[str, Any]:
    return {} if upload.version_id else {"IfMatch": f'"{upload.etag}"'}


def _expect(upload: Upload, size: int) -> None:
    """A version never changes its size: that of its event is the one that S3 must give."""
    if upload.size is not None and upload.size != size:
        raise RetryableError("s3:GetObject: another size than the event's")


def _body(answer: Any, length: int) -> bytes:
    """So many bytes, by the body's own `read`: as a context manager it is the raw stream, which nobody checks."""
    body = answer["Body"]
    try:
        with translate_aws_errors("s3:GetObject"):
            data: bytes = body.read()
    finally:
        body.close()
    if len(data) != length:
        raise RetryableError("s3:GetObject: another length than S3 says")
    return data


def _is_proved(answer: Any, content: bytes) -> bool:
    """Whether S3 gave a digest of the whole object, which then is that of these bytes. Raises TryAgain where it is not.

    The ETag is an MD5 unless the object came in parts or is encrypted with a KMS key: see S3's API reference, Object.
    """
    if isinstance(answer["Body"], StreamingChecksumBody):
        return True
    etag = answer.get("ETag", "").strip('"')
    if answer.get("ServerSideEncryption", "AES256") != "AES256" or not re.fullmatch("[0-9a-f]{32}", etag):
        return False
    if hashlib.md5(content, usedforsecurity=False).hexdigest() != etag:
        raise RetryableError("s3:GetObject: other bytes than the ETag's")
    return True
