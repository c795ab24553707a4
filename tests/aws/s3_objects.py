"""Objects in moto's S3."""

from typing import Any

from photodna_guard.domain.models import Upload

KEY = "ordner/a b+c%20 😀.jpg"


def put_object(s3: Any, body: bytes = b"picture", key: str = KEY, bucket: str = "uploads", **more: Any) -> Upload:
    """Put an object. Return the upload of its event."""
    answer = s3.put_object(Bucket=bucket, Key=key, Body=body, **more)
    return Upload(bucket, key, answer["ETag"].strip('"'), answer.get("VersionId"))


def read_tags(s3: Any, upload: Upload) -> dict[str, str]:
    """Return the tags of the upload's version."""
    where = {"Bucket": upload.bucket, "Key": upload.key} | (
        {"VersionId": upload.version_id} if upload.version_id else {}
    )
    return {tag["Key"]: tag["Value"] for tag in s3.get_object_tagging(**where)["TagSet"]}
