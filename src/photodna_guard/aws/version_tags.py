"""The tags of a version: S3 replaces them as a whole, and knows no conditional write of them."""

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from photodna_guard.aws.error_translation import ErrorTable, translate_aws_errors
from photodna_guard.aws.version_calls import VERSION_ERRORS, EmptyObjectError, pin_arguments, version_arguments
from photodna_guard.domain.errors import ObjectGoneError, RetryableError
from photodna_guard.domain.models import NULL_VERSION, Upload

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import TagTypeDef

STATUS_TAG_KEY = "scan-status"
# S3's limit for an object.
MAX_TAGS = 10


class TagsRefusedError(RetryableError):
    """A policy refuses the tags."""


_PUT_ERRORS: ErrorTable = {**VERSION_ERRORS, "AccessDenied": (TagsRefusedError, "s3:PutObjectTagging: AccessDenied")}


class VersionTags:
    """The tags of a bucket's versions.

    Methods raise ObjectGoneError, UnscannableError, DeferrableError or RetryableError.
    """

    def __init__(self, client: "S3Client") -> None:
        self._client = client

    def read_own_tags(self, upload: Upload) -> dict[str, str]:
        """Return the user's own tags. Without a version id they are those of whatever stands there now."""
        return {key: value for key, value in self._get_tags(upload).items() if key != STATUS_TAG_KEY}

    def _get_tags(self, upload: Upload) -> dict[str, str]:
        with translate_aws_errors("s3:GetObjectTagging", VERSION_ERRORS):
            answer = self._client.get_object_tagging(**version_arguments(upload))
        return {tag["Key"]: tag["Value"] for tag in answer["TagSet"]}

    def set_status_tag(self, upload: Upload, value: str, own_tags: Mapping[str, str] | None = None) -> bool:
        """Set the scan-status tag, keep the user's own tags, and replace a scan-status that the uploader invented.

        `own_tags`: as they were a moment ago, which saves the call that reads them; those set since are lost.
        Returns False if the object has no room for the tag.
        """
        try:
            return self._replace_status_tag(upload, value, self._get_tags(upload) if own_tags is None else own_tags)
        except TagsRefusedError:
            # Another scanner may have set its tag since they were read. The bucket's policy keeps that
            # (docs/decisions/0022).
            return self._replace_status_tag(upload, value, self._get_tags(upload))

    def _replace_status_tag(self, upload: Upload, value: str, present: Mapping[str, str]) -> bool:
        # IAM ignores the case of tag keys, so that another spelling such as Scan-Status would open the read gate.
        tags = {key: val for key, val in present.items() if key == STATUS_TAG_KEY or key.lower() != STATUS_TAG_KEY}
        if tags.get(STATUS_TAG_KEY) == value and tags == present:
            return True
        if STATUS_TAG_KEY not in tags and len(tags) >= MAX_TAGS:
            return False
        self._put_tags(upload, tags | {STATUS_TAG_KEY: value})
        return True

    def set_only_status_tag(self, upload: Upload, value: str) -> None:
        """Set the scan-status tag in place of all others."""
        self._put_tags(upload, {STATUS_TAG_KEY: value})

    def set_own_tags(self, upload: Upload, tags: Mapping[str, str]) -> None:
        """Set the user's own tags in place of all others. Without a status tag nobody reads the version."""
        self._put_tags(upload, {key: value for key, value in tags.items() if key.lower() != STATUS_TAG_KEY})

    def _put_tags(self, upload: Upload, tags: dict[str, str]) -> None:
        if upload.version_id != NULL_VERSION:
            self._write_tags(upload, tags)
            return
        # worker      checks, finds clean --- same ETag? tags --------------- same ETag? no: takes the status back
        # uploader                                            overwrites it
        self._ensure_unchanged(upload)
        self._write_tags(upload, tags)
        try:
            self._ensure_unchanged(upload)
        except ObjectGoneError:
            self._write_tags(upload, {key: value for key, value in tags.items() if key != STATUS_TAG_KEY})
            raise

    def _ensure_unchanged(self, upload: Upload) -> None:
        """Raise ObjectGoneError where the null version has other bytes.

        A write of tags cannot be pinned to an ETag. Uploads overwrite the null version while versions are suspended,
        and for up to a quarter of an hour after they were switched on.
        """
        with suppress(EmptyObjectError), translate_aws_errors("s3:GetObject", VERSION_ERRORS):
            where = version_arguments(upload) | pin_arguments(upload)
            self._client.get_object(**where, Range="bytes=0-0")["Body"].read()

    def _write_tags(self, upload: Upload, tags: dict[str, str]) -> None:
        tag_set: list[TagTypeDef] = [{"Key": key, "Value": value} for key, value in tags.items()]
        with translate_aws_errors("s3:PutObjectTagging", _PUT_ERRORS):
            self._client.put_object_tagging(**version_arguments(upload), Tagging={"TagSet": tag_set})
