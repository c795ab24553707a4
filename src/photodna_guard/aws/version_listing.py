"""ListObjectVersions, one page at a time."""

from typing import TYPE_CHECKING, Any

from photodna_guard.aws.error_translation import translate_aws_errors
from photodna_guard.domain.models import NULL_VERSION, Upload
from photodna_guard.domain.version_listing import Cursor, ListedVersion, ListingPage

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectVersionTypeDef


class VersionListing:
    """The versions of one bucket, or of its keys that begin so. Raises DeferrableError or RetryableError."""

    def __init__(self, client: "S3Client", bucket: str, prefix: str = "") -> None:
        self._client, self._bucket, self._prefix = client, bucket, prefix
        self._keeps_null: bool | None = None

    def read_page(self, cursor: Cursor) -> ListingPage:
        """Return the versions behind the cursor, without delete markers.

        boto3 requests URL-encoded keys and decodes them.
        """
        start: Any = {"KeyMarker": cursor.key, "VersionIdMarker": cursor.version} if cursor.key else {}
        start |= {"Prefix": self._prefix} if self._prefix else {}
        with translate_aws_errors("s3:ListObjectVersions"):
            page = self._client.list_object_versions(Bucket=self._bucket, **start)
        versions = tuple(self._parse(version) for version in page.get("Versions", []))
        if not page["IsTruncated"]:
            return ListingPage(versions, None)
        return ListingPage(versions, Cursor(page["NextKeyMarker"], page["NextVersionIdMarker"]))

    def _parse(self, version: "ObjectVersionTypeDef") -> ListedVersion:
        version_id = version["VersionId"]
        upload = Upload(
            self._bucket,
            version["Key"],
            version["ETag"].strip('"'),
            None if version_id == NULL_VERSION and not self._is_versioned() else version_id,
            version["Size"],
        )
        return ListedVersion(upload, version["LastModified"].timestamp(), version["IsLatest"])

    def _is_versioned(self) -> bool:
        """Return whether each upload makes a version of its own, so that none overwrites the null version."""
        if self._keeps_null is None:
            with translate_aws_errors("s3:GetBucketVersioning"):
                self._keeps_null = self._client.get_bucket_versioning(Bucket=self._bucket).get("Status") == "Enabled"
        return self._keeps_null
