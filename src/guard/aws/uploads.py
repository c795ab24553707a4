"""The upload bucket: the look, the presigned URL, the bytes, the tag, the deletion, all pinned to one version."""

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from guard.aws.faults import calling, code
from guard.errors import Gone, Unscannable
from guard.model import Look, Source, Upload

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import TagTypeDef

URL_SECONDS = 300
TAG = "scan-status"
MOST_TAGS = 10  # that S3 allows an object

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


class Uploads:
    """The upload bucket. Its methods raise Gone, Unscannable, Busy and TryAgain."""

    def __init__(self, client: "S3Client") -> None:
        self._client = client

    def look(self, upload: Upload, head_bytes: int) -> Look:
        """Size, encoding and first bytes, in one ranged GET."""
        try:
            answer = self._get(upload, Range=f"bytes=0-{head_bytes - 1}")
        except _Empty:
            return Look(0, b"")
        size = int(answer.get("ContentRange", "").rpartition("/")[2] or answer["ContentLength"])
        encoding = answer.get("ContentEncoding", "").strip().lower()
        return Look(size, _body(answer), encoding, answer.get("TagCount", 0))

    def read(self, upload: Upload) -> Source:
        """All bytes of the version, and what S3 says of them."""
        answer = self._get(upload)
        return Source(
            content=_body(answer),
            content_type=answer.get("ContentType", ""),
            last_modified=answer["LastModified"].isoformat(),
            metadata={name: value for name, value in answer.get("Metadata", {}).items() if name},
        )

    def presign(self, upload: Upload) -> str:
        """A URL that reads this version for five minutes. No call is made. Never log it, never keep it."""
        return self._client.generate_presigned_url("get_object", Params=_version(upload), ExpiresIn=URL_SECONDS)

    def tag(self, upload: Upload, value: str, bare: bool = False) -> bool:
        """Sets the tag beside the user's own, over one that the uploader made up. False where there is no room.

        `bare`: it is known to have none, and this moment counts for more than one that is set in it.
        """
        where = _version(upload)
        known = {} if bare else self._tags(where)
        # Not Scan-Status beside it: IAM does not tell the case of tags apart, and it would open the gate.
        tags = {name: held for name, held in known.items() if name == TAG or name.lower() != TAG}
        if tags.get(TAG) == value and tags == known:
            return True
        if TAG not in tags and len(tags) >= MOST_TAGS:
            return False
        tag_set: list[TagTypeDef] = [{"Key": key, "Value": val} for key, val in (tags | {TAG: value}).items()]
        with _reading("s3:PutObjectTagging"):
            self._client.put_object_tagging(**where, Tagging={"TagSet": tag_set})
        return True

    def _tags(self, where: Any) -> dict[str, str]:
        with _reading("s3:GetObjectTagging"):
            return {tag["Key"]: tag["Value"] for tag in self._client.get_object_tagging(**where)["TagSet"]}

    def delete(self, upload: Upload) -> None:
        """Removes exactly this version, for good. Once more is no error.

        The null version is pinned by its ETag: S3 refuses where something else is the object's current version by then.
        Where the bucket has versions meanwhile, the null version may lie below that, unchangeable, and is removed.
        """
        try:
            self._delete(upload, _pin(upload))
        except Gone:
            self._get(upload, Range="bytes=0-0")  # raises Gone where the bytes are no longer there
            self._delete(upload, {})

    def _delete(self, upload: Upload, pin: dict[str, Any]) -> None:
        with _reading("s3:DeleteObject"):
            self._client.delete_object(**_version(upload), **pin)

    def _get(self, upload: Upload, **more: Any) -> Any:
        with _reading("s3:GetObject"):
            return self._client.get_object(**_version(upload), **_pin(upload), **more)


class _Empty(Exception):
    """The object has no bytes, and so no range of them."""


class _reading(calling):  # noqa: N801 - reads as a statement
    """As `calling`, for what S3 says of an object that is not there or not readable."""

    def __exit__(self, kind: Any, error: Any, trace: Any) -> bool | None:
        if isinstance(error, ClientError):
            what = code(error)
            if what in ("InvalidRange", "416"):
                raise _Empty from None
            if what in _GONE:
                raise Gone(_GONE[what]) from None
            if what in _UNSCANNABLE:
                raise Unscannable(_UNSCANNABLE[what]) from None
        return super().__exit__(kind, error, trace)


def _version(upload: Upload) -> Any:
    """Without a version id it is the null version that S3 speaks of, in a bucket with versions as in one without."""
    return {"Bucket": upload.bucket, "Key": upload.key, "VersionId": upload.version_id or "null"}


def _pin(upload: Upload) -> dict[str, Any]:
    return {} if upload.version_id else {"IfMatch": f'"{upload.etag}"'}


def _body(answer: Any) -> bytes:
    with calling("s3:GetObject"), answer["Body"] as body:
        data: bytes = body.read()
    return data
